/* fast_import.h - import of what the index holds, without importlib's Python code.
 *
 * The interpreter's C code reaches importlib through four attributes of importlib._bootstrap:
 * _find_and_load, _handle_fromlist, _lock_unlock_module and (from importlib's own code)
 * _get_module_lock. Functions of ours take their places. They do what importlib's do (Lib/importlib/_bootstrap.py
 * of CPython 3.9 to 3.15: lock, parents, _initializing, cleaning up after failures, binding in
 * the parent), and hand over to importlib's own whenever anything is out of the ordinary:
 * sys.modules replaced, another finder before ours, the import lock held, a name that is being imported
 * already, an importlib function replaced by somebody, a parent that is no plain package, a name
 * that neither the payload nor the interpreter itself holds.
 *
 * What a program can notice: no frames of importlib._bootstrap in tracebacks and for sys.settrace. */
#ifndef OX_IMPORTER_FAST_IMPORT_H
#define OX_IMPORTER_FAST_IMPORT_H

#include "runtime/importer/compat.h"

#include <stdbool.h>

/* For this interpreter, served by `finder` (an OxidizedFinder) as long as it is the first on sys.meta_path.
 * defer_gc: see deferred_gc.h. Where importlib is not as expected nothing is installed,
 * which is no error. -1 with an exception. */
int ox_fast_import_install(PyObject *finder, bool defer_gc);

#endif
