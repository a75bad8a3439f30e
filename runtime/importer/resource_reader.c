/* OxidizedResourceReader: importlib.resources' older interface to a package's files.
 * Each call goes through the same Traversable that files() returns. */
#include "runtime/importer/state.h"

struct reader {
	PyObject_HEAD
	PyObject *finder;
	PyObject *package;
};

static struct reader *as_reader(PyObject *self)
{
	return (struct reader *)self;
}

PyObject *ox_resource_reader_new(struct ox_state *state, PyObject *finder, PyObject *package)
{
	struct reader *r = (struct reader *)state->resource_reader->tp_alloc(state->resource_reader, 0);
	if (r) {
		r->finder = Py_NewRef(finder);
		r->package = Py_NewRef(package);
	}
	return (PyObject *)r;
}

static PyObject *node(PyObject *self, PyObject *path)
{
	return ox_traversable_new(ox_state_of(self), as_reader(self)->finder, as_reader(self)->package, path);
}

static PyObject *files(PyObject *self, PyObject *ignored)
{
	(void)ignored;
	PyObject *root = PyUnicode_FromString("");
	PyObject *result = root ? node(self, root) : NULL;
	Py_XDECREF(root);
	return result;
}

static PyObject *open_resource(PyObject *self, PyObject *name)
{
	PyObject *file = node(self, name);
	PyObject *stream = file ? PyObject_CallMethod(file, "open", "s", "rb") : NULL;
	Py_XDECREF(file);
	return stream;
}

static PyObject *resource_path(PyObject *self, PyObject *name)
{
	(void)self;
	(void)name;
	return PyErr_Format(PyExc_FileNotFoundError, "in-memory resources do not have filesystem paths");
}

static PyObject *is_resource(PyObject *self, PyObject *name)
{
	PyObject *file = node(self, name);
	PyObject *answer = file ? PyObject_CallMethod(file, "is_file", NULL) : NULL;
	Py_XDECREF(file);
	if (answer != Py_False)
		return answer;
	Py_DECREF(answer);
	return PyErr_Format(PyExc_FileNotFoundError, "resource not found");
}

/* Names of all nodes of the root, sorted. */
static PyObject *contents(PyObject *self, PyObject *ignored)
{
	PyObject *root = files(self, ignored);
	PyObject *nodes = root ? PyObject_CallMethod(root, "iterdir", NULL) : NULL;
	PyObject *names = nodes ? PyList_New(0) : NULL, *item;
	while (names && (item = PyIter_Next(nodes))) {
		PyObject *name = PyObject_GetAttrString(item, "name");
		if (!name || PyList_Append(names, name) < 0)
			Py_CLEAR(names);
		Py_XDECREF(name);
		Py_DECREF(item);
	}
	if (PyErr_Occurred())
		Py_CLEAR(names);
	Py_XDECREF(nodes);
	Py_XDECREF(root);
	return names;
}

static int reader_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	Py_VISIT(as_reader(self)->finder);
	return 0;
}

static void reader_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	Py_CLEAR(as_reader(self)->finder);
	Py_CLEAR(as_reader(self)->package);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyMethodDef methods[] = {
	{"files", files, METH_NOARGS, NULL},
	{"open_resource", open_resource, METH_O, NULL},
	{"resource_path", resource_path, METH_O, NULL},
	{"is_resource", is_resource, METH_O, NULL},
	{"contents", contents, METH_NOARGS, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)"Reads the files of one package inside the executable."},
	{Py_tp_dealloc, reader_dealloc},
	{Py_tp_traverse, reader_traverse},
	{Py_tp_methods, methods},
	{0, NULL},
};

PyType_Spec ox_resource_reader_spec = {
	.name = "oxidized_importer.OxidizedResourceReader",
	.basicsize = sizeof(struct reader),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};
