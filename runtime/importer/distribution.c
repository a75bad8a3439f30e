/* OxidizedDistribution: the metadata of one installed distribution.
 *
 * What needs the payload is here (read_text, locate_file); whatever else
 * importlib.metadata.Distribution offers is its own code bound to our object, so that version,
 * metadata, entry_points, requires and files mean what they mean in the interpreter at hand. */
#include "runtime/importer/state.h"

struct distribution {
	PyObject_HEAD
	PyObject *finder;
	PyObject *name; /* of the record */
};

static struct distribution *as_distribution(PyObject *self)
{
	return (struct distribution *)self;
}

PyObject *ox_distribution_new(struct ox_state *state, PyObject *finder, PyObject *name)
{
	struct distribution *d = (struct distribution *)state->distribution->tp_alloc(state->distribution, 0);
	if (d) {
		d->finder = Py_NewRef(finder);
		d->name = Py_NewRef(name);
	}
	return (PyObject *)d;
}

/* The file's content, or NULL, without an exception when there is no such file. */
static PyObject *read_bytes(PyObject *self, struct ox_slice file)
{
	struct ox_finder *finder = (struct ox_finder *)as_distribution(self)->finder;
	struct ox_slice name;
	struct ox_file found;
	if (!ox_utf8(as_distribution(self)->name, &name) ||
	    !ox_index_file(&finder->index, OX_METADATA_FILES, name, file, &found))
		return NULL;
	return ox_finder_file(finder, &found);
}

static PyObject *read_text(PyObject *self, PyObject *filename)
{
	struct ox_slice file;
	PyObject *text = PyObject_Str(filename);
	PyObject *bytes = text && ox_utf8(text, &file) ? read_bytes(self, file) : NULL;
	PyObject *content = NULL;
	if (bytes)
		content = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes), NULL);
	Py_XDECREF(bytes);
	Py_XDECREF(text);
	return content || PyErr_Occurred() ? content : Py_NewRef(Py_None);
}

static PyObject *locate_file(PyObject *self, PyObject *path)
{
	struct ox_finder *finder = (struct ox_finder *)as_distribution(self)->finder;
	PyObject *text = PyObject_Str(path);
	PyObject *full = text ? PyUnicode_FromFormat("%U/%U", finder->base, text) : NULL;
	PyObject *pathlib = full ? PyImport_ImportModule("pathlib") : NULL;
	PyObject *result = pathlib ? PyObject_CallMethod(pathlib, "Path", "O", full) : NULL;
	Py_XDECREF(pathlib);
	Py_XDECREF(full);
	Py_XDECREF(text);
	return result;
}

/* Binds an attribute of importlib.metadata.Distribution to our object. */
static PyObject *borrowed_attribute(PyObject *self, PyObject *name)
{
	PyObject *module = PyImport_ImportModule("importlib.metadata");
	PyObject *type = module ? PyObject_GetAttrString(module, "Distribution") : NULL;
	PyObject *raw = type && PyType_Check(type) ? _PyType_Lookup((PyTypeObject *)type, name) : NULL; /* borrowed */
	PyObject *result = NULL;
	if (raw) {
		Py_INCREF(raw);
		descrgetfunc get = Py_TYPE(raw)->tp_descr_get;
		result = get ? get(raw, self, (PyObject *)Py_TYPE(self)) : Py_NewRef(raw);
		Py_DECREF(raw);
	} else if (!PyErr_Occurred()) {
		PyErr_Format(PyExc_AttributeError, "'OxidizedDistribution' object has no attribute '%U'", name);
	}
	Py_XDECREF(type);
	Py_XDECREF(module);
	return result;
}

/* __dict__ and the like describe the type that they belong to. */
static bool is_special(PyObject *name)
{
	return PyUnicode_GET_LENGTH(name) > 1 && PyUnicode_READ_CHAR(name, 0) == '_' &&
	       PyUnicode_READ_CHAR(name, 1) == '_';
}

static PyObject *get_attribute(PyObject *self, PyObject *name)
{
	PyObject *own = PyObject_GenericGetAttr(self, name);
	if (own || !PyErr_ExceptionMatches(PyExc_AttributeError) || is_special(name))
		return own;
	PyErr_Clear();
	return borrowed_attribute(self, name);
}

static PyObject *distribution_repr(PyObject *self)
{
	return PyUnicode_FromFormat("<OxidizedDistribution %U>", as_distribution(self)->name);
}

static int distribution_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	Py_VISIT(as_distribution(self)->finder);
	return 0;
}

static void distribution_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	Py_CLEAR(as_distribution(self)->finder);
	Py_CLEAR(as_distribution(self)->name);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyMethodDef methods[] = {
	{"read_text", read_text, METH_O, NULL},
	{"locate_file", locate_file, METH_O, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)"The metadata of a distribution inside the executable."},
	{Py_tp_dealloc, distribution_dealloc},
	{Py_tp_traverse, distribution_traverse},
	{Py_tp_getattro, get_attribute},
	{Py_tp_repr, distribution_repr},
	{Py_tp_methods, methods},
	{0, NULL},
};

PyType_Spec ox_distribution_spec = {
	.name = "oxidized_importer.OxidizedDistribution",
	.basicsize = sizeof(struct distribution),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};
