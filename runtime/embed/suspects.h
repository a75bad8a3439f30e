/* suspects.h - of all objects that the collector tracks, those whose end somebody could observe.
 *
 * Nearly all of them are functions, tuples and dicts, of which nothing but their type has to be looked at. Where
 * the version of CPython allows it, they are looked at in place: a list of them (gc.get_objects) costs more than the
 * rest of a scan. */
#ifndef OX_EMBED_SUSPECTS_H
#define OX_EMBED_SUSPECTS_H

#include "runtime/importer/compat.h"

/* A new list: modules, types, weak references with a callback, and whatever has a finaliser. NULL with an exception. */
PyObject *ox_suspects(void);

/* A new list of all (gc.get_objects). NULL with an exception. */
PyObject *ox_tracked_objects(void);

#endif
