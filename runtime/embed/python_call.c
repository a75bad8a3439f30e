#include "runtime/embed/python_call.h"

#include "runtime/embed/multiprocess.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* How many ancestors may be this executable when the application gets -c or -m, and how far they are looked for. */
enum { DEEPEST = 8, FARTHEST = 256 };

enum ox_call_kind ox_python_call_parse(int argc, char *const *argv, const char **text)
{
	static const char plain[] = "bBdEIOPqRsSuv", with_value[] = "WX";
	for (int i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
		const char *c = argv[i] + 1;
		while (*c && strchr(plain, *c))
			c++;
		if (!*c)
			continue;
		bool is_last = *c == 'c' || *c == 'm';
		if (!is_last && !strchr(with_value, *c))
			return OX_CALL_NOTHING;
		*text = c[1] ? c + 1 : ++i < argc ? argv[i] : NULL;
		if (is_last)
			return !*text ? OX_CALL_NOTHING : *c == 'c' ? OX_CALL_COMMAND : OX_CALL_MODULE;
	}
	return OX_CALL_NOTHING;
}

/* Also when the file was replaced meanwhile: its processes have the old one, now "deleted". */
static bool runs_this(const struct ox_program *p, pid_t pid)
{
	static const struct ox_slice deleted = {" (deleted)", 10};
	char link[64], target[PATH_MAX];
	struct stat own, other;
	snprintf(link, sizeof link, "/proc/%d/exe", (int)pid);
	if (stat("/proc/self/exe", &own) == 0 && stat(link, &other) == 0 && own.st_dev == other.st_dev &&
	    own.st_ino == other.st_ino)
		return true;
	ssize_t len = readlink(link, target, sizeof target);
	struct ox_slice path = ox_slice(target, len > 0 ? (size_t)len : 0);
	if (ox_slice_ends(path, deleted))
		path.len -= deleted.len;
	return ox_slice_eq_str(path, p->exe);
}

/* 0 when there is none that can be seen. The name in the second field may hold anything. */
static pid_t parent_of(pid_t pid)
{
	char path[64], line[512];
	int parent = 0;
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *f = fopen(path, "re");
	size_t len = f ? fread(line, 1, sizeof line - 1, f) : 0;
	if (f)
		fclose(f);
	line[len] = '\0';
	const char *end = strrchr(line, ')');
	if (!end || sscanf(end + 1, " %*c %d", &parent) != 1)
		return 0;
	return parent;
}

static int count_ancestors(const struct ox_program *p)
{
	int same = 0, seen = 0;
	for (pid_t pid = getppid(); pid > 0 && seen < FARTHEST; pid = parent_of(pid), seen++)
		same += runs_this(p, pid);
	return same;
}

static int refuse(enum ox_call_kind kind, const char *text, struct ox_err *err)
{
	return ox_fail(err, OX_EUSAGE,
		       "this executable is not a Python interpreter, but was started as one by its own process "
		       "(-%c %s); set python_arguments = \"child\" to have it answer",
		       kind == OX_CALL_COMMAND ? 'c' : 'm', text);
}

/* The arguments are the application's: once more, but not for ever. */
static int pass_on(const struct ox_program *p, enum ox_call_kind kind, struct ox_err *err)
{
	if (count_ancestors(p) < DEEPEST)
		return 0;
	return ox_fail(err, OX_EUSAGE,
		       "this executable has started itself with -%c more than %d levels deep; if Python was meant to "
		       "run, set python_arguments = \"always\"",
		       kind == OX_CALL_COMMAND ? 'c' : 'm', DEEPEST);
}

/* An application that is configured as python3 is one: CPython itself sees to its arguments. */
static bool is_interpreter(struct ox_program *p)
{
	return ox_program_flag(p, "parse_argv", ox_program_is(p, "config_profile", "python"));
}

int ox_python_call_decide(struct ox_program *p, struct ox_err *err)
{
	const char *text;
	enum ox_call_kind kind = ox_python_call_parse(p->argc, p->argv, &text);
	if (kind == OX_CALL_NOTHING || ox_multiprocess_is_helper(p) || is_interpreter(p))
		return 0;
	bool is_child = runs_this(p, getppid());
	if (is_child && ox_program_is(p, "python_arguments", "refuse"))
		return refuse(kind, text, err);
	bool answers_child = !ox_program_is(p, "python_arguments", "never");
	if (!ox_program_is(p, "python_arguments", "always") && !(is_child && answers_child))
		return pass_on(p, kind, err);
	p->call = kind;
	p->call_text = text;
	return 0;
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

/* "" for -c, the current folder for -m. */
static int add_folder(enum ox_call_kind kind)
{
	char folder[PATH_MAX] = "";
	PyObject *list = PySys_GetObject("path"); /* borrowed */
	if (kind == OX_CALL_MODULE && !getcwd(folder, sizeof folder))
		return 0;
	PyObject *item = list && PyList_Check(list) ? PyUnicode_DecodeFSDefault(folder) : NULL;
	int rc = item ? PyList_Insert(list, 0, item) : -1;
	Py_XDECREF(item);
	return rc;
}

/* EXE/a/b.py for a.b: programs name themselves by the last part of it. */
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

int ox_python_call_prepare(const struct ox_program *p)
{
	bool is_safe = is_flag_set("isolated") || is_flag_set("safe_path");
	if (!is_safe && add_folder(p->call) < 0)
		return -1;
	if (p->call != OX_CALL_MODULE)
		return 0;
	PyObject *argv = PySys_GetObject("argv"); /* borrowed */
	PyObject *path = virtual_path(p);
	int rc = argv && path ? PySequence_SetItem(argv, 0, path) : -1;
	Py_XDECREF(path);
	return rc;
}
