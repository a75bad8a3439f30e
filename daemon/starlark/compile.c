/* Statements and functions. */
#include "daemon/starlark/compile_impl.h"

static void statements(struct ox_compiler *c, const struct ox_node *n);

void ox_c_fail(struct ox_compiler *c)
{
	c->failed = true;
}

void ox_c_too_large(struct ox_compiler *c)
{
	if (!c->failed)
		ox_report_error(c->report, "too-large", c->at, "this function is too large: split it");
	c->failed = true;
}

static void no_memory(struct ox_compiler *c)
{
	ox_fail_memory(c->s);
	c->failed = true;
}

uint32_t ox_c_temps(struct ox_compiler *c, uint32_t n)
{
	uint32_t first = c->top;
	c->top += n;
	if (c->top > c->highest)
		c->highest = c->top;
	if (c->top <= OX_REGISTER_MAX)
		return first;
	ox_c_too_large(c);
	c->top = first;
	return first;
}

uint32_t ox_c_temp(struct ox_compiler *c)
{
	return ox_c_temps(c, 1);
}

static uint32_t emit(struct ox_compiler *c, struct ox_insn insn)
{
	struct ox_insn *place = c->failed ? NULL : ox_vec_push(&c->code);
	struct ox_span *span = place ? ox_vec_push(&c->spans) : NULL;
	if (!span) {
		if (!c->failed)
			no_memory(c);
		return 0;
	}
	*place = insn;
	*span = c->at;
	return (uint32_t)c->code.len - 1;
}

uint32_t ox_c_emit(struct ox_compiler *c, enum ox_opcode op, uint32_t a, uint32_t b, uint32_t d)
{
	if (a > UINT16_MAX || b > UINT16_MAX || d > UINT16_MAX)
		ox_c_too_large(c);
	return emit(c, (struct ox_insn){.op = (uint8_t)op, .a = (uint16_t)a, .b = (uint16_t)b, .c = (uint16_t)d});
}

uint32_t ox_c_emit_j(struct ox_compiler *c, enum ox_opcode op, uint32_t a, int64_t j)
{
	return emit(c, (struct ox_insn){.op = (uint8_t)op, .a = (uint16_t)a, .j = (int32_t)j});
}

void ox_c_flag(struct ox_compiler *c, uint8_t x)
{
	if (!c->failed)
		c->code.items[c->code.len - 1].x = x;
}

/* Until they are patched, jumps of a chain hold the index of the one before. */
void ox_c_jump(struct ox_compiler *c, enum ox_opcode op, uint32_t a, int *chain)
{
	uint32_t at = ox_c_emit_j(c, op, a, *chain);
	*chain = (int)at;
}

void ox_c_patch(struct ox_compiler *c, int chain)
{
	while (chain != OX_NO_JUMP && !c->failed) {
		struct ox_insn *jump = &c->code.items[chain];
		int next = jump->j;
		jump->j = (int32_t)c->code.len - chain - 1;
		chain = next;
	}
}

void ox_c_jump_back(struct ox_compiler *c, uint32_t target)
{
	ox_c_emit_j(c, OX_I_JUMP, 0, (int64_t)target - (int64_t)c->code.len - 1);
}

uint32_t ox_c_constant(struct ox_compiler *c, ox_star_value v)
{
	ox_star_value *place = ox_star_ok(v) ? ox_vec_push(&c->constants) : NULL;
	if (!place) {
		if (!ox_star_failing(c->s))
			no_memory(c);
		c->failed = true;
		return 0;
	}
	*place = v;
	return (uint32_t)c->constants.len - 1;
}

uint32_t ox_c_string(struct ox_compiler *c, struct ox_slice text)
{
	void **known = ox_map_find(&c->strings, text);
	if (known)
		return (uint32_t)(uintptr_t)*known - 1;
	uint32_t i = ox_c_constant(c, ox_intern(c->s, text));
	void **entry = c->failed ? NULL : ox_map_put(&c->strings, text, NULL);
	if (entry)
		*entry = (void *)(uintptr_t)(i + 1);
	return i;
}

uint32_t ox_c_name(struct ox_compiler *c, struct ox_slice text)
{
	uint32_t i = ox_c_string(c, text);
	if (i > UINT16_MAX)
		ox_c_too_large(c);
	return i;
}

static void assign_all(struct ox_compiler *c, const struct ox_node *target, uint32_t from)
{
	uint32_t saved = c->top, count = 0;
	for (const struct ox_node *n = target->a; n; n = n->next)
		count++;
	uint32_t base = ox_c_temps(c, count);
	c->at = target->span;
	ox_c_emit(c, OX_I_UNPACK, base, from, count);
	for (const struct ox_node *n = target->a; n && !c->failed; n = n->next)
		ox_c_assign(c, n, base++);
	c->top = saved;
}

static void assign_name(struct ox_compiler *c, const struct ox_node *n, uint32_t from)
{
	const struct ox_binding *b = n->binding;
	c->at = n->span;
	if (b->scope == OX_SCOPE_GLOBAL)
		ox_c_emit_j(c, OX_I_SET_GLOBAL, from, b->slot);
	else if (b->scope == OX_SCOPE_CELL)
		ox_c_emit(c, OX_I_CELL_SET, b->slot, from, 0);
	else if (b->slot != from)
		ox_c_emit(c, OX_I_MOVE, b->slot, from, 0);
}

void ox_c_assign(struct ox_compiler *c, const struct ox_node *target, uint32_t from)
{
	uint32_t saved = c->top, object, key;
	if (c->failed)
		return;
	switch (target->kind) {
	case OX_NODE_IDENT:
		assign_name(c, target, from);
		break;
	case OX_NODE_INDEX:
		object = ox_c_expr(c, target->a);
		key = ox_c_expr(c, target->b);
		c->at = target->point;
		ox_c_emit(c, OX_I_SET_INDEX, object, key, from);
		break;
	case OX_NODE_DOT:
		object = ox_c_expr(c, target->a);
		c->at = target->point;
		ox_c_emit(c, OX_I_SET_ATTR, object, from, ox_c_name(c, target->text));
		break;
	default:
		assign_all(c, target, from);
	}
	c->top = saved;
}

static void assignment(struct ox_compiler *c, const struct ox_node *n)
{
	uint32_t saved = c->top;
	const struct ox_node *t = n->a;
	if (t->kind == OX_NODE_IDENT && t->binding->scope == OX_SCOPE_LOCAL)
		ox_c_expr_to(c, n->b, t->binding->slot);
	else
		ox_c_assign(c, t, ox_c_expr(c, n->b));
	c->top = saved;
}

static void inplace(struct ox_compiler *c, const struct ox_node *n, uint32_t dst, uint32_t left, uint32_t right)
{
	enum ox_op op = ox_c_operator(n->op);
	c->at = n->point;
	/* The ones that change containers. */
	if (op == OX_OP_ADD || op == OX_OP_SUB || op == OX_OP_AND || op == OX_OP_OR || op == OX_OP_XOR) {
		ox_c_emit(c, OX_I_INPLACE, dst, left, right);
		ox_c_flag(c, (uint8_t)op);
	} else {
		ox_c_emit(c, (enum ox_opcode)(OX_I_ADD + op), dst, left, right);
	}
}

/* Object and key of the target are evaluated once. */
static void augmented(struct ox_compiler *c, const struct ox_node *n)
{
	const struct ox_node *t = n->a;
	uint32_t saved = c->top;
	if (t->kind == OX_NODE_IDENT) {
		bool local = t->binding->scope == OX_SCOPE_LOCAL;
		uint32_t left = ox_c_expr(c, t), right = ox_c_expr(c, n->b);
		uint32_t dst = local ? t->binding->slot : ox_c_temp(c);
		inplace(c, n, dst, left, right);
		if (!local)
			assign_name(c, t, dst);
		c->top = saved;
		return;
	}
	uint32_t object = ox_c_expr(c, t->a), value = ox_c_temp(c);
	if (t->kind == OX_NODE_DOT) {
		c->at = t->point;
		ox_c_emit(c, OX_I_ATTR, value, object, ox_c_name(c, t->text));
		inplace(c, n, value, value, ox_c_expr(c, n->b));
		c->at = t->point;
		ox_c_emit(c, OX_I_SET_ATTR, object, value, ox_c_name(c, t->text));
	} else {
		uint32_t key = ox_c_expr(c, t->b);
		c->at = t->point;
		ox_c_emit(c, OX_I_INDEX, value, object, key);
		inplace(c, n, value, value, ox_c_expr(c, n->b));
		c->at = t->point;
		ox_c_emit(c, OX_I_SET_INDEX, object, key, value);
	}
	c->top = saved;
}

/* The state stays in two registers until ox_c_loop_end. */
void ox_c_loop_begin(struct ox_compiler *c, const struct ox_node *vars, const struct ox_node *iterable,
		     struct ox_loop *loop)
{
	uint32_t saved = c->top, state = ox_c_temps(c, 2);
	uint32_t over = ox_c_expr(c, iterable);
	c->at = iterable->span;
	ox_c_emit(c, OX_I_ITER, state, over, 0);
	*loop = (struct ox_loop){.outer = c->loop, .breaks = OX_NO_JUMP};
	loop->start = (uint32_t)c->code.len;
	c->loop = loop;
	c->top = saved + 2;
	bool local = vars->kind == OX_NODE_IDENT && vars->binding->scope == OX_SCOPE_LOCAL;
	uint32_t item = local ? vars->binding->slot : ox_c_temp(c);
	c->at = iterable->span;
	ox_c_emit(c, OX_I_NEXT, item, state, 0);
	ox_c_jump(c, OX_I_JUMP, 0, &loop->breaks);
	if (!local)
		ox_c_assign(c, vars, item);
	c->top = saved + 2;
}

void ox_c_loop_end(struct ox_compiler *c, struct ox_loop *loop)
{
	ox_c_jump_back(c, loop->start);
	ox_c_patch(c, loop->breaks);
	c->loop = loop->outer;
}

static void for_statement(struct ox_compiler *c, const struct ox_node *n)
{
	uint32_t saved = c->top;
	struct ox_loop loop;
	ox_c_loop_begin(c, n->a, n->b, &loop);
	statements(c, n->c);
	ox_c_loop_end(c, &loop);
	c->top = saved;
}

static void if_statement(struct ox_compiler *c, const struct ox_node *n)
{
	int otherwise = OX_NO_JUMP, end = OX_NO_JUMP;
	ox_c_branch(c, n->a, false, &otherwise);
	statements(c, n->b);
	if (n->c)
		ox_c_jump(c, OX_I_JUMP, 0, &end);
	ox_c_patch(c, otherwise);
	statements(c, n->c);
	ox_c_patch(c, end);
}

static void return_value(struct ox_compiler *c, const struct ox_node *value)
{
	uint32_t saved = c->top, reg;
	if (value) {
		reg = ox_c_expr(c, value);
		c->at = value->span;
	} else {
		reg = ox_c_temp(c);
		ox_c_emit_j(c, OX_I_CONST, reg, ox_c_constant(c, OX_STAR_NONE));
	}
	ox_c_emit(c, OX_I_RETURN, reg, 0, 0);
	c->top = saved;
}

static void load_statement(struct ox_compiler *c, const struct ox_node *n)
{
	uint32_t saved = c->top, module = ox_c_temp(c), value = ox_c_temp(c);
	c->at = n->point;
	ox_c_emit_j(c, OX_I_LOAD, module, ox_c_string(c, n->a->text));
	for (const struct ox_node *name = n->b; name && !c->failed; name = name->next) {
		c->at = name->point;
		ox_c_emit(c, OX_I_LOAD_NAME, value, module, ox_c_name(c, name->text));
		assign_name(c, name->a, value);
	}
	c->top = saved;
}

static void statement(struct ox_compiler *c, const struct ox_node *n)
{
	uint32_t saved = c->top;
	switch (n->kind) {
	case OX_NODE_EXPR:
		/* A lone name still has to be bound. */
		ox_c_expr_to(c, n->a, ox_c_temp(c));
		break;
	case OX_NODE_ASSIGN:
		assignment(c, n);
		break;
	case OX_NODE_AUGMENTED:
		augmented(c, n);
		break;
	case OX_NODE_DEF: {
		uint32_t dst = ox_c_temp(c);
		ox_c_function(c, n, dst);
		assign_name(c, n->a, dst);
		break;
	}
	case OX_NODE_FOR:
		for_statement(c, n);
		break;
	case OX_NODE_IF:
		if_statement(c, n);
		break;
	case OX_NODE_RETURN:
		return_value(c, n->a);
		break;
	case OX_NODE_BREAK:
		ox_c_emit(c, OX_I_ITER_END, 0, 0, 0);
		ox_c_jump(c, OX_I_JUMP, 0, &c->loop->breaks);
		break;
	case OX_NODE_CONTINUE:
		ox_c_jump_back(c, c->loop->start);
		break;
	case OX_NODE_LOAD:
		load_statement(c, n);
		break;
	default:
		break;
	}
	c->top = saved;
}

static void statements(struct ox_compiler *c, const struct ox_node *n)
{
	for (; n && !c->failed; n = n->next)
		statement(c, n);
}

/* A copy in the heap of what a vector holds. */
static void *keep(struct ox_compiler *c, const void *items, size_t len, size_t size)
{
	if (c->failed || len == 0)
		return NULL;
	void *copy = ox_star_alloc(c->s, len * size);
	if (copy)
		memcpy(copy, items, len * size);
	else
		c->failed = true;
	return copy;
}

static void keep_names(struct ox_compiler *c, struct ox_proto *p)
{
	const struct ox_function *f = c->func;
	p->local_names = ox_star_alloc(c->s, f->locals.len * sizeof *p->local_names);
	p->free_names = ox_star_alloc(c->s, f->free.len * sizeof *p->free_names);
	p->captures = ox_star_alloc(c->s, f->free.len * sizeof *p->captures);
	if (!p->local_names || !p->free_names || !p->captures) {
		c->failed = true;
		return;
	}
	for (size_t i = 0; i < f->locals.len; i++)
		p->local_names[i] = ox_intern(c->s, f->locals.items[i]->name);
	for (size_t i = 0; i < f->free.len; i++) {
		const struct ox_binding *b = f->free.items[i];
		p->free_names[i] = ox_intern(c->s, b->name);
		p->captures[i] = (struct ox_capture){b->scope == OX_SCOPE_FREE, b->slot};
	}
	p->capture_count = (uint32_t)f->free.len;
	c->failed |= ox_star_failing(c->s);
}

static const struct ox_node *params_of(const struct ox_node *node)
{
	return !node ? NULL : node->kind == OX_NODE_DEF ? node->b : node->a;
}

static void keep_params(struct ox_compiler *c, struct ox_proto *p)
{
	uint32_t count = 0;
	bool star = false;
	for (const struct ox_node *n = params_of(c->func->node); n; n = n->next)
		count += n->b != NULL;
	p->default_params = ox_star_alloc(c->s, count * sizeof *p->default_params);
	if (!p->default_params) {
		c->failed = true;
		return;
	}
	for (const struct ox_node *n = params_of(c->func->node); n; n = n->next) {
		star |= n->op == OX_TOK_STAR;
		p->has_args |= n->op == OX_TOK_STAR && n->a;
		p->has_kwargs |= n->op == OX_TOK_STARSTAR;
		p->positional += n->op == 0 && !star;
		p->named_only += n->op == 0 && star;
		if (n->b)
			p->default_params[p->defaults++] = n->a->binding->slot;
	}
}

static ox_star_value docstring(struct ox_compiler *c, const struct ox_node *body)
{
	if (!body || body->kind != OX_NODE_EXPR || body->a->kind != OX_NODE_STRING)
		return OX_STAR_NONE;
	return ox_intern(c->s, body->a->text);
}

static struct ox_proto *finish(struct ox_compiler *c)
{
	struct ox_proto *p = c->failed ? NULL : ox_star_alloc(c->s, sizeof *p);
	if (!p)
		return NULL;
	const struct ox_node *node = c->func->node;
	bool def = node && node->kind == OX_NODE_DEF;
	ox_star_value name = ox_intern(c->s, def ? node->a->text : node ? OX_SLICE("lambda") : OX_SLICE("<toplevel>"));
	if (!ox_star_ok(name))
		return NULL;
	p->name = ox_text_of(name);
	p->doc = def ? docstring(c, node->c) : OX_STAR_NONE;
	p->source = c->source;
	p->toplevel = !node;
	p->registers = c->highest + 1;
	p->locals = c->locals;
	p->code_len = (uint32_t)c->code.len;
	p->constant_count = (uint32_t)c->constants.len;
	p->code = keep(c, c->code.items, c->code.len, sizeof *c->code.items);
	p->spans = keep(c, c->spans.items, c->spans.len, sizeof *c->spans.items);
	p->constants = keep(c, c->constants.items, c->constants.len, sizeof *c->constants.items);
	p->functions = keep(c, c->functions.items, c->functions.len, sizeof *c->functions.items);
	p->shapes = keep(c, c->shapes.items, c->shapes.len, sizeof *c->shapes.items);
	p->running = ox_star_alloc(c->s, sizeof *p->running);
	keep_names(c, p);
	keep_params(c, p);
	return c->failed || !p->running ? NULL : p;
}

static void release(struct ox_compiler *c)
{
	ox_vec_free(&c->code);
	ox_vec_free(&c->spans);
	ox_vec_free(&c->constants);
	ox_vec_free(&c->functions);
	ox_vec_free(&c->shapes);
	ox_map_free(&c->strings);
}

static void start(struct ox_compiler *c)
{
	c->top = c->highest = c->locals = (uint32_t)c->func->locals.len;
	if (c->locals > OX_REGISTER_MAX)
		ox_c_too_large(c);
	for (uint32_t i = 0; i < c->locals && !c->failed; i++) {
		if (c->func->locals.items[i]->scope == OX_SCOPE_CELL)
			ox_c_emit(c, OX_I_MAKE_CELL, i, 0, 0);
	}
}

static struct ox_proto *compile_function(struct ox_compiler *outer, const struct ox_node *n)
{
	struct ox_compiler c = {
	    .s = outer->s,
	    .report = outer->report,
	    .source = outer->source,
	    .func = n->func,
	    .outer = outer,
	    .at = n->point,
	};
	start(&c);
	if (n->kind == OX_NODE_LAMBDA) {
		return_value(&c, n->b);
	} else {
		statements(&c, n->c);
		return_value(&c, NULL);
	}
	struct ox_proto *p = finish(&c);
	release(&c);
	return p;
}

void ox_c_function(struct ox_compiler *c, const struct ox_node *n, uint32_t dst)
{
	uint32_t saved = c->top, base = c->top;
	for (const struct ox_node *p = params_of(n); p && !c->failed; p = p->next) {
		if (p->b)
			ox_c_expr_to(c, p->b, ox_c_temp(c));
	}
	if (base == c->top)
		ox_c_temp(c);
	struct ox_proto *proto = c->failed ? NULL : compile_function(c, n);
	struct ox_proto **place = proto ? ox_vec_push(&c->functions) : NULL;
	if (!place) {
		c->failed = true;
		return;
	}
	*place = proto;
	c->at = n->point;
	ox_c_emit_j(c, OX_I_FUNCTION, base, (int64_t)c->functions.len - 1);
	if (dst != base)
		ox_c_emit(c, OX_I_MOVE, dst, base, 0);
	c->top = saved;
}

const struct ox_proto *ox_compile_module(struct ox_star *s, const struct ox_resolution *names, struct ox_node *tree,
					 bool expression, const struct ox_source *source, struct ox_report *report)
{
	struct ox_compiler c = {.s = s, .report = report, .source = source, .func = names->top};
	start(&c);
	if (expression)
		return_value(&c, tree);
	else
		statements(&c, tree);
	if (!expression)
		return_value(&c, NULL);
	struct ox_proto *p = finish(&c);
	release(&c);
	/* What failed without a word was an allocation. */
	if (!p && !report->errors)
		ox_fail_memory(s);
	return p;
}
