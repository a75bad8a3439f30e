#include "runtime/embed/leave.h"

#include "runtime/embed/exit_threads.h"
#include "runtime/embed/live.h"
#include "runtime/importer/failure.h"

#include <signal.h>
#include <unistd.h>

/* The status that CPython gives when a stream cannot be flushed at exit. */
enum { STATUS_FLUSH_FAILED = 120, STATUS_ERROR = 1 };

/* The exit status of a SystemExit whose `code` this is. Prints what is neither None nor
 * a number, as CPython does. */
static int status_of(PyObject *code)
{
	if (!code || code == Py_None)
		return 0;
	if (PyLong_Check(code))
		return (int)PyLong_AsLong(code);
	PyObject *err = PySys_GetObject("stderr"); /* borrowed */
	PyErr_Clear();
	if (err && err != Py_None) {
		PyFile_WriteObject(code, err, Py_PRINT_RAW);
	} else {
		PyObject_Print(code, stderr, Py_PRINT_RAW);
		fflush(stderr);
	}
	PySys_WriteStderr("\n");
	return STATUS_ERROR;
}

static int system_exit(void)
{
	fflush(stdout);
	struct ox_exception e = ox_exception_take_whole();
	PyObject *code = e.value ? PyObject_GetAttrString(e.value, "code") : NULL;
	int status = status_of(code);
	PyErr_Clear();
	Py_XDECREF(code);
	ox_exception_drop(e);
	return status;
}

/* Reports the exception that ended the run; *interrupted for KeyboardInterrupt. */
static int report(bool *interrupted)
{
	if (PyErr_ExceptionMatches(PyExc_SystemExit))
		return system_exit();
	*interrupted = PyErr_ExceptionMatches(PyExc_KeyboardInterrupt);
	PyErr_Print();
	return STATUS_ERROR;
}

/* Up to 3.9 atexit prints each error and then raises the last one again. */
static bool has_reported(const char *function)
{
	return PY_VERSION_HEX < 0x030A0000 && strcmp(function, "_run_exitfuncs") == 0;
}

/* An exception that nobody can handle: `told` are the words of 3.13 and later, `object` is what earlier ones name. */
static void report_ignored(const char *told, PyObject *object)
{
#if PY_VERSION_HEX >= 0x030D0000
	(void)object;
	PyErr_FormatUnraisable("%s", told);
#else
	(void)told;
	PyErr_WriteUnraisable(object);
#endif
}

static void call_if_imported(const char *module_name, const char *function, const char *told)
{
	PyObject *module = PyDict_GetItemString(PyImport_GetModuleDict(), module_name); /* borrowed */
	if (!module)
		return;
	Py_INCREF(module);
	PyObject *result = PyObject_CallMethod(module, function, NULL);
	if (!result && has_reported(function))
		PyErr_Clear();
	else if (!result)
		report_ignored(told, module);
	Py_XDECREF(result);
	Py_DECREF(module);
}

/* A stream that is closed, or lacks flush, is not an error. */
static int flush(const char *name, bool say)
{
	PyObject *stream = PySys_GetObject(name); /* borrowed */
	if (!stream || stream == Py_None)
		return 0;
	Py_INCREF(stream);
	PyObject *closed = PyObject_GetAttrString(stream, "closed");
	int is_closed = closed ? PyObject_IsTrue(closed) : 0;
	PyErr_Clear();
	PyObject *result = is_closed ? Py_NewRef(Py_None) : PyObject_CallMethod(stream, "flush", NULL);
	if (!result && say)
		report_ignored(PY_VERSION_HEX >= 0x030E0000 ? "Exception ignored while flushing sys.stdout"
							    : "Exception ignored on flushing sys.stdout",
			       stream);
	PyErr_Clear();
	Py_XDECREF(closed);
	Py_XDECREF(result);
	Py_DECREF(stream);
	return result ? 0 : -1;
}

/* Threads of libraries that Python does not know count: one that asks for the GIL later is to find the interpreter
 * ended, not a GIL that nobody will ever give up. */
static bool has_one_thread(void)
{
	if (ox_threads_are_several())
		return false;
	PyThreadState *state = PyThreadState_Get();
	PyThreadState *first = PyInterpreterState_ThreadHead(PyThreadState_GetInterpreter(state));
	return first == state && !PyThreadState_Next(first) && !PyInterpreterState_Next(PyInterpreterState_Head());
}

/* Settings whose effect shows at the very end. */
static bool wants_teardown(const struct ox_program *p)
{
	static const char *const names[] = {"malloc_stats", "dump_refs", "show_ref_count", "development_mode",
					    "tracemalloc", "verbose"};
	for (size_t i = 0; i < OX_COUNT(names); i++)
		if (ox_program_flag(p, names[i], false))
			return true;
	return false;
}

static int tear_down(int status)
{
	ox_threads_settle();
	ox_live_flush_files();
	if (Py_FinalizeEx() < 0)
		status = STATUS_FLUSH_FAILED;
	ox_threads_watch(status);
	return status;
}

static int leave_early(int status)
{
	int rc = flush("stdout", true);
	if (flush("stderr", false) < 0 || rc < 0)
		status = STATUS_FLUSH_FAILED;
	return status;
}

/* As after an interrupt that nobody handled: our parent sees the signal. */
static int die_by_sigint(void)
{
	signal(SIGINT, SIG_DFL);
	kill(getpid(), SIGINT);
	return SIGINT + 128;
}

int ox_leave(struct ox_program *p, int rc)
{
	bool interrupted = false;
	int status = rc < 0 ? report(&interrupted) : 0;
	call_if_imported("threading", "_shutdown", "Exception ignored on threading shutdown");
	call_if_imported("atexit", "_run_exitfuncs", "Exception ignored on running exit functions");
	if (!wants_teardown(p) && has_one_thread() && ox_live_is_harmless(p->frozen_at_start))
		status = leave_early(status);
	else
		status = tear_down(status);
	return interrupted ? die_by_sigint() : status;
}
