#include "runtime/importer/scan.h"

#include "runtime/importer/arguments.h"
#include "runtime/importer/index.h"
#include "runtime/importer/value.h"

#include "proto/base/buf.h"
#include "proto/base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <strings.h>
#include <sys/stat.h>

struct scan {
	PyTypeObject *const *types;
	PyObject *list;     /* what was found */
	PyObject *others;   /* list of (path, name): files that belong to whatever package is around them */
	PyObject *packages; /* set of str: what has modules in it */
	PyObject *metadata; /* dict: metadata folder -> (name, version) or None */
	PyObject *suffixes[3];
	PyObject *tag;
	struct ox_buf path; /* of the entry that is looked at */
	size_t root;        /* where its part below the scanned folder begins */
};

enum { SOURCE, BYTECODE, EXTENSION };

/* The components of a path. */
struct parts {
	OX_VEC(struct ox_slice) v;
};

static bool split(struct parts *p, struct ox_slice path)
{
	p->v.len = 0;
	for (;;) {
		const char *slash = path.len ? memchr(path.data, '/', path.len) : NULL;
		struct ox_slice *part = ox_vec_push(&p->v);
		if (!part) {
			PyErr_NoMemory();
			return false;
		}
		*part = ox_slice(path.data, slash ? (size_t)(slash - path.data) : path.len);
		if (!slash)
			return true;
		path = ox_slice(slash + 1, path.len - part->len - 1);
	}
}

/* parts[from..to) with a separator between them, as a str; an empty `last` is left out. NULL without an
 * exception when they are not UTF-8. */
static PyObject *join(const struct ox_slice *parts, size_t from, size_t to, struct ox_slice last, char separator)
{
	struct ox_buf text = {0};
	for (size_t i = from; i < to + (last.len > 0); i++) {
		if (i > from)
			ox_buf_byte(&text, separator);
		ox_buf_slice(&text, i < to ? parts[i] : last);
	}
	PyObject *name = text.failed ? PyErr_NoMemory()
				     : PyUnicode_DecodeUTF8(ox_buf_text(&text), (Py_ssize_t)text.len, NULL);
	ox_buf_free(&text);
	if (!name && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
		PyErr_Clear();
	return name;
}

static PyObject *path_of(const struct scan *s)
{
	return PyBytes_FromStringAndSize(s->path.data, (Py_ssize_t)s->path.len);
}

/* Appends and gives the reference away; -1 when v is NULL. */
static int found(struct scan *s, struct ox_value *v)
{
	int rc = v ? PyList_Append(s->list, (PyObject *)v) : -1;
	Py_XDECREF(v);
	return rc;
}

/* The value of a header line, "" when absent. The first one counts; a blank line ends them. */
static struct ox_slice header(struct ox_slice text, struct ox_slice name)
{
	while (text.len) {
		const char *end = memchr(text.data, '\n', text.len);
		struct ox_slice line = ox_slice(text.data, end ? (size_t)(end - text.data) : text.len);
		text = end ? ox_slice(end + 1, text.len - line.len - 1) : (struct ox_slice){0};
		while (line.len && strchr("\r \t", line.data[line.len - 1]))
			line.len--;
		if (!line.len)
			break;
		if (line.len <= name.len || line.data[name.len] != ':' ||
		    strncasecmp(line.data, name.data, name.len) != 0)
			continue;
		size_t skip = name.len + 1;
		while (skip < line.len && strchr(" \t", line.data[skip]))
			skip++;
		return ox_slice(line.data + skip, line.len - skip);
	}
	return (struct ox_slice){0};
}

/* (name, version) out of a metadata file, or None. */
static PyObject *parse_metadata(PyObject *path)
{
	PyObject *bytes = ox_read_file(path);
	if (!bytes) {
		if (!PyErr_ExceptionMatches(PyExc_OSError))
			return NULL;
		PyErr_Clear();
		return Py_NewRef(Py_None);
	}
	struct ox_slice text = ox_bytes(bytes);
	struct ox_slice name = header(text, OX_SLICE("Name")), version = header(text, OX_SLICE("Version"));
	PyObject *pair = NULL;
	if (name.len && version.len)
		pair = Py_BuildValue("(s#s#)", name.data, (Py_ssize_t)name.len, version.data,
				     (Py_ssize_t)version.len);
	Py_DECREF(bytes);
	if (!pair && PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_UnicodeDecodeError))
		return NULL;
	PyErr_Clear();
	return pair ? pair : Py_NewRef(Py_None);
}

/* The same for the metadata folder that a path lies in, remembered; borrowed. */
static PyObject *metadata_of(struct scan *s, struct ox_slice folder, bool is_egg)
{
	PyObject *key = PyBytes_FromStringAndSize(folder.data, (Py_ssize_t)folder.len);
	PyObject *pair = key ? PyDict_GetItemWithError(s->metadata, key) : NULL;
	if (key && !pair && !PyErr_Occurred()) {
		PyObject *path = PyBytes_FromStringAndSize(s->path.data, (Py_ssize_t)(s->root + folder.len));
		PyBytes_ConcatAndDel(&path, PyBytes_FromString(is_egg ? "/PKG-INFO" : "/METADATA"));
		PyObject *made = path ? parse_metadata(path) : NULL;
		if (made && PyDict_SetItem(s->metadata, key, made) == 0)
			pair = made;
		Py_XDECREF(made);
		Py_XDECREF(path);
	}
	Py_XDECREF(key);
	return pair;
}

static int add_distribution(struct scan *s, const struct parts *p, bool is_egg)
{
	PyObject *pair = p->v.len > 1 ? metadata_of(s, p->v.items[0], is_egg) : Py_None;
	PyObject *name = pair && pair != Py_None ? join(p->v.items, 1, p->v.len, (struct ox_slice){0}, '/') : NULL;
	if (!name)
		return PyErr_Occurred() ? -1 : 0;
	PyObject *path = path_of(s);
	PyTypeObject *type = s->types[OX_VALUE_DISTRIBUTION];
	struct ox_value *v = path ? ox_value_new(type, OX_VALUE_DISTRIBUTION, name, path) : NULL;
	if (v) {
		v->package = Py_NewRef(PyTuple_GET_ITEM(pair, 0));
		v->version = Py_NewRef(PyTuple_GET_ITEM(pair, 1));
		v->is_egg = is_egg;
	}
	Py_XDECREF(path);
	Py_DECREF(name);
	return found(s, v);
}

/* The first suffix of the list that the name ends with; "" when none. */
static struct ox_slice suffix_of(PyObject *suffixes, struct ox_slice name)
{
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(suffixes); i++) {
		struct ox_slice suffix;
		if (ox_utf8(PyTuple_GET_ITEM(suffixes, i), &suffix) && suffix.len && suffix.len < name.len &&
		    ox_slice_ends(name, suffix))
			return suffix;
	}
	return (struct ox_slice){0};
}

/* A module found at the current path. `dirs` are its packages, count of them. */
struct module {
	enum ox_value_kind kind;
	const struct ox_slice *dirs;
	size_t count;
	struct ox_slice stem, suffix;
	int level;
};

/* Files of the folders around a module belong to its package; a module at the top stands for itself. */
static int remember_package(struct scan *s, const struct module *m, PyObject *name)
{
	PyObject *package = m->count ? join(m->dirs, 0, m->count, (struct ox_slice){0}, '.') : Py_NewRef(name);
	int rc = package ? PySet_Add(s->packages, package) : -1;
	Py_XDECREF(package);
	return rc;
}

static int add_module(struct scan *s, const struct module *m)
{
	bool is_package = ox_slice_eq_str(m->stem, "__init__");
	if (is_package && !m->count)
		return 0; /* of the scanned folder itself */
	PyObject *name = join(m->dirs, 0, m->count, is_package ? (struct ox_slice){0} : m->stem, '.');
	PyObject *path = name ? path_of(s) : NULL;
	struct ox_value *v = path ? ox_value_new(s->types[m->kind], m->kind, name, path) : NULL;
	int rc = v || !PyErr_Occurred() ? 0 : -1;
	if (v) {
		v->is_package = is_package;
		v->level = m->level;
		if (m->kind == OX_VALUE_EXTENSION)
			v->suffix = PyUnicode_FromStringAndSize(m->suffix.data, (Py_ssize_t)m->suffix.len);
		rc = m->kind == OX_VALUE_BYTECODE ? 0 : remember_package(s, m, name);
		if (m->kind == OX_VALUE_EXTENSION && !v->suffix)
			rc = -1;
		if (rc == 0)
			rc = PyList_Append(s->list, (PyObject *)v);
		Py_DECREF(v);
	}
	Py_XDECREF(path);
	Py_XDECREF(name);
	return rc;
}

/* "mod.TAG.opt-1.pyc" below __pycache__; what does not fit is no module. */
static int add_bytecode(struct scan *s, struct module *m)
{
	struct ox_slice tag;
	if (!m->count || !ox_slice_eq_str(m->dirs[m->count - 1], "__pycache__") || !ox_utf8(s->tag, &tag))
		return PyErr_Occurred() ? -1 : 0;
	m->count--;
	if (ox_slice_ends(m->stem, OX_SLICE(".opt-1")))
		m->level = 1;
	else if (ox_slice_ends(m->stem, OX_SLICE(".opt-2")))
		m->level = 2;
	m->stem.len -= m->level ? strlen(".opt-1") : 0;
	if (!tag.len || m->stem.len <= tag.len + 1 || !ox_slice_ends(m->stem, tag) ||
	    m->stem.data[m->stem.len - tag.len - 1] != '.')
		return 0;
	m->stem.len -= tag.len + 1;
	return memchr(m->stem.data, '.', m->stem.len) ? 0 : add_module(s, m);
}

static int keep_for_later(struct scan *s, const struct ox_slice *parts, size_t count)
{
	PyObject *name = join(parts, 0, count, (struct ox_slice){0}, '/');
	PyObject *path = name ? path_of(s) : NULL;
	PyObject *pair = path ? PyTuple_Pack(2, path, name) : NULL;
	int rc = pair ? PyList_Append(s->others, pair) : PyErr_Occurred() ? -1 : 0;
	Py_XDECREF(pair);
	Py_XDECREF(path);
	Py_XDECREF(name);
	return rc;
}

/* Can a module of that stem in those folders be imported at all? */
static bool is_importable(const struct ox_slice *dirs, size_t count, struct ox_slice stem)
{
	for (size_t i = 0; i < count; i++)
		if (memchr(dirs[i].data, '.', dirs[i].len))
			return false;
	return !memchr(stem.data, '.', stem.len);
}

static int add_file(struct scan *s, const struct ox_slice *parts, size_t count)
{
	struct ox_slice name = parts[count - 1];
	struct module m = {.dirs = parts, .count = count - 1};
	m.suffix = suffix_of(s->suffixes[BYTECODE], name);
	if (m.suffix.len) {
		m.kind = OX_VALUE_BYTECODE;
		m.stem = ox_slice(name.data, name.len - m.suffix.len);
		return is_importable(parts, m.count, OX_SLICE("")) ? add_bytecode(s, &m) : 0;
	}
	m.suffix = suffix_of(s->suffixes[EXTENSION], name);
	m.kind = m.suffix.len ? OX_VALUE_EXTENSION : OX_VALUE_SOURCE;
	if (!m.suffix.len)
		m.suffix = suffix_of(s->suffixes[SOURCE], name);
	m.stem = ox_slice(name.data, name.len - m.suffix.len);
	if (m.suffix.len && is_importable(parts, m.count, m.stem))
		return add_module(s, &m);
	if (ox_slice_ends(name, OX_SLICE(".pth")) || ox_slice_ends(name, OX_SLICE(".egg")))
		return 0;
	return keep_for_later(s, parts, count);
}

static int visit_file(struct scan *s)
{
	struct parts p = {0};
	struct ox_slice relative = ox_slice(s->path.data + s->root, s->path.len - s->root);
	int rc = split(&p, relative) ? 0 : -1;
	size_t from = 0;
	if (rc < 0)
		goto out;
	bool is_egg = ox_slice_ends(p.v.items[0], OX_SLICE(".egg-info"));
	if (is_egg || ox_slice_ends(p.v.items[0], OX_SLICE(".dist-info"))) {
		rc = add_distribution(s, &p, is_egg);
		goto out;
	}
	for (size_t i = 0; i + 1 < p.v.len; i++)
		if (ox_slice_ends(p.v.items[i], OX_SLICE(".egg")))
			from = i + 1;
	if (!from || !ox_slice_eq_str(p.v.items[from], "EGG-INFO"))
		rc = add_file(s, p.v.items + from, p.v.len - from);
out:
	ox_vec_free(&p.v);
	return rc;
}

struct names {
	OX_VEC(char *) v;
};

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->v.len; i++)
		free(names->v.items[i]);
	ox_vec_free(&names->v);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int scan_failed(const struct scan *s, int error)
{
	PyObject *path = PyUnicode_DecodeFSDefault(s->path.data);
	if (path)
		PyErr_Format(PyExc_ValueError, "error scanning filesystem: %U: %s", path, strerror(error));
	Py_XDECREF(path);
	return -1;
}

/* The names in the folder at the current path, sorted. */
static int list_folder(const struct scan *s, struct names *names)
{
	const struct dirent *entry;
	DIR *folder = opendir(s->path.data);
	if (!folder)
		return scan_failed(s, errno);
	for (errno = 0; (entry = readdir(folder)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		char *copy = strdup(entry->d_name);
		char **slot = copy ? ox_vec_push(&names->v) : NULL;
		if (!slot) {
			free(copy);
			errno = ENOMEM;
			break;
		}
		*slot = copy;
	}
	int error = errno;
	closedir(folder);
	if (error)
		return scan_failed(s, error);
	if (names->v.len)
		qsort(names->v.items, names->v.len, sizeof *names->v.items, by_bytes);
	return 0;
}

static bool is_other_root(const struct scan *s, const char *name)
{
	return !memchr(s->path.data + s->root, '/', s->path.len - s->root) &&
	       (strcmp(name, "site-packages") == 0 || strcmp(name, "dist-packages") == 0);
}

static int scan_folder(struct scan *s);

static int visit(struct scan *s, const char *name)
{
	struct stat info;
	if (lstat(s->path.data, &info) < 0)
		return errno == ENOENT ? 0 : scan_failed(s, errno); /* removed meanwhile */
	if (S_ISDIR(info.st_mode))
		return is_other_root(s, name) ? 0 : scan_folder(s);
	if (S_ISLNK(info.st_mode) && stat(s->path.data, &info) < 0)
		return 0; /* leads nowhere */
	return S_ISREG(info.st_mode) ? visit_file(s) : PyErr_CheckSignals();
}

/* Everything below the folder at the current path. */
static int scan_folder(struct scan *s)
{
	struct names names = {0};
	size_t len = s->path.len;
	int rc = list_folder(s, &names);
	for (size_t i = 0; !rc && i < names.v.len; i++) {
		if (s->path.data[len - 1] != '/')
			ox_buf_byte(&s->path, '/');
		ox_buf_str(&s->path, names.v.items[i]);
		rc = s->path.failed ? (PyErr_NoMemory(), -1) : visit(s, names.v.items[i]);
		s->path.len = len;
		s->path.data[len] = '\0';
	}
	free_names(&names);
	return rc;
}

/* The deepest folder around the file that is a package: how many of `parts`; 0 when there is none. */
static int package_around(const struct scan *s, const struct parts *p, PyObject **package)
{
	for (size_t count = p->v.len - 1; count > 0; count--) {
		*package = join(p->v.items, 0, count, (struct ox_slice){0}, '.');
		int known = *package ? PySet_Contains(s->packages, *package) : -1;
		if (known)
			return known < 0 ? -1 : (int)count;
		Py_CLEAR(*package);
	}
	return 0;
}

static int add_other(struct scan *s, PyObject *path, PyObject *name)
{
	struct ox_slice relative;
	struct parts p = {0};
	PyObject *package = NULL, *rest = NULL;
	int rc = ox_utf8(name, &relative) && split(&p, relative) ? package_around(s, &p, &package) : -1;
	if (rc > 0) {
		rest = join(p.v.items, (size_t)rc, p.v.len, (struct ox_slice){0}, '/');
		struct ox_value *v =
			rest ? ox_value_new(s->types[OX_VALUE_RESOURCE], OX_VALUE_RESOURCE, rest, path) : NULL;
		if (v)
			v->package = Py_NewRef(package);
		rc = found(s, v);
	}
	Py_XDECREF(rest);
	Py_XDECREF(package);
	ox_vec_free(&p.v);
	return rc;
}

static bool all_text(PyObject *tuple)
{
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(tuple); i++) {
		struct ox_slice text;
		if (!PyUnicode_Check(PyTuple_GET_ITEM(tuple, i)))
			PyErr_SetString(PyExc_TypeError, "importlib.machinery has a suffix that is not a str");
		if (PyErr_Occurred() || !ox_utf8(PyTuple_GET_ITEM(tuple, i), &text))
			return false;
	}
	return true;
}

/* What modules of this interpreter are called. */
static int learn_names(struct scan *s)
{
	static const char *const attributes[] = {"SOURCE_SUFFIXES", "BYTECODE_SUFFIXES", "EXTENSION_SUFFIXES"};
	PyObject *machinery = PyImport_ImportModule("importlib.machinery");
	for (int i = 0; machinery && i < 3; i++) {
		PyObject *list = PyObject_GetAttrString(machinery, attributes[i]);
		s->suffixes[i] = list ? PySequence_Tuple(list) : NULL;
		Py_XDECREF(list);
		if (!s->suffixes[i] || !all_text(s->suffixes[i]))
			break;
	}
	Py_XDECREF(machinery);
	if (PyErr_Occurred())
		return -1;
	PyObject *implementation = PySys_GetObject("implementation"); /* borrowed */
	PyObject *tag = implementation ? PyObject_GetAttrString(implementation, "cache_tag") : NULL;
	s->tag = tag ? PyObject_Str(tag) : NULL; /* None where caching is off: no file has that tag */
	Py_XDECREF(tag);
	if (!s->tag && !PyErr_Occurred())
		PyErr_SetString(PyExc_RuntimeError, "lost sys.implementation");
	return s->tag ? 0 : -1;
}

static int run(struct scan *s)
{
	struct stat info;
	if (stat(ox_buf_text(&s->path), &info) < 0 || !S_ISDIR(info.st_mode)) {
		PyObject *path = PyUnicode_DecodeFSDefault(ox_buf_text(&s->path));
		if (path)
			PyErr_Format(PyExc_ValueError, "path is not a directory: %U", path);
		Py_XDECREF(path);
		return -1;
	}
	if (learn_names(s) < 0 || scan_folder(s) < 0)
		return -1;
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(s->others); i++) {
		PyObject *pair = PyList_GET_ITEM(s->others, i);
		if (add_other(s, PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1)) < 0)
			return -1;
	}
	return 0;
}

PyObject *ox_scan(PyTypeObject *const *types, PyObject *path)
{
	struct scan s = {.types = types};
	s.list = PyList_New(0);
	s.others = PyList_New(0);
	s.packages = PySet_New(NULL);
	s.metadata = PyDict_New();
	ox_buf_add(&s.path, PyBytes_AS_STRING(path), (size_t)PyBytes_GET_SIZE(path));
	while (s.path.len > 1 && s.path.data[s.path.len - 1] == '/')
		s.path.data[--s.path.len] = '\0';
	s.root = s.path.len + (s.path.len != 1 || s.path.data[0] != '/');
	if (s.path.failed)
		PyErr_NoMemory();
	bool ready = s.list && s.others && s.packages && s.metadata && !s.path.failed;
	if (!ready || run(&s) < 0)
		Py_CLEAR(s.list);
	for (int i = 0; i < 3; i++)
		Py_XDECREF(s.suffixes[i]);
	Py_XDECREF(s.tag);
	Py_XDECREF(s.metadata);
	Py_XDECREF(s.packages);
	Py_XDECREF(s.others);
	ox_buf_free(&s.path);
	return s.list;
}
