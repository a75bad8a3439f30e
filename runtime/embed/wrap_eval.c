/* eval() and exec() of texts (wrap.h). CPython parses, compiles and runs them; two kinds
 * need less here, with nothing that anybody could tell:
 *
 * - Texts that the build has compiled, since the standard library would generate them (methods of dataclasses and named
 *   tuples): their code object comes out of the payload, 2 microseconds instead of 40, and runs as any other does.
 * - Nothing but a string's literal, as parsers evaluate for each token of a grammar (38,000 instructions): the answer
 *   is made at once when nobody watches, no audit hook, no tracer, no frame evaluator of somebody else. Up to 3.11:
 *   later CPythons have more ways of watching.
 *
 * Up to 3.13: where later ones keep what is asked for here is not known yet. */
#include "runtime/embed/internals.h"
#include "runtime/embed/wrap.h"
#include "runtime/importer/importer.h"

#if OX_HAS_INTERNALS && PY_VERSION_HEX < 0x030E0000
#if PY_VERSION_HEX >= 0x03090000
#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>
#else
#include <internal/pycore_pystate.h>
#endif
#include <internal/pycore_pylifecycle.h>

#if PY_VERSION_HEX >= 0x030C0000
#define HOOKS _PyRuntime.audit_hooks.head
#define INTERRUPTED _PyRuntime.signals.unhandled_keyboard_interrupt
#else
#define HOOKS _PyRuntime.audit_hook_head
#define INTERRUPTED _Py_UnhandledKeyboardInterrupt
#endif

OX_WRAP(PyObject *, PyRun_StringFlags, const char *source, int start, PyObject *globals, PyObject *locals,
	PyCompilerFlags *flags);

static PyInterpreterState *current_interpreter(void)
{
	return PyThreadState_GetInterpreter(PyThreadState_Get());
}

/* An audit hook sees that something is compiled. */
static bool is_audited(void)
{
	return HOOKS || current_interpreter()->audit_hooks;
}

/* Whether code is compiled as it was in the build: of a str, without a caller's `from __future__`, with the columns
 * that -X no_debug_ranges leaves out. */
static bool is_compiled_as_usual(const PyCompilerFlags *flags)
{
#if PY_VERSION_HEX >= 0x030B0000
	if (!_PyInterpreterState_GetConfig(current_interpreter())->code_debug_ranges)
		return false;
#endif
	return flags && flags->cf_flags == (PyCF_SOURCE_IS_UTF8 | PyCF_IGNORE_COOKIE) &&
	       flags->cf_feature_version == PY_MINOR_VERSION;
}

/* A new reference, or NULL without an exception. */
static PyObject *find_code(const char *source, int start, PyObject *globals, const PyCompilerFlags *flags)
{
	if ((start != Py_eval_input && start != Py_file_input) || !source || !globals || is_audited() ||
	    !is_compiled_as_usual(flags) || !PyDict_GetItemString(globals, "__builtins__"))
		return NULL;
	PyObject *finder = ox_finder_current();
	return finder ? ox_finder_generated(finder, ox_slice_str(source), start == Py_eval_input) : NULL;
}

/* As CPython runs what it has compiled: an interrupt that nobody catches decides how the process ends. */
static PyObject *run(PyObject *code, PyObject *globals, PyObject *locals)
{
	INTERRUPTED = 0;
	PyObject *result = PyEval_EvalCode(code, globals, locals);
	if (!result && PyErr_Occurred() == PyExc_KeyboardInterrupt)
		INTERRUPTED = 1;
	return result;
}

#if PY_VERSION_HEX >= 0x03090000 && PY_VERSION_HEX < 0x030C0000
#define HAS_LITERALS 1

static bool is_watched(void)
{
	PyThreadState *state = PyThreadState_Get();
	return state->c_tracefunc || state->c_profilefunc || is_audited() ||
	       _PyInterpreterState_GetEvalFrameFunc(current_interpreter()) != _PyEval_EvalFrameDefault;
}

/* The length of what stands between two quotes with nothing special in between; -1 for anything else. */
static Py_ssize_t plain_literal(const char *source)
{
	const char quote = source[0];
	size_t len = 1;
	if (quote != '\'' && quote != '"')
		return -1;
	while (source[len] >= ' ' && source[len] <= '~' && source[len] != quote && source[len] != '\\')
		len++;
	return source[len] == quote && !source[len + 1] ? (Py_ssize_t)len - 1 : -1;
}

/* The compiler interns constants that could be names. */
static bool could_be_name(const char *text, Py_ssize_t len)
{
	for (Py_ssize_t i = 0; i < len; i++)
		if (!Py_ISALNUM(text[i]) && text[i] != '_')
			return false;
	return true;
}

static bool is_literal(const char *source, int start, PyObject *globals)
{
	/* builtins.eval has seen to globals["__builtins__"]. */
	return start == Py_eval_input && source && globals && plain_literal(source) >= 0 && !is_watched();
}

static PyObject *literal(const char *source)
{
	Py_ssize_t len = plain_literal(source);
	PyObject *text = PyUnicode_DecodeUTF8(source + 1, len, NULL);
	if (text && could_be_name(source + 1, len))
		PyUnicode_InternInPlace(&text);
	INTERRUPTED = 0;
	return text;
}
#endif

PyObject *__wrap_PyRun_StringFlags(const char *source, int start, PyObject *globals, PyObject *locals,
				   PyCompilerFlags *flags)
{
#ifdef HAS_LITERALS
	if (is_literal(source, start, globals))
		return literal(source);
#endif
	PyObject *code = find_code(source, start, globals, flags);
	if (!code)
		return __real_PyRun_StringFlags(source, start, globals, locals, flags);
	PyObject *result = run(code, globals, locals);
	Py_DECREF(code);
	return result;
}
#endif
