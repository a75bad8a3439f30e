#include "runtime/embed/interpreter.h"

#include "runtime/embed/allocator.h"
#include "runtime/embed/linked_modules.h"
#include "runtime/embed/loaded.h"
#include "runtime/embed/settings.h"
#include "runtime/embed/setup.h"
#include "runtime/importer/failure.h"

#if OX_HAS_CORE_PHASE
PyAPI_FUNC(PyStatus) _Py_InitializeMain(void); /* private: not in every version's headers */
#endif

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
	struct ox_exception e = ox_exception_take();
	PyObject *text = e.value ? PyObject_Str(e.value) : NULL;
	const char *utf8 = text ? PyUnicode_AsUTF8(text) : NULL;
	int rc = ox_fail(err, OX_EINTERNAL, "during %s: %s: %s", context,
			 e.type ? ((PyTypeObject *)e.type)->tp_name : "unknown error", utf8 ? utf8 : "");
	PyErr_Clear();
	Py_XDECREF(text);
	ox_exception_drop(e);
	return rc;
}

/* "auto" is fork, which up to 3.13 is CPython's own default: setting that would only keep the program from choosing
 * for itself. */
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

/* Before other interpreters can exist: what they all share is worked out once. */
static void describe_finder(struct ox_program *p)
{
	const char *command = p->call == OX_CALL_COMMAND ? p->call_text : ox_program_text(p, "run_command");
	p->finder_options = (struct ox_finder_options){.pack = p->pack,
						       .libraries = &p->libraries,
						       .exe = p->exe,
						       .origin = p->origin,
						       .mp_start_method = start_method(p),
						       .command = command};
	ox_setup_remember(p);
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

#if OX_HAS_CORE_PHASE
static int install_finder(struct ox_program *p, struct ox_err *err)
{
	const char *what;
	p->finder = ox_setup_finder(p, &what);
	return p->finder ? 0 : python_error(what, err);
}

static int start_main(struct ox_program *p, int *exit_code, struct ox_err *err)
{
	int rc = ox_setup_program() ? install_finder(p, err) : 0;
	return rc < 0 ? rc : check(_Py_InitializeMain(), "initializing Python main", exit_code, err);
}
#else
/* wrap_start.c has installed the finder on the way. */
static int start_main(struct ox_program *p, int *exit_code, struct ox_err *err)
{
	(void)exit_code;
	bool missing = ox_setup_program() && !p->finder;
	return missing ? ox_fail(err, OX_EINTERNAL, "initializing Python main: the importer was not asked for") : 0;
}
#endif

/* Until the program starts nothing becomes garbage that is worth looking for, as deferred_gc.h says of modules;
 * and what was made by then goes to the oldest generation in the same way. In 3.11 the core, too, was made without
 * collections (wrap_frozen.c). */
static void hold_collection(const struct ox_program *p, bool hold)
{
#if PY_VERSION_HEX >= 0x030A0000
	bool deferred = ox_program_flag(p, "deferred_collection", true);
	if (hold && deferred)
		PyGC_Disable();
	else if (!deferred)
		PyGC_Enable();
	if (hold || !deferred)
		return;
	PyObject *gc = PyImport_ImportModule("gc");
	PyObject *frozen = gc ? PyObject_CallMethod(gc, "freeze", NULL) : NULL;
	PyObject *usual = frozen ? PyObject_CallMethod(gc, "unfreeze", NULL) : NULL;
	PyErr_Clear();
	PyGC_Enable();
	Py_XDECREF(usual);
	Py_XDECREF(frozen);
	Py_XDECREF(gc);
#else
	(void)p;
	(void)hold;
#endif
}

int ox_interpreter_start(struct ox_program *p, int *exit_code, struct ox_err *err)
{
	*exit_code = -1;
	if (ox_program_flag(p, "oxidized_importer", true)) {
		if (PyImport_AppendInittab("oxidized_importer", PyInit_oxidized_importer) < 0)
			return ox_fail_nomem(err, "table of built-in modules");
		if (ox_linked_register() < 0)
			return ox_fail_nomem(err, "table of linked modules");
		describe_finder(p);
	}
	int rc = start_core(p, exit_code, err);
	if (rc)
		return rc < 0 ? rc : 0;
	hold_collection(p, true);
	rc = start_main(p, exit_code, err);
	if (!rc && (ox_setup_sys(p, p->finder) < 0 || ox_loaded_register(p) < 0))
		rc = python_error("setting up sys", err);
	if (!rc)
		hold_collection(p, false);
	return rc < 0 ? rc : 0;
}
