/* starlark.h - the Starlark language, for embedding.
 *
 * An evaluation (struct ox_star) owns one heap, its limits, the modules that it
 * loaded and the error that is pending. It is used by one thread at a time.
 * Several evaluations are independent of each other.
 *
 *     struct ox_star *s = ox_star_new(&options);
 *     ox_star_set_function(s, &register_target);
 *     ox_star_set(s, "CWD", ox_star_string(s, cwd));
 *     code = ox_star_eval(s, "/x/pyoxidizer.bzl", source, &module, &err);
 *     ...
 *     ox_star_free(s);
 *
 * Memory. Nothing that belongs to an evaluation is released before ox_star_free:
 * a value may be kept anywhere, without rooting, as long as its evaluation
 * lives. What a program may allocate is bounded by the memory limit. Finalisers
 * of native values run in ox_star_free, newest value first.
 *
 * Failure. A function that returns an ox_star_value returns OX_STAR_FAILED (test
 * with ox_star_ok) and one that returns int a negative number when it fails; the
 * error is then pending in the evaluation, and a native function has to return
 * failure too, at once. When the outermost ox_star_eval or ox_star_call ends, the
 * pending error is emitted to the sink as one diagnostic with its call stack,
 * told in *err as "file:line:column: message", and forgotten. Running out of
 * memory, steps, depth or time is an error like any other.
 *
 * The language is that of the public specification (bazelbuild/starlark, spec.md). Where
 * it leaves a choice: strings are UTF-8, their lengths and indices count bytes, and an
 * index may cut a character in two; repr writes what is left of it as \x escapes. Floats
 * are written as starlark-go does: shortest, with an exponent from a million on. An empty
 * set is written set(). Where it contradicts itself: ranges are immutable, dict.get works
 * on a frozen dict and in a loop over it, print takes other named arguments and writes
 * them with their names. Beyond it: tabs indent (to multiples of eight), 0b literals,
 * "%(name)s" and "%c", codepoints, chr, ord, json, and the options below. */
#ifndef OX_STARLARK_STARLARK_H
#define OX_STARLARK_STARLARK_H

#include "proto/base/buf.h"
#include "proto/base/err.h"
#include "proto/base/event.h"

struct ox_star;
struct ox_star_module;
struct ox_star_type;

/* One word: a small integer, None, False, True, or a pointer into the heap. Only
 * compare for identity; use the functions below for everything else. */
typedef struct {
	uintptr_t bits;
} ox_star_value;

#define OX_STAR_FAILED ((ox_star_value){0}) /* no value: failure, or "absent" in argument arrays */
#define OX_STAR_NONE   ((ox_star_value){2})
#define OX_STAR_FALSE  ((ox_star_value){6})
#define OX_STAR_TRUE   ((ox_star_value){10})

static inline bool ox_star_ok(ox_star_value v)
{
	return v.bits != 0;
}

/* ---- what kinds of values there are; as bits, so that a set of kinds is a mask ---- */

enum ox_star_kind {
	OX_STAR_T_NONE = 1 << 0,
	OX_STAR_T_BOOL = 1 << 1,
	OX_STAR_T_INT = 1 << 2,
	OX_STAR_T_FLOAT = 1 << 3,
	OX_STAR_T_STRING = 1 << 4,
	OX_STAR_T_BYTES = 1 << 5,
	OX_STAR_T_LIST = 1 << 6,
	OX_STAR_T_TUPLE = 1 << 7,
	OX_STAR_T_DICT = 1 << 8,
	OX_STAR_T_SET = 1 << 9,
	OX_STAR_T_RANGE = 1 << 10,
	OX_STAR_T_FUNCTION = 1 << 11, /* def, lambda, native functions, bound methods */
	OX_STAR_T_NATIVE = 1 << 12,   /* a value of one of the embedder's types */
	OX_STAR_T_OTHER = 1 << 13,    /* views such as "abc".elems() */
	OX_STAR_T_ANY = 0,            /* in masks only */
};

enum ox_star_kind ox_star_kind(ox_star_value v);
/* What type(v) gives: "string", "list", the name of a native type. */
const char *ox_star_type_name(struct ox_star *s, ox_star_value v);

/* ---- an evaluation ---- */

enum ox_star_names {
	OX_STAR_NAMES_STRICT, /* a name that is bound nowhere is an error before anything runs */
	OX_STAR_NAMES_LATE,   /* it is an error only when it is reached, else a warning: see ox_star_tell_unknown */
};

/* What load("...") reads. The callee fills both with memory that lives as long
 * as the evaluation (see ox_star_copy); `name` is what identifies the module: two
 * spellings of one file have to get the same name. */
struct ox_star_source {
	struct ox_slice name; /* shown in messages: usually the path */
	struct ox_slice text;
};

/* All-zero gives the defaults in brackets. Everything pointed to must outlive the evaluation. */
struct ox_star_options {
	size_t memory_limit;      /* bytes a program may allocate [256 MiB] */
	uint64_t step_limit;      /* loop turns, calls, work of built-in functions [500,000,000] */
	/* Of the processor's time, in all modules and calls together [60,000]. What the functions below and native
	 * functions of the embedder take is not the program's time. Noticed within a second. */
	uint64_t time_limit_ms;
	uint32_t depth_limit;     /* nested calls [200] */
	uint32_t nesting_limit;   /* nested brackets, blocks and operators in source [200] */
	enum ox_star_names names; /* of files; expressions are strict */
	bool spec_top_level; /* refuse if and for outside functions, and rebinding of globals, as the specification does
			      */
	bool recursion;      /* allow functions to call themselves */
	struct ox_sink *sink; /* diagnostics; may be NULL */
	void *user;           /* passed to the functions below, and ox_star_user */
	/* True stops the evaluation with OX_ECANCELLED; asked every few thousand steps, and within a second. May be
	 * NULL. */
	bool (*cancelled)(void *user);
	/* print(); text without newline. NULL: nothing is printed. */
	void (*print)(void *user, struct ox_slice file, uint32_t line, struct ox_slice text);
	/* load(); `from` is the name of the loading module. NULL: load is refused. Return 0, or fail with *err. */
	int (*load)(void *user, struct ox_star *s, struct ox_slice from, struct ox_slice wanted,
		    struct ox_star_source *source, struct ox_err *err);
};

/* NULL when memory ran out. */
struct ox_star *ox_star_new(const struct ox_star_options *options);
void ox_star_free(struct ox_star *s); /* NULL is allowed */
void *ox_star_user(const struct ox_star *s);
/* What it was made with, the defaults filled in. */
const struct ox_star_options *ox_star_options(const struct ox_star *s);

/* Predeclare a name for all modules evaluated later; replaces an older meaning,
 * also of a built-in. The texts must live as long as the evaluation. A failed
 * value is refused with -1, so that constructors can be nested. */
int ox_star_set(struct ox_star *s, const char *name, ox_star_value v);

/* Evaluate a file. 0 and *module (owned by the evaluation), or a negative code:
 * OX_EUSAGE for what is wrong in the file, OX_ECANCELLED, OX_EEXHAUSTED, OX_ETIMEOUT.
 * All syntax and name errors of a file are emitted, at most 20. `file` and
 * `text` are copied. The module's globals stay mutable; those of loaded files
 * are frozen. */
int ox_star_eval(struct ox_star *s, const char *file, struct ox_slice text, struct ox_star_module **module,
		 struct ox_err *err);
/* Evaluate one expression (with the globals of `module`, when not NULL). */
int ox_star_eval_expr(struct ox_star *s, const char *file, struct ox_slice text, struct ox_star_module *module,
		      ox_star_value *result, struct ox_err *err);
/* Check syntax and names only; emits the same diagnostics. */
int ox_star_check(struct ox_star *s, const char *file, struct ox_slice text, struct ox_err *err);

/* Emits a warning for each name of OX_STAR_NAMES_LATE that is bound nowhere and was not reached. To be called when
 * the programs have run, so that nothing is told twice; ox_star_free does it too. */
void ox_star_tell_unknown(struct ox_star *s);

/* A global of the module, or OX_STAR_FAILED when it is not bound (nothing is pending then). */
ox_star_value ox_star_global(const struct ox_star_module *module, struct ox_slice name);
/* The i-th global in order of appearance; false past the end. *v may be unbound (OX_STAR_FAILED). */
bool ox_star_global_at(const struct ox_star_module *module, size_t i, struct ox_slice *name, ox_star_value *v);

/* ---- calling ---- */

struct ox_star_kwarg {
	const char *name;
	ox_star_value value;
};

/* Call any callable value. From inside a native function: a failure stays
 * pending and is returned on. From outside: see "Failure" above; the code is in
 * *err (may be NULL). */
ox_star_value ox_star_call(struct ox_star *s, ox_star_value fn, const ox_star_value *args, size_t arg_count,
			   const struct ox_star_kwarg *kwargs, size_t kwarg_count, struct ox_err *err);

/* ---- failing and warning from native functions ---- */

/* Makes an error pending at the place of the call; returns OX_STAR_FAILED. */
ox_star_value ox_star_fail(struct ox_star *s, const char *fmt, ...) OX_PRINTF(2, 3);
/* With a stable code ("unknown-attribute") and a hint; both may be NULL. */
ox_star_value ox_star_fail_with(struct ox_star *s, const char *code, const char *hint, const char *fmt, ...)
    OX_PRINTF(4, 5);
/* The message of err becomes the pending error; its code is what ox_star_eval returns. */
ox_star_value ox_star_fail_err(struct ox_star *s, const struct ox_err *err);
bool ox_star_failing(const struct ox_star *s); /* is an error pending? */
/* Emits a warning at the place in the program that called; goes on. */
void ox_star_warn(struct ox_star *s, const char *code, const char *hint, const char *fmt, ...) OX_PRINTF(4, 5);
/* The place in the program that is being executed; false when there is none. */
bool ox_star_where(struct ox_star *s, struct ox_slice *file, uint32_t *line, uint32_t *column);
/* "did you mean" for anything: the candidate nearest to `wanted`, or NULL. */
const char *ox_star_nearest(struct ox_slice wanted, const char *const *candidates, size_t count);

/* ---- making values (OX_STAR_FAILED: memory limit) ---- */

static inline ox_star_value ox_star_bool(bool b)
{
	return b ? OX_STAR_TRUE : OX_STAR_FALSE;
}

ox_star_value ox_star_int(struct ox_star *s, int64_t n);
ox_star_value ox_star_float(struct ox_star *s, double d);
ox_star_value ox_star_string(struct ox_star *s, const char *text); /* copied */
ox_star_value ox_star_slice(struct ox_star *s,
			    struct ox_slice text); /* copied; bytes that are not UTF-8 become U+FFFD */
ox_star_value ox_star_bytes(struct ox_star *s, struct ox_slice bytes);
ox_star_value ox_star_list(struct ox_star *s, const ox_star_value *items, size_t count);
ox_star_value ox_star_tuple(struct ox_star *s, const ox_star_value *items, size_t count);
ox_star_value ox_star_dict(struct ox_star *s);
ox_star_value ox_star_set_of(struct ox_star *s, const ox_star_value *items, size_t count);
int ox_star_append(struct ox_star *s, ox_star_value list, ox_star_value item); /* -1: failing, also when item failed */
int ox_star_put(struct ox_star *s, ox_star_value dict, ox_star_value key, ox_star_value value);
int ox_star_put_str(struct ox_star *s, ox_star_value dict, const char *key, ox_star_value value);
/* Plain memory and text of the evaluation's life; NULL: memory limit (failing). */
void *ox_star_alloc(struct ox_star *s, size_t size);
struct ox_slice ox_star_copy(struct ox_star *s, struct ox_slice text);

/* ---- reading values ---- */

bool ox_star_truth(ox_star_value v);
/* False (and *n untouched) unless v is an int that fits. Never makes an error pending. */
bool ox_star_to_int(ox_star_value v, int64_t *n);
bool ox_star_to_float(ox_star_value v, double *d); /* of int and float */
/* Text of a string or bytes; empty for anything else. NUL-terminated, lives as long as the evaluation. */
struct ox_slice ox_star_text(ox_star_value v);
const char *ox_star_cstr(ox_star_value v); /* the same; "" for anything else */
/* Number of items of a string (bytes), bytes, list, tuple, dict, set, range; 0 for anything else. */
size_t ox_star_len(ox_star_value v);
/* i-th item of a list, tuple, range; i-th key of a dict or set; OX_STAR_FAILED past the end or for anything else. */
ox_star_value ox_star_at(struct ox_star *s, ox_star_value v, size_t i);
/* i-th entry in insertion order; false past the end. */
bool ox_star_entry(ox_star_value dict, size_t i, ox_star_value *key, ox_star_value *value);
/* Value under key, or OX_STAR_FAILED when absent (nothing pending). */
ox_star_value ox_star_get(struct ox_star *s, ox_star_value dict, ox_star_value key);
ox_star_value ox_star_get_str(struct ox_star *s, ox_star_value dict, const char *key);
bool ox_star_equal(struct ox_star *s, ox_star_value a, ox_star_value b); /* false also when failing */
/* str(v) / repr(v) appended; -1: failing. */
int ox_star_str(struct ox_star *s, ox_star_value v, struct ox_buf *out);
int ox_star_repr(struct ox_star *s, ox_star_value v, struct ox_buf *out);
/* Appends what json.encode(v) gives. False, and nothing pending, when v has no such form; call it outside of native
 * functions only. */
bool ox_star_json(struct ox_star *s, ox_star_value v, struct ox_buf *out);
/* v.name, as the language would; and the same for setting. */
ox_star_value ox_star_attr(struct ox_star *s, ox_star_value v, const char *name);
int ox_star_set_attr(struct ox_star *s, ox_star_value v, const char *name, ox_star_value value);
/* Name of a function value, "" for anything else. */
const char *ox_star_function_name(ox_star_value v);
/* No part of v can be changed from now on. */
int ox_star_freeze(struct ox_star *s, ox_star_value v);

/* ---- native functions: their arguments are data ---- */

enum ox_star_param_kind {
	OX_STAR_REQUIRED = 0,
	OX_STAR_OPTIONAL,   /* absent: the value of `fallback` */
	OX_STAR_REST,       /* *args: a tuple; later parameters are by name only */
	OX_STAR_NAMED_REST, /* **kwargs: a dict to read, maybe frozen; must be last */
	OX_STAR_KIND_MASK = 7,
	OX_STAR_POSITIONAL_ONLY = 8, /* flag: cannot be given by name */
	OX_STAR_NAMED_ONLY = 16,     /* flag: cannot be given by position */
};

/* An argument array ends with a zeroed entry. Checks, messages and the manual are made from it. */
struct ox_star_param {
	const char *name;
	uint32_t types; /* mask of ox_star_kind; OX_STAR_T_ANY accepts everything */
	uint32_t kind;  /* enum ox_star_param_kind with flags */
	/* Of an absent optional: a literal in Starlark ("None", "True", "0", "\"x\"", "[]", "{}"), NULL: OX_STAR_FAILED
	 * is passed. */
	const char *fallback;
	const char *doc;
	/* Of lists, tuples and sets, and of the values of dicts; of what *args and **kwargs take. 0: any. */
	uint32_t item_types;
	const struct ox_star_type *const
	    *natives; /* with OX_STAR_T_NATIVE: NULL-ended list of those accepted; NULL: any */
};

/* args[i] is what params[i] got, types checked. `self` is the receiver of a
 * method, OX_STAR_FAILED for plain functions. `data` is that of ox_star_closure, else NULL. */
struct ox_star_function;
typedef ox_star_value ox_star_native(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data);

struct ox_star_function {
	const char *name;
	const struct ox_star_param *params; /* NULL: takes nothing */
	ox_star_native *call;
	uint32_t returns; /* mask, for the manual and for tools */
	const char *doc;
};

/* The descriptor must outlive the evaluation. */
ox_star_value ox_star_new_function(struct ox_star *s, const struct ox_star_function *f);
ox_star_value ox_star_closure(struct ox_star *s, const struct ox_star_function *f, void *data);
int ox_star_set_function(struct ox_star *s, const struct ox_star_function *f); /* predeclared under its name */

/* ---- native types ---- */

struct ox_star_attr_spec {
	const char *name;
	uint32_t types; /* what may be assigned (and what is read), as in ox_star_param */
	/* NULL: cannot be read. */
	ox_star_value (*get)(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr);
	/* NULL: read-only. The type was checked. -1: failing. */
	int (*set)(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr, ox_star_value v);
	const char *doc;
	uintptr_t tag; /* the embedder's own: an offset, an index */
};

/* Tables end with a zeroed entry and may be NULL. All functions may be NULL. */
struct ox_star_type {
	const char *name;
	const struct ox_star_attr_spec *attrs;
	const struct ox_star_function *methods;
	const char *doc;
	/* type(v) when it is not `name`; NULL from it means `name`. */
	const char *(*type_of)(ox_star_value self);
	/* Default: "<name>". */
	int (*repr)(struct ox_star *s, ox_star_value self, struct ox_buf *out);
	/* Default: identity. Only called with two values of this type. */
	bool (*equal)(ox_star_value a, ox_star_value b);
	/* Default: every value is true. */
	bool (*truth)(ox_star_value self);
	/* Default: not iterable, no length. A list or tuple of what it contains. */
	ox_star_value (*items)(struct ox_star *s, ox_star_value self);
	/* self[key]. Default: not indexable. */
	ox_star_value (*index)(struct ox_star *s, ox_star_value self, ox_star_value key);
	/* Attributes that are in no table. Return OX_STAR_FAILED without failing (get) or 1 (set) for "no such
	 * attribute". */
	ox_star_value (*get_other)(struct ox_star *s, ox_star_value self, struct ox_slice name);
	int (*set_other)(struct ox_star *s, ox_star_value self, struct ox_slice name, ox_star_value v);
	void (*finalize)(void *user);
};

/* The value refers to `user`; the finaliser, when there is one, gets it. On failure the finaliser was not called. */
ox_star_value ox_star_new_native(struct ox_star *s, const struct ox_star_type *type, void *user);
/* The user pointer, or NULL when v is not of this type (NULL type: any native type). */
void *ox_star_native_user(ox_star_value v, const struct ox_star_type *type);
const struct ox_star_type *ox_star_native_type(ox_star_value v); /* NULL: not a native value */

/* ---- for tools: what there is ---- */

/* The i-th predeclared or universal name, in order of definition; NULL past the end. *v is its value. */
const char *ox_star_name_at(struct ox_star *s, size_t i, ox_star_value *v);
/* Description of a native function value (its data); NULL for anything else. */
const struct ox_star_function *ox_star_function_spec(ox_star_value v);
/* The methods of a built-in type ("string", "list", "dict", "set", "bytes"), ended by a zeroed entry; NULL: unknown. */
const struct ox_star_function *ox_star_methods_of(const char *type_name);
/* Names of all attributes and methods of v, sorted, as dir(v) gives: a list. */
ox_star_value ox_star_dir(struct ox_star *s, ox_star_value v);

#endif
