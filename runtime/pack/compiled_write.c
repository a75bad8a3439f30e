/* The table of what was compiled, put together from the lists of modules. */
#include "runtime/pack/compiled.h"

#include "proto/base/vec.h"
#include "runtime/pack/compiled_layout.h"
#include "runtime/pack/put.h"
#include "runtime/pack/sum.h"

struct entry {
	struct ox_compiled content;
	struct ox_slice whole;
	uint32_t hash;
};

struct entries {
	OX_VEC(struct entry) v;
	struct ox_map seen; /* the entries, whole */
	struct ox_slice first; /* head of the first list */
};

static int add_list(struct entries *all, struct ox_slice list, struct ox_err *err)
{
	struct ox_slice head, rest = list;
	if (!list.len)
		return 0;
	if (!ox_compiled_bytes(&rest, OX_COMPILED_LIST_HEAD, &head))
		return ox_fail(err, OX_ECORRUPT, "not a list of what was compiled");
	if (!all->first.data)
		all->first = head;
	if (!ox_slice_eq(head, all->first))
		return 0;
	while (rest.len) {
		struct entry e;
		bool added = false;
		if (!ox_compiled_next(&rest, &e.content, &e.whole))
			return ox_fail(err, OX_ECORRUPT, "a list of what was compiled is cut short");
		e.hash = ox_compiled_hash(&e.content);
		if (!ox_map_put(&all->seen, e.whole, &added))
			return ox_fail_nomem(err, "compiled texts");
		struct entry *place = added ? ox_vec_push(&all->v) : NULL;
		if (added && !place)
			return ox_fail_nomem(err, "compiled texts");
		if (added)
			*place = e;
	}
	return 0;
}

static void fill(const struct entries *all, uint32_t slots, char *base, size_t size)
{
	uint32_t next = OX_COMPILED_HEAD + slots * OX_COMPILED_SLOT;
	ox_put_u32(base + OX_COMPILED_SIZE, (uint32_t)size);
	memcpy(base + OX_COMPILED_MAGIC, all->first.data, OX_COMPILED_LIST_HEAD);
	ox_put_u32(base + OX_COMPILED_SLOTS, slots);
	for (size_t i = 0; i < all->v.len; i++) {
		const struct entry *e = &all->v.items[i];
		uint32_t slot = e->hash & (slots - 1);
		while (ox_get_u32(base + OX_COMPILED_HEAD + (size_t)slot * OX_COMPILED_SLOT + 4))
			slot = (slot + 1) & (slots - 1);
		char *at = base + OX_COMPILED_HEAD + (size_t)slot * OX_COMPILED_SLOT;
		ox_put_u32(at, e->hash);
		ox_put_u32(at + 4, next);
		ox_put_u32(base + next, ox_pack_sum(e->whole));
		memcpy(base + next + OX_COMPILED_SUM, e->whole.data, e->whole.len);
		next += OX_COMPILED_SUM + (uint32_t)e->whole.len;
	}
}

static int write_table(const struct entries *all, struct ox_buf *out, struct ox_err *err)
{
	uint32_t slots = 2;
	while (slots < 2 * all->v.len)
		slots *= 2;
	size_t size = OX_COMPILED_HEAD + (size_t)slots * OX_COMPILED_SLOT;
	for (size_t i = 0; i < all->v.len; i++)
		size += OX_COMPILED_SUM + all->v.items[i].whole.len;
	if (size > INT32_MAX)
		return ox_fail(err, OX_EEXHAUSTED, "compiled texts are limited to 2 GiB");
	char *base = ox_buf_reserve(out, size);
	if (!base)
		return ox_buf_ok(out, "compiled texts", err);
	memset(base, 0, size);
	fill(all, slots, base, size);
	ox_buf_commit(out, size);
	return 0;
}

int ox_compiled_write(const struct ox_slice *lists, size_t count, struct ox_buf *out, struct ox_err *err)
{
	struct entries all = {0};
	int rc = 0;
	for (size_t i = 0; !rc && i < count; i++)
		rc = add_list(&all, lists[i], err);
	if (!rc && all.v.len)
		rc = write_table(&all, out, err);
	ox_map_free(&all.seen);
	ox_vec_free(&all.v);
	return rc;
}
