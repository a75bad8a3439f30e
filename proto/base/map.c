#include "proto/base/map.h"

void ox_map_free(struct ox_map *m)
{
	free(m->entries);
	free(m->slots);
	*m = (struct ox_map){0};
}

uint64_t ox_hash_bytes(const void *data, size_t len)
{
	const unsigned char *p = data;
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h ^ (h >> 32);
}

/* The slot that holds key, or the free one where it belongs. */
static size_t probe(const struct ox_map *m, struct ox_slice key, uint64_t hash)
{
	size_t mask = m->slot_count - 1;
	size_t i = hash & mask;
	while (m->slots[i]) {
		const struct ox_map_entry *e = &m->entries[m->slots[i] - 1];
		if (e->hash == hash && ox_slice_eq(e->key, key))
			break;
		i = (i + 1) & mask;
	}
	return i;
}

void **ox_map_find(const struct ox_map *m, struct ox_slice key)
{
	if (!m->slot_count)
		return NULL;
	size_t i = probe(m, key, ox_hash_bytes(key.data, key.len));
	return m->slots[i] ? &m->entries[m->slots[i] - 1].value : NULL;
}

void *ox_map_get(const struct ox_map *m, struct ox_slice key)
{
	void **value = ox_map_find(m, key);
	return value ? *value : NULL;
}

static bool rehash(struct ox_map *m, size_t slot_count)
{
	uint32_t *slots = calloc(slot_count, sizeof *slots);
	if (!slots)
		return false;
	free(m->slots);
	m->slots = slots;
	m->slot_count = slot_count;
	for (size_t i = 0; i < m->len; i++)
		m->slots[probe(m, m->entries[i].key, m->entries[i].hash)] = (uint32_t)i + 1;
	return true;
}

static bool make_room(struct ox_map *m)
{
	if (m->len >= UINT32_MAX - 1)
		return false;
	if (m->len == m->cap) {
		size_t cap = m->cap ? m->cap * 2 : 8; /* with the limit above no size that would not fit */
		struct ox_map_entry *grown = realloc(m->entries, cap * sizeof *grown);
		if (!grown)
			return false;
		m->entries = grown;
		m->cap = cap;
	}
	if ((m->len + 1) * 4 > m->slot_count * 3)
		return rehash(m, m->slot_count ? m->slot_count * 2 : 16);
	return true;
}

void **ox_map_put(struct ox_map *m, struct ox_slice key, bool *added)
{
	void **found = ox_map_find(m, key);
	if (added)
		*added = !found;
	if (found)
		return found;
	if (!make_room(m))
		return NULL;
	uint64_t hash = ox_hash_bytes(key.data, key.len);
	size_t slot = probe(m, key, hash);
	m->entries[m->len] = (struct ox_map_entry){.key = key, .hash = hash};
	m->slots[slot] = (uint32_t)++m->len;
	return &m->entries[m->len - 1].value;
}
