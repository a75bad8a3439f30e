/* An interpreter starts: between its core and its first import of a file CPython sets up the importers of files and
 * archives, in one call across objects. Here sub-interpreters get a finder over the payload, without which they would
 * not even find encodings; and so does the main interpreter where CPython offers no phase between core and main. */
#include "runtime/embed/setup.h"

#if PY_VERSION_HEX >= 0x030C0000
#define REAL __real__PyImport_InitExternal
#define WRAP __wrap__PyImport_InitExternal
#else
#define REAL __real__PyImportZip_Init
#define WRAP __wrap__PyImportZip_Init
#endif

/* The argument is a PyInterpreterState in 3.8 and a PyThreadState since. */
PyStatus REAL(void *state) __attribute__((weak));
PyStatus WRAP(void *state);

/* Up to 3.11 that is the importer of archives alone, which needs a module of its own: not for programs that import no
 * files, where ox_setup_sys would take it away again. */
static PyStatus set_up_others(const struct ox_program *p, void *state)
{
	bool needless = PY_VERSION_HEX < 0x030C0000 && p && !ox_setup_imports_files(p);
	return needless ? PyStatus_Ok() : REAL(state);
}

static PyStatus failed(const char *what)
{
	PyErr_Print();
	return PyStatus_Error(what);
}

PyStatus WRAP(void *state)
{
	struct ox_program *p = ox_setup_program();
	const char *what;
	bool is_main = PyThreadState_GetInterpreter(PyThreadState_Get()) == PyInterpreterState_Main();
	if (!p || (is_main && OX_HAS_CORE_PHASE))
		return set_up_others(p, state);
	PyObject *finder = ox_setup_finder(p, &what);
	if (!finder)
		return failed(what);
	PyStatus status = set_up_others(p, state);
	if (is_main) {
		p->finder = finder;
		return status;
	}
	if (!PyStatus_Exception(status) && ox_setup_sys(p, finder) < 0)
		status = failed("setting up sys");
	Py_DECREF(finder);
	return status;
}
