#include "runtime/importer/index.h"

bool ox_utf8(PyObject *text, struct ox_slice *out)
{
	Py_ssize_t len;
	const char *data = PyUnicode_AsUTF8AndSize(text, &len);
	*out = ox_slice(data, data ? (size_t)len : 0);
	return data;
}

#if PY_VERSION_HEX >= 0x030B0000
static PyObject *frozen_names(void)
{
	PyObject *imp = PyImport_ImportModule("_imp");
	PyObject *names = imp ? PyObject_CallMethod(imp, "_frozen_module_names", NULL) : NULL;
	PyObject *set = names ? PyFrozenSet_New(names) : NULL;
	Py_XDECREF(names);
	Py_XDECREF(imp);
	return set;
}
#else
static PyObject *frozen_names(void)
{
	PyObject *set = PyFrozenSet_New(NULL);
	for (const struct _frozen *f = PyImport_FrozenModules; set && f && f->name; f++) {
		PyObject *name = PyUnicode_FromString(f->name);
		if (!name || PySet_Add(set, name) < 0)
			Py_CLEAR(set);
		Py_XDECREF(name);
	}
	return set;
}
#endif

int ox_index_add_interpreter(struct ox_index *index)
{
	PyObject *names = PySys_GetObject("builtin_module_names"); /* borrowed */
	index->builtins = PyFrozenSet_New(names);
	index->frozen = index->builtins ? frozen_names() : NULL;
	return index->frozen ? 0 : -1;
}

static enum ox_kind kind_of(const struct ox_pack_record *r)
{
	if (r->flags & OX_PACK_EXTENSION && (r->library.len || r->relative_path.len))
		return OX_KIND_EXTENSION;
	if (r->flags & OX_PACK_MODULE &&
	    (r->has_source || r->has_bytecode[0] || r->has_bytecode[1] || r->has_bytecode[2] || r->relative_path.len))
		return OX_KIND_MODULE;
	return OX_KIND_NONE;
}

bool ox_index_has_members(const struct ox_index *index, struct ox_slice package)
{
	char prefix[512];
	struct ox_pack_record r;
	if (!index->pack || package.len + 1 > sizeof prefix)
		return false;
	memcpy(prefix, package.data, package.len);
	prefix[package.len] = '.';
	struct ox_slice start = ox_slice(prefix, package.len + 1);
	ox_pack_place at = ox_pack_lower_bound(index->pack, start);
	for (; ox_pack_get(index->pack, at, &r, NULL) == 0 && ox_slice_starts(r.name, start);
	     at = ox_pack_next(index->pack, at))
		if (kind_of(&r) != OX_KIND_NONE)
			return true;
	return false;
}

void ox_index_find_packed(const struct ox_index *index, struct ox_slice name, struct ox_found *found)
{
	found->kind = OX_KIND_NONE;
	found->is_package = false;
	found->place = index->pack ? ox_pack_find(index->pack, name) : OX_PACK_NOWHERE;
	if (found->place != OX_PACK_NOWHERE && ox_pack_get(index->pack, found->place, &found->record, NULL) == 0)
		found->kind = kind_of(&found->record);
	if (found->kind != OX_KIND_NONE) {
		found->is_package = found->record.flags & OX_PACK_PACKAGE;
	} else if (ox_index_has_members(index, name)) {
		found->kind = OX_KIND_NAMESPACE;
		found->is_package = true;
	}
}

int ox_index_find(const struct ox_index *index, PyObject *name, struct ox_found *found)
{
	struct ox_slice utf8;
	found->kind = OX_KIND_NONE;
	if (!ox_utf8(name, &utf8))
		return -1;
	int known = index->builtins ? PySet_Contains(index->builtins, name) : 0;
	if (known > 0)
		found->kind = OX_KIND_BUILTIN;
	if (known == 0)
		known = index->frozen ? PySet_Contains(index->frozen, name) : 0;
	if (known < 0)
		return -1;
	if (known == 0)
		ox_index_find_packed(index, utf8, found);
	else if (found->kind == OX_KIND_NONE)
		found->kind = OX_KIND_FROZEN;
	return 0;
}

bool ox_index_file(const struct ox_index *index, struct ox_slice package, struct ox_slice name,
		   struct ox_pack_file *out)
{
	bool found = false;
	uint32_t best = 0;
	ox_pack_place at = index->pack ? ox_pack_find(index->pack, package) : OX_PACK_NOWHERE;
	for (; at != OX_PACK_NOWHERE; at = ox_pack_more(index->pack, at)) {
		struct ox_pack_record r;
		struct ox_pack_file f;
		uint32_t segment = ox_pack_place_segment(index->pack, at);
		if (ox_pack_get(index->pack, at, &r, NULL) < 0 || !ox_pack_file_find(&r.files, name, &f))
			continue;
		if (!found || segment > best)
			*out = f;
		best = segment > best ? segment : best;
		found = true;
	}
	return found;
}

bool ox_index_bytecode(const struct ox_index *index, const struct ox_pack_record *record, struct ox_slice *code)
{
	if (record->has_bytecode[index->optimize]) {
		*code = record->bytecode[index->optimize];
		return true;
	}
	/* Another level only when there is nothing to compile the right one from. */
	for (int level = 0; level < 3 && !record->has_source; level++)
		if (record->has_bytecode[level]) {
			*code = record->bytecode[level];
			return true;
		}
	return false;
}

static int add_member(PyObject *list, PyObject *prefix, struct ox_slice leaf, bool is_package)
{
	PyObject *name = PyUnicode_FromStringAndSize(leaf.data, (Py_ssize_t)leaf.len);
	PyObject *full = name ? PyUnicode_Concat(prefix, name) : NULL;
	PyObject *pair = full ? PyTuple_Pack(2, full, is_package ? Py_True : Py_False) : NULL;
	int rc = pair ? PyList_Append(list, pair) : -1;
	Py_XDECREF(pair);
	Py_XDECREF(full);
	Py_XDECREF(name);
	return rc;
}

/* The component of `name` behind the first `skip` bytes. */
static struct ox_slice leaf_of(struct ox_slice name, size_t skip)
{
	const char *dot = memchr(name.data + skip, '.', name.len - skip);
	return ox_slice(name.data + skip, dot ? (size_t)(dot - name.data) - skip : name.len - skip);
}

/* Names come sorted, "a" before "a.b", so a name without a record of its own is
 * seen for the first time in its first member: a namespace. */
static int add_members(const struct ox_index *index, struct ox_slice package, PyObject *prefix, PyObject *list)
{
	size_t skip = package.len ? package.len + 1 : 0;
	struct ox_slice last = {0};
	ox_pack_place at = package.len ? ox_pack_lower_bound(index->pack, package) : 0;
	for (; at != OX_PACK_NOWHERE && at < ox_pack_place_count(index->pack); at = ox_pack_next(index->pack, at)) {
		struct ox_pack_record r;
		if (ox_pack_get(index->pack, at, &r, NULL) < 0)
			continue;
		if (!ox_slice_starts(r.name, package))
			break;
		if (kind_of(&r) == OX_KIND_NONE)
			continue;
		if (r.name.len <= skip || (skip && r.name.data[skip - 1] != '.'))
			continue;
		struct ox_slice leaf = leaf_of(r.name, skip);
		bool is_own = skip + leaf.len == r.name.len;
		if (ox_slice_eq(leaf, last))
			continue;
		last = leaf;
		if (add_member(list, prefix, leaf, !is_own || r.flags & OX_PACK_PACKAGE) < 0)
			return -1;
	}
	return 0;
}

PyObject *ox_index_members(const struct ox_index *index, struct ox_slice package, PyObject *prefix)
{
	PyObject *list = PyList_New(0);
	if (list && index->pack && add_members(index, package, prefix, list) < 0)
		Py_CLEAR(list);
	return list;
}
