#include "daemon/rpc/stores.h"

#include <sys/stat.h>

enum { IDLE_MAX = 8 };

/* Which files a handle has open. */
struct identity {
	struct {
		dev_t dev;
		ino_t ino;
	} files[3];
};

struct ox_idle_store {
	struct ox_store *store;
	struct identity identity;
};

/* A database that is not there yet counts as one that is: it is told apart from the
 * one that will be. */
static bool identify(const char *dir, struct identity *id)
{
	static const char *const names[] = {"VERSION", "objects.db", "index.db"};
	bool found = false;
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		struct ox_buf path = {0};
		struct stat st;
		ox_buf_printf(&path, "%s/%s", dir, names[i]);
		if (!path.failed && stat(path.data, &st) == 0) {
			id->files[i].dev = st.st_dev;
			id->files[i].ino = st.st_ino;
			found = true;
		}
		ox_buf_free(&path);
	}
	return found;
}

static bool is_same(const struct identity *a, const struct identity *b)
{
	for (size_t i = 0; i < OX_COUNT(a->files); i++)
		if (a->files[i].dev != b->files[i].dev || a->files[i].ino != b->files[i].ino)
			return false;
	return true;
}

struct ox_store *ox_stores_take(struct ox_stores *stores, struct ox_slice dir)
{
	for (size_t i = stores->idle.len; i-- > 0;) {
		struct ox_idle_store *found = stores->idle.items[i];
		struct ox_store *store = found->store;
		struct identity now = {0};
		if (!ox_slice_eq_str(dir, ox_store_dir(store)))
			continue;
		stores->idle.items[i] = stores->idle.items[--stores->idle.len];
		bool same = identify(ox_store_dir(store), &now) && is_same(&now, &found->identity);
		free(found);
		if (same)
			return store;
		ox_store_close(store);
	}
	return NULL;
}

void ox_stores_give(struct ox_stores *stores, struct ox_store *store)
{
	if (!store)
		return;
	struct ox_idle_store *idle = stores->idle.len < IDLE_MAX ? calloc(1, sizeof *idle) : NULL;
	struct ox_idle_store **slot = idle && identify(ox_store_dir(store), &idle->identity)
					      ? ox_vec_push(&stores->idle)
					      : NULL;
	if (slot) {
		idle->store = store;
		*slot = idle;
	} else {
		free(idle);
		ox_store_close(store);
	}
}

void ox_stores_close(struct ox_stores *stores)
{
	for (size_t i = 0; i < stores->idle.len; i++) {
		ox_store_close(stores->idle.items[i]->store);
		free(stores->idle.items[i]);
	}
	ox_vec_free(&stores->idle);
}
