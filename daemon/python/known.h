/* known.h - archives that can be asked for by version: a table of ours, and the user's.
 *
 * The user's is the file python-distributions in $XDG_CONFIG_HOME/oxidizer or ~/.config/oxidizer; each line
 *
 *     VERSION TRIPLE SHA256 LOCATION [static|dynamic]
 *     3.11 x86_64-unknown-linux-gnu 0123...ef /srv/cpython-3.11.9-x86_64-unknown-linux-gnu-pgo-full.tar.zst
 *
 * with an address or an absolute path; the last word says whether it loads shared libraries (left out: yes, but for
 * musl). Empty lines and those that begin with # do not count. */
#ifndef OX_PYTHON_KNOWN_H
#define OX_PYTHON_KNOWN_H

#include "daemon/python/distribution.h"
#include "proto/base/vec.h"

struct ox_known {
	int minor; /* 11 of "3.11" */
	const char *triple, *location;
	struct ox_digest sha256;
	bool loads_shared;
	bool is_users;
};

struct ox_known_list {
	OX_VEC(struct ox_known) v; /* the user's first, in their order; strings in the arena */
};

/* OX_EUSAGE names the line of the user's file that is not understood. Release with ox_vec_free. */
int ox_known_read(struct ox_build_context *ctx, struct ox_known_list *out, struct ox_err *err);

/* The user's file, whether it is there or not; NULL when there is no home, or memory ran out. */
const char *ox_known_file(struct ox_build_context *ctx);

#endif
