#include "runtime/embed/run.h"

#include "runtime/embed/exit_threads.h"
#include "runtime/embed/leave.h"
#include "runtime/embed/live.h"
#include "runtime/embed/multiprocess.h"
#include "runtime/embed/python_call.h"

static PyObject *main_dict(void)
{
	PyObject *module = PyImport_AddModule("__main__"); /* borrowed */
	return module ? PyModule_GetDict(module) : NULL;
}

static int evaluate(PyObject *code)
{
	PyObject *dict = main_dict();
	PyObject *result = dict ? PyEval_EvalCode(code, dict, dict) : NULL;
	Py_XDECREF(result);
	return result ? 0 : -1;
}

static int run_command(const char *command)
{
	PyCompilerFlags flags = {.cf_flags = PyCF_IGNORE_COOKIE, .cf_feature_version = PY_MINOR_VERSION};
	if (PySys_Audit("cpython.run_command", "s", command) < 0)
		return -1;
	PyObject *code = Py_CompileStringExFlags(command, "<string>", Py_file_input, &flags, -1);
	int rc = code ? evaluate(code) : -1;
	Py_XDECREF(code);
	return rc;
}

static int set_item(PyObject *dict, const char *name, PyObject *value)
{
	int rc = value ? PyDict_SetItemString(dict, name, value) : -1;
	Py_XDECREF(value);
	return rc;
}

/* What runpy puts into __main__; modules in memory have no __file__ there either. */
static int describe_main(PyObject *spec)
{
	PyObject *dict = main_dict();
	if (!dict || set_item(dict, "__spec__", Py_NewRef(spec)) < 0 ||
	    set_item(dict, "__loader__", PyObject_GetAttrString(spec, "loader")) < 0 ||
	    set_item(dict, "__package__", PyObject_GetAttrString(spec, "parent")) < 0)
		return -1;
	PyObject *located = PyObject_GetAttrString(spec, "has_location");
	int rc = located == Py_True ? set_item(dict, "__file__", PyObject_GetAttrString(spec, "origin")) : 0;
	Py_XDECREF(located);
	return located ? rc : -1;
}

static PyObject *parent_of(PyObject *name)
{
	Py_ssize_t len = PyUnicode_GET_LENGTH(name);
	Py_ssize_t dot = PyUnicode_FindChar(name, '.', 0, len, -1);
	return dot > 0 ? PyUnicode_Substring(name, 0, dot) : NULL;
}

/* The parents are imported first, as by any import, so that they can do what packages do. */
static int import_parent(PyObject *name)
{
	PyObject *parent = parent_of(name);
	PyObject *module = parent ? PyImport_Import(parent) : NULL;
	int rc = module || !parent ? 0 : -1;
	Py_XDECREF(module);
	Py_XDECREF(parent);
	return rc;
}

/* As for python3, what a call runs is named by sys.argv[0]. */
static int run_by_runpy(const struct ox_program *p, PyObject *name)
{
	PyObject *is_call = p->call == OX_CALL_NOTHING ? Py_False : Py_True;
	PyObject *runpy = PyImport_ImportModule("runpy");
	PyObject *result = runpy ? PyObject_CallMethod(runpy, "_run_module_as_main", "OO", name, is_call) : NULL;
	Py_XDECREF(result);
	Py_XDECREF(runpy);
	return result ? 0 : -1;
}

static int run_main_of(struct ox_program *p, PyObject *package);

static int run_code(const struct ox_program *p, PyObject *name, PyObject *spec, PyObject *code)
{
	PyObject *dict = main_dict();
	if (p->call == OX_CALL_MODULE && (!dict || set_item(dict, "__file__", ox_python_call_name(p, name)) < 0))
		return -1;
	if (describe_main(spec) < 0 || PySys_Audit("cpython.run_module", "O", name) < 0)
		return -1;
	return evaluate(code);
}

/* 1 when the code ran, 0 when the payload has none of that name, or runpy has a word to say about it. */
static int run_packed(struct ox_program *p, PyObject *name)
{
	PyObject *spec = NULL, *code = NULL;
	if (import_parent(name) < 0) {
		bool told = p->call == OX_CALL_MODULE && PyErr_ExceptionMatches(PyExc_ImportError);
		if (told)
			PyErr_Clear();
		return told ? 0 : -1;
	}
	int rc = ox_finder_main_code(p->finder, name, &spec, &code);
	if (rc <= 0)
		return rc;
	PyObject *locations = PyObject_GetAttrString(spec, "submodule_search_locations");
	if (!locations)
		rc = -1;
	else if (locations != Py_None)
		rc = run_main_of(p, name);
	else if (run_code(p, name, spec, code) < 0)
		rc = -1;
	Py_XDECREF(locations);
	Py_DECREF(spec);
	Py_DECREF(code);
	return rc;
}

/* A package is run through its __main__. */
static int run_main_of(struct ox_program *p, PyObject *package)
{
	PyObject *name = PyUnicode_FromFormat("%U.__main__", package);
	int rc = name ? run_packed(p, name) : -1;
	Py_XDECREF(name);
	return rc;
}

/* What is not packed, or is no module that can be run, is runpy's to find or to refuse. */
static int run_module(struct ox_program *p, const char *module)
{
	PyObject *name = PyUnicode_DecodeFSDefault(module);
	int rc = !name ? -1 : p->finder ? run_packed(p, name) : 0;
	if (rc == 0)
		rc = run_by_runpy(p, name);
	Py_XDECREF(name);
	return rc < 0 ? -1 : 0;
}

static int run_call(struct ox_program *p)
{
	if (ox_python_call_prepare(p) < 0)
		return -1;
	return p->call == OX_CALL_COMMAND ? run_command(p->call_text) : run_module(p, p->call_text);
}

/* CPython's own main loop serves whatever has no fast way of ours: files, folders and
 * archives, standard input, the REPL, and programs that take python's own options. */
static bool is_left_to_cpython(struct ox_program *p)
{
	if (p->call != OX_CALL_NOTHING)
		return p->call == OX_CALL_FILE || p->call == OX_CALL_OTHER;
	return ox_program_is(p, "config_profile", "python") || ox_program_flag(p, "parse_argv", false) ||
	       ox_program_flag(p, "inspect", false) || ox_program_flag(p, "interactive", false) ||
	       (!ox_program_text(p, "run_command") && !ox_program_text(p, "run_module"));
}

/* CPython marks a pending -m in sys.argv[0]. What goes wrong here goes wrong there again, and is told there. */
static int leave_to_cpython(struct ox_program *p)
{
	PyObject *argv = PySys_GetObject("argv");
	PyObject *first = argv && PyList_Check(argv) && PyList_GET_SIZE(argv) ? PyList_GET_ITEM(argv, 0) : NULL;
	bool module = first && PyUnicode_Check(first) && PyUnicode_CompareWithASCIIString(first, "-m") == 0;
	PyObject *runpy = module && p->finder ? PyImport_ImportModule("runpy") : NULL;
	if (runpy && ox_finder_teach(p->finder, runpy) < 0)
		Py_CLEAR(runpy);
	ox_threads_settle_at_exit();
	PyErr_Clear();
	Py_XDECREF(runpy);
	int status = Py_RunMain();
	ox_threads_watch(status);
	return status;
}

int ox_run(struct ox_program *p)
{
	const char *child = ox_multiprocess_command(p);
	int rc;
	p->frozen_at_start = ox_live_frozen();
	if (child)
		rc = run_command(child);
	else if (is_left_to_cpython(p))
		return leave_to_cpython(p);
	else if (p->call != OX_CALL_NOTHING)
		rc = run_call(p);
	else if (ox_program_text(p, "run_command"))
		rc = run_command(ox_program_text(p, "run_command"));
	else
		rc = run_module(p, ox_program_text(p, "run_module"));
	return ox_leave(p, rc);
}
