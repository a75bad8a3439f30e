/* OxidizedDistribution: the metadata of one installed distribution.
 *
 * What needs the index is here; parsing is left to importlib.metadata of the interpreter at hand, so that entry points
 * and the rest have the form that its users expect. What else its Distribution offers (and will offer) is its own
 * code bound to our object. */
#include "runtime/importer/distribution.h"

#include "runtime/importer/arguments.h"

struct distribution {
	PyObject_HEAD
	PyObject *finder;
	PyObject *name; /* of the record */
};

static struct distribution *as_distribution(PyObject *self)
{
	return (struct distribution *)self;
}

PyObject *ox_distribution_new(struct ox_state *state, PyObject *finder, PyObject *name)
{
	if (ox_types_complete(state) < 0)
		return NULL;
	struct distribution *d = (struct distribution *)PyType_GenericAlloc(state->distribution, 0);
	if (d) {
		d->finder = Py_NewRef(finder);
		d->name = Py_NewRef(name);
	}
	return (PyObject *)d;
}

/* The file's content, or NULL, without an exception when there is no such file. */
static PyObject *read_bytes(PyObject *self, struct ox_slice file)
{
	struct ox_finder *finder = (struct ox_finder *)as_distribution(self)->finder;
	struct ox_slice name;
	struct ox_file found;
	if (!ox_utf8(as_distribution(self)->name, &name) ||
	    !ox_index_file(&finder->index, OX_METADATA_FILES, name, file, &found))
		return NULL;
	return ox_finder_file(finder, &found);
}

/* Every line end as "\n", as text files are read. */
static PyObject *with_plain_lines(PyObject *text)
{
	PyObject *first = PyObject_CallMethod(text, "replace", "ss", "\r\n", "\n");
	PyObject *both = first ? PyObject_CallMethod(first, "replace", "ss", "\r", "\n") : NULL;
	Py_XDECREF(first);
	return both;
}

PyObject *ox_distribution_text(PyObject *self, struct ox_slice file)
{
	PyObject *bytes = read_bytes(self, file);
	if (!bytes)
		return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
	PyObject *raw = PyUnicode_DecodeUTF8(PyBytes_AS_STRING(bytes), PyBytes_GET_SIZE(bytes), NULL);
	PyObject *text = raw ? with_plain_lines(raw) : NULL;
	Py_XDECREF(raw);
	Py_DECREF(bytes);
	return text;
}

static PyObject *read_text(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedDistribution.read_text", 1, 1, {"filename"}};
	struct ox_slice file;
	PyObject *value;
	if (!ox_arguments(&signature, args, given, kwnames, &value))
		return NULL;
	PyObject *name = ox_text_from(value, "filename");
	PyObject *text = name && ox_utf8(name, &file) ? ox_distribution_text(self, file) : NULL;
	Py_XDECREF(name);
	return text;
}

static PyObject *locate_file(PyObject *self, PyObject *path)
{
	struct ox_finder *finder = (struct ox_finder *)as_distribution(self)->finder;
	struct ox_slice utf8;
	PyObject *text = PyObject_Str(path);
	PyObject *full = text && ox_utf8(text, &utf8) ? ox_finder_real_path(finder, utf8) : NULL;
	if (!full && !PyErr_Occurred())
		full = PyUnicode_FromFormat("%U/%U", finder->base, text);
	PyObject *result = full ? ox_finder_path(finder, full) : NULL;
	Py_XDECREF(full);
	Py_XDECREF(text);
	return result;
}

/* importlib.metadata.NAME, or a deeper attribute of it. */
static PyObject *of_metadata(const char *name)
{
	PyObject *module = PyImport_ImportModule("importlib.metadata");
	PyObject *value = module ? PyObject_GetAttrString(module, name) : NULL;
	Py_XDECREF(module);
	return value;
}

/* Since 3.10 a message is wrapped, so that its keys are looked up and converted as JSON needs them. Takes `message`. */
static PyObject *adapted(PyObject *message)
{
	PyObject *adapters = message ? PyImport_ImportModule("importlib.metadata._adapters") : NULL;
	if (!message || (!adapters && !PyErr_ExceptionMatches(PyExc_ModuleNotFoundError))) {
		Py_XDECREF(message);
		return NULL;
	}
	if (!adapters) {
		PyErr_Clear();
		return message;
	}
	PyObject *result = PyObject_CallMethod(adapters, "Message", "O", message);
	Py_DECREF(adapters);
	Py_DECREF(message);
	return result;
}

static PyObject *get_metadata(PyObject *self, void *closure)
{
	(void)closure;
	PyObject *bytes = read_bytes(self, OX_SLICE("METADATA"));
	if (!bytes && !PyErr_Occurred())
		bytes = read_bytes(self, OX_SLICE("PKG-INFO"));
	if (!bytes)
		return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_OSError, "package metadata not found");
	PyObject *email = PyImport_ImportModule("email");
	PyObject *message = email ? PyObject_CallMethod(email, "message_from_bytes", "O", bytes) : NULL;
	Py_XDECREF(email);
	Py_DECREF(bytes);
	return adapted(message);
}

static PyObject *header(PyObject *self, const char *name)
{
	PyObject *message = get_metadata(self, NULL);
	PyObject *key = message ? PyUnicode_FromString(name) : NULL;
	PyObject *value = key ? PyObject_GetItem(message, key) : NULL;
	Py_XDECREF(key);
	Py_XDECREF(message);
	return value;
}

static PyObject *get_name(PyObject *self, void *closure)
{
	(void)closure;
	return header(self, "Name");
}

static PyObject *get_version(PyObject *self, void *closure)
{
	(void)closure;
	return header(self, "Version");
}

static PyObject *get_normalized_name(PyObject *self, void *closure)
{
	(void)closure;
	PyObject *name = header(self, "Name");
	PyObject *dashes = name ? ox_normalized_name(name) : NULL;
	PyObject *result = dashes ? PyObject_CallMethod(dashes, "replace", "ss", "-", "_") : NULL;
	Py_XDECREF(dashes);
	Py_XDECREF(name);
	return result;
}

static PyObject *get_entry_points(PyObject *self, void *closure)
{
	(void)closure;
	PyObject *text = ox_distribution_text(self, OX_SLICE("entry_points.txt"));
	PyObject *type = text ? of_metadata("EntryPoints") : NULL;
	PyObject *result = NULL;
	if (type) {
		result = PyObject_CallMethod(type, "_from_text_for", "OO", text, self);
	} else if (text && PyErr_ExceptionMatches(PyExc_AttributeError)) {
		PyErr_Clear();
		type = of_metadata("EntryPoint"); /* a list of these, up to 3.9 */
		result = type ? PyObject_CallMethod(type, "_from_text", "O", text) : NULL;
	}
	Py_XDECREF(type);
	Py_XDECREF(text);
	return result;
}

/* Binds an attribute of importlib.metadata.Distribution to our object. */
static PyObject *borrowed_attribute(PyObject *self, PyObject *name)
{
	PyObject *type = of_metadata("Distribution");
	PyObject *raw = type && PyType_Check(type) ? _PyType_Lookup((PyTypeObject *)type, name) : NULL; /* borrowed */
	PyObject *result = NULL;
	if (raw) {
		Py_INCREF(raw);
		descrgetfunc get = Py_TYPE(raw)->tp_descr_get;
		bool of_class = Py_TYPE(raw) == &PyClassMethod_Type; /* it relies on others of its class */
		PyObject *class = of_class ? type : (PyObject *)Py_TYPE(self);
		result = get ? get(raw, of_class ? NULL : self, class) : Py_NewRef(raw);
		Py_DECREF(raw);
	} else if (!PyErr_Occurred()) {
		PyErr_Format(PyExc_AttributeError, "'OxidizedDistribution' object has no attribute '%U'", name);
	}
	Py_XDECREF(type);
	return result;
}

static PyObject *get_requires(PyObject *self, void *closure)
{
	(void)closure;
	PyObject *name = PyUnicode_FromString("requires");
	PyObject *result = name ? borrowed_attribute(self, name) : NULL;
	Py_XDECREF(name);
	return result;
}

static PyObject *get_files(PyObject *self, void *closure)
{
	(void)closure;
	return ox_distribution_files(self);
}

static PyObject *get_attribute(PyObject *self, PyObject *name)
{
	PyObject *own = PyObject_GenericGetAttr(self, name);
	const char *text = own ? NULL : PyUnicode_AsUTF8(name);
	/* What is looked for in the instance by copying and pickling must not be that of another class. */
	if (own || !PyErr_ExceptionMatches(PyExc_AttributeError) || !text || strncmp(text, "__", 2) == 0)
		return own;
	for (const PyGetSetDef *p = ox_distribution_properties; p->name; p++)
		if (strcmp(text, p->name) == 0)
			return NULL; /* ours, and the exception is its own */
	PyErr_Clear();
	return borrowed_attribute(self, name);
}

/* What every finder of sys.meta_path finds for the context, in one list. */
static PyObject *search(PyObject *context)
{
	PyObject *path = PySys_GetObject("meta_path"); /* borrowed */
	PyObject *finders = path ? PySequence_List(path) : PyList_New(0);
	PyObject *all = finders ? PyList_New(0) : NULL;
	for (Py_ssize_t i = 0; all && i < PyList_GET_SIZE(finders); i++) {
		PyObject *find = PyObject_GetAttrString(PyList_GET_ITEM(finders, i), "find_distributions");
		if (!find && PyErr_ExceptionMatches(PyExc_AttributeError)) {
			PyErr_Clear();
			continue;
		}
		PyObject *found = find ? PyObject_CallFunctionObjArgs(find, context, NULL) : NULL;
		PyObject *more = found ? PySequence_List(found) : NULL;
		if (!more || PyList_SetSlice(all, PY_SSIZE_T_MAX, PY_SSIZE_T_MAX, more) < 0)
			Py_CLEAR(all);
		Py_XDECREF(more);
		Py_XDECREF(found);
		Py_XDECREF(find);
	}
	Py_XDECREF(finders);
	return all;
}

/* DistributionFinder.Context(**kwargs) */
static PyObject *new_context(PyObject *kwargs)
{
	PyObject *finder = of_metadata("DistributionFinder");
	PyObject *type = finder ? PyObject_GetAttrString(finder, "Context") : NULL;
	PyObject *none = type ? PyTuple_New(0) : NULL;
	PyObject *context = none ? PyObject_Call(type, none, kwargs) : NULL;
	Py_XDECREF(none);
	Py_XDECREF(type);
	Py_XDECREF(finder);
	return context;
}

static PyObject *from_name(PyObject *type, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedDistribution.from_name", 1, 1, {"name"}};
	PyObject *value;
	(void)type;
	if (!ox_arguments(&signature, args, given, kwnames, &value))
		return NULL;
	PyObject *name = ox_text_from(value, "name");
	PyObject *named = name ? Py_BuildValue("{s:O}", "name", name) : NULL;
	PyObject *context = named ? new_context(named) : NULL;
	PyObject *all = context ? search(context) : NULL;
	PyObject *first = NULL;
	if (all && PyList_GET_SIZE(all)) {
		first = Py_NewRef(PyList_GET_ITEM(all, 0));
	} else if (all) {
		PyObject *error = of_metadata("PackageNotFoundError");
		if (error)
			PyErr_SetObject(error, name);
		Py_XDECREF(error);
	}
	Py_XDECREF(all);
	Py_XDECREF(context);
	Py_XDECREF(named);
	Py_XDECREF(name);
	return first;
}

static PyObject *discover(PyObject *type, PyObject *args, PyObject *kwargs)
{
	PyObject *named = kwargs ? PyDict_Copy(kwargs) : PyDict_New();
	PyObject *context = named ? Py_XNewRef(PyDict_GetItemString(named, "context")) : NULL, *all = NULL;
	(void)type;
	(void)args;
	if (context && PyDict_DelItemString(named, "context") < 0)
		goto out;
	if (context == Py_None)
		Py_CLEAR(context);
	if (context && PyDict_GET_SIZE(named)) {
		PyErr_SetString(PyExc_ValueError, "cannot accept context and kwargs");
		goto out;
	}
	if (!context && named)
		context = new_context(named);
	all = context ? search(context) : NULL;
out:
	Py_XDECREF(context);
	Py_XDECREF(named);
	PyObject *iterator = all ? PyObject_GetIter(all) : NULL;
	Py_XDECREF(all);
	return iterator;
}

static PyObject *distribution_repr(PyObject *self)
{
	return PyUnicode_FromFormat("<OxidizedDistribution %U>", as_distribution(self)->name);
}

static int distribution_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	Py_VISIT(as_distribution(self)->finder);
	return 0;
}

static void distribution_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	Py_CLEAR(as_distribution(self)->finder);
	Py_CLEAR(as_distribution(self)->name);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyMethodDef methods[] = {
	OX_METHOD("read_text", read_text, "($self, filename)", "The text of a metadata file, or None."),
	OX_FUNCTION("locate_file", locate_file, METH_O, "($self, path, /)",
		    "A pathlib.Path of a file of the distribution, which can be read although it is in memory."),
	OX_CLASS_METHOD("from_name", from_name, "($type, name)",
			"The first distribution of that name that any finder has; PackageNotFoundError."),
	OX_FUNCTION("discover", discover, METH_VARARGS | METH_KEYWORDS | METH_CLASS, "($type, *args, **kwargs)",
		    "An iterator over the distributions of all finders, for a context or for what would make one."),
	{NULL, NULL, 0, NULL},
};

PyGetSetDef ox_distribution_properties[] = {
	{"metadata", get_metadata, NULL, "The parsed METADATA or PKG-INFO.", NULL},
	{"name", get_name, NULL, "The metadata's Name.", NULL},
	{"version", get_version, NULL, "The metadata's Version.", NULL},
	{"_normalized_name", get_normalized_name, NULL, "The name in the form that names are compared in.", NULL},
	{"entry_points", get_entry_points, NULL, "The entry points, as importlib.metadata has them.", NULL},
	{"requires", get_requires, NULL, "A list of what the distribution requires, or None.", NULL},
	{"files", get_files, NULL, "What RECORD or SOURCES.txt lists, or None.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)"The metadata of one distribution, as importlib.metadata.distribution() gives it."},
	{Py_tp_dealloc, distribution_dealloc},
	{Py_tp_traverse, distribution_traverse},
	{Py_tp_getattro, get_attribute},
	{Py_tp_repr, distribution_repr},
	{Py_tp_methods, methods},
	{Py_tp_getset, ox_distribution_properties},
	{0, NULL},
};

PyType_Spec ox_distribution_spec = {
	.name = "oxidized_importer.OxidizedDistribution",
	.basicsize = sizeof(struct distribution),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};
