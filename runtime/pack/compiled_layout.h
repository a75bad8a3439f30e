/* compiled_layout.h - the offsets that compiled.h describes, for its reader and its writer. */
#ifndef OX_PACK_COMPILED_LAYOUT_H
#define OX_PACK_COMPILED_LAYOUT_H

#include "proto/base/map.h"
#include "runtime/pack/compiled.h"

enum {
	OX_COMPILED_LIST_HEAD = 8,
	OX_COMPILED_HEAD = 16,
	OX_COMPILED_SLOT = 8,
	OX_COMPILED_SUM = 4,
	OX_COMPILED_ENTRY_HEAD = 20, /* without the checksum */
};

enum ox_compiled_table_at {
	OX_COMPILED_SIZE = 0,
	OX_COMPILED_MAGIC = 4,
	OX_COMPILED_VERSION = 8,
	OX_COMPILED_SLOTS = 12,
};

/* In an entry, behind its checksum. */
enum ox_compiled_entry_at {
	OX_COMPILED_KIND = 0,
	OX_COMPILED_FLAGS = 4,
	OX_COMPILED_FINAL = 8,
	OX_COMPILED_TEXT_LEN = 12,
	OX_COMPILED_BODY_LEN = 16,
};

static inline uint32_t ox_compiled_hash(const struct ox_compiled *p)
{
	return (uint32_t)ox_hash_bytes(p->text.data, p->text.len) ^ p->flags << 1 ^ p->kind;
}

#endif
