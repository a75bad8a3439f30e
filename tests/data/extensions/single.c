/* A module that is made in one step. */
#include <Python.h>

int helper(void); /* of the same name in phases.c */

int helper(void)
{
	return 1;
}

static PyObject *call(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	return PyLong_FromLong(helper());
}

static PyMethodDef methods[] = {{"call", call, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "_ext", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit__ext(void)
{
	return PyModule_Create(&module);
}
