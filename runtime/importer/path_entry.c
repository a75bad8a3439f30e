/* OxidizedPathEntryFinder: the path hook's answer for a folder that stands for a package (folder.c), such as
 * "/path/of/executable/pkg", which is what packages have in __path__. pkgutil walks
 * packages through it. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/finder.h"
#include "runtime/importer/importer.h"

#include "proto/base/buf.h"

struct path_entry {
	PyObject_HEAD
	PyObject *finder;  /* OxidizedFinder */
	PyObject *package; /* str; empty for the top level */
	PyObject *path;    /* str */
};

static struct path_entry *as_entry(PyObject *self)
{
	return (struct path_entry *)self;
}

PyObject *ox_path_entry_new(struct ox_state *state, PyObject *finder, PyObject *package, PyObject *path)
{
	if (ox_types_complete(state) < 0)
		return NULL;
	struct path_entry *e = (struct path_entry *)PyType_GenericAlloc(state->path_entry, 0);
	if (e) {
		e->finder = Py_NewRef(finder);
		e->package = Py_NewRef(package);
		e->path = Py_NewRef(path);
	}
	return (PyObject *)e;
}

void ox_path_entry_parts(PyObject *entry, struct ox_path_entry_parts *out)
{
	const struct path_entry *e = as_entry(entry);
	*out = (struct ox_path_entry_parts){e->finder, e->package, e->path};
}

static PyObject *refuse(PyObject *cause_type, const char *text)
{
	PyErr_SetString(cause_type, text);
	struct ox_exception cause = ox_exception_take_whole();
	PyObject *said = PyUnicode_FromString("error running OxidizedFinder.path_hook");
	return ox_import_error_from(said, NULL, NULL, cause);
}

PyObject *ox_path_hook(struct ox_finder *self, PyObject *path)
{
	struct ox_buf package = {0};
	PyObject *entry = NULL;
	if (!PyUnicode_Check(path))
		return refuse(PyExc_TypeError, "the path is not a str");
	enum ox_folder kind = ox_finder_folder(self, path, &package);
	if (kind == OX_FOLDER_FOREIGN) {
		refuse(PyExc_ValueError, "the path is not below the executable");
	} else if (kind == OX_FOLDER_NO_PACKAGE) {
		refuse(PyExc_ValueError, "the path is not that of a package");
	} else if (kind == OX_FOLDER_PACKAGE) {
		PyObject *name = PyUnicode_FromStringAndSize(ox_buf_text(&package), (Py_ssize_t)package.len);
		if (name)
			entry = ox_path_entry_new(ox_state_of((PyObject *)self), (PyObject *)self, name, path);
		Py_XDECREF(name);
	}
	ox_buf_free(&package);
	return entry;
}

static PyObject *find_spec(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {
		"OxidizedPathEntryFinder.find_spec", 1, 2, {"fullname", "target"}};
	PyObject *values[2];
	struct ox_slice package;
	if (!ox_arguments(&signature, args, given, kwnames, values))
		return NULL;
	PyObject *name = values[0], *target = values[1] ? values[1] : Py_None;
	if (!PyUnicode_Check(name))
		return ox_wrong_type(name, "fullname", "PyString");
	if (target != Py_None && !PyModule_Check(target))
		return ox_wrong_type(target, "target", "PyModule");
	if (!ox_utf8(as_entry(self)->package, &package))
		return NULL;
	return ox_finder_spec_in((struct ox_finder *)as_entry(self)->finder, name, package);
}

static PyObject *iter_modules(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedPathEntryFinder.iter_modules", 0, 1, {"prefix"}};
	const struct ox_finder *finder = (struct ox_finder *)as_entry(self)->finder;
	struct ox_slice package;
	PyObject *value;
	if (!ox_arguments(&signature, args, given, kwnames, &value) || !ox_utf8(as_entry(self)->package, &package))
		return NULL;
	PyObject *prefix = value ? ox_text_from(value, "prefix") : PyUnicode_FromString("");
	PyObject *list = prefix ? ox_index_members(&finder->index, package, prefix) : NULL;
	Py_XDECREF(prefix);
	return list;
}

static PyObject *invalidate_caches(PyObject *self, PyObject *ignored)
{
	(void)self;
	(void)ignored;
	Py_RETURN_NONE;
}

static PyObject *get_package(PyObject *self, void *closure)
{
	(void)closure;
	PyObject *package = as_entry(self)->package;
	return Py_NewRef(PyUnicode_GET_LENGTH(package) ? package : Py_None);
}

static int entry_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	Py_VISIT(as_entry(self)->finder);
	return 0;
}

static int entry_clear(PyObject *self)
{
	Py_CLEAR(as_entry(self)->finder);
	return 0;
}

static void entry_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	entry_clear(self);
	Py_CLEAR(as_entry(self)->package);
	Py_CLEAR(as_entry(self)->path);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyMethodDef methods[] = {
	OX_METHOD("find_spec", find_spec, "($self, fullname, target=None)",
		  "The spec of the package's member that has the last component of the name, or None."),
	OX_METHOD("iter_modules", iter_modules, "($self, prefix='')",
		  "A sorted list of (prefix + name, is_package) of the package's direct members."),
	OX_BARE_METHOD("invalidate_caches", invalidate_caches, "Does nothing: there is nothing to forget."),
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
	{"_package", get_package, NULL, "The package whose members are found, None for the top level.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)"Finds the members of one package; OxidizedFinder.path_hook() makes it."},
	{Py_tp_dealloc, entry_dealloc},
	{Py_tp_traverse, entry_traverse},
	{Py_tp_clear, entry_clear},
	{Py_tp_methods, methods},
	{Py_tp_getset, properties},
	{0, NULL},
};

PyType_Spec ox_path_entry_spec = {
	.name = "oxidized_importer.OxidizedPathEntryFinder",
	.basicsize = sizeof(struct path_entry),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};
