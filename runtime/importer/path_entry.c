/* OxidizedPathEntryFinder: the path hook's answer for a virtual folder such as
 * "/path/of/executable/pkg", which is what packages have in __path__. pkgutil walks
 * packages through it; it answers for a real folder of a package that was extracted, too. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/importer.h"
#include "runtime/importer/state.h"

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
	struct path_entry *e = (struct path_entry *)state->path_entry->tp_alloc(state->path_entry, 0);
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

/* "a/b" of the virtual folder as "a.b"; false for what cannot be a package's folder. */
static bool package_of(struct ox_slice rest, struct ox_buf *out)
{
	char last = '/';
	for (size_t i = 0; i < rest.len; i++) {
		char c = rest.data[i] == '\\' ? '/' : rest.data[i];
		bool at_edge = last == '/' || i + 1 == rest.len || rest.data[i + 1] == '/';
		if ((c == '/' && last == '/') || (c == '.' && (last == '.' || at_edge)))
			return false;
		ox_buf_byte(out, c == '/' ? '.' : c);
		last = c;
	}
	return rest.len == 0 || last != '/';
}

static PyObject *refuse(PyObject *cause_type, const char *text)
{
	PyErr_SetString(cause_type, text);
	PyObject *type, *cause, *traceback, *error;
	PyErr_Fetch(&type, &cause, &traceback);
	PyErr_NormalizeException(&type, &cause, &traceback);
	Py_XDECREF(type);
	Py_XDECREF(traceback);
	error = PyObject_CallFunction(PyExc_ImportError, "s", "error running OxidizedFinder.path_hook");
	if (error) {
		PyException_SetCause(error, cause); /* steals */
		PyErr_SetObject(PyExc_ImportError, error);
		Py_DECREF(error);
	} else {
		Py_XDECREF(cause);
	}
	return NULL;
}

/* What of the path lies behind the base and one separator; a new reference to bytes. NULL without an exception when the
 * path is not below the base. */
static PyObject *rest_of(PyObject *path, PyObject *base)
{
	Py_ssize_t len = PyUnicode_GET_LENGTH(path), skip = PyUnicode_GET_LENGTH(base);
	Py_ssize_t match = PyUnicode_Tailmatch(path, base, 0, len, -1);
	if (match <= 0)
		return NULL;
	if (len > skip) {
		Py_UCS4 separator = PyUnicode_READ_CHAR(path, skip);
		if (separator != '/' && separator != '\\')
			return NULL;
		skip++;
	}
	PyObject *rest = PyUnicode_Substring(path, skip, len);
	PyObject *bytes = rest ? PyUnicode_AsEncodedString(rest, "utf-8", "replace") : NULL;
	Py_XDECREF(rest);
	return bytes;
}

/* Whether sys.path_hooks has others, such as importlib's for folders. */
static bool has_other_hooks(void)
{
	PyObject *hooks = PySys_GetObject("path_hooks"); /* borrowed */
	return hooks && PyList_Check(hooks) && PyList_GET_SIZE(hooks) > 1;
}

/* The real folder of a package, as dirname(__file__) gives it; otherwise the path is refused. Where files are
 * imported too it is left to those: they see all that lies there, and a program may have put it on sys.path for
 * what it holds. */
static PyObject *real_folder_entry(struct ox_finder *self, PyObject *path)
{
	PyObject *name = has_other_hooks() ? NULL : ox_finder_package_at(self, path);
	PyObject *entry = NULL;
	if (name)
		entry = ox_path_entry_new(ox_state_of((PyObject *)self), (PyObject *)self, name, path);
	else if (!PyErr_Occurred())
		refuse(PyExc_ValueError, "the path is not below the executable");
	Py_XDECREF(name);
	return entry;
}

PyObject *ox_path_hook(struct ox_finder *self, PyObject *path)
{
	struct ox_buf package = {0};
	if (!PyUnicode_Check(path))
		return refuse(PyExc_TypeError, "the path is not a str");
	PyObject *rest = rest_of(path, self->base);
	if (!rest)
		return PyErr_Occurred() ? NULL : real_folder_entry(self, path);
	bool fits = package_of(ox_slice(PyBytes_AS_STRING(rest), (size_t)PyBytes_GET_SIZE(rest)), &package);
	Py_DECREF(rest);
	if (!fits) {
		ox_buf_free(&package);
		return refuse(PyExc_ValueError, "the path is not that of a package");
	}
	PyObject *name = PyUnicode_FromStringAndSize(ox_buf_text(&package), (Py_ssize_t)package.len);
	PyObject *entry = name ? ox_path_entry_new(ox_state_of((PyObject *)self), (PyObject *)self, name, path) : NULL;
	Py_XDECREF(name);
	ox_buf_free(&package);
	return entry;
}

static bool is_direct_child(struct ox_slice package, struct ox_slice name)
{
	if (package.len) {
		if (!ox_slice_starts(name, package) || name.len <= package.len || name.data[package.len] != '.')
			return false;
		name = ox_slice(name.data + package.len + 1, name.len - package.len - 1);
	}
	return name.len && !memchr(name.data, '.', name.len);
}

static PyObject *find_spec(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {
		"OxidizedPathEntryFinder.find_spec", 1, 2, {"fullname", "target"}};
	PyObject *values[2];
	struct ox_slice package, utf8;
	if (!ox_arguments(&signature, args, given, kwnames, values))
		return NULL;
	PyObject *name = values[0], *target = values[1] ? values[1] : Py_None;
	if (!PyUnicode_Check(name))
		return ox_wrong_type(name, "fullname", "PyString");
	if (target != Py_None && !PyModule_Check(target))
		return ox_wrong_type(target, "target", "PyModule");
	if (!ox_utf8(as_entry(self)->package, &package) || !ox_utf8(name, &utf8))
		return NULL;
	if (!is_direct_child(package, utf8))
		Py_RETURN_NONE;
	PyObject *path = Py_BuildValue("[O]", as_entry(self)->path);
	struct ox_finder *finder = (struct ox_finder *)as_entry(self)->finder;
	PyObject *spec = path ? ox_finder_spec_of(finder, name, path, target) : NULL;
	Py_XDECREF(path);
	return spec;
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
	OX_METHOD("find_spec", find_spec, "find_spec(fullname, target=None): of a direct member of the package"),
	OX_METHOD("iter_modules", iter_modules, "iter_modules(prefix=''): direct members, each with is_package"),
	{"invalidate_caches", invalidate_caches, METH_NOARGS, "Does nothing: there is nothing to forget."},
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
	{"_package", get_package, NULL, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)"Finds the modules of one package inside the executable."},
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
