/* state.h - what the module keeps: its types, and the objects of importlib that every
 * import needs, looked up once. One per module object, so that an interpreter
 * shares nothing with another. */
#ifndef OX_IMPORTER_STATE_H
#define OX_IMPORTER_STATE_H

#include "proto/base/err.h"
#include "runtime/importer/compat.h"
#include "runtime/importer/value.h"

/* Attributes that each import looks at. */
enum ox_name { OX_NAME_NAME, OX_NAME_LOADER_STATE, OX_NAME_DUNDER_NAME, OX_NAME_DUNDER_SPEC, OX_NAMES };

struct ox_state {
	PyObject *module_spec;      /* _frozen_importlib.ModuleSpec */
	PyObject *builtin_importer; /* _frozen_importlib.BuiltinImporter */
	PyObject *frozen_importer;
	PyObject *imp; /* _imp */
	PyObject *call; /* _frozen_importlib._call_with_frames_removed */
	PyObject *exec; /* builtins.exec */
	PyObject *spec_kwnames; /* ("is_package",) */
	PyObject *names[OX_NAMES]; /* str, by enum ox_name */
	PyObject *module; /* borrowed: the one that this is the state of */
	bool has_types;   /* all of them, see ox_types_complete */
	PyTypeObject *finder, *path_entry, *resource_reader, *traversable, *distribution, *resource;
	PyTypeObject *values[OX_VALUE_KINDS];
	PyTypeObject *collector, *zip_finder, *pkg_provider, *pattern_cache;
};

extern struct PyModuleDef ox_module_def;

/* The state behind an instance of one of our types (none of which can be subclassed). */
static inline struct ox_state *ox_state_of(PyObject *self)
{
	return ox_type_state(Py_TYPE(self));
}

/* Makes the types other than `finder` unless they are there. In an executable most programs never need them, so
 * they are made when one of them, or any attribute that the module does not have, is first asked for; until then
 * they are missing from the module's __dict__ (and from nothing else). -1 with an exception. */
int ox_types_complete(struct ox_state *state);

/* One specification per type, each in its own file. */
extern PyType_Spec ox_finder_spec, ox_path_entry_spec, ox_resource_reader_spec, ox_traversable_spec,
	ox_distribution_spec, ox_zip_finder_spec;

/* Turns an error of ours into an exception and returns NULL. ImportError for `name`, or
 * OSError when name is NULL. */
PyObject *ox_raise(const struct ox_err *err, PyObject *name);

/* An attribute by its interned name: a string of its own for each look-up, as PyObject_GetAttrString makes it,
 * would fill the interpreter's cache of attributes. */
PyObject *ox_get_attr(PyObject *o, const char *name);
/* o.NAME = value, which is taken; -1 with an exception, as for a NULL value that has one. */
int ox_set_attr(PyObject *o, const char *name, PyObject *value);

#endif
