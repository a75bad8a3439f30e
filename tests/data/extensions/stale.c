/* Needs a library that has an archive without what is needed. */
#include <Python.h>

int ox_stale(void);

static PyObject *call(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	return PyLong_FromLong(ox_stale());
}

static PyMethodDef methods[] = {{"call", call, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "stale", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_stale(void)
{
	return PyModule_Create(&module);
}
