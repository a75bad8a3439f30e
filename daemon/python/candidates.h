/* candidates.h - the interpreters of this machine that may become a distribution. */
#ifndef OX_PYTHON_CANDIDATES_H
#define OX_PYTHON_CANDIDATES_H

#include "daemon/python/distribution.h"
#include "proto/base/vec.h"

struct ox_candidates {
	OX_VEC(const char *) v; /* real paths, each once, in the order in which they were found; in the arena */
};

/* Those on the client's PATH (python3, python3.8 ... python3.15), pyenv's, /usr/bin's. Scripts
 * that stand for an interpreter are asked for it. What was looked at is recorded. Release with ox_vec_free. */
int ox_candidates_find(struct ox_build_context *ctx, struct ox_candidates *out, struct ox_err *err);

/* One that the user named: a path, or a name on PATH. OX_ENOENT when there is none. */
int ox_candidate_named(struct ox_build_context *ctx, const char *name, const char **path, struct ox_err *err);

#endif
