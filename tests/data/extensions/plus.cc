/* C++: exceptions, a constructor, a thread's variable, an inline function's static variable. */
#include <Python.h>

#include <stdexcept>
#include <string>
#include <vector>

static inline int &count()
{
	static int counted = 0;
	return ++counted;
}

inline int &shared_count() /* bound uniquely */
{
	static int counted = 10;
	return ++counted;
}

/* Needs an interpreter, and to be constructed before others. */
struct first {
	bool ready;
	first() : ready(Py_IsInitialized()) {}
};
static struct first first __attribute__((init_priority(2000)));
static std::string constructed(first.ready ? "constructed" : "constructed too early");
static thread_local int in_thread = 5;

static PyObject *call(PyObject *, PyObject *)
{
	std::vector<std::string> words{constructed};
	try {
		throw std::runtime_error("thrown");
	} catch (const std::exception &e) {
		words.push_back(e.what());
	}
	return Py_BuildValue("(ssiii)", words[0].c_str(), words[1].c_str(), count(), shared_count(), ++in_thread);
}

static PyMethodDef methods[] = {{"call", call, METH_NOARGS, nullptr}, {nullptr, nullptr, 0, nullptr}};
static struct PyModuleDef module = {
	PyModuleDef_HEAD_INIT, "plus", nullptr, -1, methods, nullptr, nullptr, nullptr, nullptr,
};

PyMODINIT_FUNC PyInit_plus(void)
{
	return PyModule_Create(&module);
}
