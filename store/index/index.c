#include "store/index/index.h"

#include "store/cas/inside.h"
#include "store/cas/small.h"

enum { USE_GRAIN = 3600 };

int ox_index_get(struct ox_store *s, enum ox_space space, struct ox_slice key, struct ox_buf *value, struct ox_err *err)
{
	int rc = ox_store_need_index(s, err);
	return rc ? rc : ox_records_get(s->index, space, key, value, err);
}

int ox_index_put(struct ox_store *s, enum ox_space space, struct ox_slice key, struct ox_slice value,
		 struct ox_err *err)
{
	int rc = ox_store_need_index(s, err);
	return rc ? rc : ox_records_put(s->index, space, key, value, err);
}

int ox_index_touch(struct ox_store *s, enum ox_space space, struct ox_slice key, struct ox_slice value,
		   struct ox_err *err)
{
	int rc = ox_store_need_index(s, err);
	return rc ? rc : ox_records_refresh(s->index, space, key, value, USE_GRAIN, err);
}

int ox_index_remove(struct ox_store *s, enum ox_space space, struct ox_slice key, struct ox_err *err)
{
	int rc = ox_store_need_index(s, err);
	return rc ? rc : ox_records_remove(s->index, space, key, err);
}

int ox_index_begin_read(struct ox_store *s, struct ox_err *err)
{
	int rc = ox_store_need_index(s, err);
	if (rc == 0)
		rc = ox_records_begin_read(s->index, err);
	if (rc)
		return rc;
	rc = ox_small_begin(s, false, err);
	if (rc)
		(void)ox_records_end(s->index, false, NULL);
	return rc;
}

void ox_index_end_read(struct ox_store *s)
{
	(void)ox_small_end(s, true, NULL);
	if (s->index)
		(void)ox_records_end(s->index, true, NULL);
}

int ox_index_begin_write(struct ox_store *s, struct ox_err *err)
{
	int rc = ox_store_need_index(s, err);
	return rc ? rc : ox_records_begin_write(s->index, err);
}

int ox_index_end_write(struct ox_store *s, bool commit, struct ox_err *err)
{
	return s->index ? ox_records_end(s->index, commit, err) : 0;
}
