#include "runtime/embed/python_call.h"

#include "runtime/embed/ancestry.h"
#include "runtime/embed/exec.h"
#include "runtime/embed/multiprocess.h"
#include "runtime/embed/script.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many ancestors may be this executable: when it gets an interpreter's arguments as an application, and at all. */
enum { DEEPEST_PYTHON = 8, DEEPEST = 64 };

/* What stands on the command line when it is python3's. */
struct ask {
	enum ox_call_kind kind;
	const char *text; /* in argv: code, module or file */
	int place;        /* of the file in argv */
	bool is_isolated;
};

/* What python3 does when no operand follows the options. Without -i or -V they may be anybody's options. */
static struct ask without_operand(struct ask ask, bool is_special)
{
	ask.kind = is_special ? OX_CALL_OTHER : OX_CALL_NOTHING;
	return ask;
}

static struct ask with_operand(struct ask ask, char *const *argv, int i)
{
	ask.kind = strcmp(argv[i], "-") == 0 ? OX_CALL_OTHER : OX_CALL_FILE;
	ask.text = argv[i];
	ask.place = i;
	return ask;
}

static struct ask parse(int argc, char *const *argv)
{
	static const char plain[] = "bBdEiIOPqRsSuvVx", with_value[] = "WX";
	struct ask ask = {0};
	bool is_special = false; /* the interpreter's loop, or its version */
	int i = 1;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return without_operand(ask, true);
	for (; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *c = argv[i] + 1;
		for (; *c && strchr(plain, *c); c++) {
			is_special = is_special || *c == 'i' || *c == 'V';
			ask.is_isolated = ask.is_isolated || *c == 'I' || *c == 'P';
		}
		if (!*c)
			continue;
		bool is_last = *c == 'c' || *c == 'm';
		if (!is_last && !strchr(with_value, *c))
			return (struct ask){0};
		ask.text = c[1] ? c + 1 : ++i < argc ? argv[i] : NULL;
		if (!is_last)
			continue;
		ask.kind = !ask.text ? OX_CALL_NOTHING : is_special ? OX_CALL_OTHER :
			   *c == 'c' ? OX_CALL_COMMAND : OX_CALL_MODULE;
		return ask;
	}
	return i < argc ? with_operand(ask, argv, i) : without_operand(ask, is_special);
}

static int refuse(const struct ox_program *p, struct ox_err *err)
{
	return ox_fail(err, OX_EUSAGE,
		       "this executable is not a Python interpreter, but was started as one by its own process "
		       "(%s %s); set python_arguments = \"child\" to have it answer",
		       p->argv[1], p->argc > 2 ? p->argv[2] : "");
}

/* The arguments are the application's: once more, but not for ever. */
static int pass_on(const struct ox_program *p, int count, int most, struct ox_err *err)
{
	if (count < most)
		return 0;
	return ox_fail(err, OX_EUSAGE,
		       "this executable has started itself with %s more than %d levels deep; if Python was meant to "
		       "run, set python_arguments = \"child\" or \"always\"",
		       p->argc > 1 ? p->argv[1] : "no arguments", most);
}

/* sys.executable is what libraries start; some call it python nevertheless, in argv[0]. */
static bool is_named_python(struct ox_program *p)
{
	const char *name = p->argc ? p->argv[0] : "", *slash = strrchr(name, '/');
	const char *set = ox_program_text(p, "executable"), *base = slash ? slash + 1 : name;
	if (strcmp(name, p->exe) == 0 || (set && strcmp(name, set) == 0))
		return true;
	return strncmp(base, "python", 6) == 0 && base[6 + strspn(base + 6, "0123456789.")] == '\0';
}

/* An application that is configured as python3 is one: CPython itself sees to its arguments. */
static bool is_interpreter(struct ox_program *p)
{
	return ox_program_flag(p, "parse_argv", ox_program_is(p, "config_profile", "python"));
}

static int answer(struct ox_program *p, struct ask ask)
{
	p->call = ask.kind;
	p->call_text = ask.text;
	p->call_isolated = ask.is_isolated;
	return 0;
}

/* EXE [OPTIONS] APPLICATION ARGUMENTS is how a script restarts itself: [sys.executable, *sys.argv]. */
static int restart(struct ox_program *p, struct ask ask, int count, struct ox_err *err)
{
	p->argc -= ask.place;
	p->argv += ask.place;
	return pass_on(p, count, DEEPEST, err);
}

/* Started by the application's own process, with an interpreter's arguments. */
static int decide_child(struct ox_program *p, struct ask ask, struct ox_ancestry above, struct ox_err *err)
{
	if (ox_program_is(p, "python_arguments", "never"))
		return pass_on(p, above.count, DEEPEST_PYTHON, err);
	if (ask.kind == OX_CALL_FILE && ox_ancestry_names_this(ask.text))
		return restart(p, ask, above.count, err);
	if (ask.kind == OX_CALL_FILE && !ox_script_is(ask.text))
		return pass_on(p, above.count, DEEPEST, err);
	if (ox_program_is(p, "python_arguments", "always"))
		return answer(p, ask);
	if (above.is_restart)
		return pass_on(p, above.count, DEEPEST_PYTHON, err);
	return ox_program_is(p, "python_arguments", "refuse") ? refuse(p, err) : answer(p, ask);
}

int ox_python_call_decide(struct ox_program *p, struct ox_err *err)
{
	struct ask ask = parse(p->argc, p->argv);
	if (ox_multiprocess_is_helper(p) || is_interpreter(p))
		return 0;
	enum ox_exec how = ox_exec_how();
	if (ask.kind == OX_CALL_NOTHING)
		return how == OX_EXEC_UNKNOWN ? 0 : pass_on(p, ox_ancestry_look(p).count, DEEPEST, err);
	bool is_named = is_named_python(p);
	struct ox_ancestry above = is_named ? ox_ancestry_look(p) : (struct ox_ancestry){0};
	if (above.count || (is_named && how == OX_EXEC_CALL))
		return decide_child(p, ask, above, err);
	if (!ox_program_is(p, "python_arguments", "always") || (ask.kind == OX_CALL_FILE && !ox_script_is(ask.text)))
		return 0;
	return answer(p, ask);
}

static bool is_flag_set(const char *name)
{
	PyObject *flags = PySys_GetObject("flags"); /* borrowed */
	PyObject *value = flags ? PyObject_GetAttrString(flags, name) : NULL;
	bool is_set = value && PyObject_IsTrue(value) > 0;
	Py_XDECREF(value);
	PyErr_Clear(); /* safe_path came with 3.11 */
	return is_set;
}

static int add_path(const char *folder)
{
	PyObject *list = PySys_GetObject("path"); /* borrowed */
	PyObject *item = list && PyList_Check(list) ? PyUnicode_DecodeFSDefault(folder) : NULL;
	int rc = item ? PyList_Insert(list, 0, item) : -1;
	Py_XDECREF(item);
	return rc;
}

/* "" for -c, the current folder for -m. */
static int add_current(enum ox_call_kind kind)
{
	char folder[PATH_MAX] = "";
	if (kind == OX_CALL_MODULE && !getcwd(folder, sizeof folder))
		return 0;
	return add_path(folder);
}

/* That of a script. CPython itself adds folders and archives that are run, and is safe with -I only: an isolated
 * application does not import from where it happens to be started, but a script may have others beside it. */
static int add_folder_of(const char *path)
{
	char real[PATH_MAX];
	struct stat info;
	char *slash = realpath(path, real) ? strrchr(real, '/') : NULL;
	if (!slash || stat(real, &info) < 0 || !S_ISREG(info.st_mode) || ox_script_is_archive(real))
		return 0;
	slash[slash == real] = '\0';
	return add_path(real);
}

/* EXE/a/b.py for a.b. */
static PyObject *virtual_path(const struct ox_program *p)
{
	PyObject *exe = PyUnicode_DecodeFSDefault(p->exe);
	PyObject *name = exe ? PyUnicode_DecodeFSDefault(p->call_text) : NULL;
	PyObject *path = name ? PyObject_CallMethod(name, "replace", "ss", ".", "/") : NULL;
	PyObject *full = path ? PyUnicode_FromFormat("%U/%U.py", exe, path) : NULL;
	Py_XDECREF(path);
	Py_XDECREF(name);
	Py_XDECREF(exe);
	return full;
}

/* Programs name themselves by sys.argv[0]. */
static int set_name(const struct ox_program *p)
{
	PyObject *argv = PySys_GetObject("argv"); /* borrowed */
	PyObject *path = virtual_path(p);
	int rc = argv && path ? PySequence_SetItem(argv, 0, path) : -1;
	Py_XDECREF(path);
	return rc;
}

int ox_python_call_prepare(const struct ox_program *p)
{
	bool is_safe = is_flag_set("isolated") || is_flag_set("safe_path");
	if (p->call == OX_CALL_OTHER)
		return 0;
	if (p->call == OX_CALL_FILE)
		return is_safe && !p->call_isolated ? add_folder_of(p->call_text) : 0;
	if (!is_safe && add_current(p->call) < 0)
		return -1;
	return p->call == OX_CALL_MODULE ? set_name(p) : 0;
}
