#include "runtime/importer/index_files.h"

static void add_with(struct ox_buf *out, struct ox_slice name, char from, char to)
{
	for (size_t i = 0; i < name.len; i++)
		ox_buf_byte(out, name.data[i] == from ? to : name.data[i]);
}

void ox_add_folder(struct ox_buf *out, struct ox_slice module)
{
	add_with(out, module, '.', '/');
}

void ox_add_module(struct ox_buf *out, struct ox_slice folder)
{
	add_with(out, folder, '/', '.');
}

struct tables {
	enum ox_packed_table memory, paths;
};

static const struct tables tables_of[] = {
	[OX_PACKAGE_FILES] = {OX_PACKED_RESOURCES, OX_PACKED_RESOURCE_PATHS},
	[OX_METADATA_FILES] = {OX_PACKED_METADATA, OX_PACKED_METADATA_PATHS},
};

static bool find_given(const struct ox_index *index, struct ox_slice name, struct ox_record *given)
{
	return index->records && ox_records_find(index->records, name, given);
}

static ox_pack_place find_packed(const struct ox_index *index, struct ox_slice name)
{
	return index->pack ? ox_pack_find(index->pack, name) : OX_PACK_NOWHERE;
}

static bool each_item(const struct ox_record *given, enum ox_packed_table table, bool is_path,
		      bool (*visit)(const struct ox_file *, void *), void *arg)
{
	const struct ox_packed_items *t = &given->r->tables[table];
	for (size_t i = 0; i < t->count; i++) {
		struct ox_file file = {t->items[i].name, t->items[i].data, is_path, given->owner};
		if (visit(&file, arg))
			return true;
	}
	return false;
}

static bool each_given_file(const struct ox_record *given, enum ox_files which,
			    bool (*visit)(const struct ox_file *, void *), void *arg)
{
	PyObject *owner = Py_XNewRef(given->owner);
	bool done = each_item(given, tables_of[which].memory, false, visit, arg) ||
		    each_item(given, tables_of[which].paths, true, visit, arg);
	Py_XDECREF(owner);
	return done;
}

bool ox_index_each_file(const struct ox_index *index, enum ox_files which, struct ox_slice name,
			bool (*visit)(const struct ox_file *file, void *arg), void *arg)
{
	struct ox_record given;
	struct ox_pack_record r;
	if (find_given(index, name, &given))
		return each_given_file(&given, which, visit, arg);
	for (ox_pack_place at = find_packed(index, name); at != OX_PACK_NOWHERE; at = ox_pack_more(index->pack, at)) {
		if (ox_pack_get(index->pack, at, &r, NULL) < 0)
			continue;
		const struct ox_pack_table *t = which == OX_METADATA_FILES ? &r.distribution : &r.files;
		struct ox_pack_file f;
		for (uint32_t i = 0; i < t->count && ox_pack_file_at(t, i, &f); i++) {
			struct ox_file file = {f.name, f.data, false, NULL};
			if (visit(&file, arg))
				return true;
		}
	}
	return false;
}

static bool find_given_file(const struct ox_record *given, enum ox_packed_table table, struct ox_slice name,
			    bool is_path, struct ox_file *out)
{
	const struct ox_pack_file *f = ox_packed_find(&given->r->tables[table], name);
	if (f)
		*out = (struct ox_file){f->name, f->data, is_path, given->owner};
	return f;
}

/* The last segment that has it. */
static bool find_packed_file(const struct ox_index *index, enum ox_files which, struct ox_slice package,
			     struct ox_slice name, struct ox_file *out)
{
	bool found = false;
	uint32_t best = 0;
	ox_pack_place at = find_packed(index, package);
	for (; at != OX_PACK_NOWHERE; at = ox_pack_more(index->pack, at)) {
		struct ox_pack_record r;
		struct ox_pack_file f;
		uint32_t segment = ox_pack_place_segment(index->pack, at);
		if (ox_pack_get(index->pack, at, &r, NULL) < 0)
			continue;
		if (!ox_pack_file_find(which == OX_METADATA_FILES ? &r.distribution : &r.files, name, &f))
			continue;
		if (!found || segment > best)
			*out = (struct ox_file){f.name, f.data, false, NULL};
		best = segment > best ? segment : best;
		found = true;
	}
	return found;
}

bool ox_index_file_at(const struct ox_index *index, enum ox_files which, struct ox_slice package,
		      struct ox_slice name, bool on_disk, struct ox_file *out)
{
	struct ox_record given;
	const struct tables *tables = &tables_of[which];
	if (!find_given(index, package, &given))
		return !on_disk && find_packed_file(index, which, package, name, out);
	return find_given_file(&given, on_disk ? tables->paths : tables->memory, name, on_disk, out);
}

bool ox_index_file(const struct ox_index *index, enum ox_files which, struct ox_slice package, struct ox_slice name,
		   struct ox_file *out)
{
	return ox_index_file_at(index, which, package, name, false, out) ||
	       ox_index_file_at(index, which, package, name, true, out);
}

static bool stop(const struct ox_file *file, void *arg)
{
	(void)file;
	(void)arg;
	return true;
}

bool ox_index_has_files(const struct ox_index *index, enum ox_files which, struct ox_slice name)
{
	return ox_index_each_file(index, which, name, stop, NULL);
}

/* The file's name begins with the dotted name as a folder. */
static bool lies_below(const struct ox_file *file, void *arg)
{
	const struct ox_slice *folder = arg;
	if (file->name.len <= folder->len || file->name.data[folder->len] != '/')
		return false;
	for (size_t i = 0; i < folder->len; i++)
		if (file->name.data[i] != (folder->data[i] == '.' ? '/' : folder->data[i]))
			return false;
	return true;
}

bool ox_index_is_folder(const struct ox_index *index, struct ox_slice name)
{
	if (ox_index_has_files(index, OX_PACKAGE_FILES, name))
		return true;
	for (const char *dot = name.len ? memrchr(name.data, '.', name.len) : NULL; dot;
	     dot = memrchr(name.data, '.', (size_t)(dot - name.data))) {
		struct ox_slice package = ox_slice(name.data, (size_t)(dot - name.data));
		struct ox_slice folder = ox_slice(dot + 1, name.len - package.len - 1);
		if (ox_index_each_file(index, OX_PACKAGE_FILES, package, lies_below, &folder))
			return true;
	}
	return false;
}

bool ox_index_source_file(const struct ox_index *index, struct ox_slice path, struct ox_file *out)
{
	static const struct ox_slice suffix = {".py", 3}, init = {"/__init__", 9};
	struct ox_buf name = {0};
	struct ox_found found = {.kind = OX_KIND_NONE};
	if (!ox_slice_ends(path, suffix))
		return false;
	path.len -= suffix.len;
	bool is_package = ox_slice_ends(path, init);
	path.len -= is_package ? init.len : 0;
	ox_add_module(&name, path);
	if (!name.failed && !memchr(path.data, '.', path.len))
		ox_index_find_packed(index, ox_buf_view(&name), &found);
	ox_buf_free(&name);
	if (found.kind != OX_KIND_MODULE || found.is_package != is_package || !found.record.has_source)
		return false;
	*out = (struct ox_file){found.record.name, found.record.source, false, found.owner};
	return true;
}

/* Given records have to be packages, as a collector makes them. Neither str nor a list that grows
 * makes the collector run. */
static int add_given_distributions(const struct ox_index *index, PyObject *list)
{
	size_t count = 0;
	int rc = 0;
	const struct ox_slice *names = ox_records_names(index->records, &count);
	for (size_t i = 0; !rc && i < count; i++) {
		struct ox_record given;
		if (!ox_records_find(index->records, names[i], &given) || !(given.r->flags & OX_PACK_PACKAGE) ||
		    !ox_index_has_files(index, OX_METADATA_FILES, names[i]))
			continue;
		PyObject *name = PyUnicode_DecodeUTF8(names[i].data, (Py_ssize_t)names[i].len, NULL);
		rc = name ? PyList_Append(list, name) : -1;
		Py_XDECREF(name);
	}
	return rc;
}

PyObject *ox_index_distributions(const struct ox_index *index)
{
	PyObject *list = PyList_New(0);
	ox_pack_place at = index->pack && ox_pack_place_count(index->pack) ? 0 : OX_PACK_NOWHERE;
	for (; list && at != OX_PACK_NOWHERE; at = ox_pack_next(index->pack, at)) {
		struct ox_pack_record r;
		struct ox_record given;
		if (ox_pack_get(index->pack, at, &r, NULL) < 0 || find_given(index, r.name, &given) ||
		    !ox_index_has_files(index, OX_METADATA_FILES, r.name))
			continue;
		PyObject *name = PyUnicode_DecodeUTF8(r.name.data, (Py_ssize_t)r.name.len, NULL);
		if (!name || PyList_Append(list, name) < 0)
			Py_CLEAR(list);
		Py_XDECREF(name);
	}
	if (list && index->records && (add_given_distributions(index, list) < 0 || PyList_Sort(list) < 0))
		Py_CLEAR(list);
	return list;
}
