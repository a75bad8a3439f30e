/* What locate_file() gives: a path whose file can be read although it is in memory.
 *
 * A subclass of pathlib's path, one per finder. Paths are the virtual ones below the executable; what exists on disk is
 * read there. It is written in Python because it is all about Python's classes and keyword arguments. */
#include "runtime/importer/finder.h"

static const char source[] =
	"import io, pathlib\n"
	"own = type(pathlib.Path())\n"
	"def packed(path):\n"
	"    if not own.exists(path):\n"
	"        try:\n"
	"            return finder.get_data(str(path))\n"
	"        except OSError:\n"
	"            pass\n"
	"class PackedPath(own):\n"
	"    __slots__ = ()\n"
	"    def open(self, mode='r', buffering=-1, encoding=None, errors=None, newline=None):\n"
	"        data = packed(self) if set(mode) <= set('rbt') else None\n"
	"        if data is None:\n"
	"            return own.open(self, mode, buffering, encoding, errors, newline)\n"
	"        stream = io.BytesIO(data)\n"
	"        return stream if 'b' in mode else io.TextIOWrapper(stream, encoding, errors, newline)\n"
	"    def read_bytes(self):\n"
	"        with self.open('rb') as stream:\n"
	"            return stream.read()\n"
	"    def read_text(self, encoding=None, errors=None, newline=None):\n"
	"        with self.open('r', -1, encoding, errors, newline) as stream:\n"
	"            return stream.read()\n"
	"    def exists(self, **options):\n"
	"        return own.exists(self, **options) or packed(self) is not None\n"
	"    def is_file(self, **options):\n"
	"        return own.is_file(self, **options) or packed(self) is not None\n"
	"    def __reduce__(self):\n"
	"        return own, (str(self),)\n";

static PyObject *make_type(struct ox_finder *self)
{
	PyObject *globals = Py_BuildValue("{s:s,s:O,s:O}", "__name__", "oxidized_importer", "finder", self,
					  "__builtins__", PyEval_GetBuiltins());
	PyObject *done = globals ? PyRun_String(source, Py_file_input, globals, globals) : NULL;
	PyObject *type = done ? Py_XNewRef(PyDict_GetItemString(globals, "PackedPath")) : NULL;
	Py_XDECREF(done);
	Py_XDECREF(globals);
	return type;
}

PyObject *ox_finder_path(struct ox_finder *self, PyObject *path)
{
	PyObject *type = self->path_type ? NULL : make_type(self);
	if (!self->path_type) /* making it may have run whatever code */
		self->path_type = Py_XNewRef(type);
	Py_XDECREF(type);
	return self->path_type ? PyObject_CallFunctionObjArgs(self->path_type, path, NULL) : NULL;
}
