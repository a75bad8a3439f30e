/* OxidizedResource. Its properties are rows of tables: flags, bytes, paths, dicts of either. */
#include "runtime/importer/resource.h"

#include "runtime/importer/arguments.h"
#include "runtime/importer/state.h"

static struct ox_resource *as_resource(PyObject *self)
{
	return (struct ox_resource *)self;
}

static bool is_path_blob(int which)
{
	return which >= OX_PACKED_SOURCE_PATH && which != OX_PACKED_FILE_DATA;
}

static bool is_path_table(int which)
{
	return which >= OX_PACKED_RESOURCE_PATHS;
}

static PyObject *exact_value(bool is_path, PyObject *value)
{
	return is_path ? ox_path_from(value) : ox_bytes_from(value, NULL);
}

static int store(PyObject **slot, PyObject *value)
{
	PyObject *old = *slot;
	if (!value)
		return -1;
	*slot = value;
	Py_XDECREF(old);
	return 0;
}

int ox_resource_set_name(struct ox_resource *r, PyObject *name)
{
	return store(&r->name, ox_text_from(name, NULL));
}

int ox_resource_set_blob(struct ox_resource *r, enum ox_packed_blob which, PyObject *value)
{
	if (value == Py_None)
		Py_CLEAR(r->blobs[which]);
	else
		return store(&r->blobs[which], exact_value(is_path_blob(which), value));
	return 0;
}

static int add_to(PyObject *dict, bool is_path, PyObject *name, PyObject *value)
{
	PyObject *key = ox_text_from(name, NULL);
	PyObject *item = key ? exact_value(is_path, value) : NULL;
	int rc = item ? PyDict_SetItem(dict, key, item) : -1;
	Py_XDECREF(item);
	Py_XDECREF(key);
	return rc;
}

int ox_resource_set_table(struct ox_resource *r, enum ox_packed_table which, PyObject *value)
{
	if (value == Py_None) {
		Py_CLEAR(r->tables[which]);
		return 0;
	}
	if (!PyDict_Check(value)) {
		ox_wrong_type(value, NULL, "PyDict");
		return -1;
	}
	/* Conversions run code of others, which may change the dict: go through a list of its items. */
	PyObject *items = PyDict_Items(value), *dict = PyDict_New();
	int rc = items && dict ? 0 : -1;
	for (Py_ssize_t i = 0; !rc && i < PyList_GET_SIZE(items); i++) {
		PyObject *pair = PyList_GET_ITEM(items, i);
		rc = add_to(dict, is_path_table(which), PyTuple_GET_ITEM(pair, 0), PyTuple_GET_ITEM(pair, 1));
	}
	Py_XDECREF(items);
	if (rc < 0)
		Py_CLEAR(dict);
	return store(&r->tables[which], dict);
}

int ox_resource_add_item(struct ox_resource *r, enum ox_packed_table which, PyObject *name, PyObject *value)
{
	if (!r->tables[which] && !(r->tables[which] = PyDict_New()))
		return -1;
	return add_to(r->tables[which], is_path_table(which), name, value);
}

int ox_resource_set_needs(struct ox_resource *r, PyObject *names)
{
	if (names == Py_None) {
		Py_CLEAR(r->needs);
		return 0;
	}
	if (PyUnicode_Check(names) || !PySequence_Check(names)) {
		ox_wrong_type(names, NULL, "Sequence");
		return -1;
	}
	PyObject *items = PySequence_Tuple(names);
	PyObject *needs = items ? PyTuple_New(PyTuple_GET_SIZE(items)) : NULL;
	for (Py_ssize_t i = 0; needs && i < PyTuple_GET_SIZE(items); i++) {
		PyObject *name = ox_text_from(PyTuple_GET_ITEM(items, i), NULL);
		if (name)
			PyTuple_SET_ITEM(needs, i, name);
		else
			Py_CLEAR(needs);
	}
	Py_XDECREF(items);
	return store(&r->needs, needs);
}

static struct ox_resource *allocate(PyTypeObject *type)
{
	struct ox_resource *r = (struct ox_resource *)PyType_GenericAlloc(type, 0);
	if (r && !(r->name = PyUnicode_FromString("")))
		Py_CLEAR(r);
	return r;
}

struct ox_resource *ox_resource_new(struct ox_state *state)
{
	return ox_types_complete(state) < 0 ? NULL : allocate(state->resource);
}

struct ox_resource *ox_resource_check(struct ox_state *state, PyObject *object)
{
	return Py_TYPE(object) == state->resource ? as_resource(object) : NULL;
}

struct ox_resource *ox_resource_copy(struct ox_state *state, const struct ox_resource *r)
{
	struct ox_resource *copy = ox_resource_new(state);
	if (!copy)
		return NULL;
	store(&copy->name, Py_NewRef(r->name));
	copy->flags = r->flags;
	copy->needs = Py_XNewRef(r->needs);
	for (int i = 0; i < OX_PACKED_BLOBS; i++)
		copy->blobs[i] = Py_XNewRef(r->blobs[i]);
	for (int i = 0; i < OX_PACKED_TABLES; i++)
		if (r->tables[i] && !(copy->tables[i] = PyDict_Copy(r->tables[i]))) {
			Py_DECREF(copy);
			return NULL;
		}
	return copy;
}

/* To and from plain bytes. */

static int view_table(PyObject *dict, struct ox_arena *arena, struct ox_packed_items *out)
{
	size_t count = (size_t)PyDict_Size(dict), n = 0;
	PyObject *name, *value;
	Py_ssize_t at = 0;
	out->items = ox_arena_array(arena, count ? count : 1, sizeof *out->items);
	if (!out->items) {
		PyErr_NoMemory();
		return -1;
	}
	for (; n < count && PyDict_Next(dict, &at, &name, &value); n++) {
		if (!ox_utf8(name, &out->items[n].name))
			return -1;
		out->items[n].data = ox_bytes(value);
	}
	out->count = n;
	ox_packed_sort(out);
	return 0;
}

static int view_needs(PyObject *needs, struct ox_arena *arena, struct ox_packed_resource *out)
{
	size_t count = (size_t)PyTuple_GET_SIZE(needs);
	out->needs = ox_arena_array(arena, count ? count : 1, sizeof *out->needs);
	if (!out->needs) {
		PyErr_NoMemory();
		return -1;
	}
	for (; out->need_count < count; out->need_count++)
		if (!ox_utf8(PyTuple_GET_ITEM(needs, (Py_ssize_t)out->need_count), &out->needs[out->need_count]))
			return -1;
	return 0;
}

int ox_resource_view(const struct ox_resource *r, struct ox_arena *arena, struct ox_packed_resource *out)
{
	*out = (struct ox_packed_resource){.flags = r->flags};
	if (!ox_utf8(r->name, &out->name))
		return -1;
	for (int i = 0; i < OX_PACKED_BLOBS; i++)
		if (r->blobs[i])
			out->blobs[i] = ox_bytes(r->blobs[i]);
	for (int i = 0; i < OX_PACKED_TABLES; i++)
		if (r->tables[i] && view_table(r->tables[i], arena, &out->tables[i]) < 0)
			return -1;
	return r->needs ? view_needs(r->needs, arena, out) : 0;
}

const struct ox_packed_resource *ox_resource_seal(struct ox_resource *r)
{
	if (r->view)
		return r->view;
	struct ox_packed_resource *view = ox_arena_alloc(&r->arena, sizeof *view);
	if (!view)
		PyErr_NoMemory();
	else if (ox_resource_view(r, &r->arena, view) == 0)
		r->view = view;
	return r->view;
}

static PyObject *new_bytes(struct ox_slice s)
{
	return PyBytes_FromStringAndSize(s.data, (Py_ssize_t)s.len);
}

static PyObject *new_text(struct ox_slice s)
{
	return PyUnicode_DecodeUTF8(s.data, (Py_ssize_t)s.len, NULL);
}

static PyObject *new_table(const struct ox_packed_items *table)
{
	PyObject *dict = PyDict_New();
	for (size_t i = 0; dict && i < table->count; i++) {
		PyObject *name = new_text(table->items[i].name);
		PyObject *value = name ? new_bytes(table->items[i].data) : NULL;
		if (!value || PyDict_SetItem(dict, name, value) < 0)
			Py_CLEAR(dict);
		Py_XDECREF(value);
		Py_XDECREF(name);
	}
	return dict;
}

static PyObject *new_needs(const struct ox_packed_resource *p)
{
	PyObject *needs = PyTuple_New((Py_ssize_t)p->need_count);
	for (size_t i = 0; needs && i < p->need_count; i++) {
		PyObject *name = new_text(p->needs[i]);
		if (name)
			PyTuple_SET_ITEM(needs, (Py_ssize_t)i, name);
		else
			Py_CLEAR(needs);
	}
	return needs;
}

struct ox_resource *ox_resource_from(struct ox_state *state, const struct ox_packed_resource *p)
{
	struct ox_resource *r = ox_resource_new(state);
	int rc = r ? store(&r->name, new_text(p->name)) : -1;
	for (int i = 0; !rc && i < OX_PACKED_BLOBS; i++)
		if (p->blobs[i].data)
			rc = store(&r->blobs[i], new_bytes(p->blobs[i]));
	for (int i = 0; !rc && i < OX_PACKED_TABLES; i++)
		if (p->tables[i].items)
			rc = store(&r->tables[i], new_table(&p->tables[i]));
	if (!rc && p->needs)
		rc = store(&r->needs, new_needs(p));
	if (rc < 0)
		Py_CLEAR(r);
	else
		r->flags = p->flags;
	return r;
}

/* The properties. A closure is the number of the flag, blob or table. */

static int number_of(void *closure)
{
	return (int)(intptr_t)closure;
}

static int refuse_delete(PyObject *value)
{
	if (value)
		return 0;
	PyErr_SetString(PyExc_AttributeError, "can't delete attribute");
	return -1;
}

static PyObject *get_name(PyObject *self, void *closure)
{
	(void)closure;
	return Py_NewRef(as_resource(self)->name);
}

static int set_name(PyObject *self, PyObject *value, void *closure)
{
	(void)closure;
	return refuse_delete(value) < 0 ? -1 : ox_resource_set_name(as_resource(self), value);
}

static PyObject *get_flag(PyObject *self, void *closure)
{
	return PyBool_FromLong((as_resource(self)->flags & (uint32_t)number_of(closure)) != 0);
}

static int set_flag(PyObject *self, PyObject *value, void *closure)
{
	uint32_t flag = (uint32_t)number_of(closure);
	bool is_set;
	if (refuse_delete(value) < 0 || !ox_bool_from(value, NULL, &is_set))
		return -1;
	as_resource(self)->flags = (as_resource(self)->flags & ~flag) | (is_set ? flag : 0);
	return 0;
}

/* The kinds that earlier versions let a resource have only one of, in the order in which a finder
 * looks at them. */
static const struct {
	const char *name;
	uint32_t flag;
} flavors[] = {
	{"built-in", OX_PACK_BUILTIN}, {"frozen", OX_PACK_FROZEN},		 {"extension", OX_PACK_EXTENSION},
	{"module", OX_PACK_MODULE},    {"shared_library", OX_PACK_LIBRARY}, {"none", 0},
};

static PyObject *get_flavor(PyObject *self, void *closure)
{
	size_t i = 0;
	(void)closure;
	while (flavors[i].flag && !(as_resource(self)->flags & flavors[i].flag))
		i++;
	return PyUnicode_FromString(flavors[i].name);
}

static int set_flavor(PyObject *self, PyObject *value, void *closure)
{
	uint32_t kinds = 0;
	(void)closure;
	if (refuse_delete(value) < 0)
		return -1;
	if (!PyUnicode_Check(value)) {
		ox_wrong_type(value, NULL, "PyString");
		return -1;
	}
	for (size_t i = 0; i < OX_COUNT(flavors); i++)
		kinds |= flavors[i].flag;
	for (size_t i = 0; i < OX_COUNT(flavors); i++)
		if (PyUnicode_CompareWithASCIIString(value, flavors[i].name) == 0) {
			as_resource(self)->flags = (as_resource(self)->flags & ~kinds) | flavors[i].flag;
			return 0;
		}
	PyErr_Format(PyExc_ValueError, "unknown flavor %R: none, module, built-in, frozen, extension, shared_library",
		     value);
	return -1;
}

static PyObject *none_or(PyObject *value)
{
	return Py_NewRef(value ? value : Py_None);
}

static PyObject *get_bytes(PyObject *self, void *closure)
{
	return none_or(as_resource(self)->blobs[number_of(closure)]);
}

/* pathlib.Path of the kernel's bytes. */
static PyObject *new_path(PyObject *bytes)
{
	PyObject *pathlib = PyImport_ImportModule("pathlib");
	PyObject *text = pathlib ? PyUnicode_DecodeFSDefaultAndSize(PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes))
				 : NULL;
	PyObject *path = text ? PyObject_CallMethod(pathlib, "Path", "O", text) : NULL;
	Py_XDECREF(text);
	Py_XDECREF(pathlib);
	return path;
}

static PyObject *get_path(PyObject *self, void *closure)
{
	PyObject *bytes = Py_XNewRef(as_resource(self)->blobs[number_of(closure)]);
	PyObject *path = bytes ? new_path(bytes) : Py_NewRef(Py_None);
	Py_XDECREF(bytes);
	return path;
}

static int set_blob(PyObject *self, PyObject *value, void *closure)
{
	if (refuse_delete(value) < 0)
		return -1;
	return ox_resource_set_blob(as_resource(self), (enum ox_packed_blob)number_of(closure), value);
}

static PyObject *get_dict(PyObject *self, void *closure)
{
	PyObject *dict = as_resource(self)->tables[number_of(closure)];
	return dict ? PyDict_Copy(dict) : Py_NewRef(Py_None);
}

static PyObject *get_paths(PyObject *self, void *closure)
{
	PyObject *dict = get_dict(self, closure), *name, *value;
	PyObject *paths = dict && dict != Py_None ? PyDict_New() : NULL;
	Py_ssize_t at = 0;
	if (!paths)
		return dict;
	while (paths && PyDict_Next(dict, &at, &name, &value)) {
		PyObject *path = new_path(value);
		if (!path || PyDict_SetItem(paths, name, path) < 0)
			Py_CLEAR(paths);
		Py_XDECREF(path);
	}
	Py_DECREF(dict);
	return paths;
}

static int set_dict(PyObject *self, PyObject *value, void *closure)
{
	if (refuse_delete(value) < 0)
		return -1;
	return ox_resource_set_table(as_resource(self), (enum ox_packed_table)number_of(closure), value);
}

static PyObject *get_needs(PyObject *self, void *closure)
{
	PyObject *needs = as_resource(self)->needs;
	(void)closure;
	return needs ? PySequence_List(needs) : Py_NewRef(Py_None);
}

static int set_needs(PyObject *self, PyObject *value, void *closure)
{
	(void)closure;
	return refuse_delete(value) < 0 ? -1 : ox_resource_set_needs(as_resource(self), value);
}

#define FLAG(name, flag, doc)                                                                                          \
	{                                                                                                              \
		name, get_flag, set_flag, doc, (void *)(intptr_t)(flag)                                                \
	}
#define BYTES(name, blob, doc)                                                                                         \
	{                                                                                                              \
		name, get_bytes, set_blob, doc " as bytes, or None.", (void *)(intptr_t)(blob)                         \
	}
#define PATH(name, blob, doc)                                                                                          \
	{                                                                                                              \
		name, get_path, set_blob, doc ", a path relative to the finder's origin, or None.",                    \
		    (void *)(intptr_t)(blob)                                                                           \
	}
#define TABLE(name, table, doc)                                                                                        \
	{                                                                                                              \
		name, get_dict, set_dict, doc " as a dict of name to bytes, or None.", (void *)(intptr_t)(table)       \
	}
#define PATHS(name, table, doc)                                                                                        \
	{                                                                                                              \
		name, get_paths, set_dict,                                                                             \
		    doc " as a dict of name to path, relative to the finder's origin, or None.",                       \
		    (void *)(intptr_t)(table)                                                                          \
	}

static PyGetSetDef properties[] = {
	{"name", get_name, set_name, "The full name: of a module, a distribution or a shared library.", NULL},
	{"flavor", get_flavor, set_flavor,
	 "The kind: 'none', 'module', 'built-in', 'frozen', 'extension' or 'shared_library'.", NULL},
	FLAG("is_module", OX_PACK_MODULE, "Whether it is a Python module."),
	FLAG("is_builtin_extension_module", OX_PACK_BUILTIN, "Whether the interpreter has it built in."),
	FLAG("is_frozen_module", OX_PACK_FROZEN, "Whether the interpreter has it frozen."),
	FLAG("is_extension_module", OX_PACK_EXTENSION, "Whether it is an extension module in a shared library."),
	FLAG("is_shared_library", OX_PACK_LIBRARY, "Whether it is a shared library that others need."),
	FLAG("is_package", OX_PACK_PACKAGE, "Whether it is a package."),
	FLAG("is_namespace_package", OX_PACK_NAMESPACE, "Whether it is a namespace package."),
	BYTES("in_memory_source", OX_PACKED_SOURCE, "The source"),
	BYTES("in_memory_bytecode", OX_PACKED_BYTECODE, "The marshalled code"),
	BYTES("in_memory_bytecode_opt1", OX_PACKED_BYTECODE_OPT1, "The marshalled code for -O"),
	BYTES("in_memory_bytecode_opt2", OX_PACKED_BYTECODE_OPT2, "The marshalled code for -OO"),
	BYTES("in_memory_extension_module_shared_library", OX_PACKED_EXTENSION, "The extension module's library"),
	BYTES("in_memory_shared_library", OX_PACKED_LIBRARY, "The shared library"),
	TABLE("in_memory_package_resources", OX_PACKED_RESOURCES, "The package's files"),
	TABLE("in_memory_distribution_resources", OX_PACKED_METADATA, "The distribution's metadata files"),
	{"shared_library_dependency_names", get_needs, set_needs,
	 "The names of the shared libraries that the library needs as a list, or None.", NULL},
	PATH("relative_path_module_source", OX_PACKED_SOURCE_PATH, "The file of the source"),
	PATH("relative_path_module_bytecode", OX_PACKED_BYTECODE_PATH, "The file of the bytecode"),
	PATH("relative_path_module_bytecode_opt1", OX_PACKED_BYTECODE_OPT1_PATH, "The file of the bytecode for -O"),
	PATH("relative_path_module_bytecode_opt2", OX_PACKED_BYTECODE_OPT2_PATH, "The file of the bytecode for -OO"),
	PATH("relative_path_extension_module_shared_library", OX_PACKED_EXTENSION_PATH,
	     "The file of the extension module's library"),
	PATHS("relative_path_package_resources", OX_PACKED_RESOURCE_PATHS, "The package's files"),
	PATHS("relative_path_distribution_resources", OX_PACKED_METADATA_PATHS, "The distribution's metadata files"),
	{NULL, NULL, NULL, NULL, NULL},
};

static PyObject *resource_make(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static const struct ox_signature signature = {"OxidizedResource.__new__", 0, 0, {NULL}};
	return ox_arguments_new(&signature, args, kwargs, NULL) ? (PyObject *)allocate(type) : NULL;
}

static PyObject *resource_repr(PyObject *self)
{
	return PyUnicode_FromFormat("<OxidizedResource name=\"%U\">", as_resource(self)->name);
}

static int resource_traverse(PyObject *self, visitproc visit, void *arg)
{
	struct ox_resource *r = as_resource(self);
	OX_VISIT_TYPE(self);
	for (int i = 0; i < OX_PACKED_TABLES; i++)
		Py_VISIT(r->tables[i]);
	Py_VISIT(r->needs);
	return 0;
}

/* Neither dicts of exact str and bytes nor tuples of str can be part of a circle: nothing to clear. */
static void resource_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct ox_resource *r = as_resource(self);
	PyObject_GC_UnTrack(self);
	Py_CLEAR(r->name);
	Py_CLEAR(r->needs);
	for (int i = 0; i < OX_PACKED_BLOBS; i++)
		Py_CLEAR(r->blobs[i]);
	for (int i = 0; i < OX_PACKED_TABLES; i++)
		Py_CLEAR(r->tables[i]);
	ox_arena_free(&r->arena);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)OX_DOC("OxidizedResource", "()",
				   "What an OxidizedFinder indexes: a module with its files, the metadata of a "
				   "distribution, a shared library.")},
	{Py_tp_new, resource_make},
	{Py_tp_dealloc, resource_dealloc},
	{Py_tp_traverse, resource_traverse},
	{Py_tp_repr, resource_repr},
	{Py_tp_getset, properties},
	{0, NULL},
};

PyType_Spec ox_resource_spec = {
	.name = "oxidized_importer.OxidizedResource",
	.basicsize = sizeof(struct ox_resource),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};
