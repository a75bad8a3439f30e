/* class_slots.c - the slots of a new class, without looking up what is nowhere; included by CPython's typeobject.c.
 *
 * CPython looks each special method of its table `slotdefs`, about 90 names, up in the dictionary of each class of a
 * new class' MRO, although few of them are in any. Here the keys of those dictionaries are gone through instead, which
 * are fewer. What CPython's update_one_slot() gives is known without it for a slot
 *
 *   none of whose names is in any dictionary  NULL (tp_iternext: _PyObject_NextNotImplemented)
 *   whose names only `object` has             what `object` has there; tp_new stays what PyType_Ready() inherited
 *   for which an ordinary object is found     its row's function, the same in all rows of a slot: it calls the object
 *
 * and it is called for the others, as for tp_call, since there it changes the class' flags in 3.12 and later. An
 * ordinary object is none that it treats specially: descriptors of slots, built-in functions, None. The second line
 * holds while the dictionary of `object` has the descriptors that PyType_Ready() puts there, which is looked at once
 * for each version of that dictionary (only C code that reaches below the type can change it). Dictionaries whose keys
 * are not all str are left to CPython, as are subinterpreters of 3.13, which have dictionaries, versions and perhaps a
 * thread of their own.
 *
 * With OX_CHECK_SLOTS defined the slots of each class are computed in both ways, and a difference is fatal; the
 * variable of that name may then be a file that gets a sign for each class, '-' for one that was left to CPython. */

#if PY_VERSION_HEX >= 0x030D0000
typedef pytype_slotdef ox_slotdef;
#define OX_DICT(type)     lookup_tp_dict(type)
#define OX_MRO(type)      lookup_tp_mro(type)
#define OX_RELEASE(found) Py_XDECREF(found)
#define OX_READY()        (_Py_IsMainInterpreter(_PyInterpreterState_GET()) && (ox_slots.ready || ox_number_slots()))
#else
typedef slotdef ox_slotdef;
#define OX_DICT(type)     ((type)->tp_dict)
#define OX_MRO(type)      ((type)->tp_mro)
#define OX_RELEASE(found) ((void)(found)) /* find_name_in_mro() lends */
#define OX_READY()        ox_slots.ready
#endif

enum { OX_HASHED = 1024, OX_NAMES = 128, OX_SLOTS = 80, OX_MANY_KEYS = 1000 };

/* A set of names, a bit for each. */
struct ox_names {
	uint64_t bits[OX_NAMES / 64];
};

struct ox_slot {
	ox_slotdef *first; /* the rows with this offset are one after the other */
	struct ox_names names;
	void *of_object;
};

static struct {
	int ready;
	uint8_t hashed[OX_HASHED]; /* one more than a name's number, by the name's hash; 0: free */
	PyObject *names[OX_NAMES]; /* those of slotdefs */
	int name_count;
	struct ox_slot slots[OX_SLOTS];
	int slot_count;
	uint64_t object_version; /* of the dictionary of `object` that was looked at; 0: none yet */
	struct ox_names in_object;
} ox_slots;

static inline Py_hash_t ox_hash(PyObject *name)
{
	return ((PyASCIIObject *)name)->hash;
}

/* The number of a str with a known hash, or -1 where it is no name of slotdefs. */
static inline int ox_name_number(PyObject *key)
{
	size_t at = (size_t)ox_hash(key) % OX_HASHED;
	for (; ox_slots.hashed[at]; at = (at + 1) % OX_HASHED) {
		PyObject *name = ox_slots.names[ox_slots.hashed[at] - 1];
		if (key == name || (ox_hash(key) == ox_hash(name) && PyUnicode_Compare(key, name) == 0))
			return ox_slots.hashed[at] - 1;
	}
	return -1;
}

static inline void ox_add_name(struct ox_names *names, int number)
{
	names->bits[number / 64] |= (uint64_t)1 << number % 64;
}

static inline int ox_has_name(const struct ox_names *names, int number)
{
	return names->bits[number / 64] >> number % 64 & 1;
}

static inline int ox_share_names(const struct ox_names *a, const struct ox_names *b)
{
	return ((a->bits[0] & b->bits[0]) | (a->bits[1] & b->bits[1])) != 0;
}

static int ox_number_name(PyObject *name)
{
	size_t at = (size_t)PyObject_Hash(name) % OX_HASHED;
	int number = ox_name_number(name);
	if (number >= 0)
		return number;
	while (ox_slots.hashed[at])
		at = (at + 1) % OX_HASHED;
	ox_slots.names[ox_slots.name_count++] = name;
	ox_slots.hashed[at] = (uint8_t)ox_slots.name_count;
	return ox_slots.name_count - 1;
}

/* Called once slotdefs has its names. Returns 0, now and ever, where the table has outgrown its room here. */
static int ox_number_slots(void)
{
	memset(&ox_slots, 0, sizeof ox_slots);
	if (Py_ARRAY_LENGTH(slotdefs) > OX_NAMES)
		return 0;
	for (ox_slotdef *p = slotdefs; p->name; p++) {
		if (p == slotdefs || p->offset != p[-1].offset) {
			if (ox_slots.slot_count == OX_SLOTS)
				return 0;
			ox_slots.slots[ox_slots.slot_count++].first = p;
		}
		ox_add_name(&ox_slots.slots[ox_slots.slot_count - 1].names, ox_number_name(p->name_strobj));
	}
	return ox_slots.ready = 1;
}

static inline void ox_add_key(PyObject *key, struct ox_names *found)
{
	int number = ox_name_number(key);
	if (number >= 0)
		ox_add_name(found, number);
}

/* Adds the names that a class' dictionary has; 0 where its keys are not all str. */
static int ox_add_names(PyObject *dict, struct ox_names *found)
{
	PyObject *key, *value;
	Py_ssize_t at = 0;
#if PY_VERSION_HEX >= 0x030B0000
	PyDictKeysObject *keys = ((PyDictObject *)dict)->ma_keys;
	if (keys->dk_kind == DICT_KEYS_UNICODE) {
		PyDictUnicodeEntry *entries = DK_UNICODE_ENTRIES(keys);
		for (; at < keys->dk_nentries; at++)
			if (entries[at].me_value)
				ox_add_key(entries[at].me_key, found);
		return 1;
	}
#endif
	while (PyDict_Next(dict, &at, &key, &value)) {
		if (!PyUnicode_CheckExact(key))
			return 0;
		ox_add_key(key, found);
	}
	return 1;
}

/* Whether a class gets the slot of `object` for the name of this row when only `object` has it, as `value`. */
static int ox_is_as_made(ox_slotdef *p, PyObject *value, void *slot)
{
	PyWrapperDescrObject *d = (PyWrapperDescrObject *)value;
	if (!p->function)
		return 1; /* tp_getattr and tp_setattr: always NULL; the same names come again with tp_getattro */
	if (p->offset == offsetof(PyTypeObject, tp_new))
		return Py_IS_TYPE(value, &PyCFunction_Type) &&
		       PyCFunction_GET_FUNCTION(value) == (PyCFunction)(void (*)(void))tp_new_wrapper;
	return slot && Py_IS_TYPE(value, &PyWrapperDescr_Type) && PyDescr_TYPE(value) == &PyBaseObject_Type &&
	       d->d_base == p && d->d_wrapped == slot;
}

/* The names in the dictionary of `object`, or NULL where it is not as PyType_Ready() left it. */
static const struct ox_names *ox_names_of_object(PyObject *dict)
{
	uint64_t version = ((PyDictObject *)dict)->ma_version_tag;
	struct ox_names found = {{0}};
	if (version == ox_slots.object_version)
		return &ox_slots.in_object;
	if (!ox_add_names(dict, &found))
		return NULL;
	for (struct ox_slot *s = ox_slots.slots; s < ox_slots.slots + ox_slots.slot_count; s++) {
		void **slot = slotptr(&PyBaseObject_Type, s->first->offset);
		s->of_object = slot ? *slot : NULL;
		for (ox_slotdef *p = s->first; p->offset == s->first->offset; p++) {
			PyObject *value = PyDict_GetItemWithError(dict, p->name_strobj);
			if (value && !ox_is_as_made(p, value, s->of_object))
				return NULL;
		}
	}
	ox_slots.in_object = found;
	ox_slots.object_version = version;
	return &ox_slots.in_object;
}

/* The names that a class has from `object`, and those that it has from elsewhere; 0 where that is not known. */
static int ox_find_names(PyTypeObject *type, struct ox_names *elsewhere, struct ox_names *in_object)
{
	PyObject *mro = OX_MRO(type);
	Py_ssize_t key_count = 0;
	for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(mro); i++) {
		PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(mro, i);
		PyObject *dict = OX_DICT(base);
		if (base == &PyBaseObject_Type) {
			const struct ox_names *names = ox_names_of_object(dict);
			if (!names)
				return 0;
			*in_object = *names;
			continue;
		}
		key_count += PyDict_GET_SIZE(dict);
		if (key_count > OX_MANY_KEYS || !ox_add_names(dict, elsewhere))
			return 0;
	}
	return 1;
}

/* Whether a name leads to an object that update_one_slot() has no special case for. */
static int ox_is_ordinary(PyTypeObject *type, PyObject *name)
{
	int error;
	PyObject *found = find_name_in_mro(type, name, &error);
	int ordinary = found && found != Py_None && !Py_IS_TYPE(found, &PyWrapperDescr_Type) &&
		       !Py_IS_TYPE(found, &PyCFunction_Type);
	OX_RELEASE(found);
	return ordinary;
}

static void ox_set_found(PyTypeObject *type, const struct ox_slot *s, const struct ox_names *elsewhere)
{
	int offset = s->first->offset;
	for (ox_slotdef *p = s->first; p->offset == offset; p++) {
		if (ox_has_name(elsewhere, ox_name_number(p->name_strobj)) && ox_is_ordinary(type, p->name_strobj)) {
			*slotptr(type, offset) = (void *)p->function;
			return;
		}
	}
	update_one_slot(type, s->first);
}

/* Sets the slots of a class that type.__new__ makes; 0, with nothing done, where they have to be looked up. */
static int ox_set_slots(PyTypeObject *type)
{
	struct ox_names elsewhere = {{0}}, in_object = {{0}};
	if (!OX_READY() || !ox_find_names(type, &elsewhere, &in_object))
		return 0;
	for (const struct ox_slot *s = ox_slots.slots; s < ox_slots.slots + ox_slots.slot_count; s++) {
		int offset = s->first->offset;
		if (ox_share_names(&s->names, &elsewhere) && offset == offsetof(PyTypeObject, tp_call))
			update_one_slot(type, s->first);
		else if (ox_share_names(&s->names, &elsewhere))
			ox_set_found(type, s, &elsewhere);
		else if (!ox_share_names(&s->names, &in_object))
			*slotptr(type, offset) =
			    offset == offsetof(PyTypeObject, tp_iternext) ? (void *)_PyObject_NextNotImplemented : NULL;
		else if (offset != offsetof(PyTypeObject, tp_new))
			*slotptr(type, offset) = s->of_object;
	}
	return 1;
}

#ifdef OX_CHECK_SLOTS
static void ox_get_slots(PyTypeObject *type, void **values)
{
	for (int i = 0; i < ox_slots.slot_count; i++)
		values[i] = *slotptr(type, ox_slots.slots[i].first->offset);
}

static void ox_count(int done)
{
	const char *path = getenv("OX_CHECK_SLOTS");
	FILE *file = path ? fopen(path, "a") : NULL;
	if (!file)
		return;
	fputc(done ? '+' : '-', file);
	fclose(file);
}

static int ox_set_slots_and_check(PyTypeObject *type)
{
	void *before[OX_SLOTS], *got[OX_SLOTS], *wanted[OX_SLOTS];
	unsigned long flags = type->tp_flags;
	if (!OX_READY())
		return 0;
	ox_get_slots(type, before);
	int done = ox_set_slots(type);
	unsigned long got_flags = type->tp_flags;
	ox_count(done);
	ox_get_slots(type, got);
	type->tp_flags = flags;
	for (int i = 0; i < ox_slots.slot_count; i++)
		*slotptr(type, ox_slots.slots[i].first->offset) = before[i];
	for (ox_slotdef *p = slotdefs; p->name;)
		p = update_one_slot(type, p);
	ox_get_slots(type, wanted);
	for (int i = 0; done && i < ox_slots.slot_count; i++) {
		if (got[i] == wanted[i])
			continue;
		fprintf(stderr, "%s.%s: %p, not %p\n", type->tp_name, ox_slots.slots[i].first->name, got[i], wanted[i]);
		Py_FatalError("a new class has a wrong slot");
	}
	if (done && got_flags != type->tp_flags)
		Py_FatalError("a new class has wrong flags");
	return 1;
}
#define ox_set_slots ox_set_slots_and_check
#endif
