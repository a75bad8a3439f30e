/* A module that is made in phases, and needs a library. */
#include <Python.h>
#include <zlib.h>

int helper(void); /* of the same name in single.c */

int helper(void)
{
	return 2;
}

static PyObject *call(PyObject *self, PyObject *args)
{
	(void)self;
	(void)args;
	return PyLong_FromUnsignedLong(crc32(0, (const Bytef *)"abc", 3) + (unsigned long)helper());
}

static int execute(PyObject *module)
{
	return PyModule_AddIntConstant(module, "number", 7);
}

static PyMethodDef methods[] = {{"call", call, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static PyModuleDef_Slot slots[] = {{Py_mod_exec, execute}, {0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "_ext", .m_methods = methods, .m_slots = slots};

PyMODINIT_FUNC PyInit__ext(void)
{
	return PyModuleDef_Init(&module);
}
