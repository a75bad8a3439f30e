/* map.h - a hash map from bytes to pointers that remembers insertion order.
 *
 * Keys are borrowed: they must live as long as the map (put them in an arena).
 * Values are not owned. Iterate entries[0..len): insertion order, so that what
 * is made from a map is deterministic. There is no removal: nothing here needs
 * one, and an index without tombstones stays simple.
 *
 * Structure: a dense array of entries and an open-addressed table of indices
 * into it, at most 3/4 full, linear probing; the hash is keyed FNV-1a, which is
 * enough for names that the same user wrote. All-zero is an empty map. */
#ifndef OX_BASE_MAP_H
#define OX_BASE_MAP_H

#include "proto/base/slice.h"

struct ox_map_entry {
	struct ox_slice key;
	void *value;
	uint64_t hash;
};

struct ox_map {
	struct ox_map_entry *entries;
	uint32_t *slots; /* index into entries plus one; 0 is free */
	size_t len, cap, slot_count;
};

void ox_map_free(struct ox_map *m);

/* The entry's value field, or NULL when the key is absent. */
void **ox_map_find(const struct ox_map *m, struct ox_slice key);

/* The value stored under key, or NULL. */
void *ox_map_get(const struct ox_map *m, struct ox_slice key);

/* The value field of key, added with value NULL if it was absent; NULL when
 * memory ran out. *added (may be NULL) tells which. */
void **ox_map_put(struct ox_map *m, struct ox_slice key, bool *added);

uint64_t ox_hash_bytes(const void *data, size_t len);

#endif
