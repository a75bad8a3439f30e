/* What the names of a file are bound to and how they are used; those that are useless or misleading. */
#include "daemon/starlark/lint_impl.h"

static void statements(struct ox_lint *l, struct ox_node *n);
static void expression(struct ox_lint *l, struct ox_node *n);

/* A variable of an outer function is one name, however many functions it passes through. */
static const struct ox_binding *root(const struct ox_lint *l, const struct ox_binding *b)
{
	const struct ox_function *f = l->function;
	while (b && b->scope == OX_SCOPE_FREE && f) {
		b = f->free.items[b->slot];
		f = f->parent;
	}
	return b;
}

struct ox_name *ox_lint_name_of(const struct ox_lint *l, const struct ox_node *ident)
{
	const struct ox_binding *b = ident->kind == OX_NODE_IDENT ? root(l, ident->binding) : NULL;
	return b ? ox_map_get(&l->names, ox_slice(&b, sizeof b)) : NULL;
}

static struct ox_name *name_for(struct ox_lint *l, const struct ox_node *ident)
{
	struct ox_name *name = ox_lint_name_of(l, ident);
	if (name || !ident->binding)
		return name;
	name = ox_arena_alloc(&l->arena, sizeof *name);
	if (name) {
		name->binding = root(l, ident->binding);
		void **slot = ox_map_put(&l->names, ox_slice(&name->binding, sizeof name->binding), NULL);
		if (slot)
			*slot = name;
		else
			name = NULL;
	}
	l->exhausted |= !name;
	return name;
}

static void read_name(struct ox_lint *l, const struct ox_node *ident, bool called)
{
	enum ox_scope scope = ident->binding ? ident->binding->scope : OX_SCOPE_UNKNOWN;
	struct ox_name *name = scope == OX_SCOPE_PREDECLARED || scope == OX_SCOPE_UNKNOWN ? NULL : name_for(l, ident);
	if (!name)
		return;
	name->reads++;
	name->values += !called;
}

/* `updates`: the new value is made from the old one. */
static void bind(struct ox_lint *l, const struct ox_node *ident, enum ox_name_use use, const struct ox_node *value,
		 bool updates)
{
	struct ox_name *name = name_for(l, ident);
	if (!name)
		return;
	if (name->writes++ == 0) {
		name->use = use;
		name->first = ident;
		name->owner = l->function;
		name->value = value;
		name->nested = l->nested > 0;
		return;
	}
	name->value = NULL;
	if (!name->again && !updates && !name->nested && l->nested == 0)
		name->again = ident;
}

static void bind_target(struct ox_lint *l, struct ox_node *t, enum ox_name_use use, const struct ox_node *value,
			bool updates)
{
	if (t->kind == OX_NODE_IDENT) {
		bind(l, t, use, value, updates);
	} else if (t->kind == OX_NODE_LIST || t->kind == OX_NODE_TUPLE) {
		enum ox_name_use part = use == OX_NAME_ASSIGNED ? OX_NAME_UNPACKED : use;
		for (struct ox_node *n = t->a; n; n = n->next)
			bind_target(l, n, part, NULL, updates);
	} else {
		expression(l, t);
	}
}

static void each_expression(struct ox_lint *l, struct ox_node *n)
{
	for (; n; n = n->next)
		expression(l, n);
}

static void function(struct ox_lint *l, struct ox_node *n, struct ox_node *params, struct ox_node *body)
{
	for (struct ox_node *p = params; p; p = p->next)
		expression(l, p->b);
	const struct ox_function *outer = l->function;
	uint32_t nested = l->nested;
	l->function = n->func;
	l->nested = 0;
	for (struct ox_node *p = params; p; p = p->next) {
		if (p->a)
			bind(l, p->a, OX_NAME_PARAMETER, NULL, false);
	}
	if (n->kind == OX_NODE_LAMBDA)
		expression(l, body);
	else
		statements(l, body);
	l->function = outer;
	l->nested = nested;
}

static void comprehension(struct ox_lint *l, struct ox_node *n)
{
	for (struct ox_node *c = n->b; c; c = c->next) {
		if (c->kind == OX_NODE_FOR_CLAUSE) {
			expression(l, c->b);
			bind_target(l, c->a, OX_NAME_LOOP, NULL, false);
		} else {
			expression(l, c->a);
		}
	}
	expression(l, n->a);
}

/* register_target("name", function, ["names"]), recognised by what the arguments are. */
static void registration(struct ox_lint *l, const struct ox_node *call)
{
	const char *registers = l->tables->registers;
	struct ox_lint_target t = {0};
	if (!registers || !ox_lint_is_predeclared(call->a) || !ox_slice_eq_str(call->a->text, registers))
		return;
	l->is_main = true;
	for (const struct ox_node *arg = call->b; arg; arg = arg->next) {
		const struct ox_name *name = ox_lint_name_of(l, arg->a);
		if (arg->a->kind == OX_NODE_STRING && !t.name.data)
			t.name = arg->a->text;
		else if (arg->a->kind == OX_NODE_LIST)
			t.depends = arg->a;
		else if (name && name->use == OX_NAME_DEFINED && name->value)
			t.def = name->value;
	}
	struct ox_lint_target *slot = t.name.data && t.def ? ox_vec_push(&l->targets) : NULL;
	if (slot)
		*slot = t;
}

static void expression(struct ox_lint *l, struct ox_node *n)
{
	if (!n)
		return;
	switch (n->kind) {
	case OX_NODE_IDENT:
		read_name(l, n, false);
		break;
	case OX_NODE_CALL:
		if (n->a->kind == OX_NODE_IDENT)
			read_name(l, n->a, true);
		else
			expression(l, n->a);
		each_expression(l, n->b);
		registration(l, n);
		break;
	case OX_NODE_LIST:
	case OX_NODE_TUPLE:
	case OX_NODE_DICT:
		each_expression(l, n->a);
		break;
	case OX_NODE_LAMBDA:
		function(l, n, n->a, n->b);
		break;
	case OX_NODE_LISTCOMP:
	case OX_NODE_DICTCOMP:
		comprehension(l, n);
		break;
	default:
		expression(l, n->a);
		expression(l, n->b);
		expression(l, n->c);
		expression(l, n->d);
	}
}

static void assignment(struct ox_lint *l, struct ox_node *n)
{
	const struct ox_name *before = ox_lint_name_of(l, n->a);
	uint32_t reads = before ? before->reads : 0;
	expression(l, n->b);
	bind_target(l, n->a, OX_NAME_ASSIGNED, n->b, before && before->reads > reads);
}

static void block(struct ox_lint *l, struct ox_node *n)
{
	l->nested++;
	statements(l, n);
	l->nested--;
}

static void statement(struct ox_lint *l, struct ox_node *n)
{
	switch (n->kind) {
	case OX_NODE_ASSIGN:
		assignment(l, n);
		break;
	case OX_NODE_AUGMENTED:
		/* Reads it too: a list may be known by another name. */
		expression(l, n->a);
		expression(l, n->b);
		if (n->a->kind == OX_NODE_IDENT)
			bind(l, n->a, OX_NAME_ASSIGNED, NULL, true);
		break;
	case OX_NODE_DEF:
		bind(l, n->a, OX_NAME_DEFINED, n, false);
		function(l, n, n->b, n->c);
		break;
	case OX_NODE_FOR:
		expression(l, n->b);
		bind_target(l, n->a, OX_NAME_LOOP, NULL, false);
		block(l, n->c);
		break;
	case OX_NODE_IF:
		expression(l, n->a);
		block(l, n->b);
		block(l, n->c);
		break;
	case OX_NODE_LOAD:
		for (struct ox_node *b = n->b; b; b = b->next)
			bind(l, b->a, OX_NAME_LOADED, NULL, false);
		break;
	default:
		expression(l, n->a); /* EXPR, RETURN */
	}
}

static void statements(struct ox_lint *l, struct ox_node *n)
{
	for (; n && !l->exhausted; n = n->next)
		statement(l, n);
}

void ox_lint_collect(struct ox_lint *l, struct ox_node *tree)
{
	statements(l, tree);
}

/* ---- the remarks ---- */

static bool is_private(struct ox_slice name)
{
	return name.len > 0 && name.data[0] == '_';
}

static bool is_kept(const struct ox_lint *l, struct ox_slice name)
{
	const char *const *kept = l->tables->kept;
	for (size_t i = 0; kept && kept[i]; i++) {
		if (ox_slice_eq_str(name, kept[i]))
			return true;
	}
	return false;
}

/* Whoever takes a function as a value decides what it is called with. */
static bool signature_is_free(const struct ox_lint *l, const struct ox_function *f)
{
	const struct ox_name *name = f->node->kind == OX_NODE_DEF ? ox_lint_name_of(l, f->node->a) : NULL;
	if (!name || name->value != f->node)
		return false;
	bool visible = !name->owner->node && !l->is_main && !is_private(name->binding->name);
	return name->reads > 0 && name->values == 0 && !visible;
}

static void check_unused(struct ox_lint *l, const struct ox_name *name)
{
	struct ox_slice text = name->binding->name;
	bool global = !name->owner->node;
	if (name->reads > 0 || name->use == OX_NAME_LOOP)
		return;
	if (name->use == OX_NAME_LOADED)
		ox_lint_tell(l, "unused-load", name->first->span, NULL, "'%.*s' is loaded and never used",
			     OX_SLICE_ARG(text));
	else if (global && (is_private(text) || (l->is_main && name->use != OX_NAME_UNPACKED)) && !is_kept(l, text))
		ox_lint_tell(l, "unused-global", name->first->span, NULL, "the global '%.*s' is never used",
			     OX_SLICE_ARG(text));
	else if (global || is_private(text) || name->use == OX_NAME_UNPACKED)
		return;
	else if (name->use != OX_NAME_PARAMETER)
		ox_lint_tell(l, "unused-variable", name->first->span, NULL, "'%.*s' is never read", OX_SLICE_ARG(text));
	else if (signature_is_free(l, name->owner))
		ox_lint_tell(l, "unused-parameter", name->first->span, NULL, "the parameter '%.*s' is never used",
			     OX_SLICE_ARG(text));
}

static void check_shadowed(struct ox_lint *l, const struct ox_name *name)
{
	const struct ox_star_function *function;
	if (l->tables->find(l->tables->user, name->binding->name, &function))
		ox_lint_tell(l, "shadowed-name", name->first->span, "use another name",
			     "'%.*s' hides a predeclared name", OX_SLICE_ARG(name->binding->name));
}

static void check_rebound(struct ox_lint *l, const struct ox_name *name)
{
	if (name->owner->node || !name->again)
		return;
	ox_lint_tell(l, "rebound-global", name->again->span, NULL, "'%.*s' is bound again; it was on line %u already",
		     OX_SLICE_ARG(name->binding->name), ox_source_line_of(&l->source, name->first->span.start));
}

void ox_lint_names(struct ox_lint *l)
{
	for (size_t i = 0; i < l->names.len; i++) {
		const struct ox_name *name = l->names.entries[i].value;
		if (!name->first)
			continue;
		check_unused(l, name);
		check_shadowed(l, name);
		check_rebound(l, name);
	}
}
