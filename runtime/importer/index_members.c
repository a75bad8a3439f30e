/* Listing the members of packages. */
#include "runtime/importer/index.h"

#include "proto/base/vec.h"

struct member {
	struct ox_slice leaf; /* in a name that lives as long as the index */
	bool is_own; /* has a record, not just members */
	bool is_package;
};

struct members {
	OX_VEC(struct member) v;
	size_t skip; /* bytes of a name up to the leaf */
	bool failed;
};

/* The component of `name` behind the first `skip` bytes. */
static struct ox_slice leaf_of(struct ox_slice name, size_t skip)
{
	const char *dot = memchr(name.data + skip, '.', name.len - skip);
	return ox_slice(name.data + skip, dot ? (size_t)(dot - name.data) - skip : name.len - skip);
}

/* A name without a record of its own is seen in its members: a namespace. */
static void add(struct members *m, struct ox_slice name, bool is_package)
{
	size_t skip = m->skip;
	if (name.len <= skip || (skip && name.data[skip - 1] != '.'))
		return;
	struct ox_slice leaf = leaf_of(name, skip);
	if (m->v.len && ox_slice_eq(m->v.items[m->v.len - 1].leaf, leaf))
		return;
	struct member *slot = leaf.len ? ox_vec_push(&m->v) : NULL;
	m->failed = m->failed || (leaf.len && !slot);
	bool is_own = skip + leaf.len == name.len;
	if (slot)
		*slot = (struct member){leaf, is_own, is_package || !is_own};
}

static void add_payload(const struct ox_index *index, struct ox_slice package, struct members *m)
{
	struct ox_pack_record r;
	struct ox_record given;
	ox_pack_place at = package.len ? ox_pack_lower_bound(index->pack, package) : 0;
	for (; at != OX_PACK_NOWHERE && at < ox_pack_place_count(index->pack); at = ox_pack_next(index->pack, at)) {
		if (ox_pack_get(index->pack, at, &r, NULL) < 0)
			continue;
		if (!ox_slice_starts(r.name, package))
			break;
		if (ox_index_kind_of(&r) == OX_KIND_NONE)
			continue;
		if (!index->records || !ox_records_find(index->records, r.name, &given))
			add(m, r.name, r.flags & OX_PACK_PACKAGE);
	}
}

static void add_given(const struct ox_index *index, struct ox_slice package, struct members *m)
{
	size_t count;
	struct ox_record given;
	const struct ox_slice *names = ox_records_names(index->records, &count);
	size_t i = ox_records_lower_bound(index->records, package);
	for (; i < count && ox_slice_starts(names[i], package); i++)
		if (ox_records_find(index->records, names[i], &given) &&
		    ox_index_kind_of_given(index, given.r) != OX_KIND_NONE)
			add(m, names[i], given.r->flags & (OX_PACK_PACKAGE | OX_PACK_NAMESPACE));
}

static int compare(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int order = ox_slice_cmp(x->leaf, y->leaf);
	return order ? order : y->is_own - x->is_own;
}

/* Sorted by name, each once. A name may have come twice: names are in byte order, in which "a-b" stands between "a" and
 * "a.b", and payload and given records were gone through one after the other. Of two, the name's own record is kept. */
static void unite(struct members *m)
{
	size_t kept = 0;
	if (m->v.len)
		qsort(m->v.items, m->v.len, sizeof *m->v.items, compare);
	for (size_t i = 0; i < m->v.len; i++)
		if (!kept || !ox_slice_eq(m->v.items[kept - 1].leaf, m->v.items[i].leaf))
			m->v.items[kept++] = m->v.items[i];
	m->v.len = kept;
}

static PyObject *new_pair(PyObject *prefix, const struct member *m)
{
	PyObject *leaf = PyUnicode_DecodeUTF8(m->leaf.data, (Py_ssize_t)m->leaf.len, NULL);
	PyObject *name = leaf ? PyUnicode_Concat(prefix, leaf) : NULL;
	PyObject *pair = name ? PyTuple_Pack(2, name, m->is_package ? Py_True : Py_False) : NULL;
	Py_XDECREF(name);
	Py_XDECREF(leaf);
	return pair;
}

/* First all names, then objects: making those may run code that changes the index. */
PyObject *ox_index_members(const struct ox_index *index, struct ox_slice package, PyObject *prefix)
{
	struct members m = {.skip = package.len ? package.len + 1 : 0};
	if (index->pack)
		add_payload(index, package, &m);
	if (index->records)
		add_given(index, package, &m);
	unite(&m);
	PyObject *list = m.failed ? PyErr_NoMemory() : PyList_New(0);
	for (size_t i = 0; list && i < m.v.len; i++) {
		PyObject *pair = new_pair(prefix, &m.v.items[i]);
		if (!pair || PyList_Append(list, pair) < 0)
			Py_CLEAR(list);
		Py_XDECREF(pair);
	}
	ox_vec_free(&m.v);
	return list;
}
