/* builtins.h - exit, quit and help without `site`.
 *
 * CPython's site module puts them into builtins, and programs call them although they
 * are meant for the prompt ("exit(main())"). They are here for programs that do without
 * site, at the price of three function objects. */
#ifndef OX_EMBED_BUILTINS_H
#define OX_EMBED_BUILTINS_H

#include "runtime/importer/compat.h"

/* Adds those that are absent. -1 with an exception. */
int ox_builtins_add(void);

#endif
