#include "runtime/importer/code_check.h"

#if PY_VERSION_HEX < 0x030C0000

/* telling: the instructions that no other version has whose code is unmarshalled here. A module is compiled as a whole:
 * with the first of them there is nothing left to ask. 3.10's line table was looked at by then. */
struct version {
	uint32_t known[8]; /* bit N of all: the version has instruction N (opcode.opmap) */
	uint32_t telling[8];
	int load_global, caches; /* its number; how many cache entries, whose number is 0, follow it */
	int resume;              /* what the code of every module has; 0: no such instruction */
};

static const struct version versions[] = {
	[8] = {{0x3fdb9e7e, 0xfbfc0000, 0xfffefbff, 0x741ffff7, 0x7fffe7bc, 0xf},
		{0, 0x200000, 0x1020000, 0, 0x42e00000, 0}, 116, 0, 0},
	[9] = {{0x3fdb9e7e, 0xfbdf0000, 0xfefcffff, 0x767ffff7, 0x3c1fe7bc, 0x3f},
		{0, 0x30000, 0x400, 0x2600000, 0, 0x30}, 116, 0, 0},
	[10] = {{0xffdb9e7e, 0xfbde0007, 0xfefcffff, 0x76ffffff, 0x3d1fe7be, 0x3f},
		{0xc0000000, 0x20007, 0x400, 0x2e00008, 0x2, 0x30}, 116, 0, 0},
	[11] = {{0xc2009e07, 0x307e003b, 0xfffc0cf0, 0x7dfdffff, 0x39bf5fff, 0x1f87d},
		{0, 0, 0, 0, 0, 0x41}, 116, 5, 151},
};

/* The comparisons "in", "is" and the like, numbers from 6, became instructions in 3.9. */
enum { COMPARE = 107, LAST_COMPARISON = 5, OLD_COMPARE = PY_MINOR_VERSION == 9 || PY_MINOR_VERSION == 10 };

enum verdict { REFUSED, PLAUSIBLE, CERTAIN };

static bool has(const uint32_t *bits, unsigned char op)
{
	return bits[op / 32] >> (op % 32) & 1;
}

/* Whether the cache entries of the version's LOAD_GLOBAL follow, and no more. */
static bool caches_fit(const struct version *v, const unsigned char *code, size_t len, size_t i)
{
	size_t at = i + 2;
	while (at + 1 < len && code[at] == 0)
		at += 2;
	return at == i + 2 + 2 * (size_t)v->caches;
}

/* Instructions that need no second look. */
static void find_plain(const struct version *v, uint32_t plain[8])
{
	for (size_t i = 0; i < 8; i++)
		plain[i] = v->known[i] & ~v->telling[i];
	plain[COMPARE / 32] &= ~(1u << COMPARE % 32);
	plain[v->load_global / 32] &= ~(1u << v->load_global % 32);
}

static enum verdict instructions_fit(const struct version *v, const unsigned char *code, size_t len)
{
	uint32_t plain[8];
	find_plain(v, plain);
	for (size_t i = 0; i + 1 < len; i += 2) {
		if (has(plain, code[i]))
			continue;
		if (!has(v->known, code[i]))
			return REFUSED;
		if (has(v->telling, code[i]))
			return CERTAIN;
		if (OLD_COMPARE && code[i] == COMPARE && code[i + 1] > LAST_COMPARISON)
			return REFUSED;
		if (v->caches && code[i] == v->load_global && !caches_fit(v, code, len, i))
			return REFUSED;
	}
	return PLAUSIBLE;
}

/* The instructions as they were compiled, len bytes. In 3.11 those that are there: PyCode_GetCode takes the specialised
 * ones, whose numbers 3.12 gave to others, for the plain ones that they stand for. Nothing is specialised in code that
 * has not run. */
static const unsigned char *instructions_of(PyCodeObject *code, size_t *len)
{
#if PY_VERSION_HEX >= 0x030B0000
	*len = (size_t)Py_SIZE(code) * sizeof(_Py_CODEUNIT);
	return (const unsigned char *)code->co_code_adaptive;
#else
	*len = (size_t)PyBytes_GET_SIZE(code->co_code);
	return (const unsigned char *)PyBytes_AS_STRING(code->co_code);
#endif
}

static enum verdict check(const struct version *v, PyCodeObject *code)
{
	size_t len;
	const unsigned char *bytes = instructions_of(code, &len);
	enum verdict verdict = instructions_fit(v, bytes, len);
	for (Py_ssize_t i = 0; verdict == PLAUSIBLE && i < PyTuple_GET_SIZE(code->co_consts); i++)
		if (PyCode_Check(PyTuple_GET_ITEM(code->co_consts, i)))
			verdict = check(v, (PyCodeObject *)PyTuple_GET_ITEM(code->co_consts, i));
	return verdict;
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

bool ox_code_fits(PyObject *object)
{
	const struct version *v = &versions[PY_MINOR_VERSION];
	PyCodeObject *code = (PyCodeObject *)object;
	size_t len;
	const unsigned char *bytes = instructions_of(code, &len);
	return module_fits(v, code, bytes, len) && check(v, code) != REFUSED;
}

bool ox_marshalled_fits(struct ox_slice bytes)
{
	(void)bytes;
	return true;
}

#elif PY_VERSION_HEX < 0x03100000

/* One version differs from the next in nearly every number, and 3.15 from 3.14 in a cache entry behind RESUME, which is
 * in each code object. Taken apart by the wrong table, code has empty cache entries for instructions, or
 * instructions for cache entries, or ends in the middle of something. */
static const struct version {
	uint32_t known[6];   /* bit N of all: fresh code has instruction N (opcode.opmap; superinstructions in 3.12) */
	uint8_t ends[6];     /* instructions that code can end with */
	uint8_t caches[192]; /* how many cache entries follow instruction N (opcode._inline_cache_entries) */
} version = {
#if PY_MINOR_VERSION == 12
	.known = {0xce009a3e, 0x30fe003b, 0xfff80cb0, 0xfffc7fff, 0x7defffff, 0x0001f83c},
	.ends = {83, 121, 119, 130, 140, 134},
	.caches = {[25] = 1, [60] = 1, [92] = 1, [93] = 1, [95] = 4, [106] = 9, [107] = 1, [116] = 4, [122] = 1,
		   [123] = 1, [141] = 1, [171] = 3},
#elif PY_MINOR_VERSION == 13
	.known = {0xfffdfff6, 0xffffffff, 0xffffffbf, 0x007fffff, 0x00200000},
	.ends = {36, 103, 102, 101, 77, 78},
	.caches = {[5] = 1, [39] = 1, [40] = 3, [45] = 1, [53] = 3, [58] = 1, [59] = 1, [72] = 1, [77] = 1, [82] = 9,
		   [91] = 4, [93] = 1, [97] = 1, [98] = 1, [99] = 1, [100] = 1, [104] = 1, [108] = 4, [117] = 1},
#elif PY_MINOR_VERSION == 14
	.known = {0xfffdfff6, 0xffffffff, 0xffffffff, 0x01ffffff, 0x00000001},
	.ends = {35, 105, 104, 75, 76},
	.caches = {[38] = 1, [39] = 3, [44] = 5, [52] = 3, [55] = 3, [56] = 1, [57] = 1, [70] = 1, [75] = 1,
		   [80] = 9, [92] = 4, [96] = 1, [100] = 1, [101] = 1, [102] = 1, [103] = 1, [106] = 1, [110] = 4,
		   [119] = 1},
#else
	.known = {0xfffdfff6, 0xffffffff, 0xffffffff, 0x00ffffff, 0x00000001},
	.ends = {33, 104, 103, 74, 75},
	.caches = {[4] = 1, [36] = 1, [37] = 3, [42] = 5, [50] = 3, [53] = 3, [54] = 1, [55] = 1, [68] = 1, [70] = 1,
		   [74] = 1, [79] = 9, [91] = 4, [95] = 1, [99] = 1, [100] = 1, [101] = 1, [102] = 1, [105] = 1,
		   [109] = 4, [118] = 1, [128] = 1},
#endif
};

/* The code as it was compiled: PyCode_GetCode follows numbers that mean something else into
 * memory that is not there. The first entry of each instruction is a counter once it is unmarshalled. */
static bool instructions_fit(const unsigned char *code, size_t len)
{
	unsigned char op = 0;
	for (size_t at = 0; len % 2 == 0 && at < len; at += 2) {
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

/* A code object is its kind, five numbers, the kind of a string, its length and bytes: the instructions. */
bool ox_marshalled_fits(struct ox_slice bytes)
{
	enum { STRING = 1 + 5 * 4, BEGIN = STRING + 1 + 4, WITHOUT_FLAG = 0x7f };
	const unsigned char *data = (const unsigned char *)bytes.data;
	if (bytes.len < BEGIN || (data[0] & WITHOUT_FLAG) != 'c' || (data[STRING] & WITHOUT_FLAG) != 's')
		return true;
	size_t len = data[STRING + 1] | data[STRING + 2] << 8 | (size_t)data[STRING + 3] << 16 |
		     (size_t)data[STRING + 4] << 24;
	return len > bytes.len - BEGIN || instructions_fit(data + BEGIN, len);
}

bool ox_code_fits(PyObject *object)
{
	const PyCodeObject *code = (const PyCodeObject *)object;
	size_t len = 2 * (size_t)Py_SIZE(object); /* units of two bytes */
	bool fits = instructions_fit((const unsigned char *)code->co_code_adaptive, len);
	for (Py_ssize_t i = 0; fits && i < PyTuple_GET_SIZE(code->co_consts); i++)
		if (PyCode_Check(PyTuple_GET_ITEM(code->co_consts, i)))
			fits = ox_code_fits(PyTuple_GET_ITEM(code->co_consts, i));
	return fits;
}

#else

bool ox_marshalled_fits(struct ox_slice bytes)
{
	(void)bytes;
	return true;
}

bool ox_code_fits(PyObject *code)
{
	(void)code;
	return true;
}

#endif
