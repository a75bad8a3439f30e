#include "runtime/importer/value.h"

#include "runtime/importer/arguments.h"
#include "runtime/importer/failure.h"

#include <stddef.h>

static struct ox_value *as_value(PyObject *self)
{
	return (struct ox_value *)self;
}

struct ox_value *ox_value_new(PyTypeObject *type, enum ox_value_kind kind, PyObject *name, PyObject *path)
{
	struct ox_value *v = (struct ox_value *)PyType_GenericAlloc(type, 0);
	if (v) {
		v->kind = kind;
		v->name = Py_NewRef(name);
		v->path = Py_NewRef(path);
	}
	return v;
}

PyObject *ox_read_file(PyObject *path)
{
	PyObject *io = PyImport_ImportModule("_io");
	PyObject *file = io ? PyObject_CallMethod(io, "FileIO", "Os", path, "r") : NULL;
	PyObject *bytes = file ? PyObject_CallMethod(file, "readall", NULL) : NULL;
	struct ox_exception set_aside = ox_exception_take();
	PyObject *closed = file ? PyObject_CallMethod(file, "close", NULL) : NULL;
	if (!closed)
		PyErr_Clear();
	ox_exception_give_back(set_aside);
	Py_XDECREF(closed);
	Py_XDECREF(file);
	Py_XDECREF(io);
	return bytes;
}

static PyObject *without_header(PyObject *file)
{
	PyObject *bytes = NULL;
	if (PyBytes_GET_SIZE(file) < OX_PYC_HEADER)
		PyErr_SetString(PyExc_EOFError, "bytecode file does not contain enough data");
	else
		bytes = PyBytes_FromStringAndSize(PyBytes_AS_STRING(file) + OX_PYC_HEADER,
						  PyBytes_GET_SIZE(file) - OX_PYC_HEADER);
	Py_DECREF(file);
	return bytes;
}

PyObject *ox_value_data(struct ox_value *v)
{
	static const char *const errors[OX_VALUE_KINDS] = {
		"error resolving source code", "error resolving bytecode", "error resolving data",
		"error resolving data",        "error resolving shared library",
	};
	if (v->data)
		return Py_NewRef(v->data);
	PyObject *bytes = ox_read_file(v->path);
	if (bytes && v->kind == OX_VALUE_BYTECODE)
		bytes = without_header(bytes);
	if (!bytes) {
		if (PyErr_ExceptionMatches(PyExc_OSError) || PyErr_ExceptionMatches(PyExc_EOFError))
			ox_failed(errors[v->kind]);
		return NULL;
	}
	Py_XSETREF(v->data, Py_NewRef(bytes));
	return bytes;
}

/* A property that holds text. */
struct text_field {
	const char *name;
	size_t offset;
};

static const struct text_field module_field = {"module", offsetof(struct ox_value, name)};
static const struct text_field name_field = {"name", offsetof(struct ox_value, name)};
static const struct text_field package_field = {"package", offsetof(struct ox_value, package)};
static const struct text_field version_field = {"version", offsetof(struct ox_value, version)};

static PyObject **field_of(PyObject *self, const struct text_field *field)
{
	return (PyObject **)((char *)self + field->offset);
}

/* What no property accepts; `name` is the property's. */
static bool is_removal(PyObject *value, const char *name)
{
	if (!value)
		PyErr_SetString(PyExc_AttributeError, "can't delete attribute");
	else if (value == Py_None)
		PyErr_Format(PyExc_TypeError, "cannot delete %s", name);
	return !value || value == Py_None;
}

static PyObject *get_text(PyObject *self, void *field)
{
	PyObject *text = *field_of(self, field); /* NULL where somebody has assigned to __class__ */
	return text ? Py_NewRef(text) : PyUnicode_FromString("");
}

static int set_text(PyObject *self, PyObject *value, void *closure)
{
	const struct text_field *field = closure;
	PyObject *text = is_removal(value, field->name) ? NULL : ox_text_from(value, NULL);
	if (text)
		Py_XSETREF(*field_of(self, field), text);
	return text ? 0 : -1;
}

static PyObject *get_data(PyObject *self, void *closure)
{
	(void)closure;
	return ox_value_data(as_value(self));
}

/* The closure is the property's name. */
static int set_data(PyObject *self, PyObject *value, void *name)
{
	PyObject *bytes = is_removal(value, name) ? NULL : ox_bytes_from(value, NULL);
	if (bytes) {
		Py_XSETREF(as_value(self)->data, bytes);
		Py_CLEAR(as_value(self)->path);
	}
	return bytes ? 0 : -1;
}

static PyObject *get_is_package(PyObject *self, void *closure)
{
	(void)closure;
	return PyBool_FromLong(as_value(self)->is_package);
}

static int set_is_package(PyObject *self, PyObject *value, void *closure)
{
	(void)closure;
	if (is_removal(value, "is_package"))
		return -1;
	return ox_bool_from(value, NULL, &as_value(self)->is_package) ? 0 : -1;
}

static PyObject *get_level(PyObject *self, void *closure)
{
	(void)closure;
	return PyLong_FromLong(as_value(self)->level);
}

static int set_level(PyObject *self, PyObject *value, void *closure)
{
	(void)closure;
	int overflow;
	if (is_removal(value, "optimize_level"))
		return -1;
	long level = PyLong_AsLongAndOverflow(value, &overflow);
	if (level == -1 && PyErr_Occurred())
		return -1;
	if (overflow || level < 0 || level > 2) {
		PyErr_SetString(PyExc_ValueError, "invalid bytecode optimization level");
		return -1;
	}
	as_value(self)->level = (int)level;
	return 0;
}

static PyObject *value_repr(PyObject *self)
{
	const struct ox_value *v = as_value(self);
	const char *type = strrchr(Py_TYPE(self)->tp_name, '.');
	type = type ? type + 1 : Py_TYPE(self)->tp_name;
	if (v->package)
		return PyUnicode_FromFormat("<%s package=\"%U\", path=\"%U\">", type, v->package, v->name);
	return PyUnicode_FromFormat("<%s module=\"%U\">", type, v->name);
}

/* What an instance holds are exact str and bytes: only the type can be part of a cycle. */
static int value_traverse(PyObject *self, visitproc visit, void *arg)
{
	OX_VISIT_TYPE(self);
	return 0;
}

static void value_dealloc(PyObject *self)
{
	PyTypeObject *type = Py_TYPE(self);
	struct ox_value *v = as_value(self);
	PyObject_GC_UnTrack(self);
	Py_CLEAR(v->name);
	Py_CLEAR(v->package);
	Py_CLEAR(v->version);
	Py_CLEAR(v->suffix);
	Py_CLEAR(v->data);
	Py_CLEAR(v->path);
	type->tp_free(self);
	Py_DECREF(type);
}

#define TEXT(property, doc) {#property, get_text, set_text, doc, (void *)&property##_field}
#define DATA(name, doc) {name, get_data, set_data, doc, (void *)(name)}
#define IS_PACKAGE {"is_package", get_is_package, set_is_package, "Whether the module is a package.", NULL}
#define END {NULL, NULL, NULL, NULL, NULL}

static PyGetSetDef source_properties[] = {
	TEXT(module, "The module's full name."),
	DATA("source", "The source as bytes."),
	IS_PACKAGE,
	END,
};

static PyGetSetDef bytecode_properties[] = {
	TEXT(module, "The module's full name."),
	DATA("bytecode", "The marshalled code object, without a file's header."),
	{"optimize_level", get_level, set_level, "0, 1 or 2.", NULL},
	IS_PACKAGE,
	END,
};

static PyGetSetDef resource_properties[] = {
	TEXT(package, "The package that it belongs to."),
	TEXT(name, "Its name inside the package."),
	DATA("data", "The content as bytes."),
	END,
};

static PyGetSetDef distribution_properties[] = {
	TEXT(package, "The distribution's name."),
	TEXT(version, "The distribution's version."),
	TEXT(name, "The file's name inside the metadata folder."),
	DATA("data", "The content as bytes."),
	END,
};

static PyGetSetDef extension_properties[] = {
	{"name", get_text, NULL, "The module's full name.", (void *)&name_field},
	END,
};

#define SLOTS(properties, doc) \
	(PyType_Slot[]) \
	{ \
		{Py_tp_doc, (void *)(doc)}, {Py_tp_dealloc, value_dealloc}, {Py_tp_traverse, value_traverse}, \
			{Py_tp_repr, value_repr}, {Py_tp_getset, properties}, \
		{ \
			0, NULL \
		} \
	}

#define SPEC(type, properties, doc) \
	{ \
		.name = "oxidized_importer." type, .basicsize = sizeof(struct ox_value), \
		.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC, .slots = SLOTS(properties, doc), \
	}

PyType_Spec ox_value_specs[OX_VALUE_KINDS] = {
	SPEC("PythonModuleSource", source_properties, "The source of a module."),
	SPEC("PythonModuleBytecode", bytecode_properties, "The bytecode of a module."),
	SPEC("PythonPackageResource", resource_properties, "A file that belongs to a package."),
	SPEC("PythonPackageDistributionResource", distribution_properties, "A file of a distribution's metadata."),
	SPEC("PythonExtensionModule", extension_properties, "An extension module in a shared library."),
};
