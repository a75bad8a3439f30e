/* parents.h - packages around what was collected, completed as far as imports need them. */
#ifndef OX_IMPORTER_PARENTS_H
#define OX_IMPORTER_PARENTS_H

#include "runtime/importer/compile.h"

/* Every package around a record becomes one itself, a module and a package. What the child has in some location and the
 * package lacks there is added: an empty source; bytecode of that level, compiled by `exe` as ox_compile() does
 * from whatever source the package has. In a file such bytecode is (prefix, hash of the source, code). `records` is
 * as in collector.h and is changed, records included. -1 with an exception. */
int ox_complete_parents(PyObject *records, PyObject *exe, PyObject *folder, struct ox_compiled *out);

#endif
