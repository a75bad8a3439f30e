/* The type OxidizedFinder: arguments in, answers out. The work is in finder_load.c and
 * finder_data.c. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/finder.h"
#include "runtime/importer/importer.h"

#include <limits.h>
#include <unistd.h>

static struct ox_finder *as_finder(PyObject *self)
{
	return (struct ox_finder *)self;
}

/* The values of a method's arguments: declares `values`, returns NULL from the function when they are wrong. */
#define ARGUMENTS(function, required, count, ...) \
	static const struct ox_signature signature = {"OxidizedFinder." function, required, count, {__VA_ARGS__}}; \
	PyObject *values[count]; \
	if (!ox_arguments(&signature, args, given, kwnames, values)) \
		return NULL

static bool is_text(PyObject *value, const char *parameter)
{
	if (!PyUnicode_Check(value))
		ox_wrong_type(value, parameter, "PyString");
	return PyUnicode_Check(value);
}

static PyObject *find_spec(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("find_spec", 2, 3, "fullname", "path", "target");
	if (!is_text(values[0], "fullname"))
		return NULL;
	return ox_finder_spec_of(as_finder(self), values[0], values[1], values[2]);
}

static PyObject *find_module(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("find_module", 2, 2, "fullname", "path");
	if (!is_text(values[0], "fullname"))
		return NULL;
	PyObject *spec = ox_finder_spec_of(as_finder(self), values[0], values[1], NULL);
	if (!spec || spec == Py_None)
		return spec;
	PyObject *loader = PyObject_GetAttrString(spec, "loader");
	Py_DECREF(spec);
	return loader;
}

static PyObject *invalidate_caches(PyObject *self, PyObject *ignored)
{
	(void)self;
	(void)ignored;
	Py_RETURN_NONE;
}

static PyObject *create_module(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("create_module", 1, 1, "spec");
	return ox_finder_create(as_finder(self), values[0]);
}

static PyObject *exec_module(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("exec_module", 1, 1, "module");
	if (ox_finder_exec(as_finder(self), values[0]) < 0)
		return NULL;
	Py_RETURN_NONE;
}

/* A frozen module that CPython does without (-X frozen_modules=off) is the packed one, as in find_spec(). */
static int prefer_packed(PyObject *self, PyObject *name, struct ox_slice utf8, struct ox_found *found)
{
	struct ox_found packed;
	PyObject *answer = PyObject_CallMethod(ox_state_of(self)->imp, "is_frozen", "O", name);
	ox_index_find_packed(&as_finder(self)->index, utf8, &packed);
	if (answer == Py_False && packed.kind != OX_KIND_NONE)
		*found = packed;
	Py_XDECREF(answer);
	return answer ? 0 : -1;
}

/* What the name stands for, or an exception for something that is no str. */
static bool look_up(PyObject *self, PyObject *name, struct ox_found *found)
{
	struct ox_slice utf8;
	PyObject *own = is_text(name, "fullname") ? ox_finder_imported_name(as_finder(self), name) : NULL;
	PyObject *plain = own ? ox_plain_name(own, &utf8) : NULL;
	int rc = plain ? ox_index_find(&as_finder(self)->index, plain, found) : -1;
	if (rc == 0 && found->kind == OX_KIND_FROZEN)
		rc = prefer_packed(self, plain, utf8, found);
	Py_XDECREF(plain);
	Py_XDECREF(own);
	return rc == 0;
}

static PyObject *none_unless(PyObject *value)
{
	if (!value && !PyErr_Occurred())
		return Py_NewRef(Py_None);
	return value;
}

static PyObject *get_code(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	struct ox_found found;
	ARGUMENTS("get_code", 1, 1, "fullname");
	if (!look_up(self, values[0], &found))
		return NULL;
	if (found.kind == OX_KIND_FROZEN)
		return PyObject_CallMethod(ox_state_of(self)->imp, "get_frozen_object", "O", values[0]);
	return none_unless(ox_finder_code(as_finder(self), &found, values[0]));
}

static PyObject *get_source(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	struct ox_found found;
	ARGUMENTS("get_source", 1, 1, "fullname");
	if (!look_up(self, values[0], &found))
		return NULL;
	return none_unless(ox_finder_source(as_finder(self), &found));
}

static PyObject *no_module(const char *why, PyObject *name)
{
	return ox_import_error(PyUnicode_FromString(why), name, NULL);
}

static PyObject *is_package(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	struct ox_found found;
	ARGUMENTS("is_package", 1, 1, "fullname");
	if (!look_up(self, values[0], &found))
		return NULL;
	if (found.kind == OX_KIND_FROZEN)
		return PyObject_CallMethod(ox_state_of(self)->imp, "is_frozen_package", "O", values[0]);
	if (found.kind == OX_KIND_NONE && !found.given && found.place == OX_PACK_NOWHERE)
		return no_module("unknown module", values[0]);
	return PyBool_FromLong(found.is_package);
}

static PyObject *get_filename(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	struct ox_slice utf8;
	ARGUMENTS("get_filename", 1, 1, "fullname");
	if (!is_text(values[0], "fullname") || !ox_utf8(values[0], &utf8))
		return NULL;
	PyObject *spec = ox_finder_spec_of(as_finder(self), values[0], Py_None, NULL);
	PyObject *origin = spec && spec != Py_None ? PyObject_GetAttrString(spec, "origin") : NULL;
	PyObject *located = origin ? PyObject_GetAttrString(spec, "has_location") : NULL;
	bool is_known = spec != Py_None, has_location = located == Py_True;
	Py_XDECREF(located);
	Py_XDECREF(spec);
	if (has_location)
		return origin;
	Py_XDECREF(origin);
	return PyErr_Occurred() ? NULL : no_module(is_known ? "no origin" : "unknown module", values[0]);
}

static PyObject *get_data(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("get_data", 1, 1, "path");
	return ox_finder_data(as_finder(self), values[0]);
}

/* importlib's own reader of a folder; NULL without an exception where there is none (before 3.10). */
static PyObject *folder_reader(PyObject *file)
{
	PyObject *readers = PyImport_ImportModule("importlib.readers");
	PyObject *types = readers ? PyImport_ImportModule("types") : NULL;
	if (!readers && PyErr_ExceptionMatches(PyExc_ModuleNotFoundError))
		PyErr_Clear();
	PyObject *loader = types ? PyObject_CallMethod(types, "SimpleNamespace", NULL) : NULL;
	PyObject *reader = NULL;
	if (loader && PyObject_SetAttrString(loader, "path", file) == 0)
		reader = PyObject_CallMethod(readers, "FileReader", "O", loader);
	Py_XDECREF(loader);
	Py_XDECREF(types);
	Py_XDECREF(readers);
	return reader;
}

/* Since 3.12 importlib.resources takes modules, too: their package's files are meant. A new reference to the
 * package's name, and what the index knows of it; NULL without an exception when there is none. */
static PyObject *package_of_resources(PyObject *self, PyObject *name, struct ox_found *found)
{
	if (!look_up(self, name, found))
		return NULL;
	if (found->is_package)
		return Py_NewRef(name);
	bool is_module = found->kind == OX_KIND_MODULE || found->kind == OX_KIND_EXTENSION;
	if (PY_VERSION_HEX < 0x030C0000 || !is_module)
		return NULL;
	Py_ssize_t dot = PyUnicode_FindChar(name, '.', 0, PyUnicode_GET_LENGTH(name), -1);
	PyObject *package = dot > 0 ? PyUnicode_Substring(name, 0, dot) : NULL;
	if (package && (!look_up(self, package, found) || !found->is_package))
		Py_CLEAR(package);
	return package;
}

static PyObject *get_resource_reader(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	struct ox_found found;
	struct ox_slice utf8;
	ARGUMENTS("get_resource_reader", 1, 1, "fullname");
	PyObject *package = package_of_resources(self, values[0], &found);
	if (!package)
		return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
	bool may_be_real = (found.kind == OX_KIND_MODULE || found.kind == OX_KIND_EXTENSION) && !found.given;
	PyObject *file = may_be_real ? ox_finder_real_file(as_finder(self), &found) : NULL;
	PyObject *reader = file ? folder_reader(file) : NULL;
	Py_XDECREF(file);
	if (!reader && !PyErr_Occurred()) {
		PyObject *own = ox_finder_imported_name(as_finder(self), package);
		PyObject *name = own ? ox_plain_name(own, &utf8) : NULL;
		Py_XDECREF(own);
		reader = name ? ox_resource_reader_new(ox_state_of(self), self, name) : NULL;
		Py_XDECREF(name);
	}
	Py_DECREF(package);
	return reader;
}

static PyObject *find_distributions(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("find_distributions", 0, 1, "context");
	return ox_finder_distributions(as_finder(self), values[0] ? values[0] : Py_None);
}

static PyObject *iter_modules(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("iter_modules", 0, 1, "prefix");
	bool is_given = values[0] && values[0] != Py_None;
	PyObject *prefix = is_given ? ox_text_from(values[0], "prefix") : PyUnicode_FromString("");
	PyObject *list = prefix ? ox_index_members(&as_finder(self)->index, OX_SLICE(""), prefix) : NULL;
	Py_XDECREF(prefix);
	return list;
}

static PyObject *path_hook(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("path_hook", 1, 1, "path");
	return ox_path_hook(as_finder(self), values[0]);
}

/* Indexing. */

static PyObject *none_if(int rc)
{
	return rc < 0 ? NULL : Py_NewRef(Py_None);
}

static PyObject *index_bytes(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("index_bytes", 1, 1, "data");
	return none_if(ox_index_add_buffer(&as_finder(self)->index, values[0]));
}

static PyObject *index_file(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("index_file_memory_mapped", 1, 1, "path");
	return none_if(ox_index_add_file(&as_finder(self)->index, values[0]));
}

static PyObject *index_builtins(PyObject *self, PyObject *ignored)
{
	(void)ignored;
	return none_if(ox_index_add_interpreter(&as_finder(self)->index));
}

static PyObject *index_builtin_extensions(PyObject *self, PyObject *ignored)
{
	(void)ignored;
	return none_if(ox_index_add_builtins(&as_finder(self)->index));
}

static PyObject *index_frozen(PyObject *self, PyObject *ignored)
{
	(void)ignored;
	return none_if(ox_index_add_frozen(&as_finder(self)->index));
}

static PyObject *indexed_resources(PyObject *self, PyObject *ignored)
{
	(void)ignored;
	return ox_index_resources(&as_finder(self)->index, ox_state_of(self));
}

static int add_one(PyObject *self, PyObject *object)
{
	struct ox_resource *r = ox_resource_check(ox_state_of(self), object);
	if (r)
		return ox_index_add_resource(&as_finder(self)->index, ox_state_of(self), r);
	ox_wrong_type(object, "resource", "OxidizedResource");
	return -1;
}

static PyObject *add_resource(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("add_resource", 1, 1, "resource");
	return none_if(add_one(self, values[0]));
}

static PyObject *add_resources(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	ARGUMENTS("add_resources", 1, 1, "resources");
	PyObject *iterator = PyObject_GetIter(values[0]), *item;
	int rc = iterator ? 0 : -1;
	while (!rc && (item = PyIter_Next(iterator))) {
		rc = add_one(self, item);
		Py_DECREF(item);
	}
	Py_XDECREF(iterator);
	return none_if(PyErr_Occurred() ? -1 : rc);
}

static PyObject *serialize(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	bool ignore_builtin = true, ignore_frozen = true;
	ARGUMENTS("serialize_indexed_resources", 0, 2, "ignore_builtin", "ignore_frozen");
	if ((values[0] && !ox_bool_from(values[0], "ignore_builtin", &ignore_builtin)) ||
	    (values[1] && !ox_bool_from(values[1], "ignore_frozen", &ignore_frozen)))
		return NULL;
	return ox_index_serialize(&as_finder(self)->index, ignore_builtin, ignore_frozen);
}

static PyMethodDef methods[] = {
	OX_METHOD("find_spec", find_spec, "($self, fullname, path, target=None)",
		  "The spec of a module, or None.\n\nFolders of packages in path decide where it is looked for, "
		  "without one the name does. What is built in or frozen gets the interpreter's own importer."),
	OX_METHOD("find_module", find_module, "($self, fullname, path)", "The loader of the module's spec, or None."),
	OX_BARE_METHOD("invalidate_caches", invalidate_caches, "Does nothing: there is nothing to forget."),
	OX_METHOD("create_module", create_module, "($self, spec)",
		  "A module for the spec of an extension module; None for others, which are made as usual."),
	OX_METHOD("exec_module", exec_module, "($self, module)",
		  "Runs the module's code in it. Does nothing for a name that is not indexed."),
	OX_METHOD("get_code", get_code, "($self, fullname)",
		  "The module's code object; None for an extension module, one that is built in, or an unknown name."),
	OX_METHOD("get_source", get_source, "($self, fullname)", "The module's source, decoded, or None."),
	OX_METHOD("is_package", is_package, "($self, fullname)",
		  "Whether the module is a package; ImportError when there is no such module."),
	OX_METHOD("get_filename", get_filename, "($self, fullname)",
		  "The module's file; ImportError for a module in memory, which has none."),
	OX_METHOD("get_data", get_data, "($self, path)",
		  "The bytes of a package's file by its path below path_hook_base_str (in memory) or origin (on disk); "
		  "FileNotFoundError for all other paths."),
	OX_METHOD("get_resource_reader", get_resource_reader, "($self, fullname)",
		  "An OxidizedResourceReader of a package's files, since CPython 3.12 also for a module in it; "
		  "None for others."),
	OX_METHOD("find_distributions", find_distributions, "($self, context=None)",
		  "An iterator over an OxidizedDistribution for each distribution of the context's name, or for all."),
	OX_METHOD("iter_modules", iter_modules, "($self, prefix=None)",
		  "A sorted list of (prefix + name, is_package) of the top-level modules."),
	OX_METHOD("path_hook", path_hook, "($self, path)",
		  "For sys.path_hooks: an OxidizedPathEntryFinder for path_hook_base_str or a package's folder "
		  "below it; ImportError for other paths."),
	OX_METHOD("index_bytes", index_bytes, "($self, data)",
		  "Adds packed resources, merging them into what is known of a name.\n\nThe object is kept and used in "
		  "place: it must not change. ValueError when it does not hold packed resources."),
	OX_METHOD("index_file_memory_mapped", index_file, "($self, path)",
		  "Adds a file of packed resources, which stays open and is read where it is used; ValueError."),
	OX_BARE_METHOD("index_interpreter_builtins", index_builtins,
		       "Adds what the interpreter has built in and what it has frozen."),
	OX_BARE_METHOD("index_interpreter_builtin_extension_modules", index_builtin_extensions,
		       "Adds what the interpreter has built in."),
	OX_BARE_METHOD("index_interpreter_frozen_modules", index_frozen, "Adds what the interpreter has frozen."),
	OX_BARE_METHOD("indexed_resources", indexed_resources,
		       "A list of everything indexed, as copies in OxidizedResource objects, sorted by name."),
	OX_METHOD("add_resource", add_resource, "($self, resource)",
		  "Adds a copy of an OxidizedResource, instead of what is known of its name."),
	OX_METHOD("add_resources", add_resources, "($self, resources)",
		  "Adds a copy of each OxidizedResource of an iterable, as add_resource() does."),
	OX_METHOD("serialize_indexed_resources", serialize, "($self, ignore_builtin=True, ignore_frozen=True)",
		  "Everything indexed as packed resources, version 3, sorted by name: bytes for index_bytes()."),
	{NULL, NULL, 0, NULL},
};

static PyObject *get_origin(PyObject *self, void *closure)
{
	(void)closure;
	return Py_NewRef(as_finder(self)->origin);
}

static PyObject *get_base(PyObject *self, void *closure)
{
	(void)closure;
	return Py_NewRef(as_finder(self)->base);
}

static PyObject *get_start_method(PyObject *self, void *closure)
{
	(void)closure;
	return none_unless(Py_XNewRef(as_finder(self)->mp_start_method));
}

static PyObject *get_auto_register(PyObject *self, void *closure)
{
	(void)self;
	(void)closure;
	Py_RETURN_TRUE;
}

static PyGetSetDef properties[] = {
	{"origin", get_origin, NULL, "The folder below which relative paths lie.", NULL},
	{"path_hook_base_str", get_base, NULL,
	 "The path of the running executable, below which packages in memory have their __path__.", NULL},
	{"multiprocessing_set_start_method", get_start_method, NULL,
	 "What multiprocessing is told when it is imported, or None.", NULL},
	{"pkg_resources_import_auto_register", get_auto_register, NULL,
	 "True: register_pkg_resources() is called when pkg_resources is imported.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyObject *allocate(PyTypeObject *type, const char *exe, const char *origin)
{
	struct ox_finder *f = (struct ox_finder *)PyType_GenericAlloc(type, 0);
	if (!f)
		return NULL;
	f->base = PyUnicode_DecodeFSDefault(exe);
	f->origin = PyUnicode_DecodeFSDefault(origin);
	if (!f->base || !f->origin)
		Py_CLEAR(f);
	return (PyObject *)f;
}

static int read_optimize(struct ox_finder *f)
{
	PyObject *flags = PySys_GetObject("flags"); /* borrowed */
	PyObject *level = flags ? PyObject_GetAttrString(flags, "optimize") : NULL;
	long value = level ? PyLong_AsLong(level) : -1;
	Py_XDECREF(level);
	if (value < 0 || value > 2) {
		if (!PyErr_Occurred())
			PyErr_SetString(PyExc_ValueError, "unexpected value for sys.flags.optimize");
		return -1;
	}
	f->index.optimize = (int)value;
	return 0;
}

/* A finder of this executable, for which nothing is indexed. */
static PyObject *new_for_executable(PyTypeObject *type)
{
	char exe[PATH_MAX], folder[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (len < 0)
		return PyErr_Format(PyExc_ValueError, "unable to obtain current executable");
	exe[len] = '\0';
	memcpy(folder, exe, sizeof folder);
	char *slash = strrchr(folder, '/');
	if (!slash)
		return PyErr_Format(PyExc_ValueError, "unable to get executable parent");
	slash[slash == folder] = '\0';
	return allocate(type, exe, folder);
}

static int set_origin(struct ox_finder *f, PyObject *path)
{
	PyObject *bytes = ox_path_from(path);
	PyObject *origin = bytes ? PyUnicode_DecodeFSDefaultAndSize(PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes))
				 : NULL;
	Py_XDECREF(bytes);
	if (!origin)
		return -1;
	Py_SETREF(f->origin, origin);
	return 0;
}

/* OxidizedFinder(relative_path_origin=None, resources_data=None, resources=None, resources_file=None): the second
 * and third are two names of one thing. */
static PyObject *finder_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static const struct ox_signature signature = {
		"OxidizedFinder.__new__", 0, 4,
		{"relative_path_origin", "resources_data", "resources", "resources_file"}};
	PyObject *values[4];
	if (!ox_arguments_new(&signature, args, kwargs, values))
		return NULL;
	for (int i = 0; i < 4; i++)
		values[i] = values[i] == Py_None ? NULL : values[i];
	if (values[1] && values[2])
		return PyErr_Format(PyExc_TypeError, "resources and resources_data are the same: give one of them");
	PyObject *self = new_for_executable(type);
	if (!self)
		return NULL;
	PyObject *data = values[1] ? values[1] : values[2];
	int rc = values[0] ? set_origin(as_finder(self), values[0]) : 0;
	if (!rc)
		rc = read_optimize(as_finder(self));
	if (!rc && data)
		rc = ox_index_add_buffer(&as_finder(self)->index, data);
	if (!rc && values[3])
		rc = ox_index_add_file(&as_finder(self)->index, values[3]);
	if (rc < 0)
		Py_CLEAR(self);
	return self;
}

PyObject *ox_finder_new(PyObject *module, const struct ox_finder_options *options)
{
	struct ox_state *state = PyModule_GetState(module);
	PyObject *self = allocate(state->finder, options->exe, options->origin);
	struct ox_finder *f = as_finder(self);
	if (!f)
		return NULL;
	f->index.pack = options->pack;
	f->index.shared = options->libraries;
	f->command = options->command;
	if (options->mp_start_method)
		f->mp_start_method = PyUnicode_FromString(options->mp_start_method);
	if (read_optimize(f) < 0 || ox_index_add_interpreter(&f->index) < 0 ||
	    (options->mp_start_method && !f->mp_start_method))
		Py_CLEAR(self);
	return self;
}

PyObject *ox_finder_current(void)
{
	PyObject *modules = PySys_GetObject("modules"); /* borrowed; gone when an interpreter is at its very end */
	bool is_usual = modules && PyDict_Check(modules);
	PyObject *module = is_usual ? PyDict_GetItemString(modules, "oxidized_importer") : NULL; /* borrowed */
	bool is_ours = module && PyModule_Check(module) && PyModule_GetDef(module) == &ox_module_def;
	struct ox_state *state = is_ours ? PyModule_GetState(module) : NULL;
	PyObject *list = state ? PySys_GetObject("meta_path") : NULL; /* borrowed */
	for (Py_ssize_t i = 0; list && PyList_Check(list) && i < PyList_GET_SIZE(list); i++)
		if (Py_TYPE(PyList_GET_ITEM(list, i)) == state->finder)
			return PyList_GET_ITEM(list, i);
	return NULL;
}

static int finder_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	Py_VISIT(as_finder(self)->real_roots);
	Py_VISIT(as_finder(self)->path_type);
	int rc = ox_patterns_traverse(&as_finder(self)->patterns, visit, arg);
	if (rc)
		return rc;
	rc = ox_libraries_traverse(&as_finder(self)->index.libraries, visit, arg);
	return rc ? rc : ox_index_traverse(&as_finder(self)->index, visit, arg);
}

static int finder_clear(PyObject *self)
{
	ox_index_clear(&as_finder(self)->index);
	ox_patterns_clear(&as_finder(self)->patterns);
	return 0;
}

static void finder_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	finder_clear(self);
	Py_CLEAR(as_finder(self)->origin);
	Py_CLEAR(as_finder(self)->base);
	Py_CLEAR(as_finder(self)->mp_start_method);
	Py_CLEAR(as_finder(self)->real_roots);
	Py_CLEAR(as_finder(self)->path_type);
	ox_extract_folders_free(&as_finder(self)->folders);
	ox_libraries_free(&as_finder(self)->index.libraries);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyType_Slot slots[] = {
	{Py_tp_doc,
	 (void *)OX_DOC("OxidizedFinder",
			"(relative_path_origin=None, resources_data=None, resources=None, resources_file=None)",
			"A meta path finder and loader of modules, files and metadata in memory.\n\nIt serves what was "
			"given to it; the one on sys.meta_path of an executable serves what the executable holds. "
			"resources_data (or resources) is indexed as by index_bytes(), resources_file as by "
			"index_file_memory_mapped(); relative_path_origin is by default the executable's folder.")},
	{Py_tp_new, finder_new},
	{Py_tp_dealloc, finder_dealloc},
	{Py_tp_traverse, finder_traverse},
	{Py_tp_clear, finder_clear},
	{Py_tp_methods, methods},
	{Py_tp_getset, properties},
	{0, NULL},
};

PyType_Spec ox_finder_spec = {
	.name = "oxidized_importer.OxidizedFinder",
	.basicsize = sizeof(struct ox_finder),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};
