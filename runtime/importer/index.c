#include "runtime/importer/arguments.h"
#include "runtime/importer/index_files.h"
#include "runtime/importer/real_package.h"

enum ox_kind ox_index_kind_of(const struct ox_pack_record *r)
{
	if (r->flags & OX_PACK_EXTENSION && (r->library.len || r->relative_path.len || r->flags & OX_PACK_BUILTIN))
		return OX_KIND_EXTENSION;
	if (r->flags & OX_PACK_MODULE &&
	    (r->has_source || r->has_bytecode[0] || r->has_bytecode[1] || r->has_bytecode[2] || r->relative_path.len))
		return OX_KIND_MODULE;
	return OX_KIND_NONE;
}

static bool is_set(const struct ox_packed_resource *r, int blob)
{
	return r->blobs[blob].data;
}

/* Bytecode counts at the active level only. */
enum ox_kind ox_index_kind_of_given(const struct ox_index *index, const struct ox_packed_resource *r)
{
	bool has_source = is_set(r, OX_PACKED_SOURCE) || is_set(r, OX_PACKED_SOURCE_PATH);
	bool has_code = is_set(r, OX_PACKED_BYTECODE + index->optimize) ||
			is_set(r, OX_PACKED_BYTECODE_PATH + index->optimize);
	if (r->flags & OX_PACK_EXTENSION)
		return OX_KIND_EXTENSION;
	if (r->flags & OX_PACK_MODULE && (has_source || has_code))
		return OX_KIND_MODULE;
	return r->flags & OX_PACK_NAMESPACE ? OX_KIND_NAMESPACE : OX_KIND_NONE;
}

/* What a payload's record would say of it. */
static void describe_given(const struct ox_index *index, const struct ox_packed_resource *r,
			   struct ox_pack_record *out)
{
	static const int paths[] = {OX_PACKED_EXTENSION_PATH, OX_PACKED_SOURCE_PATH, OX_PACKED_BYTECODE_PATH,
				    OX_PACKED_BYTECODE_OPT1_PATH, OX_PACKED_BYTECODE_OPT2_PATH};
	int level = index->optimize;
	int library = r->flags & OX_PACK_EXTENSION ? OX_PACKED_EXTENSION : OX_PACKED_LIBRARY;
	*out = (struct ox_pack_record){.name = r->name, .flags = r->flags, .source = r->blobs[OX_PACKED_SOURCE],
				       .library = r->blobs[library]};
	out->has_source = out->source.data;
	out->bytecode[level] = r->blobs[OX_PACKED_BYTECODE + level];
	out->has_bytecode[level] = out->bytecode[level].data;
	for (size_t i = 0; i < OX_COUNT(paths) && !out->relative_path.len; i++)
		out->relative_path = r->blobs[paths[i]];
}

static bool find_given(const struct ox_index *index, struct ox_slice name, struct ox_found *found)
{
	struct ox_record record;
	if (!ox_records_find(index->records, name, &record))
		return false;
	found->kind = ox_index_kind_of_given(index, record.r);
	found->is_package = record.r->flags & (OX_PACK_PACKAGE | OX_PACK_NAMESPACE);
	found->given = record.r;
	found->owner = record.owner;
	describe_given(index, record.r, &found->record);
	return true;
}

static bool has_given_members(const struct ox_index *index, struct ox_slice start)
{
	size_t count;
	const struct ox_slice *names = ox_records_names(index->records, &count);
	for (size_t i = ox_records_lower_bound(index->records, start); i < count && ox_slice_starts(names[i], start);
	     i++) {
		struct ox_record record;
		if (ox_records_find(index->records, names[i], &record) &&
		    ox_index_kind_of_given(index, record.r) != OX_KIND_NONE)
			return true;
	}
	return false;
}

bool ox_index_has_members(const struct ox_index *index, struct ox_slice package)
{
	char prefix[512];
	struct ox_pack_record r;
	if (package.len + 1 > sizeof prefix)
		return false;
	memcpy(prefix, package.data, package.len);
	prefix[package.len] = '.';
	struct ox_slice start = ox_slice(prefix, package.len + 1);
	if (index->records && has_given_members(index, start))
		return true;
	ox_pack_place at = index->pack ? ox_pack_lower_bound(index->pack, start) : OX_PACK_NOWHERE;
	for (; at != OX_PACK_NOWHERE && ox_pack_get(index->pack, at, &r, NULL) == 0 && ox_slice_starts(r.name, start);
	     at = ox_pack_next(index->pack, at))
		if (ox_index_kind_of(&r) != OX_KIND_NONE)
			return true;
	return false;
}

static void found_nothing(struct ox_found *found)
{
	found->kind = OX_KIND_NONE;
	found->is_package = false;
	found->place = OX_PACK_NOWHERE;
	found->given = NULL;
	found->owner = NULL;
}

void ox_index_find_packed(const struct ox_index *index, struct ox_slice name, struct ox_found *found)
{
	found_nothing(found);
	if (!index->records || !find_given(index, name, found)) {
		if (index->pack)
			found->place = ox_pack_find(index->pack, name);
		if (found->place != OX_PACK_NOWHERE &&
		    ox_pack_get(index->pack, found->place, &found->record, NULL) == 0)
			found->kind = ox_index_kind_of(&found->record);
		found->is_package = found->kind != OX_KIND_NONE && found->record.flags & OX_PACK_PACKAGE;
	}
	if (found->kind == OX_KIND_NONE && (ox_index_has_members(index, name) || ox_index_is_folder(index, name))) {
		found->kind = OX_KIND_NAMESPACE;
		found->is_package = true;
	}
}

bool ox_index_is_linked(const struct ox_found *found)
{
	return !found->given && found->kind == OX_KIND_EXTENSION && found->record.flags & OX_PACK_BUILTIN;
}

bool ox_index_find_library(const struct ox_index *index, struct ox_slice name, struct ox_found *found)
{
	ox_index_find_packed(index, name, found);
	bool is_here = found->given || found->place != OX_PACK_NOWHERE;
	return is_here && found->record.flags & OX_PACK_LIBRARY && found->record.library.data;
}

/* What is frozen has no file: a module whose package insists on one is the packed one. */
static bool has_real_file(const struct ox_index *index, struct ox_slice name)
{
	struct ox_pack_record r;
	ox_pack_place place = index->pack ? ox_pack_find(index->pack, name) : OX_PACK_NOWHERE;
	return place != OX_PACK_NOWHERE && ox_pack_get(index->pack, place, &r, NULL) == 0 &&
	       ox_index_kind_of(&r) == OX_KIND_MODULE && ox_wants_file(index->pack, &r);
}

int ox_index_find(const struct ox_index *index, PyObject *name, struct ox_found *found)
{
	struct ox_slice utf8;
	found_nothing(found);
	if (!PyUnicode_Check(name)) {
		ox_wrong_type(name, NULL, "PyString");
		return -1;
	}
	if (!ox_utf8(name, &utf8)) {
		if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
			return -1;
		PyErr_Clear(); /* a lone surrogate: nothing here has such a name, a file may */
		return 0;
	}
	int known = index->builtins ? PySet_Contains(index->builtins, name) : 0;
	if (known > 0)
		found->kind = OX_KIND_BUILTIN;
	if (known == 0)
		known = index->frozen ? PySet_Contains(index->frozen, name) : 0;
	if (known < 0)
		return -1;
	if (known == 0 || (found->kind == OX_KIND_NONE && has_real_file(index, utf8)))
		ox_index_find_packed(index, utf8, found);
	else if (found->kind == OX_KIND_NONE)
		found->kind = OX_KIND_FROZEN;
	return 0;
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
