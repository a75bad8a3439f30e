/* actions.h - the record of an action's result, in the space OX_SPACE_ACTION.
 *
 *     cost u64 (ns); outputs u32, each: name (u32 length, bytes), digest, size u64; meta (u32 length, bytes)
 *
 * Integers are little-endian. The key is the action's digest. */
#ifndef OX_INDEX_ACTIONS_H
#define OX_INDEX_ACTIONS_H

#include "proto/base/buf.h"
#include "proto/base/digest_id.h"

struct ox_action_output {
	struct ox_slice name; /* points into the record */
	struct ox_digest digest;
	uint64_t size;
};

struct ox_action_record {
	uint64_t cost;
	uint32_t count;          /* of outputs */
	struct ox_slice outputs; /* undecoded; see ox_action_next */
	struct ox_slice meta;
};

/* False when the bytes are not such a record: every output was looked at. */
bool ox_action_decode(struct ox_slice bytes, struct ox_action_record *record);
/* Takes the next output off record->outputs; false at the end. */
bool ox_action_next(struct ox_action_record *record, struct ox_action_output *output);

/* In order: begin, `count` outputs, meta. */
void ox_action_encode_begin(struct ox_buf *b, uint64_t cost, size_t count);
void ox_action_encode_output(struct ox_buf *b, const struct ox_action_output *output);
void ox_action_encode_meta(struct ox_buf *b, struct ox_slice meta);

#endif
