/* patterns_layout.h - the offsets that patterns.h describes, for its reader and its writer. */
#ifndef OX_PACK_PATTERNS_LAYOUT_H
#define OX_PACK_PATTERNS_LAYOUT_H

#include "proto/base/map.h"
#include "runtime/pack/patterns.h"

enum {
	OX_PATTERNS_LIST_HEAD = 8,
	OX_PATTERNS_HEAD = 16,
	OX_PATTERNS_SLOT = 8,
	OX_PATTERNS_SUM = 4,
	OX_PATTERNS_ENTRY_HEAD = 20, /* without the checksum */
};

enum ox_patterns_table_at {
	OX_PATTERNS_SIZE = 0,
	OX_PATTERNS_MAGIC = 4,
	OX_PATTERNS_VERSION = 8,
	OX_PATTERNS_SLOTS = 12,
};

/* In an entry, behind its checksum. */
enum ox_patterns_entry_at {
	OX_PATTERNS_KIND = 0,
	OX_PATTERNS_FLAGS = 4,
	OX_PATTERNS_FINAL = 8,
	OX_PATTERNS_TEXT_LEN = 12,
	OX_PATTERNS_BODY_LEN = 16,
};

static inline uint32_t ox_patterns_hash(const struct ox_pattern *p)
{
	return (uint32_t)ox_hash_bytes(p->text.data, p->text.len) ^ p->flags << 1 ^ p->kind;
}

#endif
