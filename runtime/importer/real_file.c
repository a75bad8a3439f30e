/* Real files for the modules of packages that insist on them.
 *
 * A module is extracted, and compared with the payload, when it is imported for the first time. With a package come its
 * data files and, so that code which lists its own folder finds it whole, the sources of the modules directly in it
 * and in folders below that are no packages; those only have to be there: each is compared when its own turn comes. */
#include "runtime/importer/extract.h"
#include "runtime/importer/importer.h"
#include "runtime/importer/state.h"

#include "proto/base/buf.h"

/* "a.b" as "a/b". */
static void folder_name(struct ox_buf *out, struct ox_slice module)
{
	ox_buf_clear(out);
	for (size_t i = 0; i < module.len; i++)
		ox_buf_byte(out, module.data[i] == '.' ? '/' : module.data[i]);
}

/* What a packed module is called as a file: a/b.py, or a/b/__init__.py. */
static void file_name(struct ox_buf *out, const struct ox_pack_record *r)
{
	folder_name(out, r->name);
	ox_buf_str(out, r->flags & OX_PACK_PACKAGE ? "/__init__.py" : ".py");
}

static int extract_data_files(struct ox_extract_folders *folders, const char *key, const struct ox_pack_record *r,
			      struct ox_err *err)
{
	struct ox_pack_file f;
	struct ox_buf name = {0};
	int rc = 0;
	for (uint32_t i = 0; i < r->files.count && !rc && ox_pack_file_at(&r->files, i, &f); i++) {
		folder_name(&name, r->name);
		ox_buf_printf(&name, "/%.*s", OX_SLICE_ARG(f.name));
		rc = ox_buf_ok(&name, "name of a resource", err);
		if (!rc)
			rc = ox_extract_file(folders, key, name.data, f.data, OX_EXTRACT_COMPARE, NULL, err);
	}
	ox_buf_free(&name);
	return rc;
}

static bool is_package(const struct ox_pack *pack, struct ox_slice name)
{
	struct ox_pack_record r;
	ox_pack_place place = ox_pack_find(pack, name);
	return place != OX_PACK_NOWHERE && ox_pack_get(pack, place, &r, NULL) == 0 && r.flags & OX_PACK_PACKAGE &&
	       r.has_source;
}

/* Whether the module lies in the package's folder or in one below that is no package: those belong to it whole. */
static bool belongs_to(const struct ox_pack *pack, struct ox_slice package, struct ox_slice name)
{
	if (name.len <= package.len + 1 || name.data[package.len] != '.')
		return false;
	const char *dot = memchr(name.data + package.len + 1, '.', name.len - package.len - 1);
	return !dot || !is_package(pack, ox_slice(name.data, (size_t)(dot - name.data)));
}

static int extract_members(struct ox_extract_folders *folders, const struct ox_pack *pack, const char *key,
			   struct ox_slice package, struct ox_err *err)
{
	struct ox_buf name = {0};
	int rc = 0;
	ox_pack_place at = ox_pack_lower_bound(pack, package);
	for (; !rc && at != OX_PACK_NOWHERE && at < ox_pack_place_count(pack); at = ox_pack_next(pack, at)) {
		struct ox_pack_record r;
		if (ox_pack_get(pack, at, &r, NULL) < 0)
			continue;
		if (!ox_slice_starts(r.name, package))
			break;
		if (!r.has_source || !belongs_to(pack, package, r.name))
			continue;
		file_name(&name, &r);
		rc = ox_buf_ok(&name, "name of a module", err);
		if (!rc)
			rc = ox_extract_file(folders, key, name.data, r.source, OX_EXTRACT_PRESENT, NULL, err);
	}
	ox_buf_free(&name);
	return rc;
}

static int extract_module(struct ox_extract_folders *folders, const struct ox_pack *pack, ox_pack_place place,
			  const struct ox_pack_record *r, char **path, struct ox_err *err)
{
	char key[OX_EXTRACT_KEY];
	struct ox_buf name = {0};
	ox_extract_key_of(pack, place, key);
	file_name(&name, r);
	int rc = ox_buf_ok(&name, "name of a module", err);
	if (!rc)
		rc = ox_extract_file(folders, key, name.data, r->has_source ? r->source : OX_SLICE(""),
				     OX_EXTRACT_COMPARE, path, err);
	if (!rc)
		rc = extract_data_files(folders, key, r, err);
	if (!rc && r->flags & OX_PACK_PACKAGE)
		rc = extract_members(folders, pack, key, r->name, err);
	ox_buf_free(&name);
	return rc;
}

static PyObject *extract(struct ox_finder *self, const struct ox_found *found)
{
	struct ox_err err = {0};
	char *path = NULL;
	int rc = extract_module(&self->folders, self->index.pack, found->place, &found->record, &path, &err);
	PyObject *file = rc < 0 ? ox_raise(&err, NULL) : PyUnicode_DecodeFSDefault(path);
	free(path);
	return file;
}

PyObject *ox_finder_real_file(struct ox_finder *self, const struct ox_found *found)
{
	PyObject *file = NULL;
	if (!ox_wants_file(self->index.pack, &found->record))
		return NULL;
	PyObject *place = PyLong_FromUnsignedLong(found->place);
	if (!self->real_files)
		self->real_files = PyDict_New();
	if (!place || !self->real_files)
		goto out;
	file = Py_XNewRef(PyDict_GetItemWithError(self->real_files, place));
	if (file || PyErr_Occurred())
		goto out;
	file = extract(self, found);
	if (file && PyDict_SetItem(self->real_files, place, file) < 0)
		Py_CLEAR(file);
out:
	Py_XDECREF(place);
	return file;
}
