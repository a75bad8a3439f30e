#include "daemon/action/outcome.h"

#include "store/index/actions.h"
#include "store/index/index.h"

struct ox_step_result *ox_step_result_new(struct ox_arena *arena)
{
	struct ox_step_result *r = ox_arena_alloc(arena, sizeof *r);
	if (r)
		r->arena = arena;
	return r;
}

void ox_step_result_add(struct ox_step_result *r, const char *name, const struct ox_digest *digest, uint64_t size)
{
	if (r->count == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 2;
		struct ox_output *grown = ox_arena_array(r->arena, cap, sizeof *grown);
		if (!grown) {
			r->failed = true;
			return;
		}
		if (r->count)
			memcpy(grown, r->items, r->count * sizeof *grown);
		r->items = grown;
		r->cap = cap;
	}
	struct ox_slice copy = ox_arena_slice(r->arena, ox_slice_str(name));
	r->failed |= !copy.data;
	r->items[r->count++] = (struct ox_output){.name = copy, .digest = *digest, .size = size};
}

void ox_step_result_meta(struct ox_step_result *r, struct ox_slice meta)
{
	r->meta = ox_arena_slice(r->arena, meta);
	r->failed |= !r->meta.data;
}

const struct ox_output *ox_outputs_find(const struct ox_outputs *o, const char *name)
{
	for (size_t i = 0; i < o->count; i++)
		if (ox_slice_eq_str(o->items[i].name, name))
			return &o->items[i];
	return NULL;
}

static int decode(struct ox_slice bytes, struct ox_arena *arena, struct ox_outputs *out, struct ox_err *err)
{
	struct ox_slice copy = ox_arena_slice(arena, bytes);
	struct ox_action_record record;
	struct ox_action_output output;
	if (!copy.data)
		return ox_fail_nomem(err, "result of a step");
	if (!ox_action_decode(copy, &record))
		return 0;
	out->items = ox_arena_array(arena, record.count ? record.count : 1, sizeof *out->items);
	if (!out->items)
		return ox_fail_nomem(err, "result of a step");
	while (ox_action_next(&record, &output))
		out->items[out->count++] = (struct ox_output){output.name, output.digest, output.size};
	out->meta = record.meta;
	return 1;
}

/* 1: all outputs are in the store. */
static int all_present(struct ox_store *s, const struct ox_outputs *out, struct ox_slice *lost, struct ox_err *err)
{
	for (size_t i = 0; i < out->count; i++) {
		int rc = ox_store_has(s, &out->items[i].digest, err);
		if (rc == 0 && lost)
			*lost = out->items[i].name;
		if (rc != 1)
			return rc;
	}
	return 1;
}

int ox_outcome_find(struct ox_store *s, const struct ox_digest *key, struct ox_arena *arena, struct ox_outputs *out,
		    struct ox_slice *lost, struct ox_err *err)
{
	struct ox_buf record = {0};
	struct ox_slice name = ox_slice(key->bytes, OX_DIGEST_SIZE);
	*out = (struct ox_outputs){.hit = true};
	if (lost)
		*lost = (struct ox_slice){0};
	int rc = ox_index_get(s, OX_SPACE_ACTION, name, &record, err);
	if (rc == 1)
		rc = decode(ox_buf_view(&record), arena, out, err);
	if (rc == 1)
		rc = all_present(s, out, lost, err);
	ox_buf_free(&record);
	return rc;
}

int ox_outcome_record(struct ox_store *s, const struct ox_digest *key, const struct ox_step_result *r, uint64_t cost,
		      struct ox_err *err)
{
	struct ox_buf b = {0};
	ox_action_encode_begin(&b, cost, r->count);
	for (size_t i = 0; i < r->count; i++)
		ox_action_encode_output(
		    &b, &(struct ox_action_output){r->items[i].name, r->items[i].digest, r->items[i].size});
	ox_action_encode_meta(&b, r->meta);
	int rc = r->failed ? ox_fail_nomem(err, "result of a step") : ox_buf_ok(&b, "result of a step", err);
	if (rc == 0)
		rc = ox_index_put(s, OX_SPACE_ACTION, ox_slice(key->bytes, OX_DIGEST_SIZE), ox_buf_view(&b), err);
	ox_buf_free(&b);
	return rc;
}
