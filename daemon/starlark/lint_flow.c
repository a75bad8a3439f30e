/* Statements that are never reached or do nothing, and operators that cannot do what was meant. Walks
 * the whole tree, and has names and calls looked at on the way. */
#include "daemon/starlark/lint_impl.h"

/* Functions of the language that are called for their result alone. */
static const char *const pure[] = {
    "abs",     "all",      "any",  "bool",   "bytes", "chr",   "dict", "dir", "enumerate", "float",
    "getattr", "hasattr",  "hash", "int",    "len",   "list",  "max",  "min", "ord",       "range",
    "repr",    "reversed", "set",  "sorted", "str",   "tuple", "type", "zip",
};

static bool is_call_of(const struct ox_node *n, const char *name)
{
	return n->kind == OX_NODE_CALL && ox_lint_is_predeclared(n->a) && ox_slice_eq_str(n->a->text, name);
}

static bool ends(const struct ox_node *n);

static bool block_ends(const struct ox_node *n)
{
	for (; n; n = n->next) {
		if (ends(n))
			return true;
	}
	return false;
}

/* Does nothing after the statement run? */
static bool ends(const struct ox_node *n)
{
	switch (n->kind) {
	case OX_NODE_RETURN:
	case OX_NODE_BREAK:
	case OX_NODE_CONTINUE:
		return true;
	case OX_NODE_EXPR:
		return is_call_of(n->a, "fail");
	case OX_NODE_IF:
		return block_ends(n->b) && block_ends(n->c);
	default:
		return false;
	}
}

static void check_reached(struct ox_lint *l, const struct ox_node *n)
{
	for (; n && n->next; n = n->next) {
		if (!ends(n))
			continue;
		ox_lint_tell(l, "unreachable", n->next->span, NULL, "this is never reached");
		return;
	}
}

/* ---- statements for nothing ---- */

static bool is_pure_call(struct ox_lint *l, const struct ox_node *n)
{
	struct ox_lint_callee callee = ox_lint_callee(l, n);
	if (!callee.native)
		return false;
	if (callee.type && strcmp(callee.type, "string") == 0)
		return true;
	for (size_t i = 0; !callee.type && i < OX_COUNT(pure); i++) {
		if (strcmp(pure[i], callee.native->name) == 0)
			return true;
	}
	const struct ox_lint_fact *fact = ox_lint_fact(l, callee.type, ox_slice_str(callee.native->name), OX_SLICE(""));
	return fact && fact->pure;
}

static void check_effect(struct ox_lint *l, const struct ox_node *n)
{
	switch (n->kind) {
	case OX_NODE_CALL:
		if (is_pure_call(l, n))
			ox_lint_tell(l, "unused-value", n->span, NULL, "the result of this call is not used");
		break;
	case OX_NODE_STRING: /* documentation */
	case OX_NODE_LISTCOMP:
	case OX_NODE_DICTCOMP: /* loops, where for is not allowed */
	case OX_NODE_COND:
		break;
	case OX_NODE_BINARY:
		if (n->op == OX_TOK_AND || n->op == OX_TOK_OR)
			break;
		/* fall through */
	default:
		ox_lint_tell(l, "no-effect", n->span,
			     ox_lint_type_of(l, n).kinds == OX_STAR_T_FUNCTION ? "are its parentheses missing?" : NULL,
			     "this statement does nothing");
	}
}

/* ---- expressions ---- */

static bool same_text(const struct ox_lint *l, const struct ox_node *a, const struct ox_node *b)
{
	size_t len = a->span.end - a->span.start;
	const char *text = l->source.text.data;
	return len == b->span.end - b->span.start && memcmp(text + a->span.start, text + b->span.start, len) == 0;
}

static bool is_constant(const struct ox_node *n)
{
	return n->kind == OX_NODE_STRING || n->kind == OX_NODE_INT || n->kind == OX_NODE_BYTES;
}

static void check_keys(struct ox_lint *l, const struct ox_node *dict)
{
	struct ox_map seen = {0};
	for (const struct ox_node *e = dict->a; e; e = e->next) {
		bool added = true;
		const struct ox_node *key = e->a;
		/* The kind stands before the text, so that 1 and "1" differ. */
		char *name =
		    is_constant(key) ? ox_arena_printf(&l->arena, "%d%.*s", key->kind, OX_SLICE_ARG(key->text)) : NULL;
		if (name)
			ox_map_put(&seen, ox_slice_str(name), &added);
		if (!added)
			ox_lint_tell(l, "duplicate-key", key->span, NULL, "this key is there already");
	}
	ox_map_free(&seen);
}

/* A name, or attributes of one: looking at it twice gives the same. */
static bool is_plain(const struct ox_node *n)
{
	while (n->kind == OX_NODE_DOT)
		n = n->a;
	return n->kind == OX_NODE_IDENT || is_constant(n);
}

/* type(x) == string, where "string" is meant. */
static void check_type_test(struct ox_lint *l, const struct ox_node *call, const struct ox_node *other)
{
	if (is_call_of(call, "type") && ox_lint_type_of(l, other).kinds == OX_STAR_T_FUNCTION)
		ox_lint_tell(l, "comparison", other->span, "type() gives a name: compare with a string",
			     "a type's name never equals a function");
}

static void check_comparison(struct ox_lint *l, const struct ox_node *n)
{
	bool equality = n->op == OX_TOK_EQEQ || n->op == OX_TOK_NE;
	bool order = n->op == OX_TOK_LT || n->op == OX_TOK_GT || n->op == OX_TOK_LE || n->op == OX_TOK_GE;
	if (!equality && !order)
		return;
	if (is_plain(n->a) && same_text(l, n->a, n->b))
		ox_lint_tell(l, "comparison", n->span, NULL, "both sides are the same");
	struct ox_lint_type a = ox_lint_type_of(l, n->a), b = ox_lint_type_of(l, n->b);
	const uint32_t numbers = OX_STAR_T_INT | OX_STAR_T_FLOAT;
	bool differ = a.kinds && b.kinds && !(a.kinds & b.kinds) && !(a.kinds & numbers && b.kinds & numbers);
	bool none = a.kinds == OX_STAR_T_NONE || b.kinds == OX_STAR_T_NONE;
	const char *left = ox_lint_type_name(a), *right = ox_lint_type_name(b);
	if (equality && differ && !none && left && right)
		ox_lint_tell(l, "comparison", n->span, NULL, "a %s never equals a %s", left, right);
	if (equality) {
		check_type_test(l, n->a, n->b);
		check_type_test(l, n->b, n->a);
	}
}

static void walk(struct ox_lint *l, struct ox_node *n);

static void walk_chain(struct ox_lint *l, struct ox_node *n)
{
	for (; n; n = n->next)
		walk(l, n);
}

/* Looks at one node, before what is in it. */
static void check(struct ox_lint *l, const struct ox_node *n)
{
	switch (n->kind) {
	case OX_NODE_IDENT:
	case OX_NODE_DOT:
	case OX_NODE_CALL:
		ox_lint_use(l, n);
		break;
	case OX_NODE_ASSIGN:
	case OX_NODE_AUGMENTED:
		ox_lint_assignment(l, n);
		break;
	case OX_NODE_EXPR:
		check_effect(l, n->a);
		break;
	case OX_NODE_BINARY:
		check_comparison(l, n);
		break;
	case OX_NODE_DICT:
		check_keys(l, n);
		break;
	case OX_NODE_FOR:
		check_reached(l, n->c);
		break;
	case OX_NODE_IF:
		check_reached(l, n->b);
		check_reached(l, n->c);
		break;
	case OX_NODE_DEF:
		check_reached(l, n->c);
		break;
	default:
		break;
	}
}

static void walk(struct ox_lint *l, struct ox_node *n)
{
	const struct ox_function *outer = l->function;
	if (l->exhausted)
		return;
	check(l, n);
	if (n->kind == OX_NODE_DEF || n->kind == OX_NODE_LAMBDA) {
		/* Defaults belong to the outer function; what they name is found from the inner one as well. */
		struct ox_node *params = n->kind == OX_NODE_DEF ? n->b : n->a;
		for (struct ox_node *p = params; p; p = p->next)
			walk_chain(l, p->b);
		l->function = n->func;
		walk_chain(l, n->kind == OX_NODE_DEF ? n->c : n->b);
		l->function = outer;
		return;
	}
	walk_chain(l, n->a);
	walk_chain(l, n->b);
	walk_chain(l, n->c);
	walk_chain(l, n->d);
}

void ox_lint_flow(struct ox_lint *l, struct ox_node *tree)
{
	check_reached(l, tree);
	walk_chain(l, tree);
}
