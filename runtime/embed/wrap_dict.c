/* Looking a name up in a type's dict. For each new class CPython looks some ninety names of special methods up in every
 * class that it derives from, and finds few: an eighth of all instructions of an ordinary program's start. The general
 * way asks what kind of dict and key it has and how wide the table is; here the usual case is one loop, and everything
 * else is left to CPython's function.
 *
 * The table's layout is CPython's own (Objects/dictobject.c), the same from 3.11 to 3.13. */
#include "runtime/embed/internals.h"
#include "runtime/embed/wrap.h"

#if OX_HAS_INTERNALS && PY_VERSION_HEX >= 0x030B0000 && PY_VERSION_HEX < 0x030E0000 && !defined Py_GIL_DISABLED
#include <internal/pycore_dict.h>

enum { SHIFT = 5, WIDEST = 8 }; /* how CPython goes on after a collision; the log of a table of one-byte indices */

enum answer { ABSENT, PRESENT, UNKNOWN };

/* Finds keys that are the same object, as names nearly always are; another one with the same hash may be equal. */
static inline enum answer find(PyObject *op, PyObject *key, Py_hash_t hash, PyObject **value)
{
	PyDictKeysObject *keys = ((PyDictObject *)op)->ma_keys;
	if (keys->dk_kind != DICT_KEYS_UNICODE || keys->dk_log2_size >= WIDEST || !PyUnicode_CheckExact(key))
		return UNKNOWN;
	const int8_t *indices = (const int8_t *)keys->dk_indices;
	const PyDictUnicodeEntry *entries = DK_UNICODE_ENTRIES(keys);
	size_t mask = ((size_t)1 << keys->dk_log2_size) - 1, perturb = (size_t)hash, i = perturb & mask;
	while (indices[i] != DKIX_EMPTY) {
		if (indices[i] >= 0) {
			const PyDictUnicodeEntry *entry = &entries[indices[i]];
			*value = entry->me_value;
			if (entry->me_key == key)
				return *value ? PRESENT : UNKNOWN;
			if (((PyASCIIObject *)entry->me_key)->hash == hash)
				return UNKNOWN;
		}
		perturb >>= SHIFT;
		i = mask & (i * 5 + perturb + 1);
	}
	return ABSENT;
}

#if PY_VERSION_HEX < 0x030C0000
/* Which hashes a dict has, by their last eight bits: says of most names at once that it lacks them. A dict is known by
 * its version, a number that no other dict ever has and that changes with its keys; later CPythons count them in each
 * interpreter. Used under the one GIL of all interpreters. */
struct filter {
	_Alignas(64) uint64_t version; /* of the dict that it is of */
	uint64_t bits[4];
	uint64_t asked_for; /* the version of a dict that may be worth one */
	unsigned asked;
};
enum { FILTERS = 128, WORTH_FILLING = 4 };

static struct filter filters[FILTERS];

static inline bool lacks(const struct filter *f, uint64_t version, size_t hash)
{
	return f->version == version && !(f->bits[hash >> 6 & 3] >> (hash & 63) & 1);
}

static __attribute__((noinline)) void fill(struct filter *f, PyDictObject *dict)
{
	const PyDictUnicodeEntry *entries = DK_UNICODE_ENTRIES(dict->ma_keys);
	f->version = dict->ma_version_tag;
	memset(f->bits, 0, sizeof f->bits);
	for (Py_ssize_t i = 0; i < dict->ma_keys->dk_nentries; i++) {
		size_t hash = entries[i].me_key ? (size_t)((PyASCIIObject *)entries[i].me_key)->hash : 0;
		f->bits[hash >> 6 & 3] |= (uint64_t)1 << (hash & 63);
	}
}

/* One that is asked again and again without being changed gets a filter. */
static __attribute__((noinline)) void count(struct filter *f, PyDictObject *dict)
{
	if (f->asked_for != dict->ma_version_tag)
		f->asked = 0;
	f->asked_for = dict->ma_version_tag;
	if (++f->asked == WORTH_FILLING && dict->ma_keys->dk_kind == DICT_KEYS_UNICODE)
		fill(f, dict);
}
#endif

#if PY_VERSION_HEX < 0x030D0000
OX_WRAP(PyObject *, _PyDict_GetItem_KnownHash, PyObject *op, PyObject *key, Py_hash_t hash);

/* Not in line: what it needs to keep would be saved on each of the many calls that end before it. */
static __attribute__((noinline)) PyObject *get_item(PyObject *op, PyObject *key, Py_hash_t hash)
{
	PyObject *value = NULL;
	enum answer answer = PyDict_Check(op) ? find(op, key, hash, &value) : UNKNOWN;
	if (answer == UNKNOWN)
		return __real__PyDict_GetItem_KnownHash(op, key, hash);
	return answer == PRESENT ? value : NULL;
}

PyObject *__wrap__PyDict_GetItem_KnownHash(PyObject *op, PyObject *key, Py_hash_t hash)
{
#if PY_VERSION_HEX < 0x030C0000
	if (PyDict_CheckExact(op)) {
		PyDictObject *dict = (PyDictObject *)op;
		struct filter *f = &filters[dict->ma_version_tag % FILTERS];
		if (lacks(f, dict->ma_version_tag, (size_t)hash))
			return NULL;
		if (f->version != dict->ma_version_tag)
			count(f, dict);
	}
#endif
	return get_item(op, key, hash);
}
#else
OX_WRAP(int, _PyDict_GetItemRef_KnownHash, PyDictObject *op, PyObject *key, Py_hash_t hash, PyObject **value);

int __wrap__PyDict_GetItemRef_KnownHash(PyDictObject *op, PyObject *key, Py_hash_t hash, PyObject **value)
{
	PyObject *found = NULL;
	enum answer answer = find((PyObject *)op, key, hash, &found);
	if (answer == UNKNOWN)
		return __real__PyDict_GetItemRef_KnownHash(op, key, hash, value);
	*value = answer == PRESENT ? Py_NewRef(found) : NULL;
	return answer == PRESENT;
}
#endif
#endif
