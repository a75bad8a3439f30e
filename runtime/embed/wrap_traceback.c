/* Source lines in tracebacks. CPython's printer in C, which is what users see up to 3.12, reads them from files and
 * asks no loader. While it prints, io.open answers for the names of packed modules, so that what is shown is CPython's
 * own formatting to the last caret. */
#include "runtime/embed/wrap.h"
#include "runtime/importer/extension.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/importer.h"

#include <unistd.h>

/* The printer wants a file with a descriptor. */
static PyObject *open_source(PyObject *open, struct ox_slice source)
{
	int fd = ox_memory_file("source");
	if (fd < 0)
		return PyErr_SetFromErrno(PyExc_OSError);
	if (ox_write_all(fd, source) < 0 || lseek(fd, 0, SEEK_SET) != 0) {
		close(fd);
		return PyErr_SetFromErrno(PyExc_OSError);
	}
	PyObject *file = PyObject_CallFunction(open, "is", fd, "rb");
	if (!file)
		close(fd);
	return file;
}

/* Stands for io.open; bound to (the real one, our finder). */
static PyObject *open_packed(PyObject *self, PyObject *args, PyObject *kwargs)
{
	PyObject *open = PyTuple_GET_ITEM(self, 0), *finder = PyTuple_GET_ITEM(self, 1);
	struct ox_slice source;
	if (PyTuple_GET_SIZE(args) > 0 && ox_finder_source_bytes(finder, PyTuple_GET_ITEM(args, 0), &source))
		return open_source(open, source);
	return PyObject_Call(open, args, kwargs);
}

static PyMethodDef open_packed_def = {
	"open", (PyCFunction)(void (*)(void))open_packed, METH_VARARGS | METH_KEYWORDS, NULL,
};

/* io.open before the switch (a new reference), or NULL when there was none. */
static PyObject *switch_open(PyObject *io, PyObject *finder)
{
	PyObject *before = io ? PyObject_GetAttrString(io, "open") : NULL;
	PyObject *bound = before ? PyTuple_Pack(2, before, finder) : NULL;
	PyObject *ours = bound ? PyCFunction_New(&open_packed_def, bound) : NULL;
	bool nested = before && PyCFunction_Check(before) &&
		      PyCFunction_GET_FUNCTION(before) == open_packed_def.ml_meth;
	if (!ours || nested || PyObject_SetAttrString(io, "open", ours) < 0)
		Py_CLEAR(before);
	Py_XDECREF(ours);
	Py_XDECREF(bound);
	return before;
}

/* io.open while it is ours; both NULL when nothing was switched. */
struct switched {
	PyObject *io, *before;
};

static struct switched show_packed_sources(void)
{
	struct switched s = {NULL, NULL};
	struct ox_exception set_aside = ox_exception_take();
	PyObject *finder = ox_finder_current();
	if (finder) {
		s.io = PyImport_ImportModule("io");
		s.before = switch_open(s.io, finder);
	}
	ox_exception_give_back(set_aside);
	return s;
}

static void show_files_again(struct switched s)
{
	struct ox_exception set_aside = ox_exception_take();
	if (s.before)
		PyObject_SetAttrString(s.io, "open", s.before);
	Py_XDECREF(s.before);
	Py_XDECREF(s.io);
	ox_exception_give_back(set_aside);
}

OX_WRAP(int, PyTraceBack_Print, PyObject *traceback, PyObject *file);

int __wrap_PyTraceBack_Print(PyObject *traceback, PyObject *file)
{
	struct switched s = show_packed_sources();
	int rc = __real_PyTraceBack_Print(traceback, file);
	show_files_again(s);
	return rc;
}

#if PY_VERSION_HEX >= 0x030B0000
OX_WRAP(int, _PyTraceBack_Print_Indented, PyObject *traceback, int indent, const char *margin,
	const char *header_margin, const char *header, PyObject *file);

int __wrap__PyTraceBack_Print_Indented(PyObject *traceback, int indent, const char *margin, const char *header_margin,
				       const char *header, PyObject *file)
{
	struct switched s = show_packed_sources();
	int rc = __real__PyTraceBack_Print_Indented(traceback, indent, margin, header_margin, header, file);
	show_files_again(s);
	return rc;
}

OX_WRAP(int, _Py_DisplaySourceLine, PyObject *file, PyObject *name, int line, int indent, int *truncation,
	PyObject **text);

int __wrap__Py_DisplaySourceLine(PyObject *file, PyObject *name, int line, int indent, int *truncation,
				 PyObject **text)
{
	struct switched s = show_packed_sources();
	int rc = __real__Py_DisplaySourceLine(file, name, line, indent, truncation, text);
	show_files_again(s);
	return rc;
}
#else
OX_WRAP(int, _Py_DisplaySourceLine, PyObject *file, PyObject *name, int line, int indent);

int __wrap__Py_DisplaySourceLine(PyObject *file, PyObject *name, int line, int indent)
{
	struct switched s = show_packed_sources();
	int rc = __real__Py_DisplaySourceLine(file, name, line, indent);
	show_files_again(s);
	return rc;
}
#endif
