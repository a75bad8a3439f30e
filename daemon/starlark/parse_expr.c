/* Expressions. */
#include "daemon/starlark/parse_impl.h"

static struct ox_node *binary(struct ox_parser *p, int level);
static struct ox_node *lambda(struct ox_parser *p);

struct ox_node *ox_p_ident(struct ox_parser *p)
{
	struct ox_token tok = p->tok;
	if (tok.kind != OX_TOK_IDENT) {
		ox_p_unexpected(p, "a name");
		return NULL;
	}
	ox_p_advance(p);
	struct ox_node *n = ox_p_node(p, OX_NODE_IDENT, tok.span.start, NULL, NULL, NULL);
	n->text = tok.text;
	return n;
}

static struct ox_node *literal(struct ox_parser *p, enum ox_node_kind kind)
{
	struct ox_token tok = p->tok;
	ox_p_advance(p);
	struct ox_node *n = ox_p_node(p, kind, tok.span.start, NULL, NULL, NULL);
	n->text = tok.text;
	return n;
}

/* `x, y` or `x` before `in`; each a primary expression. */
struct ox_node *ox_p_loop_variables(struct ox_parser *p)
{
	uint32_t start = p->tok.span.start;
	struct ox_node *first = ox_p_primary_with_suffixes(p);
	if (p->failed || p->tok.kind != OX_TOK_COMMA)
		return first;
	struct ox_chain items = {0};
	ox_p_append(&items, first);
	while (!p->failed && ox_p_take(p, OX_TOK_COMMA))
		ox_p_append(&items, ox_p_primary_with_suffixes(p));
	return ox_p_node(p, OX_NODE_TUPLE, start, items.first, NULL, NULL);
}

/* for and if clauses up to the closer. */
static struct ox_node *clauses(struct ox_parser *p)
{
	struct ox_chain chain = {0};
	while (!p->failed) {
		uint32_t start = p->tok.span.start;
		if (ox_p_take(p, OX_TOK_FOR)) {
			struct ox_node *vars = ox_p_loop_variables(p);
			if (!ox_p_expect(p, OX_TOK_IN, "after the loop variables"))
				break;
			struct ox_node *in = binary(p, 0);
			ox_p_append(&chain, ox_p_node(p, OX_NODE_FOR_CLAUSE, start, vars, in, NULL));
		} else if (ox_p_take(p, OX_TOK_IF)) {
			struct ox_node *cond = p->tok.kind == OX_TOK_LAMBDA ? lambda(p) : binary(p, 0);
			ox_p_append(&chain, ox_p_node(p, OX_NODE_IF_CLAUSE, start, cond, NULL, NULL));
		} else {
			break;
		}
	}
	return chain.first;
}

static struct ox_node *list(struct ox_parser *p)
{
	struct ox_span open = p->tok.span;
	ox_p_advance(p);
	struct ox_chain items = {0};
	struct ox_node *more = NULL;
	enum ox_node_kind kind = OX_NODE_LIST;
	while (!p->failed && p->tok.kind != OX_TOK_RBRACK) {
		ox_p_append(&items, ox_p_test(p));
		if (p->tok.kind == OX_TOK_FOR && items.first && !items.first->next) {
			kind = OX_NODE_LISTCOMP;
			more = clauses(p);
			break;
		}
		if (!ox_p_take(p, OX_TOK_COMMA))
			break;
	}
	ox_p_close(p, OX_TOK_RBRACK, open);
	return ox_p_node(p, kind, open.start, items.first, more, NULL);
}

static struct ox_node *entry(struct ox_parser *p)
{
	uint32_t start = p->tok.span.start;
	struct ox_node *key = ox_p_test(p);
	if (!p->failed && (p->tok.kind == OX_TOK_COMMA || p->tok.kind == OX_TOK_RBRACE)) {
		ox_p_error(p, p->tok.span, "write set([...]) for a set", "a dict needs ': value' after its key");
		return NULL;
	}
	if (!ox_p_expect(p, OX_TOK_COLON, "after the key"))
		return NULL;
	struct ox_node *value = ox_p_test(p);
	struct ox_node *n = ox_p_node(p, OX_NODE_ENTRY, start, key, value, NULL);
	if (key)
		n->point = key->span;
	return n;
}

static struct ox_node *dict(struct ox_parser *p)
{
	struct ox_span open = p->tok.span;
	ox_p_advance(p);
	struct ox_chain entries = {0};
	struct ox_node *more = NULL;
	enum ox_node_kind kind = OX_NODE_DICT;
	while (!p->failed && p->tok.kind != OX_TOK_RBRACE) {
		ox_p_append(&entries, entry(p));
		if (p->tok.kind == OX_TOK_FOR && entries.first && !entries.first->next) {
			kind = OX_NODE_DICTCOMP;
			more = clauses(p);
			break;
		}
		if (!ox_p_take(p, OX_TOK_COMMA))
			break;
	}
	ox_p_close(p, OX_TOK_RBRACE, open);
	return ox_p_node(p, kind, open.start, entries.first, more, NULL);
}

static struct ox_node *parenthesised(struct ox_parser *p)
{
	struct ox_span open = p->tok.span;
	ox_p_advance(p);
	struct ox_chain items = {0};
	bool tuple = p->tok.kind == OX_TOK_RPAREN;
	while (!p->failed && p->tok.kind != OX_TOK_RPAREN) {
		ox_p_append(&items, ox_p_test(p));
		if (p->tok.kind == OX_TOK_FOR) {
			ox_p_error(p, p->tok.span, "use [...] for a list comprehension",
				   "Starlark has no generator expressions");
			break;
		}
		if (!ox_p_take(p, OX_TOK_COMMA))
			break;
		tuple = true;
	}
	ox_p_close(p, OX_TOK_RPAREN, open);
	if (!tuple)
		return items.first;
	return ox_p_node(p, OX_NODE_TUPLE, open.start, items.first, NULL, NULL);
}

/* What came before in a call. */
struct arguments {
	bool star, starstar;
	uint32_t named;
};

static bool given_twice(const struct ox_node *args, const struct ox_node *arg)
{
	for (const struct ox_node *n = args; n != arg; n = n->next) {
		if (n->op == 0 && n->text.data && ox_slice_eq(n->text, arg->text))
			return true;
	}
	return false;
}

static void check_argument(struct ox_parser *p, struct arguments *before, const struct ox_node *args,
			   const struct ox_node *arg)
{
	bool named = arg->op == 0 && arg->text.data;
	if (before->starstar)
		ox_p_error(p, arg->span, NULL, "no argument may follow **kwargs");
	else if (arg->op == OX_TOK_STAR && before->star)
		ox_p_error(p, arg->span, NULL, "a call may have only one *args");
	else if (named && before->named == OX_NAMED_MAX)
		ox_p_error(p, arg->span, "pass a dict with **", "a call may have at most %d keyword arguments",
			   OX_NAMED_MAX);
	else if (named && given_twice(args, arg))
		ox_p_error(p, arg->span, NULL, "keyword argument '%.*s' is given twice", OX_SLICE_ARG(arg->text));
	else if (named && before->star)
		ox_p_error(p, arg->span, "move it before *args", "a keyword argument may not follow *args");
	else if (arg->op == 0 && !named && (before->named || before->star))
		ox_p_error(p, arg->span, NULL, "a positional argument may not follow a %s",
			   before->named ? "keyword argument" : "*args");
	before->star |= arg->op == OX_TOK_STAR;
	before->starstar |= arg->op == OX_TOK_STARSTAR;
	before->named += named;
}

static struct ox_node *argument(struct ox_parser *p)
{
	uint32_t start = p->tok.span.start;
	enum ox_token_kind op = p->tok.kind;
	struct ox_slice name = {0};
	if (op == OX_TOK_STAR || op == OX_TOK_STARSTAR)
		ox_p_advance(p);
	else
		op = OX_TOK_EOF;
	struct ox_node *value = ox_p_test(p);
	if (!p->failed && op == OX_TOK_EOF && value && value->kind == OX_NODE_IDENT && ox_p_take(p, OX_TOK_EQ)) {
		name = value->text;
		value = ox_p_test(p);
	}
	struct ox_node *n = ox_p_node(p, OX_NODE_ARG, start, value, NULL, NULL);
	n->op = (uint8_t)op;
	n->text = name;
	return n;
}

static struct ox_node *call(struct ox_parser *p, struct ox_node *callee)
{
	struct ox_span open = p->tok.span;
	ox_p_advance(p);
	struct ox_chain args = {0};
	struct arguments before = {0};
	while (!p->failed && p->tok.kind != OX_TOK_RPAREN) {
		struct ox_node *arg = argument(p);
		if (p->failed)
			break;
		ox_p_append(&args, arg);
		check_argument(p, &before, args.first, arg);
		if (p->tok.kind == OX_TOK_FOR) {
			ox_p_error(p, p->tok.span, "put the comprehension in [...]",
				   "Starlark has no generator expressions");
			break;
		}
		if (!ox_p_take(p, OX_TOK_COMMA))
			break;
	}
	ox_p_close(p, OX_TOK_RPAREN, open);
	struct ox_node *n = ox_p_node(p, OX_NODE_CALL, callee->span.start, callee, args.first, NULL);
	n->point =
	    (struct ox_span){callee->kind == OX_NODE_DOT ? callee->point.start : callee->span.start, n->span.end};
	return n;
}

static struct ox_node *slice_or_index(struct ox_parser *p, struct ox_node *object)
{
	struct ox_span open = p->tok.span;
	ox_p_advance(p);
	struct ox_node *part[3] = {NULL, NULL, NULL};
	int colons = 0;
	if (p->tok.kind != OX_TOK_COLON)
		part[0] = ox_p_expression(p);
	while (!p->failed && colons < 2 && ox_p_take(p, OX_TOK_COLON)) {
		colons++;
		if (p->tok.kind != OX_TOK_COLON && p->tok.kind != OX_TOK_RBRACK)
			part[colons] = ox_p_test(p);
	}
	ox_p_close(p, OX_TOK_RBRACK, open);
	enum ox_node_kind kind = colons ? OX_NODE_SLICE : OX_NODE_INDEX;
	struct ox_node *n = ox_p_node(p, kind, object->span.start, object, part[0], part[1]);
	n->d = part[2];
	if (part[2] && part[2]->depth >= n->depth)
		n->depth = part[2]->depth + 1;
	n->point = (struct ox_span){open.start, n->span.end};
	return n;
}

static struct ox_node *dot(struct ox_parser *p, struct ox_node *object)
{
	ox_p_advance(p);
	struct ox_token name = p->tok;
	if (!ox_p_expect(p, OX_TOK_IDENT, "after '.'"))
		return object;
	struct ox_node *n = ox_p_node(p, OX_NODE_DOT, object->span.start, object, NULL, NULL);
	n->text = name.text;
	n->point = name.span;
	return n;
}

static void reserved(struct ox_parser *p)
{
	static const struct {
		const char *word, *hint;
	} hints[] = {
	    {"while", "use a for loop over range(...)"},
	    {"try", "Starlark has no exceptions: errors end the evaluation"},
	    {"except", "Starlark has no exceptions: errors end the evaluation"},
	    {"raise", "use fail(\"message\")"},
	    {"assert", "use fail(\"message\") in an if"},
	    {"import", "use load(\"file.bzl\", \"name\")"},
	    {"from", "use load(\"file.bzl\", \"name\")"},
	    {"class", "Starlark has no classes: use a dict"},
	    {"del", "use list.pop(i) or dict.pop(key)"},
	    {"global", "pass the value as an argument and return the new one"},
	};
	const char *hint = NULL;
	for (size_t i = 0; i < OX_COUNT(hints); i++) {
		if (ox_slice_eq_str(p->tok.text, hints[i].word))
			hint = hints[i].hint;
	}
	ox_p_error(p, p->tok.span, hint, "'%.*s' is a reserved word: Starlark has no such statement",
		   OX_SLICE_ARG(p->tok.text));
}

static struct ox_node *strings(struct ox_parser *p)
{
	struct ox_node *n = literal(p, OX_NODE_STRING);
	if (p->tok.kind == OX_TOK_STRING)
		ox_p_error(p, p->tok.span, "join the strings with +", "strings side by side are not joined");
	return n;
}

static struct ox_node *operand(struct ox_parser *p)
{
	switch (p->tok.kind) {
	case OX_TOK_IDENT:
		return ox_p_ident(p);
	case OX_TOK_INT:
		return literal(p, OX_NODE_INT);
	case OX_TOK_FLOAT:
		return literal(p, OX_NODE_FLOAT);
	case OX_TOK_STRING:
		return strings(p);
	case OX_TOK_BYTES:
		return literal(p, OX_NODE_BYTES);
	case OX_TOK_LBRACK:
		return list(p);
	case OX_TOK_LBRACE:
		return dict(p);
	case OX_TOK_LPAREN:
		return parenthesised(p);
	case OX_TOK_RESERVED:
		reserved(p);
		return NULL;
	default:
		ox_p_unexpected(p, "an expression");
		return NULL;
	}
}

struct ox_node *ox_p_primary_with_suffixes(struct ox_parser *p)
{
	if (!ox_p_enter(p))
		return NULL;
	struct ox_node *x = operand(p);
	while (x && !p->failed) {
		if (p->tok.kind == OX_TOK_DOT)
			x = dot(p, x);
		else if (p->tok.kind == OX_TOK_LPAREN)
			x = call(p, x);
		else if (p->tok.kind == OX_TOK_LBRACK)
			x = slice_or_index(p, x);
		else
			break;
	}
	ox_p_leave(p);
	return x;
}

static struct ox_node *unary(struct ox_parser *p)
{
	enum ox_token_kind op = p->tok.kind;
	if (op != OX_TOK_MINUS && op != OX_TOK_PLUS && op != OX_TOK_TILDE)
		return ox_p_primary_with_suffixes(p);
	if (!ox_p_enter(p))
		return NULL;
	struct ox_span at = p->tok.span;
	ox_p_advance(p);
	struct ox_node *n = ox_p_node(p, OX_NODE_UNARY, at.start, unary(p), NULL, NULL);
	n->op = (uint8_t)op;
	n->point = at;
	ox_p_leave(p);
	return n;
}

/* Levels: 0 or, 1 and, 2 not, 3 comparisons, 4 |, 5 ^, 6 &, 7 shifts, 8 + -, 9 * / // %. */
enum { LEVEL_NOT = 2, LEVEL_COMPARE = 3, LEVEL_UNARY = 10 };

static int level_of(enum ox_token_kind kind)
{
	static const uint8_t levels[OX_TOK_COUNT] = {
	    [OX_TOK_OR] = 1,       [OX_TOK_AND] = 2,   [OX_TOK_EQEQ] = 4,   [OX_TOK_NE] = 4,
	    [OX_TOK_LT] = 4,       [OX_TOK_LE] = 4,    [OX_TOK_GT] = 4,     [OX_TOK_GE] = 4,
	    [OX_TOK_IN] = 4,       [OX_TOK_NOT] = 4,   [OX_TOK_PIPE] = 5,   [OX_TOK_CARET] = 6,
	    [OX_TOK_AMP] = 7,      [OX_TOK_LTLT] = 8,  [OX_TOK_GTGT] = 8,   [OX_TOK_PLUS] = 9,
	    [OX_TOK_MINUS] = 9,    [OX_TOK_STAR] = 10, [OX_TOK_SLASH] = 10, [OX_TOK_SLASHSLASH] = 10,
	    [OX_TOK_PERCENT] = 10,
	};
	return levels[kind] - 1;
}

static struct ox_node *not_operator(struct ox_parser *p)
{
	if (!ox_p_enter(p))
		return NULL;
	struct ox_span at = p->tok.span;
	ox_p_advance(p);
	struct ox_node *n = ox_p_node(p, OX_NODE_UNARY, at.start, binary(p, LEVEL_NOT), NULL, NULL);
	n->op = OX_TOK_NOT;
	n->point = at;
	ox_p_leave(p);
	return n;
}

/* What Python has between operands and Starlark has not. */
static void check_operator(struct ox_parser *p)
{
	if (p->tok.kind == OX_TOK_STARSTAR)
		ox_p_error(p, p->tok.span, "multiply in a loop; powers of two are 1 << n",
			   "Starlark has no operator '**'");
	else if (p->tok.kind == OX_TOK_RESERVED && ox_slice_eq_str(p->tok.text, "is"))
		ox_p_error(p, p->tok.span, "use == or !=", "Starlark has no operator 'is'");
}

/* Operators of at least `level`, left to right. */
static struct ox_node *binary(struct ox_parser *p, int level)
{
	struct ox_node *x = p->tok.kind == OX_TOK_NOT && level <= LEVEL_NOT ? not_operator(p) : unary(p);
	bool compared = false;
	while (!p->failed) {
		struct ox_token op = p->tok;
		int l = level_of(op.kind);
		if (l < level) {
			check_operator(p);
			break;
		}
		if (l == LEVEL_COMPARE && compared) {
			ox_p_error(p, op.span, "write (a < b) and (b < c)", "comparisons do not chain");
			break;
		}
		ox_p_advance(p);
		if (op.kind == OX_TOK_NOT) {
			if (!ox_p_expect(p, OX_TOK_IN, "after 'not'"))
				break;
			op.kind = OX_TOK_NOT_IN;
		}
		struct ox_node *y = binary(p, l + 1);
		compared = l == LEVEL_COMPARE;
		x = ox_p_node(p, OX_NODE_BINARY, x ? x->span.start : op.span.start, x, y, NULL);
		x->op = (uint8_t)op.kind;
		x->point = op.span;
	}
	return x;
}

static struct ox_node *lambda(struct ox_parser *p)
{
	struct ox_span at = p->tok.span;
	ox_p_advance(p);
	struct ox_node *params = ox_p_params(p, OX_TOK_COLON);
	if (!ox_p_expect(p, OX_TOK_COLON, "after the parameters of lambda"))
		return NULL;
	struct ox_node *body = ox_p_test(p);
	struct ox_node *n = ox_p_node(p, OX_NODE_LAMBDA, at.start, params, body, NULL);
	n->point = at;
	return n;
}

struct ox_node *ox_p_test(struct ox_parser *p)
{
	if (p->failed || !ox_p_enter(p))
		return NULL;
	uint32_t start = p->tok.span.start;
	struct ox_node *x = p->tok.kind == OX_TOK_LAMBDA ? lambda(p) : binary(p, 0);
	if (!p->failed && p->tok.kind == OX_TOK_IF) {
		ox_p_advance(p);
		struct ox_node *cond = binary(p, 0);
		if (!p->failed && p->tok.kind != OX_TOK_ELSE)
			ox_p_error(p, p->tok.span, NULL, "a conditional expression needs an else");
		ox_p_take(p, OX_TOK_ELSE);
		x = ox_p_node(p, OX_NODE_COND, start, x, cond, ox_p_test(p));
	}
	ox_p_leave(p);
	return x;
}

struct ox_node *ox_p_expression(struct ox_parser *p)
{
	uint32_t start = p->tok.span.start;
	struct ox_node *first = ox_p_test(p);
	if (p->failed || p->tok.kind != OX_TOK_COMMA)
		return first;
	struct ox_chain items = {0};
	ox_p_append(&items, first);
	while (!p->failed) {
		struct ox_span comma = p->tok.span;
		if (!ox_p_take(p, OX_TOK_COMMA) || p->tok.kind == OX_TOK_RBRACK)
			break;
		enum ox_token_kind k = p->tok.kind;
		if (k == OX_TOK_NEWLINE || k == OX_TOK_EOF || k == OX_TOK_EQ || k == OX_TOK_SEMI || k == OX_TOK_COLON)
			ox_p_error(p, comma, "put the tuple in parentheses",
				   "a trailing comma needs brackets around it");
		else
			ox_p_append(&items, ox_p_test(p));
	}
	return ox_p_node(p, OX_NODE_TUPLE, start, items.first, NULL, NULL);
}
