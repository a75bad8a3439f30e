/* The type OxidizedFinder: arguments in, answers out. The work is in finder_load.c and
 * finder_data.c. */
#include "runtime/importer/importer.h"
#include "runtime/importer/state.h"

#include <limits.h>
#include <unistd.h>

static struct ox_finder *as_finder(PyObject *self)
{
	return (struct ox_finder *)self;
}

static PyObject *find_spec(PyObject *self, PyObject *const *args, Py_ssize_t count, PyObject *kwnames)
{
	static const char *const names[] = {"fullname", "path", "target"};
	PyObject *values[3] = {NULL, NULL, NULL};
	Py_ssize_t keywords = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
	for (Py_ssize_t i = 0; i < count && i < 3; i++)
		values[i] = args[i];
	for (Py_ssize_t k = 0; k < keywords; k++) {
		int i = 0;
		PyObject *key = PyTuple_GET_ITEM(kwnames, k);
		while (i < 3 && PyUnicode_CompareWithASCIIString(key, names[i]) != 0)
			i++;
		if (i == 3 || values[i])
			return PyErr_Format(PyExc_TypeError, "OxidizedFinder.find_spec() got an unexpected argument %R",
					    key);
		values[i] = args[count + k];
	}
	if (count > 3 || !values[0])
		return PyErr_Format(PyExc_TypeError, "OxidizedFinder.find_spec() takes fullname, path, target");
	if (!PyUnicode_Check(values[0]))
		return PyErr_Format(PyExc_TypeError,
				    "argument 'fullname': '%s' object cannot be converted to 'PyString'",
				    Py_TYPE(values[0])->tp_name);
	return ox_finder_spec_of(as_finder(self), values[0], values[1], values[2]);
}

static PyObject *find_module(PyObject *self, PyObject *args)
{
	PyObject *name, *path = NULL;
	if (!PyArg_ParseTuple(args, "U|O:find_module", &name, &path))
		return NULL;
	PyObject *spec = ox_finder_spec_of(as_finder(self), name, path, NULL);
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

static PyObject *create_module(PyObject *self, PyObject *spec)
{
	return ox_finder_create(as_finder(self), spec);
}

static PyObject *exec_module(PyObject *self, PyObject *module)
{
	if (ox_finder_exec(as_finder(self), module) < 0)
		return NULL;
	Py_RETURN_NONE;
}

/* found, or an exception for something that is not a str. */
static bool look_up(PyObject *self, PyObject *name, struct ox_found *found)
{
	if (!PyUnicode_Check(name)) {
		PyErr_Format(PyExc_TypeError, "argument 'fullname': '%s' object cannot be converted to 'PyString'",
			     Py_TYPE(name)->tp_name);
		return false;
	}
	return ox_index_find(&as_finder(self)->index, name, found) == 0;
}

static PyObject *none_unless(PyObject *value)
{
	if (!value && !PyErr_Occurred())
		return Py_NewRef(Py_None);
	return value;
}

static PyObject *get_code(PyObject *self, PyObject *name)
{
	struct ox_found found;
	if (!look_up(self, name, &found))
		return NULL;
	if (found.kind == OX_KIND_FROZEN)
		return PyObject_CallMethod(ox_state_of(self)->imp, "get_frozen_object", "O", name);
	return none_unless(ox_finder_code(as_finder(self), &found, name));
}

static PyObject *get_source(PyObject *self, PyObject *name)
{
	struct ox_found found;
	if (!look_up(self, name, &found))
		return NULL;
	return none_unless(ox_finder_source(as_finder(self), &found));
}

static PyObject *is_package(PyObject *self, PyObject *name)
{
	struct ox_found found;
	if (!look_up(self, name, &found))
		return NULL;
	if (found.kind == OX_KIND_FROZEN)
		return PyObject_CallMethod(ox_state_of(self)->imp, "is_frozen_package", "O", name);
	if (found.kind == OX_KIND_NONE) {
		PyErr_SetImportError(PyUnicode_InternFromString("unknown module"), name, NULL);
		return NULL;
	}
	return PyBool_FromLong(found.is_package);
}

static PyObject *get_filename(PyObject *self, PyObject *name)
{
	PyObject *spec = ox_finder_spec_of(as_finder(self), name, NULL, NULL);
	PyObject *origin = spec && spec != Py_None ? PyObject_GetAttrString(spec, "origin") : NULL;
	PyObject *located = origin ? PyObject_GetAttrString(spec, "has_location") : NULL;
	bool known = spec != Py_None;
	Py_XDECREF(spec);
	if (located == Py_True) {
		Py_DECREF(located);
		return origin;
	}
	Py_XDECREF(located);
	Py_XDECREF(origin);
	if (PyErr_Occurred())
		return NULL;
	PyObject *text = PyUnicode_FromString(known ? "no origin" : "unknown module");
	PyErr_SetImportError(text, name, NULL);
	Py_XDECREF(text);
	return NULL;
}

static PyObject *get_data(PyObject *self, PyObject *path)
{
	return ox_finder_data(as_finder(self), path);
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

static PyObject *get_resource_reader(PyObject *self, PyObject *name)
{
	struct ox_found found;
	if (!look_up(self, name, &found))
		return NULL;
	if (!found.is_package)
		Py_RETURN_NONE;
	PyObject *file = found.kind == OX_KIND_MODULE ? ox_finder_real_file(as_finder(self), &found) : NULL;
	PyObject *reader = file ? folder_reader(file) : NULL;
	Py_XDECREF(file);
	if (reader || PyErr_Occurred())
		return reader;
	return ox_resource_reader_new(ox_state_of(self), self, name);
}

static PyObject *find_distributions(PyObject *self, PyObject *args)
{
	PyObject *context = Py_None;
	if (!PyArg_ParseTuple(args, "|O:find_distributions", &context))
		return NULL;
	return ox_finder_distributions(as_finder(self), context);
}

static PyObject *iter_modules(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = {(char *)"prefix", NULL};
	PyObject *prefix = Py_None;
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:iter_modules", names, &prefix))
		return NULL;
	PyObject *text = prefix == Py_None ? PyUnicode_FromString("") : Py_NewRef(prefix);
	PyObject *list = text ? ox_index_members(&as_finder(self)->index, OX_SLICE(""), text) : NULL;
	Py_XDECREF(text);
	return list;
}

static PyObject *path_hook(PyObject *self, PyObject *path)
{
	return ox_path_hook(as_finder(self), path);
}

static PyMethodDef methods[] = {
	{"find_spec", (PyCFunction)(void (*)(void))find_spec, METH_FASTCALL | METH_KEYWORDS, NULL},
	{"find_module", find_module, METH_VARARGS, NULL},
	{"invalidate_caches", invalidate_caches, METH_NOARGS, NULL},
	{"create_module", create_module, METH_O, NULL},
	{"exec_module", exec_module, METH_O, NULL},
	{"get_code", get_code, METH_O, NULL},
	{"get_source", get_source, METH_O, NULL},
	{"is_package", is_package, METH_O, NULL},
	{"get_filename", get_filename, METH_O, NULL},
	{"get_data", get_data, METH_O, NULL},
	{"get_resource_reader", get_resource_reader, METH_O, NULL},
	{"find_distributions", find_distributions, METH_VARARGS, NULL},
	{"iter_modules", (PyCFunction)(void (*)(void))iter_modules, METH_VARARGS | METH_KEYWORDS, NULL},
	{"path_hook", path_hook, METH_O, NULL},
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
	{"origin", get_origin, NULL, NULL, NULL},
	{"path_hook_base_str", get_base, NULL, NULL, NULL},
	{"multiprocessing_set_start_method", get_start_method, NULL, NULL, NULL},
	{"pkg_resources_import_auto_register", get_auto_register, NULL, NULL, NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyObject *allocate(PyTypeObject *type, const char *exe, const char *origin)
{
	struct ox_finder *f = (struct ox_finder *)type->tp_alloc(type, 0);
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
	if (value < 0 && PyErr_Occurred())
		return -1;
	f->index.optimize = value > 2 ? 2 : (int)value;
	return 0;
}

/* OxidizedFinder(relative_path_origin=None): with nothing indexed. */
static PyObject *finder_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static char *names[] = {(char *)"relative_path_origin", NULL};
	char exe[PATH_MAX], *slash;
	PyObject *origin = NULL;
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:OxidizedFinder", names, &origin))
		return NULL;
	ssize_t len = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (len < 0)
		return PyErr_Format(PyExc_ValueError, "unable to obtain current executable");
	exe[len] = '\0';
	char folder[PATH_MAX];
	memcpy(folder, exe, sizeof folder);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	PyObject *self = allocate(type, exe, folder);
	if (self && origin && origin != Py_None) {
		Py_CLEAR(as_finder(self)->origin);
		if (!PyUnicode_FSDecoder(origin, &as_finder(self)->origin))
			Py_CLEAR(self);
	}
	if (self && read_optimize(as_finder(self)) < 0)
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
	f->command = options->command;
	if (options->mp_start_method)
		f->mp_start_method = PyUnicode_FromString(options->mp_start_method);
	if (read_optimize(f) < 0 || ox_index_add_interpreter(&f->index) < 0 ||
	    (options->mp_start_method && !f->mp_start_method))
		Py_CLEAR(self);
	return self;
}

bool ox_finder_check(PyObject *module, PyObject *object)
{
	struct ox_state *state = PyModule_GetState(module);
	return Py_TYPE(object) == state->finder;
}

static int finder_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	Py_VISIT(as_finder(self)->index.builtins);
	Py_VISIT(as_finder(self)->index.frozen);
	return 0;
}

static int finder_clear(PyObject *self)
{
	Py_CLEAR(as_finder(self)->index.builtins);
	Py_CLEAR(as_finder(self)->index.frozen);
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
	Py_CLEAR(as_finder(self)->real_files);
	ox_libraries_free(&as_finder(self)->index.libraries);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)"A meta path finder and loader that serves what the executable holds."},
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
