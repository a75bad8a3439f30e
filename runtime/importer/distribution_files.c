/* OxidizedDistribution.files. importlib.metadata's own since 3.12 leaves out what it does not find on disk, and
 * that would be everything. */
#include "runtime/importer/distribution.h"

/* row[i], borrowed; NULL when it is not there or empty. */
static PyObject *cell(PyObject *row, Py_ssize_t i)
{
	PyObject *text = i < PyList_GET_SIZE(row) ? PyList_GET_ITEM(row, i) : NULL;
	return text && PyUnicode_GET_LENGTH(text) ? text : NULL;
}

/* PackagePath(row[0]) with hash, size and distribution. */
static PyObject *new_file(PyObject *self, PyObject *metadata, PyObject *row)
{
	PyObject *name = cell(row, 0), *hash = cell(row, 1), *size = cell(row, 2);
	PyObject *file = PyObject_CallMethod(metadata, "PackagePath", "O", name);
	if (!file)
		return NULL;
	int rc = ox_set_attr(file, "dist", Py_NewRef(self));
	if (!rc)
		rc = ox_set_attr(file, "hash",
			 hash ? PyObject_CallMethod(metadata, "FileHash", "O", hash) : Py_NewRef(Py_None));
	if (!rc)
		rc = ox_set_attr(file, "size", size ? PyLong_FromUnicodeObject(size, 10) : Py_NewRef(Py_None));
	if (rc < 0)
		Py_CLEAR(file);
	return file;
}

static PyObject *new_files(PyObject *self, PyObject *rows)
{
	PyObject *metadata = PyImport_ImportModule("importlib.metadata");
	PyObject *files = metadata ? PyList_New(0) : NULL, *row;
	while (files && (row = PyIter_Next(rows))) {
		PyObject *file = cell(row, 0) ? new_file(self, metadata, row) : NULL;
		if (file ? PyList_Append(files, file) < 0 : PyErr_Occurred() != NULL)
			Py_CLEAR(files);
		Py_XDECREF(file);
		Py_DECREF(row);
	}
	if (PyErr_Occurred())
		Py_CLEAR(files);
	Py_XDECREF(metadata);
	return files;
}

/* The rows of RECORD (PEP 376); the lines of SOURCES.txt are rows of a name each, and may hold commas. */
static PyObject *rows_of(PyObject *text, bool is_record)
{
	PyObject *lines = PyObject_CallMethod(text, "splitlines", NULL);
	PyObject *csv = lines && is_record ? PyImport_ImportModule("csv") : NULL;
	PyObject *rows = NULL;
	if (csv) {
		rows = PyObject_CallMethod(csv, "reader", "O", lines);
	} else if (lines && !is_record) {
		PyObject *list = PyList_New(0);
		for (Py_ssize_t i = 0; list && i < PyList_GET_SIZE(lines); i++) {
			PyObject *row = Py_BuildValue("[O]", PyList_GET_ITEM(lines, i));
			if (!row || PyList_Append(list, row) < 0)
				Py_CLEAR(list);
			Py_XDECREF(row);
		}
		rows = list ? PyObject_GetIter(list) : NULL;
		Py_XDECREF(list);
	}
	Py_XDECREF(csv);
	Py_XDECREF(lines);
	return rows;
}

PyObject *ox_distribution_files(PyObject *self)
{
	bool is_record = true;
	PyObject *text = ox_distribution_text(self, OX_SLICE("RECORD"));
	if (text == Py_None) {
		is_record = false;
		Py_SETREF(text, ox_distribution_text(self, OX_SLICE("SOURCES.txt")));
	}
	if (!text || text == Py_None)
		return text;
	PyObject *rows = rows_of(text, is_record);
	PyObject *files = rows ? new_files(self, rows) : NULL;
	Py_XDECREF(rows);
	Py_DECREF(text);
	return files;
}
