#include "runtime/importer/failure.h"

struct ox_exception ox_exception_take_whole(void)
{
	struct ox_exception e = ox_exception_take();
	PyErr_NormalizeException(&e.type, &e.value, &e.traceback);
	if (e.traceback)
		PyException_SetTraceback(e.value, e.traceback);
	return e;
}

void ox_exception_drop(struct ox_exception e)
{
	Py_XDECREF(e.traceback);
	Py_XDECREF(e.value);
	Py_XDECREF(e.type);
}

/* "text" or "text: cause" */
static PyObject *message(const char *text, PyObject *cause)
{
	if (!cause)
		return PyUnicode_FromString(text);
	PyObject *said = PyObject_Str(cause);
	PyObject *whole = said ? PyUnicode_FromFormat("%s: %U", text, said) : NULL;
	Py_XDECREF(said);
	return whole;
}

static PyObject *fail(const char *text, bool quoting)
{
	if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError))
		return NULL;
	struct ox_exception cause = ox_exception_take_whole();
	PyObject *said = message(text, quoting ? cause.value : NULL);
	PyObject *error = said ? PyObject_CallFunctionObjArgs(PyExc_ValueError, said, NULL) : NULL;
	if (error) {
		PyException_SetCause(error, Py_NewRef(cause.value)); /* steals */
		PyErr_SetObject(PyExc_ValueError, error);
	}
	Py_XDECREF(error);
	Py_XDECREF(said);
	ox_exception_drop(cause);
	return NULL;
}

PyObject *ox_failed(const char *text)
{
	return fail(text, false);
}

PyObject *ox_failed_with(const char *text)
{
	return fail(text, true);
}

PyObject *ox_import_error(PyObject *text, PyObject *name, PyObject *path)
{
	if (text)
		PyErr_SetImportError(text, name, path);
	Py_XDECREF(text);
	return NULL;
}

PyObject *ox_import_error_from(PyObject *text, PyObject *name, PyObject *path, struct ox_exception cause)
{
	bool is_ours = text;
	ox_import_error(text, name, path);
	struct ox_exception error = ox_exception_take_whole();
	if (is_ours && cause.value)
		PyException_SetCause(error.value, Py_NewRef(cause.value)); /* steals */
	ox_exception_give_back(error);
	ox_exception_drop(cause);
	return NULL;
}
