/* block.h - one TEXT event in the making: lines for people, and the same as a JSON object. */
#ifndef OX_PYTHON_BLOCK_H
#define OX_PYTHON_BLOCK_H

#include "daemon/python/python_json.h"
#include "proto/base/buf.h"
#include "proto/base/event.h"

struct ox_block {
	struct ox_buf text; /* without the last line's end */
	struct ox_buf json; /* an object that ox_block_tell closes; empty: there is none */
};

/* Members of the object; the first call opens it. */
void ox_block_string(struct ox_block *b, const char *name, const char *value); /* NULL: null */
void ox_block_slice(struct ox_block *b, const char *name, struct ox_slice value);
void ox_block_bool(struct ox_block *b, const char *name, bool value);
void ox_block_strings(struct ox_block *b, const char *name, struct ox_texts list);
/* The name of a member; the caller writes its value to b->json. */
void ox_block_member(struct ox_block *b, const char *name);

/* Emits and releases the block. */
int ox_block_tell(struct ox_sink *sink, struct ox_block *b, struct ox_err *err);

#endif
