/* Real files for the modules of packages that insist on them.
 *
 * When the first module of such a package is imported, all that lies below the outermost package around it (which is no
 * namespace) comes into the extraction cache: sources and data, whichever segments they are in. Code looks for its
 * neighbours' files before they are imported, lists its folders, and walks into those of packages below. What
 * nobody changed since it was last compared is only looked at; so a start costs one lstat a file. The cache's
 * folder is put on sys.path, as a module's file lies below one of its folders everywhere else. Of the standard library
 * all that the configuration wants in files is there then, imported or not: what looks along sys.path for a
 * module's file (pylint does) does not import it first, and must not find what earlier runs happened to import. */
#include "runtime/importer/extract.h"
#include "runtime/importer/finder.h"
#include "runtime/importer/importer.h"
#include "runtime/importer/real_package.h"

#include "proto/base/buf.h"

/* One package being extracted with all below it. */
struct tree {
	struct ox_finder *finder;
	struct ox_slice top;
	char key[OX_EXTRACT_KEY];
	struct ox_extract_stamp stamp;
	struct ox_buf name;
};

/* What a packed module is called as a file: a/b.py, or a/b/__init__.py; of an extension module, a/b.so. */
static void file_name(struct ox_buf *out, const struct ox_pack_record *r)
{
	ox_buf_clear(out);
	ox_add_folder(out, r->name);
	ox_buf_str(out, r->flags & OX_PACK_PACKAGE ? "/__init__" : "");
	ox_buf_str(out, ox_index_kind_of(r) == OX_KIND_EXTENSION ? ".so" : ".py");
}

static int extract_named(struct tree *t, struct ox_slice content, struct ox_err *err)
{
	int rc = ox_buf_ok(&t->name, "name of a packed file", err);
	const struct ox_extract_item item = {t->key, t->name.data, content};
	return rc ? rc : ox_extract_file(&t->finder->folders, &item, &t->stamp, NULL, err);
}

static int extract_source(struct tree *t, const struct ox_pack_record *r, struct ox_err *err)
{
	if (ox_index_kind_of(r) != OX_KIND_MODULE || r->relative_path.len)
		return 0;
	file_name(&t->name, r);
	return extract_named(t, r->has_source ? r->source : OX_SLICE(""), err);
}

/* Of a file that several segments have, the one that the index would give. */
static int extract_data(struct tree *t, const struct ox_pack_record *r, struct ox_err *err)
{
	struct ox_pack_file f;
	struct ox_file file;
	int rc = 0;
	for (uint32_t i = 0; i < r->files.count && !rc && ox_pack_file_at(&r->files, i, &f); i++) {
		if (!ox_index_file_at(&t->finder->index, OX_PACKAGE_FILES, r->name, f.name, false, &file))
			continue;
		ox_buf_clear(&t->name);
		ox_add_folder(&t->name, r->name);
		ox_buf_printf(&t->name, "/%.*s", OX_SLICE_ARG(f.name));
		rc = extract_named(t, file.data, err);
	}
	return rc;
}

/* Libraries that lie beside packages in a wheel, for those among the package's files. One that cannot be loaded is
 * missed by what needs it, if that is ever used. */
static void load_needs(struct tree *t, ox_pack_place place, const struct ox_pack_record *r)
{
	struct ox_found found = {.kind = OX_KIND_MODULE, .place = place, .record = *r};
	if (ox_index_kind_of(r) == OX_KIND_MODULE)
		ox_library_load_needs(&t->finder->index, &found, NULL);
}

/* All places of the names in the tree: the package's own, and those below it. */
static int extract_all(struct tree *t, struct ox_err *err)
{
	const struct ox_pack *pack = t->finder->index.pack;
	ox_pack_place at = ox_pack_lower_bound(pack, t->top);
	struct ox_slice before = {0};
	int rc = 0;
	for (; !rc && at < ox_pack_place_count(pack); at++) {
		struct ox_pack_record r;
		if (ox_pack_get(pack, at, &r, NULL) < 0)
			continue;
		if (!ox_slice_starts(r.name, t->top))
			break;
		if (r.name.len > t->top.len && r.name.data[t->top.len] != '.')
			continue;
		if (!before.data || !ox_slice_eq(r.name, before)) /* the first of a name is the module */
			rc = extract_source(t, &r, err);
		if (!rc)
			rc = extract_data(t, &r, err);
		if (!rc)
			load_needs(t, at, &r);
		before = r.name;
	}
	return rc;
}

/* The folder of the cache in which the tree lies; NULL with the error. free() it. */
static char *extract_tree(struct tree *t, struct ox_err *err)
{
	struct ox_extract_folders *folders = &t->finder->folders;
	struct ox_buf stamp = {0}, root = {0};
	ox_buf_slice(&stamp, t->top);
	int rc = ox_buf_ok(&stamp, "name of a package", err);
	if (!rc)
		rc = ox_extract_stamp(folders, t->key, stamp.data, &t->stamp, err);
	if (!rc)
		rc = extract_all(t, err);
	if (!rc && ox_extract_stamp_again(&t->stamp))
		rc = extract_all(t, err);
	if (!rc && t->stamp.is_behind)
		rc = ox_extract_stamp_renew(folders, t->key, stamp.data, &t->stamp, err);
	if (!rc) {
		ox_buf_printf(&root, "%s/%s", folders->root.data, t->key);
		rc = ox_buf_ok(&root, "path of the extraction cache", err);
	}
	ox_buf_free(&stamp);
	return rc ? NULL : ox_buf_steal(&root);
}

/* "a" of "a.b.c", or "a.b" where a is only a namespace. */
static struct ox_slice outermost(const struct ox_index *index, struct ox_slice name)
{
	struct ox_found found;
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] != '.')
			continue;
		ox_index_find_packed(index, ox_slice(name.data, i), &found);
		if (found.is_package && found.kind != OX_KIND_NAMESPACE)
			return ox_slice(name.data, i);
	}
	return name;
}

/* What is told of a file's module is worked out from sys.path: pylint's plugins, unittest's discovery. Nothing is found
 * there that the finder would not have given before. */
static int add_to_path(PyObject *root)
{
	PyObject *list = PySys_GetObject("path"); /* borrowed */
	if (!list || !PyList_Check(list))
		return 0;
	Py_INCREF(list); /* an entry that is compared may replace it */
	int known = PySequence_Contains(list, root);
	int rc = known ? (known < 0 ? -1 : 0) : PyList_Append(list, root);
	Py_DECREF(list);
	return rc;
}

static int remember_root(struct ox_finder *self, struct ox_slice package, PyObject *root)
{
	PyObject *name = PyUnicode_FromStringAndSize(package.data, (Py_ssize_t)package.len);
	int rc = name ? PyDict_SetItem(self->real_roots, name, root) : -1;
	Py_XDECREF(name);
	return rc;
}

/* Whether a place is that of a package or module of the library that has files by itself. */
static bool is_of_library(const struct ox_pack *pack, ox_pack_place at, const struct tree *own, struct ox_slice *top)
{
	enum { BOTH = OX_PACK_STDLIB | OX_PACK_WANTS_FILE };
	struct ox_pack_record r;
	char key[OX_EXTRACT_KEY];
	if (ox_pack_get(pack, at, &r, NULL) < 0 || (r.flags & BOTH) != BOTH || !r.name.len ||
	    memchr(r.name.data, '.', r.name.len) || ox_slice_eq(r.name, own->top))
		return false;
	ox_extract_key_of(pack, at, key);
	*top = r.name;
	return strcmp(key, own->key) == 0;
}

/* The others that share the folder `root` with one that was just extracted. */
static int extract_library(const struct tree *own, PyObject *root)
{
	struct ox_finder *self = own->finder;
	const struct ox_pack *pack = self->index.pack;
	int rc = 0;
	for (ox_pack_place at = 0; !rc && at < ox_pack_place_count(pack); at++) {
		struct ox_err err = {0};
		struct tree t = {.finder = self};
		if (!is_of_library(pack, at, own, &t.top))
			continue;
		memcpy(t.key, own->key, sizeof t.key);
		char *path = extract_tree(&t, &err);
		if (!path)
			ox_raise(&err, NULL);
		rc = path ? remember_root(self, t.top, root) : -1;
		ox_buf_free(&t.name);
		free(path);
	}
	return rc;
}

static PyObject *new_root(struct ox_finder *self, const struct ox_found *found, struct ox_slice top)
{
	struct ox_err err = {0};
	struct tree t = {.finder = self, .top = top};
	ox_extract_key_of(self->index.pack, found->place, t.key);
	char *path = extract_tree(&t, &err);
	self->index.has_extracted |= path != NULL;
	PyObject *root = path ? PyUnicode_DecodeFSDefault(path) : ox_raise(&err, NULL);
	if (root && found->record.flags & OX_PACK_STDLIB && extract_library(&t, root) < 0)
		Py_CLEAR(root);
	if (root && add_to_path(root) < 0)
		Py_CLEAR(root);
	ox_buf_free(&t.name);
	free(path);
	return root;
}

PyObject *ox_finder_real_root(struct ox_finder *self, const struct ox_found *found)
{
	struct ox_slice top = outermost(&self->index, found->record.name);
	PyObject *root = NULL, *name = PyUnicode_FromStringAndSize(top.data, (Py_ssize_t)top.len);
	if (!self->real_roots)
		self->real_roots = PyDict_New();
	if (!name || !self->real_roots)
		goto out;
	root = Py_XNewRef(PyDict_GetItemWithError(self->real_roots, name));
	if (root || PyErr_Occurred())
		goto out;
	root = new_root(self, found, top);
	if (root && PyDict_SetItem(self->real_roots, name, root) < 0)
		Py_CLEAR(root);
out:
	Py_XDECREF(name);
	return root;
}

static PyObject *below_root(struct ox_finder *self, const struct ox_found *found, struct ox_slice path)
{
	PyObject *root = ox_finder_real_root(self, found);
	PyObject *tail = root ? PyUnicode_DecodeUTF8(path.data, (Py_ssize_t)path.len, NULL) : NULL;
	PyObject *full = tail ? PyUnicode_FromFormat("%U/%U", root, tail) : NULL;
	Py_XDECREF(tail);
	Py_XDECREF(root);
	return full;
}

PyObject *ox_finder_real_path(struct ox_finder *self, struct ox_slice path)
{
	struct ox_found found;
	size_t len = 0;
	while (len < path.len && path.data[len] != '/')
		len++;
	ox_index_find_packed(&self->index, ox_slice(path.data, len), &found);
	if (len == path.len || found.kind != OX_KIND_MODULE || found.given ||
	    !ox_wants_file(self->index.pack, &found.record))
		return NULL;
	return below_root(self, &found, path);
}

PyObject *ox_finder_path_asked(struct ox_finder *self, struct ox_slice package, struct ox_slice path)
{
	struct ox_found found;
	ox_index_find_packed(&self->index, package, &found);
	if (found.kind != OX_KIND_MODULE || found.given ||
	    !(found.record.flags & (OX_PACK_MAY_BE_FILE | OX_PACK_WANTS_FILE)))
		return NULL;
	return below_root(self, &found, path);
}

/* The files that wheels put into a folder of sys.prefix, which are packed as those of a package with the folder's name
 * (daemon/python/classify.c). False when there are none, or when a real package has that name. */
static bool find_installed(const struct ox_index *index, const char *name, struct ox_found *found)
{
	ox_index_find_packed(index, ox_slice_str(name), found);
	bool is_folder = found->kind == OX_KIND_NONE || found->kind == OX_KIND_NAMESPACE;
	return found->place != OX_PACK_NOWHERE && is_folder && ox_wants_file(index->pack, &found->record) &&
	       ox_index_has_files(index, OX_PACKAGE_FILES, ox_slice_str(name));
}

int ox_finder_set_library(PyObject *finder)
{
	struct ox_finder *self = (struct ox_finder *)finder;
	struct ox_found found;
	if (!PySys_GetObject("_stdlib_dir")) /* before 3.11 */
		return 0;
	ox_index_find_packed(&self->index, OX_SLICE("os"), &found);
	if (found.place == OX_PACK_NOWHERE || found.given || !found.record.relative_path.len)
		return 0;
	PyObject *path = ox_finder_relative_path(self, found.record.relative_path);
	Py_ssize_t slash = path ? PyUnicode_FindChar(path, '/', 0, PyUnicode_GET_LENGTH(path), -1) : -2;
	PyObject *folder = slash > 0 ? PyUnicode_Substring(path, 0, slash) : NULL;
	int rc = folder ? PySys_SetObject("_stdlib_dir", folder) : slash < -1 || slash > 0 ? -1 : 0;
	Py_XDECREF(folder);
	Py_XDECREF(path);
	return rc;
}

/* In a virtual environment the base's, else the own: Debian's sysconfig takes programs from local/bin when the two are
 * the same, and wheels' programs lie in bin. NULL with an exception. */
static const char *const *names_of_prefixes(void)
{
	static const char *const own_names[] = {"prefix", "exec_prefix", NULL};
	static const char *const base_names[] = {"base_prefix", "base_exec_prefix", NULL};
	PyObject *own = PySys_GetObject("prefix"), *base = PySys_GetObject("base_prefix"); /* borrowed */
	int is_same = own && base ? PyObject_RichCompareBool(own, base, Py_EQ) : 1;
	return is_same < 0 ? NULL : is_same ? own_names : base_names;
}

int ox_finder_set_prefix(PyObject *finder)
{
	static const char *const folders[] = {"bin", "etc", "share"};
	struct ox_finder *self = (struct ox_finder *)finder;
	struct ox_found found = {.kind = OX_KIND_NONE};
	const char *const *names = names_of_prefixes();
	int rc = names ? 0 : -1;
	for (size_t i = 0; i < OX_COUNT(folders) && !rc && self->index.pack; i++) {
		if (!find_installed(&self->index, folders[i], &found))
			continue;
		PyObject *root = ox_finder_real_root(self, &found);
		rc = root ? 0 : -1;
		for (size_t k = 0; names[k] && !rc; k++)
			rc = PySys_SetObject(names[k], root);
		Py_XDECREF(root);
	}
	return rc;
}

PyObject *ox_finder_real_file(struct ox_finder *self, const struct ox_found *found)
{
	struct ox_buf name = {0};
	PyObject *root = ox_wants_file(self->index.pack, &found->record) ? ox_finder_real_root(self, found) : NULL;
	PyObject *file = NULL;
	if (root) {
		file_name(&name, &found->record);
		PyObject *tail = name.failed ? PyErr_NoMemory()
					     : PyUnicode_DecodeFSDefaultAndSize(name.data, (Py_ssize_t)name.len);
		file = tail ? PyUnicode_FromFormat("%U/%U", root, tail) : NULL;
		Py_XDECREF(tail);
	}
	ox_buf_free(&name);
	Py_XDECREF(root);
	return file;
}
