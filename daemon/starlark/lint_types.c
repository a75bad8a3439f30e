/* What the tree tells about values: their types, their attributes, what a call calls. */
#include "daemon/starlark/lint_impl.h"

enum { DEPTH_MAX = 16, QUESTIONS_MAX = 5000000 };

static const struct {
	const char *name;
	enum ox_star_kind kind;
} kinds[] = {
    {"string", OX_STAR_T_STRING}, {"bytes", OX_STAR_T_BYTES}, {"list", OX_STAR_T_LIST},     {"dict", OX_STAR_T_DICT},
    {"set", OX_STAR_T_SET},       {"tuple", OX_STAR_T_TUPLE}, {"int", OX_STAR_T_INT},       {"float", OX_STAR_T_FLOAT},
    {"bool", OX_STAR_T_BOOL},     {"range", OX_STAR_T_RANGE}, {"NoneType", OX_STAR_T_NONE},
};

static const struct ox_lint_type unknown = {0};

static struct ox_lint_type of_kind(uint32_t kind)
{
	return (struct ox_lint_type){.kinds = kind};
}

static bool is_single(uint32_t mask)
{
	return mask && !(mask & (mask - 1));
}

const char *ox_lint_type_name(struct ox_lint_type t)
{
	if (t.native)
		return t.native->name;
	for (size_t i = 0; i < OX_COUNT(kinds); i++) {
		if (t.kinds == (uint32_t)kinds[i].kind)
			return kinds[i].name;
	}
	return NULL;
}

static struct ox_lint_type type_named(const struct ox_lint *l, const char *name)
{
	for (size_t i = 0; name && l->tables->types && l->tables->types[i]; i++) {
		if (strcmp(l->tables->types[i]->name, name) == 0)
			return (struct ox_lint_type){OX_STAR_T_NATIVE, l->tables->types[i]};
	}
	for (size_t i = 0; name && i < OX_COUNT(kinds); i++) {
		if (strcmp(kinds[i].name, name) == 0)
			return of_kind(kinds[i].kind);
	}
	return unknown;
}

const struct ox_lint_fact *ox_lint_fact(const struct ox_lint *l, const char *type, struct ox_slice name,
					struct ox_slice argument)
{
	for (const struct ox_lint_fact *f = l->tables->facts; f && f->name; f++) {
		bool same_type = type && f->type ? strcmp(type, f->type) == 0 : type == f->type;
		if (same_type && ox_slice_eq_str(name, f->name) && ox_slice_eq_str(argument, f->argument))
			return f;
	}
	return NULL;
}

/* ---- members ---- */

static bool find_member(const char *type, const struct ox_star_function *methods, const struct ox_star_attr_spec *attrs,
			struct ox_slice name, struct ox_lint_member *m)
{
	*m = (struct ox_lint_member){.type = type};
	for (; methods && methods->name; methods++) {
		if (ox_slice_eq_str(name, methods->name)) {
			m->method = methods;
			return true;
		}
	}
	for (; attrs && attrs->name; attrs++) {
		if (ox_slice_eq_str(name, attrs->name)) {
			m->attr = attrs;
			return true;
		}
	}
	return false;
}

bool ox_lint_member_of(const struct ox_lint *l, struct ox_lint_type t, struct ox_slice name, struct ox_lint_member *m)
{
	const char *type = ox_lint_type_name(t);
	if (!type)
		return false;
	if (t.native)
		return find_member(type, t.native->methods, t.native->attrs, name, m);
	return find_member(type, l->tables->methods_of(type), NULL, name, m);
}

static void each_of(const char *type, const struct ox_star_function *methods, const struct ox_star_attr_spec *attrs,
		    void *user, void (*each)(void *user, struct ox_slice name, const struct ox_lint_member *m))
{
	for (; methods && methods->name; methods++)
		each(user, ox_slice_str(methods->name), &(struct ox_lint_member){.type = type, .method = methods});
	for (; attrs && attrs->name; attrs++)
		each(user, ox_slice_str(attrs->name), &(struct ox_lint_member){.type = type, .attr = attrs});
}

void ox_lint_each_member(const struct ox_lint *l, void *user,
			 void (*each)(void *user, struct ox_slice name, const struct ox_lint_member *m))
{
	for (size_t i = 0; i < OX_COUNT(kinds); i++)
		each_of(kinds[i].name, l->tables->methods_of(kinds[i].name), NULL, user, each);
	for (size_t i = 0; l->tables->types && l->tables->types[i]; i++) {
		const struct ox_star_type *t = l->tables->types[i];
		each_of(t->name, t->methods, t->attrs, user, each);
	}
}

/* ---- calls ---- */

struct ox_lint_callee ox_lint_callee(struct ox_lint *l, const struct ox_node *call)
{
	struct ox_lint_callee callee = {0};
	const struct ox_node *f = call->a;
	struct ox_lint_member m;
	if (ox_lint_is_predeclared(f)) {
		l->tables->find(l->tables->user, f->text, &callee.native);
	} else if (f->kind == OX_NODE_IDENT) {
		const struct ox_name *name = ox_lint_name_of(l, f);
		if (name && name->writes == 1 && name->use == OX_NAME_DEFINED)
			callee.def = name->value;
	} else if (f->kind == OX_NODE_DOT && ox_lint_member_of(l, ox_lint_type_of(l, f->a), f->text, &m)) {
		callee.native = m.method;
		callee.type = m.type;
	}
	return callee;
}

static bool same_type(struct ox_lint_type a, struct ox_lint_type b)
{
	return a.kinds == b.kinds && a.native == b.native;
}

/* The type of all `return value` statements; false: they differ, or one is not known. */
static bool returns(struct ox_lint *l, const struct ox_node *n, struct ox_lint_type *type)
{
	for (; n; n = n->next) {
		if (n->kind == OX_NODE_RETURN) {
			struct ox_lint_type t = n->a ? ox_lint_type_of(l, n->a) : of_kind(OX_STAR_T_NONE);
			if (!t.kinds || (type->kinds && !same_type(t, *type)))
				return false;
			*type = t;
		}
		bool holds = n->kind == OX_NODE_IF || n->kind == OX_NODE_FOR;
		if (holds && (!returns(l, n->c, type) || (n->kind == OX_NODE_IF && !returns(l, n->b, type))))
			return false;
	}
	return true;
}

static struct ox_lint_type result_of_def(struct ox_lint *l, const struct ox_node *def)
{
	struct ox_lint_type type = unknown;
	const struct ox_function *outer = l->function;
	l->function = def->func;
	bool known = returns(l, def->c, &type);
	l->function = outer;
	return known ? type : unknown;
}

static struct ox_lint_type result_of_call(struct ox_lint *l, const struct ox_node *call)
{
	struct ox_lint_callee callee = ox_lint_callee(l, call);
	if (callee.def)
		return result_of_def(l, callee.def);
	if (!callee.native)
		return unknown;
	if (callee.native->params && callee.native->params == l->tables->refused)
		return of_kind(OX_STAR_T_NATIVE);
	const struct ox_lint_fact *fact = ox_lint_fact(l, callee.type, ox_slice_str(callee.native->name), OX_SLICE(""));
	if (fact && fact->result)
		return type_named(l, fact->result);
	uint32_t mask = callee.native->returns;
	return is_single(mask) && mask != OX_STAR_T_NATIVE ? of_kind(mask) : unknown;
}

/* ---- names ---- */

/* A target's function gets what the functions of the targets that it depends on gave. */
static struct ox_lint_type type_of_parameter(struct ox_lint *l, const struct ox_name *name)
{
	size_t index = 0;
	const struct ox_node *def = name->owner->node;
	const struct ox_node *p = def && def->kind == OX_NODE_DEF ? def->b : NULL;
	for (; p && p->a != name->first; p = p->next)
		index++;
	for (size_t i = 0; p && i < l->targets.len; i++) {
		const struct ox_lint_target *t = &l->targets.items[i];
		const struct ox_node *wanted = t->def == def && t->depends ? t->depends->a : NULL;
		for (size_t k = 0; wanted && k < index; k++)
			wanted = wanted->next;
		for (size_t k = 0; wanted && wanted->kind == OX_NODE_STRING && k < l->targets.len; k++) {
			if (ox_slice_eq(l->targets.items[k].name, wanted->text))
				return result_of_def(l, l->targets.items[k].def);
		}
	}
	return unknown;
}

static struct ox_lint_type type_of_name(struct ox_lint *l, const struct ox_node *n)
{
	if (ox_lint_is_predeclared(n)) {
		const struct ox_star_function *function = NULL;
		const struct ox_lint_fact *fact = ox_lint_fact(l, NULL, n->text, OX_SLICE(""));
		l->tables->find(l->tables->user, n->text, &function);
		if (ox_slice_eq_str(n->text, "None"))
			return of_kind(OX_STAR_T_NONE);
		if (ox_slice_eq_str(n->text, "True") || ox_slice_eq_str(n->text, "False"))
			return of_kind(OX_STAR_T_BOOL);
		return function ? of_kind(OX_STAR_T_FUNCTION) : type_named(l, fact ? fact->result : NULL);
	}
	const struct ox_name *name = ox_lint_name_of(l, n);
	if (!name || name->writes != 1)
		return unknown;
	if (name->use == OX_NAME_PARAMETER)
		return type_of_parameter(l, name);
	if (name->use == OX_NAME_DEFINED)
		return of_kind(OX_STAR_T_FUNCTION);
	if (!name->value)
		return unknown;
	const struct ox_function *outer = l->function;
	l->function = name->owner;
	struct ox_lint_type type = ox_lint_type_of(l, name->value);
	l->function = outer;
	return type;
}

static struct ox_lint_type type_of_binary(struct ox_lint *l, const struct ox_node *n)
{
	switch (n->op) {
	case OX_TOK_EQEQ:
	case OX_TOK_NE:
	case OX_TOK_LT:
	case OX_TOK_GT:
	case OX_TOK_LE:
	case OX_TOK_GE:
	case OX_TOK_IN:
	case OX_TOK_NOT_IN:
		return of_kind(OX_STAR_T_BOOL);
	case OX_TOK_PLUS:
	case OX_TOK_PERCENT: {
		struct ox_lint_type left = ox_lint_type_of(l, n->a);
		return left.kinds == OX_STAR_T_STRING || left.kinds == OX_STAR_T_LIST ? left : unknown;
	}
	default:
		return unknown;
	}
}

static struct ox_lint_type type_of(struct ox_lint *l, const struct ox_node *n)
{
	static const uint32_t literals[] = {
	    [OX_NODE_INT] = OX_STAR_T_INT,       [OX_NODE_FLOAT] = OX_STAR_T_FLOAT,
	    [OX_NODE_STRING] = OX_STAR_T_STRING, [OX_NODE_BYTES] = OX_STAR_T_BYTES,
	    [OX_NODE_LIST] = OX_STAR_T_LIST,     [OX_NODE_TUPLE] = OX_STAR_T_TUPLE,
	    [OX_NODE_DICT] = OX_STAR_T_DICT,     [OX_NODE_LAMBDA] = OX_STAR_T_FUNCTION,
	    [OX_NODE_LISTCOMP] = OX_STAR_T_LIST, [OX_NODE_DICTCOMP] = OX_STAR_T_DICT,
	};
	struct ox_lint_member m;
	struct ox_lint_type a, b;
	switch (n->kind) {
	case OX_NODE_IDENT:
		return type_of_name(l, n);
	case OX_NODE_CALL:
		return result_of_call(l, n);
	case OX_NODE_BINARY:
		return type_of_binary(l, n);
	case OX_NODE_UNARY:
		return n->op == OX_TOK_NOT ? of_kind(OX_STAR_T_BOOL) : ox_lint_type_of(l, n->a);
	case OX_NODE_COND:
		a = ox_lint_type_of(l, n->a);
		b = ox_lint_type_of(l, n->c);
		return same_type(a, b) ? a : unknown;
	case OX_NODE_DOT:
		if (!ox_lint_member_of(l, ox_lint_type_of(l, n->a), n->text, &m))
			return unknown;
		if (m.method)
			return of_kind(OX_STAR_T_FUNCTION);
		return is_single(m.attr->types) && m.attr->types != OX_STAR_T_NATIVE ? of_kind(m.attr->types) : unknown;
	default:
		return of_kind(n->kind < OX_COUNT(literals) ? literals[n->kind] : 0);
	}
}

struct ox_lint_type ox_lint_type_of(struct ox_lint *l, const struct ox_node *n)
{
	if (l->depth >= DEPTH_MAX || l->questions++ >= QUESTIONS_MAX)
		return unknown;
	l->depth++;
	struct ox_lint_type t = type_of(l, n);
	l->depth--;
	return t;
}
