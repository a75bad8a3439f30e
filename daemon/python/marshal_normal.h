/* marshal_normal.h - one spelling for marshalled code.
 *
 * CPython's marshal sets FLAG_REF (0x80) on every object whose reference count
 * happened to be above one when it was written, and numbers the flagged ones in
 * order of appearance; TYPE_REF ('r') names such a number. Which objects have the
 * flag without ever being referred to depends on what else the process had loaded,
 * so equal sources give unequal bytes. Here the flag is dropped from those, and
 * the references are renumbered: what marshal.loads makes of it is the same. Nor does it matter whether
 * a string of one character that cannot be a name is interned, which depends on the process, too: it is not.
 *
 * Understood are format versions 3 and later as CPython 3.8 to 3.15 write
 * them (Python/marshal.c); code objects have one layout up to 3.10 and
 * another since. The input is not trusted: OX_ECORRUPT for anything that is
 * truncated, unknown, nested deeper than marshal itself allows, or followed by more bytes. */
#ifndef OX_PYTHON_MARSHAL_NORMAL_H
#define OX_PYTHON_MARSHAL_NORMAL_H

#include "proto/base/buf.h"

/* `minor`: of the Python 3.minor that wrote `in`. Appends to `out`, which is unchanged on failure. */
int ox_marshal_normalise(struct ox_slice in, int minor, struct ox_buf *out, struct ox_err *err);

#endif
