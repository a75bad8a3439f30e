#include "daemon/starlark/resolve.h"

/* A comprehension's variables; the function's own names are in func->names. */
struct block {
	struct block *parent;
	uint32_t count;
	struct block_name *names;
};

struct block_name {
	struct block_name *next;
	struct ox_binding *binding;
};

struct resolver {
	struct ox_globals *globals;
	struct ox_arena *arena;
	struct ox_report *report;
	const struct ox_resolve_options *options;
	struct ox_function *made;
	struct context *context;
	bool exhausted;
	bool quiet; /* unknown names were told often enough */
	uint32_t unknown_count;
};

/* The function being resolved, and where in it we are. */
struct context {
	struct context *parent;
	struct ox_function *func;
	struct block *block;
	uint32_t loops;
};

static void expression(struct resolver *r, struct ox_node *n);
static void statements(struct resolver *r, struct ox_node *n);

static struct ox_binding *no_memory(struct resolver *r)
{
	r->exhausted = true;
	return NULL;
}

static struct ox_binding *new_binding(struct resolver *r, const struct ox_node *ident, enum ox_scope scope)
{
	struct ox_binding *b = ox_arena_alloc(r->arena, sizeof *b);
	if (!b)
		return no_memory(r);
	*b = (struct ox_binding){.name = ident->text, .scope = scope, .first = ident->span};
	return b;
}

static struct ox_binding *new_local(struct resolver *r, const struct ox_node *ident)
{
	struct ox_function *f = r->context->func;
	struct ox_binding *b = new_binding(r, ident, OX_SCOPE_LOCAL);
	struct ox_binding **place = b ? ox_vec_push(&f->locals) : NULL;
	if (!place)
		return no_memory(r);
	b->slot = (uint32_t)f->locals.len - 1;
	return *place = b;
}

static struct ox_binding *new_global(struct resolver *r, const struct ox_node *ident)
{
	void **known = ox_map_find(&r->globals->map, ident->text);
	if (known)
		return *known;
	struct ox_binding *b = new_binding(r, ident, OX_SCOPE_GLOBAL);
	struct ox_binding **place = b ? ox_vec_push(&r->globals->list) : NULL;
	void **entry = place ? ox_map_put(&r->globals->map, ident->text, NULL) : NULL;
	if (!entry)
		return no_memory(r);
	b->slot = (uint32_t)r->globals->list.len - 1;
	*place = b;
	*entry = b;
	return b;
}

/* Bind in the function's outermost block; the same name gives the same binding. */
static struct ox_binding *bind(struct resolver *r, const struct ox_node *ident)
{
	struct ox_function *f = r->context->func;
	if (!f->node)
		return new_global(r, ident);
	bool added;
	void **entry = ox_map_put(&f->names, ident->text, &added);
	if (!entry)
		return no_memory(r);
	if (added)
		*entry = new_local(r, ident);
	return *entry;
}

static void bind_name(struct resolver *r, struct ox_node *ident)
{
	bool known = !r->context->func->node && ox_map_find(&r->globals->map, ident->text);
	ident->binding = bind(r, ident);
	if (known && r->options->spec_top_level)
		ox_report_error(r->report, "rebound-global", ident->span, "global '%.*s' is bound twice",
				OX_SLICE_ARG(ident->text));
}

static void bind_target(struct resolver *r, struct ox_node *t)
{
	if (t->kind == OX_NODE_IDENT) {
		bind_name(r, t);
	} else if (t->kind == OX_NODE_LIST || t->kind == OX_NODE_TUPLE) {
		for (struct ox_node *n = t->a; n; n = n->next)
			bind_target(r, n);
	}
}

static void bind_load(struct resolver *r, struct ox_node *load)
{
	for (struct ox_node *n = load->b; n; n = n->next) {
		bind_target(r, n->a);
		if (n->a->binding)
			n->a->binding->loaded = true;
	}
}

/* All names that a chain of statements binds, inner functions left out. */
static void bind_statements(struct resolver *r, struct ox_node *n)
{
	for (; n && !r->exhausted; n = n->next) {
		switch (n->kind) {
		case OX_NODE_ASSIGN:
			bind_target(r, n->a);
			break;
		case OX_NODE_AUGMENTED:
			/* x += 1 binds x, which makes it local to a function. */
			if (n->a->kind == OX_NODE_IDENT)
				bind_name(r, n->a);
			break;
		case OX_NODE_DEF:
			bind_target(r, n->a);
			break;
		case OX_NODE_FOR:
			bind_target(r, n->a);
			bind_statements(r, n->c);
			break;
		case OX_NODE_IF:
			bind_statements(r, n->b);
			bind_statements(r, n->c);
			break;
		case OX_NODE_LOAD:
			bind_load(r, n);
			break;
		default:
			break;
		}
	}
}

static struct ox_binding *in_block(const struct block *b, struct ox_slice name)
{
	for (; b; b = b->parent) {
		for (const struct block_name *n = b->names; n; n = n->next) {
			if (ox_slice_eq(n->binding->name, name))
				return n->binding;
		}
	}
	return NULL;
}

/* The binding as seen in context c: of itself, or made free step by step from outer ones. */
static struct ox_binding *find_local(struct resolver *r, struct context *c, const struct ox_node *ident)
{
	if (!c)
		return NULL;
	struct ox_binding *b = in_block(c->block, ident->text);
	if (!b)
		b = ox_map_get(&c->func->names, ident->text);
	if (b || !c->parent)
		return b;
	struct ox_binding *outer = find_local(r, c->parent, ident);
	if (!outer)
		return NULL;
	if (outer->scope == OX_SCOPE_LOCAL)
		outer->scope = OX_SCOPE_CELL;
	struct ox_binding *inner = new_binding(r, ident, OX_SCOPE_FREE);
	struct ox_binding **place = inner ? ox_vec_push(&c->func->free) : NULL;
	void **entry = place ? ox_map_put(&c->func->names, ident->text, NULL) : NULL;
	if (!entry)
		return no_memory(r);
	inner->slot = (uint32_t)c->func->free.len - 1;
	*place = outer;
	*entry = inner;
	return inner;
}

/* Not in a file of very many names: it would take too long. */
static void offer_names(struct resolver *r, struct ox_nearest *near)
{
	enum { OFFERED_MAX = 5000 };
	if (r->globals->map.len > OFFERED_MAX || r->context->func->names.len > OFFERED_MAX)
		return;
	for (struct context *c = r->context; c; c = c->parent) {
		for (struct block *b = c->block; b; b = b->parent) {
			for (struct block_name *n = b->names; n; n = n->next)
				ox_nearest_offer(near, n->binding->name);
		}
		for (size_t i = 0; i < c->func->names.len; i++)
			ox_nearest_offer(near, c->func->names.entries[i].key);
	}
	for (size_t i = 0; i < r->globals->map.len; i++)
		ox_nearest_offer(near, r->globals->map.entries[i].key);
	r->options->each(r->options->user, near);
}

static struct ox_binding *unknown(struct resolver *r, const struct ox_node *ident)
{
	enum { TOLD_MAX = 50 };
	bool later = r->options->unknown == OX_UNKNOWN_LATER;
	struct ox_nearest near = {.wanted = ident->text};
	char hint[160];
	bool told = r->unknown_count++ < TOLD_MAX;
	if (told)
		offer_names(r, &near);
	if (told && later && r->options->later) {
		r->options->later(r->options->user, ident->span, ident->text, ox_nearest_hint(&near, hint));
	} else if (told) {
		ox_report(r->report,
			  &(struct ox_remark){.severity = later ? OX_SEVERITY_WARNING : OX_SEVERITY_ERROR,
					      .code = "unknown-name",
					      .span = ident->span,
					      .hint = ox_nearest_hint(&near, hint)},
			  "unknown name '%.*s'", OX_SLICE_ARG(ident->text));
	} else if (!later) {
		r->report->errors++;
	}
	return new_binding(r, ident, OX_SCOPE_UNKNOWN);
}

static void use(struct resolver *r, struct ox_node *ident)
{
	struct ox_binding *b = find_local(r, r->context, ident);
	if (!b)
		b = ox_map_get(&r->globals->map, ident->text);
	if (!b && !r->exhausted) {
		if (r->options->predeclared(r->options->user, ident->text))
			b = new_binding(r, ident, OX_SCOPE_PREDECLARED);
		else
			b = unknown(r, ident);
	}
	ident->binding = b;
}

static void each_expression(struct resolver *r, struct ox_node *n)
{
	for (; n; n = n->next)
		expression(r, n);
}

/* Each use of a name looks at all of a comprehension's variables: there must not be too many. */
static void comprehension_target(struct resolver *r, struct ox_node *t)
{
	enum { VARIABLES_MAX = 1000 };
	if (t->kind == OX_NODE_IDENT) {
		struct block_name *name = ox_arena_alloc(r->arena, sizeof *name);
		struct block *block = r->context->block;
		if (block->count++ == VARIABLES_MAX)
			ox_report_error(r->report, "too-large", t->span,
					"a comprehension may have at most %d variables", VARIABLES_MAX);
		if (block->count > VARIABLES_MAX)
			return;
		if (!name || !(name->binding = new_local(r, t))) {
			no_memory(r);
			return;
		}
		name->next = block->names;
		block->names = name;
		t->binding = name->binding;
	} else if (t->kind == OX_NODE_LIST || t->kind == OX_NODE_TUPLE) {
		for (struct ox_node *n = t->a; n; n = n->next)
			comprehension_target(r, n);
	} else if (t->kind == OX_NODE_DOT || t->kind == OX_NODE_INDEX) {
		expression(r, t);
	} else {
		ox_report_error(r->report, "syntax", t->span, "this cannot be a loop variable");
	}
}

/* The first iterable is evaluated outside; the variables of all clauses are in one scope. */
static void comprehension(struct resolver *r, struct ox_node *n)
{
	struct block block = {.parent = r->context->block};
	expression(r, n->b->b);
	r->context->block = &block;
	for (struct ox_node *c = n->b; c && !r->exhausted; c = c->next) {
		if (c->kind == OX_NODE_FOR_CLAUSE)
			comprehension_target(r, c->a);
	}
	for (struct ox_node *c = n->b; c && !r->exhausted; c = c->next) {
		if (c->kind == OX_NODE_IF_CLAUSE)
			expression(r, c->a);
		else if (c != n->b)
			expression(r, c->b);
	}
	expression(r, n->a);
	r->context->block = block.parent;
}

static struct ox_function *new_function(struct resolver *r, struct ox_node *node)
{
	struct ox_function *f = ox_arena_alloc(r->arena, sizeof *f);
	if (!f) {
		no_memory(r);
		return NULL;
	}
	f->node = node;
	f->parent = r->context ? r->context->func : NULL;
	f->next_made = r->made;
	r->made = f;
	return f;
}

static void bind_params(struct resolver *r, struct ox_node *params)
{
	bool star = false;
	for (struct ox_node *p = params; p; p = p->next) {
		star |= p->op == OX_TOK_STAR;
		if (!star && p->op == 0)
			p->a->binding = bind(r, p->a);
	}
	for (struct ox_node *p = params; p; p = p->next) {
		if (p->op == 0 && !p->a->binding)
			p->a->binding = bind(r, p->a);
	}
	for (struct ox_node *p = params; p; p = p->next) {
		if (p->op && p->a)
			p->a->binding = bind(r, p->a);
	}
}

static void function(struct resolver *r, struct ox_node *node, struct ox_node *params, struct ox_node *body)
{
	for (struct ox_node *p = params; p; p = p->next) {
		if (p->b)
			expression(r, p->b);
	}
	struct context c = {.parent = r->context, .func = new_function(r, node)};
	if (!c.func)
		return;
	node->func = c.func;
	r->context = &c;
	bind_params(r, params);
	if (node->kind == OX_NODE_LAMBDA) {
		expression(r, body);
	} else {
		bind_statements(r, body);
		statements(r, body);
	}
	r->context = c.parent;
}

static void expression(struct resolver *r, struct ox_node *n)
{
	if (!n || r->exhausted)
		return;
	switch (n->kind) {
	case OX_NODE_IDENT:
		use(r, n);
		break;
	case OX_NODE_LIST:
	case OX_NODE_TUPLE:
	case OX_NODE_DICT:
		each_expression(r, n->a);
		break;
	case OX_NODE_CALL:
		expression(r, n->a);
		each_expression(r, n->b);
		break;
	case OX_NODE_LAMBDA:
		function(r, n, n->a, n->b);
		break;
	case OX_NODE_LISTCOMP:
	case OX_NODE_DICTCOMP:
		comprehension(r, n);
		break;
	default:
		expression(r, n->a);
		expression(r, n->b);
		expression(r, n->c);
		expression(r, n->d);
	}
}

/* Uses inside a target: x[i] = and x.f = read x. */
static void target(struct resolver *r, struct ox_node *t)
{
	if (t->kind == OX_NODE_LIST || t->kind == OX_NODE_TUPLE) {
		for (struct ox_node *n = t->a; n; n = n->next)
			target(r, n);
	} else if (t->kind != OX_NODE_IDENT) {
		expression(r, t);
	}
}

static bool at_top(const struct resolver *r)
{
	return !r->context->func->node;
}

static void check_top(struct resolver *r, const struct ox_node *n, const char *what)
{
	if (at_top(r) && r->options->spec_top_level)
		ox_report_error(r->report, "syntax", n->point, "%s must be inside a function", what);
}

static void loop(struct resolver *r, struct ox_node *n)
{
	check_top(r, n, "for");
	expression(r, n->b);
	target(r, n->a);
	r->context->loops++;
	statements(r, n->c);
	r->context->loops--;
}

static void statement(struct resolver *r, struct ox_node *n)
{
	switch (n->kind) {
	case OX_NODE_EXPR:
		expression(r, n->a);
		break;
	case OX_NODE_ASSIGN:
	case OX_NODE_AUGMENTED:
		expression(r, n->b);
		target(r, n->a);
		break;
	case OX_NODE_DEF:
		function(r, n, n->b, n->c);
		break;
	case OX_NODE_FOR:
		loop(r, n);
		break;
	case OX_NODE_IF:
		check_top(r, n, "if");
		expression(r, n->a);
		statements(r, n->b);
		statements(r, n->c);
		break;
	case OX_NODE_RETURN:
		if (at_top(r))
			ox_report_error(r->report, "syntax", n->span, "return outside of a function");
		expression(r, n->a);
		break;
	case OX_NODE_BREAK:
	case OX_NODE_CONTINUE:
		if (!r->context->loops)
			ox_report_error(r->report, "syntax", n->span, "%s outside of a loop",
					n->kind == OX_NODE_BREAK ? "break" : "continue");
		break;
	case OX_NODE_LOAD:
		if (!at_top(r) || r->context->loops)
			ox_report_error(r->report, "syntax", n->span, "load must be at the top level of a file");
		break;
	default:
		break;
	}
}

static void statements(struct resolver *r, struct ox_node *n)
{
	for (; n && !r->exhausted; n = n->next)
		statement(r, n);
}

int ox_resolve(struct ox_node *tree, bool is_expression, struct ox_globals *globals, struct ox_arena *arena,
	       struct ox_report *report, const struct ox_resolve_options *options, struct ox_resolution *out)
{
	struct resolver r = {.globals = globals, .arena = arena, .report = report, .options = options};
	struct context top = {.func = new_function(&r, NULL)};
	if (top.func) {
		r.context = &top;
		if (is_expression) {
			expression(&r, tree);
		} else {
			bind_statements(&r, tree);
			statements(&r, tree);
		}
	}
	*out = (struct ox_resolution){top.func, r.made};
	if (!r.exhausted && !report->errors)
		return 0;
	ox_resolution_free(out);
	return r.exhausted ? OX_EEXHAUSTED : OX_EUSAGE;
}

void ox_resolution_free(struct ox_resolution *r)
{
	for (struct ox_function *f = r->made; f; f = f->next_made) {
		ox_vec_free(&f->locals);
		ox_vec_free(&f->free);
		ox_map_free(&f->names);
	}
	*r = (struct ox_resolution){0};
}

void ox_globals_free(struct ox_globals *g)
{
	ox_vec_free(&g->list);
	ox_map_free(&g->map);
}
