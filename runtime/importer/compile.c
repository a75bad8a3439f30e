#include "runtime/importer/compile.h"

#include "runtime/importer/failure.h"

/* What answers that come from the script begin with. */
#define GREETING "oxidizer bytecode\n"

static const char script[] =
	"import _imp, importlib.util, marshal, sys\n"
	"source, sink = sys.stdin.buffer, sys.stdout.buffer\n"
	"sink.write(b'oxidizer bytecode\\n')\n"
	"magic, codes, error = importlib.util.MAGIC_NUMBER, [], None\n"
	"try:\n"
	"    for name, text, level in marshal.loads(source.read()):\n"
	"        code = marshal.dumps(compile(text, name, 'exec', dont_inherit=True, optimize=level))\n"
	"        codes.append((code, _imp.source_hash(int.from_bytes(magic, 'little'), text)))\n"
	"except Exception as e:\n"
	"    error = '%s: %s' % (name, e)\n"
	"sink.write(marshal.dumps((magic, sys.implementation.cache_tag, codes, error), 2))\n";

void ox_compiled_free(struct ox_compiled *c)
{
	Py_CLEAR(c->magic);
	Py_CLEAR(c->tag);
	Py_CLEAR(c->codes);
}

/* (bytes, bytes) for one (name, source, level). */
static PyObject *compile_one(PyObject *function, PyObject *imp, PyObject *request)
{
	PyObject *name = PyTuple_GET_ITEM(request, 0), *source = PyTuple_GET_ITEM(request, 1);
	PyObject *args = Py_BuildValue("(OOs)", source, name, "exec");
	PyObject *named = Py_BuildValue("{s:O,s:O}", "dont_inherit", Py_True, "optimize", PyTuple_GET_ITEM(request, 2));
	PyObject *code = args && named ? PyObject_Call(function, args, named) : NULL;
	PyObject *bytes = code ? PyMarshal_WriteObjectToString(code, Py_MARSHAL_VERSION) : NULL;
	PyObject *hash =
		bytes ? PyObject_CallMethod(imp, "source_hash", "lO", PyImport_GetMagicNumber(), source) : NULL;
	PyObject *pair = hash ? PyTuple_Pack(2, bytes, hash) : NULL;
	Py_XDECREF(hash);
	Py_XDECREF(bytes);
	Py_XDECREF(code);
	Py_XDECREF(named);
	Py_XDECREF(args);
	if (!pair && PyUnicode_AsUTF8(name)) {
		char text[256];
		snprintf(text, sizeof text, "error oxidizing: %.200s", PyUnicode_AsUTF8(name));
		ox_failed_with(text);
	}
	return pair;
}

static int compile_here(PyObject *requests, struct ox_compiled *out)
{
	long magic = PyImport_GetMagicNumber();
	char head[4] = {(char)magic, (char)(magic >> 8), (char)(magic >> 16), (char)(magic >> 24)};
	PyObject *implementation = PySys_GetObject("implementation"); /* borrowed */
	PyObject *imp = PyImport_ImportModule("_imp");
	PyObject *function = Py_XNewRef(PyDict_GetItemString(PyEval_GetBuiltins(), "compile"));
	out->magic = PyBytes_FromStringAndSize(head, sizeof head);
	out->tag = implementation ? PyObject_GetAttrString(implementation, "cache_tag") : NULL;
	out->codes = PyList_New(0);
	for (Py_ssize_t i = 0; out->codes && imp && function && i < PyList_GET_SIZE(requests); i++) {
		PyObject *pair = compile_one(function, imp, PyList_GET_ITEM(requests, i));
		if (!pair || PyList_Append(out->codes, pair) < 0)
			Py_CLEAR(out->codes);
		Py_XDECREF(pair);
	}
	if (!PyErr_Occurred() && !(out->tag && function))
		PyErr_SetString(PyExc_RuntimeError, "lost sys.implementation or compile()");
	Py_XDECREF(function);
	Py_XDECREF(imp);
	return PyErr_Occurred() ? -1 : 0;
}

/* The script's path. */
static PyObject *write_script(PyObject *folder)
{
	PyObject *path = PyUnicode_FromFormat("%U/compile.py", folder);
	PyObject *io = path ? PyImport_ImportModule("io") : NULL;
	PyObject *file = io ? PyObject_CallMethod(io, "open", "Os", path, "wb") : NULL;
	PyObject *wrote = file ? PyObject_CallMethod(file, "write", "y", script) : NULL;
	PyObject *closed = wrote ? PyObject_CallMethod(file, "close", NULL) : NULL;
	if (!closed)
		Py_CLEAR(path);
	Py_XDECREF(closed);
	Py_XDECREF(wrote);
	Py_XDECREF(file);
	Py_XDECREF(io);
	return path;
}

/* subprocess.run([exe, "-I", "-S", path], input=input, capture_output=True) */
static PyObject *run_script(PyObject *exe, PyObject *path, PyObject *input)
{
	PyObject *subprocess = PyImport_ImportModule("subprocess");
	PyObject *run = subprocess ? PyObject_GetAttrString(subprocess, "run") : NULL;
	PyObject *args = Py_BuildValue("([OssO])", exe, "-I", "-S", path);
	PyObject *named = Py_BuildValue("{s:O,s:O}", "input", input, "capture_output", Py_True);
	PyObject *done = run && args && named ? PyObject_Call(run, args, named) : NULL;
	Py_XDECREF(named);
	Py_XDECREF(args);
	Py_XDECREF(run);
	Py_XDECREF(subprocess);
	return done;
}

/* What the script wrote, a tuple; or why it is not that. */
static PyObject *read_answer(PyObject *done)
{
	static const size_t skip = sizeof GREETING - 1;
	PyObject *out = PyObject_GetAttrString(done, "stdout");
	PyObject *status = out ? PyObject_GetAttrString(done, "returncode") : NULL;
	PyObject *said = status ? PyObject_GetAttrString(done, "stderr") : NULL;
	PyObject *answer = NULL;
	if (!said || !PyBytes_Check(out) || !PyBytes_Check(said))
		goto out;
	if ((size_t)PyBytes_GET_SIZE(out) < skip || memcmp(PyBytes_AS_STRING(out), GREETING, skip) != 0) {
		PyErr_Format(PyExc_ValueError,
			     "it does not answer as a Python interpreter does (exit status %S): %.300s", status,
			     PyBytes_AS_STRING(said));
		goto out;
	}
	answer = PyMarshal_ReadObjectFromString(PyBytes_AS_STRING(out) + skip,
						PyBytes_GET_SIZE(out) - (Py_ssize_t)skip);
	if (answer && (!PyTuple_Check(answer) || PyTuple_GET_SIZE(answer) != 4)) {
		Py_CLEAR(answer);
		PyErr_SetString(PyExc_ValueError, "its answer is not understood");
	}
out:
	if (!answer && !PyErr_Occurred())
		PyErr_SetString(PyExc_ValueError, "its answer is not understood");
	Py_XDECREF(said);
	Py_XDECREF(status);
	Py_XDECREF(out);
	return answer;
}

/* Each code as it must be, and as many as were asked for. */
static bool are_codes(PyObject *list, Py_ssize_t count)
{
	if (!PyList_Check(list) || PyList_GET_SIZE(list) != count)
		return false;
	for (Py_ssize_t i = 0; i < count; i++) {
		PyObject *pair = PyList_GET_ITEM(list, i);
		if (!PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2 || !PyBytes_Check(PyTuple_GET_ITEM(pair, 0)) ||
		    !PyBytes_Check(PyTuple_GET_ITEM(pair, 1)) || PyBytes_GET_SIZE(PyTuple_GET_ITEM(pair, 1)) != 8)
			return false;
	}
	return true;
}

static int take_answer(PyObject *answer, Py_ssize_t count, struct ox_compiled *out)
{
	PyObject *magic = PyTuple_GET_ITEM(answer, 0), *error = PyTuple_GET_ITEM(answer, 3);
	if (PyUnicode_Check(error))
		PyErr_Format(PyExc_ValueError, "error oxidizing: %U", error);
	else if (!PyBytes_Check(magic) || PyBytes_GET_SIZE(magic) != 4 ||
		 !PyUnicode_Check(PyTuple_GET_ITEM(answer, 1)) || !are_codes(PyTuple_GET_ITEM(answer, 2), count))
		PyErr_SetString(PyExc_ValueError,
				"error constructing bytecode compiler: its answer is not understood");
	if (PyErr_Occurred())
		return -1;
	out->magic = Py_NewRef(magic);
	out->tag = Py_NewRef(PyTuple_GET_ITEM(answer, 1));
	out->codes = Py_NewRef(PyTuple_GET_ITEM(answer, 2));
	return 0;
}

int ox_compile(PyObject *exe, PyObject *folder, PyObject *requests, struct ox_compiled *out)
{
	if (!exe)
		return compile_here(requests, out);
	PyObject *input = PyMarshal_WriteObjectToString(requests, 2);
	PyObject *path = input ? write_script(folder) : NULL;
	PyObject *done = path ? run_script(exe, path, input) : NULL;
	PyObject *answer = done ? read_answer(done) : NULL;
	int rc = answer ? take_answer(answer, PyList_GET_SIZE(requests), out) : -1;
	if (!answer)
		ox_failed_with("error constructing bytecode compiler");
	Py_XDECREF(answer);
	Py_XDECREF(done);
	Py_XDECREF(path);
	Py_XDECREF(input);
	return rc;
}
