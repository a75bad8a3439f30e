/* inittab.h - the C source of CPython's table of built-in modules, for the modules that were chosen. */
#ifndef OX_LINK_INITTAB_H
#define OX_LINK_INITTAB_H

#include "daemon/python/python_json.h"
#include "proto/base/buf.h"

/* Appends a file that defines _PyImport_Inittab: one entry for each variant, in the order given. OX_EUSAGE when a
 * name cannot stand in C source: the archive's description is wrong then. */
int ox_inittab_write(const struct ox_python_variant *const *variants, size_t count, struct ox_buf *out,
		     struct ox_err *err);

#endif
