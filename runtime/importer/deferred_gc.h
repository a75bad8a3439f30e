/* deferred_gc.h - garbage collection held back while modules load.
 *
 * Loading creates many objects that stay and hardly any garbage, and the collector looks
 * through them again and again. So while an import of ours runs, the threshold of the
 * youngest generation is raised to OX_GC_LOADING, and after each module whatever would
 * have been looked at moves to the oldest generation unseen (gc.freeze, gc.unfreeze: no
 * object is touched). A module that never finishes loading is still collected, only in larger
 * portions; what is garbage among the moved objects goes with the next full collection.
 *
 * A program that uses gc itself is obeyed: gc.disable, gc.enable, gc.isenabled and gc.collect
 * mean what they always do. While an import runs, gc.get_threshold and gc.set_threshold are
 * functions of ours that first end the deferral, so that a module sees and sets the program's own numbers; a
 * program that has frozen objects keeps them frozen, and nothing is deferred from then on. When
 * the outermost import ends, threshold and functions are the program's own again.
 *
 * One per interpreter, used under its GIL; imports of several threads overlap as one. */
#ifndef OX_IMPORTER_DEFERRED_GC_H
#define OX_IMPORTER_DEFERRED_GC_H

#include "runtime/importer/compat.h"

#include <stdbool.h>

enum { OX_GC_LOADING = 10000 };

struct ox_deferred_gc {
	PyObject *dict; /* of module gc; NULL: nothing is deferred */
	PyObject *get_threshold, *set_threshold, *get_count, *isenabled; /* gc's own */
	PyObject *freeze, *unfreeze, *get_freeze_count;
	PyObject *our_get, *our_set; /* what stands in while something loads */
	PyObject *link;              /* capsule by which those two find this struct */
	PyObject *usual;             /* the program's thresholds; NULL unless raised */
	long first;                  /* the program's own first threshold, while raised */
	int depth;                   /* imports that run */
};

/* g is zeroed, and stays where it is until it is freed. -1 with an exception. */
int ox_deferred_gc_init(struct ox_deferred_gc *g);
int ox_deferred_gc_traverse(struct ox_deferred_gc *g, visitproc visit, void *arg);
void ox_deferred_gc_free(struct ox_deferred_gc *g);

/* Around each import, nested or not. A pending exception is kept. */
void ox_deferred_gc_begin(struct ox_deferred_gc *g);
void ox_deferred_gc_end(struct ox_deferred_gc *g);

#endif
