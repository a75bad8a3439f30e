#include "runtime/importer/failure.h"

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
	PyObject *type, *cause, *traceback;
	if (!PyErr_ExceptionMatches(PyExc_Exception) || PyErr_ExceptionMatches(PyExc_MemoryError))
		return NULL;
	PyErr_Fetch(&type, &cause, &traceback);
	PyErr_NormalizeException(&type, &cause, &traceback);
	if (traceback)
		PyException_SetTraceback(cause, traceback);
	PyObject *said = message(text, quoting ? cause : NULL);
	PyObject *error = said ? PyObject_CallFunctionObjArgs(PyExc_ValueError, said, NULL) : NULL;
	if (error) {
		PyException_SetCause(error, Py_NewRef(cause)); /* steals */
		PyErr_SetObject(PyExc_ValueError, error);
	}
	Py_XDECREF(error);
	Py_XDECREF(said);
	Py_XDECREF(traceback);
	Py_XDECREF(cause);
	Py_XDECREF(type);
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
