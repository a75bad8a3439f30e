#include "runtime/importer/patterns.h"

#include "runtime/importer/arguments.h"
#include "runtime/importer/finder.h"
#include "runtime/importer/watch.h"
#include "runtime/pack/compiled.h"

#if PY_VERSION_HEX >= 0x030B0000
#define PARSER "_parser"
#define COMPILER "_compiler"
#define PACKAGE "re."
#else
#define PARSER "sre_parse"
#define COMPILER "sre_compile"
#define PACKAGE ""
#endif

/* re keeps two dictionaries from 3.12 on: it asks CACHE2 first, and enters what is new in both. */
#define CACHE "_cache"
#define LIMIT "_MAXCACHE"
#define CACHE2 "_cache2"
#define LIMIT2 "_MAXCACHE2"

struct cache {
	PyDictObject dict;
	PyObject *finder; /* NULL in one that was not made here */
	PyObject *re;     /* the module's dictionary */
	PyObject *compiler; /* the module that re is to use, whose watch is in `watch` */
	PyObject *watch;
	PyObject *make; /* _sre.compile */
	uint32_t magic;
};

/* What is asked for. */
struct question {
	PyObject *pattern; /* borrowed */
	PyObject *utf8;    /* NULL, or holds wanted.text */
	struct ox_compiled wanted;
};

int ox_patterns_traverse(const struct ox_patterns *p, visitproc visit, void *arg)
{
	Py_VISIT(p->parser);
	Py_VISIT(p->compiler);
	return 0;
}

void ox_patterns_clear(struct ox_patterns *p)
{
	Py_CLEAR(p->parser);
	Py_CLEAR(p->compiler);
}

/* Fills text; false for a text that has no UTF-8. */
static bool read_text(struct question *q)
{
	struct ox_compiled *w = &q->wanted;
	if (PyBytes_CheckExact(q->pattern)) {
		w->kind = OX_COMPILED_BYTES_PATTERN;
		w->text = ox_bytes(q->pattern);
		return true;
	}
	if (!PyUnicode_CheckExact(q->pattern))
		return false;
	if (PyUnicode_IS_COMPACT_ASCII(q->pattern)) {
		w->text = ox_slice(PyUnicode_1BYTE_DATA(q->pattern), (size_t)PyUnicode_GET_LENGTH(q->pattern));
		return true;
	}
	q->utf8 = PyUnicode_AsUTF8String(q->pattern); /* the text's own would stay with it */
	if (!q->utf8)
		PyErr_Clear();
	else
		w->text = ox_bytes(q->utf8);
	return q->utf8;
}

/* A key of re's: (type, pattern, flags). */
static bool read_key(PyObject *key, struct question *q)
{
	if (!PyTuple_CheckExact(key) || PyTuple_GET_SIZE(key) != 3)
		return false;
	PyObject *flags = PyTuple_GET_ITEM(key, 2);
	q->pattern = PyTuple_GET_ITEM(key, 1);
	if ((PyObject *)Py_TYPE(q->pattern) != PyTuple_GET_ITEM(key, 0) || !PyLong_CheckExact(flags))
		return false;
	long number = PyLong_AsLong(flags);
	if (number < 0 || number > UINT16_MAX) {
		PyErr_Clear();
		return false;
	}
	q->wanted.flags = (uint32_t)number;
	return read_text(q);
}

/* In the segment of the stdlib, of packages, or of the application. */
static bool find(const struct cache *self, struct question *q)
{
	const struct ox_pack *pack = ((struct ox_finder *)self->finder)->index.pack;
	struct ox_slice table;
	for (uint32_t i = 0; i < ox_pack_segment_count(pack); i++)
		if (ox_pack_compiled(pack, i, &table) && ox_compiled_fit(table, self->magic, PY_VERSION_HEX) &&
		    ox_compiled_find(table, &q->wanted))
			return true;
	return false;
}

/* Whether somebody would see the calls that re makes. */
static bool is_observed(void)
{
	const PyThreadState *thread = PyThreadState_Get();
	bool observed = thread->c_tracefunc || thread->c_profilefunc;
#if PY_VERSION_HEX >= 0x030C0000
	enum { TOOLS = 6 };
	PyObject *monitoring = PySys_GetObject("monitoring"); /* borrowed */
	for (int i = 0; monitoring && !observed && i < TOOLS; i++) {
		PyObject *tool = PyObject_CallMethod(monitoring, "get_tool", "i", i);
		observed = tool != Py_None;
		Py_XDECREF(tool);
	}
	PyErr_Clear();
#endif
	return observed;
}

static bool is_limit(PyObject *re, const char *name)
{
	PyObject *limit = PyDict_GetItemString(re, name); /* borrowed */
	int overflow = 1;
	if (limit && PyLong_CheckExact(limit))
		PyLong_AsLongAndOverflow(limit, &overflow);
	return !overflow;
}

/* Whether re would do now what it does by itself. */
static bool is_usual(const struct cache *self, PyObject *key)
{
	PyObject *other = PyDict_GetItemString(self->re, CACHE2); /* borrowed */
	PyObject *first = PyDict_GetItemString(self->re, CACHE);  /* borrowed */
	if (PyDict_GetItemString(self->re, COMPILER) != self->compiler || !is_limit(self->re, LIMIT) || is_observed())
		return false;
	if (!first || (other != (PyObject *)self && first != (PyObject *)self))
		return false;
	if (other && (!is_limit(self->re, LIMIT2) || !PyDict_CheckExact(first) || PyDict_Contains(first, key)))
		return false;
	return ox_watch_unchanged(self->watch);
}

/* Groups by name and names by group; false when they do not fit, or with an exception. */
static bool read_names(struct ox_slice *body, uint32_t groups, PyObject *by_name, PyObject *by_group)
{
	uint32_t names, group, len;
	struct ox_slice text;
	if (!ox_compiled_number(body, &names))
		return false;
	for (; names; names--) {
		if (!ox_compiled_number(body, &group) || group > groups || !ox_compiled_number(body, &len) ||
		    !ox_compiled_bytes(body, len, &text))
			return false;
		PyObject *name = PyUnicode_DecodeUTF8(text.data, (Py_ssize_t)text.len, NULL);
		PyObject *number = name ? PyLong_FromUnsignedLong(group) : NULL;
		int rc = number ? PyDict_SetItem(by_name, name, number) : -1;
		Py_XDECREF(number);
		if (rc < 0) {
			Py_XDECREF(name);
			return false;
		}
		PyObject *old = PyTuple_GET_ITEM(by_group, group);
		PyTuple_SET_ITEM(by_group, group, name);
		Py_DECREF(old);
	}
	return true;
}

/* NULL when it does not fit, or with an exception. */
static PyObject *read_code(struct ox_slice *body)
{
	uint32_t words, word;
	if (!ox_compiled_number(body, &words) || words > body->len)
		return NULL;
	PyObject *code = PyList_New(words);
	for (uint32_t i = 0; code && i < words; i++) {
		PyObject *number = ox_compiled_number(body, &word) ? PyLong_FromUnsignedLong(word) : NULL;
		if (number)
			PyList_SET_ITEM(code, i, number);
		else
			Py_CLEAR(code);
	}
	return code;
}

static PyObject *nothing_by_group(uint32_t groups)
{
	PyObject *by_group = PyTuple_New(1 + (Py_ssize_t)groups);
	for (uint32_t i = 0; by_group && i <= groups; i++)
		PyTuple_SET_ITEM(by_group, i, Py_NewRef(Py_None));
	return by_group;
}

/* The pattern; NULL without an exception when the payload's entry is damaged. */
static PyObject *make(const struct cache *self, const struct question *q)
{
	struct ox_slice body = q->wanted.body;
	uint32_t groups;
	if (!ox_compiled_number(&body, &groups) || groups > body.len)
		return NULL;
	PyObject *by_name = PyDict_New(), *by_group = nothing_by_group(groups), *code = NULL, *pattern = NULL;
	PyObject *count = PyLong_FromUnsignedLong(groups), *flags = PyLong_FromUnsignedLong(q->wanted.final_flags);
	if (by_name && by_group && count && flags && read_names(&body, groups, by_name, by_group))
		code = read_code(&body);
	if (code) {
		PyObject *args[] = {q->pattern, flags, code, count, by_name, by_group};
		pattern = PyObject_Vectorcall(self->make, args, 6, NULL);
	}
	Py_XDECREF(code);
	Py_XDECREF(flags);
	Py_XDECREF(count);
	Py_XDECREF(by_group);
	Py_XDECREF(by_name);
	return pattern;
}

/* As re does it: what was entered first goes when the dictionary is full. */
static int enter_in(const struct cache *self, PyObject *dict, const char *limit, PyObject *key, PyObject *pattern)
{
	PyObject *first, *value;
	Py_ssize_t at = 0, max = PyLong_AsSsize_t(PyDict_GetItemString(self->re, limit));
	if (max == -1 && PyErr_Occurred())
		return -1;
	if (PyDict_Size(dict) >= max && PyDict_Next(dict, &at, &first, &value)) {
		Py_INCREF(first);
		int rc = PyDict_DelItem(dict, first);
		Py_DECREF(first);
		if (rc < 0)
			return -1;
	}
	return PyDict_SetItem(dict, key, pattern);
}

static int enter(struct cache *self, PyObject *key, PyObject *pattern)
{
	/* The end of a pattern that goes may run whatever waited for it. */
	PyObject *first = Py_XNewRef(PyDict_GetItemString(self->re, CACHE));
	int rc = enter_in(self, first, LIMIT, key, pattern);
	if (rc == 0 && first != (PyObject *)self)
		rc = enter_in(self, (PyObject *)self, LIMIT2, key, pattern);
	Py_XDECREF(first);
	return rc;
}

static PyObject *missing(PyObject *object, PyObject *key)
{
	struct cache *self = (struct cache *)object;
	struct question q = {0};
	PyObject *pattern = NULL;
	if (self->finder && read_key(key, &q) && find(self, &q) && is_usual(self, key))
		pattern = make(self, &q);
	Py_XDECREF(q.utf8);
	if (pattern && enter(self, key, pattern) < 0)
		Py_CLEAR(pattern);
	if (pattern || PyErr_Occurred())
		return pattern;
	PyObject *args = PyTuple_Pack(1, key); /* a tuple itself would be taken for the exception's arguments */
	if (args)
		PyErr_SetObject(PyExc_KeyError, args);
	Py_XDECREF(args);
	return NULL;
}

static int cache_traverse(PyObject *object, visitproc visit, void *arg)
{
	struct cache *self = (struct cache *)object;
	OX_VISIT_TYPE(object);
	Py_VISIT(self->finder);
	Py_VISIT(self->re);
	Py_VISIT(self->compiler);
	Py_VISIT(self->watch);
	Py_VISIT(self->make);
	return PyDict_Type.tp_traverse(object, visit, arg);
}

static int cache_clear(PyObject *object)
{
	struct cache *self = (struct cache *)object;
	Py_CLEAR(self->finder);
	Py_CLEAR(self->re);
	Py_CLEAR(self->compiler);
	Py_CLEAR(self->watch);
	Py_CLEAR(self->make);
	return PyDict_Type.tp_clear(object);
}

static void cache_dealloc(PyObject *object)
{
	PyTypeObject *type = Py_TYPE(object);
	PyObject_GC_UnTrack(object);
	cache_clear(object);
	PyDict_Type.tp_dealloc(object);
	Py_DECREF(type);
}

static PyMethodDef methods[] = {
	{"__missing__", missing, METH_O, NULL},
	{NULL, NULL, 0, NULL},
};

static PyType_Slot slots[] = {
	{Py_tp_base, &PyDict_Type},
	{Py_tp_dealloc, cache_dealloc},
	{Py_tp_traverse, cache_traverse},
	{Py_tp_clear, cache_clear},
	{Py_tp_methods, methods},
	{0, NULL},
};

PyType_Spec ox_pattern_cache_spec = {
	.name = "builtins.dict", /* what it stands for */
	.basicsize = sizeof(struct cache),
	.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
	.slots = slots,
};

static struct cache *new_cache(struct ox_finder *self)
{
	struct ox_state *state = ox_state_of((PyObject *)self);
	if (!state->pattern_cache)
		state->pattern_cache = ox_type_new(state->module, &ox_pattern_cache_spec);
	if (state->pattern_cache)
		state->pattern_cache->tp_name = PyDict_Type.tp_name; /* of builtins, whose names are shown without it */
	PyObject *nothing = state->pattern_cache ? PyTuple_New(0) : NULL;
	PyObject *cache = nothing ? PyDict_Type.tp_new(state->pattern_cache, nothing, NULL) : NULL;
	Py_XDECREF(nothing);
	return (struct cache *)cache;
}

/* Fills everything but the content; 0 when re is not what we know. */
static int tie(struct cache *cache, struct ox_finder *finder, PyObject *re)
{
	PyObject *dict = PyModule_GetDict(re), *compiler = PyDict_GetItemString(dict, COMPILER); /* borrowed */
	PyObject *sre = compiler ? PyDict_GetItemString(PyModule_GetDict(compiler), "_sre") : NULL; /* borrowed */
	PyObject *magic = sre && PyModule_Check(sre) ? PyDict_GetItemString(PyModule_GetDict(sre), "MAGIC") : NULL;
	PyObject *watch = magic && PyLong_Check(magic) ? ox_watch(sre) : NULL;
	if (watch)
		Py_SETREF(watch, PySequence_Concat(finder->patterns.compiler, watch));
	if (watch)
		cache->watch = PySequence_Concat(finder->patterns.parser, watch);
	Py_XDECREF(watch);
	if (!cache->watch)
		return PyErr_Occurred() ? -1 : 0;
	cache->finder = Py_NewRef((PyObject *)finder);
	cache->re = Py_NewRef(dict);
	cache->compiler = Py_NewRef(compiler);
	cache->make = Py_XNewRef(PyDict_GetItemString(PyModule_GetDict(sre), "compile"));
	cache->magic = (uint32_t)PyLong_AsUnsignedLongMask(magic);
	return cache->make ? 1 : 0;
}

/* Whether re uses the modules that were watched. */
static bool is_watched(const struct ox_finder *self, PyObject *re)
{
	const struct ox_patterns *p = &self->patterns;
	PyObject *compiler = PyDict_GetItemString(PyModule_GetDict(re), COMPILER); /* borrowed */
	if (!p->parser || !p->compiler || !compiler || !PyModule_Check(compiler))
		return false;
	PyObject *parser = PyDict_GetItemString(PyModule_GetDict(compiler), PARSER); /* borrowed */
	return parser && PyModule_Check(parser) &&
	       PyTuple_GET_ITEM(PyTuple_GET_ITEM(p->compiler, 0), 0) == PyModule_GetDict(compiler) &&
	       PyTuple_GET_ITEM(PyTuple_GET_ITEM(p->parser, 0), 0) == PyModule_GetDict(parser);
}

static int replace_cache(struct ox_finder *self, PyObject *re)
{
	PyObject *dict = PyModule_GetDict(re);
	const char *name = PyDict_GetItemString(dict, CACHE2) ? CACHE2 : CACHE;
	PyObject *own = PyDict_GetItemString(dict, name); /* borrowed */
	if (!own || !PyDict_CheckExact(own) || !is_watched(self, re))
		return 0;
	struct cache *cache = new_cache(self);
	int rc = cache ? tie(cache, self, re) : -1;
	if (rc == 1)
		rc = PyDict_Update((PyObject *)cache, own) < 0 ||
		     PyDict_SetItemString(dict, name, (PyObject *)cache) < 0 ? -1 : 0;
	Py_XDECREF((PyObject *)cache);
	return rc;
}

static bool has_patterns(const struct ox_pack *pack)
{
	struct ox_slice table;
	for (uint32_t i = 0; i < ox_pack_segment_count(pack); i++)
		if (ox_pack_compiled(pack, i, &table))
			return true;
	return false;
}

static int keep_watch(PyObject **place, PyObject *module)
{
	PyObject *watch = ox_watch(module);
	if (!watch)
		return -1;
	Py_XSETREF(*place, watch);
	return 0;
}

int ox_patterns_teach(struct ox_finder *self, PyObject *module, struct ox_slice name)
{
	struct ox_found found;
	bool is_parser = ox_slice_eq_str(name, PACKAGE PARSER), is_compiler = ox_slice_eq_str(name, PACKAGE COMPILER);
	if (!is_parser && !is_compiler && !ox_slice_eq_str(name, "re"))
		return 0;
	ox_index_find_packed(&self->index, name, &found);
	if (found.given || !(found.record.flags & OX_PACK_STDLIB) || !self->index.pack ||
	    !has_patterns(self->index.pack) || !PyModule_Check(module))
		return 0;
	if (is_parser || is_compiler)
		return keep_watch(is_parser ? &self->patterns.parser : &self->patterns.compiler, module);
	return replace_cache(self, module);
}
