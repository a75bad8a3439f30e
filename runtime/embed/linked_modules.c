#include "runtime/importer/compat.h"

#include "runtime/embed/linked_modules.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The generated table replaces this one. Not a constant to the compiler, which would take it for empty. */
__attribute__((weak)) const struct ox_linked_module ox_linked_modules[1] = {{NULL, NULL, NULL, NULL}};

static const struct ox_linked_module *table(void)
{
	const struct ox_linked_module *modules = ox_linked_modules;
	__asm__("" : "+r"(modules));
	return modules;
}

int ox_linked_register(void)
{
	const struct ox_linked_module *modules = table();
	size_t count = 0;
	while (modules[count].name)
		count++;
	struct _inittab *entries = count ? calloc(count + 1, sizeof *entries) : NULL;
	if (!count || !entries)
		return count ? -1 : 0;
	for (size_t i = 0; i < count; i++) {
		entries[i].name = modules[i].name;
		entries[i].initfunc = modules[i].enter;
	}
	int rc = PyImport_ExtendInittab(entries);
	free(entries);
	return rc;
}

static bool is_linked(PyObject *name)
{
	for (const struct ox_linked_module *m = table(); m->name; m++)
		if (PyUnicode_Check(name) && PyUnicode_CompareWithASCIIString(name, m->name) == 0)
			return true;
	return false;
}

int ox_linked_hide(void)
{
	PyObject *names = PySys_GetObject("builtin_module_names"); /* borrowed */
	if (!table()->name || !names || !PyTuple_Check(names))
		return 0;
	PyObject *kept = PyList_New(0);
	for (Py_ssize_t i = 0; kept && i < PyTuple_GET_SIZE(names); i++) {
		PyObject *name = PyTuple_GET_ITEM(names, i);
		if (!is_linked(name) && PyList_Append(kept, name) < 0)
			Py_CLEAR(kept);
	}
	PyObject *tuple = kept ? PyList_AsTuple(kept) : NULL;
	int rc = tuple ? PySys_SetObject("builtin_module_names", tuple) : -1;
	Py_XDECREF(tuple);
	Py_XDECREF(kept);
	return rc;
}

/* What CPython's loader of shared libraries sets, and that of built-in modules does not in all versions: the name
 * for which a module that is made in one step asks without its package. */
#if PY_VERSION_HEX >= 0x030C0000
extern const char *_PyImport_SwapPackageContext(const char *context); /* private to CPython */

static const char *swap_context(const char *context)
{
	return _PyImport_SwapPackageContext(context);
}
#else
static const char *swap_context(const char *context)
{
	const char *before = _Py_PackageContext;
	_Py_PackageContext = context;
	return before;
}
#endif

static void construct(struct ox_linked_start *start)
{
	char *no_arguments[] = {NULL};
	pthread_mutex_lock(&start->lock);
	for (ox_linked_constructor *const *c = start->begin; !start->done && c < start->end; c++)
		(*c)(0, no_arguments, environ);
	start->done = 1;
	pthread_mutex_unlock(&start->lock);
}

struct _object *ox_linked_enter(const struct ox_linked_module *module)
{
	if (module->start)
		construct(module->start);
	const char *before = swap_context(module->name);
	PyObject *made = module->init();
	swap_context(before);
	return made;
}
