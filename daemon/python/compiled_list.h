/* compiled_list.h - the list of what is compiled for a module beside its bytecode (runtime/pack/compiled.h), in one
 * spelling: marshalled code in it is normalised as that of modules is (marshal_normal.h). */
#ifndef OX_PYTHON_COMPILED_LIST_H
#define OX_PYTHON_COMPILED_LIST_H

#include "proto/base/buf.h"

/* `minor`: of the Python 3.minor that wrote the list. Appends to `out`; OX_ECORRUPT when it is no such list. */
int ox_compiled_list_normalise(struct ox_slice list, int minor, struct ox_buf *out, struct ox_err *err);

#endif
