#include "runtime/embed/live.h"

#include "runtime/embed/suspects.h"

#include <string.h>

/* Extension modules whose objects have no teardown that anybody could see, beyond what the scan
 * looks for itself; of other interpreters leave.c knows. */
static const char *const harmless_modules[] = {
	"_abc", "_ast", "_asyncio", "_bisect", "_blake2", "_bz2", "_codecs", "_codecs_cn", "_codecs_hk",
	"_codecs_iso2022", "_codecs_jp", "_codecs_kr", "_codecs_tw", "_collections", "_contextvars", "_crypt",
	"_csv", "_ctypes", "_curses", "_curses_panel", "_datetime", "_decimal", "_elementtree", "_functools",
	"_hashlib", "_heapq", "_hmac", "_imp", "_interpchannels", "_interpqueues", "_interpreters", "_io",
	"_json", "_locale", "_lsprof", "_lzma", "_math_integer", "_md5", "_multibytecodec", "_multiprocessing",
	"_opcode", "_operator", "_pickle", "_posixshmem", "_posixsubprocess", "_queue", "_random",
	"_remote_debugging", "_sha1", "_sha2", "_sha256", "_sha3", "_sha512", "_signal", "_socket", "_sre",
	"_ssl", "_stat", "_statistics", "_string", "_struct", "_suggestions", "_symtable", "_sysconfig",
	"_thread", "_tokenize", "_tracemalloc", "_types", "_typing", "_uuid", "_warnings", "_weakref",
	"_zoneinfo", "_zstd", "array", "atexit", "audioop", "binascii", "builtins", "cmath", "decimal",
	"errno", "fcntl", "gc", "grp", "io", "itertools", "marshal", "math", "math.integer", "mmap", "nis",
	"oxidized_importer", "posix", "pwd", "pyexpat", "readline", "resource", "select", "spwd", "sys",
	"sys._jit", "sys.monitoring", "syslog", "termios", "time", "unicodedata", "zlib",
};

/* Harmless as long as no object of this type lives: databases that are written when they are closed. */
static const struct {
	const char *module, *type;
} databases[] = {{"_dbm", "_dbm.dbm"}, {"_gdbm", "_gdbm.gdbm"}, {"_sqlite3", "sqlite3.Connection"}};
enum { DATABASES = sizeof databases / sizeof databases[0] };

/* What the scan knows before it starts, and learns on its way. */
struct known {
	PyObject *streams[18]; /* the standard streams with their layers: flushed on leaving */
	size_t count;
	bool has_database[DATABASES];      /* is the module loaded? */
	PyTypeObject *database[DATABASES]; /* its type; borrowed */
};

static bool is_database_module(struct known *s, const char *name)
{
	for (size_t i = 0; i < DATABASES; i++)
		if (strcmp(databases[i].module, name) == 0)
			return s->has_database[i] = true;
	return false;
}

/* What mypyc compiled is Python code: its objects are looked at one by one, finalisers included. The shared part of
 * such modules holds a capsule for each of them, "init_" and the name with "___" for dots. */
static bool is_compiled_python(const char *name)
{
	static const char suffix[] = "__mypyc";
	PyObject *key, *shared, *modules = PyImport_GetModuleDict();
	Py_ssize_t i = 0;
	size_t len = strlen(name);
	if (len > sizeof suffix && strcmp(name + len - (sizeof suffix - 1), suffix) == 0)
		return true;
	PyObject *text = PyUnicode_FromFormat("init_%s", name);
	PyObject *capsule = text ? PyObject_CallMethod(text, "replace", "ss", ".", "___") : NULL;
	bool found = false;
	while (capsule && !found && PyDict_Next(modules, &i, &key, &shared)) {
		const char *other = PyUnicode_Check(key) ? PyUnicode_AsUTF8(key) : NULL;
		size_t other_len = other ? strlen(other) : 0;
		found = other_len > sizeof suffix && strcmp(other + other_len - (sizeof suffix - 1), suffix) == 0 &&
			PyModule_Check(shared) && PyDict_Contains(PyModule_GetDict(shared), capsule) == 1;
	}
	Py_XDECREF(capsule);
	Py_XDECREF(text);
	PyErr_Clear();
	return found;
}

static bool is_harmless_module(struct known *s, PyObject *module)
{
	if (!PyModule_GetDef(module))
		return true; /* written in Python: its objects are looked at one by one */
	const char *name = PyModule_GetName(module);
	if (!name) {
		PyErr_Clear();
		return false;
	}
	for (size_t i = 0; i < sizeof harmless_modules / sizeof harmless_modules[0]; i++)
		if (harmless_modules[i][0] == name[0] && strcmp(harmless_modules[i], name) == 0)
			return true;
	return is_database_module(s, name) || is_compiled_python(name);
}

/* Objects of a type that the collector does not track are not seen by the scan. A native
 * finaliser is its module's matter; one written in Python counts. */
static bool is_harmless_type(struct known *s, PyTypeObject *type)
{
	bool finalises = type->tp_finalize || type->tp_del;
	for (size_t i = 0; i < DATABASES; i++)
		if (strcmp(databases[i].type, type->tp_name) == 0)
			s->database[i] = type;
	if (!finalises || PyType_HasFeature(type, Py_TPFLAGS_HAVE_GC))
		return true;
	PyObject *finaliser = PyObject_GetAttrString((PyObject *)type, "__del__");
	bool is_python = finaliser && PyFunction_Check(finaliser);
	Py_XDECREF(finaliser);
	PyErr_Clear();
	return !is_python;
}

/* Callbacks of the standard library's own weak containers only remove an entry. */
static bool is_harmless_callback(PyObject *callback)
{
	static const char *const owners[] = {"weakref", "_weakrefset", "functools", "logging"};
	if (!callback || PyCFunction_Check(callback) || strcmp(Py_TYPE(callback)->tp_name, "_ctypes.DictRemover") == 0)
		return true;
	PyObject *module = PyFunction_Check(callback) ? PyFunction_GetModule(callback) : NULL; /* borrowed */
	for (size_t i = 0; module && PyUnicode_Check(module) && i < sizeof owners / sizeof owners[0]; i++)
		if (PyUnicode_CompareWithASCIIString(module, owners[i]) == 0)
			return true;
	return false;
}

/* Not started or finished: nothing runs when it goes away. */
static bool is_idle_generator(PyObject *generator)
{
	PyObject *frame = PyObject_GetAttrString(generator, "gi_frame");
	bool finished = frame == Py_None;
	Py_XDECREF(frame);
	PyErr_Clear();
	return finished;
}

static void add_stream(struct known *s, PyObject *stream)
{
	static const char *const layers[] = {"buffer", "raw"};
	for (size_t i = 0; stream && stream != Py_None && s->count < 18; i++) {
		s->streams[s->count++] = stream; /* the owner above, or sys, keeps it alive */
		PyObject *next = i < 2 ? PyObject_GetAttrString(stream, layers[i]) : NULL;
		PyErr_Clear();
		Py_XDECREF(next);
		stream = next;
	}
}

static void find_streams(struct known *s)
{
	static const char *const names[] = {"stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__"};
	for (size_t i = 0; i < 6; i++) {
		PyObject *stream = PySys_GetObject(names[i]); /* borrowed */
		bool replaced = i >= 3 && stream == PySys_GetObject(names[i - 3]);
		if (!replaced)
			add_stream(s, stream);
	}
}

static bool is_standard_stream(const struct known *s, PyObject *file)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->streams[i] == file)
			return true;
	return false;
}

/* Buffers in memory lose nothing; a file must be closed already. */
static bool is_harmless_file(const struct known *s, PyObject *file)
{
	const char *type = Py_TYPE(file)->tp_name;
	if (strcmp(type, "_io.BytesIO") == 0 || strcmp(type, "_io.StringIO") == 0)
		return true;
	if (is_standard_stream(s, file))
		return true;
	PyObject *closed = strncmp(type, "_io.", 4) == 0 ? PyObject_GetAttrString(file, "closed") : NULL;
	bool is_closed = closed == Py_True;
	Py_XDECREF(closed);
	PyErr_Clear();
	return is_closed;
}

static bool is_harmless(struct known *s, PyObject *o)
{
	PyTypeObject *type = Py_TYPE(o);
	if (PyModule_Check(o))
		return is_harmless_module(s, o);
	if (PyType_Check(o))
		return is_harmless_type(s, (PyTypeObject *)o);
	if (PyWeakref_Check(o))
		return is_harmless_callback(((PyWeakReference *)o)->wr_callback);
	if (!type->tp_finalize && !type->tp_del)
		return true;
	if (PyGen_CheckExact(o))
		return is_idle_generator(o);
	return is_harmless_file(s, o);
}

struct references {
	PyObject *to;
	Py_ssize_t count;
};

static int count_reference(PyObject *o, void *arg)
{
	struct references *r = arg;
	r->count += o == r->to;
	return 0;
}

/* Instances are among the objects, or, where the collector does not track them, show in that the objects do not
 * account for every reference to their type. */
static bool has_no_instance(PyTypeObject *type, PyObject *objects)
{
	struct references r = {(PyObject *)type, 1}; /* the list's own */
	bool is_tracked = PyType_HasFeature(type, Py_TPFLAGS_HAVE_GC);
	for (Py_ssize_t i = 0; i < PyList_GET_SIZE(objects); i++) {
		PyObject *o = PyList_GET_ITEM(objects, i);
		if (PyType_IsSubtype(Py_TYPE(o), type))
			return false;
		if (!is_tracked && Py_TYPE(o)->tp_traverse)
			Py_TYPE(o)->tp_traverse(o, count_reference, &r);
	}
	return is_tracked || r.count == Py_REFCNT(type);
}

static bool databases_are_closed(const struct known *s)
{
	PyObject *objects = NULL; /* made when it is needed: it costs as much as all the rest */
	bool closed = true;
	for (size_t i = 0; closed && i < DATABASES; i++) {
		if (!s->has_database[i])
			continue;
		if (!objects)
			objects = ox_tracked_objects();
		closed = s->database[i] && objects && has_no_instance(s->database[i], objects);
	}
	Py_XDECREF(objects);
	return closed;
}

long ox_live_frozen(void)
{
	PyObject *gc = PyImport_ImportModule("gc");
	PyObject *count = gc ? PyObject_CallMethod(gc, "get_freeze_count", NULL) : NULL;
	long frozen = count ? PyLong_AsLong(count) : -1;
	Py_XDECREF(count);
	Py_XDECREF(gc);
	PyErr_Clear();
	return frozen;
}

/* Flushing these reaches the layers below. */
static bool is_open_writer(PyObject *o)
{
	const char *type = Py_TYPE(o)->tp_name;
	if (strcmp(type, "_io.TextIOWrapper") != 0 && strcmp(type, "_io.BufferedWriter") != 0 &&
	    strcmp(type, "_io.BufferedRandom") != 0)
		return false;
	PyObject *closed = PyObject_GetAttrString(o, "closed");
	bool is_open = closed == Py_False;
	Py_XDECREF(closed);
	PyErr_Clear();
	return is_open;
}

void ox_live_flush_files(void)
{
	struct known known = {.count = 0};
	PyObject *objects = ox_tracked_objects();
	find_streams(&known);
	for (Py_ssize_t i = 0; objects && i < PyList_GET_SIZE(objects); i++) {
		PyObject *o = PyList_GET_ITEM(objects, i);
		if (is_standard_stream(&known, o) || !is_open_writer(o))
			continue;
		PyObject *result = PyObject_CallMethod(o, "flush", NULL);
		Py_XDECREF(result);
		PyErr_Clear();
	}
	Py_XDECREF(objects);
	PyErr_Clear();
}

bool ox_live_is_harmless(long frozen_at_start)
{
	struct known known = {.count = 0};
	PyObject *suspects = ox_suspects();
	bool harmless = suspects && ox_live_frozen() == frozen_at_start;
	find_streams(&known);
	for (Py_ssize_t i = 0; harmless && i < PyList_GET_SIZE(suspects); i++)
		harmless = is_harmless(&known, PyList_GET_ITEM(suspects, i));
	harmless = harmless && databases_are_closed(&known);
	Py_XDECREF(suspects);
	PyErr_Clear();
	return harmless;
}
