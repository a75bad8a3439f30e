/* OxidizedZipFinder: a meta path finder and loader over one zip archive. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/index_files.h"
#include "runtime/importer/source.h"
#include "runtime/importer/state.h"
#include "runtime/importer/zip.h"

#include "proto/base/buf.h"

struct zip_finder {
	PyObject_HEAD
	struct ox_zip zip;
	Py_buffer view; /* of the archive in memory; obj is NULL for a file */
	PyObject *path; /* str: what the archive is called */
};

/* What the archive has of a module. */
struct member_pair {
	const struct ox_zip_member *source, *bytecode;
	bool is_package;
};

static struct zip_finder *as_finder(PyObject *self)
{
	return (struct zip_finder *)self;
}

static struct zip_finder *allocate(PyObject *type)
{
	struct zip_finder *f = (struct zip_finder *)PyType_GenericAlloc((PyTypeObject *)type, 0);
	if (f)
		f->zip.fd = -1;
	return f;
}

/* ValueError("what: why") */
static PyObject *refuse(const char *what, const struct ox_err *err)
{
	PyObject *why = PyUnicode_DecodeFSDefault(err->text);
	if (why)
		PyErr_Format(PyExc_ValueError, "%s: %U", what, why);
	Py_XDECREF(why);
	return NULL;
}

static PyObject *from_path(PyObject *type, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedZipFinder.from_path", 1, 1, {"path"}};
	struct ox_err err = {0};
	PyObject *value;
	PyObject *path = ox_arguments(&signature, args, given, kwnames, &value) ? ox_path_from(value) : NULL;
	struct zip_finder *f = path ? allocate(type) : NULL;
	const char *what = "failed to open path";
	int rc = f ? ox_zip_open_file(&f->zip, PyBytes_AS_STRING(path), &err) : 0;
	if (f && rc == 0) {
		what = "error indexing zip data";
		rc = ox_zip_index(&f->zip, &err);
	}
	if (rc < 0)
		refuse(what, &err);
	else if (f)
		f->path = PyUnicode_DecodeFSDefault(PyBytes_AS_STRING(path));
	if (f && !f->path)
		Py_CLEAR(f);
	Py_XDECREF(path);
	return (PyObject *)f;
}

/* The path to advertise: as given, or the interpreter's. */
static PyObject *archive_path(PyObject *value)
{
	PyObject *path = NULL;
	if (value && value != Py_None)
		return PyUnicode_FSDecoder(value, &path) ? path : NULL;
	path = PySys_GetObject("executable"); /* borrowed */
	return path && PyUnicode_Check(path) ? PyUnicode_FromObject(path) : PyUnicode_FromString("");
}

static PyObject *from_zip_data(PyObject *type, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedZipFinder.from_zip_data", 1, 2, {"source", "path"}};
	struct ox_err err = {0};
	PyObject *values[2];
	if (!ox_arguments(&signature, args, given, kwnames, values))
		return NULL;
	struct zip_finder *f = allocate(type);
	int rc = f && ox_buffer_from(values[0], "source", &f->view) ? 0 : -1;
	if (rc == 0)
		f->path = archive_path(values[1]);
	if (rc == 0 && f->path) {
		ox_zip_open_memory(&f->zip, ox_slice(f->view.buf, (size_t)f->view.len), &err);
		rc = ox_zip_index(&f->zip, &err);
		if (rc < 0)
			refuse("error indexing zip data", &err);
	}
	if (f && (rc < 0 || !f->path))
		Py_CLEAR(f);
	return (PyObject *)f;
}

static const struct ox_zip_member *member(const struct zip_finder *f, struct ox_buf *path, const char *tail)
{
	size_t len = path->len;
	ox_buf_str(path, tail);
	const struct ox_zip_member *found = path->failed ? NULL : ox_zip_find(&f->zip, ox_buf_view(path));
	path->len = len;
	return found;
}

/* Both NULL when the archive has no such module; -1 with an exception. */
static int look_up(const struct zip_finder *f, PyObject *name, struct member_pair *out)
{
	struct ox_slice utf8;
	struct ox_buf path = {0};
	*out = (struct member_pair){0};
	if (!ox_utf8(name, &utf8))
		return -1;
	if (!utf8.len || memchr(utf8.data, '/', utf8.len))
		return 0;
	ox_add_folder(&path, utf8);
	out->source = member(f, &path, "/__init__.py");
	out->bytecode = member(f, &path, "/__init__.pyc");
	out->is_package = out->source || out->bytecode;
	if (!out->is_package) {
		out->source = member(f, &path, ".py");
		out->bytecode = member(f, &path, ".pyc");
	}
	bool failed = path.failed;
	ox_buf_free(&path);
	if (failed)
		PyErr_NoMemory();
	return failed ? -1 : 0;
}

static PyObject *member_path(const struct ox_zip_member *m)
{
	return PyUnicode_DecodeUTF8(m->name.data, (Py_ssize_t)m->name.len, "surrogateescape");
}

static PyObject *packed_bytes(const struct zip_finder *f, const struct ox_zip_member *m, struct ox_err *err)
{
	uint64_t offset;
	if (ox_zip_locate(&f->zip, m, &offset, err) < 0)
		return NULL;
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)m->packed);
	if (bytes && ox_zip_read(&f->zip, offset, PyBytes_AS_STRING(bytes), m->packed, err) < 0)
		Py_CLEAR(bytes);
	return bytes;
}

/* zlib.decompressobj(-15).decompress(packed, size + 1): one more than there must be, to see that there is no more. */
static PyObject *inflate(PyObject *packed, uint64_t size)
{
	PyObject *zlib = PyImport_ImportModule("zlib");
	PyObject *object = zlib ? PyObject_CallMethod(zlib, "decompressobj", "i", -15) : NULL;
	PyObject *bytes = NULL;
	if (object)
		bytes = PyObject_CallMethod(object, "decompress", "OK", packed, (unsigned long long)size + 1);
	Py_XDECREF(object);
	Py_XDECREF(zlib);
	if (bytes && !PyBytes_Check(bytes)) {
		Py_CLEAR(bytes);
		PyErr_SetString(PyExc_TypeError, "zlib did not return bytes");
	}
	return bytes;
}

/* A member's content. NULL with an exception, or without one and *err filled. */
static PyObject *content(const struct zip_finder *f, const struct ox_zip_member *m, struct ox_err *err)
{
	PyObject *bytes = packed_bytes(f, m, err);
	if (bytes && m->method == OX_ZIP_DEFLATED) {
		PyObject *packed = bytes;
		bytes = inflate(packed, m->size);
		Py_DECREF(packed);
	}
	if (bytes && ((uint64_t)PyBytes_GET_SIZE(bytes) != m->size ||
		      ox_zip_crc(PyBytes_AS_STRING(bytes), (size_t)m->size) != m->crc)) {
		ox_fail(err, OX_ECORRUPT, "it is damaged: its size or checksum differs");
		Py_CLEAR(bytes);
	}
	return bytes;
}

/* The same with an ImportError: "error reading module KIND from zip: why". */
static PyObject *read_member(const struct zip_finder *f, const struct ox_zip_member *m, const char *kind,
			     PyObject *name)
{
	struct ox_err err = {0};
	PyObject *bytes = content(f, m, &err);
	if (bytes)
		return bytes;
	if (!PyErr_Occurred())
		return ox_import_error(PyUnicode_FromFormat("error reading module %s from zip: %s", kind, err.text),
				       name, NULL);
	if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError))
		return NULL;
	struct ox_exception error = ox_exception_take_whole();
	ox_import_error(PyUnicode_FromFormat("error reading module %s from zip: %S", kind, error.value), name, NULL);
	ox_exception_drop(error);
	return NULL;
}

/* Bytecode files of other versions say so; of whatever has no such header nothing is known. */
static bool is_foreign(const char *header)
{
	uint32_t own = (uint32_t)PyImport_GetMagicNumber();
	uint32_t word = (unsigned char)header[0] | (uint32_t)(unsigned char)header[1] << 8;
	return header[2] == '\r' && header[3] == '\n' && word != (own & 0xFFFF);
}

static PyObject *load_bytecode(const struct zip_finder *f, const struct ox_zip_member *m, PyObject *name)
{
	PyObject *bytes = read_member(f, m, "bytecode", name), *code = NULL;
	if (!bytes)
		return NULL;
	const char *data = PyBytes_AS_STRING(bytes);
	Py_ssize_t len = PyBytes_GET_SIZE(bytes);
	const char *wrong = NULL;
	if (len < OX_PYC_HEADER)
		wrong = "bytecode file does not contain enough data";
	else if (is_foreign(data))
		wrong = "it is for another version of Python";
	else
		code = PyMarshal_ReadObjectFromString(data + OX_PYC_HEADER, len - OX_PYC_HEADER);
	if (code && !PyCode_Check(code)) {
		Py_CLEAR(code);
		wrong = "it is no code object";
	}
	if (wrong)
		ox_import_error(PyUnicode_FromFormat("error reading module bytecode from zip: %s", wrong), name, NULL);
	Py_DECREF(bytes);
	return code;
}

/* Source with every line end as "\n", a new reference to bytes. */
static PyObject *plain_lines(PyObject *source)
{
	PyObject *lf = PyObject_CallMethod(source, "replace", "yy", "\r\n", "\n");
	PyObject *plain = lf ? PyObject_CallMethod(lf, "replace", "yy", "\r", "\n") : NULL;
	Py_XDECREF(lf);
	return plain;
}

static PyObject *compile_source(const struct zip_finder *f, const struct ox_zip_member *m, PyObject *name)
{
	PyObject *source = read_member(f, m, "source", name);
	PyObject *plain = source ? plain_lines(source) : NULL;
	PyObject *path = plain ? member_path(m) : NULL;
	PyObject *function = Py_XNewRef(PyDict_GetItemString(PyEval_GetBuiltins(), "compile"));
	PyObject *args = path ? Py_BuildValue("(OOs)", plain, path, "exec") : NULL;
	PyObject *named = args ? Py_BuildValue("{s:O}", "dont_inherit", Py_True) : NULL;
	PyObject *code = named && function ? PyObject_Call(function, args, named) : NULL;
	if (named && !function)
		PyErr_SetString(PyExc_RuntimeError, "lost compile()");
	Py_XDECREF(function);
	Py_XDECREF(named);
	Py_XDECREF(args);
	Py_XDECREF(path);
	Py_XDECREF(plain);
	Py_XDECREF(source);
	return code;
}

/* look_up() that insists on finding the module. */
static int find_module_files(PyObject *self, PyObject *name, struct member_pair *out)
{
	if (look_up(as_finder(self), name, out) < 0)
		return -1;
	if (out->source || out->bytecode)
		return 0;
	ox_import_error(PyUnicode_FromString("module not found in zip archive"), name, NULL);
	return -1;
}

static PyObject *code_of(PyObject *self, PyObject *name)
{
	struct member_pair files;
	if (find_module_files(self, name, &files) < 0)
		return NULL;
	return files.bytecode ? load_bytecode(as_finder(self), files.bytecode, name)
			      : compile_source(as_finder(self), files.source, name);
}

/* The one argument "fullname" as a str; a new reference. */
static PyObject *fullname_of(const char *function, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	const struct ox_signature signature = {function, 1, 1, {"fullname"}};
	PyObject *value;
	return ox_arguments(&signature, args, given, kwnames, &value) ? ox_text_from(value, "fullname") : NULL;
}

static PyObject *get_code(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	PyObject *name = fullname_of("OxidizedZipFinder.get_code", args, given, kwnames);
	PyObject *code = name ? code_of(self, name) : NULL;
	Py_XDECREF(name);
	return code;
}

static PyObject *get_source(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	struct member_pair files = {0};
	PyObject *name = fullname_of("OxidizedZipFinder.get_source", args, given, kwnames);
	int rc = name ? find_module_files(self, name, &files) : -1;
	PyObject *bytes = files.source ? read_member(as_finder(self), files.source, "source", name) : NULL;
	PyObject *text = NULL;
	if (bytes)
		text = ox_decode_source(ox_bytes(bytes));
	else if (rc == 0 && !files.source)
		text = Py_NewRef(Py_None);
	Py_XDECREF(bytes);
	Py_XDECREF(name);
	return text;
}

static PyObject *is_package(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	struct member_pair files;
	PyObject *name = fullname_of("OxidizedZipFinder.is_package", args, given, kwnames);
	int rc = name ? find_module_files(self, name, &files) : -1;
	Py_XDECREF(name);
	return rc < 0 ? NULL : PyBool_FromLong(files.is_package);
}

/* archive/member, of which `cut` bytes at the end are left out */
static PyObject *origin_of(const struct zip_finder *f, const struct ox_zip_member *m, size_t cut)
{
	struct ox_zip_member part = *m;
	part.name.len -= cut;
	PyObject *inside = member_path(&part);
	PyObject *origin = inside ? PyUnicode_FromFormat("%U/%U", f->path, inside) : NULL;
	Py_XDECREF(inside);
	return origin;
}

/* What ModuleSpec's constructor leaves open. */
static int describe(const struct zip_finder *f, PyObject *spec, const struct ox_zip_member *m, bool is_package)
{
	if (PyObject_SetAttrString(spec, "has_location", Py_True) < 0)
		return -1;
	if (!is_package)
		return 0;
	const char *slash = memrchr(m->name.data, '/', m->name.len);
	PyObject *folder = origin_of(f, m, m->name.len - (size_t)(slash - m->name.data));
	PyObject *list = folder ? Py_BuildValue("[O]", folder) : NULL;
	int rc = list ? PyObject_SetAttrString(spec, "submodule_search_locations", list) : -1;
	Py_XDECREF(list);
	Py_XDECREF(folder);
	return rc;
}

static PyObject *spec_of(PyObject *self, PyObject *name)
{
	struct member_pair files;
	if (look_up(as_finder(self), name, &files) < 0)
		return NULL;
	const struct ox_zip_member *m = files.source ? files.source : files.bytecode;
	if (!m)
		Py_RETURN_NONE;
	PyObject *origin = origin_of(as_finder(self), m, 0);
	PyObject *args = origin ? Py_BuildValue("(OO)", name, self) : NULL;
	PyObject *named = args ? Py_BuildValue("{s:O,s:O}", "origin", origin, "is_package",
					       files.is_package ? Py_True : Py_False)
			       : NULL;
	PyObject *spec = named ? PyObject_Call(ox_state_of(self)->module_spec, args, named) : NULL;
	if (spec && describe(as_finder(self), spec, m, files.is_package) < 0)
		Py_CLEAR(spec);
	Py_XDECREF(named);
	Py_XDECREF(args);
	Py_XDECREF(origin);
	return spec;
}

static PyObject *find_spec(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {
		"OxidizedZipFinder.find_spec", 2, 3, {"fullname", "path", "target"}};
	PyObject *values[3];
	if (!ox_arguments(&signature, args, given, kwnames, values))
		return NULL;
	PyObject *name = ox_text_from(values[0], "fullname");
	PyObject *spec = name ? spec_of(self, name) : NULL;
	Py_XDECREF(name);
	return spec;
}

static PyObject *find_module(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedZipFinder.find_module", 1, 2, {"fullname", "path"}};
	PyObject *values[2];
	struct member_pair files;
	if (!ox_arguments(&signature, args, given, kwnames, values))
		return NULL;
	PyObject *name = ox_text_from(values[0], "fullname");
	int rc = name ? look_up(as_finder(self), name, &files) : -1;
	Py_XDECREF(name);
	if (rc < 0)
		return NULL;
	return Py_NewRef(files.source || files.bytecode ? self : Py_None);
}

static PyObject *invalidate_caches(PyObject *self, PyObject *ignored)
{
	(void)self;
	(void)ignored;
	Py_RETURN_NONE;
}

static PyObject *create_module(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedZipFinder.create_module", 1, 1, {"spec"}};
	PyObject *value;
	(void)self;
	return ox_arguments(&signature, args, given, kwnames, &value) ? Py_NewRef(Py_None) : NULL;
}

static PyObject *exec_module(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedZipFinder.exec_module", 1, 1, {"module"}};
	const struct ox_state *state = ox_state_of(self);
	PyObject *module;
	if (!ox_arguments(&signature, args, given, kwnames, &module))
		return NULL;
	PyObject *value = PyObject_GetAttrString(module, "__name__");
	PyObject *name = value ? ox_text_from(value, "__name__") : NULL;
	PyObject *code = name ? code_of(self, name) : NULL;
	PyObject *dict = code ? PyObject_GetAttrString(module, "__dict__") : NULL;
	PyObject *done = dict ? PyObject_CallFunctionObjArgs(state->call, state->exec, code, dict, NULL) : NULL;
	Py_XDECREF(dict);
	Py_XDECREF(code);
	Py_XDECREF(name);
	Py_XDECREF(value);
	return done;
}

static int finder_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	Py_VISIT(as_finder(self)->view.obj);
	return 0;
}

static void finder_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	ox_zip_close(&as_finder(self)->zip);
	PyBuffer_Release(&as_finder(self)->view);
	Py_CLEAR(as_finder(self)->path);
	type->tp_free(self);
	Py_DECREF(type);
}

/* The archive goes with the bytes that it lies in. */
static int finder_clear(PyObject *self)
{
	if (as_finder(self)->view.obj) {
		ox_zip_close(&as_finder(self)->zip);
		PyBuffer_Release(&as_finder(self)->view);
	}
	return 0;
}

static PyMethodDef methods[] = {
	OX_CLASS_METHOD("from_path", from_path, "($type, path)",
			"A finder over an archive in a file, which stays open."),
	OX_CLASS_METHOD("from_zip_data", from_zip_data, "($type, source, path=None)",
			"A finder over an archive in memory; what is neither bytes nor bytearray is copied.\n\n"
			"Its modules' __file__ begins with path, sys.executable by default."),
	OX_METHOD("find_spec", find_spec, "($self, fullname, path, target=None)",
		  "The spec of a module in the archive, or None."),
	OX_METHOD("find_module", find_module, "($self, fullname, path=None)",
		  "This finder when the archive has the module, or None."),
	OX_BARE_METHOD("invalidate_caches", invalidate_caches, "Does nothing: an archive does not change."),
	OX_METHOD("create_module", create_module, "($self, spec)", "None: modules are made as usual."),
	OX_METHOD("exec_module", exec_module, "($self, module)", "Runs the module's code in the module."),
	OX_METHOD("get_code", get_code, "($self, fullname)", "The module's code object; ImportError."),
	OX_METHOD("get_source", get_source, "($self, fullname)",
		  "The module's source, None when there is only bytecode; ImportError."),
	OX_METHOD("is_package", is_package, "($self, fullname)", "Whether the module is a package; ImportError."),
	{NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)"A meta path finder and loader that serves a zip archive."},
	{Py_tp_dealloc, finder_dealloc},
	{Py_tp_traverse, finder_traverse},
	{Py_tp_clear, finder_clear},
	{Py_tp_methods, methods},
	{0, NULL},
};

PyType_Spec ox_zip_finder_spec = {
	.name = "oxidized_importer.OxidizedZipFinder",
	.basicsize = sizeof(struct zip_finder),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};
