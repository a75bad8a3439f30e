/* build_key.h - under which key a whole build is remembered (daemon/action/memo.h).
 *
 * The daemon looks a build up before it starts a worker, the worker commits it:
 * both must come to the same key, so it is made here. It covers what the request
 * says about the outcome. Not in it: the client's environment (variables that were looked up are
 * recorded by the memo), verbosity, explanations, offline, detach, niceness and the client's current
 * folder, none of which changes what is built. A build with `refresh` is committed but never
 * looked up. */
#ifndef OX_ACTION_BUILD_KEY_H
#define OX_ACTION_BUILD_KEY_H

#include "proto/base/digest_id.h"
#include "proto/base/err.h"

struct ox_build_var {
	struct ox_slice name, value;
	bool unset;
};

struct ox_build_key {
	struct ox_slice build_id; /* of our programs: another oxidizer may build something else */
	bool list_targets;        /* instead of building */
	bool release;
	uint32_t umask;
	struct ox_slice config_path, target_triple;
	const struct ox_slice *targets; /* in the order given; none: the default target */
	size_t target_count;
	const struct ox_build_var *vars; /* in the order given: a later one wins */
	size_t var_count;
};

int ox_build_key(const struct ox_build_key *build, struct ox_digest *key, struct ox_err *err);

#endif
