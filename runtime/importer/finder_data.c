/* Sources, resources, metadata, and the paths that stand for them. */
#include "runtime/importer/importer.h"
#include "runtime/importer/state.h"

#include "proto/base/buf.h"

PyObject *ox_finder_source(struct ox_finder *self, const struct ox_found *found)
{
	(void)self;
	bool packed = found->kind == OX_KIND_MODULE || found->kind == OX_KIND_EXTENSION;
	return packed && found->record.has_source ? ox_decode_source(found->record.source) : NULL;
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
	*source = found.record.source;
	return true;
}

static PyObject *decode_path(struct ox_buf *path)
{
	PyObject *text = path->failed ? PyErr_NoMemory()
				      : PyUnicode_DecodeFSDefaultAndSize(path->data, (Py_ssize_t)path->len);
	ox_buf_free(path);
	return text;
}

PyObject *ox_finder_virtual_path(const struct ox_finder *self, struct ox_slice name)
{
	struct ox_buf path = {0};
	for (size_t i = 0; i < name.len; i++)
		ox_buf_byte(&path, name.data[i] == '.' ? '/' : name.data[i]);
	PyObject *tail = decode_path(&path);
	PyObject *full = tail ? PyUnicode_FromFormat("%U/%U", self->base, tail) : NULL;
	Py_XDECREF(tail);
	return full;
}

PyObject *ox_finder_relative_path(const struct ox_finder *self, struct ox_slice relative)
{
	struct ox_buf path = {0};
	ox_buf_slice(&path, relative);
	PyObject *tail = decode_path(&path);
	PyObject *full = tail ? PyUnicode_FromFormat("%U/%U", self->origin, tail) : NULL;
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

/* `rest` is "a/b/c/file": the deepest of a.b.c, a.b, a that is indexed must have it. */
static PyObject *data_below(struct ox_finder *self, struct ox_slice rest, PyObject *path)
{
	struct ox_buf package = {0};
	PyObject *bytes = NULL;
	const char *slash = memrchr(rest.data, '/', rest.len);
	if (!slash)
		return not_known("illegal resource name: missing package component", path);
	for (; slash; slash = memrchr(rest.data, '/', (size_t)(slash - rest.data))) {
		struct ox_found found;
		struct ox_pack_file f;
		ox_buf_clear(&package);
		for (const char *p = rest.data; p < slash; p++)
			ox_buf_byte(&package, *p == '/' ? '.' : *p);
		ox_index_find_packed(&self->index, ox_buf_view(&package), &found);
		struct ox_slice name = ox_slice(slash + 1, rest.len - (size_t)(slash + 1 - rest.data));
		if (ox_index_file(&self->index, ox_buf_view(&package), name, &f)) {
			bytes = PyBytes_FromStringAndSize(f.data.data, (Py_ssize_t)f.data.len);
			break;
		}
		if (found.kind != OX_KIND_NONE)
			break;
	}
	ox_buf_free(&package);
	return bytes || PyErr_Occurred() ? bytes : not_known("resource not known", path);
}

PyObject *ox_finder_data(struct ox_finder *self, PyObject *path)
{
	struct ox_slice base, text;
	if (!PyUnicode_Check(path))
		return PyErr_Format(PyExc_TypeError, "argument 'path': '%s' object cannot be converted to 'PyString'",
				    Py_TYPE(path)->tp_name);
	if (!ox_utf8(self->base, &base) || !ox_utf8(path, &text))
		return NULL;
	if (!ox_slice_starts(text, base) || text.len <= base.len || text.data[base.len] != '/')
		return not_known("resource not known", path);
	return data_below(self, ox_slice(text.data + base.len + 1, text.len - base.len - 1), path);
}

/* Names of distributions are compared in lower case with '-' and '.' as '_'. */
static PyObject *normalized(PyObject *name)
{
	PyObject *lower = PyObject_CallMethod(name, "lower", NULL);
	PyObject *dashes = lower ? PyObject_CallMethod(lower, "replace", "ss", "-", "_") : NULL;
	PyObject *dots = dashes ? PyObject_CallMethod(dashes, "replace", "ss", ".", "_") : NULL;
	Py_XDECREF(lower);
	Py_XDECREF(dashes);
	return dots;
}

/* 1 when `wanted` (normalised, or NULL for any) is the record's name; -1 with an exception. */
static int is_wanted(PyObject *wanted, PyObject *name)
{
	PyObject *have = wanted ? normalized(name) : NULL;
	int same = !wanted ? 1 : have ? PyUnicode_Compare(wanted, have) == 0 : -1;
	Py_XDECREF(have);
	return same;
}

static int add_distribution(struct ox_finder *self, PyObject *list, PyObject *wanted, struct ox_slice utf8)
{
	PyObject *name = PyUnicode_FromStringAndSize(utf8.data, (Py_ssize_t)utf8.len);
	int rc = name ? is_wanted(wanted, name) : -1;
	if (rc == 1) {
		PyObject *d = ox_distribution_new(ox_state_of((PyObject *)self), (PyObject *)self, name);
		rc = d ? PyList_Append(list, d) : -1;
		Py_XDECREF(d);
	}
	Py_XDECREF(name);
	return rc < 0 ? -1 : 0;
}

static bool brings_metadata(const struct ox_pack *pack, ox_pack_place at, struct ox_slice *name)
{
	struct ox_pack_record r;
	for (; at != OX_PACK_NOWHERE; at = ox_pack_more(pack, at))
		if (ox_pack_get(pack, at, &r, NULL) == 0 && r.distribution.count) {
			*name = r.name;
			return true;
		}
	return false;
}

/* The context's name, normalised, into *wanted; NULL for any. */
static int wanted_name(PyObject *context, PyObject **wanted)
{
	*wanted = NULL;
	if (context == Py_None)
		return 0;
	PyObject *name = PyObject_GetAttrString(context, "name");
	if (name && name != Py_None)
		*wanted = normalized(name);
	int rc = name && (name == Py_None || *wanted) ? 0 : -1;
	Py_XDECREF(name);
	return rc;
}

PyObject *ox_finder_distributions(struct ox_finder *self, PyObject *context)
{
	const struct ox_pack *pack = self->index.pack;
	PyObject *wanted, *iterator = NULL;
	if (wanted_name(context, &wanted) < 0)
		return NULL;
	PyObject *list = PyList_New(0);
	ox_pack_place at = pack && ox_pack_place_count(pack) ? 0 : OX_PACK_NOWHERE;
	for (; list && at != OX_PACK_NOWHERE; at = ox_pack_next(pack, at)) {
		struct ox_slice name;
		if (brings_metadata(pack, at, &name) && add_distribution(self, list, wanted, name) < 0)
			Py_CLEAR(list);
	}
	if (list)
		iterator = PyObject_GetIter(list);
	Py_XDECREF(list);
	Py_XDECREF(wanted);
	return iterator;
}
