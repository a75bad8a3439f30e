/* What is answered: sys.path and sys.argv. */
#include "runtime/embed/python_call.h"

#include <limits.h>
#include <unistd.h>

static bool is_flag_set(const char *name)
{
	PyObject *flags = PySys_GetObject("flags"); /* borrowed */
	PyObject *value = flags ? PyObject_GetAttrString(flags, name) : NULL;
	bool is_set = value && PyObject_IsTrue(value) > 0;
	Py_XDECREF(value);
	PyErr_Clear(); /* safe_path came with 3.11 */
	return is_set;
}

/* "" for -c, the current folder for -m. */
static int add_current(enum ox_call_kind kind)
{
	char folder[PATH_MAX] = "";
	PyObject *list = PySys_GetObject("path"); /* borrowed */
	if (kind == OX_CALL_MODULE && !getcwd(folder, sizeof folder))
		return 0;
	PyObject *item = list && PyList_Check(list) ? PyUnicode_DecodeFSDefault(folder) : NULL;
	int rc = item ? PyList_Insert(list, 0, item) : -1;
	Py_XDECREF(item);
	return rc;
}

/* EXE/a/b.py for a.b. */
static PyObject *virtual_path(const struct ox_program *p, PyObject *name)
{
	PyObject *exe = PyUnicode_DecodeFSDefault(p->exe);
	PyObject *path = exe ? PyObject_CallMethod(name, "replace", "ss", ".", "/") : NULL;
	PyObject *full = path ? PyUnicode_FromFormat("%U/%U.py", exe, path) : NULL;
	Py_XDECREF(path);
	Py_XDECREF(exe);
	return full;
}

/* CPython itself does so for what it runs. */
int ox_python_call_prepare(const struct ox_program *p)
{
	bool is_safe = is_flag_set("isolated") || is_flag_set("safe_path");
	return is_safe ? 0 : add_current(p->call);
}

PyObject *ox_python_call_name(const struct ox_program *p, PyObject *name)
{
	PyObject *argv = PySys_GetObject("argv"); /* borrowed */
	PyObject *path = virtual_path(p, name);
	if (path && (!argv || PySequence_SetItem(argv, 0, path) < 0))
		Py_CLEAR(path);
	return path;
}
