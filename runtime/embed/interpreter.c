#include "runtime/embed/interpreter.h"

#include "runtime/embed/allocator.h"
#include "runtime/embed/builtins.h"
#include "runtime/embed/loaded.h"
#include "runtime/embed/settings.h"

/* Private to CPython, and the only way to get between core and main (3.8 to 3.13). */
PyAPI_FUNC(PyStatus) _Py_InitializeMain(void);

static int check(PyStatus status, const char *context, int *exit_code, struct ox_err *err)
{
	if (PyStatus_IsExit(status)) {
		*exit_code = status.exitcode;
		return 1;
	}
	if (!PyStatus_Exception(status))
		return 0;
	return ox_fail(err, OX_EINTERNAL, "during %s: %s%s%s", context, status.func ? status.func : "",
		       status.func ? ": " : "", status.err_msg ? status.err_msg : "unknown error");
}

/* The pending Python exception as text: streams may not exist yet. */
static int python_error(const char *context, struct ox_err *err)
{
	PyObject *type, *value, *traceback;
	PyErr_Fetch(&type, &value, &traceback);
	PyObject *text = value ? PyObject_Str(value) : NULL;
	const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
	int rc = ox_fail(err, OX_EINTERNAL, "during %s: %s: %s", context,
			 type ? ((PyTypeObject *)type)->tp_name : "unknown error", utf8 ? utf8 : "");
	PyErr_Clear();
	Py_XDECREF(text);
	Py_XDECREF(type);
	Py_XDECREF(value);
	Py_XDECREF(traceback);
	return rc;
}

/* Debian's python -c 'import multiprocessing' uses fork, and so does "auto"; setting it
 * would only keep the program from choosing for itself. */
static const char *start_method(struct ox_program *p)
{
	const char *method = ox_program_text(p, "multiprocessing_start_method");
	bool leave = !method || strcmp(method, "none") == 0;
#if PY_VERSION_HEX < 0x030E0000
	leave = leave || strcmp(method, "auto") == 0;
#endif
	if (leave)
		return NULL;
	return strcmp(method, "auto") == 0 ? "fork" : method;
}

static int install_finder(struct ox_program *p, struct ox_err *err)
{
	p->importer = PyImport_ImportModule("oxidized_importer");
	if (!p->importer)
		return python_error("import of oxidized importer module", err);
	struct ox_finder_options options = {p->pack, p->exe, p->origin, start_method(p),
					    ox_program_text(p, "run_command")};
	p->finder = ox_finder_new(p->importer, &options);
	PyObject *list = PySys_GetObject("meta_path"); /* borrowed */
	if (!p->finder || !list || PyList_SetSlice(list, 0, PY_SSIZE_T_MAX, NULL) < 0 ||
	    PyList_Append(list, p->finder) < 0)
		return python_error("initialization of oxidized importer", err);
	return 0;
}

/* Keeps our finder and importlib's own built-in and frozen ones. */
static int drop_foreign_finders(struct ox_program *p)
{
	PyObject *list = PySys_GetObject("meta_path"); /* borrowed */
	for (Py_ssize_t i = list ? PyList_GET_SIZE(list) : 0; i-- > 0;) {
		PyObject *item = PyList_GET_ITEM(list, i);
		PyObject *module = item == p->finder ? NULL : PyObject_GetAttrString(item, "__module__");
		bool keep = item == p->finder ||
			    (module && PyUnicode_CompareWithASCIIString(module, "_frozen_importlib") == 0);
		Py_XDECREF(module);
		PyErr_Clear();
		if (!keep && PyList_SetSlice(list, i, i + 1, NULL) < 0)
			return -1;
	}
	return 0;
}

static int set_path_hooks(struct ox_program *p, bool keep_others)
{
	PyObject *hooks = PySys_GetObject("path_hooks"); /* borrowed */
	if (!hooks || (!keep_others && PyList_SetSlice(hooks, 0, PY_SSIZE_T_MAX, NULL) < 0))
		return -1;
	PyObject *hook = p->finder ? PyObject_GetAttrString(p->finder, "path_hook") : NULL;
	int rc = !p->finder ? 0 : hook ? PyList_Insert(hooks, 0, hook) : -1;
	Py_XDECREF(hook);
	return rc;
}

static int set_sys(const char *name, PyObject *value)
{
	int rc = value ? PySys_SetObject(name, value) : -1;
	Py_XDECREF(value);
	return rc;
}

static PyObject *argv_bytes(const struct ox_program *p)
{
	PyObject *list = PyList_New(p->argc);
	for (int i = 0; list && i < p->argc; i++) {
		PyObject *item = PyBytes_FromString(p->argv[i]);
		if (item)
			PyList_SET_ITEM(list, i, item);
		else
			Py_CLEAR(list);
	}
	return list;
}

static int set_up_sys(struct ox_program *p)
{
	bool files = ox_program_flag(p, "filesystem_importer", false);
	if (!files && drop_foreign_finders(p) < 0)
		return -1;
	if (set_path_hooks(p, files) < 0 || set_sys("oxidized", Py_NewRef(Py_True)) < 0)
		return -1;
	if (ox_program_flag(p, "argvb", false) && set_sys("argvb", argv_bytes(p)) < 0)
		return -1;
	if (ox_program_flag(p, "sys_frozen", false) && set_sys("frozen", Py_NewRef(Py_True)) < 0)
		return -1;
	if (ox_program_flag(p, "sys_meipass", false) &&
	    set_sys("_MEIPASS", PyUnicode_DecodeFSDefault(p->origin)) < 0)
		return -1;
	if (ox_builtins_add() < 0)
		return -1;
	return ox_loaded_register(p);
}

static int start_core(struct ox_program *p, int *exit_code, struct ox_err *err)
{
	PyPreConfig pre;
	PyConfig config;
	int rc = check(ox_settings_preconfig(p, &pre), "Python pre-initialization", exit_code, err);
	if (rc)
		return rc;
	rc = ox_allocator_install(p, err);
	if (rc < 0)
		return rc;
	rc = check(ox_settings_config(p, &config), "setting of the configuration", exit_code, err);
	if (!rc)
		rc = check(Py_InitializeFromConfig(&config), "initializing Python core", exit_code, err);
	PyConfig_Clear(&config);
	return rc;
}

int ox_interpreter_start(struct ox_program *p, int *exit_code, struct ox_err *err)
{
	bool ours = ox_program_flag(p, "oxidized_importer", true);
	*exit_code = -1;
	if (ours && PyImport_AppendInittab("oxidized_importer", PyInit_oxidized_importer) < 0)
		return ox_fail_nomem(err, "table of built-in modules");
	int rc = start_core(p, exit_code, err);
	if (!rc && ours)
		rc = install_finder(p, err);
	if (!rc)
		rc = check(_Py_InitializeMain(), "initializing Python main", exit_code, err);
	if (!rc && set_up_sys(p) < 0)
		rc = python_error("setting up sys", err);
	return rc < 0 ? rc : 0;
}
