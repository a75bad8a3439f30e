#include "runtime/importer/pkg_resources.h"

#include "runtime/importer/arguments.h"
#include "runtime/importer/finder.h"

/* Calls pkg_resources.FUNCTION(type, value) and gives the reference to value away. */
static int call_register(PyObject *pkg_resources, const char *function, PyTypeObject *type, PyObject *value)
{
	PyObject *done = value ? PyObject_CallMethod(pkg_resources, function, "OO", type, value) : NULL;
	Py_XDECREF(done);
	Py_XDECREF(value);
	return done ? 0 : -1;
}

int ox_register_pkg_resources(PyObject *module)
{
	struct ox_state *state = PyModule_GetState(module);
	PyObject *pkg_resources = ox_types_complete(state) < 0 ? NULL : PyImport_ImportModule("pkg_resources");
	if (!pkg_resources)
		return -1;
	PyObject *finder = PyObject_GetAttrString(module, "pkg_resources_find_distributions");
	int rc = call_register(pkg_resources, "register_finder", state->path_entry, finder);
	if (rc == 0)
		rc = call_register(pkg_resources, "register_loader_type", state->finder,
				   Py_NewRef((PyObject *)state->pkg_provider));
	Py_DECREF(pkg_resources);
	return rc;
}

/* The set of what can be required was made from sys.path while pkg_resources was imported, and knows nothing of what is
 * packed: that lies below `base`. */
int ox_add_to_working_set(PyObject *base)
{
	PyObject *pkg_resources = PyImport_ImportModule("pkg_resources");
	PyObject *set = pkg_resources ? PyObject_GetAttrString(pkg_resources, "working_set") : NULL;
	PyObject *done = set ? PyObject_CallMethod(set, "add_entry", "O", base) : NULL;
	Py_XDECREF(done);
	Py_XDECREF(set);
	Py_XDECREF(pkg_resources);
	return done ? 0 : -1;
}

/* "a.b" below "a"; of the top level everything is. */
static bool is_below(struct ox_slice package, struct ox_slice name, bool directly)
{
	if (package.len) {
		if (!ox_slice_starts(name, package) || name.len <= package.len || name.data[package.len] != '.')
			return false;
		name = ox_slice(name.data + package.len + 1, name.len - package.len - 1);
	}
	return !directly || !memchr(name.data, '.', name.len);
}

/* metadata[key], which has to be there. */
static PyObject *header(PyObject *metadata, const char *key)
{
	PyObject *name = PyUnicode_FromString(key);
	PyObject *value = name ? PyObject_GetItem(metadata, name) : NULL;
	if (value == Py_None) {
		PyErr_SetObject(PyExc_KeyError, name);
		Py_CLEAR(value);
	}
	Py_XDECREF(name);
	return value;
}

/* pkg_resources.Distribution(location=, metadata=, project_name=, version=) */
static PyObject *make_distribution(PyObject *location, PyObject *provider, PyObject *metadata)
{
	PyObject *name = header(metadata, "Name");
	PyObject *version = name ? header(metadata, "Version") : NULL;
	PyObject *pkg_resources = version ? PyImport_ImportModule("pkg_resources") : NULL;
	PyObject *type = pkg_resources ? PyObject_GetAttrString(pkg_resources, "Distribution") : NULL;
	PyObject *args = type ? PyTuple_New(0) : NULL;
	PyObject *named = args ? Py_BuildValue("{s:O,s:O,s:O,s:O}", "location", location, "metadata", provider,
					       "project_name", name, "version", version)
			       : NULL;
	PyObject *distribution = named ? PyObject_Call(type, args, named) : NULL;
	Py_XDECREF(named);
	Py_XDECREF(args);
	Py_XDECREF(type);
	Py_XDECREF(pkg_resources);
	Py_XDECREF(version);
	Py_XDECREF(name);
	return distribution;
}

static PyObject *provider_new(struct ox_state *state, PyObject *finder, PyObject *package);

/* The distribution of that name. NULL, with an exception, when its metadata cannot be read. */
static PyObject *distribution_of(struct ox_state *state, PyObject *finder, PyObject *path_item, PyObject *name)
{
	PyObject *inside = PyObject_CallMethod(name, "replace", "ss", ".", "/");
	PyObject *location = inside ? PyUnicode_FromFormat("%U/%U", path_item, inside) : NULL;
	PyObject *own = location ? ox_distribution_new(state, finder, name) : NULL;
	PyObject *metadata = own ? PyObject_GetAttrString(own, "metadata") : NULL;
	PyObject *provider = metadata ? provider_new(state, finder, name) : NULL;
	PyObject *distribution = provider ? make_distribution(location, provider, metadata) : NULL;
	Py_XDECREF(provider);
	Py_XDECREF(metadata);
	Py_XDECREF(own);
	Py_XDECREF(location);
	Py_XDECREF(inside);
	return distribution;
}

/* Adds those of `names` that lie below the package; what has no readable metadata is left out. */
static int add_distributions(struct ox_state *state, PyObject *list, PyObject *names,
			     const struct ox_path_entry_parts *entry, bool only)
{
	struct ox_slice package, name;
	if (!ox_utf8(entry->package, &package))
		return -1;
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(names); i++) {
		PyObject *item = PyList_GET_ITEM(names, i);
		if (!ox_utf8(item, &name))
			return -1;
		if (!is_below(package, name, only))
			continue;
		PyObject *distribution = distribution_of(state, entry->finder, entry->path, item);
		if (!distribution && !PyErr_ExceptionMatches(PyExc_Exception))
			return -1;
		PyErr_Clear();
		int rc = distribution ? PyList_Append(list, distribution) : 0;
		Py_XDECREF(distribution);
		if (rc < 0)
			return -1;
	}
	return 0;
}

PyObject *ox_find_pkg_distributions(PyObject *module, PyObject *importer, PyObject *path_item, bool only)
{
	struct ox_state *state = PyModule_GetState(module);
	struct ox_path_entry_parts entry;
	PyObject *list = PyList_New(0);
	if (!list || Py_TYPE(importer) != state->path_entry)
		return list;
	ox_path_entry_parts(importer, &entry);
	if (PyUnicode_Compare(entry.path, path_item) != 0) {
		if (PyErr_Occurred())
			Py_CLEAR(list);
		return list;
	}
	PyObject *names = ox_index_distributions(&((struct ox_finder *)entry.finder)->index);
	PyObject *iterator = NULL;
	if (names && add_distributions(state, list, names, &entry, only) == 0)
		iterator = PyObject_GetIter(list);
	Py_XDECREF(names);
	Py_DECREF(list);
	return iterator;
}

/* OxidizedPkgResourcesProvider: the metadata and the resources of one package. */
struct provider {
	PyObject_HEAD
	PyObject *finder;
	PyObject *package; /* str */
};

static struct provider *as_provider(PyObject *self)
{
	return (struct provider *)self;
}

static PyObject *provider_new(struct ox_state *state, PyObject *finder, PyObject *package)
{
	struct provider *p = (struct provider *)PyType_GenericAlloc(state->pkg_provider, 0);
	if (p) {
		p->finder = Py_NewRef(finder);
		p->package = Py_NewRef(package);
	}
	return (PyObject *)p;
}

static PyObject *provider_construct(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static const struct ox_signature signature = {"OxidizedPkgResourcesProvider", 1, 1, {"module"}};
	struct ox_state *state = ox_type_state(type);
	PyObject *module;
	if (!ox_arguments_new(&signature, args, kwargs, &module))
		return NULL;
	PyObject *loader = PyObject_GetAttrString(module, "__loader__");
	PyObject *package = loader ? PyObject_GetAttrString(module, "__package__") : NULL;
	PyObject *self = NULL;
	if (package && Py_TYPE(loader) != state->finder) {
		PyErr_SetString(PyExc_TypeError, "__loader__ is not an OxidizedFinder");
	} else if (package) {
		PyObject *text = ox_text_from(package, "__package__");
		self = text ? provider_new(state, loader, text) : NULL;
		Py_XDECREF(text);
	}
	Py_XDECREF(package);
	Py_XDECREF(loader);
	return self;
}

/* The text argument that every method has last, behind `skip` others. A new reference. */
static PyObject *name_of(const struct ox_signature *s, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	PyObject *values[OX_MOST_PARAMETERS];
	int last = s->count - 1;
	return ox_arguments(s, args, given, kwnames, values) ? ox_text_from(values[last], s->names[last]) : NULL;
}

/* 1 and *file, 0 when there is no such file, -1 with an exception. */
static int find_metadata(PyObject *self, PyObject *name, struct ox_file *file)
{
	const struct ox_finder *finder = (struct ox_finder *)as_provider(self)->finder;
	struct ox_slice package, utf8;
	if (!ox_utf8(as_provider(self)->package, &package) || !ox_utf8(name, &utf8))
		return -1;
	return ox_index_file(&finder->index, OX_METADATA_FILES, package, utf8, file);
}

/* METHOD(name) of the metadata. */
#define METADATA_SIGNATURE(method) {"OxidizedPkgResourcesProvider." method, 1, 1, {"name"}}

static PyObject *has_metadata(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = METADATA_SIGNATURE("has_metadata");
	struct ox_file file;
	PyObject *name = name_of(&signature, args, given, kwnames);
	int found = name ? find_metadata(self, name, &file) : -1;
	Py_XDECREF(name);
	return found < 0 ? NULL : PyBool_FromLong(found);
}

static PyObject *metadata_text(PyObject *self, PyObject *name)
{
	struct ox_file file;
	int found = find_metadata(self, name, &file);
	if (found == 0)
		PyErr_SetString(PyExc_OSError, "metadata does not exist");
	PyObject *bytes = found > 0 ? ox_finder_file((struct ox_finder *)as_provider(self)->finder, &file) : NULL;
	PyObject *text = NULL;
	if (bytes)
		text = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes), NULL);
	Py_XDECREF(bytes);
	return text;
}

static PyObject *get_metadata(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = METADATA_SIGNATURE("get_metadata");
	PyObject *name = name_of(&signature, args, given, kwnames);
	PyObject *text = name ? metadata_text(self, name) : NULL;
	Py_XDECREF(name);
	return text;
}

static PyObject *get_metadata_lines(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = METADATA_SIGNATURE("get_metadata_lines");
	PyObject *name = name_of(&signature, args, given, kwnames);
	PyObject *text = name ? metadata_text(self, name) : NULL;
	PyObject *pkg_resources = text ? PyImport_ImportModule("pkg_resources") : NULL;
	PyObject *lines = pkg_resources ? PyObject_CallMethod(pkg_resources, "yield_lines", "O", text) : NULL;
	Py_XDECREF(pkg_resources);
	Py_XDECREF(text);
	Py_XDECREF(name);
	return lines;
}

/* A folder's name as keys have it: "/" only, none at the end. Gives the reference to name away. */
static PyObject *folder_name(PyObject *name)
{
	PyObject *slashes = name ? PyObject_CallMethod(name, "replace", "ss", "\\", "/") : NULL;
	PyObject *folder = slashes ? PyObject_CallMethod(slashes, "rstrip", "s", "/") : NULL;
	Py_XDECREF(slashes);
	Py_XDECREF(name);
	return folder;
}

struct listing {
	struct ox_slice folder;
	PyObject *names; /* set of direct members; NULL: only ask whether there is anything below the folder */
	bool failed;
};

static bool list_metadata(const struct ox_file *file, void *arg)
{
	struct listing *l = arg;
	size_t skip = l->folder.len ? l->folder.len + 1 : 0;
	if (file->name.len <= skip || !ox_slice_starts(file->name, l->folder) ||
	    (skip && file->name.data[skip - 1] != '/'))
		return false;
	if (!l->names)
		return true;
	struct ox_slice leaf = ox_slice(file->name.data + skip, file->name.len - skip);
	if (memchr(leaf.data, '/', leaf.len))
		return false;
	PyObject *name = PyUnicode_FromStringAndSize(leaf.data, (Py_ssize_t)leaf.len);
	l->failed = !name || PySet_Add(l->names, name) < 0;
	Py_XDECREF(name);
	return l->failed;
}

static bool each_metadata(PyObject *self, struct listing *l)
{
	const struct ox_finder *finder = (struct ox_finder *)as_provider(self)->finder;
	struct ox_slice package;
	if (!ox_utf8(as_provider(self)->package, &package)) {
		l->failed = true;
		return false;
	}
	return ox_index_each_file(&finder->index, OX_METADATA_FILES, package, list_metadata, l);
}

static PyObject *metadata_isdir(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = METADATA_SIGNATURE("metadata_isdir");
	struct listing l = {0};
	PyObject *folder = folder_name(name_of(&signature, args, given, kwnames));
	bool known = folder && ox_utf8(folder, &l.folder);
	bool answer = known && l.folder.len && each_metadata(self, &l);
	Py_XDECREF(folder);
	return known && !l.failed ? PyBool_FromLong(answer) : NULL;
}

/* A set as a sorted list; gives the reference away. */
static PyObject *sorted(PyObject *set)
{
	PyObject *list = set ? PySequence_List(set) : NULL;
	if (list && PyList_Sort(list) < 0)
		Py_CLEAR(list);
	Py_XDECREF(set);
	return list;
}

static PyObject *metadata_listdir(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = METADATA_SIGNATURE("metadata_listdir");
	struct listing l = {0};
	PyObject *folder = folder_name(name_of(&signature, args, given, kwnames));
	if (folder && ox_utf8(folder, &l.folder))
		l.names = PySet_New(NULL);
	if (l.names)
		each_metadata(self, &l);
	if (l.failed)
		Py_CLEAR(l.names);
	Py_XDECREF(folder);
	return sorted(l.names);
}

static PyObject *run_script(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {
		"OxidizedPkgResourcesProvider.run_script", 2, 2, {"script_name", "namespace"}};
	PyObject *values[2];
	(void)self;
	if (ox_arguments(&signature, args, given, kwnames, values))
		PyErr_SetString(PyExc_NotImplementedError, "scripts of packed distributions cannot be run");
	return NULL;
}

/* The real file of a package that was extracted, with its data; NULL without an exception for others. */
static PyObject *real_file_of(const struct provider *p)
{
	struct ox_finder *finder = (struct ox_finder *)p->finder;
	struct ox_found found;
	if (ox_index_find(&finder->index, p->package, &found) < 0 || found.kind != OX_KIND_MODULE || found.given)
		return NULL;
	return ox_finder_real_file(finder, &found);
}

static PyObject *get_resource_filename(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {
		"OxidizedPkgResourcesProvider.get_resource_filename", 2, 2, {"manager", "resource_name"}};
	PyObject *path = NULL;
	PyObject *name = name_of(&signature, args, given, kwnames);
	PyObject *file = name ? real_file_of(as_provider(self)) : NULL;
	if (!file && !PyErr_Occurred())
		PyErr_SetString(PyExc_NotImplementedError, "packed resources have no files: use resource_stream() or "
							   "resource_string()");
	Py_ssize_t slash = file ? PyUnicode_FindChar(file, '/', 0, PyUnicode_GET_LENGTH(file), -1) : -1;
	PyObject *folder = slash >= 0 ? PyUnicode_Substring(file, 0, slash) : NULL;
	if (folder)
		path = PyUnicode_FromFormat("%U/%U", folder, name);
	Py_XDECREF(folder);
	Py_XDECREF(name);
	Py_XDECREF(file);
	return path;
}

/* A resource as importlib.resources has it: it may belong to a package inside this one. Gives the reference to
 * name away. */
static PyObject *node_of(PyObject *self, PyObject *name)
{
	const struct provider *p = as_provider(self);
	PyObject *node = name ? ox_traversable_new(ox_state_of(self), p->finder, p->package, name) : NULL;
	Py_XDECREF(name);
	return node;
}

/* node.METHOD() as a truth value, -1 with an exception; a NULL node has one. */
static int ask(PyObject *node, const char *method)
{
	PyObject *answer = node ? PyObject_CallMethod(node, method, NULL) : NULL;
	int truth = answer ? PyObject_IsTrue(answer) : -1;
	Py_XDECREF(answer);
	return truth;
}

/* The name of a resource that exists, behind a manager that is of no use here. A new reference. */
static PyObject *existing(PyObject *self, PyObject *name)
{
	PyObject *node = node_of(self, Py_XNewRef(name));
	int exists = ask(node, "is_file");
	if (exists == 0)
		PyErr_SetString(PyExc_OSError, "resource does not exist");
	if (exists <= 0)
		Py_CLEAR(name);
	Py_XDECREF(node);
	return name;
}

static PyObject *get_resource_stream(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {
		"OxidizedPkgResourcesProvider.get_resource_stream", 2, 2, {"manager", "resource_name"}};
	const struct provider *p = as_provider(self);
	PyObject *name = existing(self, name_of(&signature, args, given, kwnames));
	PyObject *reader = name ? ox_resource_reader_new(ox_state_of(self), p->finder, p->package) : NULL;
	PyObject *stream = reader ? PyObject_CallMethod(reader, "open_resource", "O", name) : NULL;
	Py_XDECREF(reader);
	Py_XDECREF(name);
	return stream;
}

static PyObject *get_resource_string(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {
		"OxidizedPkgResourcesProvider.get_resource_string", 2, 2, {"manager", "resource_name"}};
	PyObject *node = node_of(self, existing(self, name_of(&signature, args, given, kwnames)));
	PyObject *bytes = node ? PyObject_CallMethod(node, "read_bytes", NULL) : NULL;
	Py_XDECREF(node);
	return bytes;
}

#define RESOURCE_SIGNATURE(method) {"OxidizedPkgResourcesProvider." method, 1, 1, {"resource_name"}}

static PyObject *has_resource(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = RESOURCE_SIGNATURE("has_resource");
	PyObject *node = node_of(self, name_of(&signature, args, given, kwnames));
	int exists = ask(node, "is_file");
	Py_XDECREF(node);
	return exists < 0 ? NULL : PyBool_FromLong(exists);
}

static PyObject *resource_isdir(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = RESOURCE_SIGNATURE("resource_isdir");
	PyObject *folder = folder_name(name_of(&signature, args, given, kwnames));
	bool is_root = folder && !PyUnicode_GET_LENGTH(folder);
	PyObject *node = node_of(self, folder);
	int answer = is_root ? 0 : ask(node, "is_dir");
	Py_XDECREF(node);
	return answer < 0 || !node ? NULL : PyBool_FromLong(answer);
}

/* The names of the files among a folder's members. */
static PyObject *file_names(PyObject *folder)
{
	PyObject *members = PyObject_CallMethod(folder, "iterdir", NULL), *member;
	PyObject *names = members ? PySet_New(NULL) : NULL;
	while (names && (member = PyIter_Next(members))) {
		int is_file = ask(member, "is_file");
		PyObject *name = is_file > 0 ? PyObject_GetAttrString(member, "name") : NULL;
		if (is_file < 0 || (is_file && (!name || PySet_Add(names, name) < 0)))
			Py_CLEAR(names);
		Py_XDECREF(name);
		Py_DECREF(member);
	}
	if (PyErr_Occurred())
		Py_CLEAR(names);
	Py_XDECREF(members);
	return names;
}

static PyObject *resource_listdir(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = RESOURCE_SIGNATURE("resource_listdir");
	PyObject *node = node_of(self, folder_name(name_of(&signature, args, given, kwnames)));
	int is_folder = ask(node, "is_dir");
	PyObject *names = is_folder > 0 ? file_names(node) : is_folder == 0 ? PySet_New(NULL) : NULL;
	Py_XDECREF(node);
	return sorted(names);
}

/* No tp_clear: str and finders lead nowhere back. */
static int provider_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	Py_VISIT(as_provider(self)->finder);
	return 0;
}

static void provider_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	Py_CLEAR(as_provider(self)->finder);
	Py_CLEAR(as_provider(self)->package);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyMethodDef methods[] = {
	OX_METHOD("has_metadata", has_metadata, "($self, name)", "Whether the distribution has that file."),
	OX_METHOD("get_metadata", get_metadata, "($self, name)", "The text of a file of the distribution; OSError."),
	OX_METHOD("get_metadata_lines", get_metadata_lines, "($self, name)",
		  "An iterator over its lines, without comments and blank ones."),
	OX_METHOD("metadata_isdir", metadata_isdir, "($self, name)",
		  "Whether files of the distribution lie below that folder."),
	OX_METHOD("metadata_listdir", metadata_listdir, "($self, name)",
		  "A sorted list of the files right in a folder of the distribution, '' for its root."),
	OX_METHOD("run_script", run_script, "($self, script_name, namespace)", "Raises NotImplementedError."),
	OX_METHOD("get_resource_filename", get_resource_filename, "($self, manager, resource_name)",
		  "The path of a package's file where the package has real files, else NotImplementedError."),
	OX_METHOD("get_resource_stream", get_resource_stream, "($self, manager, resource_name)",
		  "A binary stream of a package's file; OSError."),
	OX_METHOD("get_resource_string", get_resource_string, "($self, manager, resource_name)",
		  "The bytes of a package's file; OSError."),
	OX_METHOD("has_resource", has_resource, "($self, resource_name)", "Whether the package has that file."),
	OX_METHOD("resource_isdir", resource_isdir, "($self, resource_name)",
		  "Whether files of the package lie below that folder."),
	OX_METHOD("resource_listdir", resource_listdir, "($self, resource_name)",
		  "A sorted list of the files right in a folder of the package, '' for its root."),
	{NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)OX_DOC("OxidizedPkgResourcesProvider", "(module)",
				   "What pkg_resources asks for the metadata and files of a package that an "
				   "OxidizedFinder loaded.")},
	{Py_tp_new, provider_construct},
	{Py_tp_dealloc, provider_dealloc},
	{Py_tp_traverse, provider_traverse},
	{Py_tp_methods, methods},
	{0, NULL},
};

PyType_Spec ox_pkg_provider_spec = {
	.name = "oxidized_importer.OxidizedPkgResourcesProvider",
	.basicsize = sizeof(struct provider),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};
