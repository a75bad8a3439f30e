#include "runtime/importer/deferred_gc.h"

#include "runtime/importer/failure.h"

#include <stddef.h>

/* gc's own functions by name, and where they are kept. */
static const struct {
	const char *name;
	size_t offset;
} functions[] = {
	{"get_threshold", offsetof(struct ox_deferred_gc, get_threshold)},
	{"set_threshold", offsetof(struct ox_deferred_gc, set_threshold)},
	{"get_count", offsetof(struct ox_deferred_gc, get_count)},
	{"isenabled", offsetof(struct ox_deferred_gc, isenabled)},
	{"freeze", offsetof(struct ox_deferred_gc, freeze)},
	{"unfreeze", offsetof(struct ox_deferred_gc, unfreeze)},
	{"get_freeze_count", offsetof(struct ox_deferred_gc, get_freeze_count)},
};
enum { FUNCTION_COUNT = sizeof functions / sizeof functions[0] };

static PyObject **function_at(struct ox_deferred_gc *g, size_t i)
{
	return (PyObject **)((char *)g + functions[i].offset);
}

static PyObject *call(PyObject *function)
{
	return PyObject_CallObject(function, NULL);
}

/* The value of a function that answers with a number; -1 with an exception. */
static long number(PyObject *function)
{
	PyObject *value = call(function);
	long n = value ? PyLong_AsLong(value) : -1;
	Py_XDECREF(value);
	return n;
}

static long first_of(PyObject *tuple)
{
	bool has = tuple && PyTuple_Check(tuple) && PyTuple_GET_SIZE(tuple);
	return has ? PyLong_AsLong(PyTuple_GET_ITEM(tuple, 0)) : -1;
}

static int run(PyObject *function)
{
	PyObject *result = call(function);
	Py_XDECREF(result);
	return result ? 0 : -1;
}

static int set_threshold(struct ox_deferred_gc *g, PyObject *numbers)
{
	PyObject *result = PyObject_CallObject(g->set_threshold, numbers);
	Py_XDECREF(result);
	return result ? 0 : -1;
}

/* Puts `put` where `expected` is; whatever else somebody placed there stays. */
static int swap_function(struct ox_deferred_gc *g, const char *name, PyObject *expected, PyObject *put)
{
	if (PyDict_GetItemString(g->dict, name) != expected)
		return 0;
	return PyDict_SetItemString(g->dict, name, put);
}

static int show_ours(struct ox_deferred_gc *g)
{
	if (swap_function(g, "get_threshold", g->get_threshold, g->our_get) < 0)
		return -1;
	return swap_function(g, "set_threshold", g->set_threshold, g->our_set);
}

static int show_own(struct ox_deferred_gc *g)
{
	int rc = swap_function(g, "get_threshold", g->our_get, g->get_threshold);
	return swap_function(g, "set_threshold", g->our_set, g->set_threshold) < 0 ? -1 : rc;
}

/* As it was, however often it is called. */
static int let_go(struct ox_deferred_gc *g)
{
	PyObject *usual = g->usual;
	if (!usual)
		return 0;
	g->usual = NULL;
	int rc = set_threshold(g, usual);
	Py_DECREF(usual);
	return show_own(g) < 0 ? -1 : rc;
}

/* The program froze something: moving would thaw it. */
static int give_up(struct ox_deferred_gc *g)
{
	int rc = let_go(g);
	Py_CLEAR(g->dict);
	return rc;
}

static PyObject *loading_thresholds(PyObject *usual)
{
	if (PyTuple_GET_SIZE(usual) < 3)
		return NULL;
	return Py_BuildValue("(iOO)", (int)OX_GC_LOADING, PyTuple_GET_ITEM(usual, 1), PyTuple_GET_ITEM(usual, 2));
}

/* Not where the program collects more rarely itself, or never (0). */
static int hold_off(struct ox_deferred_gc *g)
{
	PyObject *usual = call(g->get_threshold);
	g->first = first_of(usual);
	bool wanted = usual && g->first > 0 && g->first < OX_GC_LOADING;
	PyObject *loading = wanted ? loading_thresholds(usual) : NULL;
	int rc = !loading ? 0 : set_threshold(g, loading);
	if (loading && rc == 0) {
		g->usual = Py_NewRef(usual);
		rc = show_ours(g);
	}
	Py_XDECREF(loading);
	Py_XDECREF(usual);
	return PyErr_Occurred() ? -1 : rc;
}

/* What is due for a look moves to the oldest generation. */
static int move_on(struct ox_deferred_gc *g)
{
	PyObject *counts = call(g->get_count);
	long young = first_of(counts);
	Py_XDECREF(counts);
	if (young <= g->first)
		return young < 0 ? -1 : 0;
	PyObject *enabled = call(g->isenabled);
	Py_XDECREF(enabled);
	if (enabled != Py_True)
		return enabled ? 0 : -1; /* the program wants to see to it itself */
	long frozen = number(g->get_freeze_count);
	if (frozen != 0)
		return frozen < 0 ? -1 : give_up(g);
	return run(g->freeze) < 0 ? -1 : run(g->unfreeze);
}

void ox_deferred_gc_begin(struct ox_deferred_gc *g)
{
	if (!g->dict || g->depth++ > 0)
		return;
	struct ox_exception set_aside = ox_exception_take();
	if (hold_off(g) < 0)
		PyErr_Clear();
	ox_exception_give_back(set_aside);
}

void ox_deferred_gc_end(struct ox_deferred_gc *g)
{
	bool last = g->depth > 0 && --g->depth == 0;
	if (!g->usual)
		return;
	struct ox_exception set_aside = ox_exception_take();
	if (move_on(g) < 0 || (last && let_go(g) < 0))
		PyErr_Clear();
	ox_exception_give_back(set_aside);
}

/* A module may have kept the function longer than the interpreter keeps its importer. */
static struct ox_deferred_gc *deferred(PyObject *link)
{
	struct ox_deferred_gc *g = PyCapsule_GetContext(link);
	if (!g && !PyErr_Occurred())
		PyErr_SetString(PyExc_RuntimeError, "the interpreter is shutting down");
	return g;
}

static PyObject *our_get_threshold(PyObject *link, PyObject *args)
{
	struct ox_deferred_gc *g = deferred(link);
	return !g || let_go(g) < 0 ? NULL : PyObject_CallObject(g->get_threshold, args);
}

static PyObject *our_set_threshold(PyObject *link, PyObject *args)
{
	struct ox_deferred_gc *g = deferred(link);
	return !g || let_go(g) < 0 ? NULL : PyObject_CallObject(g->set_threshold, args);
}

static PyMethodDef get_def = {"get_threshold", our_get_threshold, METH_VARARGS,
			       "Return the current collection thresholds."};
static PyMethodDef set_def = {"set_threshold", our_set_threshold, METH_VARARGS,
			       "Set the collection thresholds."};

static int find_functions(struct ox_deferred_gc *g, PyObject *dict)
{
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		PyObject *function = PyDict_GetItemString(dict, functions[i].name); /* borrowed */
		if (!function) {
			PyErr_Format(PyExc_AttributeError, "module gc has no %s", functions[i].name);
			return -1;
		}
		*function_at(g, i) = Py_NewRef(function);
	}
	return 0;
}

static int make_ours(struct ox_deferred_gc *g)
{
	static const char anchor[] = "";
	PyObject *name = PyUnicode_FromString("gc");
	g->link = PyCapsule_New((void *)anchor, NULL, NULL);
	if (g->link && PyCapsule_SetContext(g->link, g) < 0)
		Py_CLEAR(g->link);
	if (name && g->link) {
		g->our_get = PyCFunction_NewEx(&get_def, g->link, name);
		g->our_set = PyCFunction_NewEx(&set_def, g->link, name);
	}
	Py_XDECREF(name);
	return g->our_get && g->our_set ? 0 : -1;
}

int ox_deferred_gc_init(struct ox_deferred_gc *g)
{
	PyObject *gc = PyImport_ImportModule("gc");
	int rc = gc ? find_functions(g, PyModule_GetDict(gc)) : -1;
	if (!rc)
		rc = make_ours(g);
	/* CPython 3.12 freezes a few of its own objects at start. */
	if (!rc && number(g->get_freeze_count) > 0)
		rc = run(g->unfreeze);
	if (!rc)
		g->dict = Py_NewRef(PyModule_GetDict(gc));
	Py_XDECREF(gc);
	return rc;
}

int ox_deferred_gc_traverse(struct ox_deferred_gc *g, visitproc visit, void *arg)
{
	for (size_t i = 0; i < FUNCTION_COUNT; i++)
		Py_VISIT(*function_at(g, i));
	Py_VISIT(g->dict);
	Py_VISIT(g->our_get);
	Py_VISIT(g->our_set);
	return 0;
}

void ox_deferred_gc_free(struct ox_deferred_gc *g)
{
	for (size_t i = 0; i < FUNCTION_COUNT; i++)
		Py_CLEAR(*function_at(g, i));
	if (g->link)
		PyCapsule_SetContext(g->link, NULL);
	Py_CLEAR(g->link);
	Py_CLEAR(g->dict);
	Py_CLEAR(g->our_get);
	Py_CLEAR(g->our_set);
	Py_CLEAR(g->usual);
}
