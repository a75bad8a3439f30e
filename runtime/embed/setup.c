#include "runtime/embed/setup.h"

#include "runtime/embed/builtins.h"
#include "runtime/embed/linked_modules.h"
#include "runtime/embed/multiprocess.h"
#include "runtime/importer/failure.h"
#include "runtime/importer/fast_import.h"

static struct ox_program *remembered; /* set before the first interpreter starts, constant afterwards */

void ox_setup_remember(struct ox_program *p)
{
	remembered = p;
}

struct ox_program *ox_setup_program(void)
{
	return remembered;
}

PyObject *ox_setup_finder(const struct ox_program *p, const char **what)
{
	*what = "import of oxidized importer module";
	PyObject *module = PyImport_ImportModule("oxidized_importer");
	if (!module)
		return NULL;
	*what = "initialization of oxidized importer";
	PyObject *finder = ox_linked_hide() < 0 ? NULL : ox_finder_new(module, &p->finder_options);
	PyObject *ours = finder ? Py_BuildValue("[O]", finder) : NULL;
	PyObject *list = PySys_GetObject("meta_path"); /* borrowed */
	if (!ours || !list || PyList_SetSlice(list, 0, 2, ours) < 0)
		Py_CLEAR(finder);
	Py_XDECREF(ours);
	Py_DECREF(module);
	if (!finder)
		return NULL;
	*what = "initialization of fast imports";
	if (ox_program_flag(p, "fast_import", true) &&
	    ox_fast_import_install(finder, ox_program_flag(p, "deferred_collection", true)) < 0)
		Py_CLEAR(finder);
	return finder;
}

/* Keeps our finder and importlib's own built-in and frozen ones. */
static int drop_foreign_finders(PyObject *finder)
{
	PyObject *list = PySys_GetObject("meta_path"); /* borrowed */
	for (Py_ssize_t i = list ? PyList_GET_SIZE(list) : 0; i-- > 0;) {
		PyObject *item = PyList_GET_ITEM(list, i);
		PyObject *module = item == finder ? NULL : PyObject_GetAttrString(item, "__module__");
		bool keep = item == finder ||
			    (module && PyUnicode_CompareWithASCIIString(module, "_frozen_importlib") == 0);
		Py_XDECREF(module);
		PyErr_Clear();
		if (!keep && PyList_SetSlice(list, i, i + 1, NULL) < 0)
			return -1;
	}
	return 0;
}

static int set_path_hooks(PyObject *finder, bool keep_others)
{
	PyObject *hooks = PySys_GetObject("path_hooks"); /* borrowed */
	if (!hooks || (!keep_others && PyList_SetSlice(hooks, 0, PY_SSIZE_T_MAX, NULL) < 0))
		return -1;
	PyObject *hook = finder ? PyObject_GetAttrString(finder, "path_hook") : NULL;
	int rc = !finder ? 0 : hook ? PyList_Insert(hooks, 0, hook) : -1;
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

bool ox_setup_imports_files(const struct ox_program *p)
{
	return ox_program_flag(p, "filesystem_importer", false) ||
	       ox_program_flag(p, "import_added_folders", false) || p->call != OX_CALL_NOTHING ||
	       ox_multiprocess_is_helper(p);
}

/* What an environment has installed comes before what is packed, which is there as system packages are. */
static int put_last(PyObject *finder)
{
	PyObject *list = PySys_GetObject("meta_path"); /* borrowed */
	PyObject *result = list ? PyObject_CallMethod(list, "remove", "O", finder) : NULL;
	Py_XDECREF(result);
	return result ? PyList_Append(list, finder) : -1;
}

/* A prefix that is configured stays. Where no cache can be written the program starts all the same: only some programs
 * look for what lies there. */
static void set_prefix(const struct ox_program *p, PyObject *finder)
{
	struct ox_slice configured;
	if (!finder || ox_pack_config_str(p->config, "prefix", &configured) || ox_finder_set_prefix(finder) == 0)
		return;
	struct ox_exception e = ox_exception_take();
	PySys_FormatStderr("files of packages outside of their folders are not there: %S\n",
			   e.value ? e.value : Py_None);
	ox_exception_drop(e);
}

int ox_setup_sys(const struct ox_program *p, PyObject *finder)
{
	bool files = ox_setup_imports_files(p);
	if (!files && drop_foreign_finders(finder) < 0)
		return -1;
	if (set_path_hooks(finder, files) < 0 || set_sys("oxidized", Py_NewRef(Py_True)) < 0)
		return -1;
	if (ox_program_flag(p, "argvb", false) && set_sys("argvb", argv_bytes(p)) < 0)
		return -1;
	if (ox_program_flag(p, "sys_frozen", false) && set_sys("frozen", Py_NewRef(Py_True)) < 0)
		return -1;
	if (ox_program_flag(p, "sys_meipass", false) && set_sys("_MEIPASS", PyUnicode_DecodeFSDefault(p->origin)) < 0)
		return -1;
	if (p->venv_python && finder && put_last(finder) < 0)
		return -1;
	set_prefix(p, finder);
	if (finder && ox_finder_set_library(finder) < 0)
		return -1;
	return ox_builtins_add();
}
