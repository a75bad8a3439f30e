#include "runtime/importer/fast_import.h"

#include "runtime/importer/arguments.h"
#include "runtime/importer/deferred_gc.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/fast_load.h"
#include "runtime/importer/import_lock.h"
#include "runtime/importer/state.h"

/* Whoever replaces one of these wants to see each import. */
static const char *const watched[] = {
	"_find_and_load_unlocked", "_find_spec", "_load_unlocked", "module_from_spec", "_init_module_attrs",
	"_new_module", "_call_with_frames_removed", "ModuleSpec", "_ModuleLockManager",
};
enum { WATCHED = sizeof watched / sizeof watched[0] };

/* What ours stand for. */
enum own { FIND_AND_LOAD, HANDLE_FROMLIST, LOCK_UNLOCK, GET_LOCK, OWN };

/* One per interpreter, kept by the functions that are bound to it. There is nothing to clear: what could
 * be part of a circle is importlib's, and goes with importlib. */
struct fast_import {
	PyObject_HEAD
	struct ox_loading loading;
	PyObject *bootstrap_dict, *sys_dict;
	PyObject *modules;   /* the interpreter's sys.modules */
	PyObject *lock_held; /* _imp.lock_held */
	PyObject *names[WATCHED], *expected[WATCHED];
	PyObject *own[OWN];
	PyObject *name_modules, *name_meta_path;
	struct ox_import_locks locks;
	struct ox_deferred_gc gc;
};

static struct fast_import *as_fast(PyObject *self)
{
	return (struct fast_import *)self;
}

static bool is_importlib_itself(const struct fast_import *f)
{
	for (size_t i = 0; i < WATCHED; i++)
		if (PyDict_GetItemWithError(f->bootstrap_dict, f->names[i]) != f->expected[i])
			return false;
	return true;
}

static bool is_first_finder(const struct fast_import *f)
{
	PyObject *path = PyDict_GetItemWithError(f->sys_dict, f->name_meta_path); /* borrowed */
	return path && PyList_CheckExact(path) && PyList_GET_SIZE(path) > 0 &&
	       PyList_GET_ITEM(path, 0) == (PyObject *)f->loading.finder;
}

/* Nobody changed how imports work, and nobody keeps others from importing. */
static bool is_usual(const struct fast_import *f)
{
	if (!is_first_finder(f) || PyDict_GetItemWithError(f->sys_dict, f->name_modules) != f->modules ||
	    !is_importlib_itself(f))
		return false;
	PyObject *held = PyObject_CallObject(f->lock_held, NULL);
	Py_XDECREF(held);
	return held == Py_False;
}

/* Since 3.15 the parent is imported before the module's lock is taken, and importlib itself raises the audit event. */
enum { PARENT_COMES_FIRST = PY_VERSION_HEX >= 0x030F0000 };

static int audit(const struct fast_import *f, PyObject *name)
{
	static const char *const lists[] = {"path", "meta_path", "path_hooks"};
	PyObject *values[OX_COUNT(lists)];
	if (!PARENT_COMES_FIRST)
		return 0;
	for (size_t i = 0; i < OX_COUNT(lists); i++) {
		values[i] = PyDict_GetItemString(f->sys_dict, lists[i]); /* borrowed */
		if (!values[i])
			values[i] = Py_None;
	}
	return PySys_Audit("import", "OOOOO", name, Py_None, values[0], values[1], values[2]);
}

/* Packages around the module that another thread is importing are waited for: importlib's business. Before 3.15 it
 * looks at the parent only. */
static int is_around_busy(const struct fast_import *f, const struct ox_import *import)
{
	int busy = ox_import_lock_is_foreign(&f->locks, import->parent);
	Py_ssize_t len = PARENT_COMES_FIRST ? PyUnicode_GET_LENGTH(import->parent) : 0;
	while (!busy && len > 0 && (len = PyUnicode_FindChar(import->parent, '.', 0, len, -1)) > 0) {
		PyObject *ancestor = PyUnicode_Substring(import->parent, 0, len);
		busy = ancestor ? ox_import_lock_is_foreign(&f->locks, ancestor) : -1;
		Py_XDECREF(ancestor);
	}
	return len < -1 ? -1 : busy;
}

/* 1: the parent is there, and like others; *is_known tells whether it is there. 0: importlib's; -1: failed. */
static int find_parent(struct fast_import *f, struct ox_import *import, bool *is_known)
{
	int busy = is_around_busy(f, import);
	int known = busy ? 0 : PyDict_Contains(f->modules, import->parent);
	*is_known = known > 0;
	if (busy || known < 0)
		return busy > 0 ? 0 : -1;
	return known ? ox_load_find_parent(&f->loading, import) : 1;
}

/* The parent is imported first, and may do what it likes. 1: go on, or import->module is there
 * already; 0: importlib's; -1: failed. */
static int import_parent(struct fast_import *f, struct ox_import *import, PyObject *import_function)
{
	PyObject *result = PyObject_CallFunctionObjArgs(import_function, import->parent, NULL);
	Py_XDECREF(result);
	if (!result)
		return -1;
	if (!is_usual(f))
		return 0;
	import->module = Py_XNewRef(PyDict_GetItemWithError(f->modules, import->name));
	if (import->module)
		return 1;
	int rc = ox_load_find(&f->loading, import);
	return rc > 0 ? ox_load_find_parent(&f->loading, import) : rc;
}

/* parent_of: what imports the parent; NULL when it is there. */
static int import_locked(struct fast_import *f, struct ox_import *import, PyObject *parent_of)
{
	struct ox_import_lock *lock;
	if (ox_import_lock_take(&f->locks, import->name, &lock) < 0)
		return -1;
	if (!lock)
		return 0;
	int rc = parent_of ? import_parent(f, import, parent_of) : 1;
	if (rc > 0 && !import->module)
		rc = ox_load(&f->loading, import);
	return ox_import_lock_release(lock) < 0 ? -1 : rc;
}

static int import_found(struct fast_import *f, struct ox_import *import, PyObject *parent_of)
{
	int rc = audit(f, import->name) < 0 ? -1 : 1;
	if (rc > 0 && parent_of && PARENT_COMES_FIRST) {
		rc = import_parent(f, import, parent_of);
		parent_of = NULL;
	}
	return rc > 0 && !import->module ? import_locked(f, import, parent_of) : rc;
}

/* 1: import->module is the module, 0: leave it to importlib, -1: failed. */
static int import_quickly(struct fast_import *f, struct ox_import *import, PyObject *import_function)
{
	bool has_parent = true;
	int known = PyDict_Contains(f->modules, import->name);
	if (known != 0 || !is_usual(f))
		return PyErr_Occurred() ? -1 : 0;
	int rc = ox_load_find(&f->loading, import);
	if (rc > 0 && ox_load_find_names(import) < 0)
		rc = -1;
	if (rc > 0 && import->parent)
		rc = find_parent(f, import, &has_parent);
	if (rc <= 0)
		return rc;
	ox_deferred_gc_begin(&f->gc);
	rc = import_found(f, import, has_parent ? NULL : import_function);
	ox_deferred_gc_end(&f->gc);
	return rc;
}

static PyObject *find_and_load(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *kwnames)
{
	struct fast_import *f = as_fast(self);
	int rc = 0;
	struct ox_import import = {.name = count == 2 && !kwnames ? args[0] : NULL};
	if (import.name && PyUnicode_CheckExact(import.name))
		rc = import_quickly(f, &import, args[1]);
	Py_XDECREF(import.parent);
	Py_XDECREF(import.child);
	Py_XDECREF(import.parent_spec);
	if (rc > 0)
		return import.module;
	Py_XDECREF(import.module);
	return rc < 0 ? NULL : PyObject_Vectorcall(f->own[FIND_AND_LOAD], args, (size_t)count, kwnames);
}

/* In the middle of its own import a package often imports from itself. */
static PyObject *lock_unlock_module(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *kwnames)
{
	struct fast_import *f = as_fast(self);
	if (count == 1 && !kwnames && PyUnicode_CheckExact(args[0]) && ox_import_lock_is_mine(&f->locks, args[0]))
		Py_RETURN_NONE;
	return PyObject_Vectorcall(f->own[LOCK_UNLOCK], args, (size_t)count, kwnames);
}

static PyObject *get_module_lock(PyObject *self, PyObject *name)
{
	return ox_import_lock_get(&as_fast(self)->locks, name);
}

/* hasattr(module, name) */
static int has_attribute(PyObject *module, PyObject *name)
{
	PyObject *value = PyObject_GetAttr(module, name);
	Py_XDECREF(value);
	if (!value && !PyErr_ExceptionMatches(PyExc_AttributeError))
		return -1;
	PyErr_Clear();
	return value != NULL;
}

/* Is this all there is to say: the pending error means that `name` does not exist? */
static bool is_only_absent(const struct fast_import *f, PyObject *name)
{
	if (!PyErr_ExceptionMatches(PyExc_ModuleNotFoundError))
		return false;
	struct ox_exception error = ox_exception_take_whole();
	PyObject *missing = error.value ? ox_get_attr(error.value, "name") : NULL;
	bool same = missing && PyObject_RichCompareBool(missing, name, Py_EQ) == 1;
	PyObject *modules = PyDict_GetItemWithError(f->sys_dict, f->name_modules); /* borrowed */
	if (same && modules && PyDict_Check(modules))
		same = PyDict_GetItemWithError(modules, name) != Py_None;
	Py_XDECREF(missing);
	ox_exception_give_back(error);
	return same;
}

static int import_from(struct fast_import *f, PyObject *module, PyObject *item, PyObject *import_function)
{
	PyObject *package = ox_get_attr(module, "__name__");
	PyObject *name = package ? PyUnicode_FromFormat("%S.%U", package, item) : NULL;
	PyObject *result = name ? PyObject_CallFunctionObjArgs(import_function, name, NULL) : NULL;
	int rc = result ? 0 : -1;
	if (!result && name && is_only_absent(f, name)) {
		PyErr_Clear();
		rc = 0;
	}
	Py_XDECREF(result);
	Py_XDECREF(name);
	Py_XDECREF(package);
	return rc;
}

/* A tuple of plain names. */
static bool is_plain(PyObject *const *args, Py_ssize_t count, PyObject *kwnames)
{
	if (count != 3 || kwnames || !PyTuple_CheckExact(args[1]))
		return false;
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args[1]); i++) {
		PyObject *item = PyTuple_GET_ITEM(args[1], i);
		if (!PyUnicode_CheckExact(item) || PyUnicode_CompareWithASCIIString(item, "*") == 0)
			return false;
	}
	return true;
}

static PyObject *handle_fromlist(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *kwnames)
{
	struct fast_import *f = as_fast(self);
	if (!is_plain(args, count, kwnames) || !is_importlib_itself(f))
		return PyObject_Vectorcall(f->own[HANDLE_FROMLIST], args, (size_t)count, kwnames);
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args[1]); i++) {
		PyObject *item = PyTuple_GET_ITEM(args[1], i);
		int has = has_attribute(args[0], item);
		if (has < 0 || (!has && import_from(f, args[0], item, args[2]) < 0))
			return NULL;
	}
	return Py_NewRef(args[0]);
}

#define FUNCTION(f) (PyCFunction)(void (*)(void))(f)

static PyMethodDef methods[OWN] = {
	[FIND_AND_LOAD] = {"_find_and_load", FUNCTION(find_and_load), METH_FASTCALL | METH_KEYWORDS, NULL},
	[HANDLE_FROMLIST] = {"_handle_fromlist", FUNCTION(handle_fromlist), METH_FASTCALL | METH_KEYWORDS, NULL},
	[LOCK_UNLOCK] = {"_lock_unlock_module", FUNCTION(lock_unlock_module), METH_FASTCALL | METH_KEYWORDS, NULL},
	[GET_LOCK] = {"_get_module_lock", get_module_lock, METH_O, NULL},
};

static int traverse(PyObject *self, visitproc visit, void *arg)
{
	struct fast_import *f = as_fast(self);
	Py_VISIT(Py_TYPE(self));
	Py_VISIT(f->bootstrap_dict);
	Py_VISIT(f->sys_dict);
	Py_VISIT(f->modules);
	Py_VISIT(f->lock_held);
	for (size_t i = 0; i < WATCHED; i++)
		Py_VISIT(f->expected[i]);
	for (size_t i = 0; i < OWN; i++)
		Py_VISIT(f->own[i]);
	if (ox_import_locks_traverse(&f->locks, visit, arg) || ox_deferred_gc_traverse(&f->gc, visit, arg))
		return -1;
	return ox_loading_traverse(&f->loading, visit, arg);
}

static void dealloc(PyObject *self)
{
	struct fast_import *f = as_fast(self);
	PyTypeObject *type = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	Py_XDECREF(f->bootstrap_dict);
	Py_XDECREF(f->sys_dict);
	Py_XDECREF(f->modules);
	Py_XDECREF(f->lock_held);
	Py_XDECREF(f->name_modules);
	Py_XDECREF(f->name_meta_path);
	for (size_t i = 0; i < WATCHED; i++) {
		Py_XDECREF(f->names[i]);
		Py_XDECREF(f->expected[i]);
	}
	for (size_t i = 0; i < OWN; i++)
		Py_XDECREF(f->own[i]);
	ox_import_locks_free(&f->locks);
	ox_deferred_gc_free(&f->gc);
	ox_loading_free(&f->loading);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyType_Slot slots[] = {
	{Py_tp_new, ox_no_constructor},
	{Py_tp_alloc, ox_no_allocation},
	{Py_tp_dealloc, dealloc},
	{Py_tp_traverse, traverse},
	{0, NULL},
};

static PyType_Spec spec = {
	.name = "oxidized_importer.FastImport",
	.basicsize = sizeof(struct fast_import),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};

/* 0 when importlib lacks one of them, -1 with an exception. */
static int find_watched(struct fast_import *f)
{
	for (size_t i = 0; i < WATCHED; i++) {
		f->names[i] = PyUnicode_InternFromString(watched[i]);
		if (!f->names[i])
			return -1;
		f->expected[i] = Py_XNewRef(PyDict_GetItemWithError(f->bootstrap_dict, f->names[i]));
		if (!f->expected[i])
			return 0;
	}
	for (size_t i = 0; i < OWN; i++) {
		f->own[i] = Py_XNewRef(PyDict_GetItemString(f->bootstrap_dict, methods[i].ml_name));
		if (!f->own[i])
			return 0;
	}
	return 1;
}

static PyObject *dict_of(const char *module_name)
{
	PyObject *module = PyImport_ImportModule(module_name);
	PyObject *dict = module ? PyModule_GetDict(module) : NULL;
	Py_XINCREF(dict);
	Py_XDECREF(module);
	return dict;
}

static int fill(struct fast_import *f, PyObject *finder)
{
	f->bootstrap_dict = dict_of("_frozen_importlib");
	f->sys_dict = f->bootstrap_dict ? dict_of("sys") : NULL;
	f->modules = Py_XNewRef(PyImport_GetModuleDict());
	f->name_modules = PyUnicode_InternFromString("modules");
	f->name_meta_path = PyUnicode_InternFromString("meta_path");
	PyObject *imp = f->sys_dict ? PyImport_ImportModule("_imp") : NULL;
	f->lock_held = imp ? ox_get_attr(imp, "lock_held") : NULL;
	Py_XDECREF(imp);
	if (!f->lock_held || !f->name_modules || !f->name_meta_path || !PyDict_CheckExact(f->modules))
		return -1;
	if (ox_import_locks_init(&f->locks, f->bootstrap_dict) < 0 || ox_loading_init(&f->loading, finder) < 0)
		return -1;
	return find_watched(f);
}

static int put_in_place(struct fast_import *f)
{
	PyObject *module_name = PyDict_GetItemString(f->bootstrap_dict, "__name__"); /* borrowed */
	for (size_t i = 0; i < OWN; i++) {
		PyObject *function = PyCFunction_NewEx(&methods[i], (PyObject *)f, module_name);
		int rc = function ? PyDict_SetItemString(f->bootstrap_dict, methods[i].ml_name, function) : -1;
		Py_XDECREF(function);
		if (rc < 0)
			return -1;
	}
	return 0;
}

/* -v tells of each import what only importlib's own code tells. */
static int is_verbose(void)
{
	PyObject *flags = PySys_GetObject("flags"); /* borrowed */
	PyObject *verbose = flags ? ox_get_attr(flags, "verbose") : NULL;
	int is = verbose ? PyObject_IsTrue(verbose) : -1;
	Py_XDECREF(verbose);
	return is;
}

int ox_fast_import_install(PyObject *finder, bool defer_gc)
{
	int verbose = is_verbose();
	if (verbose != 0)
		return verbose < 0 ? -1 : 0;
	PyObject *type = PyType_FromSpec(&spec);
	struct fast_import *f = type ? (struct fast_import *)PyType_GenericAlloc((PyTypeObject *)type, 0)
				     : NULL;
	Py_XDECREF(type);
	if (!f)
		return -1;
	int rc = fill(f, finder);
	if (rc > 0 && put_in_place(f) < 0)
		rc = -1;
	if (rc > 0 && defer_gc)
		rc = ox_deferred_gc_init(&f->gc); /* module gc comes this way, too */
	Py_DECREF(f);
	return rc < 0 ? -1 : 0;
}
