/* Names, attributes and calls, compared with the tables of what there is. */
#include "daemon/starlark/lint_impl.h"

static const struct ox_slice itself = {"", 0};

static void tell_deprecated(struct ox_lint *l, const struct ox_lint_fact *fact, struct ox_span span, const char *what)
{
	char hint[320];
	if (!fact || !fact->modern)
		return;
	snprintf(hint, sizeof hint, "use %s", fact->modern);
	ox_lint_tell(l, "deprecated", span, hint, "%s '%s' is of an older generation", what,
		     fact->argument ? fact->argument : fact->name);
}

/* ---- attributes ---- */

static void offer(void *user, struct ox_slice name, const struct ox_lint_member *m OX_UNUSED)
{
	ox_nearest_offer(user, name);
}

struct only {
	struct ox_nearest near;
	const char *type;
};

static void offer_of_type(void *user, struct ox_slice name, const struct ox_lint_member *m)
{
	struct only *only = user;
	if (strcmp(m->type, only->type) == 0)
		ox_nearest_offer(&only->near, name);
}

/* What all types together say of a member's name. */
struct survey {
	const struct ox_lint *l;
	struct ox_slice wanted;
	const struct ox_lint_fact *fact;
	size_t found, deprecated;
};

static void look(void *user, struct ox_slice name, const struct ox_lint_member *m)
{
	struct survey *s = user;
	if (!ox_slice_eq(name, s->wanted))
		return;
	const struct ox_lint_fact *fact = ox_lint_fact(s->l, m->type, name, itself);
	s->found++;
	if (fact && fact->modern) {
		s->fact = fact;
		s->deprecated++;
	}
}

static void unknown_member(struct ox_lint *l, const struct ox_node *n, const char *type)
{
	char hint[160];
	struct only only = {.near.wanted = n->text, .type = type};
	ox_lint_each_member(l, type ? (void *)&only : (void *)&only.near, type ? offer_of_type : offer);
	if (type)
		ox_lint_tell(l, "unknown-attribute", n->point, ox_nearest_hint(&only.near, hint),
			     "a %s has no attribute or method '%.*s'", type, OX_SLICE_ARG(n->text));
	else
		ox_lint_tell(l, "unknown-attribute", n->point, ox_nearest_hint(&only.near, hint),
			     "no value has an attribute or method '%.*s'", OX_SLICE_ARG(n->text));
}

static void use_member(struct ox_lint *l, const struct ox_node *n)
{
	struct ox_lint_type t = ox_lint_type_of(l, n->a);
	const char *type = ox_lint_type_name(t);
	struct ox_lint_member m;
	if (type && ox_lint_member_of(l, t, n->text, &m)) {
		tell_deprecated(l, ox_lint_fact(l, type, n->text, itself), n->point,
				m.method ? "the method" : "the attribute");
		return;
	}
	if (type) {
		if (!t.native || !t.native->get_other)
			unknown_member(l, n, type);
		return;
	}
	if (t.kinds)
		return; /* made by something that is not there, which has been told */
	struct survey s = {.l = l, .wanted = n->text};
	ox_lint_each_member(l, &s, look);
	if (!s.found)
		unknown_member(l, n, NULL);
	else if (s.found == s.deprecated)
		tell_deprecated(l, s.fact, n->point, "the name");
}

/* ---- calls ---- */

static bool accepts(const struct ox_star_param *p, struct ox_lint_type t)
{
	if (!p->types || !t.kinds)
		return true;
	if (!(p->types & t.kinds))
		return false;
	for (size_t i = 0; t.native && p->natives; i++) {
		if (!p->natives[i])
			return false;
		if (p->natives[i] == t.native)
			return true;
	}
	return true;
}

static void check_value(struct ox_lint *l, const struct ox_star_param *p, const struct ox_node *arg, const char *name)
{
	struct ox_lint_type t = ox_lint_type_of(l, arg->a);
	const char *type = ox_lint_type_name(t);
	if (type && !accepts(p, t))
		ox_lint_tell(l, "wrong-type", arg->a->span, NULL, "%s() does not take a %s for '%s'", name, type,
			     p->name);
}

/* The parameter that takes the index-th positional argument. */
static const struct ox_star_param *by_place(const struct ox_star_param *params, size_t index)
{
	for (const struct ox_star_param *p = params; p && p->name; p++) {
		uint32_t kind = p->kind & OX_STAR_KIND_MASK;
		if (kind == OX_STAR_REST)
			return p;
		if (kind == OX_STAR_NAMED_REST || p->kind & OX_STAR_NAMED_ONLY)
			return NULL;
		if (index-- == 0)
			return p;
	}
	return NULL;
}

static const struct ox_star_param *by_name(const struct ox_star_param *params, struct ox_slice name)
{
	for (const struct ox_star_param *p = params; p && p->name; p++) {
		uint32_t kind = p->kind & OX_STAR_KIND_MASK;
		if (kind == OX_STAR_NAMED_REST)
			return p;
		if (kind != OX_STAR_REST && !(p->kind & OX_STAR_POSITIONAL_ONLY) && ox_slice_eq_str(name, p->name))
			return p;
	}
	return NULL;
}

/* The keyword of an argument. */
static struct ox_span keyword_of(const struct ox_node *arg)
{
	return (struct ox_span){arg->span.start, arg->span.start + (uint32_t)arg->text.len};
}

static void unknown_argument(struct ox_lint *l, const struct ox_node *arg, struct ox_nearest *near, const char *name)
{
	char hint[160];
	near->wanted = arg->text;
	ox_lint_tell(l, "unknown-argument", keyword_of(arg), ox_nearest_hint(near, hint), "%s() has no argument '%.*s'",
		     name, OX_SLICE_ARG(arg->text));
}

static bool takes_one(const struct ox_star_param *p)
{
	uint32_t kind = p->kind & OX_STAR_KIND_MASK;
	return kind != OX_STAR_REST && kind != OX_STAR_NAMED_REST;
}

static void check_required(struct ox_lint *l, const struct ox_node *call, const struct ox_star_function *f,
			   size_t positional)
{
	size_t index = 0;
	for (const struct ox_star_param *p = f->params; p && p->name; p++, index++) {
		bool given = index < positional && !(p->kind & OX_STAR_NAMED_ONLY);
		for (const struct ox_node *arg = call->b; arg && !given; arg = arg->next)
			given = arg->op != 0 || ox_slice_eq_str(arg->text, p->name);
		if (!given && (p->kind & OX_STAR_KIND_MASK) == OX_STAR_REQUIRED)
			ox_lint_tell(l, "wrong-arguments", call->point, NULL, "%s() needs the argument '%s'", f->name,
				     p->name);
	}
}

static void check_native(struct ox_lint *l, const struct ox_node *call, const struct ox_lint_callee *callee)
{
	const struct ox_star_function *f = callee->native;
	struct ox_slice name = ox_slice_str(f->name);
	size_t positional = 0;
	for (const struct ox_node *arg = call->b; arg; arg = arg->next) {
		if (arg->op)
			continue; /* *args, **kwargs */
		bool named = arg->text.len > 0;
		const struct ox_star_param *p =
		    named ? by_name(f->params, arg->text) : by_place(f->params, positional++);
		if (named)
			tell_deprecated(l, ox_lint_fact(l, callee->type, name, arg->text), keyword_of(arg),
					"the argument");
		if (p && takes_one(p)) {
			check_value(l, p, arg, f->name);
		} else if (!p && named) {
			struct ox_nearest near = {.wanted = arg->text};
			for (p = f->params; p && p->name; p++)
				ox_nearest_offer(&near, ox_slice_str(p->name));
			unknown_argument(l, arg, &near, f->name);
		} else if (!p) {
			ox_lint_tell(l, "wrong-arguments", arg->a->span, NULL, "too many arguments for %s()", f->name);
		}
	}
	check_required(l, call, f, positional);
}

/* A function of the file. */
static void check_def(struct ox_lint *l, const struct ox_node *call, const struct ox_node *def)
{
	char name[64];
	size_t positional = 0, places = 0;
	bool rest = false, named_rest = false, after_star = false, spread = false;
	struct ox_nearest near = {0};
	snprintf(name, sizeof name, "%.*s", OX_SLICE_ARG(def->a->text));
	for (const struct ox_node *p = def->b; p; p = p->next) {
		rest |= p->op == OX_TOK_STAR && p->a;
		named_rest |= p->op == OX_TOK_STARSTAR;
		after_star |= p->op == OX_TOK_STAR;
		places += p->op == 0 && !after_star;
	}
	for (const struct ox_node *arg = call->b; arg; arg = arg->next) {
		bool known = named_rest || arg->text.len == 0;
		near = (struct ox_nearest){.wanted = arg->text};
		for (const struct ox_node *p = def->b; p && !known; p = p->next) {
			known = p->op == 0 && ox_slice_eq(p->a->text, arg->text);
			if (p->op == 0)
				ox_nearest_offer(&near, p->a->text);
		}
		if (!known)
			unknown_argument(l, arg, &near, name);
		spread |= arg->op != 0;
		positional += arg->op == 0 && arg->text.len == 0;
		if (arg->op == 0 && arg->text.len == 0 && positional == places + 1 && !rest)
			ox_lint_tell(l, "wrong-arguments", arg->a->span, NULL, "too many arguments for %s()", name);
	}
	for (const struct ox_node *p = def->b; p && !spread; p = p->next) {
		bool given = p->op != 0 || p->b || (positional > 0 && places > 0);
		if (p->op == 0 && positional > 0 && places > 0) {
			positional--;
			places--;
		}
		for (const struct ox_node *arg = call->b; arg && !given; arg = arg->next)
			given = ox_slice_eq(arg->text, p->a->text);
		if (!given)
			ox_lint_tell(l, "wrong-arguments", call->point, NULL, "%s() needs the argument '%.*s'", name,
				     OX_SLICE_ARG(p->a->text));
	}
}

static void use_call(struct ox_lint *l, const struct ox_node *n)
{
	struct ox_lint_callee callee = ox_lint_callee(l, n);
	if (callee.def)
		check_def(l, n, callee.def);
	if (!callee.native)
		return;
	if (callee.native->params && callee.native->params == l->tables->refused) {
		ox_lint_tell(l, "not-available", n->a->point, callee.native->doc, "%s() is not available",
			     callee.native->name);
		return;
	}
	check_native(l, n, &callee);
}

void ox_lint_use(struct ox_lint *l, const struct ox_node *n)
{
	if (n->kind == OX_NODE_DOT)
		use_member(l, n);
	else if (n->kind == OX_NODE_CALL)
		use_call(l, n);
	else if (ox_lint_is_predeclared(n))
		tell_deprecated(l, ox_lint_fact(l, NULL, n->text, itself), n->span, "the name");
}

/* x.attribute = value */
void ox_lint_assignment(struct ox_lint *l, const struct ox_node *n)
{
	struct ox_lint_member m;
	if (n->a->kind != OX_NODE_DOT || !ox_lint_member_of(l, ox_lint_type_of(l, n->a->a), n->a->text, &m))
		return;
	if (m.method || !m.attr->set) {
		ox_lint_tell(l, "read-only", n->a->point, NULL, "'%.*s' of a %s cannot be set",
			     OX_SLICE_ARG(n->a->text), m.type);
		return;
	}
	struct ox_lint_type t = ox_lint_type_of(l, n->b);
	const char *type = ox_lint_type_name(t);
	if (n->kind == OX_NODE_ASSIGN && type && m.attr->types && !(m.attr->types & t.kinds))
		ox_lint_tell(l, "wrong-type", n->b->span, NULL, "'%s' of a %s does not take a %s", m.attr->name, m.type,
			     type);
}
