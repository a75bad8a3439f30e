/* value.h - how values are laid out. Private to the language.
 *
 * The word of a value:
 *
 *   ...xxxxxxx1   small integer, 63 bits, the value shifted left by one
 *   0...0000010   None (2), False (6), True (10)
 *   ...xxxxx000   pointer to a struct ox_obj in the evaluation's heap
 *   0             no value
 *
 * Every object begins with struct ox_obj. Objects are never moved and live as
 * long as the evaluation. Integers that fit in a small integer are always small,
 * so that equal integers of one width have one form. */
#ifndef OX_STARLARK_VALUE_H
#define OX_STARLARK_VALUE_H

#include "daemon/starlark/source.h"
#include "daemon/starlark/starlark.h"

#include <gmp.h>

enum ox_obj_kind {
	OX_OBJ_INT = 1,
	OX_OBJ_FLOAT,
	OX_OBJ_STRING,
	OX_OBJ_BYTES,
	OX_OBJ_LIST,
	OX_OBJ_TUPLE,
	OX_OBJ_DICT,
	OX_OBJ_SET,
	OX_OBJ_RANGE,
	OX_OBJ_FUNCTION, /* def, lambda */
	OX_OBJ_BUILTIN,  /* native function, maybe bound to a receiver */
	OX_OBJ_NATIVE,
	OX_OBJ_VIEW,
	OX_OBJ_CELL,
};

struct ox_obj {
	uint8_t kind;
	bool frozen;
	uint16_t flags;
	uint32_t aux; /* strings: hash, 0 when not computed; containers: running iterations */
};

struct ox_big {
	struct ox_obj head;
	int32_t size; /* as mpz's: sign and number of limbs */
	mp_limb_t limbs[];
};

struct ox_float {
	struct ox_obj head;
	double value;
};

/* A growing buffer behind strings that were made by appending: several strings
 * share it, each a prefix; the longest may be appended to in place. */
struct ox_string_buffer {
	struct ox_star *star;
	size_t used, cap;
	char data[];
};

struct ox_string { /* bytes too */
	struct ox_obj head;
	size_t len;
	const char *data; /* NUL-terminated unless in a shared buffer */
};

enum { OX_STRING_SHARED = 1 }; /* flag of the head: the string is an ox_shared_string */

struct ox_shared_string {
	struct ox_string string;
	struct ox_string_buffer *buffer;
};

struct ox_tuple {
	struct ox_obj head;
	size_t len;
	ox_star_value items[];
};

struct ox_list {
	struct ox_obj head;
	size_t len, cap;
	ox_star_value *items;
};

struct ox_dict_entry {
	ox_star_value key; /* 0: deleted */
	ox_star_value value;
	uint32_t hash;
};

/* Entries in insertion order; `slots` (a power of two, linear probing) holds
 * indices plus one, and is absent while there are at most eight entries. */
struct ox_dict { /* sets too: values are None */
	struct ox_obj head;
	uint32_t live; /* entries that are not deleted */
	uint32_t len;  /* used part of entries */
	uint32_t first; /* all entries before it are deleted: a queue stays fast */
	uint32_t cap, slot_count;
	struct ox_dict_entry *entries;
	uint32_t *slots;
};

struct ox_range {
	struct ox_obj head;
	int64_t start, stop, step;
	int64_t len;
};

struct ox_cell {
	struct ox_obj head;
	ox_star_value value;
};

struct ox_proto;

struct ox_closure {
	struct ox_obj head;
	const struct ox_proto *proto;
	struct ox_star_module *module;
	ox_star_value *defaults; /* one per parameter; 0: required */
	struct ox_cell **cells;
};

struct ox_builtin {
	struct ox_obj head;
	const struct ox_star_function *spec;
	ox_star_value self;
	void *data;
	struct ox_signature *signature;
};

struct ox_native {
	struct ox_obj head;
	const struct ox_star_type *type;
	void *user;
	struct ox_native *older; /* those with finalisers */
};

enum ox_view_mode { OX_VIEW_ELEMS, OX_VIEW_ELEM_ORDS, OX_VIEW_CODEPOINTS, OX_VIEW_CODEPOINT_ORDS, OX_VIEW_BYTES_ELEMS };

struct ox_view {
	struct ox_obj head;
	enum ox_view_mode mode;
	struct ox_string *text;
};

/* ---- words ---- */

#define OX_SMALL_MAX (INT64_MAX >> 1)
#define OX_SMALL_MIN (INT64_MIN >> 1)

static inline bool ox_is_small(ox_star_value v)
{
	return v.bits & 1;
}

static inline int64_t ox_small(ox_star_value v)
{
	return (int64_t)v.bits >> 1;
}

static inline ox_star_value ox_from_small(int64_t n)
{
	return (ox_star_value){(uintptr_t)((uint64_t)n << 1 | 1)};
}

static inline bool ox_fits_small(int64_t n)
{
	return n >= OX_SMALL_MIN && n <= OX_SMALL_MAX;
}

static inline bool ox_is_object(ox_star_value v)
{
	return v.bits && !(v.bits & 7);
}

static inline struct ox_obj *ox_object(ox_star_value v)
{
	return (struct ox_obj *)v.bits; /* NOLINT: the word is the pointer */
}

static inline bool ox_is(ox_star_value v, enum ox_obj_kind kind)
{
	return ox_is_object(v) && ox_object(v)->kind == kind;
}

static inline ox_star_value ox_from_object(const void *obj)
{
	return (ox_star_value){(uintptr_t)obj};
}

static inline bool ox_same(ox_star_value a, ox_star_value b)
{
	return a.bits == b.bits;
}

static inline bool ox_is_int(ox_star_value v)
{
	return ox_is_small(v) || ox_is(v, OX_OBJ_INT);
}

#define OX_AS(type, v) ((struct type *)ox_object(v))

/* ---- int.c: integers of any size, floats ---- */

ox_star_value ox_int_from_mpz(struct ox_star *s, const mpz_t z);
/* Read-only view; `room` backs a small one. */
void ox_int_view(ox_star_value v, mpz_t z, mp_limb_t room[static 1]);
ox_star_value ox_int_parse(struct ox_star *s, struct ox_slice digits, int base); /* 0 without an error: malformed */
ox_star_value ox_int_from_double(struct ox_star *s, double d);
double ox_int_to_double(ox_star_value v);
int ox_int_compare(ox_star_value a, ox_star_value b);
int ox_int_compare_double(ox_star_value a, double d);
ox_star_value ox_int_binary(struct ox_star *s, int op, ox_star_value a, ox_star_value b);
ox_star_value ox_int_negate(struct ox_star *s, ox_star_value v);
ox_star_value ox_int_invert(struct ox_star *s, ox_star_value v);
enum { OX_SMALL_DIGITS = 24 };
struct ox_slice ox_small_digits(int64_t n, char room[static OX_SMALL_DIGITS]); /* decimal, somewhere in room */
int ox_int_format(struct ox_star *s, ox_star_value v, int base, struct ox_buf *out);
int ox_int_sign(ox_star_value v);
void ox_float_format(double d, char conversion, struct ox_buf *out);

/* ---- string.c ---- */

struct ox_string *ox_string_new(struct ox_star *s, enum ox_obj_kind kind, size_t len, char **data); /* fill *data */
ox_star_value ox_string_copy(struct ox_star *s, enum ox_obj_kind kind, struct ox_slice text);
ox_star_value ox_string_of_buf(struct ox_star *s, struct ox_buf *text); /* frees the buffer; fails with it */
ox_star_value ox_string_concat(struct ox_star *s, ox_star_value a, ox_star_value b);
ox_star_value ox_intern(struct ox_star *s, struct ox_slice text); /* one object per text */
size_t ox_utf8_width(const char *p, size_t left);                 /* bytes of the code point at p, at least 1 */
uint32_t ox_utf8_decode(const char *p, size_t *width);
size_t ox_utf8_encode(uint32_t c, char out[static 4]);

static inline struct ox_slice ox_text_of(ox_star_value v)
{
	return ox_slice(OX_AS(ox_string, v)->data, OX_AS(ox_string, v)->len);
}

static inline bool ox_is_string(ox_star_value v)
{
	return ox_is(v, OX_OBJ_STRING);
}

/* ---- list.c, dict.c: raw operations; freezing and iteration are checked by ox_check_mutable ---- */

struct ox_list *ox_list_new(struct ox_star *s, size_t cap);
int ox_list_push(struct ox_star *s, struct ox_list *l, ox_star_value v);
int ox_list_reserve(struct ox_star *s, struct ox_list *l, size_t len);
struct ox_tuple *ox_tuple_new(struct ox_star *s, size_t len);
/* The items of a list, tuple, set or dict's keys, range, view, iterable native as a new list's items; failing when not
 * iterable. */
struct ox_list *ox_list_of(struct ox_star *s, ox_star_value iterable);

struct ox_dict *ox_dict_new(struct ox_star *s, enum ox_obj_kind kind, size_t room);
/* 1 found (*value set), 0 absent, -1 failing (key not hashable). */
int ox_dict_find(struct ox_star *s, const struct ox_dict *d, ox_star_value key, ox_star_value *value);
int ox_dict_store(struct ox_star *s, struct ox_dict *d, ox_star_value key,
		  ox_star_value value); /* 1 new, 0 replaced, -1 */
int ox_dict_delete(struct ox_star *s, struct ox_dict *d, ox_star_value key, ox_star_value *old); /* 1, 0, -1 */
void ox_dict_clear(struct ox_dict *d);
struct ox_dict *ox_dict_copy(struct ox_star *s, const struct ox_dict *d);
int ox_dict_update(struct ox_star *s, struct ox_dict *d, const struct ox_dict *from);
/* Entries of a dict, or pairs of an iterable, into d; `function` speaks. */
int ox_dict_merge(struct ox_star *s, struct ox_dict *d, ox_star_value from, const char *function);
/* Next live entry at or after *i, which moves past it; NULL at the end. */
struct ox_dict_entry *ox_dict_next(const struct ox_dict *d, uint32_t *i);

/* Set algebra; op is OX_OP_OR, AND, SUB, XOR. */
ox_star_value ox_set_binary(struct ox_star *s, int op, const struct ox_dict *a, const struct ox_dict *b);
bool ox_set_subset(struct ox_star *s, const struct ox_dict *a, const struct ox_dict *b);

/* -1 and failing when v is frozen or being iterated over. */
int ox_check_mutable(struct ox_star *s, struct ox_obj *container, const char *verb);

/* ---- iterate.c ---- */

/* Over any iterable value. The container is marked as being iterated until ox_iter_end. */
struct ox_iter {
	ox_star_value over;
	size_t i;
	size_t end;
};

int ox_iter_begin(struct ox_star *s, struct ox_iter *it, ox_star_value v);
bool ox_iter_next(struct ox_star *s, struct ox_iter *it, ox_star_value *item); /* false also when failing */
void ox_iter_end(struct ox_iter *it);
bool ox_iterable(ox_star_value v);

/* ---- compare.c ---- */

int ox_hash(struct ox_star *s, ox_star_value v, uint32_t *hash);   /* -1: failing, not hashable */
int ox_equal(struct ox_star *s, ox_star_value a, ox_star_value b); /* 1, 0, -1 */
/* Orders into *order; -1: failing, not comparable. */
int ox_compare(struct ox_star *s, ox_star_value a, ox_star_value b, int op, int *order);
int ox_equal_text(struct ox_star *s, struct ox_slice a, struct ox_slice b);               /* 1, 0, -1 */
int ox_compare_text(struct ox_star *s, struct ox_slice a, struct ox_slice b, int *order); /* -1: failing */

/* ---- ops.c ---- */

enum ox_op {
	OX_OP_ADD,
	OX_OP_SUB,
	OX_OP_MUL,
	OX_OP_DIV,
	OX_OP_FLOORDIV,
	OX_OP_MOD,
	OX_OP_AND,
	OX_OP_OR,
	OX_OP_XOR,
	OX_OP_SHL,
	OX_OP_SHR,
	OX_OP_EQ,
	OX_OP_NE,
	OX_OP_LT,
	OX_OP_GT,
	OX_OP_LE,
	OX_OP_GE,
	OX_OP_IN,
	OX_OP_NOT_IN,
	OX_OP_NEGATE,
	OX_OP_PLUS,
	OX_OP_INVERT,
};

const char *ox_op_text(int op);
ox_star_value ox_binary(struct ox_star *s, int op, ox_star_value a, ox_star_value b);
/* a op= b: lists, dicts and sets change in place. */
ox_star_value ox_inplace(struct ox_star *s, int op, ox_star_value a, ox_star_value b);
ox_star_value ox_unary(struct ox_star *s, int op, ox_star_value v);
ox_star_value ox_index(struct ox_star *s, ox_star_value object, ox_star_value key);
int ox_set_index(struct ox_star *s, ox_star_value object, ox_star_value key, ox_star_value value);
ox_star_value ox_slice_value(struct ox_star *s, ox_star_value object, const ox_star_value bounds[static 3]);
/* Turn low/high/step (None or 0: absent) into a run of indices of a sequence of len. -1: failing. */
struct ox_indices {
	int64_t start, step, count;
};
int ox_slice_indices(struct ox_star *s, const ox_star_value bounds[static 3], int64_t len, struct ox_indices *out);
ox_star_value ox_contains(struct ox_star *s, ox_star_value container, ox_star_value item);

/* ---- print.c ---- */

int ox_write(struct ox_star *s, ox_star_value v, bool quoted, struct ox_buf *out);
/* repr for a message: cut when it is long, never failing. */
enum { OX_SHOWN = 200 };
const char *ox_show(struct ox_star *s, ox_star_value v, char out[static OX_SHOWN]);
void ox_write_quoted(struct ox_buf *out, struct ox_slice text, bool bytes);

/* ---- format.c ---- */

ox_star_value ox_percent(struct ox_star *s, struct ox_slice format, ox_star_value args);
ox_star_value ox_format(struct ox_star *s, struct ox_slice format, const struct ox_tuple *args,
			const struct ox_dict *kwargs);

/* ---- attr.c ---- */

/* v.name, or 0 and failing. */
ox_star_value ox_attr_get(struct ox_star *s, ox_star_value v, ox_star_value name);
int ox_attr_set(struct ox_star *s, ox_star_value v, ox_star_value name, ox_star_value value);
/* For a call v.name(...): an unbound builtin and *self = v, or a plain value and *self = 0. */
ox_star_value ox_attr_method(struct ox_star *s, ox_star_value v, ox_star_value name, ox_star_value *self);

/* ---- call.c: argument binding for native functions ---- */

struct ox_call_shape {
	uint32_t positional, named;
	bool star, starstar;
	struct ox_span *spans; /* of the named ones: for messages about one of them */
	ox_star_value names[]; /* of the named ones: interned strings */
};

/* What was passed, with * and ** already expanded. */
struct ox_args {
	const ox_star_value *positional;
	size_t positional_count;
	const ox_star_value *names; /* strings */
	const ox_star_value *named;
	size_t named_count;
	const struct ox_call_shape *shape; /* as it was written; NULL: without names, or not in a program */
};

struct ox_signature *ox_signature_new(struct ox_star *s, const struct ox_star_function *spec);
ox_star_value ox_builtin_new(struct ox_star *s, const struct ox_star_function *spec, ox_star_value self, void *data);
ox_star_value ox_call_builtin(struct ox_star *s, const struct ox_builtin *b, ox_star_value self,
			      const struct ox_args *args);
/* "string, list or None" */
void ox_types_text(uint32_t types, struct ox_buf *out);
int ox_check_kind(struct ox_star *s, const char *function, const struct ox_star_param *p, ox_star_value v);

/* ---- builtins ---- */

extern const struct ox_star_function ox_builtin_functions[], ox_container_functions[], ox_string_methods[],
    ox_list_methods[], ox_dict_methods[], ox_set_methods[], ox_bytes_methods[];
extern const struct ox_star_type ox_json_module;
int ox_builtins_define(struct ox_star *s);

#endif
