/* Traversable: a file or folder of a package, as importlib.resources.files() gives it.
 *
 * There are no folders in the payload: one exists when a file's name or a package's lies below
 * it. A path "sub/x.txt" of package p may be that file of p, or x.txt of the
 * package p.sub: files belong to the deepest package around them. Modules' sources can be read as the files
 * that they are elsewhere, but are not listed: whoever lists a folder looks for data. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/finder.h"

#include "proto/base/buf.h"

#include <errno.h>

struct traversable {
	PyObject_HEAD
	PyObject *finder;  /* OxidizedFinder */
	PyObject *package; /* str */
	PyObject *path;    /* str: inside the package, '/' separated; empty for its root */
};

static struct traversable *as_node(PyObject *self)
{
	return (struct traversable *)self;
}

static const struct ox_index *index_of(PyObject *self)
{
	return &((struct ox_finder *)as_node(self)->finder)->index;
}

PyObject *ox_traversable_new(struct ox_state *state, PyObject *finder, PyObject *package, PyObject *path)
{
	if (ox_types_complete(state) < 0)
		return NULL;
	struct traversable *t = (struct traversable *)PyType_GenericAlloc(state->traversable, 0);
	if (t) {
		t->finder = Py_NewRef(finder);
		t->package = Py_NewRef(package);
		t->path = Py_NewRef(path);
	}
	return (PyObject *)t;
}

static bool texts(PyObject *self, struct ox_slice *package, struct ox_slice *path)
{
	return ox_utf8(as_node(self)->package, package) && ox_utf8(as_node(self)->path, path);
}

/* What the node would be called below a folder of packages: "p/q/a/b" for a/b of p.q. */
static bool whole_path(PyObject *self, struct ox_buf *out)
{
	struct ox_slice package, path;
	if (!texts(self, &package, &path))
		return false;
	ox_add_folder(out, package);
	ox_buf_str(out, path.len ? "/" : "");
	ox_buf_slice(out, path);
	return !out->failed;
}

/* Visits every (package, path inside it) that the node may stand for, the deepest first: (p.q.a, "b") before
 * (p.q, "a/b"), and (p, "q/a/b") for a folder q that holds no modules. Stops when the visitor returns true. */
static bool each_view(PyObject *self, bool (*visit)(const struct ox_index *, struct ox_slice, struct ox_slice, void *),
		      void *arg)
{
	struct ox_buf name = {0}, whole = {0};
	bool done = false;
	if (whole_path(self, &whole)) {
		struct ox_slice path = ox_buf_view(&whole);
		for (size_t cut = path.len; cut && !done; cut--) {
			if (cut < path.len && path.data[cut] != '/')
				continue;
			size_t skip = cut + (cut < path.len);
			ox_buf_clear(&name);
			ox_add_module(&name, ox_slice(path.data, cut));
			struct ox_slice rest = ox_slice(path.data + skip, path.len - skip);
			done = visit(index_of(self), ox_buf_view(&name), rest, arg);
		}
	}
	ox_buf_free(&whole);
	ox_buf_free(&name);
	return done;
}

static bool view_file(const struct ox_index *index, struct ox_slice package, struct ox_slice path, void *arg)
{
	return path.len && ox_index_file(index, OX_PACKAGE_FILES, package, path, arg);
}

static bool find_file(PyObject *self, struct ox_file *file)
{
	struct ox_buf whole = {0};
	bool found = each_view(self, view_file, file);
	if (!found && !PyErr_Occurred() && whole_path(self, &whole))
		found = ox_index_source_file(index_of(self), ox_buf_view(&whole), file);
	ox_buf_free(&whole);
	return found;
}

/* One listed name below a folder. */
struct listing {
	PyObject *names; /* dict used as an ordered set; NULL: only ask whether there is any */
	bool failed;
};

static bool list_name(struct listing *l, struct ox_slice name)
{
	if (!l->names)
		return true;
	PyObject *text = PyUnicode_FromStringAndSize(name.data, (Py_ssize_t)name.len);
	if (!text || PyDict_SetItem(l->names, text, Py_None) < 0)
		l->failed = true;
	Py_XDECREF(text);
	return l->failed;
}

/* What is listed of a folder: the first component behind "folder/" of each file. */
struct view {
	struct listing *listing;
	struct ox_slice folder;
};

static bool list_file(const struct ox_file *file, void *arg)
{
	const struct view *view = arg;
	struct ox_slice folder = view->folder;
	size_t skip = folder.len ? folder.len + 1 : 0;
	if (file->name.len <= skip || !ox_slice_starts(file->name, folder) ||
	    (skip && file->name.data[folder.len] != '/'))
		return false;
	const char *slash = memchr(file->name.data + skip, '/', file->name.len - skip);
	size_t end = slash ? (size_t)(slash - file->name.data) : file->name.len;
	return list_name(view->listing, ox_slice(file->name.data + skip, end - skip));
}

static bool list_view(const struct ox_index *index, struct ox_slice package, struct ox_slice path, void *arg)
{
	struct view view = {arg, path};
	struct ox_found found;
	ox_index_find_packed(index, package, &found);
	if (path.len == 0 && found.is_package && !view.listing->names)
		return true;
	return ox_index_each_file(index, OX_PACKAGE_FILES, package, list_file, &view);
}

static bool is_folder(PyObject *self)
{
	struct listing l = {0};
	return PyUnicode_GET_LENGTH(as_node(self)->path) == 0 || each_view(self, list_view, &l);
}

/* Sub-packages are folders too. */
static int list_packages(PyObject *self, PyObject *names)
{
	struct ox_slice package, path;
	struct ox_buf name = {0};
	int rc = 0;
	if (!texts(self, &package, &path))
		return -1;
	ox_buf_slice(&name, package);
	ox_buf_str(&name, path.len ? "." : "");
	ox_add_module(&name, path);
	PyObject *empty = name.failed ? PyErr_NoMemory() : PyUnicode_FromString("");
	PyObject *members = empty ? ox_index_members(index_of(self), ox_buf_view(&name), empty) : NULL;
	for (Py_ssize_t i = 0; members && !rc && i < PyList_GET_SIZE(members); i++) {
		PyObject *pair = PyList_GET_ITEM(members, i);
		if (PyTuple_GET_ITEM(pair, 1) == Py_True)
			rc = PyDict_SetItem(names, PyTuple_GET_ITEM(pair, 0), Py_None);
	}
	rc = members ? rc : -1;
	Py_XDECREF(members);
	Py_XDECREF(empty);
	ox_buf_free(&name);
	return rc;
}

/* `name` below `path`, without components that say nothing. A new reference. */
static PyObject *join(PyObject *path, PyObject *name)
{
	PyObject *parts = PyUnicode_FromFormat("%U/%U", path, name);
	PyObject *slash = parts ? PyUnicode_FromString("/") : NULL;
	PyObject *list = slash ? PyUnicode_Split(parts, slash, -1) : NULL;
	PyObject *kept = list ? PyList_New(0) : NULL;
	for (Py_ssize_t i = 0; kept && i < PyList_GET_SIZE(list); i++) {
		PyObject *part = PyList_GET_ITEM(list, i);
		bool is_idle = !PyUnicode_GET_LENGTH(part) || PyUnicode_CompareWithASCIIString(part, ".") == 0;
		if (!is_idle && PyList_Append(kept, part) < 0)
			Py_CLEAR(kept);
	}
	PyObject *joined = kept ? PyUnicode_Join(slash, kept) : NULL;
	Py_XDECREF(kept);
	Py_XDECREF(list);
	Py_XDECREF(slash);
	Py_XDECREF(parts);
	return joined;
}

static PyObject *child(PyObject *self, PyObject *name)
{
	struct traversable *t = as_node(self);
	PyObject *text = PyOS_FSPath(name); /* str, or of something like a path */
	if (!text)
		return NULL;
	PyObject *path = PyUnicode_Check(text) ? join(t->path, text) : ox_wrong_type(text, "descendant", "PyString");
	PyObject *node = path ? ox_traversable_new(ox_state_of(self), t->finder, t->package, path) : NULL;
	Py_XDECREF(path);
	Py_DECREF(text);
	return node;
}

static void node_dealloc(PyObject *self);

/* node / name; Python also asks for name / node. */
static PyObject *divide(PyObject *left, PyObject *right)
{
	if (Py_TYPE(left)->tp_dealloc != node_dealloc)
		Py_RETURN_NOTIMPLEMENTED;
	return child(left, right);
}

static PyObject *os_error(PyObject *type, int number, const char *text, PyObject *path)
{
	PyObject *args = Py_BuildValue("(isO)", number, text, path);
	if (args)
		PyErr_SetObject(type, args);
	Py_XDECREF(args);
	return NULL;
}

/* Why there is no file. */
static PyObject *missing(PyObject *self)
{
	if (PyErr_Occurred())
		return NULL;
	if (is_folder(self))
		return os_error(PyExc_IsADirectoryError, EISDIR, "is a directory", as_node(self)->path);
	return os_error(PyExc_FileNotFoundError, ENOENT, "resource not found", as_node(self)->path);
}

/* Why there is no folder. */
static PyObject *no_folder(PyObject *self)
{
	struct ox_file f;
	if (PyErr_Occurred())
		return NULL;
	if (find_file(self, &f))
		return os_error(PyExc_NotADirectoryError, ENOTDIR, "not a directory", as_node(self)->path);
	return missing(self);
}

static PyObject *iterdir(PyObject *self, PyObject *ignored)
{
	(void)ignored;
	if (!is_folder(self))
		return no_folder(self);
	struct listing l = {.names = PyDict_New()};
	if (!l.names)
		return NULL;
	each_view(self, list_view, &l);
	if (l.failed || list_packages(self, l.names) < 0) {
		Py_DECREF(l.names);
		return NULL;
	}
	PyObject *keys = PyDict_Keys(l.names);
	PyObject *nodes = keys && PyList_Sort(keys) == 0 ? PyList_New(0) : NULL;
	for (Py_ssize_t i = 0; nodes && i < PyList_GET_SIZE(keys); i++) {
		PyObject *node = child(self, PyList_GET_ITEM(keys, i));
		if (!node || PyList_Append(nodes, node) < 0)
			Py_CLEAR(nodes);
		Py_XDECREF(node);
	}
	PyObject *iterator = nodes ? PyObject_GetIter(nodes) : NULL;
	Py_XDECREF(nodes);
	Py_XDECREF(keys);
	Py_DECREF(l.names);
	return iterator;
}

static PyObject *joinpath(PyObject *self, PyObject *args)
{
	PyObject *node = Py_NewRef(self);
	for (Py_ssize_t i = 0; node && i < PyTuple_GET_SIZE(args); i++) {
		PyObject *next = child(node, PyTuple_GET_ITEM(args, i));
		Py_DECREF(node);
		node = next;
	}
	return node;
}

static PyObject *is_file(PyObject *self, PyObject *ignored)
{
	struct ox_file f;
	(void)ignored;
	bool yes = find_file(self, &f);
	return PyErr_Occurred() ? NULL : PyBool_FromLong(yes);
}

static PyObject *is_dir(PyObject *self, PyObject *ignored)
{
	(void)ignored;
	bool yes = is_folder(self);
	return PyErr_Occurred() ? NULL : PyBool_FromLong(yes);
}

static PyObject *exists(PyObject *self, PyObject *ignored)
{
	struct ox_file f;
	(void)ignored;
	bool yes = find_file(self, &f) || (!PyErr_Occurred() && is_folder(self));
	return PyErr_Occurred() ? NULL : PyBool_FromLong(yes);
}

static PyObject *read_bytes(PyObject *self, PyObject *ignored)
{
	struct ox_file f;
	(void)ignored;
	if (!find_file(self, &f))
		return missing(self);
	return ox_finder_file((struct ox_finder *)as_node(self)->finder, &f);
}

/* io.TextIOWrapper over the bytes, with open()'s arguments for text. */
static PyObject *as_text(PyObject *io, PyObject *binary, PyObject *args, PyObject *kwargs)
{
	PyObject *wrapper = PyObject_GetAttrString(io, "TextIOWrapper");
	PyObject *first = wrapper ? PyTuple_Pack(1, binary) : NULL;
	PyObject *all = first ? PySequence_Concat(first, args) : NULL;
	PyObject *stream = all ? PyObject_Call(wrapper, all, kwargs) : NULL;
	Py_XDECREF(all);
	Py_XDECREF(first);
	Py_XDECREF(wrapper);
	return stream;
}

/* 1 for bytes, 0 for text, -1 with an exception: there is nothing to write to. */
static int is_binary(PyObject *mode)
{
	if (!mode || (PyUnicode_Check(mode) && (PyUnicode_CompareWithASCIIString(mode, "r") == 0 ||
						PyUnicode_CompareWithASCIIString(mode, "rt") == 0)))
		return 0;
	if (!PyUnicode_Check(mode))
		ox_wrong_type(mode, "mode", "PyString");
	else if (PyUnicode_CompareWithASCIIString(mode, "rb") == 0)
		return 1;
	else
		PyErr_Format(PyExc_ValueError, "mode %R: resources can be opened with 'r' and 'rb' only", mode);
	return -1;
}

static PyObject *open_bytes(PyObject *self, PyObject *io)
{
	PyObject *bytes = read_bytes(self, NULL);
	PyObject *stream = bytes ? PyObject_CallMethod(io, "BytesIO", "O", bytes) : NULL;
	Py_XDECREF(bytes);
	return stream;
}

/* open(mode="r", *args, **kwargs) */
static PyObject *node_open(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *mode = PyTuple_GET_SIZE(args) ? Py_NewRef(PyTuple_GET_ITEM(args, 0)) : NULL;
	PyObject *named = kwargs ? PyDict_Copy(kwargs) : PyDict_New();
	PyObject *rest = PyTuple_GetSlice(args, 1, PY_SSIZE_T_MAX);
	PyObject *io = PyImport_ImportModule("io");
	PyObject *stream = NULL;
	if (!named || !rest || !io)
		goto out;
	if (!mode && (mode = Py_XNewRef(PyDict_GetItemString(named, "mode"))) &&
	    PyDict_DelItemString(named, "mode") < 0)
		goto out;
	int binary = is_binary(mode);
	stream = binary < 0 ? NULL : open_bytes(self, io);
	if (stream && !binary)
		Py_SETREF(stream, as_text(io, stream, rest, named));
out:
	Py_XDECREF(mode);
	Py_XDECREF(io);
	Py_XDECREF(rest);
	Py_XDECREF(named);
	return stream;
}

static PyObject *read_text(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = {(char *)"encoding", (char *)"errors", NULL};
	PyObject *encoding = Py_None, *errors = Py_None;
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:read_text", names, &encoding, &errors))
		return NULL;
	PyObject *mode = Py_BuildValue("(s)", "r");
	PyObject *named = Py_BuildValue("{s:O,s:O}", "encoding", encoding, "errors", errors);
	PyObject *stream = mode && named ? node_open(self, mode, named) : NULL;
	PyObject *text = stream ? PyObject_CallMethod(stream, "read", NULL) : NULL;
	Py_XDECREF(stream);
	Py_XDECREF(named);
	Py_XDECREF(mode);
	return text;
}

static PyObject *get_name(PyObject *self, void *closure)
{
	struct traversable *t = as_node(self);
	(void)closure;
	PyObject *whole = PyUnicode_GET_LENGTH(t->path) ? t->path : t->package;
	Py_UCS4 separator = whole == t->path ? '/' : '.';
	Py_ssize_t len = PyUnicode_GET_LENGTH(whole);
	Py_ssize_t at = PyUnicode_FindChar(whole, separator, 0, len, -1);
	return at < -1 ? NULL : PyUnicode_Substring(whole, at + 1, len);
}

/* What pathlib says of the name: the suffix of "a.txt". */
static PyObject *get_of_name(PyObject *self, void *attribute)
{
	PyObject *name = get_name(self, NULL);
	PyObject *pathlib = name ? PyImport_ImportModule("pathlib") : NULL;
	PyObject *path = pathlib ? PyObject_CallMethod(pathlib, "PurePosixPath", "O", name) : NULL;
	PyObject *value = path ? PyObject_GetAttrString(path, attribute) : NULL;
	Py_XDECREF(path);
	Py_XDECREF(pathlib);
	Py_XDECREF(name);
	return value;
}

/* What lies before the last separator; the text itself where there is none. A new reference. */
static PyObject *before_last(PyObject *text, Py_UCS4 separator)
{
	Py_ssize_t at = PyUnicode_FindChar(text, separator, 0, PyUnicode_GET_LENGTH(text), -1);
	return at == -2 ? NULL : at < 0 ? Py_NewRef(text) : PyUnicode_Substring(text, 0, at);
}

static PyObject *get_parent(PyObject *self, void *closure)
{
	struct traversable *t = as_node(self);
	bool is_root = !PyUnicode_GET_LENGTH(t->path);
	bool is_nested = PyUnicode_FindChar(t->path, '/', 0, PyUnicode_GET_LENGTH(t->path), 1) >= 0;
	(void)closure;
	PyObject *package = is_root ? before_last(t->package, '.') : Py_NewRef(t->package);
	PyObject *path = is_nested ? before_last(t->path, '/') : PyUnicode_FromStringAndSize(NULL, 0);
	PyObject *node = package && path ? ox_traversable_new(ox_state_of(self), t->finder, package, path) : NULL;
	Py_XDECREF(path);
	Py_XDECREF(package);
	return node;
}

static PyObject *node_repr(PyObject *self)
{
	return PyUnicode_FromFormat("<resource %R of package %R>", as_node(self)->path, as_node(self)->package);
}

/* The path as one of another kind of package would read. */
static PyObject *virtual_path(PyObject *self)
{
	struct ox_buf whole = {0};
	PyObject *base = ((struct ox_finder *)as_node(self)->finder)->base, *path = NULL;
	PyObject *text = whole_path(self, &whole)
				 ? PyUnicode_DecodeUTF8(ox_buf_text(&whole), (Py_ssize_t)whole.len, NULL)
				 : NULL;
	if (text)
		path = PyUnicode_FromFormat("%U/%U", base, text);
	else if (!PyErr_Occurred())
		PyErr_NoMemory();
	Py_XDECREF(text);
	ox_buf_free(&whole);
	return path;
}

/* Who wants a text wants a path that can be opened: the package gets real files, if it may have some. */
static PyObject *node_str(PyObject *self)
{
	struct ox_buf whole = {0};
	struct ox_slice package, path;
	PyObject *real = NULL;
	if (texts(self, &package, &path) && whole_path(self, &whole))
		real = ox_finder_path_asked((struct ox_finder *)as_node(self)->finder, package, ox_buf_view(&whole));
	ox_buf_free(&whole);
	return real || PyErr_Occurred() ? real : virtual_path(self);
}

static PyObject *node_path(PyObject *self, PyObject *unused)
{
	(void)unused;
	return node_str(self);
}

/* As paths are: by the path that they stand for. */
static PyObject *node_compare(PyObject *left, PyObject *right, int operation)
{
	if (Py_TYPE(left) != Py_TYPE(right))
		Py_RETURN_NOTIMPLEMENTED;
	PyObject *a = virtual_path(left), *b = a ? virtual_path(right) : NULL;
	PyObject *result = b ? PyObject_RichCompare(a, b, operation) : NULL;
	Py_XDECREF(a);
	Py_XDECREF(b);
	return result;
}

static Py_hash_t node_hash(PyObject *self)
{
	PyObject *text = virtual_path(self);
	Py_hash_t hash = text ? PyObject_Hash(text) : -1;
	Py_XDECREF(text);
	return hash;
}

static int node_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	Py_VISIT(as_node(self)->finder);
	return 0;
}

static void node_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	Py_CLEAR(as_node(self)->finder);
	Py_CLEAR(as_node(self)->package);
	Py_CLEAR(as_node(self)->path);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyMethodDef methods[] = {
	OX_BARE_METHOD("__fspath__", node_path, "The path, of a real file if the package may have some."),
	OX_BARE_METHOD("iterdir", iterdir, "An iterator over what is in the folder, sorted by name."),
	OX_FUNCTION("joinpath", joinpath, METH_VARARGS, "($self, *descendants)", "What lies below this folder."),
	OX_BARE_METHOD("exists", exists, "Whether it is a file or a folder."),
	OX_BARE_METHOD("is_file", is_file, "Whether it is a file."),
	OX_BARE_METHOD("is_dir", is_dir, "Whether it is a folder: files or packages lie below it."),
	OX_BARE_METHOD("read_bytes", read_bytes, "The file's content."),
	OX_FUNCTION("read_text", read_text, METH_VARARGS | METH_KEYWORDS, "($self, encoding=None, errors=None)",
		    "The file's content, decoded, with plain line ends."),
	OX_FUNCTION("open", node_open, METH_VARARGS | METH_KEYWORDS, "($self, mode='r', *args, **kwargs)",
		    "A stream: io.BytesIO for 'rb', for 'r' an io.TextIOWrapper, which takes the other arguments."),
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
	{"name", get_name, NULL, "The last component of the path or, at its root, of the package's name.", NULL},
	{"stem", get_of_name, NULL, "The name without its suffix.", (void *)"stem"},
	{"suffix", get_of_name, NULL, "What is behind the name's last dot, with the dot.", (void *)"suffix"},
	{"suffixes", get_of_name, NULL, "A list of the name's suffixes.", (void *)"suffixes"},
	{"parent", get_parent, NULL, "The folder around it.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)"A file or folder of a package, whether it exists or not."},
	{Py_tp_dealloc, node_dealloc},
	{Py_tp_traverse, node_traverse},
	{Py_tp_repr, node_repr},
	{Py_tp_str, node_str},
	{Py_tp_richcompare, node_compare},
	{Py_tp_hash, node_hash},
	{Py_nb_true_divide, divide},
	{Py_tp_methods, methods},
	{Py_tp_getset, properties},
	{0, NULL},
};

PyType_Spec ox_traversable_spec = {
	.name = "oxidized_importer.OxidizedTraversable",
	.basicsize = sizeof(struct traversable),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};
