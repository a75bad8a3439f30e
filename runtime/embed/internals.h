/* internals.h - CPython's own headers, for what its API does not tell: include this first, before
 * anything that brings Python.h.
 *
 * They lie beside Python.h in most installations. OX_HAS_INTERNALS is 1 where they do, and <internal/pycore_*.h> can be
 * included then; what wants them has to do without them elsewhere. */
#ifndef OX_EMBED_INTERNALS_H
#define OX_EMBED_INTERNALS_H

#if __has_include(<internal/pycore_pystate.h>)
#define Py_BUILD_CORE 1
#define OX_HAS_INTERNALS 1
#else
#define OX_HAS_INTERNALS 0
#endif

#include "runtime/importer/compat.h"

#endif
