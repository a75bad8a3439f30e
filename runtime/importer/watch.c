#include "runtime/importer/watch.h"

/* A watch is a tuple of these, one for each dictionary: the dictionary, then for each of its entries three items,
 * key, value, and the code if the value is a function. */
enum { KEY, VALUE, CODE, ITEMS };

static PyObject *code_of(PyObject *value)
{
	return PyFunction_Check(value) ? PyFunction_GET_CODE(value) : Py_None;
}

static int add_dict(PyObject *watch, PyObject *dict)
{
	PyObject *key, *value, *part = PyTuple_New(1 + ITEMS * PyDict_Size(dict));
	Py_ssize_t at = 0, next = 1;
	if (!part)
		return -1;
	PyTuple_SET_ITEM(part, 0, Py_NewRef(dict));
	while (PyDict_Next(dict, &at, &key, &value)) {
		PyTuple_SET_ITEM(part, next + KEY, Py_NewRef(key));
		PyTuple_SET_ITEM(part, next + VALUE, Py_NewRef(value));
		PyTuple_SET_ITEM(part, next + CODE, Py_NewRef(code_of(value)));
		next += ITEMS;
	}
	int rc = PyList_Append(watch, part);
	Py_DECREF(part);
	return rc;
}

/* The dictionary of a class that the module with that name defines, or NULL; borrowed. */
static PyObject *class_dict(PyObject *value, PyObject *module_name)
{
	if (!PyType_Check(value) || !PyType_HasFeature((PyTypeObject *)value, Py_TPFLAGS_HEAPTYPE))
		return NULL;
	PyObject *dict = ((PyTypeObject *)value)->tp_dict;
	PyObject *owner = dict ? PyDict_GetItemString(dict, "__module__") : NULL; /* borrowed */
	return owner && PyUnicode_Check(owner) && PyUnicode_Compare(owner, module_name) == 0 ? dict : NULL;
}

static bool is_special(PyObject *name)
{
	return !PyUnicode_Check(name) || (PyUnicode_GET_LENGTH(name) > 2 && PyUnicode_READ_CHAR(name, 0) == '_' &&
					  PyUnicode_READ_CHAR(name, 1) == '_');
}

static int add_module(PyObject *watch, PyObject *dict, PyObject *name)
{
	PyObject *key, *value;
	Py_ssize_t at = 0;
	if (add_dict(watch, dict) < 0)
		return -1;
	while (PyDict_Next(dict, &at, &key, &value)) {
		PyObject *inner = PyDict_CheckExact(value) ? value : class_dict(value, name);
		if (inner && !is_special(key) && add_dict(watch, inner) < 0)
			return -1;
	}
	return 0;
}

PyObject *ox_watch(PyObject *module)
{
	PyObject *name = PyModule_GetNameObject(module), *list = name ? PyList_New(0) : NULL, *watch = NULL;
	if (list && add_module(list, PyModule_GetDict(module), name) == 0)
		watch = PyList_AsTuple(list);
	Py_XDECREF(list);
	Py_XDECREF(name);
	return watch;
}

static bool is_same(PyObject *part)
{
	PyObject *key, *value, *dict = PyTuple_GET_ITEM(part, 0);
	Py_ssize_t at = 0, next = 1, end = PyTuple_GET_SIZE(part);
	if (1 + ITEMS * PyDict_Size(dict) != end)
		return false;
	while (PyDict_Next(dict, &at, &key, &value)) {
		if (PyTuple_GET_ITEM(part, next + KEY) != key || PyTuple_GET_ITEM(part, next + VALUE) != value ||
		    PyTuple_GET_ITEM(part, next + CODE) != code_of(value))
			return false;
		next += ITEMS;
	}
	return true;
}

bool ox_watch_unchanged(PyObject *watch)
{
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(watch); i++)
		if (!is_same(PyTuple_GET_ITEM(watch, i)))
			return false;
	return true;
}
