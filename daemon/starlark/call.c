/* Calling native functions: their argument specifications are data. */
#include "daemon/starlark/thread.h"

/* A specification made ready: counted, defaults evaluated. */
struct ox_signature {
	const struct ox_star_param *params;
	uint32_t count;
	uint32_t positional;      /* how many can be given by position */
	int rest, named_rest;     /* index of *args, **kwargs, or -1 */
	ox_star_value *names;     /* interned */
	ox_star_value *fallbacks; /* 0: none, or made anew for each call */
	ox_star_value no_names;   /* what **kwargs gets when nothing was given: empty, frozen */
	bool plain;               /* all by position, no rest: arguments can be passed as they are */
	bool foreign;             /* of the embedder: the time it takes is not the program's */
};

static const struct {
	uint32_t bit;
	const char *name;
} kind_names[] = {
    {OX_STAR_T_BOOL, "bool"},     {OX_STAR_T_INT, "int"},           {OX_STAR_T_FLOAT, "float"},
    {OX_STAR_T_STRING, "string"}, {OX_STAR_T_BYTES, "bytes"},       {OX_STAR_T_LIST, "list"},
    {OX_STAR_T_TUPLE, "tuple"},   {OX_STAR_T_DICT, "dict"},         {OX_STAR_T_SET, "set"},
    {OX_STAR_T_RANGE, "range"},   {OX_STAR_T_FUNCTION, "function"}, {OX_STAR_T_NATIVE, "object"},
    {OX_STAR_T_OTHER, "view"},    {OX_STAR_T_NONE, "None"},
};

static void add_alternatives(uint32_t types, const char *first, struct ox_buf *out)
{
	uint32_t left = 0, n = first != NULL;
	for (size_t i = 0; i < OX_COUNT(kind_names); i++)
		left += (types & kind_names[i].bit) != 0;
	if (first)
		ox_buf_str(out, first);
	for (size_t i = 0; i < OX_COUNT(kind_names); i++) {
		if (!(types & kind_names[i].bit))
			continue;
		if (n++)
			ox_buf_str(out, --left ? ", " : " or ");
		else
			left--;
		ox_buf_str(out, kind_names[i].name);
	}
}

void ox_types_text(uint32_t types, struct ox_buf *out)
{
	if (types == OX_STAR_T_ANY)
		ox_buf_str(out, "any value");
	else
		add_alternatives(types, NULL, out);
}

/* The types of a parameter, native ones by name. */
static void param_types(const struct ox_star_param *p, struct ox_buf *out)
{
	struct ox_buf natives = {0};
	for (const struct ox_star_type *const *t = p->natives; t && *t; t++)
		ox_buf_printf(&natives, "%s%s", t == p->natives ? "" : " or ", (*t)->name);
	out->failed |= natives.failed;
	if (natives.len && (p->types & OX_STAR_T_NATIVE))
		add_alternatives(p->types & ~(uint32_t)OX_STAR_T_NATIVE, ox_buf_text(&natives), out);
	else
		ox_types_text(p->types, out);
	ox_buf_free(&natives);
}

static int wrong_type(struct ox_star *s, const char *function, const struct ox_star_param *p, ox_star_value v)
{
	struct ox_buf want = {0};
	param_types(p, &want);
	ox_star_fail_with(s, "type", NULL, "%s() takes %s for '%s', not %s", function, ox_part(s, &want), p->name,
			  ox_star_type_name(s, v));
	ox_buf_free(&want);
	return -1;
}

static int wrong_item(struct ox_star *s, const char *function, const struct ox_star_param *p, ox_star_value v,
		      ox_star_value item)
{
	struct ox_buf want = {0};
	ox_types_text(p->item_types, &want);
	ox_star_fail_with(s, "type", NULL, "%s(): '%s' takes a %s of %s, but it contains %s", function, p->name,
			  ox_star_type_name(s, v), ox_part(s, &want), ox_star_type_name(s, item));
	ox_buf_free(&want);
	return -1;
}

static int check_items(struct ox_star *s, const char *function, const struct ox_star_param *p, ox_star_value v)
{
	enum ox_star_kind kind = ox_star_kind(v);
	ox_star_value key, item;
	if (!(kind & (OX_STAR_T_LIST | OX_STAR_T_TUPLE | OX_STAR_T_SET | OX_STAR_T_DICT)))
		return 0;
	for (size_t i = 0, n = ox_star_len(v); i < n; i++) {
		if (kind == OX_STAR_T_DICT)
			ox_star_entry(v, i, &key, &item);
		else
			item = ox_star_at(s, v, i);
		if (!(ox_star_kind(item) & p->item_types))
			return wrong_item(s, function, p, v, item);
	}
	return 0;
}

static bool native_allowed(const struct ox_star_param *p, ox_star_value v)
{
	const struct ox_star_type *type = ox_star_native_type(v);
	for (const struct ox_star_type *const *t = p->natives; t && *t; t++) {
		if (*t == type)
			return true;
	}
	return !p->natives;
}

int ox_check_kind(struct ox_star *s, const char *function, const struct ox_star_param *p, ox_star_value v)
{
	if (p->types == OX_STAR_T_ANY && !p->item_types)
		return 0;
	enum ox_star_kind kind = ox_star_kind(v);
	if (p->types != OX_STAR_T_ANY && !(kind & p->types))
		return wrong_type(s, function, p, v);
	if (kind == OX_STAR_T_NATIVE && !native_allowed(p, v))
		return wrong_type(s, function, p, v);
	return p->item_types ? check_items(s, function, p, v) : 0;
}

/* A default value: a literal. [] and {} are made anew for each call. */
static ox_star_value literal(struct ox_star *s, const char *text)
{
	size_t len = strlen(text);
	if (strcmp(text, "None") == 0)
		return OX_STAR_NONE;
	if (strcmp(text, "True") == 0 || strcmp(text, "False") == 0)
		return ox_star_bool(*text == 'T');
	if (strcmp(text, "[]") == 0)
		return ox_star_list(s, NULL, 0);
	if (strcmp(text, "{}") == 0)
		return ox_star_dict(s);
	if (strcmp(text, "()") == 0)
		return ox_star_tuple(s, NULL, 0);
	if (len >= 2 && text[0] == '"')
		return ox_star_slice(s, ox_slice(text + 1, len - 2));
	if (strpbrk(text, ".eE"))
		return ox_star_float(s, strtod(text, NULL));
	return ox_star_int(s, strtoll(text, NULL, 10));
}

static bool made_anew(const char *text)
{
	return strcmp(text, "[]") == 0 || strcmp(text, "{}") == 0;
}

struct ox_signature *ox_signature_new(struct ox_star *s, const struct ox_star_function *spec)
{
	struct ox_signature *g = ox_star_alloc(s, sizeof *g);
	if (!g)
		return NULL;
	const struct ox_star_param *p = spec->params;
	while (p && p[g->count].name)
		g->count++;
	g->params = p;
	g->rest = g->named_rest = -1;
	g->plain = true;
	g->foreign = s->foreign;
	g->names = ox_star_alloc(s, g->count * sizeof *g->names);
	g->fallbacks = ox_star_alloc(s, g->count * sizeof *g->fallbacks);
	if (!g->names || !g->fallbacks)
		return NULL;
	for (uint32_t i = 0; i < g->count; i++) {
		uint32_t kind = p[i].kind & OX_STAR_KIND_MASK;
		bool by_position = kind <= OX_STAR_OPTIONAL && g->rest < 0 && !(p[i].kind & OX_STAR_NAMED_ONLY);
		if (by_position)
			g->positional = i + 1;
		else
			g->plain = false;
		if (kind == OX_STAR_REST)
			g->rest = (int)i;
		if (kind == OX_STAR_NAMED_REST) {
			g->named_rest = (int)i;
			g->no_names = ox_star_dict(s);
		}
		g->names[i] = ox_intern(s, ox_slice_str(p[i].name));
		if (kind == OX_STAR_OPTIONAL && p[i].fallback && !made_anew(p[i].fallback))
			g->fallbacks[i] = literal(s, p[i].fallback);
	}
	if (ox_star_ok(g->no_names))
		ox_star_freeze(s, g->no_names);
	return ox_star_failing(s) ? NULL : g;
}

ox_star_value ox_builtin_new(struct ox_star *s, const struct ox_star_function *spec, ox_star_value self, void *data)
{
	struct ox_builtin *b = (struct ox_builtin *)ox_new_object(s, OX_OBJ_BUILTIN, sizeof *b);
	if (!b)
		return OX_STAR_FAILED;
	b->spec = spec;
	b->self = self;
	b->data = data;
	b->signature = ox_signature_new(s, spec);
	return b->signature ? ox_from_object(b) : OX_STAR_FAILED;
}

ox_star_value ox_star_new_function(struct ox_star *s, const struct ox_star_function *f)
{
	return ox_builtin_new(s, f, OX_STAR_FAILED, NULL);
}

ox_star_value ox_star_closure(struct ox_star *s, const struct ox_star_function *f, void *data)
{
	return ox_builtin_new(s, f, OX_STAR_FAILED, data);
}

static int too_many(struct ox_star *s, const struct ox_builtin *b, size_t given)
{
	const struct ox_signature *g = b->signature;
	uint32_t required = 0;
	for (uint32_t i = 0; i < g->positional; i++)
		required += (g->params[i].kind & OX_STAR_KIND_MASK) == OX_STAR_REQUIRED;
	ox_star_fail_with(s, "arguments", NULL, "%s() takes %s%u positional argument%s, got %zu", b->spec->name,
			  required < g->positional ? "at most " : "", g->positional, g->positional == 1 ? "" : "s",
			  given);
	return -1;
}

static int unknown_keyword(struct ox_star *s, const struct ox_builtin *b, ox_star_value name)
{
	const struct ox_signature *g = b->signature;
	struct ox_nearest near = {.wanted = ox_text_of(name)};
	char hint[160];
	for (uint32_t i = 0; i < g->count; i++) {
		bool by_name = (g->params[i].kind & OX_STAR_KIND_MASK) <= OX_STAR_OPTIONAL &&
			       !(g->params[i].kind & OX_STAR_POSITIONAL_ONLY);
		if (by_name)
			ox_nearest_offer(&near, ox_slice_str(g->params[i].name));
	}
	ox_star_fail_with(s, "unknown-argument", ox_nearest_hint(&near, hint), "%s() has no parameter '%.*s'",
			  b->spec->name, OX_SLICE_ARG(ox_text_of(name)));
	return -1;
}

static int bind_named(struct ox_star *s, const struct ox_builtin *b, ox_star_value name, ox_star_value value,
		      ox_star_value *slots)
{
	const struct ox_signature *g = b->signature;
	for (uint32_t i = 0; i < g->count; i++) {
		const struct ox_star_param *p = &g->params[i];
		bool by_name =
		    (p->kind & OX_STAR_KIND_MASK) <= OX_STAR_OPTIONAL && !(p->kind & OX_STAR_POSITIONAL_ONLY);
		if (!by_name ||
		    (!ox_same(g->names[i], name) && !ox_slice_eq(ox_text_of(g->names[i]), ox_text_of(name))))
			continue;
		if (ox_star_ok(slots[i])) {
			ox_star_fail_with(s, "arguments", NULL, "%s() got parameter '%s' twice", b->spec->name,
					  p->name);
			return -1;
		}
		slots[i] = value;
		return 0;
	}
	if (g->named_rest < 0)
		return unknown_keyword(s, b, name);
	int added = ox_dict_store(s, OX_AS(ox_dict, slots[g->named_rest]), name, value);
	if (added == 0)
		ox_star_fail_with(s, "arguments", NULL, "%s() got argument '%.*s' twice", b->spec->name,
				  OX_SLICE_ARG(ox_text_of(name)));
	return added == 1 ? 0 : -1;
}

/* The value of the i-th parameter is wrong: when it was given by name, that is what to mark. */
static void blame_parameter(struct ox_star *s, const struct ox_signature *g, const struct ox_args *args, uint32_t i)
{
	for (size_t k = 0; k < args->named_count; k++) {
		if (ox_slice_eq(ox_text_of(args->names[k]), ox_text_of(g->names[i])))
			ox_blame_argument(s, args, k);
	}
}

static int fill_missing(struct ox_star *s, const struct ox_builtin *b, const struct ox_args *args,
			ox_star_value *slots)
{
	const struct ox_signature *g = b->signature;
	for (uint32_t i = 0; i < g->count; i++) {
		const struct ox_star_param *p = &g->params[i];
		uint32_t kind = p->kind & OX_STAR_KIND_MASK;
		bool given = ox_star_ok(slots[i]);
		if (!given && kind == OX_STAR_REQUIRED) {
			ox_star_fail_with(s, "arguments", NULL, "%s() misses argument '%s'", b->spec->name, p->name);
			return -1;
		}
		if (!given && kind == OX_STAR_OPTIONAL && p->fallback) {
			slots[i] = made_anew(p->fallback) ? literal(s, p->fallback) : g->fallbacks[i];
			if (!ox_star_ok(slots[i]))
				return -1;
		} else if (given && ox_check_kind(s, b->spec->name, p, slots[i]) < 0) {
			blame_parameter(s, g, args, i);
			return -1;
		}
	}
	return 0;
}

static int bind(struct ox_star *s, const struct ox_builtin *b, const struct ox_args *args, ox_star_value *slots)
{
	const struct ox_signature *g = b->signature;
	size_t direct = args->positional_count < g->positional ? args->positional_count : g->positional;
	if (args->positional_count > direct && g->rest < 0)
		return too_many(s, b, args->positional_count);
	memset(slots, 0, g->count * sizeof *slots);
	if (direct)
		memcpy(slots, args->positional, direct * sizeof *slots);
	if (g->rest >= 0)
		slots[g->rest] = ox_star_tuple(s, args->positional + direct, args->positional_count - direct);
	if (g->named_rest >= 0)
		slots[g->named_rest] = args->named_count ? ox_star_dict(s) : g->no_names;
	if (ox_star_failing(s))
		return -1;
	for (size_t i = 0; i < args->named_count; i++) {
		if (bind_named(s, b, args->names[i], args->named[i], slots) < 0) {
			ox_blame_argument(s, args, i);
			return -1;
		}
	}
	return fill_missing(s, b, args, slots);
}

static ox_star_value unbound_argument(struct ox_star *s)
{
	return ox_star_fail_with(s, "unbound-name", NULL, "an argument has no value");
}

/* What a native function that broke its promise looks like from outside. */
static ox_star_value checked(struct ox_star *s, const struct ox_builtin *b, ox_star_value v)
{
	if (ox_star_failing(s))
		return OX_STAR_FAILED;
	if (!ox_star_ok(v))
		return ox_fail_code(s, OX_EINTERNAL, "internal", NULL, "%s() failed without a reason", b->spec->name);
	return v;
}

static ox_star_value run(struct ox_star *s, const struct ox_builtin *b, ox_star_value self, const ox_star_value *args)
{
	bool stopped = b->signature->foreign && ox_time_stop(s);
	ox_star_value v = b->spec->call(s, self, args, b->data);
	if (stopped)
		ox_time_go(s);
	return checked(s, b, v);
}

ox_star_value ox_call_builtin(struct ox_star *s, const struct ox_builtin *b, ox_star_value self,
			      const struct ox_args *args)
{
	const struct ox_signature *g = b->signature;
	for (size_t i = 0; i < args->positional_count; i++) {
		if (!ox_star_ok(args->positional[i]))
			return unbound_argument(s);
	}
	if (g->plain && args->positional_count == g->count && args->named_count == 0) {
		for (uint32_t i = 0; i < g->count; i++) {
			if (ox_check_kind(s, b->spec->name, &g->params[i], args->positional[i]) < 0)
				return OX_STAR_FAILED;
		}
		return run(s, b, self, args->positional);
	}
	ox_star_value *saved = s->stack_top, result = OX_STAR_FAILED;
	ox_star_value *slots = s->stack + OX_STACK_VALUES - saved >= (ptrdiff_t)g->count ? saved : NULL;
	if (!slots)
		return ox_fail_code(s, OX_EEXHAUSTED, "stack-limit", NULL,
				    "calls are nested too deeply: the stack is full");
	s->stack_top = slots + g->count;
	if (bind(s, b, args, slots) == 0)
		result = run(s, b, self, slots);
	s->stack_top = saved;
	return result;
}

ox_star_value ox_call_value(struct ox_star *s, ox_star_value fn, const struct ox_args *args)
{
	if (ox_is(fn, OX_OBJ_FUNCTION))
		return s->machine->run(s, OX_AS(ox_closure, fn), args);
	if (!ox_is(fn, OX_OBJ_BUILTIN))
		return ox_star_fail_with(s, "not-callable", NULL, "%s cannot be called", ox_star_type_name(s, fn));
	const struct ox_builtin *b = OX_AS(ox_builtin, fn);
	if (s->native_depth >= OX_NATIVE_DEPTH_MAX)
		return ox_fail_code(s, OX_EEXHAUSTED, "depth-limit", NULL, "calls are nested too deeply");
	s->native_depth++;
	ox_star_value result = ox_call_builtin(s, b, b->self, args);
	s->native_depth--;
	return result;
}
