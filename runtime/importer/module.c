#include "runtime/importer/importer.h"
#include "runtime/importer/state.h"

static PyObject *decode_source(PyObject *module, PyObject *args)
{
	PyObject *io;
	Py_buffer bytes;
	(void)module;
	if (!PyArg_ParseTuple(args, "Oy*:decode_source", &io, &bytes))
		return NULL;
	PyObject *text = ox_decode_source(ox_slice(bytes.buf, (size_t)bytes.len));
	PyBuffer_Release(&bytes);
	return text;
}

static PyMethodDef functions[] = {
	{"decode_source", decode_source, METH_VARARGS, "decode_source(io_module, source_bytes)"},
	{NULL, NULL, 0, NULL},
};

PyObject *ox_raise(const struct ox_err *err, PyObject *name)
{
	if (!name) {
		PyErr_SetString(PyExc_OSError, err->text);
		return NULL;
	}
	PyObject *text = PyUnicode_DecodeUTF8(err->text, (Py_ssize_t)strlen(err->text), "replace");
	if (text)
		PyErr_SetImportError(text, name, NULL);
	Py_XDECREF(text);
	return NULL;
}

static PyObject *refuse_construction(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	(void)type;
	(void)args;
	(void)kwargs;
	PyErr_SetString(PyExc_TypeError, "No constructor defined");
	return NULL;
}

/* A type without a constructor of its own has inherited object's, whose instances would be empty. */
static int add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **slot, bool is_public)
{
	*slot = ox_type_new(module, spec);
	if (!*slot)
		return -1;
	if ((*slot)->tp_new == PyBaseObject_Type.tp_new)
		(*slot)->tp_new = refuse_construction;
	if (!is_public)
		return 0;
	const char *name = strrchr(spec->name, '.') + 1;
	int rc = PyModule_AddObject(module, name, Py_NewRef((PyObject *)*slot)); /* steals on success */
	if (rc < 0)
		Py_DECREF(*slot);
	return rc;
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
	if (find_importlib(state) < 0 || add_type(module, &ox_finder_spec, &state->finder, true) < 0 ||
	    add_type(module, &ox_path_entry_spec, &state->path_entry, true) < 0 ||
	    add_type(module, &ox_resource_reader_spec, &state->resource_reader, true) < 0 ||
	    add_type(module, &ox_distribution_spec, &state->distribution, true) < 0)
		return -1;
	return add_type(module, &ox_traversable_spec, &state->traversable, false);
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
	Py_VISIT(s->finder);
	Py_VISIT(s->path_entry);
	Py_VISIT(s->resource_reader);
	Py_VISIT(s->traversable);
	Py_VISIT(s->distribution);
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
	Py_CLEAR(s->finder);
	Py_CLEAR(s->path_entry);
	Py_CLEAR(s->resource_reader);
	Py_CLEAR(s->traversable);
	Py_CLEAR(s->distribution);
	return 0;
}

static void module_free(void *module)
{
	module_clear(module);
}

static PyModuleDef_Slot slots[] = {
	{Py_mod_exec, module_exec},
#if PY_VERSION_HEX >= 0x030C0000
	{Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
	{Py_mod_gil, Py_MOD_GIL_USED},
#endif
	{0, NULL},
};

struct PyModuleDef ox_module_def = {
	PyModuleDef_HEAD_INIT,
	.m_name = "oxidized_importer",
	.m_doc = "Imports modules and resources straight from the executable's own pages.",
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
