/* Needs a library that is only there as a shared one. */
#include <Python.h>

int ox_shared(void);

static PyObject *call(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	return PyLong_FromLong(ox_shared());
}

static PyMethodDef methods[] = {{"call", call, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "shared", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_shared(void)
{
	return PyModule_Create(&module);
}
