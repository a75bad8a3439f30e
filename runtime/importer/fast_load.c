#include "runtime/importer/fast_load.h"

#include "runtime/importer/arguments.h"
#include "runtime/importer/failure.h"

static const char *const names[] = {
	"modules", "_initializing", "_set_fileattr", "submodule_search_locations", "_uninitialized_submodules",
	"__loader__", "__package__", "__spec__", "__path__", "__builtins__", "path",
	"find_spec", "exec_module",
};
enum {
	MODULES, INITIALIZING, SET_FILEATTR, LOCATIONS, UNINITIALIZED, LOADER, PACKAGE, SPEC, PATH, BUILTINS, SYS_PATH,
	FIND_SPEC, EXEC_MODULE, NAMES,
};

static PyObject *find_set_lazy(void)
{
	PyObject *imp = PyImport_ImportModule("_imp");
	PyObject *found = imp ? PyObject_GetAttrString(imp, "_set_lazy_attributes") : NULL;
	Py_XDECREF(imp);
	PyErr_Clear();
	return found;
}

int ox_loading_init(struct ox_loading *l, PyObject *finder)
{
	PyObject *sys = PyImport_ImportModule("sys");
	PyObject *bootstrap = sys ? PyImport_ImportModule("_frozen_importlib") : NULL;
	l->module_from_spec = bootstrap ? PyObject_GetAttrString(bootstrap, "module_from_spec") : NULL;
	l->set_lazy = find_set_lazy();
	l->finder = (struct ox_finder *)Py_NewRef(finder);
	l->sys_dict = sys ? Py_NewRef(PyModule_GetDict(sys)) : NULL;
	l->builtins = Py_XNewRef(PyEval_GetBuiltins());
	Py_XDECREF(sys);
	Py_XDECREF(bootstrap);
	for (size_t i = 0; i < NAMES; i++) {
		l->names[i] = PyUnicode_InternFromString(names[i]);
		if (!l->names[i])
			return -1;
	}
	return l->module_from_spec && l->sys_dict && l->builtins ? 0 : -1;
}

int ox_loading_traverse(struct ox_loading *l, visitproc visit, void *arg)
{
	Py_VISIT((PyObject *)l->finder);
	Py_VISIT(l->sys_dict);
	Py_VISIT(l->module_from_spec);
	Py_VISIT(l->set_lazy);
	Py_VISIT(l->builtins);
	return 0;
}

void ox_loading_free(struct ox_loading *l)
{
	PyObject *finder = (PyObject *)l->finder;
	l->finder = NULL;
	Py_XDECREF(finder);
	Py_CLEAR(l->sys_dict);
	Py_CLEAR(l->module_from_spec);
	Py_CLEAR(l->set_lazy);
	Py_CLEAR(l->builtins);
	for (size_t i = 0; i < NAMES; i++)
		Py_CLEAR(l->names[i]);
}

/* What importlib has for built-in modules; borrowed. */
static PyObject *builtin_importer(const struct ox_loading *l)
{
	return ox_state_of((PyObject *)l->finder)->builtin_importer;
}

/* With folders on sys.path a package's name may mean a module in it (finder_path.c). */
static bool may_be_on_path(const struct ox_loading *l, const struct ox_import *import)
{
	PyObject *path = PyDict_GetItemWithError(l->sys_dict, l->names[SYS_PATH]); /* borrowed */
	bool is_empty = path && PyList_CheckExact(path) && !PyList_GET_SIZE(path);
	return import->found.is_package && !is_empty && !memchr(import->utf8.data, '.', import->utf8.len);
}

int ox_load_find(const struct ox_loading *l, struct ox_import *import)
{
	if (ox_index_find(&l->finder->index, import->name, &import->found) < 0)
		return -1;
	if (import->found.kind == OX_KIND_NONE || import->found.given)
		return 0;
	if (!ox_utf8(import->name, &import->utf8))
		return -1;
	if (may_be_on_path(l, import))
		return PyErr_Occurred() ? -1 : 0;
	switch (import->found.kind) {
	case OX_KIND_NAMESPACE:
		return 1;
	case OX_KIND_BUILTIN:
		return !memchr(import->utf8.data, '.', import->utf8.len);
	case OX_KIND_MODULE:
	case OX_KIND_EXTENSION:
		return import->found.record.relative_path.len == 0;
	default:
		return 0;
	}
}

int ox_load_find_names(struct ox_import *import)
{
	Py_ssize_t len = PyUnicode_GET_LENGTH(import->name);
	Py_ssize_t dot = PyUnicode_FindChar(import->name, '.', 0, len, -1);
	if (dot <= 0)
		return dot == -2 ? -1 : 0;
	import->parent = PyUnicode_Substring(import->name, 0, dot);
	import->child = PyUnicode_Substring(import->name, dot + 1, len);
	if (import->child)
		PyUnicode_InternInPlace(&import->child);
	return import->parent && import->child ? 0 : -1;
}

/* The current sys.modules: whoever ran in between may have replaced it. Borrowed. */
static PyObject *modules_of(const struct ox_loading *l)
{
	PyObject *modules = PyDict_GetItemWithError(l->sys_dict, l->names[MODULES]);
	if (!modules)
		PyErr_SetString(PyExc_AttributeError, "module 'sys' has no attribute 'modules'");
	return modules;
}

/* "/exe/a/b" of "a.b": the path of most packages, without a look at the index. */
static bool is_virtual_folder(struct ox_slice folder, struct ox_slice base, struct ox_slice name)
{
	if (folder.len != base.len + 1 + name.len || !ox_slice_starts(folder, base) || folder.data[base.len] != '/')
		return false;
	const char *at = folder.data + base.len + 1;
	for (size_t i = 0; i < name.len; i++)
		if (at[i] != (name.data[i] == '.' ? '/' : name.data[i]))
			return false;
	return true;
}

/* Whether the first folder of a package's __path__ is that of the package of its name: then its modules are found by
 * their names. Elsewhere importlib looks along the path. */
static bool is_own_path(const struct ox_loading *l, const struct ox_import *import, PyObject *path)
{
	struct ox_slice folder, base, name;
	struct ox_buf package = {0};
	PyObject *first = PyList_CheckExact(path) && PyList_GET_SIZE(path) ? PyList_GET_ITEM(path, 0) : NULL;
	if (!first || !PyUnicode_CheckExact(first))
		return false;
	if (!ox_utf8(first, &folder) || !ox_utf8(l->finder->base, &base) || !ox_utf8(import->parent, &name)) {
		PyErr_Clear(); /* a path that is no text */
		return false;
	}
	if (is_virtual_folder(folder, base, name))
		return true;
	Py_INCREF(first);
	bool same = ox_finder_folder(l->finder, first, &package) == OX_FOLDER_PACKAGE &&
		    ox_slice_eq(ox_buf_view(&package), name);
	Py_DECREF(first);
	ox_buf_free(&package);
	return same;
}

int ox_load_find_parent(const struct ox_loading *l, struct ox_import *import)
{
	PyObject *modules = modules_of(l);
	PyObject *parent = modules ? PyDict_GetItemWithError(modules, import->parent) : NULL; /* borrowed */
	if (!parent || !PyModule_CheckExact(parent))
		return PyErr_Occurred() ? -1 : 0;
	PyObject *dict = PyModule_GetDict(parent);
	PyObject *spec = PyDict_GetItemWithError(dict, l->names[SPEC]); /* borrowed */
	PyObject *path = PyDict_GetItemWithError(dict, l->names[PATH]); /* borrowed */
	if (!spec || !path || !is_own_path(l, import, path))
		return PyErr_Occurred() ? -1 : 0;
	if (spec != Py_None && (PyObject *)Py_TYPE(spec) != ox_state_of((PyObject *)l->finder)->module_spec)
		return 0;
	import->parent_spec = spec == Py_None ? NULL : Py_NewRef(spec);
	return 1;
}

/* The list in which a package's spec names what is being imported below it; NULL before 3.11. A new reference. */
static PyObject *uninitialized(const struct ox_loading *l, const struct ox_import *import)
{
	PyObject *list = import->parent_spec ? PyObject_GetAttr(import->parent_spec, l->names[UNINITIALIZED]) : NULL;
	if (!list)
		PyErr_Clear();
	else if (!PyList_CheckExact(list))
		Py_CLEAR(list);
	return list;
}

static void drop_last(PyObject *list)
{
	struct ox_exception set_aside = ox_exception_take();
	Py_ssize_t len = list ? PyList_GET_SIZE(list) : 0;
	if (len > 0)
		PyList_SetSlice(list, len - 1, len, NULL);
	ox_exception_give_back(set_aside);
}

static int describe_module(const struct ox_loading *l, const struct ox_import *import, PyObject *dict, PyObject *spec)
{
	PyObject *package = import->found.is_package ? Py_NewRef(import->name)
		: import->parent ? Py_NewRef(import->parent) : PyUnicode_FromStringAndSize(NULL, 0);
	int rc = package ? PyDict_SetItem(dict, l->names[LOADER], (PyObject *)l->finder) : -1;
	if (rc == 0)
		rc = PyDict_SetItem(dict, l->names[PACKAGE], package);
	if (rc == 0)
		rc = PyDict_SetItem(dict, l->names[SPEC], spec);
	Py_XDECREF(package);
	if (rc < 0 || !import->found.is_package)
		return rc;
	PyObject *path = PyObject_GetAttr(spec, l->names[LOCATIONS]);
	rc = path ? PyDict_SetItem(dict, l->names[PATH], path) : -1;
	Py_XDECREF(path);
	return rc;
}

/* Built-in modules, extension modules and those with a real file take importlib's way. */
static PyObject *make_module(const struct ox_loading *l, const struct ox_import *import, PyObject *spec)
{
	enum ox_kind kind = import->found.kind;
	PyObject *located = PyObject_GetAttr(spec, l->names[SET_FILEATTR]);
	bool is_plain = located == Py_False && (kind == OX_KIND_MODULE || kind == OX_KIND_NAMESPACE);
	Py_XDECREF(located);
	if (!located)
		return NULL;
	if (!is_plain)
		return PyObject_CallFunctionObjArgs(l->module_from_spec, spec, NULL);
	PyObject *module = PyModule_NewObject(import->name);
	if (module && describe_module(l, import, PyModule_GetDict(module), spec) < 0)
		Py_CLEAR(module);
	return module;
}

/* What exec() does. There are no frames of importlib to leave out of tracebacks. */
static int run(void *context, PyObject *code, PyObject *module)
{
	const struct ox_loading *l = context;
	PyObject *dict = PyModule_GetDict(module);
	int known = PyDict_Contains(dict, l->names[BUILTINS]);
	if (known < 0 || (known == 0 && PyDict_SetItem(dict, l->names[BUILTINS], l->builtins) < 0))
		return -1;
	if (PySys_Audit("exec", "O", code) < 0)
		return -1;
	PyObject *result = PyEval_EvalCode(code, dict, dict);
	Py_XDECREF(result);
	return result ? 0 : -1;
}

static void remove_module(const struct ox_loading *l, PyObject *name)
{
	struct ox_exception set_aside = ox_exception_take();
	PyObject *modules = modules_of(l);
	if (modules)
		PyObject_DelItem(modules, name);
	ox_exception_give_back(set_aside);
}

/* Whatever the module put there in its own place goes to the end, and is the result. */
static PyObject *move_to_end(const struct ox_loading *l, PyObject *name)
{
	PyObject *modules = modules_of(l);
	PyObject *module = NULL;
	Py_XINCREF(modules);
	if (modules && PyDict_CheckExact(modules)) {
		module = Py_XNewRef(PyDict_GetItemWithError(modules, name));
		if (!module && !PyErr_Occurred())
			PyErr_SetObject(PyExc_KeyError, name);
		if (module && PyDict_DelItem(modules, name) < 0)
			Py_CLEAR(module);
	} else if (modules) {
		module = PyObject_CallMethod(modules, "pop", "O", name);
	}
	if (module && PyObject_SetItem(modules, name, module) < 0)
		Py_CLEAR(module);
	Py_XDECREF(modules);
	return module;
}

static int execute(const struct ox_loading *l, const struct ox_import *import, PyObject *module)
{
	if (import->found.kind != OX_KIND_BUILTIN)
		return ox_finder_exec_found(l->finder, module, import->name, &import->found, run, (void *)l);
	PyObject *done = PyObject_CallMethodObjArgs(builtin_importer(l), l->names[EXEC_MODULE], module, NULL);
	Py_XDECREF(done);
	return done ? 0 : -1;
}

static int enter_and_run(const struct ox_loading *l, struct ox_import *import, PyObject *module)
{
	PyObject *modules = modules_of(l);
	if (!modules || PyObject_SetItem(modules, import->name, module) < 0)
		return -1;
	if (execute(l, import, module) < 0) {
		remove_module(l, import->name);
		return -1;
	}
	import->module = move_to_end(l, import->name);
	return import->module ? 0 : -1;
}

static int load_unlocked(const struct ox_loading *l, struct ox_import *import, PyObject *spec)
{
	PyObject *module = make_module(l, import, spec);
	if (!module)
		return -1;
	/* Before the module can be seen by others. */
	int rc = PyObject_SetAttr(spec, l->names[INITIALIZING], Py_True);
	if (rc == 0)
		rc = enter_and_run(l, import, module);
	Py_DECREF(module);
	struct ox_exception set_aside = ox_exception_take();
	PyObject_SetAttr(spec, l->names[INITIALIZING], Py_False);
	ox_exception_give_back(set_aside);
	return rc;
}

static int bind_in_parent(const struct ox_loading *l, const struct ox_import *import)
{
	PyObject *modules = modules_of(l);
	PyObject *parent = modules ? PyObject_GetItem(modules, import->parent) : NULL;
	if (!parent)
		return -1;
	int rc = PyObject_SetAttr(parent, import->child, import->module);
	Py_DECREF(parent);
	if (rc == 0 || !PyErr_ExceptionMatches(PyExc_AttributeError))
		return rc;
	PyErr_Clear();
	return PyErr_WarnFormat(PyExc_ImportWarning, 1, "Cannot set an attribute on %R for child module %R",
				import->parent, import->child);
}

/* Names below this one that "lazy import" has met (PEP 810). */
static int set_lazy_attributes(const struct ox_loading *l, const struct ox_import *import)
{
	PyObject *done = l->set_lazy ? PyObject_CallFunctionObjArgs(l->set_lazy, import->module, import->name, NULL)
				     : Py_NewRef(Py_None);
	Py_XDECREF(done);
	if (done || !PyErr_ExceptionMatches(PyExc_Exception))
		return done ? 0 : -1;
	struct ox_exception error = ox_exception_take_whole();
	int rc = PyErr_WarnFormat(PyExc_ImportWarning, 1, "Cannot set lazy attributes on %R: %R", import->name,
				  error.value);
	ox_exception_drop(error);
	return rc;
}

/* Of a built-in module None, when CPython says that it has none of this name. */
static PyObject *spec_of(const struct ox_loading *l, struct ox_import *import)
{
	if (import->found.kind == OX_KIND_BUILTIN)
		return PyObject_CallMethodObjArgs(builtin_importer(l), l->names[FIND_SPEC], import->name, NULL);
	return ox_finder_packed_spec(l->finder, import->name, import->utf8, &import->found);
}

int ox_load(const struct ox_loading *l, struct ox_import *import)
{
	PyObject *spec = spec_of(l, import);
	if (spec == Py_None) {
		Py_DECREF(spec);
		return 0;
	}
	PyObject *list = spec ? uninitialized(l, import) : NULL;
	int rc = spec ? 0 : -1;
	if (list)
		rc = PyList_Append(list, import->child);
	if (rc == 0) {
		rc = load_unlocked(l, import, spec);
		drop_last(list);
	}
	if (rc == 0 && import->parent)
		rc = bind_in_parent(l, import);
	if (rc == 0)
		rc = set_lazy_attributes(l, import);
	Py_XDECREF(list);
	Py_XDECREF(spec);
	return rc < 0 ? -1 : 1;
}
