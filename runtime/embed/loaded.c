#include "runtime/embed/loaded.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_names(FILE *f)
{
	PyObject *names = PyDict_Keys(PyImport_GetModuleDict());
	int rc = names ? PyList_Sort(names) : -1;
	for (Py_ssize_t i = 0; !rc && i < PyList_GET_SIZE(names); i++) {
		const char *name = PyUnicode_AsUTF8(PyList_GET_ITEM(names, i));
		rc = name && fprintf(f, "%s\n", name) >= 0 ? 0 : -1;
	}
	Py_XDECREF(names);
	return rc;
}

/* Bound to the folder. */
static PyObject *write_file(PyObject *folder, PyObject *ignored)
{
	char path[PATH_MAX];
	(void)ignored;
	snprintf(path, sizeof path, "%s/modules-XXXXXX", PyBytes_AS_STRING(folder));
	int fd = mkostemp(path, O_CLOEXEC);
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	int rc = f ? write_names(f) : -1;
	if (f && fclose(f) != 0)
		rc = -1;
	if (rc < 0 && !PyErr_Occurred())
		fprintf(stderr, "error writing modules file: %s: %s\n", path, strerror(errno));
	PyErr_Clear();
	Py_RETURN_NONE;
}

static PyMethodDef write_file_def = {"write_modules_file", write_file, METH_NOARGS, NULL};

static int register_function(PyObject *function)
{
	PyObject *atexit = PyImport_ImportModule("atexit");
	PyObject *done = atexit ? PyObject_CallMethod(atexit, "register", "O", function) : NULL;
	Py_XDECREF(done);
	Py_XDECREF(atexit);
	return done ? 0 : -1;
}

int ox_loaded_register(struct ox_program *p)
{
	const char *variable = ox_program_text(p, "write_modules_directory_env");
	const char *folder = variable ? getenv(variable) : NULL;
	if (!folder)
		return 0;
	if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
		PyErr_SetFromErrnoWithFilename(PyExc_OSError, folder);
		return -1;
	}
	PyObject *bound = PyBytes_FromString(folder);
	PyObject *function = bound ? PyCFunction_New(&write_file_def, bound) : NULL;
	int rc = function ? register_function(function) : -1;
	Py_XDECREF(function);
	Py_XDECREF(bound);
	return rc;
}
