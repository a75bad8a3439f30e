/* Modules by the folders that a path names: a package's __path__, and sys.path.
 *
 * A package may be known by another name than its own (setuptools makes its _distutils the module distutils), and a
 * folder of modules inside a package may be on sys.path (setuptools/_vendor). Then a module is looked for as its last
 * component in the package that the folder stands for, as importlib's finder of folders does it; its spec has
 * the name that was asked for, and in loader_state the one that the index knows. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/finder.h"

static struct ox_slice leaf_of(struct ox_slice name)
{
	const char *dot = memrchr(name.data, '.', name.len);
	return dot ? ox_slice(dot + 1, name.len - (size_t)(dot + 1 - name.data)) : name;
}

static bool is_parent(struct ox_slice package, struct ox_slice name)
{
	size_t rest = leaf_of(name).len + (package.len ? 1 : 0);
	return name.len == package.len + rest && ox_slice_starts(name, package);
}

/* The spec of a packed module under another name. */
static PyObject *aliased(struct ox_finder *self, PyObject *name, struct ox_slice own, const struct ox_found *found)
{
	PyObject *owner = Py_XNewRef(found->owner);
	PyObject *text = PyUnicode_FromStringAndSize(own.data, (Py_ssize_t)own.len);
	PyObject *spec = text ? ox_finder_packed_spec(self, name, own, found) : NULL;
	if (spec && PyObject_SetAttrString(spec, "loader_state", text) < 0)
		Py_CLEAR(spec);
	Py_XDECREF(text);
	Py_XDECREF(owner);
	return spec;
}

PyObject *ox_finder_spec_in(struct ox_finder *self, PyObject *name, struct ox_slice package)
{
	struct ox_slice utf8;
	struct ox_found found;
	struct ox_buf own = {0};
	if (!ox_utf8(name, &utf8)) {
		if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
			return NULL;
		PyErr_Clear(); /* a lone surrogate: no module of ours */
		return Py_NewRef(Py_None);
	}
	if (is_parent(package, utf8))
		return ox_finder_spec_of(self, name, NULL, NULL);
	ox_buf_slice(&own, package);
	ox_buf_str(&own, package.len ? "." : "");
	ox_buf_slice(&own, leaf_of(utf8));
	PyObject *spec = own.failed ? PyErr_NoMemory() : NULL;
	if (!own.failed)
		ox_index_find_packed(&self->index, ox_buf_view(&own), &found);
	if (!own.failed && found.kind == OX_KIND_NONE)
		spec = Py_NewRef(Py_None);
	else if (!own.failed)
		spec = aliased(self, name, ox_buf_view(&own), &found);
	ox_buf_free(&own);
	return spec;
}

/* One entry of a path: 1 with *spec when it is a folder of ours, where the module may be or not (None). */
static int look_in(struct ox_finder *self, PyObject *name, PyObject *entry, PyObject **spec)
{
	struct ox_buf package = {0};
	int rc = 0;
	enum ox_folder kind = PyUnicode_Check(entry) ? ox_finder_folder(self, entry, &package) : OX_FOLDER_FOREIGN;
	if (kind == OX_FOLDER_FAILED)
		rc = -1;
	if (kind == OX_FOLDER_PACKAGE) {
		*spec = ox_finder_spec_in(self, name, ox_buf_view(&package));
		rc = *spec ? 1 : -1;
	}
	ox_buf_free(&package);
	return rc;
}

PyObject *ox_finder_spec_on(struct ox_finder *self, PyObject *name, PyObject *path)
{
	PyObject *spec = NULL;
	PyObject *entries = PySequence_Tuple(path); /* it may change while we look */
	if (!entries && PyErr_ExceptionMatches(PyExc_Exception))
		PyErr_Clear(); /* no path at all */
	for (Py_ssize_t i = 0; entries && i < PyTuple_GET_SIZE(entries); i++) {
		PyObject *here = NULL;
		int rc = look_in(self, name, PyTuple_GET_ITEM(entries, i), &here);
		if (rc)
			Py_XSETREF(spec, here);
		if (rc < 0 || (spec && spec != Py_None))
			break;
	}
	Py_XDECREF(entries);
	return spec;
}

/* PathFinder asks the path hook for the folders of sys.path in their order; where it is not there we do. */
PyObject *ox_finder_spec_on_sys_path(struct ox_finder *self, PyObject *name)
{
	PyObject *path = PySys_GetObject("path"), *hooks = PySys_GetObject("path_hooks"); /* borrowed */
	if (!path || !PyList_CheckExact(path) || !PyList_GET_SIZE(path))
		return NULL;
	if (!hooks || !PyList_CheckExact(hooks) || PyList_GET_SIZE(hooks) != 1)
		return NULL;
	return ox_finder_spec_on(self, name, path);
}

/* A package that has a module of its own name (cv2.cv2) puts its folder on sys.path and imports that by the short
 * name. */
static PyObject *module_in_own_package(struct ox_finder *self, PyObject *name, PyObject *entry)
{
	struct ox_slice utf8;
	struct ox_buf package = {0};
	PyObject *spec = NULL;
	/* Its name is somewhere in such a folder's path, and hardly ever in others. */
	if (PyUnicode_Check(entry) && PyUnicode_Find(entry, name, 0, PyUnicode_GET_LENGTH(entry), 1) >= 0 &&
	    ox_utf8(name, &utf8) && ox_finder_folder(self, entry, &package) == OX_FOLDER_PACKAGE &&
	    ox_slice_eq(ox_buf_view(&package), utf8))
		spec = ox_finder_spec_in(self, name, utf8);
	ox_buf_free(&package);
	return spec;
}

PyObject *ox_finder_spec_in_itself(struct ox_finder *self, PyObject *name)
{
	PyObject *path = PySys_GetObject("path"), *spec = NULL; /* borrowed */
	PyObject *entries = path && PyList_CheckExact(path) && PyList_GET_SIZE(path) ? PyList_AsTuple(path) : NULL;
	for (Py_ssize_t i = 0; entries && i < PyTuple_GET_SIZE(entries) && !PyErr_Occurred(); i++) {
		Py_XSETREF(spec, module_in_own_package(self, name, PyTuple_GET_ITEM(entries, i)));
		if (spec && spec != Py_None)
			break;
	}
	Py_XDECREF(entries);
	if (PyErr_Occurred() || spec == Py_None)
		Py_CLEAR(spec);
	return spec;
}

PyObject *ox_finder_own_name(const struct ox_finder *self, PyObject *spec, PyObject *name)
{
	PyObject *key = ox_state_of((PyObject *)self)->names[OX_NAME_LOADER_STATE];
	PyObject *state = spec && spec != Py_None ? PyObject_GetAttr(spec, key) : NULL;
	if (state && PyUnicode_Check(state))
		return state;
	Py_XDECREF(state);
	if (PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_AttributeError))
		return NULL;
	PyErr_Clear();
	return Py_NewRef(name);
}

/* A module's spec; NULL when it has none. A new reference: an attribute of it may be a property that replaces it. */
static PyObject *spec_of(PyObject *module)
{
	PyObject *spec = module && PyModule_Check(module)
		? PyDict_GetItemString(PyModule_GetDict(module), "__spec__") : NULL;
	return spec && spec != Py_None ? Py_NewRef(spec) : NULL;
}

/* The loader of a spec (a new reference); NULL when it has none. */
static PyObject *loader_of(PyObject *spec)
{
	PyObject *loader = spec ? ox_get_attr(spec, "loader") : NULL;
	if (!loader)
		PyErr_Clear();
	return loader;
}

/* Whoever gave it to this finder wants it from there, as a program can add modules to any package. */
static bool was_given(const struct ox_finder *self, PyObject *name)
{
	struct ox_slice utf8;
	struct ox_record record;
	bool is_text = ox_utf8(name, &utf8);
	if (!is_text)
		PyErr_Clear();
	return is_text && self->index.records && ox_records_find(self->index.records, utf8, &record);
}

/* Whether the module of a package, perhaps one that mypyc compiled, which gives itself another loader, has the folder
 * that the package was extracted to: files that were not wanted yet are not there, so nobody else finds all modules. */
static bool is_extracted(const struct ox_finder *self, PyObject *module, PyObject *name)
{
	PyObject *path = PyDict_GetItemString(PyModule_GetDict(module), "__path__"); /* borrowed, as its item */
	PyObject *entry = path && PyList_CheckExact(path) && PyList_GET_SIZE(path) ? PyList_GET_ITEM(path, 0) : NULL;
	struct ox_slice text, utf8, rest;
	struct ox_buf folder = {0};
	bool is_text = entry && PyUnicode_Check(entry) && ox_utf8(entry, &text) && ox_utf8(name, &utf8);
	bool is_same = false;
	if (!is_text)
		PyErr_Clear();
	if (is_text && ox_finder_behind_cache(self, text, &rest)) {
		ox_add_folder(&folder, utf8);
		is_same = !folder.failed && ox_slice_eq(ox_buf_view(&folder), rest);
	}
	ox_buf_free(&folder);
	return is_same;
}

bool ox_finder_is_others(const struct ox_finder *self, PyObject *name)
{
	if (was_given(self, name))
		return false;
	PyObject *modules = PyImport_GetModuleDict(); /* borrowed, as what is looked up in it */
	Py_ssize_t dot = PyUnicode_FindChar(name, '.', 0, PyUnicode_GET_LENGTH(name), -1);
	PyObject *parent = dot > 0 ? PyUnicode_Substring(name, 0, dot) : NULL;
	PyObject *module = parent && PyDict_CheckExact(modules) ? PyDict_GetItemWithError(modules, parent) : NULL;
	PyErr_Clear();
	Py_XINCREF(module); /* as its spec */
	PyObject *spec = spec_of(module), *loader = loader_of(spec);
	bool is_others = loader && loader != Py_None && loader != (PyObject *)self &&
			 !is_extracted(self, module, parent);
	Py_XDECREF(loader);
	Py_XDECREF(spec);
	Py_XDECREF(module);
	Py_XDECREF(parent);
	return is_others;
}

PyObject *ox_finder_imported_name(const struct ox_finder *self, PyObject *name)
{
	PyObject *modules = PyImport_GetModuleDict(); /* borrowed, as what is looked up in it */
	PyObject *module = modules && PyDict_CheckExact(modules) ? PyDict_GetItemWithError(modules, name) : NULL;
	if (!module || !PyModule_Check(module))
		return PyErr_Occurred() ? NULL : Py_NewRef(name);
	PyObject *spec = spec_of(module), *loader = loader_of(spec);
	PyObject *own = ox_finder_own_name(self, loader == (PyObject *)self ? spec : NULL, name);
	Py_XDECREF(loader);
	Py_XDECREF(spec);
	return own;
}
