/* watch.h - whether a module is still what it was when it had run.
 *
 * A watch remembers what each name of a module means, the code of its functions, and likewise the contents of the
 * classes that it defines and of its dictionaries. Whoever does a module's work for it asks before, so that a
 * program which has put something of its own there is obeyed. Asking takes about a nanosecond for each name. */
#ifndef OX_IMPORTER_WATCH_H
#define OX_IMPORTER_WATCH_H

#include "runtime/importer/compat.h"

/* A tuple; two of them may be joined. NULL with an exception. */
PyObject *ox_watch(PyObject *module);

/* Never leaves an exception. */
bool ox_watch_unchanged(PyObject *watch);

#endif
