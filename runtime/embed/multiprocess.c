#include "runtime/embed/multiprocess.h"

static bool is_helper_code(const char *code)
{
	static const char *const starts[] = {
		"from multiprocessing.resource_tracker import main",
		"from multiprocessing.forkserver import main",
		"from multiprocessing.spawn import spawn_main",
	};
	for (size_t i = 0; i < OX_COUNT(starts); i++)
		if (strncmp(code, starts[i], strlen(starts[i])) == 0)
			return true;
	return false;
}

/* The place of "-c" behind nothing but interpreter options, or 0. */
static int command_option(const struct ox_program *p)
{
	for (int i = 1; i + 1 < p->argc && p->argv[i][0] == '-'; i++) {
		if (strcmp(p->argv[i], "-c") == 0)
			return is_helper_code(p->argv[i + 1]) ? i : 0;
		if (strcmp(p->argv[i], "-X") == 0 || strcmp(p->argv[i], "-W") == 0)
			i++;
	}
	return 0;
}

/* sys.argv = ["-c", what follows the code]. */
static int set_argv(const struct ox_program *p, int option)
{
	PyObject *list = Py_BuildValue("[s]", "-c");
	int rc = list ? 0 : -1;
	for (int i = option + 2; i < p->argc && !rc; i++) {
		PyObject *item = PyUnicode_DecodeFSDefault(p->argv[i]);
		rc = item ? PyList_Append(list, item) : -1;
		Py_XDECREF(item);
	}
	if (!rc)
		rc = PySys_SetObject("argv", list);
	Py_XDECREF(list);
	return rc;
}

static bool is_worker(const struct ox_program *p)
{
	return p->argc > 1 && strcmp(p->argv[1], "--multiprocessing-fork") == 0;
}

bool ox_multiprocess_is_helper(const struct ox_program *p)
{
	return ox_program_flag(p, "multiprocessing_auto_dispatch", true) && (is_worker(p) || command_option(p));
}

const char *ox_multiprocess_command(const struct ox_program *p)
{
	if (!ox_multiprocess_is_helper(p))
		return NULL;
	if (is_worker(p))
		return "from multiprocessing.spawn import freeze_support; freeze_support()";
	int option = command_option(p);
	if (set_argv(p, option) < 0)
		PyErr_Clear();
	return p->argv[option + 1];
}
