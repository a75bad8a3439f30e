/* The whole index: as plain data, as OxidizedResource objects, as packed resources. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/index.h"

#include "proto/base/map.h"
#include "proto/base/vec.h"

enum { PACKED_FLAGS = OX_PACK_STDLIB - 1 }; /* those that packed resources know, too */

static int no_memory(void)
{
	PyErr_NoMemory();
	return -1;
}

/* The files of a name from all segments of the payload that have some; the last segment's stand last. */
static int view_files(const struct ox_pack *pack, ox_pack_place at, bool is_metadata, struct ox_arena *arena,
		      struct ox_packed_items *out)
{
	struct ox_pack_record r;
	size_t count = 0, n = 0;
	for (ox_pack_place p = at; p != OX_PACK_NOWHERE; p = ox_pack_more(pack, p))
		if (ox_pack_get(pack, p, &r, NULL) == 0)
			count += (is_metadata ? r.distribution : r.files).count;
	struct ox_pack_file *items = count ? ox_arena_array(arena, count, sizeof *items) : NULL;
	if (!items)
		return count ? no_memory() : 0;
	for (ox_pack_place p = at; p != OX_PACK_NOWHERE; p = ox_pack_more(pack, p)) {
		if (ox_pack_get(pack, p, &r, NULL) < 0)
			continue;
		const struct ox_pack_table *t = is_metadata ? &r.distribution : &r.files;
		for (uint32_t i = 0; i < t->count && n < count && ox_pack_file_at(t, i, &items[n]); i++)
			n++;
	}
	*out = (struct ox_packed_items){items, n};
	ox_packed_sort(out);
	return 0;
}

static int view_needs(const struct ox_pack_record *r, struct ox_arena *arena, struct ox_packed_resource *out)
{
	if (!r->needs.count)
		return 0;
	out->needs = ox_arena_array(arena, r->needs.count, sizeof *out->needs);
	if (!out->needs)
		return no_memory();
	while (out->need_count < r->needs.count &&
	       ox_pack_need(&r->needs, (uint32_t)out->need_count, &out->needs[out->need_count]))
		out->need_count++;
	return 0;
}

int ox_index_view_packed(const struct ox_index *index, ox_pack_place place, struct ox_arena *arena,
			 struct ox_packed_resource *out)
{
	struct ox_pack_record r;
	*out = (struct ox_packed_resource){0};
	if (ox_pack_get(index->pack, place, &r, NULL) < 0) {
		PyErr_SetString(PyExc_ValueError, "the payload is damaged");
		return -1;
	}
	bool is_extension = r.flags & OX_PACK_EXTENSION;
	out->name = r.name;
	out->flags = r.flags & PACKED_FLAGS;
	if (r.flags & OX_PACK_BUILTIN)
		out->flags &= ~(uint32_t)OX_PACK_EXTENSION; /* there is no library to speak of */
	if (r.has_source)
		out->blobs[OX_PACKED_SOURCE] = r.source;
	for (int level = 0; level < 3; level++)
		if (r.has_bytecode[level])
			out->blobs[OX_PACKED_BYTECODE + level] = r.bytecode[level];
	if (r.library.data)
		out->blobs[is_extension ? OX_PACKED_EXTENSION : OX_PACKED_LIBRARY] = r.library;
	if (r.relative_path.len)
		out->blobs[is_extension ? OX_PACKED_EXTENSION_PATH : OX_PACKED_SOURCE_PATH] = r.relative_path;
	int rc = view_files(index->pack, place, false, arena, &out->tables[OX_PACKED_RESOURCES]);
	if (!rc)
		rc = view_files(index->pack, place, true, arena, &out->tables[OX_PACKED_METADATA]);
	return rc < 0 ? rc : view_needs(&r, arena, out);
}

struct view {
	OX_VEC(struct ox_packed_resource) v;
	struct ox_map names; /* what is there; the values mean nothing */
	PyObject *held;      /* list */
};

static int add(struct view *view, const struct ox_packed_resource *r)
{
	bool added;
	if (!ox_map_put(&view->names, r->name, &added))
		return no_memory();
	struct ox_packed_resource *slot = added ? ox_vec_push(&view->v) : NULL;
	if (!slot)
		return added ? no_memory() : 0;
	*slot = *r;
	return 0;
}

/* All of the record's content that lies in a file. */
static int load(const struct ox_index *index, const struct ox_packed_resource *r)
{
	int rc = 0;
	for (int i = 0; !rc && i < OX_PACKED_BLOBS; i++)
		rc = ox_index_load(index, r->blobs[i], NULL);
	for (int i = 0; !rc && i < OX_PACKED_TABLES; i++)
		for (size_t k = 0; !rc && k < r->tables[i].count; k++)
			rc = ox_index_load(index, r->tables[i].items[k].data, NULL);
	return rc;
}

static int add_given(const struct ox_index *index, struct view *view)
{
	size_t count = 0;
	struct ox_record record;
	const struct ox_slice *names = index->records ? ox_records_names(index->records, &count) : NULL;
	int rc = 0;
	for (size_t i = 0; !rc && i < count; i++)
		if (ox_records_find(index->records, names[i], &record)) {
			rc = load(index, record.r);
			rc = rc < 0 ? rc : add(view, record.r);
		}
	return rc;
}

/* Only another segment's word that the package wants files (real_package.h). */
static bool is_mark(const struct ox_index *index, ox_pack_place at)
{
	struct ox_pack_record r;
	return ox_pack_get(index->pack, at, &r, NULL) == 0 && r.flags == OX_PACK_WANTS_FILE && !r.files.count &&
	       !r.distribution.count;
}

static int add_payload(const struct ox_index *index, struct ox_arena *arena, struct view *view)
{
	struct ox_packed_resource r;
	ox_pack_place at = index->pack && ox_pack_place_count(index->pack) ? 0 : OX_PACK_NOWHERE;
	int rc = 0;
	for (; !rc && at != OX_PACK_NOWHERE; at = ox_pack_next(index->pack, at)) {
		rc = ox_index_view_packed(index, at, arena, &r);
		if (!rc && !is_mark(index, at))
			rc = add(view, &r);
	}
	return rc;
}

/* Names that only the interpreter has. */
static int add_interpreter(PyObject *set, struct view *view)
{
	PyObject *names = set ? PySequence_List(set) : NULL;
	int rc = !set ? 0 : names ? PyList_Append(view->held, names) : -1;
	for (Py_ssize_t i = 0; names && !rc && i < PyList_GET_SIZE(names); i++) {
		struct ox_packed_resource r = {0};
		rc = ox_utf8(PyList_GET_ITEM(names, i), &r.name) ? add(view, &r) : -1;
	}
	Py_XDECREF(names);
	return rc;
}

static int compare(const void *a, const void *b)
{
	const struct ox_packed_resource *x = a, *y = b;
	return ox_slice_cmp(x->name, y->name);
}

/* The sets of names are what decides about these two flags, but for a payload's modules that are linked in. */
static int set_flags(const struct ox_index *index, struct ox_packed_resource *r)
{
	struct ox_found found;
	ox_index_find_packed(index, r->name, &found);
	PyObject *name = PyUnicode_DecodeUTF8(r->name.data, (Py_ssize_t)r->name.len, NULL);
	int is_builtin = !name ? -1 : index->builtins ? PySet_Contains(index->builtins, name) : 0;
	int is_frozen = !name ? -1 : index->frozen ? PySet_Contains(index->frozen, name) : 0;
	Py_XDECREF(name);
	if (is_builtin < 0 || is_frozen < 0)
		return -1;
	r->flags &= ~(uint32_t)(OX_PACK_BUILTIN | OX_PACK_FROZEN);
	r->flags |= (is_builtin || ox_index_is_linked(&found) ? OX_PACK_BUILTIN : 0) | (is_frozen ? OX_PACK_FROZEN : 0);
	return 0;
}

static int collect(const struct ox_index *index, struct ox_arena *arena, struct view *view)
{
	int rc = index->records ? ox_records_hold(index->records, view->held) : 0;
	if (!rc)
		rc = add_given(index, view);
	if (!rc)
		rc = add_payload(index, arena, view);
	if (!rc)
		rc = add_interpreter(index->builtins, view);
	if (!rc)
		rc = add_interpreter(index->frozen, view);
	for (size_t i = 0; !rc && i < view->v.len; i++)
		rc = set_flags(index, &view->v.items[i]);
	return rc;
}

int ox_index_view(const struct ox_index *index, struct ox_arena *arena, PyObject **held,
		  struct ox_packed_resource **out, size_t *count)
{
	struct view view = {.held = PyList_New(0)};
	int rc = view.held ? collect(index, arena, &view) : -1;
	*out = rc < 0 ? NULL : ox_arena_array(arena, view.v.len + 1, sizeof **out);
	if (!rc && !*out)
		rc = no_memory();
	if (!rc && view.v.len) {
		qsort(view.v.items, view.v.len, sizeof **out, compare);
		memcpy(*out, view.v.items, view.v.len * sizeof **out);
	}
	if (rc < 0)
		Py_CLEAR(view.held);
	*held = view.held;
	*count = view.v.len;
	ox_map_free(&view.names);
	ox_vec_free(&view.v);
	return rc;
}

PyObject *ox_index_resources(const struct ox_index *index, struct ox_state *state)
{
	struct ox_arena arena = {0};
	struct ox_packed_resource *all;
	PyObject *held;
	size_t count;
	int rc = ox_index_view(index, &arena, &held, &all, &count);
	PyObject *list = rc < 0 ? NULL : PyList_New((Py_ssize_t)count);
	for (size_t i = 0; list && i < count; i++) {
		PyObject *r = (PyObject *)ox_resource_from(state, &all[i]);
		if (r)
			PyList_SET_ITEM(list, (Py_ssize_t)i, r);
		else
			Py_CLEAR(list);
	}
	Py_XDECREF(held);
	ox_arena_free(&arena);
	return list;
}

PyObject *ox_index_serialize(const struct ox_index *index, bool ignore_builtin, bool ignore_frozen)
{
	uint32_t ignored = (ignore_builtin ? OX_PACK_BUILTIN : 0) | (ignore_frozen ? OX_PACK_FROZEN : 0);
	struct ox_arena arena = {0};
	struct ox_buf out = {0};
	struct ox_err err = {0};
	struct ox_packed_resource *all;
	PyObject *held, *bytes = NULL;
	size_t count, kept = 0;
	int rc = ox_index_view(index, &arena, &held, &all, &count);
	for (size_t i = 0; !rc && i < count; i++)
		if (!(all[i].flags & ignored))
			all[kept++] = all[i];
	if (!rc && ox_packed_write(all, kept, OX_PACKED_UNSAID, &out, &err) == 0)
		bytes = PyBytes_FromStringAndSize(out.data, (Py_ssize_t)out.len);
	else if (!rc)
		PyErr_Format(PyExc_ValueError, "error serializing: %s", err.text);
	Py_XDECREF(held);
	ox_buf_free(&out);
	ox_arena_free(&arena);
	return bytes;
}
