/* Specs, code and sources of what was given at run time: like a payload's, and besides with any part of it in
 * files below the finder's origin. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/code_check.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/finder.h"
#include "runtime/importer/importer.h"
#include "runtime/importer/source.h"

/* The file that a module is said to come from; data NULL when there is none. */
static struct ox_slice origin_of(const struct ox_found *found)
{
	const struct ox_slice *blobs = found->given->blobs;
	if (found->kind == OX_KIND_EXTENSION && !blobs[OX_PACKED_EXTENSION].data)
		return blobs[OX_PACKED_EXTENSION_PATH];
	return found->kind == OX_KIND_MODULE ? blobs[OX_PACKED_SOURCE_PATH] : (struct ox_slice){0};
}

/* [folder of the file], or [virtual path] when the file has none. */
static PyObject *locations(struct ox_finder *self, PyObject *file, struct ox_slice name)
{
	PyObject *folder = NULL;
	if (file) {
		Py_ssize_t at = PyUnicode_FindChar(file, '/', 0, PyUnicode_GET_LENGTH(file), -1);
		folder = at >= 0 ? PyUnicode_Substring(file, 0, at ? at : 1) : NULL;
	}
	if (!folder && !PyErr_Occurred())
		folder = ox_finder_virtual_path(self, name);
	return folder ? Py_BuildValue("[N]", folder) : NULL;
}

int ox_given_describe(struct ox_finder *self, PyObject *spec, const struct ox_found *found, struct ox_slice name)
{
	struct ox_slice origin = origin_of(found);
	struct ox_slice cached = found->given->blobs[OX_PACKED_BYTECODE_PATH + self->index.optimize];
	PyObject *file = origin.data ? ox_finder_relative_path(self, origin) : NULL;
	int rc = origin.data && !file ? -1 : 0;
	if (file)
		rc = PyObject_SetAttrString(spec, "origin", file);
	if (file && !rc)
		rc = PyObject_SetAttrString(spec, "has_location", Py_True);
	if (!rc && found->kind == OX_KIND_MODULE && cached.data)
		rc = ox_set_attr(spec, "cached", ox_finder_relative_path(self, cached));
	if (!rc && found->is_package)
		rc = ox_set_attr(spec, "submodule_search_locations", locations(self, file, name));
	Py_XDECREF(file);
	return rc;
}

PyObject *ox_finder_open(struct ox_finder *self, struct ox_slice relative)
{
	PyObject *path = ox_finder_relative_path(self, relative);
	PyObject *io = path ? PyImport_ImportModule("_io") : NULL;
	PyObject *file = io ? PyObject_CallMethod(io, "FileIO", "Os", path, "r") : NULL;
	Py_XDECREF(io);
	Py_XDECREF(path);
	return file;
}

PyObject *ox_finder_read(struct ox_finder *self, struct ox_slice relative)
{
	PyObject *file = ox_finder_open(self, relative);
	PyObject *content = file ? PyObject_CallMethod(file, "readall", NULL) : NULL;
	PyObject *closed = content ? PyObject_CallMethod(file, "close", NULL) : NULL;
	if (!closed)
		Py_CLEAR(content);
	Py_XDECREF(closed);
	Py_XDECREF(file);
	return content;
}

/* Reads a part of a module; an OSError becomes "error reading WHAT from PATH: ERROR". */
static PyObject *read_part(struct ox_finder *self, struct ox_slice relative, const char *what, PyObject *name)
{
	PyObject *content = ox_finder_read(self, relative);
	if (content || !(PyErr_ExceptionMatches(PyExc_OSError) || PyErr_ExceptionMatches(PyExc_ValueError)))
		return content;
	struct ox_exception cause = ox_exception_take_whole();
	PyObject *path = ox_finder_relative_path(self, relative);
	PyObject *text = path ? PyUnicode_FromFormat("error reading %s from %U: %S", what, path, cause.value) : NULL;
	ox_import_error_from(text, name, path, cause);
	Py_XDECREF(path);
	return NULL;
}

PyObject *ox_bad_bytecode(PyObject *name, const char *what)
{
	return ox_import_error(PyUnicode_FromFormat("bytecode of %R %s", name, what), name, NULL);
}

PyObject *ox_unmarshal(struct ox_slice bytes, PyObject *name)
{
	PyObject *code = PyMarshal_ReadObjectFromString(bytes.data, (Py_ssize_t)bytes.len);
	if (code && PyCode_Check(code))
		return code;
	if (code) {
		Py_DECREF(code);
		return ox_bad_bytecode(name, "is damaged: it holds no code");
	}
	if (PyErr_ExceptionMatches(PyExc_ValueError) || PyErr_ExceptionMatches(PyExc_EOFError) ||
	    PyErr_ExceptionMatches(PyExc_TypeError)) {
		struct ox_exception cause = ox_exception_take_whole();
		PyObject *text = PyUnicode_FromFormat("bytecode of %R is damaged or made for another version of Python",
						      name);
		ox_import_error_from(text, name, NULL, cause);
	}
	return NULL;
}

/* Code that does not say which version it is for. */
static PyObject *code_in_memory(struct ox_finder *self, struct ox_slice bytes, PyObject *name)
{
	static const char other[] = "was made for another version of Python";
	if (ox_index_load(&self->index, bytes, name) < 0)
		return NULL;
	if (!ox_marshalled_fits(bytes))
		return ox_bad_bytecode(name, other);
	PyObject *code = ox_unmarshal(bytes, name);
	if (!code || ox_code_fits(code))
		return code;
	Py_DECREF(code);
	return ox_bad_bytecode(name, other);
}

/* The code in a .pyc file. */
static PyObject *code_of_file(struct ox_finder *self, struct ox_slice relative, PyObject *name)
{
	PyObject *content = read_part(self, relative, "bytecode", name);
	PyObject *code = NULL;
	if (!content || !PyBytes_Check(content)) {
		Py_XDECREF(content);
		return NULL;
	}
	const unsigned char *data = (const unsigned char *)PyBytes_AS_STRING(content);
	size_t len = (size_t)PyBytes_GET_SIZE(content);
	if (len < OX_PYC_HEADER)
		ox_import_error(PyUnicode_FromString("bytecode file does not contain enough data"), name, NULL);
	else if ((data[0] | data[1] << 8 | data[2] << 16 | (uint32_t)data[3] << 24) != ox_bytecode_magic())
		ox_bad_bytecode(name, "was made for another version of Python");
	else
		code = ox_unmarshal(ox_slice(data + OX_PYC_HEADER, len - OX_PYC_HEADER), name);
	Py_DECREF(content);
	return code;
}

static PyObject *source_of_file(struct ox_finder *self, struct ox_slice relative, PyObject *name)
{
	PyObject *content = read_part(self, relative, "module source", name);
	PyObject *text = NULL;
	if (content)
		text = ox_decode_source(ox_bytes(content));
	Py_XDECREF(content);
	return text;
}

PyObject *ox_given_source(struct ox_finder *self, const struct ox_found *found)
{
	struct ox_slice bytes = found->given->blobs[OX_PACKED_SOURCE];
	struct ox_slice path = found->given->blobs[OX_PACKED_SOURCE_PATH];
	if (!bytes.data && !path.data)
		return NULL;
	PyObject *name = PyUnicode_DecodeUTF8(found->given->name.data, (Py_ssize_t)found->given->name.len, NULL);
	PyObject *text = NULL;
	if (name && !bytes.data)
		text = source_of_file(self, path, name);
	else if (name && ox_index_load(&self->index, bytes, name) == 0)
		text = ox_decode_source(bytes);
	Py_XDECREF(name);
	return text;
}

PyObject *ox_given_bytecode(struct ox_finder *self, const struct ox_found *found, PyObject *name)
{
	const struct ox_slice *blobs = found->given->blobs;
	int level = self->index.optimize;
	if (blobs[OX_PACKED_BYTECODE + level].data)
		return code_in_memory(self, blobs[OX_PACKED_BYTECODE + level], name);
	if (blobs[OX_PACKED_BYTECODE_PATH + level].data)
		return code_of_file(self, blobs[OX_PACKED_BYTECODE_PATH + level], name);
	return NULL;
}
