#include "runtime/importer/arguments.h"
#include "runtime/importer/collector.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/finder.h"
#include "runtime/importer/importer.h"
#include "runtime/importer/pkg_resources.h"
#include "runtime/importer/scan.h"
#include "runtime/importer/source.h"

#include <stddef.h>

static PyObject *decode_source(PyObject *module, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"decode_source", 2, 2, {"io_module", "source_bytes"}};
	PyObject *values[2];
	(void)module;
	if (!ox_arguments(&signature, args, given, kwnames, values))
		return NULL;
	if (!PyModule_Check(values[0]))
		return ox_wrong_type(values[0], "io_module", "PyModule");
	PyObject *bytes = ox_bytes_from(values[1], "source_bytes");
	PyObject *text = NULL;
	if (bytes)
		text = ox_decode_source(ox_bytes(bytes));
	Py_XDECREF(bytes);
	return text;
}

static PyObject *find_resources_in_path(PyObject *module, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"find_resources_in_path", 1, 1, {"path"}};
	struct ox_state *state = PyModule_GetState(module);
	PyObject *value;
	PyObject *path = ox_arguments(&signature, args, given, kwnames, &value) ? ox_path_from(value) : NULL;
	PyObject *list = path && ox_types_complete(state) == 0 ? ox_scan(state->values, path) : NULL;
	Py_XDECREF(path);
	return list;
}

static PyObject *register_pkg_resources(PyObject *module, PyObject *ignored)
{
	(void)ignored;
	return ox_register_pkg_resources(module) < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *pkg_resources_find_distributions(PyObject *module, PyObject *const *args, Py_ssize_t given,
						  PyObject *kwnames)
{
	static const struct ox_signature signature = {
		"pkg_resources_find_distributions", 2, 3, {"importer", "path_item", "only"}};
	PyObject *values[3];
	bool only = false;
	if (!ox_arguments(&signature, args, given, kwnames, values) ||
	    (values[2] && !ox_bool_from(values[2], "only", &only)))
		return NULL;
	PyObject *path = ox_text_from(values[1], "path_item");
	PyObject *found = path ? ox_find_pkg_distributions(module, values[0], path, only) : NULL;
	Py_XDECREF(path);
	return found;
}

static PyMethodDef functions[] = {
	OX_METHOD("decode_source", decode_source, "($module, io_module, source_bytes)",
		  "The text of a module's source, as Python itself decodes it. io_module is the module io."),
	OX_METHOD("find_resources_in_path", find_resources_in_path, "($module, path)",
		  "A list of the modules, files of packages and metadata below a folder; ValueError."),
	OX_FUNCTION("register_pkg_resources", register_pkg_resources, METH_NOARGS, "($module)",
		    "Tells pkg_resources about packed distributions; ImportError when there is no pkg_resources."),
	OX_METHOD("pkg_resources_find_distributions", pkg_resources_find_distributions,
		  "($module, importer, path_item, only=False)",
		  "The distributions below the entry of sys.path that importer was made for, or right below."),
	{NULL, NULL, 0, NULL},
};

int ox_set_attr(PyObject *o, const char *name, PyObject *value)
{
	int rc = value ? PyObject_SetAttrString(o, name, value) : -1;
	Py_XDECREF(value);
	return rc;
}

PyObject *ox_get_attr(PyObject *o, const char *name)
{
	PyObject *key = PyUnicode_InternFromString(name);
	PyObject *value = key ? PyObject_GetAttr(o, key) : NULL;
	Py_XDECREF(key);
	return value;
}

PyObject *ox_raise(const struct ox_err *err, PyObject *name)
{
	if (!name) {
		PyErr_SetString(PyExc_OSError, err->text);
		return NULL;
	}
	PyObject *text = PyUnicode_DecodeUTF8(err->text, (Py_ssize_t)strlen(err->text), "replace");
	return ox_import_error(text, name, NULL);
}

/* Every type of the module, and where the state keeps it. */
static const struct type_row {
	PyType_Spec *spec;
	size_t slot;
	bool is_public;
} types[] = {
#define ROW(spec, field, is_public) {spec, offsetof(struct ox_state, field), is_public}
	ROW(&ox_finder_spec, finder, true),
	ROW(&ox_path_entry_spec, path_entry, true),
	ROW(&ox_resource_reader_spec, resource_reader, true),
	ROW(&ox_distribution_spec, distribution, true),
	ROW(&ox_resource_spec, resource, true),
	ROW(&ox_traversable_spec, traversable, false),
	ROW(&ox_value_specs[OX_VALUE_SOURCE], values[OX_VALUE_SOURCE], true),
	ROW(&ox_value_specs[OX_VALUE_BYTECODE], values[OX_VALUE_BYTECODE], true),
	ROW(&ox_value_specs[OX_VALUE_RESOURCE], values[OX_VALUE_RESOURCE], true),
	ROW(&ox_value_specs[OX_VALUE_DISTRIBUTION], values[OX_VALUE_DISTRIBUTION], true),
	ROW(&ox_value_specs[OX_VALUE_EXTENSION], values[OX_VALUE_EXTENSION], true),
	ROW(&ox_collector_spec, collector, true),
	ROW(&ox_zip_finder_spec, zip_finder, true),
	ROW(&ox_pkg_provider_spec, pkg_provider, true),
	ROW(&ox_pattern_cache_spec, pattern_cache, false),
#undef ROW
};

static PyTypeObject **type_slot(struct ox_state *state, const struct type_row *row)
{
	return (PyTypeObject **)((char *)state + row->slot);
}

/* A type without a constructor of its own has inherited object's, whose instances would be empty. */
static int add_type(PyObject *module, PyTypeObject **slot, const struct type_row *row)
{
	*slot = ox_type_new(module, row->spec);
	if (!*slot)
		return -1;
	if ((*slot)->tp_new == PyBaseObject_Type.tp_new)
		(*slot)->tp_new = ox_no_constructor;
	if ((*slot)->tp_base == &PyBaseObject_Type)
		(*slot)->tp_alloc = ox_no_allocation;
	if (!row->is_public)
		return 0;
	const char *name = strrchr(row->spec->name, '.') + 1;
	int rc = PyModule_AddObject(module, name, Py_NewRef((PyObject *)*slot)); /* steals on success */
	if (rc < 0)
		Py_DECREF(*slot);
	return rc;
}

/* Unless it is there. */
static int need_type(struct ox_state *state, const struct type_row *row)
{
	PyTypeObject **slot = type_slot(state, row);
	return *slot ? 0 : add_type(state->module, slot, row);
}

int ox_types_complete(struct ox_state *state)
{
	if (state->has_types)
		return 0;
	for (size_t i = 0; i < OX_COUNT(types); i++)
		if (need_type(state, &types[i]) < 0)
			return -1;
	state->has_types = true;
	return 0;
}

/* PEP 562: called for what the module does not have. */
static PyObject *get_missing(PyObject *module, PyObject *name)
{
	struct ox_state *state = PyModule_GetState(module);
	bool can_be_new = !state->has_types;
	if (ox_types_complete(state) < 0)
		return NULL;
	PyObject *value = can_be_new ? PyDict_GetItemWithError(PyModule_GetDict(module), name) : NULL; /* borrowed */
	if (!value && !PyErr_Occurred())
		PyErr_Format(PyExc_AttributeError, "module 'oxidized_importer' has no attribute %R", name);
	return Py_XNewRef(value);
}

static PyObject *list_names(PyObject *module, PyObject *ignored)
{
	(void)ignored;
	return ox_types_complete(PyModule_GetState(module)) < 0 ? NULL : PyDict_Keys(PyModule_GetDict(module));
}

static PyMethodDef before_types[] = {
	{"__getattr__", get_missing, METH_O, NULL},
	{"__dir__", list_names, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

/* Whoever imports this module before the interpreter is up is the executable that it is part of. The first row is
 * what it needs. */
static int add_types(PyObject *module, struct ox_state *state)
{
	state->module = module;
	if (Py_IsInitialized())
		return ox_types_complete(state);
	return PyModule_AddFunctions(module, before_types) < 0 ? -1 : need_type(state, &types[0]);
}

static int make_names(struct ox_state *state)
{
	static const char *const names[OX_NAMES] = {
		[OX_NAME_NAME] = "name",
		[OX_NAME_LOADER_STATE] = "loader_state",
		[OX_NAME_DUNDER_NAME] = "__name__",
		[OX_NAME_DUNDER_SPEC] = "__spec__",
	};
	for (size_t i = 0; i < OX_NAMES; i++) {
		state->names[i] = PyUnicode_InternFromString(names[i]);
		if (!state->names[i])
			return -1;
	}
	return 0;
}

static int find_importlib(struct ox_state *state)
{
	PyObject *bootstrap = PyImport_ImportModule("_frozen_importlib");
	if (!bootstrap)
		return -1;
	state->module_spec = PyObject_GetAttrString(bootstrap, "ModuleSpec");
	state->builtin_importer = PyObject_GetAttrString(bootstrap, "BuiltinImporter");
	state->frozen_importer = PyObject_GetAttrString(bootstrap, "FrozenImporter");
	state->call = PyObject_GetAttrString(bootstrap, "_call_with_frames_removed");
	state->exec = Py_XNewRef(PyDict_GetItemString(PyEval_GetBuiltins(), "exec"));
	state->imp = PyImport_ImportModule("_imp");
	state->spec_kwnames = Py_BuildValue("(s)", "is_package");
	Py_DECREF(bootstrap);
	bool complete = state->call && state->exec && state->module_spec && state->builtin_importer &&
			state->frozen_importer && state->imp && state->spec_kwnames;
	return complete ? 0 : -1;
}

static int module_exec(PyObject *module)
{
	struct ox_state *state = PyModule_GetState(module);
	if (make_names(state) < 0 || find_importlib(state) < 0)
		return -1;
	return add_types(module, state);
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
	struct ox_state *s = PyModule_GetState(module);
	Py_VISIT(s->module_spec);
	Py_VISIT(s->builtin_importer);
	Py_VISIT(s->frozen_importer);
	Py_VISIT(s->imp);
	Py_VISIT(s->call);
	Py_VISIT(s->exec);
	Py_VISIT(s->spec_kwnames);
	for (size_t i = 0; i < OX_COUNT(types); i++)
		Py_VISIT(*type_slot(s, &types[i]));
	return 0;
}

static int module_clear(PyObject *module)
{
	struct ox_state *s = PyModule_GetState(module);
	Py_CLEAR(s->module_spec);
	Py_CLEAR(s->builtin_importer);
	Py_CLEAR(s->frozen_importer);
	Py_CLEAR(s->imp);
	Py_CLEAR(s->call);
	Py_CLEAR(s->exec);
	Py_CLEAR(s->spec_kwnames);
	for (size_t i = 0; i < OX_NAMES; i++)
		Py_CLEAR(s->names[i]);
	for (size_t i = 0; i < OX_COUNT(types); i++)
		Py_CLEAR(*type_slot(s, &types[i]));
	return 0;
}

static void module_free(void *module)
{
	module_clear(module);
}

static PyModuleDef_Slot slots[] = {
	{Py_mod_exec, module_exec},
#if PY_VERSION_HEX >= 0x030C0000
	{Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
	{Py_mod_gil, Py_MOD_GIL_USED},
#endif
	{0, NULL},
};

struct PyModuleDef ox_module_def = {
	PyModuleDef_HEAD_INIT,
	.m_name = "oxidized_importer",
	.m_doc = "Imports modules, files of packages and metadata from packed data in memory.",
	.m_size = sizeof(struct ox_state),
	.m_methods = functions,
	.m_slots = slots,
	.m_traverse = module_traverse,
	.m_clear = module_clear,
	.m_free = module_free,
};

PyMODINIT_FUNC PyInit_oxidized_importer(void)
{
	return PyModuleDef_Init(&ox_module_def);
}
