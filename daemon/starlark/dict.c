/* Hash tables that remember insertion order: dicts and sets. */
#include "daemon/starlark/thread.h"

enum { LINEAR_MAX = 8 };

struct ox_dict *ox_dict_new(struct ox_star *s, enum ox_obj_kind kind, size_t room)
{
	struct ox_dict *d = (struct ox_dict *)ox_new_object(s, kind, sizeof *d);
	if (!d)
		return NULL;
	struct ox_obj head = d->head;
	*d = (struct ox_dict){.head = head};
	(void)room;
	return d;
}

static bool key_matches(struct ox_star *s, const struct ox_dict_entry *e, ox_star_value key, uint32_t hash,
			bool *failed)
{
	if (ox_same(e->key, key))
		return true;
	if (e->hash != hash || !ox_star_ok(e->key))
		return false;
	bool texts = ox_is_string(key) && ox_is_string(e->key);
	int eq = texts ? ox_equal_text(s, ox_text_of(e->key), ox_text_of(key)) : ox_equal(s, e->key, key);
	*failed |= eq < 0;
	return eq > 0;
}

/* Index of the key's entry, -1: absent (*slot: where it would go), -2: failing. */
static int64_t locate(struct ox_star *s, const struct ox_dict *d, ox_star_value key, uint32_t hash, uint32_t *slot)
{
	bool failed = false;
	if (!d->slots) {
		for (uint32_t i = 0; i < d->len; i++) {
			if (key_matches(s, &d->entries[i], key, hash, &failed))
				return i;
			if (failed)
				return -2;
		}
		return -1;
	}
	uint32_t mask = d->slot_count - 1, probes = 0;
	for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
		uint32_t i = d->slots[at];
		/* Keys that were chosen to have one hash. */
		if (++probes % 256 == 0 && !ox_charge(s, 2048))
			return -2;
		if (i == 0) {
			*slot = at;
			return -1;
		}
		if (key_matches(s, &d->entries[i - 1], key, hash, &failed))
			return i - 1;
		if (failed)
			return -2;
	}
}

static void index_entries(struct ox_dict *d)
{
	uint32_t mask = d->slot_count - 1;
	memset(d->slots, 0, d->slot_count * sizeof *d->slots);
	for (uint32_t i = 0; i < d->len; i++) {
		uint32_t at = d->entries[i].hash & mask;
		while (d->slots[at])
			at = (at + 1) & mask;
		d->slots[at] = i + 1;
	}
}

/* Entries without holes, with room for one more, and an index when there are many. */
static int grow(struct ox_star *s, struct ox_dict *d)
{
	enum { ENTRIES_MAX = 1 << 28 };
	size_t want = d->live < d->cap / 2 ? d->cap : d->cap ? (size_t)d->cap * 2 : 4, granted;
	if (want > ENTRIES_MAX) {
		ox_fail_memory(s);
		return -1;
	}
	struct ox_dict_entry *entries = ox_heap_array(s, want, sizeof *entries, &granted);
	if (!entries)
		return -1;
	uint32_t n = 0;
	for (uint32_t i = 0; i < d->len; i++) {
		if (ox_star_ok(d->entries[i].key))
			entries[n++] = d->entries[i];
	}
	uint32_t slot_count = 0, *slots = NULL;
	if (granted > LINEAR_MAX) {
		slot_count = 16;
		while (slot_count * 3 / 4 < granted)
			slot_count *= 2;
		size_t unused;
		slots = ox_heap_array(s, slot_count, sizeof *slots, &unused);
		if (!slots)
			return -1;
	}
	ox_heap_array_free(s, d->entries, d->cap * sizeof *d->entries);
	ox_heap_array_free(s, d->slots, d->slot_count * sizeof *d->slots);
	d->entries = entries;
	d->cap = (uint32_t)granted;
	d->len = n;
	d->first = 0;
	d->slots = slots;
	d->slot_count = slot_count;
	if (slots)
		index_entries(d);
	return 0;
}

int ox_dict_find(struct ox_star *s, const struct ox_dict *d, ox_star_value key, ox_star_value *value)
{
	uint32_t hash, slot;
	if (ox_hash(s, key, &hash) < 0)
		return -1;
	int64_t i = locate(s, d, key, hash, &slot);
	if (i < 0)
		return i == -1 ? 0 : -1;
	*value = d->entries[i].value;
	return 1;
}

int ox_dict_store(struct ox_star *s, struct ox_dict *d, ox_star_value key, ox_star_value value)
{
	uint32_t hash, slot = 0;
	if (ox_hash(s, key, &hash) < 0)
		return -1;
	int64_t i = locate(s, d, key, hash, &slot);
	if (i == -2)
		return -1;
	if (i >= 0) {
		d->entries[i].value = value;
		return 0;
	}
	if (d->len == d->cap) {
		if (grow(s, d) < 0)
			return -1;
		locate(s, d, key, hash, &slot);
	}
	d->entries[d->len++] = (struct ox_dict_entry){key, value, hash};
	d->live++;
	if (d->slots)
		d->slots[slot] = d->len;
	return 1;
}

/* So that going over what is left does not take as long as going over what was there. */
static void close_holes(struct ox_dict *d)
{
	uint32_t n = 0;
	for (uint32_t i = d->first; i < d->len; i++) {
		if (ox_star_ok(d->entries[i].key))
			d->entries[n++] = d->entries[i];
	}
	d->len = n;
	d->first = 0;
	index_entries(d);
}

int ox_dict_delete(struct ox_star *s, struct ox_dict *d, ox_star_value key, ox_star_value *old)
{
	uint32_t hash, slot;
	if (ox_hash(s, key, &hash) < 0)
		return -1;
	int64_t i = locate(s, d, key, hash, &slot);
	if (i < 0)
		return i == -1 ? 0 : -1;
	*old = d->entries[i].value;
	d->entries[i].key = d->entries[i].value = OX_STAR_FAILED;
	d->live--;
	while (d->first < d->len && !ox_star_ok(d->entries[d->first].key))
		d->first++;
	if (d->slots && d->live < d->len / 4)
		close_holes(d);
	/* The last entry can go without leaving a hole in a table that has no index. */
	if (!d->slots && i == (int64_t)d->len - 1) {
		d->len--;
		d->first = d->first < d->len ? d->first : d->len;
	}
	return 1;
}

void ox_dict_clear(struct ox_dict *d)
{
	d->live = d->len = d->first = 0;
	if (d->slots)
		memset(d->slots, 0, d->slot_count * sizeof *d->slots);
}

struct ox_dict_entry *ox_dict_next(const struct ox_dict *d, uint32_t *i)
{
	if (*i < d->first)
		*i = d->first;
	while (*i < d->len) {
		struct ox_dict_entry *e = &d->entries[(*i)++];
		if (ox_star_ok(e->key))
			return e;
	}
	return NULL;
}

int ox_dict_update(struct ox_star *s, struct ox_dict *d, const struct ox_dict *from)
{
	struct ox_dict_entry *e;
	for (uint32_t i = 0; (e = ox_dict_next(from, &i));) {
		if (ox_dict_store(s, d, e->key, e->value) < 0 || !ox_charge(s, 1))
			return -1;
	}
	return 0;
}

struct ox_dict *ox_dict_copy(struct ox_star *s, const struct ox_dict *d)
{
	struct ox_dict *copy = ox_dict_new(s, (enum ox_obj_kind)d->head.kind, d->live);
	return copy && ox_dict_update(s, copy, d) == 0 ? copy : NULL;
}

bool ox_set_subset(struct ox_star *s, const struct ox_dict *a, const struct ox_dict *b)
{
	struct ox_dict_entry *e;
	ox_star_value unused;
	for (uint32_t i = 0; (e = ox_dict_next(a, &i));) {
		if (ox_dict_find(s, b, e->key, &unused) != 1 || !ox_charge(s, 1))
			return false;
	}
	return true;
}

/* Members of a that are (or are not) in b. */
static int add_members(struct ox_star *s, struct ox_dict *out, const struct ox_dict *a, const struct ox_dict *b,
		       bool in)
{
	struct ox_dict_entry *e;
	ox_star_value unused;
	for (uint32_t i = 0; (e = ox_dict_next(a, &i));) {
		int found = ox_dict_find(s, b, e->key, &unused);
		if (found < 0 || !ox_charge(s, 1) ||
		    ((found == 1) == in && ox_dict_store(s, out, e->key, OX_STAR_NONE) < 0))
			return -1;
	}
	return 0;
}

ox_star_value ox_set_binary(struct ox_star *s, int op, const struct ox_dict *a, const struct ox_dict *b)
{
	struct ox_dict *out = ox_dict_new(s, OX_OBJ_SET, 0);
	int status = -1;
	if (!out)
		return OX_STAR_FAILED;
	if (op == OX_OP_OR)
		status = ox_dict_update(s, out, a) < 0 ? -1 : ox_dict_update(s, out, b);
	else if (op == OX_OP_AND)
		status = add_members(s, out, a, b, true);
	else if (op == OX_OP_SUB)
		status = add_members(s, out, a, b, false);
	else
		status = add_members(s, out, a, b, false) < 0 ? -1 : add_members(s, out, b, a, false);
	return status < 0 ? OX_STAR_FAILED : ox_from_object(out);
}

/* ---- for embedders ---- */

ox_star_value ox_star_dict(struct ox_star *s)
{
	return ox_from_object(ox_dict_new(s, OX_OBJ_DICT, 0));
}

ox_star_value ox_star_set_of(struct ox_star *s, const ox_star_value *items, size_t count)
{
	struct ox_dict *d = ox_dict_new(s, OX_OBJ_SET, count);
	for (size_t i = 0; d && i < count; i++) {
		if (!ox_star_ok(items[i]) || ox_dict_store(s, d, items[i], OX_STAR_NONE) < 0)
			return OX_STAR_FAILED;
	}
	return ox_from_object(d);
}

int ox_star_put(struct ox_star *s, ox_star_value dict, ox_star_value key, ox_star_value value)
{
	if (!ox_star_ok(dict) || !ox_star_ok(key) || !ox_star_ok(value))
		return -1;
	if (!ox_is(dict, OX_OBJ_DICT)) {
		ox_star_fail(s, "cannot store into %s", ox_star_type_name(s, dict));
		return -1;
	}
	struct ox_dict *d = OX_AS(ox_dict, dict);
	if (ox_check_mutable(s, &d->head, "change") < 0)
		return -1;
	return ox_dict_store(s, d, key, value) < 0 ? -1 : 0;
}

int ox_star_put_str(struct ox_star *s, ox_star_value dict, const char *key, ox_star_value value)
{
	return ox_star_put(s, dict, ox_intern(s, ox_slice_str(key)), value);
}

bool ox_star_entry(ox_star_value dict, size_t i, ox_star_value *key, ox_star_value *value)
{
	if (!ox_is(dict, OX_OBJ_DICT) && !ox_is(dict, OX_OBJ_SET))
		return false;
	const struct ox_dict *d = OX_AS(ox_dict, dict);
	uint32_t at = 0;
	if (d->live == d->len) { /* no holes */
		at = i < d->len ? (uint32_t)i : d->len;
		i = 0;
	}
	struct ox_dict_entry *e = ox_dict_next(d, &at);
	while (e && i--)
		e = ox_dict_next(d, &at);
	if (!e)
		return false;
	*key = e->key;
	*value = e->value;
	return true;
}

ox_star_value ox_star_get(struct ox_star *s, ox_star_value dict, ox_star_value key)
{
	ox_star_value v = OX_STAR_FAILED;
	if (!ox_is(dict, OX_OBJ_DICT) || !ox_star_ok(key))
		return OX_STAR_FAILED;
	return ox_dict_find(s, OX_AS(ox_dict, dict), key, &v) == 1 ? v : OX_STAR_FAILED;
}

ox_star_value ox_star_get_str(struct ox_star *s, ox_star_value dict, const char *key)
{
	return ox_star_get(s, dict, ox_intern(s, ox_slice_str(key)));
}
