/* command.h - a linker's command line, read for what went into a shared library.
 *
 * The options are GNU ld's, which gold, lld and mold share. Only those matter here that take a value of their
 * own and could be mistaken for an input, that change how inputs after them are taken, or that say
 * where libraries are. A file counts for what it begins with, not for its name. */
#ifndef OX_CAPTURE_COMMAND_H
#define OX_CAPTURE_COMMAND_H

#include "daemon/capture/record.h"
#include "proto/base/vec.h"

struct ox_link_command {
	bool is_shared;
	const char *output;    /* as given; "a.out" when nothing is */
	const char *emulation; /* of -m, or NULL */
	const char *reason;    /* why the parts cannot be joined into an object; NULL: nothing speaks against it */
	bool has_lto;          /* some of the objects are compiled further when they are linked */
	OX_VEC(const char *) pieces; /* objects, archives, and the options between them that matter for archives */
	OX_VEC(struct ox_capture_library) libraries; /* shared ones that were asked for */
	OX_VEC(const char *) sonames; /* of each of those; NULL: not known */
};

/* `args`: without the program's name; relative paths start from the current folder. Strings are borrowed from args
 * or live in the arena. Release with ox_link_command_free, also after a failure. */
int ox_link_command_read(char *const *args, struct ox_arena *arena, struct ox_link_command *out, struct ox_err *err);
void ox_link_command_free(struct ox_link_command *c);

#endif
