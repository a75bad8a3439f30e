/* targets.h - the targets that a file registers, and resolving them.
 *
 * A target is a name, a function and the names of the targets whose values the
 * function gets. Each is resolved at most once. The default is the first one
 * registered, or the last one registered as default. */
#ifndef OX_DIALECT_TARGETS_H
#define OX_DIALECT_TARGETS_H

#include "daemon/starlark/starlark.h"
#include "proto/base/vec.h"

enum ox_target_progress { OX_TARGET_IDLE, OX_TARGET_RESOLVING, OX_TARGET_DONE };

struct ox_target_entry {
	struct ox_slice name; /* of the evaluation's life, as all here */
	ox_star_value function;
	struct ox_slice *depends;
	size_t depend_count;
	enum ox_target_progress progress;
	ox_star_value value;
};

struct ox_targets {
	OX_VEC(struct ox_target_entry) v;
	size_t default_index;
	bool has_default; /* one was registered with default=True */
};

void ox_targets_free(struct ox_targets *t);

/* Registering a name again replaces function and dependencies and forgets the value. NULL: memory ran out. */
struct ox_target_entry *ox_targets_register(struct ox_targets *t, struct ox_slice name, bool is_default);
struct ox_target_entry *ox_targets_find(const struct ox_targets *t, struct ox_slice name);
const struct ox_target_entry *ox_targets_default(const struct ox_targets *t); /* NULL when there are none */

/* OX_EUSAGE: "there is no target 'x'", the nearest name, and all there are. */
int ox_targets_unknown(const struct ox_targets *t, struct ox_slice name, struct ox_err *err);

/* Resolves dependencies, then the target itself; from inside a native function or
 * outside. OX_STAR_FAILED: from inside the error is pending, from outside it is in *err. */
ox_star_value ox_targets_resolve(struct ox_star *s, struct ox_targets *t, struct ox_slice name, struct ox_err *err);

#endif
