/* fast_load.h - one packed or built-in module: found, made and run as importlib's _load_unlocked does it.
 *
 * The part of fast_import.h that deals with specs and modules; locks and the question whether to do
 * it at all are the caller's. */
#ifndef OX_IMPORTER_FAST_LOAD_H
#define OX_IMPORTER_FAST_LOAD_H

#include "runtime/importer/finder.h"

/* What an interpreter's loads have in common. */
struct ox_loading {
	struct ox_finder *finder;
	PyObject *sys_dict;
	PyObject *module_from_spec; /* importlib's */
	PyObject *set_lazy;         /* _imp._set_lazy_attributes; NULL before 3.15 */
	PyObject *builtins;         /* what modules get as __builtins__ */
	PyObject *names[16];        /* interned: see fast_load.c */
};

/* One import. The references are the caller's to drop. */
struct ox_import {
	PyObject *name;          /* borrowed; an exact str */
	PyObject *parent;        /* "a.b" of "a.b.c"; NULL at the top level */
	PyObject *child;         /* "c" */
	PyObject *parent_spec;   /* NULL: the parent has none */
	PyObject *module;        /* the result */
	struct ox_slice utf8;    /* of name */
	struct ox_found found;
};

int ox_loading_init(struct ox_loading *l, PyObject *finder);
int ox_loading_traverse(struct ox_loading *l, visitproc visit, void *arg);
void ox_loading_free(struct ox_loading *l);

/* Fills utf8 and found. 1: the payload or CPython has it, and nothing but this file is needed to load it; 0: not so;
 * -1 with an exception. */
int ox_load_find(const struct ox_loading *l, struct ox_import *import);

/* Fills parent and child; -1 with an exception. */
int ox_load_find_names(struct ox_import *import);

/* Fills parent_spec, the parent being in sys.modules; 0 when it is anything but a plain package. */
int ox_load_find_parent(const struct ox_loading *l, struct ox_import *import);

/* Makes the module, runs it and binds it in its parent. 1 with import->module, -1 with an exception and everything
 * as importlib leaves it after a failed import. 0 when it was taken for a built-in module and is none. */
int ox_load(const struct ox_loading *l, struct ox_import *import);

#endif
