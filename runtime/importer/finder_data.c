/* Sources, resources, metadata, and the paths that stand for them. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/finder.h"
#include "runtime/importer/importer.h"
#include "runtime/importer/source.h"

#include "proto/base/buf.h"

PyObject *ox_finder_source(struct ox_finder *self, const struct ox_found *found)
{
	if (found->kind != OX_KIND_MODULE && found->kind != OX_KIND_EXTENSION)
		return NULL;
	if (!found->given)
		return found->record.has_source ? ox_decode_source(found->record.source) : NULL;
	PyObject *owner = Py_XNewRef(found->owner);
	PyObject *text = ox_given_source(self, found);
	Py_XDECREF(owner);
	return text;
}

bool ox_finder_source_bytes(PyObject *finder, PyObject *co_filename, struct ox_slice *source)
{
	struct ox_finder *self = (struct ox_finder *)finder;
	struct ox_slice name;
	struct ox_found found;
	if (!PyUnicode_Check(co_filename) || !ox_utf8(co_filename, &name)) {
		PyErr_Clear();
		return false;
	}
	ox_index_find_packed(&self->index, name, &found);
	if (found.kind != OX_KIND_MODULE || !found.record.has_source)
		return false;
	if (found.given && ox_index_load(&self->index, found.record.source, NULL) < 0) {
		PyErr_Clear();
		return false;
	}
	*source = found.record.source;
	return true;
}

static PyObject *decode_path(struct ox_buf *path)
{
	PyObject *text = path->failed ? PyErr_NoMemory()
				      : PyUnicode_DecodeFSDefaultAndSize(ox_buf_text(path), (Py_ssize_t)path->len);
	ox_buf_free(path);
	return text;
}

PyObject *ox_finder_virtual_path(const struct ox_finder *self, struct ox_slice name)
{
	struct ox_buf path = {0};
	ox_add_folder(&path, name);
	PyObject *tail = decode_path(&path);
	PyObject *full = tail ? PyUnicode_FromFormat("%U/%U", self->base, tail) : NULL;
	Py_XDECREF(tail);
	return full;
}

/* As os.path.join() does it: an absolute path stands for itself, one below "" stays relative. */
static PyObject *join_paths(PyObject *folder, PyObject *path)
{
	Py_ssize_t len = PyUnicode_GET_LENGTH(folder);
	if (!len || (PyUnicode_GET_LENGTH(path) && PyUnicode_READ_CHAR(path, 0) == '/'))
		return Py_NewRef(path);
	return PyUnicode_FromFormat(PyUnicode_READ_CHAR(folder, len - 1) == '/' ? "%U%U" : "%U/%U", folder, path);
}

PyObject *ox_finder_relative_path(const struct ox_finder *self, struct ox_slice relative)
{
	if (ox_index_load(&self->index, relative, NULL) < 0)
		return NULL;
	struct ox_buf path = {0};
	ox_buf_slice(&path, relative);
	PyObject *tail = decode_path(&path);
	PyObject *full = tail ? join_paths(self->origin, tail) : NULL;
	Py_XDECREF(tail);
	return full;
}

static PyObject *not_known(const char *what, PyObject *path)
{
	PyObject *args = Py_BuildValue("(isO)", 2, what, path);
	if (args)
		PyErr_SetObject(PyExc_FileNotFoundError, args);
	Py_XDECREF(args);
	return NULL;
}

PyObject *ox_finder_file(struct ox_finder *self, const struct ox_file *file)
{
	if (ox_index_load(&self->index, file->data, NULL) < 0)
		return NULL;
	if (!file->is_path)
		return PyBytes_FromStringAndSize(file->data.data, (Py_ssize_t)file->data.len);
	PyObject *owner = Py_XNewRef(file->owner);
	PyObject *content = ox_finder_read(self, file->data);
	Py_XDECREF(owner);
	return content;
}

PyObject *ox_normalized_name(PyObject *name)
{
	struct ox_slice text;
	struct ox_buf out = {0};
	PyObject *lower = PyObject_CallMethod(name, "lower", NULL);
	if (!lower || !PyUnicode_Check(lower) || !ox_utf8(lower, &text)) {
		Py_XDECREF(lower);
		return PyErr_Occurred() ? NULL : ox_wrong_type(name, "name", "PyString");
	}
	for (size_t i = 0; i < text.len; i++) {
		bool is_joint = memchr("-_.", text.data[i], 3);
		if (!is_joint || !i || !memchr("-_.", text.data[i - 1], 3))
			ox_buf_byte(&out, is_joint ? '-' : text.data[i]);
	}
	PyObject *result = PyUnicode_DecodeUTF8(ox_buf_text(&out), (Py_ssize_t)out.len, NULL);
	ox_buf_free(&out);
	Py_DECREF(lower);
	return result;
}

/* 1 when `wanted` (normalised, or NULL for any) is the record's name; -1 with an exception. */
static int is_wanted(PyObject *wanted, PyObject *name)
{
	PyObject *have = wanted ? ox_normalized_name(name) : NULL;
	int same = !wanted ? 1 : have ? PyUnicode_Compare(wanted, have) == 0 : -1;
	Py_XDECREF(have);
	return same;
}

/* The file of a distribution's metadata by its place in a folder: "NAME-VERSION.dist-info/FILE". 1, 0 or -1. */
static int metadata_file(const struct ox_finder *self, struct ox_slice path, struct ox_file *file)
{
	const char *slash = memchr(path.data, '/', path.len);
	struct ox_slice folder = ox_slice(path.data, slash ? (size_t)(slash - path.data) : 0);
	size_t suffix = ox_slice_ends(folder, OX_SLICE(".dist-info")) ? strlen(".dist-info") : strlen(".egg-info");
	if (suffix == strlen(".egg-info") && !ox_slice_ends(folder, OX_SLICE(".egg-info")))
		return 0;
	struct ox_slice name = ox_slice(slash + 1, path.len - folder.len - 1), own;
	const char *dash = memchr(folder.data, '-', folder.len - suffix);
	size_t len = dash ? (size_t)(dash - folder.data) : folder.len - suffix;
	PyObject *text = PyUnicode_DecodeUTF8(folder.data, (Py_ssize_t)len, "replace");
	PyObject *wanted = text ? ox_normalized_name(text) : NULL;
	PyObject *names = wanted ? ox_index_distributions(&self->index) : NULL;
	int rc = names ? 0 : -1;
	for (Py_ssize_t i = 0; !rc && i < PyList_GET_SIZE(names); i++) {
		PyObject *item = PyList_GET_ITEM(names, i);
		rc = is_wanted(wanted, item);
		if (rc > 0)
			rc = ox_utf8(item, &own) ? ox_index_file(&self->index, OX_METADATA_FILES, own, name, file) : -1;
	}
	Py_XDECREF(names);
	Py_XDECREF(wanted);
	Py_XDECREF(text);
	return rc;
}

/* A module's source or a distribution's metadata, which would be files, too. NULL without an exception when there is
 * no such file. */
static PyObject *not_of_a_package(struct ox_finder *self, struct ox_slice rest)
{
	struct ox_file file;
	int rc = ox_index_source_file(&self->index, rest, &file);
	if (!rc)
		rc = metadata_file(self, rest, &file);
	return rc > 0 ? ox_finder_file(self, &file) : NULL;
}

/* `rest` is "a/b/c/file": the deepest of a.b.c, a.b, a that is indexed must have it, in memory or on disk. */
static PyObject *data_below(struct ox_finder *self, struct ox_slice rest, bool on_disk, PyObject *path)
{
	struct ox_buf package = {0};
	PyObject *bytes = NULL;
	const char *slash = memrchr(rest.data, '/', rest.len);
	if (!slash)
		return not_known("illegal resource name: missing package component", path);
	for (; slash; slash = memrchr(rest.data, '/', (size_t)(slash - rest.data))) {
		struct ox_found found;
		struct ox_file f;
		ox_buf_clear(&package);
		ox_add_module(&package, ox_slice(rest.data, (size_t)(slash - rest.data)));
		ox_index_find_packed(&self->index, ox_buf_view(&package), &found);
		struct ox_slice name = ox_slice(slash + 1, rest.len - (size_t)(slash + 1 - rest.data));
		if (ox_index_file_at(&self->index, OX_PACKAGE_FILES, ox_buf_view(&package), name, on_disk, &f)) {
			bytes = ox_finder_file(self, &f);
			break;
		}
		if (found.given || (found.kind != OX_KIND_NONE && found.kind != OX_KIND_NAMESPACE))
			break;
	}
	ox_buf_free(&package);
	if (!bytes && !on_disk && !PyErr_Occurred())
		bytes = not_of_a_package(self, rest);
	return bytes || PyErr_Occurred() ? bytes : not_known("resource not known", path);
}

bool ox_path_below(struct ox_slice path, PyObject *folder, struct ox_slice *rest)
{
	struct ox_slice start;
	if (!ox_utf8(folder, &start)) {
		PyErr_Clear(); /* a path that is no text; none that is can lie below it */
		return false;
	}
	while (start.len > 1 && start.data[start.len - 1] == '/')
		start.len--;
	size_t len = start.len == 1 && start.data[0] == '/' ? 0 : start.len;
	if (!ox_slice_starts(path, start) || path.len <= len || path.data[len] != '/')
		return false;
	*rest = ox_slice(path.data + len + 1, path.len - len - 1);
	return true;
}

PyObject *ox_finder_data(struct ox_finder *self, PyObject *path)
{
	struct ox_slice text, rest;
	if (!PyUnicode_Check(path))
		return ox_wrong_type(path, "path", "PyString");
	if (!ox_utf8(path, &text))
		return NULL;
	if (ox_path_below(text, self->base, &rest) || ox_finder_behind_cache(self, text, &rest))
		return data_below(self, rest, false, path);
	if (ox_path_below(text, self->origin, &rest))
		return data_below(self, rest, true, path);
	return not_known("resource not known", path);
}

static int add_distribution(struct ox_finder *self, PyObject *list, PyObject *wanted, PyObject *name)
{
	int rc = is_wanted(wanted, name);
	if (rc == 1) {
		PyObject *d = ox_distribution_new(ox_state_of((PyObject *)self), (PyObject *)self, name);
		rc = d ? PyList_Append(list, d) : -1;
		Py_XDECREF(d);
	}
	return rc < 0 ? -1 : 0;
}

/* The context's name, normalised, into *wanted; NULL for any. The path only has to be there. */
static int wanted_name(PyObject *context, PyObject **wanted)
{
	*wanted = NULL;
	if (context == Py_None)
		return 0;
	PyObject *name = PyObject_GetAttrString(context, "name");
	PyObject *path = name ? PyObject_GetAttrString(context, "path") : NULL;
	if (path && name != Py_None)
		*wanted = ox_normalized_name(name);
	int rc = path && (name == Py_None || *wanted) ? 0 : -1;
	Py_XDECREF(path);
	Py_XDECREF(name);
	return rc;
}

PyObject *ox_finder_distributions(struct ox_finder *self, PyObject *context)
{
	PyObject *wanted, *iterator = NULL;
	if (wanted_name(context, &wanted) < 0)
		return NULL;
	PyObject *names = ox_index_distributions(&self->index);
	PyObject *list = names ? PyList_New(0) : NULL;
	for (Py_ssize_t i = 0; list && i < PyList_GET_SIZE(names); i++)
		if (add_distribution(self, list, wanted, PyList_GET_ITEM(names, i)) < 0)
			Py_CLEAR(list);
	if (list)
		iterator = PyObject_GetIter(list);
	Py_XDECREF(list);
	Py_XDECREF(names);
	Py_XDECREF(wanted);
	return iterator;
}
