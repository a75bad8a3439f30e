/* What is answered: sys.path and sys.argv. */
#include "runtime/embed/python_call.h"
#include "runtime/embed/script.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_flag_set(const char *name)
{
	PyObject *flags = PySys_GetObject("flags"); /* borrowed */
	PyObject *value = flags ? PyObject_GetAttrString(flags, name) : NULL;
	bool is_set = value && PyObject_IsTrue(value) > 0;
	Py_XDECREF(value);
	PyErr_Clear(); /* safe_path came with 3.11 */
	return is_set;
}

static int add_path(const char *folder, Py_ssize_t at)
{
	PyObject *list = PySys_GetObject("path"); /* borrowed */
	PyObject *item = list && PyList_Check(list) ? PyUnicode_DecodeFSDefault(folder) : NULL;
	int rc = item ? PyList_Insert(list, at, item) : -1;
	Py_XDECREF(item);
	return rc;
}

/* Whoever sets PYTHONPATH for a child means it, an isolated application's too: pip's builds are prepared so, with a
 * sitecustomize. What is packed still comes first. */
static int add_environment(const struct ox_program *p)
{
	const char *folders = getenv("PYTHONPATH");
	char *copy = NULL, *rest = NULL;
	int rc = 0;
	if (!is_flag_set("ignore_environment") || strpbrk(p->call_letters, "EI") || !folders || !*folders)
		return 0;
	copy = strdup(folders);
	Py_ssize_t at = 0;
	for (char *f = copy ? strtok_r(copy, ":", &rest) : NULL; f && !rc; f = strtok_r(NULL, ":", &rest))
		rc = add_path(f, at++);
	free(copy);
	if (rc < 0 || !is_flag_set("no_site") || strchr(p->call_letters, 'S'))
		return rc;
	PyObject *site = PyImport_ImportModule("site");
	PyObject *done = site ? PyObject_CallMethod(site, "main", NULL) : NULL;
	Py_XDECREF(done);
	Py_XDECREF(site);
	return done ? 0 : -1;
}

/* "" for -c, the current folder for -m. */
static int add_current(enum ox_call_kind kind)
{
	char folder[PATH_MAX] = "";
	if (kind == OX_CALL_MODULE && !getcwd(folder, sizeof folder))
		return 0;
	return add_path(folder, 0);
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
	return add_path(real, 0);
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
	if (add_environment(p) < 0)
		return -1;
	if (p->call == OX_CALL_OTHER)
		return 0;
	if (p->call == OX_CALL_FILE)
		return is_safe && !strpbrk(p->call_letters, "IP") ? add_folder_of(p->call_text) : 0;
	if (!is_safe && add_current(p->call) < 0)
		return -1;
	return p->call == OX_CALL_MODULE ? set_name(p) : 0;
}
