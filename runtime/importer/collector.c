#include "runtime/importer/collector.h"

#include "runtime/importer/arguments.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/state.h"

static const char *const location_names[OX_LOCATIONS] = {"in-memory", "filesystem-relative"};

static struct ox_collector *as_collector(PyObject *self)
{
	return (struct ox_collector *)self;
}

int ox_record_put(PyObject *record, const char *key, PyObject *value)
{
	int rc = value ? PyDict_SetItemString(record, key, value) : -1;
	Py_XDECREF(value);
	return rc;
}

static int put_flag(PyObject *record, const char *key, bool value)
{
	return PyDict_SetItemString(record, key, value ? Py_True : Py_False);
}

/* The same one level down: record[key][name]. */
static int put_file(PyObject *record, const char *key, PyObject *name, PyObject *value)
{
	PyObject *files = PyDict_GetItemString(record, key); /* borrowed */
	if (!files && ox_record_put(record, key, PyDict_New()) == 0)
		files = PyDict_GetItemString(record, key);
	int rc = files && value ? PyDict_SetItem(files, name, value) : -1;
	Py_XDECREF(value);
	return rc;
}

PyObject *ox_record_of(PyObject *records, PyObject *name)
{
	PyObject *made = NULL, *record = PyDict_GetItemWithError(records, name);
	if (record || PyErr_Occurred())
		return record;
	made = PyDict_New();
	if (made && PyDict_SetItem(records, name, made) == 0)
		record = made;
	Py_XDECREF(made);
	return record;
}

const char *ox_bytecode_key(int level, bool is_file)
{
	static const char *const keys[2][3] = {
		{"in_memory_bytecode", "in_memory_bytecode_opt1", "in_memory_bytecode_opt2"},
		{"relative_path_module_bytecode", "relative_path_module_bytecode_opt1",
		 "relative_path_module_bytecode_opt2"},
	};
	return keys[is_file][level];
}

static int put_module(PyObject *record, const struct ox_value *v, PyObject *prefix, PyObject *data)
{
	bool is_source = v->kind == OX_VALUE_SOURCE;
	const char *key = !is_source ? ox_bytecode_key(v->level, prefix)
			  : prefix   ? "relative_path_module_source"
				     : "in_memory_source";
	if (put_flag(record, "is_module", true) < 0 || put_flag(record, "is_package", v->is_package) < 0)
		return -1;
	return ox_record_put(record, key, prefix ? PyTuple_Pack(2, prefix, data) : Py_NewRef(data));
}

static int put_resource(PyObject *record, const struct ox_value *v, PyObject *prefix, PyObject *data)
{
	if (put_flag(record, "is_module", true) < 0 || put_flag(record, "is_package", true) < 0)
		return -1;
	if (!prefix)
		return put_file(record, "in_memory_package_resources", v->name, Py_NewRef(data));
	return put_file(record, "relative_path_package_resources", v->name, PyTuple_Pack(2, prefix, data));
}

/* "my_package-1.0.dist-info" */
static PyObject *metadata_folder(const struct ox_value *v)
{
	PyObject *lower = PyObject_CallMethod(v->package, "lower", NULL);
	PyObject *name = lower ? PyObject_CallMethod(lower, "replace", "ss", "-", "_") : NULL;
	PyObject *folder = NULL;
	if (name)
		folder = PyUnicode_FromFormat("%U-%U.%s", name, v->version, v->is_egg ? "egg-info" : "dist-info");
	Py_XDECREF(name);
	Py_XDECREF(lower);
	return folder;
}

static int put_distribution(PyObject *record, const struct ox_value *v, PyObject *prefix, PyObject *data)
{
	if (put_flag(record, "is_module", true) < 0 || put_flag(record, "is_package", true) < 0)
		return -1;
	if (!prefix)
		return put_file(record, "in_memory_distribution_resources", v->name, Py_NewRef(data));
	PyObject *folder = metadata_folder(v);
	PyObject *file = folder ? PyTuple_Pack(3, prefix, folder, data) : NULL;
	Py_XDECREF(folder);
	return put_file(record, "relative_path_distribution_resources", v->name, file);
}

static int put_extension(PyObject *record, const struct ox_value *v, PyObject *prefix, PyObject *data)
{
	if (put_flag(record, "is_extension_module", true) < 0 ||
	    (v->is_package && put_flag(record, "is_package", true) < 0) ||
	    ox_record_put(record, "shared_library_dependency_names", PyList_New(0)) < 0)
		return -1;
	if (!prefix)
		return ox_record_put(record, "in_memory_extension_module_shared_library", Py_NewRef(data));
	return ox_record_put(record, "relative_path_extension_module_shared_library",
			     PyTuple_Pack(3, prefix, v->suffix, data));
}

/* What a collector accepts, by its kind. */
static int (*const putters[OX_VALUE_KINDS])(PyObject *, const struct ox_value *, PyObject *, PyObject *) = {
	[OX_VALUE_SOURCE] = put_module,
	[OX_VALUE_BYTECODE] = put_module,
	[OX_VALUE_RESOURCE] = put_resource,
	[OX_VALUE_DISTRIBUTION] = put_distribution,
	[OX_VALUE_EXTENSION] = put_extension,
};

/* A prefix of NULL means memory. */
static int collect(struct ox_collector *self, struct ox_value *v, PyObject *prefix)
{
	enum ox_location location = prefix ? OX_FILESYSTEM_RELATIVE : OX_IN_MEMORY;
	if (!self->allows[location]) {
		PyErr_Format(PyExc_ValueError, "resource collector does not allow resources in %s",
			     location_names[location]);
		return -1;
	}
	PyObject *data = ox_value_data(v);
	bool is_named = v->package && v->kind != OX_VALUE_EXTENSION;
	PyObject *record = data ? ox_record_of(self->records, is_named ? v->package : v->name) : NULL;
	int rc = record ? putters[v->kind](record, v, prefix, data) : -1;
	if (rc == 0 && v->kind == OX_VALUE_BYTECODE && v->path)
		self->has_scanned_bytecode = true;
	Py_XDECREF(data);
	return rc;
}

/* "adding <repr>" */
static void fail_adding(PyObject *resource)
{
	struct ox_exception set_aside = ox_exception_take();
	PyObject *text = PyUnicode_FromFormat("adding %R", resource);
	const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
	if (utf8) {
		ox_exception_give_back(set_aside);
		ox_failed_with(utf8);
	} else {
		ox_exception_drop(set_aside);
	}
	Py_XDECREF(text);
}

static PyObject *add(PyObject *self, PyObject *resource, PyObject *prefix)
{
	const struct ox_state *state = ox_state_of(self);
	int kind = 0;
	while (kind < OX_VALUE_KINDS && Py_TYPE(resource) != state->values[kind])
		kind++;
	if (kind == OX_VALUE_KINDS)
		return PyErr_Format(PyExc_TypeError, "cannot operate on %.200s values", Py_TYPE(resource)->tp_name);
	if (collect(as_collector(self), (struct ox_value *)resource, prefix) < 0) {
		fail_adding(resource);
		return NULL;
	}
	Py_RETURN_NONE;
}

static PyObject *add_in_memory(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedResourceCollector.add_in_memory", 1, 1, {"resource"}};
	PyObject *resource;
	return ox_arguments(&signature, args, given, kwnames, &resource) ? add(self, resource, NULL) : NULL;
}

static PyObject *add_filesystem_relative(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {
		"OxidizedResourceCollector.add_filesystem_relative", 2, 2, {"prefix", "resource"}};
	PyObject *values[2];
	if (!ox_arguments(&signature, args, given, kwnames, values))
		return NULL;
	PyObject *prefix = ox_text_from(values[0], "prefix");
	PyObject *done = prefix ? add(self, values[1], prefix) : NULL;
	Py_XDECREF(prefix);
	return done;
}

/* The interpreter to compile with, as str; *exe is NULL for this one. */
static int choose_interpreter(PyObject *value, PyObject **exe)
{
	PyObject *own = PySys_GetObject("executable"); /* borrowed */
	*exe = NULL;
	if (!value || value == Py_None)
		return 0;
	if (!PyUnicode_FSDecoder(value, exe))
		return -1;
	if (own && PyUnicode_Check(own) && PyUnicode_Compare(own, *exe) == 0)
		Py_CLEAR(*exe);
	return PyErr_Occurred() ? -1 : 0;
}

static PyObject *oxidize(PyObject *self, PyObject *const *args, Py_ssize_t given, PyObject *kwnames)
{
	static const struct ox_signature signature = {"OxidizedResourceCollector.oxidize", 0, 1, {"python_exe"}};
	PyObject *value, *exe;
	if (!ox_arguments(&signature, args, given, kwnames, &value) || choose_interpreter(value, &exe) < 0)
		return NULL;
	PyObject *result = ox_oxidize(as_collector(self), ox_state_of(self), exe);
	Py_XDECREF(exe);
	return result;
}

static int allow(struct ox_collector *self, PyObject *name)
{
	int i = 0;
	PyObject *text = ox_text_from(name, "allowed_locations");
	if (!text)
		return -1;
	while (i < OX_LOCATIONS && PyUnicode_CompareWithASCIIString(text, location_names[i]) != 0)
		i++;
	if (i < OX_LOCATIONS)
		self->allows[i] = true;
	else
		PyErr_Format(PyExc_ValueError, "%U is not a valid resource location", text);
	Py_DECREF(text);
	return i < OX_LOCATIONS ? 0 : -1;
}

static int allow_all(struct ox_collector *self, PyObject *names)
{
	if (PyUnicode_Check(names) || !PySequence_Check(names)) {
		ox_wrong_type(names, "allowed_locations", "Sequence");
		return -1;
	}
	PyObject *list = PySequence_List(names);
	int rc = list ? 0 : -1;
	for (Py_ssize_t i = 0; !rc && i < PyList_GET_SIZE(list); i++)
		rc = allow(self, PyList_GET_ITEM(list, i));
	Py_XDECREF(list);
	return rc;
}

/* The older spelling: one string; a prefix behind it is what add_filesystem_relative() is told. */
static int follow_policy(struct ox_collector *self, PyObject *value)
{
	static const char relative[] = "filesystem-relative-only:";
	static const char both[] = "prefer-in-memory-fallback-filesystem-relative:";
	struct ox_slice text;
	self->policy = ox_text_from(value, "policy");
	if (!self->policy || !ox_utf8(self->policy, &text))
		return -1;
	bool has_both = ox_slice_starts(text, OX_SLICE(both));
	self->allows[OX_IN_MEMORY] = has_both || ox_slice_eq_str(text, "in-memory-only");
	self->allows[OX_FILESYSTEM_RELATIVE] = has_both || ox_slice_starts(text, OX_SLICE(relative));
	if (self->allows[OX_IN_MEMORY] || self->allows[OX_FILESYSTEM_RELATIVE])
		return 0;
	PyErr_Format(PyExc_ValueError, "%U is not a valid resources policy: use in-memory-only, %sPREFIX or %sPREFIX",
		     self->policy, relative, both);
	return -1;
}

static PyObject *collector_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	static const struct ox_signature signature = {
		"OxidizedResourceCollector", 0, 2, {"allowed_locations", "policy"}};
	PyObject *values[2];
	if (!ox_arguments_new(&signature, args, kwargs, values))
		return NULL;
	if (!values[0] && !values[1])
		return PyErr_Format(PyExc_TypeError, "OxidizedResourceCollector() missing 1 required positional "
						     "argument: 'allowed_locations'");
	if (values[0] && values[1])
		return PyErr_Format(PyExc_TypeError,
				    "OxidizedResourceCollector() takes allowed_locations or policy, not both");
	struct ox_collector *c = (struct ox_collector *)PyType_GenericAlloc(type, 0);
	if (!c)
		return NULL;
	c->records = PyDict_New();
	int rc = c->records ? 0 : -1;
	if (rc == 0)
		rc = values[0] ? allow_all(c, values[0]) : follow_policy(c, values[1]);
	if (rc < 0)
		Py_CLEAR(c);
	return (PyObject *)c;
}

static PyObject *get_locations(PyObject *self, void *closure)
{
	(void)closure;
	PyObject *list = PyList_New(0);
	for (int i = 0; list && i < OX_LOCATIONS; i++) {
		PyObject *name = as_collector(self)->allows[i] ? PyUnicode_FromString(location_names[i]) : NULL;
		if (name && PyList_Append(list, name) < 0)
			Py_CLEAR(list);
		Py_XDECREF(name);
	}
	return PyErr_Occurred() ? NULL : list;
}

static PyObject *get_policy(PyObject *self, void *closure)
{
	(void)closure;
	PyObject *policy = as_collector(self)->policy;
	return Py_NewRef(policy ? policy : Py_None);
}

static PyObject *collector_repr(PyObject *self)
{
	(void)self;
	return PyUnicode_FromString("<OxidizedResourceCollector>");
}

static int collector_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	Py_VISIT(as_collector(self)->records);
	return 0;
}

/* Whoever still calls a method finds an empty collector. */
static int collector_clear(PyObject *self)
{
	if (as_collector(self)->records)
		PyDict_Clear(as_collector(self)->records);
	return 0;
}

static void collector_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	PyObject_GC_UnTrack(self);
	Py_CLEAR(as_collector(self)->records);
	Py_CLEAR(as_collector(self)->policy);
	type->tp_free(self);
	Py_DECREF(type);
}

static PyMethodDef methods[] = {
	OX_METHOD("add_in_memory", add_in_memory, "($self, resource)",
		  "Takes what find_resources_in_path() found, to be served from memory."),
	OX_METHOD("add_filesystem_relative", add_filesystem_relative, "($self, prefix, resource)",
		  "Takes what find_resources_in_path() found, to be a file below prefix beside the executable."),
	OX_METHOD("oxidize", oxidize, "($self, python_exe=None)",
		  "(resources, files): a list of OxidizedResource, and one of (pathlib.Path, bytes, is_executable) of "
		  "the files to write.\n\nPackages around what was collected are completed: python_exe compiles "
		  "what they lack, by default this interpreter does."),
	{NULL, NULL, 0, NULL},
};

static PyGetSetDef properties[] = {
	{"allowed_locations", get_locations, NULL, "Where resources may go.", NULL},
	{"policy", get_policy, NULL, "The policy that it was made with, or None.", NULL},
	{NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_doc, (void *)"OxidizedResourceCollector(allowed_locations), or (policy=...)\n\n"
			    "Turns what was found into what a finder serves. allowed_locations is a list of "
			    "'in-memory' and 'filesystem-relative'; policy, instead of it, is 'in-memory-only', "
			    "'filesystem-relative-only:PREFIX' or "
			    "'prefer-in-memory-fallback-filesystem-relative:PREFIX'."},
	{Py_tp_new, collector_new},
	{Py_tp_dealloc, collector_dealloc},
	{Py_tp_traverse, collector_traverse},
	{Py_tp_clear, collector_clear},
	{Py_tp_repr, collector_repr},
	{Py_tp_methods, methods},
	{Py_tp_getset, properties},
	{0, NULL},
};

PyType_Spec ox_collector_spec = {
	.name = "oxidized_importer.OxidizedResourceCollector",
	.basicsize = sizeof(struct ox_collector),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};
