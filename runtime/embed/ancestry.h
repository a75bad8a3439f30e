/* ancestry.h - the processes above this one that run the same executable, as /proc tells.
 *
 * That is how a process learns that its own application has started it. What comes between, a shell say, does not
 * matter, except a terminal: a process that has another terminal than an ancestor was started by somebody who types
 * there, in an editor's or a notebook's terminal for instance, and neither that ancestor nor those above it count. */
#ifndef OX_EMBED_ANCESTRY_H
#define OX_EMBED_ANCESTRY_H

#include "runtime/embed/program.h"

struct ox_ancestry {
	int count;       /* how many run this executable */
	int depth;       /* the same, with those that do not count for their terminal's sake */
	bool is_restart; /* at least one counts, and all that do have this process's arguments */
};

struct ox_ancestry ox_ancestry_look(const struct ox_program *p);

/* Whether the process that started this one, or the one that started that, runs this executable: no others are looked
 * at, so that it is quick. */
bool ox_ancestry_is_near(const struct ox_program *p);

/* Whether the path names this executable's file; a name without a folder is looked up in PATH. */
bool ox_ancestry_names_this(const char *path);

#endif
