/* The embedding interface: evaluations, native values, reading values. */
#include "daemon/starlark/code.h"
#include "daemon/starlark/thread.h"

static void set_defaults(struct ox_star_options *o)
{
	if (!o->memory_limit)
		o->memory_limit = (size_t)256 << 20;
	if (!o->step_limit)
		o->step_limit = 500000000;
	if (!o->time_limit_ms)
		o->time_limit_ms = 60000;
	if (!o->depth_limit)
		o->depth_limit = 200;
	if (!o->nesting_limit)
		o->nesting_limit = 200;
	if (o->nesting_limit > 400)
		o->nesting_limit = 400;
}

struct ox_star *ox_thread_new(const struct ox_star_options *options, const struct ox_machine *machine)
{
	struct ox_star *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	if (options)
		s->options = *options;
	set_defaults(&s->options);
	s->machine = machine;
	s->heap.limit = s->options.memory_limit;
	s->fuel = OX_POLL_STEPS;
	/* Differs from run to run; nothing a program can see depends on it. */
	s->seed = (uint32_t)((uintptr_t)s >> 4) * 2654435761u;
	s->unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	if (!s->unicode)
		s->unicode = newlocale(LC_CTYPE_MASK, "C", (locale_t)0);
	s->stack = malloc(OX_STACK_VALUES * sizeof *s->stack);
	s->stack_top = s->stack;
	s->frames = calloc((size_t)s->options.depth_limit + 1, sizeof *s->frames);
	s->interned = s->stack && s->frames && s->unicode ? ox_dict_new(s, OX_OBJ_DICT, 0) : NULL;
	if (s->interned && ox_builtins_define(s) == 0) {
		s->foreign = true;
		return s;
	}
	ox_star_free(s);
	return NULL;
}

static void free_modules(struct ox_star *s)
{
	while (s->modules) {
		struct ox_star_module *m = s->modules;
		s->modules = m->older;
		ox_globals_free(&m->names);
		ox_vec_free(&m->values);
		ox_arena_free(&m->arena);
		free(m);
	}
}

void ox_star_free(struct ox_star *s)
{
	if (!s)
		return;
	ox_star_tell_unknown(s);
	for (struct ox_native *n = s->finalizers; n; n = n->older)
		n->type->finalize(n->user);
	free_modules(s);
	for (size_t i = 0; i < s->predeclared.len; i++)
		free(s->predeclared.entries[i].value);
	ox_map_free(&s->predeclared);
	ox_map_free(&s->loaded);
	ox_vec_free(&s->unknown);
	ox_vec_free(&s->methods);
	ox_vec_free(&s->iterations);
	free(s->failure.message);
	free(s->failure.hint);
	free(s->failure.notes);
	if (s->unicode)
		freelocale(s->unicode);
	free(s->stack);
	free(s->frames);
	ox_scratch_free(&s->scratch);
	ox_heap_free(&s->heap);
	free(s);
}

void *ox_star_user(const struct ox_star *s)
{
	return s->options.user;
}

const struct ox_star_options *ox_star_options(const struct ox_star *s)
{
	return &s->options;
}

/* ---- predeclared names: boxes, since a map holds pointers ---- */

struct predeclared {
	const char *name;
	ox_star_value value;
};

int ox_star_set(struct ox_star *s, const char *name, ox_star_value v)
{
	if (!ox_star_ok(v))
		return -1;
	void **entry = ox_map_put(&s->predeclared, ox_slice_str(name), NULL);
	struct predeclared *p = entry ? *entry : NULL;
	if (entry && !p)
		*entry = p = calloc(1, sizeof *p);
	if (!p) {
		ox_fail_memory(s);
		return -1;
	}
	*p = (struct predeclared){name, v};
	return 0;
}

int ox_star_set_function(struct ox_star *s, const struct ox_star_function *f)
{
	return ox_star_set(s, f->name, ox_star_new_function(s, f));
}

ox_star_value ox_predeclared_get(struct ox_star *s, struct ox_slice name)
{
	struct predeclared *p = ox_map_get(&s->predeclared, name);
	return p ? p->value : OX_STAR_FAILED;
}

const char *ox_star_name_at(struct ox_star *s, size_t i, ox_star_value *v)
{
	if (i >= s->predeclared.len)
		return NULL;
	struct predeclared *p = s->predeclared.entries[i].value;
	*v = p->value;
	return p->name;
}

const struct ox_star_function *ox_star_function_spec(ox_star_value v)
{
	return ox_is(v, OX_OBJ_BUILTIN) ? OX_AS(ox_builtin, v)->spec : NULL;
}

const char *ox_star_function_name(ox_star_value v)
{
	if (ox_is(v, OX_OBJ_BUILTIN))
		return OX_AS(ox_builtin, v)->spec->name;
	/* Names are interned strings, NUL-terminated. */
	return ox_is(v, OX_OBJ_FUNCTION) ? OX_AS(ox_closure, v)->proto->name.data : "";
}

/* ---- calling ---- */

static ox_star_value call(struct ox_star *s, ox_star_value fn, const ox_star_value *args, size_t arg_count,
			  const struct ox_star_kwarg *kwargs, size_t kwarg_count)
{
	ox_star_value *names = ox_star_alloc(s, 2 * kwarg_count * sizeof *names);
	if (!names || !ox_star_ok(fn))
		return OX_STAR_FAILED;
	for (size_t i = 0; i < arg_count; i++) {
		if (!ox_star_ok(args[i]))
			return ox_star_fail(s, "an argument has no value");
	}
	for (size_t i = 0; i < kwarg_count; i++) {
		names[i] = ox_intern(s, ox_slice_str(kwargs[i].name));
		names[kwarg_count + i] = kwargs[i].value;
		if (!ox_star_ok(names[i]) || !ox_star_ok(kwargs[i].value))
			return OX_STAR_FAILED;
	}
	return ox_call_value(s, fn,
			     &(struct ox_args){args, arg_count, names, names + kwarg_count, kwarg_count, NULL});
}

ox_star_value ox_star_call(struct ox_star *s, ox_star_value fn, const ox_star_value *args, size_t arg_count,
			   const struct ox_star_kwarg *kwargs, size_t kwarg_count, struct ox_err *err)
{
	bool outermost = s->frame_count == 0 && s->native_depth == 0;
	if (ox_star_failing(s) && !outermost)
		return OX_STAR_FAILED;
	bool started = ox_time_go(s);
	ox_star_value v = call(s, fn, args, arg_count, kwargs, kwarg_count);
	if (started)
		ox_time_stop(s);
	if (!ox_star_ok(v) && !ox_star_failing(s))
		ox_fail_code(s, OX_EINTERNAL, "internal", NULL, "called something that is no value");
	if (ox_star_failing(s)) {
		if (outermost)
			ox_report_failure(s, err);
		else if (err)
			ox_fail(err, s->failure.code, "%s", s->failure.message ? s->failure.message : "out of memory");
		return OX_STAR_FAILED;
	}
	return v;
}

/* ---- native values ---- */

ox_star_value ox_star_new_native(struct ox_star *s, const struct ox_star_type *type, void *user)
{
	struct ox_native *n = (struct ox_native *)ox_new_object(s, OX_OBJ_NATIVE, sizeof *n);
	if (!n)
		return OX_STAR_FAILED;
	n->type = type;
	n->user = user;
	n->older = NULL;
	if (type->finalize) {
		n->older = s->finalizers;
		s->finalizers = n;
	}
	return ox_from_object(n);
}

const struct ox_star_type *ox_star_native_type(ox_star_value v)
{
	return ox_is(v, OX_OBJ_NATIVE) ? OX_AS(ox_native, v)->type : NULL;
}

void *ox_star_native_user(ox_star_value v, const struct ox_star_type *type)
{
	const struct ox_star_type *actual = ox_star_native_type(v);
	return actual && (!type || actual == type) ? OX_AS(ox_native, v)->user : NULL;
}

/* ---- kinds ---- */

static const enum ox_star_kind kinds[] = {
    [OX_OBJ_INT] = OX_STAR_T_INT,           [OX_OBJ_FLOAT] = OX_STAR_T_FLOAT,      [OX_OBJ_STRING] = OX_STAR_T_STRING,
    [OX_OBJ_BYTES] = OX_STAR_T_BYTES,       [OX_OBJ_LIST] = OX_STAR_T_LIST,        [OX_OBJ_TUPLE] = OX_STAR_T_TUPLE,
    [OX_OBJ_DICT] = OX_STAR_T_DICT,         [OX_OBJ_SET] = OX_STAR_T_SET,          [OX_OBJ_RANGE] = OX_STAR_T_RANGE,
    [OX_OBJ_FUNCTION] = OX_STAR_T_FUNCTION, [OX_OBJ_BUILTIN] = OX_STAR_T_FUNCTION, [OX_OBJ_NATIVE] = OX_STAR_T_NATIVE,
    [OX_OBJ_VIEW] = OX_STAR_T_OTHER,        [OX_OBJ_CELL] = OX_STAR_T_OTHER,
};

enum ox_star_kind ox_star_kind(ox_star_value v)
{
	if (ox_is_small(v))
		return OX_STAR_T_INT;
	if (!ox_is_object(v))
		return ox_same(v, OX_STAR_NONE) ? OX_STAR_T_NONE : OX_STAR_T_BOOL;
	return kinds[ox_object(v)->kind];
}

static const char *view_name(const struct ox_view *view)
{
	static const char *const names[] = {"string.elems", "string.elems", "string.codepoints", "string.codepoints",
					    "bytes.elems"};
	return names[view->mode];
}

const char *ox_star_type_name(struct ox_star *s, ox_star_value v)
{
	(void)s;
	switch (ox_star_kind(v)) {
	case OX_STAR_T_NONE:
		return "NoneType";
	case OX_STAR_T_BOOL:
		return "bool";
	case OX_STAR_T_INT:
		return "int";
	case OX_STAR_T_FLOAT:
		return "float";
	case OX_STAR_T_STRING:
		return "string";
	case OX_STAR_T_BYTES:
		return "bytes";
	case OX_STAR_T_LIST:
		return "list";
	case OX_STAR_T_TUPLE:
		return "tuple";
	case OX_STAR_T_DICT:
		return "dict";
	case OX_STAR_T_SET:
		return "set";
	case OX_STAR_T_RANGE:
		return "range";
	case OX_STAR_T_FUNCTION:
		return ox_is(v, OX_OBJ_BUILTIN) ? "builtin_function_or_method" : "function";
	case OX_STAR_T_NATIVE:
		break;
	default:
		return view_name(OX_AS(ox_view, v));
	}
	const struct ox_star_type *type = OX_AS(ox_native, v)->type;
	const char *name = type->type_of ? type->type_of(v) : NULL;
	return name ? name : type->name;
}

/* ---- reading ---- */

bool ox_star_truth(ox_star_value v)
{
	const struct ox_star_type *type = ox_star_native_type(v);
	if (!ox_is_object(v))
		return ox_is_small(v) ? ox_small(v) != 0 : ox_same(v, OX_STAR_TRUE);
	if (type)
		return type->truth ? type->truth(v) : true;
	switch (ox_object(v)->kind) {
	case OX_OBJ_FLOAT:
		return OX_AS(ox_float, v)->value != 0;
	case OX_OBJ_VIEW:
		return OX_AS(ox_view, v)->text->len != 0;
	case OX_OBJ_STRING:
	case OX_OBJ_BYTES:
	case OX_OBJ_LIST:
	case OX_OBJ_TUPLE:
	case OX_OBJ_DICT:
	case OX_OBJ_SET:
	case OX_OBJ_RANGE:
		return ox_star_len(v) != 0;
	default:
		return true;
	}
}

bool ox_star_to_int(ox_star_value v, int64_t *n)
{
	mpz_t z;
	mp_limb_t room[1];
	if (!ox_is_int(v))
		return false;
	ox_int_view(v, z, room);
	if (!mpz_fits_slong_p(z))
		return false;
	*n = mpz_get_si(z);
	return true;
}

bool ox_star_to_float(ox_star_value v, double *d)
{
	if (ox_is(v, OX_OBJ_FLOAT))
		*d = OX_AS(ox_float, v)->value;
	else if (ox_is_int(v))
		*d = ox_int_to_double(v);
	else
		return false;
	return true;
}

size_t ox_star_len(ox_star_value v)
{
	if (!ox_is_object(v))
		return 0;
	switch (ox_object(v)->kind) {
	case OX_OBJ_STRING:
	case OX_OBJ_BYTES:
		return OX_AS(ox_string, v)->len;
	case OX_OBJ_VIEW:
		return OX_AS(ox_view, v)->text->len;
	case OX_OBJ_LIST:
		return OX_AS(ox_list, v)->len;
	case OX_OBJ_TUPLE:
		return OX_AS(ox_tuple, v)->len;
	case OX_OBJ_DICT:
	case OX_OBJ_SET:
		return OX_AS(ox_dict, v)->live;
	case OX_OBJ_RANGE:
		return (size_t)OX_AS(ox_range, v)->len;
	default:
		return 0;
	}
}

ox_star_value ox_star_at(struct ox_star *s, ox_star_value v, size_t i)
{
	ox_star_value key, value;
	(void)s;
	if (i >= ox_star_len(v))
		return OX_STAR_FAILED;
	switch (ox_object(v)->kind) {
	case OX_OBJ_LIST:
		return OX_AS(ox_list, v)->items[i];
	case OX_OBJ_TUPLE:
		return OX_AS(ox_tuple, v)->items[i];
	case OX_OBJ_RANGE:
		return ox_from_small(OX_AS(ox_range, v)->start + (int64_t)i * OX_AS(ox_range, v)->step);
	default:
		return ox_star_entry(v, i, &key, &value) ? key : OX_STAR_FAILED;
	}
}
