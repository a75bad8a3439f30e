/* linecache, taught that packed modules have sources.
 *
 * Tracebacks, warnings and tracemalloc ask it for lines by a code object's file name,
 * which for packed code is the module's name. linecache itself first looks whether a file of that
 * name lies in the current folder ("black", say), and asks a loader only when there
 * is none and it was told the module's globals. So its updatecache is put behind one
 * that knows packed names. */
#include "runtime/importer/importer.h"
#include "runtime/importer/source.h"
#include "runtime/importer/teach.h"

/* cache[filename] = (size, None, lines, filename): None keeps linecache from checking a file. */
static PyObject *remember(PyObject *module, PyObject *filename, struct ox_slice source)
{
	PyObject *text = ox_decode_source(source);
	PyObject *lines = text ? PyObject_CallMethod(text, "splitlines", "O", Py_True) : NULL;
	PyObject *entry = lines ? Py_BuildValue("(nOOO)", (Py_ssize_t)source.len, Py_None, lines, filename) : NULL;
	PyObject *cache = entry ? PyObject_GetAttrString(module, "cache") : NULL;
	if (!cache || PyObject_SetItem(cache, filename, entry) < 0)
		Py_CLEAR(lines);
	Py_XDECREF(cache);
	Py_XDECREF(entry);
	Py_XDECREF(text);
	return lines;
}

/* Bound to (finder, linecache, its own updatecache). */
static PyObject *updatecache(PyObject *self, PyObject *args, PyObject *kwargs)
{
	struct ox_slice source;
	PyObject *filename = PyTuple_GET_SIZE(args) ? PyTuple_GET_ITEM(args, 0) : NULL;
	if (filename && ox_finder_source_bytes(PyTuple_GET_ITEM(self, 0), filename, &source)) {
		/* A copy: what is imported to decode it may replace the module in the finder. */
		PyObject *bytes = PyBytes_FromStringAndSize(source.data, (Py_ssize_t)source.len);
		PyObject *lines = NULL;
		if (bytes)
			lines = remember(PyTuple_GET_ITEM(self, 1), filename,
					 ox_slice(PyBytes_AS_STRING(bytes), source.len));
		Py_XDECREF(bytes);
		return lines;
	}
	return PyObject_Call(PyTuple_GET_ITEM(self, 2), args, kwargs);
}

PyMethodDef ox_linecache_updatecache = {
	"updatecache", (PyCFunction)(void (*)(void))updatecache, METH_VARARGS | METH_KEYWORDS, NULL,
};

/* CPython shows source lines of a command since 3.13. */
int ox_linecache_remember_command(struct ox_finder *self, PyObject *module)
{
#if PY_VERSION_HEX >= 0x030D0000
	if (self->command) {
		PyObject *name = PyUnicode_FromString("<string>");
		PyObject *lines = name ? remember(module, name, ox_slice_str(self->command)) : NULL;
		Py_XDECREF(lines);
		Py_XDECREF(name);
		return lines ? 0 : -1;
	}
#endif
	(void)self;
	(void)module;
	return 0;
}
