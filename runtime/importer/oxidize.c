/* From a collector's records to OxidizedResource objects and files. */
#include "runtime/importer/collector.h"
#include "runtime/importer/compile.h"
#include "runtime/importer/failure.h"
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
	PyObject *requests;         /* list of (name, source, level) to compile */
	PyObject *places;           /* list of (record, key, prefix or None): where each goes */
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

static int put(PyObject *record, const char *key, PyObject *value)
{
	int rc = value ? PyDict_SetItemString(record, key, value) : -1;
	Py_XDECREF(value);
	return rc;
}

/* What a package compiles to bytecode: its own source from wherever it has one, else nothing. New reference. */
static PyObject *source_of(PyObject *record)
{
	PyObject *source = PyDict_GetItemString(record, "in_memory_source");
	PyObject *file = PyDict_GetItemString(record, "relative_path_module_source");
	if (source)
		return Py_NewRef(source);
	return file ? Py_NewRef(PyTuple_GET_ITEM(file, 1)) : PyBytes_FromStringAndSize(NULL, 0);
}

/* Bytecode that the parent lacks is noted; it is made when all sources are known. */
static int want_bytecode(struct work *w, PyObject *parent, PyObject *name, const struct field *f, PyObject *prefix)
{
	PyObject *request = Py_BuildValue("(OOi)", name, parent, f->level);
	PyObject *place = request ? Py_BuildValue("(OsO)", parent, f->name, prefix ? prefix : Py_None) : NULL;
	int rc = place ? PyList_Append(w->requests, request) : -1;
	if (rc == 0)
		rc = PyList_Append(w->places, place);
	if (rc == 0) /* so that it is not asked for again */
		rc = PyDict_SetItemString(parent, f->name, Py_None);
	Py_XDECREF(place);
	Py_XDECREF(request);
	return rc;
}

static int complete_parent(struct work *w, PyObject *parent, PyObject *name, PyObject *child)
{
	if (PyDict_SetItemString(parent, "is_module", Py_True) < 0 ||
	    PyDict_SetItemString(parent, "is_package", Py_True) < 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; !rc && i < OX_COUNT(fields); i++) {
		const struct field *f = &fields[i];
		PyObject *has = PyDict_GetItemString(child, f->name);
		if (!has || has == Py_None || PyDict_GetItemString(parent, f->name))
			continue;
		bool is_bytecode = strncmp(f->name, "in_memory_bytecode", 18) == 0;
		if (f->form == BYTECODE_FILE)
			rc = want_bytecode(w, parent, name, f, PyTuple_GET_ITEM(has, 0));
		else if (is_bytecode)
			rc = want_bytecode(w, parent, name, f, NULL);
		else if (f->form == SOURCE_FILE)
			rc = put(parent, f->name, Py_BuildValue("(Oy)", PyTuple_GET_ITEM(has, 0), ""));
		else if (strcmp(f->name, "in_memory_source") == 0)
			rc = put(parent, f->name, PyBytes_FromStringAndSize(NULL, 0));
	}
	return rc;
}

/* The record of that name, made if need be; borrowed. */
static PyObject *parent_record(struct work *w, PyObject *name)
{
	PyObject *made = NULL, *record = PyDict_GetItemWithError(w->records, name);
	if (record || PyErr_Occurred())
		return record;
	made = PyDict_New();
	if (made && PyDict_SetItem(w->records, name, made) == 0)
		record = made;
	Py_XDECREF(made);
	return record;
}

/* Every package around `name`. */
static int complete_parents(struct work *w, PyObject *name, PyObject *child)
{
	Py_ssize_t len = PyUnicode_GET_LENGTH(name), dot = -1;
	while ((dot = PyUnicode_FindChar(name, '.', dot + 1, len, 1)) >= 0) {
		PyObject *above = dot ? PyUnicode_Substring(name, 0, dot) : PyUnicode_FromString("");
		PyObject *parent = above && dot ? parent_record(w, above) : NULL;
		int rc = parent ? complete_parent(w, parent, above, child) : 0;
		Py_XDECREF(above);
		if (rc < 0 || PyErr_Occurred())
			return -1;
	}
	return dot == -2 ? -1 : 0;
}

static int complete_all(struct work *w)
{
	PyObject *names = PyDict_Keys(w->records);
	int rc = names ? PyList_Sort(names) : -1;
	for (Py_ssize_t i = 0; !rc && i < PyList_GET_SIZE(names); i++) {
		PyObject *name = PyList_GET_ITEM(names, i);
		rc = complete_parents(w, name, PyDict_GetItem(w->records, name));
	}
	Py_XDECREF(names);
	return rc;
}

/* Requests hold records up to here; now each gets the source that the record has in the end. */
static int find_sources(struct work *w)
{
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(w->requests); i++) {
		PyObject *request = PyList_GET_ITEM(w->requests, i);
		PyObject *source = source_of(PyTuple_GET_ITEM(request, 1));
		PyObject *full = source ? PyTuple_Pack(3, PyTuple_GET_ITEM(request, 0), source,
						       PyTuple_GET_ITEM(request, 2))
					: NULL;
		Py_XDECREF(source);
		if (!full || PyList_SetItem(w->requests, i, full) < 0)
			return -1;
	}
	return 0;
}

/* Puts each code where it was wanted: in memory as it is, in a file behind its prefix, with the source's hash. */
static int place_bytecode(struct work *w)
{
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(w->places); i++) {
		PyObject *place = PyList_GET_ITEM(w->places, i), *pair = PyList_GET_ITEM(w->compiled.codes, i);
		PyObject *prefix = PyTuple_GET_ITEM(place, 2), *code = PyTuple_GET_ITEM(pair, 0);
		PyObject *value = prefix == Py_None
					  ? Py_NewRef(code)
					  : PyTuple_Pack(3, prefix, PyTuple_GET_ITEM(pair, 1), code);
		int rc = value ? PyDict_SetItem(PyTuple_GET_ITEM(place, 0), PyTuple_GET_ITEM(place, 1), value) : -1;
		Py_XDECREF(value);
		if (rc < 0)
			return -1;
	}
	return 0;
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

static int compile_parents(struct work *w, PyObject *folder)
{
	if (find_sources(w) < 0 || ox_compile(w->exe, folder, w->requests, &w->compiled) < 0)
		return -1;
	return check_version(w) < 0 ? -1 : place_bytecode(w);
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
	PyObject *file = PyBytes_FromStringAndSize(NULL, 16 + PyBytes_GET_SIZE(code));
	if (!file)
		return NULL;
	char *to = PyBytes_AS_STRING(file);
	memcpy(to, PyBytes_AS_STRING(w->compiled.magic), 4);
	memcpy(to + 4, flags, sizeof flags);
	memcpy(to + 8, count == 3 ? PyBytes_AS_STRING(PyTuple_GET_ITEM(value, 1)) : no_hash, sizeof no_hash);
	memcpy(to + 16, PyBytes_AS_STRING(code), (size_t)PyBytes_GET_SIZE(code));
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
	PyObject *type, *error, *traceback;
	PyErr_Fetch(&type, &error, &traceback);
	PyObject *cleanup = PyObject_GetAttrString(owner, "cleanup");
	PyObject *done = cleanup ? PyObject_CallObject(cleanup, NULL) : NULL;
	if (!done)
		PyErr_WriteUnraisable(cleanup ? cleanup : owner);
	Py_XDECREF(done);
	Py_XDECREF(cleanup);
	PyErr_Restore(type, error, traceback);
}

static int oxidize(struct work *w, PyObject *records)
{
	PyObject *owner = NULL;
	PyObject *folder = make_folder(&owner);
	w->records = folder ? copy_records(records) : NULL;
	w->requests = PyList_New(0);
	w->places = PyList_New(0);
	w->resources = PyList_New(0);
	w->files = PyList_New(0);
	int rc = w->records && w->requests && w->places && w->resources && w->files ? complete_all(w) : -1;
	if (rc == 0)
		rc = compile_parents(w, folder);
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
	Py_XDECREF(w.places);
	Py_XDECREF(w.requests);
	Py_XDECREF(w.records);
	return result;
}
