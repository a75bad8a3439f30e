/* Expressions. */
#include "daemon/starlark/compile_impl.h"

#include <float.h>

enum { CHUNK = 64 /* items that are gathered in registers before they go into a list */ };

enum ox_op ox_c_operator(enum ox_token_kind kind)
{
	static const uint8_t ops[OX_TOK_COUNT] = {
	    [OX_TOK_PLUS] = OX_OP_ADD,
	    [OX_TOK_MINUS] = OX_OP_SUB,
	    [OX_TOK_STAR] = OX_OP_MUL,
	    [OX_TOK_SLASH] = OX_OP_DIV,
	    [OX_TOK_SLASHSLASH] = OX_OP_FLOORDIV,
	    [OX_TOK_PERCENT] = OX_OP_MOD,
	    [OX_TOK_AMP] = OX_OP_AND,
	    [OX_TOK_PIPE] = OX_OP_OR,
	    [OX_TOK_CARET] = OX_OP_XOR,
	    [OX_TOK_LTLT] = OX_OP_SHL,
	    [OX_TOK_GTGT] = OX_OP_SHR,
	    [OX_TOK_EQEQ] = OX_OP_EQ,
	    [OX_TOK_NE] = OX_OP_NE,
	    [OX_TOK_LT] = OX_OP_LT,
	    [OX_TOK_GT] = OX_OP_GT,
	    [OX_TOK_LE] = OX_OP_LE,
	    [OX_TOK_GE] = OX_OP_GE,
	    [OX_TOK_IN] = OX_OP_IN,
	    [OX_TOK_NOT_IN] = OX_OP_NOT_IN,
	};
	return (enum ox_op)ops[kind];
}

/* A decimal or other literal that fits 62 bits. */
static bool small_literal(const struct ox_node *n, int64_t *value)
{
	if (n->kind == OX_NODE_UNARY && n->op == OX_TOK_MINUS && n->a->kind == OX_NODE_INT) {
		if (!small_literal(n->a, value))
			return false;
		*value = -*value;
		return true;
	}
	if (n->kind != OX_NODE_INT || n->text.len > 17)
		return false;
	char text[20];
	memcpy(text, n->text.data, n->text.len);
	text[n->text.len] = '\0';
	bool prefixed = n->text.len > 2 && text[0] == '0' && text[1] > '9';
	int base = !prefixed ? 10 : (text[1] | 32) == 'x' ? 16 : (text[1] | 32) == 'o' ? 8 : 2;
	*value = strtoll(text + (prefixed ? 2 : 0), NULL, base);
	return ox_fits_small(*value);
}

static ox_star_value number(struct ox_compiler *c, const struct ox_node *n)
{
	int64_t small;
	if (small_literal(n, &small))
		return ox_from_small(small);
	struct ox_slice digits = n->text;
	int base = 10;
	if (digits.len > 2 && digits.data[0] == '0' && digits.data[1] > '9') {
		char p = (char)(digits.data[1] | 32);
		base = p == 'x' ? 16 : p == 'o' ? 8 : 2;
		digits = ox_slice(digits.data + 2, digits.len - 2);
	}
	return ox_int_parse(c->s, digits, base);
}

static void constant(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	int64_t small;
	if (n->kind == OX_NODE_STRING) {
		ox_c_emit_j(c, OX_I_CONST, dst, ox_c_string(c, n->text));
		return;
	}
	if (small_literal(n, &small) && small >= INT32_MIN && small <= INT32_MAX) {
		ox_c_emit_j(c, OX_I_SMALL, dst, small);
		return;
	}
	ox_star_value v;
	if (n->kind == OX_NODE_FLOAT) {
		struct ox_slice copy = ox_star_copy(c->s, n->text);
		double d = copy.data ? strtod(copy.data, NULL) : 0;
		if (d > DBL_MAX) {
			bool all = n->text.len <= 40;
			ox_report_error(c->report, "too-large", n->span, "'%.*s%s' is too large for a float",
					all ? (int)n->text.len : 37, n->text.data, all ? "" : "...");
			ox_c_fail(c);
			return;
		}
		v = copy.data ? ox_star_float(c->s, d) : OX_STAR_FAILED;
	} else if (n->kind == OX_NODE_BYTES) {
		v = ox_star_bytes(c->s, n->text);
	} else {
		v = number(c, n);
	}
	if (!ox_star_ok(v)) {
		c->s->failure.source = c->source;
		c->s->failure.span = n->span;
	}
	ox_c_emit_j(c, OX_I_CONST, dst, ox_c_constant(c, v));
}

static void ident(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	const struct ox_binding *b = n->binding;
	c->at = n->span;
	switch (b->scope) {
	case OX_SCOPE_LOCAL:
		if (b->slot != dst)
			ox_c_emit(c, OX_I_MOVE, dst, b->slot, 0);
		break;
	case OX_SCOPE_CELL:
		ox_c_emit(c, OX_I_CELL_GET, dst, b->slot, 0);
		break;
	case OX_SCOPE_FREE:
		ox_c_emit(c, OX_I_FREE_GET, dst, b->slot, 0);
		break;
	case OX_SCOPE_GLOBAL:
		ox_c_emit_j(c, OX_I_GLOBAL, dst, b->slot);
		break;
	case OX_SCOPE_PREDECLARED:
		ox_c_emit_j(c, OX_I_CONST, dst, ox_c_constant(c, ox_predeclared_get(c->s, n->text)));
		break;
	case OX_SCOPE_UNKNOWN:
		ox_c_emit_j(c, OX_I_UNKNOWN, dst, ox_c_string(c, n->text));
		break;
	}
}

/* Items into dst: a list (or a tuple, which must fit the registers). */
static void sequence(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	bool tuple = n->kind == OX_NODE_TUPLE, started = false;
	uint32_t saved = c->top, base = saved, count = 0;
	for (const struct ox_node *item = n->a; item && !c->failed; item = item->next) {
		ox_c_expr_to(c, item, ox_c_temp(c));
		if (++count < CHUNK || tuple)
			continue;
		c->at = n->point;
		ox_c_emit(c, started ? OX_I_APPEND : OX_I_LIST, dst, base, count);
		started = true;
		count = 0;
		c->top = saved;
	}
	c->at = n->point;
	if (tuple)
		ox_c_emit(c, OX_I_TUPLE, dst, base, count);
	else if (!started || count)
		ox_c_emit(c, started ? OX_I_APPEND : OX_I_LIST, dst, base, count);
	c->top = saved;
}

static uint32_t chain_length(const struct ox_node *n)
{
	uint32_t count = 0;
	for (; n; n = n->next)
		count++;
	return count;
}

static void dict(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	ox_c_emit_j(c, OX_I_DICT, dst, chain_length(n->a));
	for (const struct ox_node *e = n->a; e && !c->failed; e = e->next) {
		uint32_t saved = c->top;
		uint32_t key = ox_c_expr(c, e->a), value = ox_c_expr(c, e->b);
		c->at = e->point;
		ox_c_emit(c, OX_I_DICT_PUT, dst, key, value);
		ox_c_flag(c, 1);
		c->top = saved;
	}
}

/* Clauses from n on, then the body. */
static void clauses(struct ox_compiler *c, const struct ox_node *comp, const struct ox_node *n, uint32_t dst)
{
	uint32_t saved = c->top;
	if (!n && comp->kind == OX_NODE_DICTCOMP) {
		uint32_t key = ox_c_expr(c, comp->a->a), value = ox_c_expr(c, comp->a->b);
		c->at = comp->a->point;
		ox_c_emit(c, OX_I_DICT_PUT, dst, key, value);
	} else if (!n) {
		uint32_t item = ox_c_expr(c, comp->a);
		ox_c_emit(c, OX_I_APPEND, dst, item, 1);
	} else if (n->kind == OX_NODE_FOR_CLAUSE) {
		struct ox_loop loop;
		ox_c_loop_begin(c, n->a, n->b, &loop);
		clauses(c, comp, n->next, dst);
		ox_c_loop_end(c, &loop);
	} else {
		int skip = OX_NO_JUMP;
		ox_c_branch(c, n->a, false, &skip);
		clauses(c, comp, n->next, dst);
		ox_c_patch(c, skip);
	}
	c->top = saved;
}

static void comprehension(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	if (chain_length(n->b) > 200) {
		ox_report_error(c->report, "nesting", n->span, "a comprehension may have at most 200 clauses");
		ox_c_fail(c);
		return;
	}
	if (n->kind == OX_NODE_DICTCOMP)
		ox_c_emit_j(c, OX_I_DICT, dst, 0);
	else
		ox_c_emit(c, OX_I_LIST, dst, 0, 0);
	clauses(c, n, n->b, dst);
}

static void conditional(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	int otherwise = OX_NO_JUMP, end = OX_NO_JUMP;
	ox_c_branch(c, n->b, false, &otherwise);
	ox_c_expr_to(c, n->a, dst);
	ox_c_jump(c, OX_I_JUMP, 0, &end);
	ox_c_patch(c, otherwise);
	ox_c_expr_to(c, n->c, dst);
	ox_c_patch(c, end);
}

static void logical(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	int end = OX_NO_JUMP;
	ox_c_expr_to(c, n->a, dst);
	ox_c_jump(c, n->op == OX_TOK_AND ? OX_I_JUMP_IF_NOT : OX_I_JUMP_IF, dst, &end);
	ox_c_expr_to(c, n->b, dst);
	ox_c_patch(c, end);
}

static void binary(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	int64_t k;
	uint32_t saved = c->top;
	uint32_t left = ox_c_expr(c, n->a);
	bool plus = n->op == OX_TOK_PLUS, minus = n->op == OX_TOK_MINUS;
	if ((plus || minus) && small_literal(n->b, &k) && k > -30000 && k < 30000) {
		c->at = n->point;
		ox_c_emit(c, OX_I_ADD_SMALL, dst, left, (uint16_t)(int16_t)(plus ? k : -k));
		ox_c_flag(c, minus);
	} else {
		uint32_t right = ox_c_expr(c, n->b);
		c->at = n->point;
		ox_c_emit(c, (enum ox_opcode)(OX_I_ADD + ox_c_operator(n->op)), dst, left, right);
	}
	c->top = saved;
}

static void unary(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	int64_t k;
	if (small_literal(n, &k)) {
		if (k >= INT32_MIN && k <= INT32_MAX)
			ox_c_emit_j(c, OX_I_SMALL, dst, k);
		else
			ox_c_emit_j(c, OX_I_CONST, dst, ox_c_constant(c, ox_from_small(k)));
		return;
	}
	enum ox_opcode op = n->op == OX_TOK_MINUS  ? OX_I_NEGATE
			    : n->op == OX_TOK_PLUS ? OX_I_PLUS
			    : n->op == OX_TOK_NOT  ? OX_I_NOT
						   : OX_I_INVERT;
	uint32_t saved = c->top;
	uint32_t operand = ox_c_expr(c, n->a);
	c->at = n->point;
	ox_c_emit(c, op, dst, operand, 0);
	c->top = saved;
}

/* Shape of a call with names or stars; NULL when plain. */
static struct ox_call_shape *call_shape(struct ox_compiler *c, const struct ox_node *args)
{
	uint32_t named = 0, positional = 0;
	bool star = false, starstar = false;
	for (const struct ox_node *a = args; a; a = a->next) {
		star |= a->op == OX_TOK_STAR;
		starstar |= a->op == OX_TOK_STARSTAR;
		named += a->op == 0 && a->text.data;
		positional += a->op == 0 && !a->text.data;
	}
	if (!named && !star && !starstar)
		return NULL;
	struct ox_call_shape *shape = ox_star_alloc(c->s, sizeof *shape + named * sizeof *shape->names);
	struct ox_call_shape **place = shape ? ox_vec_push(&c->shapes) : NULL;
	if (!place) {
		ox_c_fail(c);
		return NULL;
	}
	*place = shape;
	shape->spans = ox_star_alloc(c->s, named * sizeof *shape->spans);
	if (!shape->spans) {
		ox_c_fail(c);
		return NULL;
	}
	shape->star = star;
	shape->starstar = starstar;
	shape->positional = positional;
	for (const struct ox_node *a = args; a; a = a->next) {
		if (a->op || !a->text.data)
			continue;
		uint32_t name = ox_c_string(c, a->text);
		if (c->failed)
			return NULL;
		shape->spans[shape->named] = a->span;
		shape->names[shape->named++] = c->constants.items[name];
	}
	return shape;
}

/* Arguments in the order of a shape: positional, named, *args, **kwargs. */
static void arguments(struct ox_compiler *c, const struct ox_node *args)
{
	for (const struct ox_node *a = args; a && !c->failed; a = a->next) {
		if (a->op == 0 && !a->text.data)
			ox_c_expr_to(c, a->a, ox_c_temp(c));
	}
	for (const struct ox_node *a = args; a && !c->failed; a = a->next) {
		if (a->op == 0 && a->text.data)
			ox_c_expr_to(c, a->a, ox_c_temp(c));
	}
	for (const struct ox_node *a = args; a && !c->failed; a = a->next) {
		if (a->op == OX_TOK_STAR)
			ox_c_expr_to(c, a->a, ox_c_temp(c));
	}
	for (const struct ox_node *a = args; a && !c->failed; a = a->next) {
		if (a->op == OX_TOK_STARSTAR)
			ox_c_expr_to(c, a->a, ox_c_temp(c));
	}
}

static void call(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	uint32_t base = c->top;
	bool method = n->a->kind == OX_NODE_DOT;
	ox_c_temps(c, method ? 2 : 1);
	if (method) {
		uint32_t object = ox_c_expr(c, n->a->a);
		c->at = n->a->point;
		ox_c_emit(c, OX_I_METHOD, base, object, ox_c_name(c, n->a->text));
		c->top = base + 2;
	} else {
		ox_c_expr_to(c, n->a, base);
	}
	arguments(c, n->b);
	struct ox_call_shape *shape = call_shape(c, n->b);
	c->at = n->point;
	if (shape) {
		if (c->shapes.len > UINT16_MAX)
			ox_c_too_large(c);
		ox_c_emit(c, OX_I_CALL_SHAPE, dst, base, (uint32_t)c->shapes.len - 1);
		ox_c_flag(c, method);
	} else {
		ox_c_emit(c, method ? OX_I_CALL_METHOD : OX_I_CALL, dst, base, chain_length(n->b));
	}
	c->top = base;
}

static void slice(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	uint32_t saved = c->top;
	uint32_t object = ox_c_expr(c, n->a);
	uint32_t bounds = ox_c_temps(c, 3);
	const struct ox_node *parts[3] = {n->b, n->c, n->d};
	for (uint32_t i = 0; i < 3; i++) {
		if (parts[i])
			ox_c_expr_to(c, parts[i], bounds + i);
		else
			ox_c_emit_j(c, OX_I_CONST, bounds + i, ox_c_constant(c, OX_STAR_NONE));
	}
	c->at = n->point;
	ox_c_emit(c, OX_I_SLICE, dst, object, bounds);
	c->top = saved;
}

static void index_or_dot(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	uint32_t saved = c->top;
	uint32_t object = ox_c_expr(c, n->a);
	if (n->kind == OX_NODE_DOT) {
		c->at = n->point;
		ox_c_emit(c, OX_I_ATTR, dst, object, ox_c_name(c, n->text));
	} else {
		uint32_t key = ox_c_expr(c, n->b);
		c->at = n->point;
		ox_c_emit(c, OX_I_INDEX, dst, object, key);
	}
	c->top = saved;
}

/* Does code for n write its result before it has read all it reads? */
static bool writes_early(const struct ox_node *n)
{
	switch (n->kind) {
	case OX_NODE_LIST: /* of several chunks */
	case OX_NODE_DICT:
	case OX_NODE_LISTCOMP:
	case OX_NODE_DICTCOMP:
		return true;
	case OX_NODE_BINARY:
		return n->op == OX_TOK_AND || n->op == OX_TOK_OR;
	default:
		return false;
	}
}

static void expr_to(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	c->at = n->point;
	switch (n->kind) {
	case OX_NODE_IDENT:
		ident(c, n, dst);
		break;
	case OX_NODE_INT:
	case OX_NODE_FLOAT:
	case OX_NODE_STRING:
	case OX_NODE_BYTES:
		constant(c, n, dst);
		break;
	case OX_NODE_LIST:
	case OX_NODE_TUPLE:
		sequence(c, n, dst);
		break;
	case OX_NODE_DICT:
		dict(c, n, dst);
		break;
	case OX_NODE_COND:
		conditional(c, n, dst);
		break;
	case OX_NODE_UNARY:
		unary(c, n, dst);
		break;
	case OX_NODE_BINARY:
		if (n->op == OX_TOK_AND || n->op == OX_TOK_OR)
			logical(c, n, dst);
		else
			binary(c, n, dst);
		break;
	case OX_NODE_DOT:
	case OX_NODE_INDEX:
		index_or_dot(c, n, dst);
		break;
	case OX_NODE_SLICE:
		slice(c, n, dst);
		break;
	case OX_NODE_CALL:
		call(c, n, dst);
		break;
	case OX_NODE_LAMBDA:
		ox_c_function(c, n, dst);
		break;
	default:
		comprehension(c, n, dst);
	}
}

void ox_c_expr_to(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	if (c->failed)
		return;
	if (dst >= c->locals || !writes_early(n)) {
		expr_to(c, n, dst);
		return;
	}
	uint32_t saved = c->top, temp = ox_c_temp(c);
	expr_to(c, n, temp);
	ox_c_emit(c, OX_I_MOVE, dst, temp, 0);
	c->top = saved;
}

uint32_t ox_c_expr(struct ox_compiler *c, const struct ox_node *n)
{
	if (c->failed)
		return 0;
	if (n->kind == OX_NODE_IDENT && n->binding->scope == OX_SCOPE_LOCAL)
		return n->binding->slot;
	uint32_t dst = ox_c_temp(c);
	ox_c_expr_to(c, n, dst);
	return dst;
}

static void branch_logical(struct ox_compiler *c, const struct ox_node *n, bool when, int *chain)
{
	bool decides = n->op == OX_TOK_OR; /* the truth of the left side that decides alone */
	if (decides == when) {
		ox_c_branch(c, n->a, when, chain);
		ox_c_branch(c, n->b, when, chain);
		return;
	}
	int skip = OX_NO_JUMP;
	ox_c_branch(c, n->a, decides, &skip);
	ox_c_branch(c, n->b, when, chain);
	ox_c_patch(c, skip);
}

void ox_c_branch(struct ox_compiler *c, const struct ox_node *n, bool when, int *chain)
{
	if (c->failed)
		return;
	if (n->kind == OX_NODE_UNARY && n->op == OX_TOK_NOT) {
		ox_c_branch(c, n->a, !when, chain);
		return;
	}
	if (n->kind == OX_NODE_BINARY && (n->op == OX_TOK_AND || n->op == OX_TOK_OR)) {
		branch_logical(c, n, when, chain);
		return;
	}
	uint32_t saved = c->top;
	uint32_t reg = ox_c_expr(c, n);
	bool compares = n->kind == OX_NODE_BINARY && n->op >= OX_TOK_EQEQ && n->op <= OX_TOK_GE;
	if (compares)
		ox_c_flag(c, 1);
	c->at = n->point;
	ox_c_jump(c, when ? OX_I_JUMP_IF : OX_I_JUMP_IF_NOT, reg, chain);
	c->top = saved;
}
