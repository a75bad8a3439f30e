#include "runtime/importer/code_check.h"

#if PY_VERSION_HEX < 0x030E0000

struct version {
	uint32_t known[8]; /* bit N of all: the version has instruction N (opcode.opmap) */
	int load_global, caches; /* its number; how many cache entries, whose number is 0, follow it */
	int resume;              /* what the code of every module has; 0: no such instruction */
};

static const struct version versions[] = {
	[8] = {{0x3fdb9e7e, 0xfbfc0000, 0xfffefbff, 0x741ffff7, 0x7fffe7bc, 0x0000000f, 0, 0}, 116, 0, 0},
	[9] = {{0x3fdb9e7e, 0xfbdf0000, 0xfefcffff, 0x767ffff7, 0x3c1fe7bc, 0x0000003f, 0, 0}, 116, 0, 0},
	[10] = {{0xffdb9e7e, 0xfbde0007, 0xfefcffff, 0x76ffffff, 0x3d1fe7be, 0x0000003f, 0, 0}, 116, 0, 0},
	[11] = {{0xc2009e07, 0x307e003b, 0xfffc0cf0, 0x7dfdffff, 0x39bf5fff, 0x0001f87d, 0, 0}, 116, 5, 151},
	[12] = {{0xce009a3f, 0x30fe003b, 0xfea80cb0, 0xfffc7fff, 0x39efffff, 0x0001f83c, 0, 0}, 116, 4, 151},
	[13] = {{0xfffdfff7, 0xffffffff, 0xffffffff, 0x007fffff, 0x00200000, 0, 0, 0}, 91, 4, 149},
};

/* The comparisons "in", "is" and the like, numbers from 6, became instructions in 3.9. */
enum { COMPARE = 107, LAST_COMPARISON = 5, OLD_COMPARE = PY_MINOR_VERSION == 9 || PY_MINOR_VERSION == 10 };

static bool is_known(const struct version *v, unsigned char op)
{
	return v->known[op / 32] >> (op % 32) & 1;
}

static bool instructions_fit(const struct version *v, const unsigned char *code, size_t len)
{
	for (size_t i = 0; i + 1 < len; i += 2) {
		if (!is_known(v, code[i]))
			return false;
		if (OLD_COMPARE && code[i] == COMPARE && code[i + 1] > LAST_COMPARISON)
			return false;
		if (v->caches == 0 || code[i] != v->load_global)
			continue;
		size_t at = i + 2;
		while (at + 1 < len && code[at] == 0)
			at += 2;
		if (at != i + 2 + 2 * (size_t)v->caches)
			return false;
	}
	return true;
}

/* The instructions as they were compiled, len bytes at the result, for which *holder is a new reference. NULL with an
 * exception. */
static const unsigned char *instructions_of(PyCodeObject *code, size_t *len, PyObject **holder)
{
#if PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030C0000
	/* As they are: PyCode_GetCode takes the specialised ones, whose numbers 3.12 gave to others, for the plain
	 * ones that they stand for. Nothing is specialised in code that has not run. */
	*len = (size_t)Py_SIZE(code) * sizeof(_Py_CODEUNIT);
	*holder = Py_NewRef((PyObject *)code);
	return (const unsigned char *)code->co_code_adaptive;
#else
#if PY_VERSION_HEX >= 0x030C0000
	*holder = PyCode_GetCode(code);
#else
	*holder = Py_NewRef(code->co_code);
#endif
	*len = *holder ? (size_t)PyBytes_GET_SIZE(*holder) : 0;
	return *holder ? (const unsigned char *)PyBytes_AS_STRING(*holder) : NULL;
#endif
}

static int check(const struct version *v, PyCodeObject *code)
{
	size_t len;
	PyObject *holder;
	const unsigned char *bytes = instructions_of(code, &len, &holder);
	if (!bytes)
		return -1;
	int fits = instructions_fit(v, bytes, len);
	Py_DECREF(holder);
	for (Py_ssize_t i = 0; fits == 1 && i < PyTuple_GET_SIZE(code->co_consts); i++)
		if (PyCode_Check(PyTuple_GET_ITEM(code->co_consts, i)))
			fits = check(v, (PyCodeObject *)PyTuple_GET_ITEM(code->co_consts, i));
	return fits;
}

/* What holds for the code of a module as a whole. */
#if PY_VERSION_HEX >= 0x030B0000
static bool module_fits(const struct version *v, PyCodeObject *code, const unsigned char *bytes, size_t len)
{
	(void)code;
	size_t i = 0;
	while (i + 1 < len && bytes[i] != v->resume)
		i += 2;
	return i + 1 < len;
}
#else
/* The line table is pairs of a number of bytes of code and of lines. Since 3.10 (PEP 626) they cover all of the code;
 * before, up to the first instruction of the last line. */
static bool module_fits(const struct version *v, PyCodeObject *code, const unsigned char *bytes, size_t len)
{
#if PY_VERSION_HEX >= 0x030A0000
	PyObject *table = code->co_linetable;
#else
	PyObject *table = code->co_lnotab;
#endif
	size_t covered = 0;
	(void)v;
	(void)bytes;
	for (Py_ssize_t i = 0; i + 1 < PyBytes_GET_SIZE(table); i += 2)
		covered += (unsigned char)PyBytes_AS_STRING(table)[i];
	return (covered == len) == (PY_VERSION_HEX >= 0x030A0000);
}
#endif

int ox_code_fits(PyObject *code)
{
	const struct version *v = &versions[PY_MINOR_VERSION];
	size_t len;
	PyObject *holder;
	const unsigned char *bytes = instructions_of((PyCodeObject *)code, &len, &holder);
	if (!bytes)
		return -1;
	bool fits = module_fits(v, (PyCodeObject *)code, bytes, len);
	Py_DECREF(holder);
	return fits ? check(v, (PyCodeObject *)code) : 0;
}

#elif PY_VERSION_HEX < 0x03100000

/* One version differs from the next in nearly every number, and 3.15 from 3.14 in a cache entry behind RESUME, which is
 * in each code object. Taken apart by the wrong table, code has empty cache entries for instructions, or
 * instructions for cache entries, or ends in the middle of something. */
static const struct version {
	uint32_t known[5];  /* bit N of all: the compiler writes instruction N (opcode.opmap) */
	uint8_t ends[5];    /* instructions that code can end with */
	uint8_t caches[129]; /* how many cache entries follow instruction N (opcode._inline_cache_entries) */
} version = {
#if PY_VERSION_HEX < 0x030F0000
	.known = {0xfffdfff6, 0xffffffff, 0xffffffff, 0x01ffffff, 0x00000001},
	.ends = {35, 105, 104, 75, 76},
	.caches = {[38] = 1, [39] = 3, [44] = 5, [52] = 3, [55] = 3, [56] = 1, [57] = 1, [70] = 1, [75] = 1, [80] = 9,
		   [92] = 4, [96] = 1, [100] = 1, [101] = 1, [102] = 1, [103] = 1, [106] = 1, [110] = 4, [119] = 1},
#else
	.known = {0xfffdfff6, 0xffffffff, 0xffffffff, 0x00ffffff, 0x00000001},
	.ends = {33, 104, 103, 74, 75},
	.caches = {[4] = 1, [36] = 1, [37] = 3, [42] = 5, [50] = 3, [53] = 3, [54] = 1, [55] = 1, [68] = 1, [70] = 1,
		   [74] = 1, [79] = 9, [91] = 4, [95] = 1, [99] = 1, [100] = 1, [101] = 1, [102] = 1, [105] = 1,
		   [109] = 4, [118] = 1, [128] = 1},
#endif
};

/* The code as it was unmarshalled: PyCode_GetCode would first empty what it takes for cache entries. The first entry of
 * each instruction is a counter by then. */
static bool instructions_fit(const unsigned char *code, size_t len)
{
	unsigned char op = 0;
	for (size_t at = 0; at < len; at += 2) {
		op = code[at];
		if (op >= sizeof version.caches || !(version.known[op / 32] >> (op % 32) & 1))
			return false;
		size_t entries = 2 * (size_t)version.caches[op];
		if (entries >= len - at)
			return false;
		for (size_t i = 2; i < entries; i++)
			if (code[at + 2 + i] != 0)
				return false;
		at += entries;
	}
	return op && memchr(version.ends, op, sizeof version.ends);
}

int ox_code_fits(PyObject *object)
{
	const PyCodeObject *code = (const PyCodeObject *)object;
	size_t len = 2 * (size_t)Py_SIZE(object); /* units of two bytes */
	int fits = instructions_fit((const unsigned char *)code->co_code_adaptive, len);
	for (Py_ssize_t i = 0; fits && i < PyTuple_GET_SIZE(code->co_consts); i++)
		if (PyCode_Check(PyTuple_GET_ITEM(code->co_consts, i)))
			fits = ox_code_fits(PyTuple_GET_ITEM(code->co_consts, i));
	return fits;
}

#else

int ox_code_fits(PyObject *code)
{
	(void)code;
	return 1;
}

#endif
