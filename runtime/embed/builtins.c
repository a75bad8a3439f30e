#include "runtime/embed/builtins.h"

/* As site's: a shell that reads standard input sees it closed. */
static PyObject *leave(PyObject *self, PyObject *args, PyObject *kwargs)
{
	static char *names[] = {(char *)"code", NULL};
	PyObject *code = Py_None;
	(void)self;
	if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|O:exit", names, &code))
		return NULL;
	PyObject *input = PySys_GetObject("stdin"); /* borrowed */
	PyObject *closed = input ? PyObject_CallMethod(input, "close", NULL) : NULL;
	PyErr_Clear();
	Py_XDECREF(closed);
	PyErr_SetObject(PyExc_SystemExit, code);
	return NULL;
}

static PyObject *help(PyObject *self, PyObject *args, PyObject *kwargs)
{
	(void)self;
	PyObject *pydoc = PyImport_ImportModule("pydoc");
	PyObject *function = pydoc ? PyObject_GetAttrString(pydoc, "help") : NULL;
	PyObject *result = function ? PyObject_Call(function, args, kwargs) : NULL;
	Py_XDECREF(function);
	Py_XDECREF(pydoc);
	return result;
}

static PyMethodDef functions[] = {
	{"exit", (PyCFunction)(void (*)(void))leave, METH_VARARGS | METH_KEYWORDS, "exit(code=None): raise SystemExit"},
	{"quit", (PyCFunction)(void (*)(void))leave, METH_VARARGS | METH_KEYWORDS, "quit(code=None): raise SystemExit"},
	{"help", (PyCFunction)(void (*)(void))help, METH_VARARGS | METH_KEYWORDS, "help(object): pydoc's help"},
};

int ox_builtins_add(void)
{
	PyObject *dict = PyEval_GetBuiltins(); /* borrowed */
	for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
		if (PyDict_GetItemString(dict, functions[i].ml_name))
			continue;
		PyObject *function = PyCFunction_New(&functions[i], NULL);
		int rc = function ? PyDict_SetItemString(dict, functions[i].ml_name, function) : -1;
		Py_XDECREF(function);
		if (rc < 0)
			return -1;
	}
	return 0;
}
