/* parts.h - what of a distribution a stub is linked from.
 *
 * Of an installed interpreter: its static libpython whole, and the libraries that it asks for. Of an archive: the
 * core's objects and those of the chosen extension modules, each once, a table of built-in modules written for the
 * choice, and the archive's own static libraries. Objects that only the build of CPython needs (its main programs,
 * getpath_noop.o, which defines again what getpath.o does) stay out. */
#ifndef OX_LINK_PARTS_H
#define OX_LINK_PARTS_H

#include "daemon/link/libraries.h"
#include "daemon/link/stub.h"

struct ox_link_parts {
	struct ox_texts whole;    /* paths: a libpython, or objects */
	struct ox_texts archives; /* paths: static libraries of the distribution's own */
	struct ox_link_libraries libraries; /* this machine's */
	const char *inittab;            /* C source; NULL: libpython has a table */
	struct ox_link_input libpython; /* when that is what is linked */
};

/* Errors are those of ox_link_libraries_find; OX_EUSAGE: the archive's description cannot be followed. */
int ox_link_parts_find(struct ox_build_context *ctx, const struct ox_toolchain *t, const struct ox_distribution *dist,
		       const struct ox_stub_options *options, struct ox_link_parts *out, struct ox_err *err);

/* As inputs of a step: files of an archive are told by the digest of its tree. */
int ox_link_parts_add(struct ox_arena *arena, const struct ox_link_parts *parts, const struct ox_distribution *dist,
		      const struct ox_stub_options *options, struct ox_step *step, struct ox_err *err);

#endif
