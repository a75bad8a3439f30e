/* step.h - a step's inputs and its key.
 *
 * The key is the SHA-256 of: "oxidizer action 1\0"; kind as u32 length and bytes;
 * kind version u32; number of inputs u32; per input its name (u32 length, bytes)
 * and 32 bytes of digest. Integers are little-endian. */
#ifndef OX_ACTION_STEP_H
#define OX_ACTION_STEP_H

#include "daemon/action/action.h"

struct ox_step_input {
	struct ox_slice name;
	struct ox_digest digest;
	bool is_text;
	struct ox_slice text; /* the beginning of the text, for people */
};

struct ox_step {
	struct ox_arena *arena;
	struct ox_slice kind, subject;
	uint32_t kind_version;
	struct ox_step_input *inputs;
	size_t count, cap;
	bool failed; /* memory ran out */
	bool renew;  /* run it whatever is recorded */
};

int ox_step_key(const struct ox_step *s, struct ox_digest *key, struct ox_err *err);

#endif
