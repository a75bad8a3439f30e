/* The modules that CPython 3.11 carries as ready-made code objects. At each start CPython interns the strings of all of
 * them, which writes to some 200 pages of its data, though a program uses a handful. Here the strings of a module are
 * interned when its code is asked for first: CPython's tables of frozen modules are replaced by copies whose functions
 * see to it.
 *
 * Not for 3.12, where strings are interned per interpreter, and which interpreter asks first is not known; 3.13 has
 * no such objects any more. */
#include "runtime/importer/compat.h"

#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030C0000
#include "proto/base/platform.h"
#include "runtime/embed/wrap.h"

#include <stdlib.h>
#include <string.h>

/* Private to CPython. */
extern const struct _frozen *_PyImport_FrozenBootstrap, *_PyImport_FrozenStdlib, *_PyImport_FrozenTest;
extern int _PyStaticCode_InternStrings(PyCodeObject *code);

OX_WRAP(int, _Py_Deepfreeze_Init, void);

typedef PyObject *get_code(void);

/* Used under the one GIL of all interpreters. */
static struct {
	get_code *get; /* CPython's own */
	bool interned;
} codes[64];

/* With the code objects inside. */
static int intern_strings(PyCodeObject *code)
{
	int rc = _PyStaticCode_InternStrings(code);
	for (Py_ssize_t i = 0; rc == 0 && i < PyTuple_GET_SIZE(code->co_consts); i++) {
		PyObject *inner = PyTuple_GET_ITEM(code->co_consts, i);
		if (PyCode_Check(inner))
			rc = intern_strings((PyCodeObject *)inner);
	}
	return rc;
}

static PyObject *code_at(size_t index)
{
	PyObject *code = codes[index].get();
	if (code && !codes[index].interned && intern_strings((PyCodeObject *)code) < 0)
		return NULL;
	codes[index].interned = code != NULL;
	return code;
}

/* CPython calls what gives a module's code without an argument, so each module has a function of its own. */
#define CODE(n) \
	static PyObject *code_##n(void) \
	{ \
		return code_at(0##n); \
	}
#define EIGHT(m, n) m(n##0) m(n##1) m(n##2) m(n##3) m(n##4) m(n##5) m(n##6) m(n##7)
#define ALL(m) EIGHT(m, 0) EIGHT(m, 1) EIGHT(m, 2) EIGHT(m, 3) EIGHT(m, 4) EIGHT(m, 5) EIGHT(m, 6) EIGHT(m, 7)
#define NAME(n) code_##n,

ALL(CODE)
static get_code *const functions[OX_COUNT(codes)] = {ALL(NAME)};

/* A copy of *table, up to the entry without a name, takes its place. False: out of memory or of functions. */
static bool replace(const struct _frozen **table, size_t *used)
{
	size_t count = 0, code_count = 0;
	for (; (*table)[count].name; count++)
		code_count += (*table)[count].get_code != NULL;
	struct _frozen *copy = code_count <= OX_COUNT(codes) - *used ? calloc(count + 1, sizeof *copy) : NULL;
	if (!copy)
		return false;
	memcpy(copy, *table, count * sizeof *copy);
	for (size_t i = 0; i < count; i++) {
		if (!copy[i].get_code)
			continue;
		codes[*used].get = copy[i].get_code;
		copy[i].get_code = functions[(*used)++];
	}
	*table = copy;
	return true;
}

int __wrap__Py_Deepfreeze_Init(void)
{
	static bool is_done; /* as long as the process, like the tables */
	size_t used = 0;
	if (is_done)
		return 0;
	is_done = true;
	PyGC_Disable(); /* the first moment at which it can be; interpreter.c goes on from there */
	if (replace(&_PyImport_FrozenBootstrap, &used) && replace(&_PyImport_FrozenStdlib, &used) &&
	    replace(&_PyImport_FrozenTest, &used))
		return 0;
	return __real__Py_Deepfreeze_Init();
}
#endif
