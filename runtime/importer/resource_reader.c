/* OxidizedResourceReader: importlib.resources' older interface to a package's files.
 * Each call goes through the same Traversable that files() returns. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/finder.h"

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
	if (ox_types_complete(state) < 0)
		return NULL;
	struct reader *r = (struct reader *)PyType_GenericAlloc(state->resource_reader, 0);
	if (r) {
		r->finder = Py_NewRef(finder);
		r->package = Py_NewRef(package);
	}
	return (PyObject *)r;
}

/* A node of the same files that files() gives. */
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

/* The one argument of a method, as a str. A new reference. */
static PyObject *name_from(const struct ox_signature *signature, PyObject *const *args, Py_ssize_t given,
			   PyObject *kwnames)
{
	PyObject *value;
	return ox_arguments(signature, args, given, kwnames, &value) ? ox_text_from(value, signature->names[0]) : NULL;
}

static PyObject *open_resource(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedResourceReader.open_resource", 1, 1, {"resource"}};
	struct ox_finder *finder = (struct ox_finder *)as_reader(self)->finder;
	struct ox_slice package, text;
	struct ox_file found;
	PyObject *file = NULL, *stream = NULL;
	PyObject *name = name_from(&signature, args, given, kwnames);
	if (!name || !ox_utf8(name, &text) || !ox_utf8(as_reader(self)->package, &package))
		goto out;
	if (ox_index_file(&finder->index, OX_PACKAGE_FILES, package, text, &found) && found.is_path) {
		PyObject *owner = Py_XNewRef(found.owner);
		stream = ox_finder_open(finder, found.data);
		Py_XDECREF(owner);
	} else {
		file = node(self, name);
		stream = file ? PyObject_CallMethod(file, "open", "s", "rb") : NULL;
	}
	if (!stream && PyErr_ExceptionMatches(PyExc_IsADirectoryError))
		PyErr_SetString(PyExc_FileNotFoundError, "resource not found"); /* to this interface folders are none */
out:
	Py_XDECREF(file);
	Py_XDECREF(name);
	return stream;
}

static PyObject *resource_path(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedResourceReader.resource_path", 1, 1, {"resource"}};
	PyObject *value;
	(void)self;
	if (ox_arguments(&signature, args, given, kwnames, &value))
		PyErr_SetString(PyExc_FileNotFoundError, "in-memory resources do not have filesystem paths");
	return NULL;
}

static PyObject *is_resource(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedResourceReader.is_resource", 1, 1, {"name"}};
	PyObject *name = name_from(&signature, args, given, kwnames);
	PyObject *file = name ? node(self, name) : NULL;
	PyObject *answer = file ? PyObject_CallMethod(file, "is_file", NULL) : NULL;
	if (answer == Py_False) {
		Py_CLEAR(answer);
		PyErr_SetString(PyExc_FileNotFoundError, "resource not found");
	}
	Py_XDECREF(file);
	Py_XDECREF(name);
	return answer;
}

static bool list_name(const struct ox_file *file, void *arg)
{
	PyObject *name = PyUnicode_DecodeUTF8(file->name.data, (Py_ssize_t)file->name.len, NULL);
	bool failed = !name || PyDict_SetItem(arg, name, Py_None) < 0;
	Py_XDECREF(name);
	return failed;
}

/* The names of the package's files, sorted; with folders in them, where files() would give the folder. */
static PyObject *contents(PyObject *self, PyObject *ignored)
{
	const struct ox_finder *finder = (struct ox_finder *)as_reader(self)->finder;
	struct ox_slice package;
	PyObject *names = PyDict_New(), *list = NULL;
	(void)ignored;
	if (names && ox_utf8(as_reader(self)->package, &package) &&
	    !ox_index_each_file(&finder->index, OX_PACKAGE_FILES, package, list_name, names))
		list = PyDict_Keys(names);
	if (list && PyList_Sort(list) < 0)
		Py_CLEAR(list);
	Py_XDECREF(names);
	return list;
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
	OX_BARE_METHOD("files", files, "The package's folder as a Traversable."),
	OX_METHOD("open_resource", open_resource, "($self, resource)", "A binary stream; FileNotFoundError."),
	OX_METHOD("resource_path", resource_path, "($self, resource)", "Raises FileNotFoundError: there are no paths."),
	OX_METHOD("is_resource", is_resource, "($self, name)", "True, or FileNotFoundError."),
	OX_BARE_METHOD("contents", contents, "The names of the package's files, with folders in them, sorted."),
	{NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)"Reads the files of one package, for importlib.resources."},
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
