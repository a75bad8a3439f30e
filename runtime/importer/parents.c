#include "runtime/importer/parents.h"

#include "runtime/importer/collector.h"

/* What has to be compiled once all sources are known, and where it goes. */
struct wanted {
	PyObject *records;
	PyObject *requests; /* list of (name, record, level), then of (name, source, level) */
	PyObject *places;   /* list of (record, key, prefix or None) */
};

/* What a package's bytecode is made of: its own source from wherever it has one, else nothing. New reference. */
static PyObject *source_of(PyObject *record)
{
	PyObject *source = PyDict_GetItemString(record, "in_memory_source");
	PyObject *file = PyDict_GetItemString(record, "relative_path_module_source");
	if (source)
		return Py_NewRef(source);
	return file ? Py_NewRef(PyTuple_GET_ITEM(file, 1)) : PyBytes_FromStringAndSize(NULL, 0);
}

/* Bytecode that the parent lacks is noted; it is made when all sources are known. */
static int want_bytecode(struct wanted *w, PyObject *parent, PyObject *name, int level, PyObject *prefix)
{
	const char *key = ox_bytecode_key(level, prefix);
	PyObject *request = Py_BuildValue("(OOi)", name, parent, level);
	PyObject *place = request ? Py_BuildValue("(OsO)", parent, key, prefix ? prefix : Py_None) : NULL;
	int rc = place ? PyList_Append(w->requests, request) : -1;
	if (rc == 0)
		rc = PyList_Append(w->places, place);
	if (rc == 0) /* so that it is not asked for again */
		rc = PyDict_SetItemString(parent, key, Py_None);
	Py_XDECREF(place);
	Py_XDECREF(request);
	return rc;
}

/* The value that the child has and the parent lacks; borrowed, NULL when there is none. */
static PyObject *lacks(PyObject *parent, PyObject *child, const char *key)
{
	PyObject *has = PyDict_GetItemString(child, key);
	return has && has != Py_None && !PyDict_GetItemString(parent, key) ? has : NULL;
}

static int complete_parent(struct wanted *w, PyObject *parent, PyObject *name, PyObject *child)
{
	PyObject *has;
	int rc = 0;
	if (PyDict_SetItemString(parent, "is_module", Py_True) < 0 ||
	    PyDict_SetItemString(parent, "is_package", Py_True) < 0)
		return -1;
	if (lacks(parent, child, "in_memory_source"))
		rc = ox_record_put(parent, "in_memory_source", PyBytes_FromStringAndSize(NULL, 0));
	if (!rc && (has = lacks(parent, child, "relative_path_module_source")))
		rc = ox_record_put(parent, "relative_path_module_source",
				   Py_BuildValue("(Oy)", PyTuple_GET_ITEM(has, 0), ""));
	for (int level = 0; !rc && level < 3; level++)
		if (lacks(parent, child, ox_bytecode_key(level, false)))
			rc = want_bytecode(w, parent, name, level, NULL);
	for (int level = 0; !rc && level < 3; level++)
		if ((has = lacks(parent, child, ox_bytecode_key(level, true))))
			rc = want_bytecode(w, parent, name, level, PyTuple_GET_ITEM(has, 0));
	return rc;
}

/* Every package around `name`. */
static int complete_parents(struct wanted *w, PyObject *name, PyObject *child)
{
	Py_ssize_t len = PyUnicode_GET_LENGTH(name), dot = -1;
	while ((dot = PyUnicode_FindChar(name, '.', dot + 1, len, 1)) >= 0) {
		PyObject *above = dot ? PyUnicode_Substring(name, 0, dot) : PyUnicode_FromString("");
		PyObject *parent = above && dot ? ox_record_of(w->records, above) : NULL;
		int rc = parent ? complete_parent(w, parent, above, child) : 0;
		Py_XDECREF(above);
		if (rc < 0 || PyErr_Occurred())
			return -1;
	}
	return dot == -2 ? -1 : 0;
}

static int complete_all(struct wanted *w)
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
static int find_sources(struct wanted *w)
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
static int place_bytecode(const struct wanted *w, PyObject *codes)
{
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(w->places); i++) {
		PyObject *place = PyList_GET_ITEM(w->places, i), *pair = PyList_GET_ITEM(codes, i);
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

int ox_complete_parents(PyObject *records, PyObject *exe, PyObject *folder, struct ox_compiled *out)
{
	struct wanted w = {.records = records, .requests = PyList_New(0), .places = PyList_New(0)};
	int rc = w.requests && w.places ? complete_all(&w) : -1;
	if (rc == 0)
		rc = find_sources(&w);
	if (rc == 0)
		rc = ox_compile(exe, folder, w.requests, out);
	if (rc == 0)
		rc = place_bytecode(&w, out->codes);
	Py_XDECREF(w.places);
	Py_XDECREF(w.requests);
	return rc;
}
