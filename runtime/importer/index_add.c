/* What the index takes in while the program runs. */
#include "runtime/importer/index.h"
#include "runtime/importer/state.h"

#if PY_VERSION_HEX >= 0x030B0000
static PyObject *frozen_names(void)
{
	PyObject *imp = PyImport_ImportModule("_imp");
	PyObject *names = imp ? PyObject_CallMethod(imp, "_frozen_module_names", NULL) : NULL;
	Py_XDECREF(imp);
	return names;
}
#else
static PyObject *frozen_names(void)
{
	PyObject *names = PyList_New(0);
	for (const struct _frozen *f = PyImport_FrozenModules; names && f && f->name; f++) {
		PyObject *name = PyUnicode_FromString(f->name);
		if (!name || PyList_Append(names, name) < 0)
			Py_CLEAR(names);
		Py_XDECREF(name);
	}
	return names;
}
#endif

/* Adds each of `names` (taken) to the set, which is made when there is none. */
static int add_names(PyObject **set, PyObject *names)
{
	PyObject *added = names ? PySet_New(names) : NULL;
	Py_XDECREF(names);
	if (!added)
		return -1;
	if (!*set) {
		*set = added;
		return 0;
	}
	PyObject *done = PyObject_CallMethod(*set, "update", "O", added);
	Py_XDECREF(done);
	Py_DECREF(added);
	return done ? 0 : -1;
}

int ox_index_add_builtins(struct ox_index *index)
{
	return add_names(&index->builtins, Py_XNewRef(PySys_GetObject("builtin_module_names")));
}

/* 3.15 has linecache frozen. The payload's goes first, since importlib loads what is frozen, and only what a finder of
 * ours loads is taught (teach.h). */
static int prefer_packed(PyObject *frozen, const struct ox_index *index)
{
	static const char taught[] = "linecache";
	struct ox_found found;
	ox_index_find_packed(index, ox_slice_str(taught), &found);
	if (found.kind != OX_KIND_MODULE)
		return 0;
	PyObject *name = PyUnicode_FromString(taught);
	int rc = name ? PySet_Discard(frozen, name) : -1;
	Py_XDECREF(name);
	return rc < 0 ? -1 : 0;
}

int ox_index_add_frozen(struct ox_index *index)
{
	int rc = add_names(&index->frozen, frozen_names());
	return rc < 0 ? rc : prefer_packed(index->frozen, index);
}

int ox_index_add_interpreter(struct ox_index *index)
{
	int rc = ox_index_add_builtins(index);
	return rc < 0 ? rc : ox_index_add_frozen(index);
}

static int make_records(struct ox_index *index)
{
	if (!index->records)
		index->records = ox_records_new();
	return index->records ? 0 : -1;
}

/* A flag that the interpreter's names stand for goes into their set, or out of it when the resource
 * replaces what was known. */
static int note_flag(PyObject **set, const struct ox_packed_resource *r, uint32_t flag, bool replace)
{
	bool is_set = r->flags & flag;
	if (!is_set && (!replace || !*set))
		return 0;
	if (!*set && !(*set = PySet_New(NULL)))
		return -1;
	PyObject *name = PyUnicode_DecodeUTF8(r->name.data, (Py_ssize_t)r->name.len, NULL);
	int rc = !name ? -1 : is_set ? PySet_Add(*set, name) : PySet_Discard(*set, name);
	Py_XDECREF(name);
	return rc < 0 ? -1 : 0;
}

static int note_flags(struct ox_index *index, const struct ox_packed_resource *r, bool replace)
{
	int rc = note_flag(&index->builtins, r, OX_PACK_BUILTIN, replace);
	return rc < 0 ? rc : note_flag(&index->frozen, r, OX_PACK_FROZEN, replace);
}

/* What is known of the name so far, to be merged into. False when there is nothing. */
static bool known(const struct ox_index *index, struct ox_slice name, struct ox_arena *arena,
		  struct ox_packed_resource *r, PyObject **owner)
{
	struct ox_record record;
	*owner = NULL;
	if (ox_records_find(index->records, name, &record)) {
		*r = *record.r;
		*owner = record.owner;
		return true;
	}
	ox_pack_place place = index->pack ? ox_pack_find(index->pack, name) : OX_PACK_NOWHERE;
	return place != OX_PACK_NOWHERE && ox_index_view_packed(index, place, arena, r) == 0;
}

static int merge(struct ox_index *index, const struct ox_packed_resource *more)
{
	struct ox_arena *arena = ox_records_arena(index->records);
	struct ox_packed_resource base, *merged;
	PyObject *owner;
	if (note_flags(index, more, false) < 0)
		return -1;
	if (!known(index, more->name, arena, &base, &owner))
		return ox_records_put(index->records, more, NULL);
	merged = ox_arena_alloc(arena, sizeof *merged);
	if (!merged) {
		PyErr_NoMemory();
		return -1;
	}
	ox_packed_merge(&base, more, NULL); /* of the same name */
	*merged = base;
	return ox_records_put(index->records, merged, owner);
}

static int merge_all(struct ox_index *index, const struct ox_packed_resource *resources, size_t count)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < count; i++)
		rc = merge(index, &resources[i]);
	return rc;
}

typedef int read_packed(struct ox_records *t, PyObject *from, const struct ox_packed_resource **out, size_t *count);

static int add_packed(struct ox_index *index, read_packed *read, PyObject *from)
{
	const struct ox_packed_resource *resources = NULL;
	size_t count = 0;
	int rc = make_records(index);
	if (!rc)
		rc = read(index->records, from, &resources, &count);
	return rc < 0 ? rc : merge_all(index, resources, count);
}

int ox_index_add_buffer(struct ox_index *index, PyObject *data)
{
	return add_packed(index, ox_records_read_buffer, data);
}

int ox_index_add_file(struct ox_index *index, PyObject *path)
{
	return add_packed(index, ox_records_read_file, path);
}

int ox_index_add_resource(struct ox_index *index, struct ox_state *state, const struct ox_resource *r)
{
	struct ox_resource *copy = make_records(index) < 0 ? NULL : ox_resource_copy(state, r);
	const struct ox_packed_resource *view = copy ? ox_resource_seal(copy) : NULL;
	int rc = view ? note_flags(index, view, true) : -1;
	if (!rc)
		rc = ox_records_put(index->records, view, (PyObject *)copy);
	Py_XDECREF(copy);
	return rc;
}

int ox_index_load(const struct ox_index *index, struct ox_slice part, PyObject *name)
{
	struct ox_err err = {0};
	if (!index->records || ox_records_load(index->records, part, &err) == 0)
		return 0;
	ox_raise(&err, name);
	return -1;
}

void ox_index_clear(struct ox_index *index)
{
	struct ox_records *records = index->records;
	index->records = NULL; /* before anything of it goes: that may run code which asks the index */
	Py_CLEAR(index->builtins);
	Py_CLEAR(index->frozen);
	ox_records_free(records);
}

int ox_index_traverse(const struct ox_index *index, visitproc visit, void *arg)
{
	Py_VISIT(index->builtins);
	Py_VISIT(index->frozen);
	return ox_records_traverse(index->records, visit, arg);
}
