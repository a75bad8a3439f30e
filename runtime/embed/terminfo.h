/* terminfo.h - where a statically linked curses finds the terminal database. */
#ifndef OX_EMBED_TERMINFO_H
#define OX_EMBED_TERMINFO_H

#include "runtime/embed/program.h"

/* Sets TERMINFO_DIRS as terminfo_resolution says: "static:DIRS" always, "dynamic" to
 * the usual folders unless the variable is set, "none" never. Opens no file. */
void ox_terminfo_set(struct ox_program *p);

#endif
