/* choose.h - the distribution that default_python_distribution() stands for.
 *
 * Looked for in this order, and the one taken says why: an archive that is registered in the store
 * (registered.h); one of the user's table (known.h); one of our own table; an interpreter of this machine, when it is
 * this machine's platform that is built for. An archive of the user's table that cannot be had is warned about, and the
 * next is tried; one that is had and wrong is an error. One of our table that cannot be had, or used, makes way for
 * an interpreter of this machine without much ado (reach.h), and is not asked for where OXIDIZER_PYTHON names one. */
#ifndef OX_PYTHON_CHOOSE_H
#define OX_PYTHON_CHOOSE_H

#include "daemon/python/distribution.h"

enum ox_dist_flavor {
	OX_DIST_STANDALONE, /* whatever there is */
	OX_DIST_STATIC,     /* an archive that loads no shared libraries, or the machine's */
	OX_DIST_DYNAMIC,    /* one that does, or the machine's */
	OX_DIST_HOST,       /* the machine's */
};

/* "standalone", "standalone_static", "standalone-dynamic", "host", ...; false: it is none. */
bool ox_dist_flavor_parse(struct ox_slice text, enum ox_dist_flavor *out);

struct ox_dist_wanted {
	enum ox_dist_flavor flavor;
	const char *triple;
	const char *version; /* "3.11"; NULL: the newest */
};

/* OX_ENOENT: there is none, with what to do. Other errors as those of the sources. */
int ox_distribution_choose(struct ox_build_context *ctx, const struct ox_dist_wanted *wanted,
			   const struct ox_distribution **out, struct ox_err *err);

#endif
