/* What modules of the standard library that reason about files are taught about modules without one.
 *
 * inspect     getfile() of a packed module or class is the name that its code carries as a file name, from which
 *             getsource() and the rest find the lines through linecache; getmodule() of packed code and
 *             frames is the module.
 * pkgutil     get_data() serves the files of packed packages.
 * linecache   see linecache.c.
 * runpy       what `-m` runs has a path in sys.argv[0], as with files: messages of programs name themselves by it.
 * importlib._common   3.9: files() of a packed package, which later versions ask the loader for.
 * click       a program that `-m` stands for in the configuration is called by its file's name in usage messages.
 * pkg_resources   see pkg_resources.h.
 * re          see patterns.h.
 * ssl         see certificates.c.
 *
 * Each function is put behind one that asks the module's own first, and answers only where that has no answer. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/importer.h"
#include "runtime/importer/pkg_resources.h"
#include "runtime/importer/teach.h"

/* A taught function is bound to (finder, the module, its own function). */
enum { FINDER, MODULE, OWN };

static PyObject *ask_own(PyObject *self, PyObject *args, PyObject *kwargs)
{
	return PyObject_Call(PyTuple_GET_ITEM(self, OWN), args, kwargs);
}

static PyObject *argument(PyObject *args, PyObject *kwargs, Py_ssize_t at, const char *name)
{
	if (at < PyTuple_GET_SIZE(args))
		return PyTuple_GET_ITEM(args, at);
	return kwargs ? PyDict_GetItemString(kwargs, name) : NULL;
}

/* A module out of memory; false for anything else, never an exception. */
static bool is_packed(PyObject *self, PyObject *name)
{
	struct ox_found found;
	struct ox_slice utf8;
	if (!name || !PyUnicode_Check(name) || !ox_utf8(name, &utf8)) {
		PyErr_Clear();
		return false;
	}
	struct ox_finder *finder = (struct ox_finder *)PyTuple_GET_ITEM(self, FINDER);
	ox_index_find_packed(&finder->index, utf8, &found);
	return found.kind == OX_KIND_MODULE;
}

/* The exception that is set may be replaced by `result`, a new reference, unless that is NULL. */
static PyObject *rather(PyObject *result)
{
	if (result)
		PyErr_Clear();
	return result;
}

/* What the code of a module, or of a class' module, carries as a file name: its spec's name. The module may call itself
 * otherwise, as _pydecimal does, or stand in sys.modules for another one. A new reference; NULL, never with an
 * exception. */
static PyObject *name_in_code(PyObject *object)
{
	bool is_module = PyModule_Check(object);
	PyObject *name = PyObject_GetAttrString(object, is_module ? "__name__" : "__module__");
	PyObject *module = is_module ? object : name ? PyDict_GetItem(PyImport_GetModuleDict(), name) : NULL;
	Py_XINCREF(module);
	PyObject *spec = module ? PyObject_GetAttrString(module, "__spec__") : NULL;
	PyObject *own = spec ? PyObject_GetAttrString(spec, "name") : NULL;
	PyErr_Clear();
	if (own)
		Py_XSETREF(name, own);
	Py_XDECREF(spec);
	Py_XDECREF(module);
	return name;
}

static PyObject *getfile(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *file = ask_own(self, args, kwargs);
	PyObject *object = argument(args, kwargs, 0, "object");
	if (file || !object || !(PyErr_ExceptionMatches(PyExc_TypeError) || PyErr_ExceptionMatches(PyExc_OSError)))
		return file;
	struct ox_exception set_aside = ox_exception_take();
	PyObject *name = NULL;
	if (PyModule_Check(object) || PyType_Check(object))
		name = name_in_code(object);
	if (!is_packed(self, name))
		Py_CLEAR(name);
	ox_exception_give_back(set_aside);
	return rather(name);
}

/* The file name that a frame, traceback, function or code object leads to; NULL, never with an exception. */
static PyObject *code_file(PyObject *object)
{
	static const char *const to_code[] = {"__func__", "__code__", "tb_frame", "f_code", NULL};
	PyObject *at = Py_NewRef(object), *next;
	for (const char *const *step = to_code; *step; step++) {
		next = PyObject_GetAttrString(at, *step);
		if (!next)
			PyErr_Clear();
		else
			Py_SETREF(at, next);
	}
	PyObject *file = PyCode_Check(at) ? PyObject_GetAttrString(at, "co_filename") : NULL;
	Py_DECREF(at);
	return file;
}

static PyObject *getmodule(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *module = ask_own(self, args, kwargs);
	PyObject *object = argument(args, kwargs, 0, "object");
	if (module != Py_None || !object)
		return module;
	PyObject *name = code_file(object);
	PyObject *found = is_packed(self, name) ? PyDict_GetItem(PyImport_GetModuleDict(), name) : NULL;
	Py_XDECREF(name);
	if (!found)
		return module;
	Py_DECREF(module);
	return Py_NewRef(found);
}

static PyObject *get_data(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *data = ask_own(self, args, kwargs);
	PyObject *package = argument(args, kwargs, 0, "package"), *resource = argument(args, kwargs, 1, "resource");
	struct ox_slice name;
	if (data != Py_None || !is_packed(self, package) || !PyUnicode_Check(resource) || !ox_utf8(package, &name))
		return data;
	struct ox_finder *finder = (struct ox_finder *)PyTuple_GET_ITEM(self, FINDER);
	PyObject *folder = ox_finder_virtual_path(finder, name);
	PyObject *path = folder ? PyUnicode_FromFormat("%U/%U", folder, resource) : NULL;
	Py_DECREF(data);
	data = path ? ox_finder_data(finder, path) : NULL;
	Py_XDECREF(path);
	Py_XDECREF(folder);
	return data;
}

/* (name, spec, code); only a spec of ours has no origin. */
static PyObject *_get_module_details(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *details = ask_own(self, args, kwargs), *name = NULL, *spec, *code;
	struct ox_slice utf8;
	if (!details || !PyArg_ParseTuple(details, "OOO", &name, &spec, &code) || !is_packed(self, name) ||
	    !ox_utf8(name, &utf8))
		goto out;
	PyObject *origin = PyObject_GetAttrString(spec, "origin");
	if (origin == Py_None) {
		PyObject *path = ox_finder_virtual_path((struct ox_finder *)PyTuple_GET_ITEM(self, FINDER), utf8);
		Py_SETREF(origin, path ? PyUnicode_FromFormat("%U.py", path) : NULL);
		Py_XDECREF(path);
		if (origin && PyObject_SetAttrString(spec, "origin", origin) < 0)
			Py_CLEAR(origin);
	}
	Py_XDECREF(origin);
out:
	if (PyErr_Occurred())
		Py_CLEAR(details);
	return details;
}

/* The reader's answer for a package of ours that has no file. */
static PyObject *from_package(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *files = ask_own(self, args, kwargs);
	PyObject *package = argument(args, kwargs, 0, "package");
	if (files || !package || !PyErr_ExceptionMatches(PyExc_TypeError))
		return files;
	struct ox_exception set_aside = ox_exception_take();
	PyObject *spec = PyObject_GetAttrString(package, "__spec__");
	PyObject *name = spec ? PyObject_GetAttrString(spec, "name") : NULL;
	PyObject *finder = PyTuple_GET_ITEM(self, FINDER);
	PyObject *reader = name ? PyObject_CallMethod(finder, "get_resource_reader", "O", name) : NULL;
	PyObject *found = reader && reader != Py_None ? PyObject_CallMethod(reader, "files", NULL) : NULL;
	Py_XDECREF(reader);
	Py_XDECREF(name);
	Py_XDECREF(spec);
	ox_exception_give_back(set_aside);
	return rather(found);
}

/* An executable is not called by "python -m a.b", where b is the executable's own name. */
static PyObject *_detect_program_name(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *name = ask_own(self, args, kwargs);
	PyObject *argv = PySys_GetObject("argv"); /* borrowed */
	PyObject *program = argv && PyList_CheckExact(argv) && PyList_GET_SIZE(argv) ? PyList_GET_ITEM(argv, 0) : NULL;
	struct ox_slice said, path;
	if (!name || !program || !PyUnicode_Check(program) || !PyUnicode_Check(name) || PyTuple_GET_SIZE(args) ||
	    kwargs)
		return name;
	if (!ox_utf8(name, &said) || !ox_utf8(program, &path)) {
		PyErr_Clear();
		return name;
	}
	const char *slash = path.len ? memrchr(path.data, '/', path.len) : NULL;
	struct ox_slice leaf = slash ? ox_slice(slash + 1, path.len - (size_t)(slash + 1 - path.data)) : path;
	if (ox_slice_starts(said, OX_SLICE("python -m ")) && leaf.len && !ox_slice_ends(leaf, OX_SLICE(".py")))
		Py_SETREF(name, PyUnicode_FromStringAndSize(leaf.data, (Py_ssize_t)leaf.len));
	return name;
}

#define TAUGHT(f) {#f, (PyCFunction)(void (*)(void))(f), METH_VARARGS | METH_KEYWORDS, NULL}

static PyMethodDef getfile_def = TAUGHT(getfile), getmodule_def = TAUGHT(getmodule), get_data_def = TAUGHT(get_data),
		   details_def = TAUGHT(_get_module_details), detect_def = TAUGHT(_detect_program_name),
		   from_package_def = TAUGHT(from_package);

static const struct lesson {
	const char *module;
	PyMethodDef *function;
} lessons[] = {
	{"click.utils", &detect_def},
	{"importlib._common", &from_package_def},
	{"inspect", &getfile_def},
	{"inspect", &getmodule_def},
	{"linecache", &ox_linecache_updatecache},
	{"pkgutil", &get_data_def},
	{"runpy", &details_def},
};

static int teach(struct ox_finder *self, PyObject *module, PyMethodDef *function)
{
	PyObject *own = PyObject_GetAttrString(module, function->ml_name);
	PyObject *bound = own ? PyTuple_Pack(3, self, module, own) : NULL;
	PyObject *name = bound ? PyModule_GetNameObject(module) : NULL;
	PyObject *ours = name ? PyCFunction_NewEx(function, bound, name) : NULL;
	int rc = ours ? PyObject_SetAttrString(module, function->ml_name, ours) : -1;
	Py_XDECREF(ours);
	Py_XDECREF(name);
	Py_XDECREF(bound);
	Py_XDECREF(own);
	return rc;
}

int ox_teach(struct ox_finder *self, PyObject *module, struct ox_slice name)
{
	int rc = 0;
	for (size_t i = 0; i < sizeof lessons / sizeof lessons[0] && !rc; i++)
		if (ox_slice_eq_str(name, lessons[i].module))
			rc = teach(self, module, lessons[i].function);
	if (!rc && ox_slice_eq_str(name, "linecache"))
		rc = ox_linecache_remember_command(self, module);
	if (!rc)
		rc = ox_patterns_teach(self, module, name);
	if (!rc && ox_slice_eq_str(name, "ssl"))
		ox_find_certificates(module);
	if (!rc && ox_slice_eq_str(name, "pkg_resources"))
		rc = ox_register_pkg_resources(ox_type_module(Py_TYPE((PyObject *)self)));
	if (!rc && ox_slice_eq_str(name, "pkg_resources"))
		rc = ox_add_to_working_set(self->base);
	return rc;
}

int ox_finder_teach(PyObject *finder, PyObject *module)
{
	struct ox_slice name;
	PyObject *text = PyModule_GetNameObject(module);
	int rc = text && ox_utf8(text, &name) ? ox_teach((struct ox_finder *)finder, module, name) : -1;
	Py_XDECREF(text);
	return rc;
}
