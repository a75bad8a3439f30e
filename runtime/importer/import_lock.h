/* import_lock.h - importlib's module locks, for next to nothing while nobody else wants one.
 *
 * importlib guards each import by a lock written in Python, one per name, with deadlock detection.
 * Hardly ever does a second thread ask for it. Here a name that is being imported is an entry in a
 * list, guarded by the GIL. When anybody asks importlib for the lock of such a name (its
 * _get_module_lock, for which ox_import_lock_get stands in), the real one is made and put into
 * the state in which the importing thread would have left it: owned, and taken as often. From there on
 * waiting, waking and deadlock detection are importlib's own. */
#ifndef OX_IMPORTER_IMPORT_LOCK_H
#define OX_IMPORTER_IMPORT_LOCK_H

#include "runtime/importer/compat.h"

#include <stdbool.h>

struct ox_import_lock; /* one name while it is being imported */

struct ox_import_locks {
	struct ox_import_lock *first;
	PyObject *module_locks; /* importlib's table of real locks, by name */
	PyObject *get;          /* importlib's own _get_module_lock */
	PyObject *threads;      /* the module _thread, as importlib has it */
};

/* bootstrap_dict is importlib._bootstrap's. -1 with an exception. */
int ox_import_locks_init(struct ox_import_locks *l, PyObject *bootstrap_dict);
int ox_import_locks_traverse(struct ox_import_locks *l, visitproc visit, void *arg);
void ox_import_locks_free(struct ox_import_locks *l);

/* Takes the name, perhaps once more, unless another thread holds it or its real lock exists: then *lock is
 * NULL, and the import is importlib's business. -1 with an exception. */
int ox_import_lock_take(struct ox_import_locks *l, PyObject *name, struct ox_import_lock **lock);
/* Once for each time it was taken. A pending exception is kept; -1 with an exception. */
int ox_import_lock_release(struct ox_import_lock *lock);

/* Is this name being imported by the calling thread, and by no other way than ours? */
bool ox_import_lock_is_mine(const struct ox_import_locks *l, PyObject *name);

/* Is it being imported by another thread, or in another way than ours? -1 with an exception. */
int ox_import_lock_is_foreign(const struct ox_import_locks *l, PyObject *name);

/* What _get_module_lock answers: a new reference. */
PyObject *ox_import_lock_get(struct ox_import_locks *l, PyObject *name);

#endif
