/* From a collector's records to OxidizedResource objects and files. */
#include "runtime/importer/collector.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/parents.h"
#include "runtime/importer/resource.h"
#include "runtime/importer/state.h"

/* How a record's value becomes a property of the resource, and a file. */
enum form { PLAIN, TABLE, SOURCE_FILE, BYTECODE_FILE, LIBRARY_FILE, RESOURCE_FILES, METADATA_FILES };

/* Every property that a record may have, in the order in which they are written. */
static const struct field {
	const char *name;
	enum form form;
	int level;
} fields[] = {
	{"is_module", PLAIN, 0},
	{"is_package", PLAIN, 0},
	{"is_extension_module", PLAIN, 0},
	{"in_memory_source", PLAIN, 0},
	{"in_memory_bytecode", PLAIN, 0},
	{"in_memory_bytecode_opt1", PLAIN, 1},
	{"in_memory_bytecode_opt2", PLAIN, 2},
	{"in_memory_extension_module_shared_library", PLAIN, 0},
	{"in_memory_package_resources", TABLE, 0},
	{"in_memory_distribution_resources", TABLE, 0},
	{"shared_library_dependency_names", PLAIN, 0},
	{"relative_path_module_source", SOURCE_FILE, 0},
	{"relative_path_module_bytecode", BYTECODE_FILE, 0},
	{"relative_path_module_bytecode_opt1", BYTECODE_FILE, 1},
	{"relative_path_module_bytecode_opt2", BYTECODE_FILE, 2},
	{"relative_path_extension_module_shared_library", LIBRARY_FILE, 0},
	{"relative_path_package_resources", RESOURCE_FILES, 0},
	{"relative_path_distribution_resources", METADATA_FILES, 0},
};

struct work {
	struct ox_state *state;
	PyObject *records;          /* dict: name -> record, a copy of the collector's */
	struct ox_compiled compiled;
	PyObject *resources, *files; /* the result */
	PyObject *path_type;        /* pathlib.Path */
	PyObject *exe;              /* NULL: this interpreter; borrowed */
	bool has_scanned_bytecode;
};

/* A copy that may be added to: records themselves are copied, what is in them is only replaced. */
static PyObject *copy_records(PyObject *records)
{
	PyObject *copy = PyDict_New(), *name, *record;
	Py_ssize_t at = 0;
	while (copy && PyDict_Next(records, &at, &name, &record)) {
		PyObject *own = PyDict_Copy(record);
		if (!own || PyDict_SetItem(copy, name, own) < 0)
			Py_CLEAR(copy);
		Py_XDECREF(own);
	}
	return copy;
}

/* Ready-made bytecode would not run in an interpreter of another version. */
static int check_version(const struct work *w)
{
	uint32_t magic = (uint32_t)PyImport_GetMagicNumber();
	const unsigned char *b = (const unsigned char *)PyBytes_AS_STRING(w->compiled.magic);
	bool same = magic == ((uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24);
	if (same || !w->has_scanned_bytecode)
		return 0;
	PyErr_Format(PyExc_ValueError,
		     "error oxidizing: bytecode that was collected is not for %S (%S): collect sources only, "
		     "or scan with that interpreter",
		     w->exe, w->compiled.tag);
	return -1;
}

/* "prefix/inside" + tail; an empty prefix is the folder of the executable itself. */
static PyObject *below(PyObject *prefix, PyObject *inside, const char *tail)
{
	Py_ssize_t len = PyUnicode_GET_LENGTH(prefix);
	const char *joint = !len || PyUnicode_READ_CHAR(prefix, len - 1) == '/' ? "" : "/";
	return PyUnicode_FromFormat("%U%s%U%s", prefix, joint, inside, tail);
}

/* "prefix/a/b" for "a.b"; of a package the folder. */
static PyObject *module_path(PyObject *prefix, PyObject *name, const char *tail)
{
	PyObject *inside = PyObject_CallMethod(name, "replace", "ss", ".", "/");
	PyObject *path = inside ? below(prefix, inside, tail) : NULL;
	Py_XDECREF(inside);
	return path;
}

/* "prefix/a/__pycache__/b.TAG.opt-1.pyc" */
static PyObject *bytecode_path(const struct work *w, PyObject *prefix, PyObject *name, bool is_package, int level)
{
	static const char *const marks[] = {"", ".opt-1", ".opt-2"};
	PyObject *whole = module_path(prefix, name, is_package ? "/__init__" : "");
	Py_ssize_t len = whole ? PyUnicode_GET_LENGTH(whole) : 0;
	Py_ssize_t slash = whole ? PyUnicode_FindChar(whole, '/', 0, len, -1) : -2;
	PyObject *folder = whole ? PyUnicode_Substring(whole, 0, slash + 1) : NULL;
	PyObject *stem = folder ? PyUnicode_Substring(whole, slash + 1, len) : NULL;
	PyObject *path = stem ? PyUnicode_FromFormat("%U__pycache__/%U.%S%s.pyc", folder, stem, w->compiled.tag,
						     marks[level])
			      : NULL;
	Py_XDECREF(stem);
	Py_XDECREF(folder);
	Py_XDECREF(whole);
	return path;
}

/* Flags 1: the hash of the source behind them is not compared. */
static PyObject *bytecode_file(const struct work *w, PyObject *value)
{
	static const char no_hash[8], flags[4] = {1};
	Py_ssize_t count = PyTuple_GET_SIZE(value);
	PyObject *code = PyTuple_GET_ITEM(value, count - 1);
	PyObject *file = PyBytes_FromStringAndSize(NULL, OX_PYC_HEADER + PyBytes_GET_SIZE(code));
	if (!file)
		return NULL;
	char *to = PyBytes_AS_STRING(file);
	memcpy(to, PyBytes_AS_STRING(w->compiled.magic), 4);
	memcpy(to + 4, flags, sizeof flags);
	memcpy(to + 8, count == 3 ? PyBytes_AS_STRING(PyTuple_GET_ITEM(value, 1)) : no_hash, sizeof no_hash);
	memcpy(to + OX_PYC_HEADER, PyBytes_AS_STRING(code), (size_t)PyBytes_GET_SIZE(code));
	return file;
}

/* Adds a file to the result, and returns its path; gives its references to path and content away. */
static PyObject *add_file(struct work *w, PyObject *path, PyObject *content, bool is_executable)
{
	PyObject *object = path && content ? PyObject_CallFunctionObjArgs(w->path_type, path, NULL) : NULL;
	PyObject *file = object ? PyTuple_Pack(3, object, content, is_executable ? Py_True : Py_False) : NULL;
	if (!file || PyList_Append(w->files, file) < 0)
		Py_CLEAR(path);
	Py_XDECREF(file);
	Py_XDECREF(object);
	Py_XDECREF(content);
	return path;
}

/* Where one of several files lies: below its package's folder, or below that of the metadata. */
static PyObject *inner_path(PyObject *module, PyObject *name, PyObject *value, enum form form)
{
	PyObject *prefix = PyTuple_GET_ITEM(value, 0);
	PyObject *folder = form == METADATA_FILES ? below(prefix, PyTuple_GET_ITEM(value, 1), "")
						  : module_path(prefix, module, "");
	PyObject *path = folder ? PyUnicode_FromFormat("%U/%U", folder, name) : NULL;
	Py_XDECREF(folder);
	return path;
}

/* {name: path}, with a file for each, by name. */
static PyObject *add_files(struct work *w, PyObject *module, PyObject *table, enum form form)
{
	PyObject *names = PyDict_Keys(table);
	PyObject *paths = names && PyList_Sort(names) == 0 ? PyDict_New() : NULL;
	for (Py_ssize_t i = 0; paths && i < PyList_GET_SIZE(names); i++) {
		PyObject *name = PyList_GET_ITEM(names, i), *value = PyDict_GetItem(table, name);
		PyObject *content = PyTuple_GET_ITEM(value, PyTuple_GET_SIZE(value) - 1);
		PyObject *path = add_file(w, inner_path(module, name, value, form), Py_NewRef(content), false);
		if (!path || PyDict_SetItem(paths, name, path) < 0)
			Py_CLEAR(paths);
		Py_XDECREF(path);
	}
	Py_XDECREF(names);
	return paths;
}

static PyObject *sorted_table(PyObject *table)
{
	PyObject *names = PyDict_Keys(table);
	PyObject *sorted = names && PyList_Sort(names) == 0 ? PyDict_New() : NULL;
	for (Py_ssize_t i = 0; sorted && i < PyList_GET_SIZE(names); i++) {
		PyObject *name = PyList_GET_ITEM(names, i);
		if (PyDict_SetItem(sorted, name, PyDict_GetItem(table, name)) < 0)
			Py_CLEAR(sorted);
	}
	Py_XDECREF(names);
	return sorted;
}

/* The property's value, a new reference; files that belong to it are added. */
static PyObject *convert(struct work *w, PyObject *name, bool is_package, const struct field *f, PyObject *value)
{
	const char *tail = is_package ? "/__init__" : "";
	PyObject *content, *path;
	switch (f->form) {
	case PLAIN:
		return Py_NewRef(value);
	case TABLE:
		return sorted_table(value);
	case RESOURCE_FILES:
	case METADATA_FILES:
		return add_files(w, name, value, f->form);
	case BYTECODE_FILE:
		path = bytecode_path(w, PyTuple_GET_ITEM(value, 0), name, is_package, f->level);
		return add_file(w, path, bytecode_file(w, value), false);
	case SOURCE_FILE:
		path = module_path(PyTuple_GET_ITEM(value, 0), name, is_package ? "/__init__.py" : ".py");
		return add_file(w, path, Py_NewRef(PyTuple_GET_ITEM(value, 1)), false);
	case LIBRARY_FILE:
		break;
	}
	path = module_path(PyTuple_GET_ITEM(value, 0), name, tail);
	content = Py_NewRef(PyTuple_GET_ITEM(value, 2));
	PyObject *full = path ? PyUnicode_Concat(path, PyTuple_GET_ITEM(value, 1)) : NULL;
	Py_XDECREF(path);
	return add_file(w, full, content, true);
}

static int finish_record(struct work *w, PyObject *name, PyObject *record)
{
	struct ox_resource *r = ox_resource_new(w->state);
	bool is_package = PyDict_GetItemString(record, "is_package") == Py_True;
	int rc = r ? ox_resource_set_name(r, name) : -1;
	for (size_t i = 0; !rc && i < OX_COUNT(fields); i++) {
		PyObject *value = PyDict_GetItemString(record, fields[i].name);
		PyObject *property = value ? convert(w, name, is_package, &fields[i], value) : NULL;
		if (value)
			rc = property ? PyObject_SetAttrString((PyObject *)r, fields[i].name, property) : -1;
		Py_XDECREF(property);
	}
	if (rc == 0)
		rc = PyList_Append(w->resources, (PyObject *)r);
	Py_XDECREF(r);
	return rc;
}

static int finish_all(struct work *w)
{
	PyObject *pathlib = PyImport_ImportModule("pathlib");
	PyObject *names = PyDict_Keys(w->records);
	w->path_type = pathlib ? PyObject_GetAttrString(pathlib, "Path") : NULL;
	int rc = w->path_type && names ? PyList_Sort(names) : -1;
	for (Py_ssize_t i = 0; !rc && i < PyList_GET_SIZE(names); i++) {
		PyObject *name = PyList_GET_ITEM(names, i);
		rc = finish_record(w, name, PyDict_GetItem(w->records, name));
	}
	Py_XDECREF(names);
	Py_XDECREF(pathlib);
	return rc;
}

/* The folder's name, out of a tempfile.TemporaryDirectory. */
static PyObject *make_folder(PyObject **owner)
{
	PyObject *tempfile = PyImport_ImportModule("tempfile"), *name = NULL;
	*owner = tempfile ? PyObject_CallMethod(tempfile, "TemporaryDirectory", NULL) : NULL;
	name = *owner ? PyObject_GetAttrString(*owner, "name") : NULL;
	Py_XDECREF(tempfile);
	if (name && !PyUnicode_Check(name)) {
		PyErr_SetString(PyExc_TypeError, "the name of the temporary folder is not a str");
		Py_CLEAR(name);
	}
	return name;
}

/* Calls cleanup() once. What goes wrong there changes no result: it is reported, with
 * the method as its place, as what goes wrong in destructors is. */
static void remove_folder(PyObject *owner)
{
	struct ox_exception set_aside = ox_exception_take();
	PyObject *cleanup = PyObject_GetAttrString(owner, "cleanup");
	PyObject *done = cleanup ? PyObject_CallObject(cleanup, NULL) : NULL;
	if (!done)
		PyErr_WriteUnraisable(cleanup ? cleanup : owner);
	Py_XDECREF(done);
	Py_XDECREF(cleanup);
	ox_exception_give_back(set_aside);
}

static int oxidize(struct work *w, PyObject *records)
{
	PyObject *owner = NULL;
	PyObject *folder = make_folder(&owner);
	w->records = folder ? copy_records(records) : NULL;
	w->resources = PyList_New(0);
	w->files = PyList_New(0);
	int rc = w->records && w->resources && w->files ? 0 : -1;
	if (rc == 0)
		rc = ox_complete_parents(w->records, w->exe, folder, &w->compiled);
	if (rc == 0)
		rc = check_version(w);
	if (rc == 0)
		rc = finish_all(w);
	if (owner)
		remove_folder(owner);
	Py_XDECREF(folder);
	Py_XDECREF(owner);
	return rc;
}

PyObject *ox_oxidize(const struct ox_collector *self, struct ox_state *state, PyObject *exe)
{
	struct work w = {.state = state, .exe = exe, .has_scanned_bytecode = self->has_scanned_bytecode};
	int rc = oxidize(&w, self->records);
	PyObject *result = rc == 0 ? PyTuple_Pack(2, w.resources, w.files) : NULL;
	if (rc < 0 && !PyErr_ExceptionMatches(PyExc_ValueError))
		ox_failed_with("error oxidizing");
	Py_XDECREF(w.path_type);
	Py_XDECREF(w.files);
	Py_XDECREF(w.resources);
	ox_compiled_free(&w.compiled);
	Py_XDECREF(w.records);
	return result;
}
