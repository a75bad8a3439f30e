/* eval() of a string that is nothing but a string's literal, as parsers do for each token of a grammar: CPython parses,
 * compiles and runs it, 38,000 instructions for each. Here (wrap.h) the answer is
 * made at once when nobody watches: no audit hook, no tracer, no frame evaluator of somebody else.
 *
 * Up to 3.11: later CPythons have more ways of watching. */
#if __has_include(<internal/pycore_runtime.h>)
#define Py_BUILD_CORE 1
#define HAS_INTERNALS 1
#endif
#include "runtime/importer/compat.h"

#if defined HAS_INTERNALS && PY_VERSION_HEX >= 0x03090000 && PY_VERSION_HEX < 0x030C0000
#include <internal/pycore_interp.h>
#include <internal/pycore_runtime.h>

PyObject *__real_PyRun_StringFlags(const char *source, int start, PyObject *globals, PyObject *locals,
				   PyCompilerFlags *flags) __attribute__((weak));
PyObject *__wrap_PyRun_StringFlags(const char *source, int start, PyObject *globals, PyObject *locals,
				   PyCompilerFlags *flags);

static bool is_watched(void)
{
	PyThreadState *state = PyThreadState_Get();
	PyInterpreterState *interpreter = PyThreadState_GetInterpreter(state);
	return state->c_tracefunc || state->c_profilefunc || _PyRuntime.audit_hook_head || interpreter->audit_hooks ||
	       _PyInterpreterState_GetEvalFrameFunc(interpreter) != _PyEval_EvalFrameDefault;
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

PyObject *__wrap_PyRun_StringFlags(const char *source, int start, PyObject *globals, PyObject *locals,
				   PyCompilerFlags *flags)
{
	/* builtins.eval has seen to globals["__builtins__"]. */
	Py_ssize_t len = start == Py_eval_input && source && globals ? plain_literal(source) : -1;
	if (len < 0 || is_watched())
		return __real_PyRun_StringFlags(source, start, globals, locals, flags);
	PyObject *text = PyUnicode_DecodeUTF8(source + 1, len, NULL);
	if (text && could_be_name(source + 1, len))
		PyUnicode_InternInPlace(&text);
	return text;
}
#endif
