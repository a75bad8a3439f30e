/* The machine. One function runs the instructions; what is rare or long is a call. */
#include "daemon/starlark/frame.h"

static ox_star_value unbound_local(struct ox_star *s, const struct ox_proto *p, uint32_t reg)
{
	if (reg >= p->locals)
		return ox_fail_code(s, OX_EINTERNAL, "internal", NULL, "a temporary value is missing");
	return ox_star_fail_with(s, "unbound-name", NULL, "local variable '%.*s' is used before it gets a value",
				 OX_SLICE_ARG(ox_text_of(p->local_names[reg])));
}

static ox_star_value unbound_global(struct ox_star *s, const struct ox_star_module *m, int32_t slot)
{
	return ox_star_fail_with(s, "unbound-name", NULL, "global variable '%.*s' is used before it gets a value",
				 OX_SLICE_ARG(m->names.list.items[slot]->name));
}

/* Operands b and c, checked; the slow way. */
static ox_star_value binary(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value b = f->regs[i->b], c = f->regs[i->c];
	if (!ox_star_ok(b))
		return unbound_local(s, f->proto, i->b);
	if (!ox_star_ok(c))
		return unbound_local(s, f->proto, i->c);
	return ox_binary(s, i->op - OX_I_ADD, b, c);
}

static ox_star_value add_small(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value b = f->regs[i->b];
	if (!ox_star_ok(b))
		return unbound_local(s, f->proto, i->b);
	int64_t k = (int16_t)i->c;
	return i->x ? ox_binary(s, OX_OP_SUB, b, ox_from_small(-k)) : ox_binary(s, OX_OP_ADD, b, ox_from_small(k));
}

static ox_star_value inplace(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value b = f->regs[i->b], c = f->regs[i->c];
	if (!ox_star_ok(b))
		return unbound_local(s, f->proto, i->b);
	if (!ox_star_ok(c))
		return unbound_local(s, f->proto, i->c);
	return ox_inplace(s, i->x, b, c);
}

static ox_star_value unary(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value b = f->regs[i->b];
	if (!ox_star_ok(b))
		return unbound_local(s, f->proto, i->b);
	if (i->op == OX_I_NOT)
		return ox_star_bool(!ox_star_truth(b));
	return ox_unary(s, OX_OP_NEGATE + (i->op - OX_I_NEGATE), b);
}

static ox_star_value index_slow(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value b = f->regs[i->b], c = f->regs[i->c];
	if (!ox_star_ok(b))
		return unbound_local(s, f->proto, i->b);
	if (!ox_star_ok(c))
		return unbound_local(s, f->proto, i->c);
	return ox_index(s, b, c);
}

static int set_index(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	const uint16_t regs[3] = {i->a, i->b, i->c};
	for (size_t k = 0; k < 3; k++) {
		if (!ox_star_ok(f->regs[regs[k]])) {
			unbound_local(s, f->proto, regs[k]);
			return -1;
		}
	}
	return ox_set_index(s, f->regs[i->a], f->regs[i->b], f->regs[i->c]);
}

static int dict_put(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value key = f->regs[i->b], value = f->regs[i->c];
	if (!ox_star_ok(key) || !ox_star_ok(value)) {
		unbound_local(s, f->proto, ox_star_ok(key) ? i->c : i->b);
		return -1;
	}
	int added = ox_dict_store(s, OX_AS(ox_dict, f->regs[i->a]), key, value);
	if (added != 0 || !i->x)
		return added < 0 ? -1 : 0;
	struct ox_buf text = {.limit = 200};
	ox_write(s, key, true, &text);
	ox_star_fail_with(s, "duplicate-key", NULL, "this dict has the key %s twice", ox_buf_text(&text));
	ox_buf_free(&text);
	return -1;
}

static int append(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	struct ox_list *l = OX_AS(ox_list, f->regs[i->a]);
	for (uint32_t k = 0; k < i->c; k++) {
		ox_star_value v = f->regs[i->b + k];
		if (!ox_star_ok(v)) {
			unbound_local(s, f->proto, i->b + k);
			return -1;
		}
		if (ox_list_push(s, l, v) < 0)
			return -1;
	}
	return 0;
}

static ox_star_value make_cell(struct ox_star *s, ox_star_value v)
{
	struct ox_cell *cell = (struct ox_cell *)ox_new_object(s, OX_OBJ_CELL, sizeof *cell);
	if (!cell)
		return OX_STAR_FAILED;
	cell->value = v;
	return ox_from_object(cell);
}

static ox_star_value make_closure(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	const struct ox_proto *p = f->proto->functions[i->j];
	size_t params = ox_proto_params(p);
	struct ox_closure *fn = (struct ox_closure *)ox_new_object(s, OX_OBJ_FUNCTION, sizeof *fn);
	ox_star_value *defaults = ox_star_alloc(s, params * sizeof *defaults);
	struct ox_cell **cells = ox_star_alloc(s, p->capture_count * sizeof *cells);
	if (!fn || !defaults || !cells)
		return OX_STAR_FAILED;
	fn->proto = p;
	fn->module = f->fn->module;
	fn->defaults = defaults;
	fn->cells = cells;
	for (uint32_t k = 0; k < p->defaults; k++) {
		defaults[p->default_params[k]] = f->regs[i->a + k];
		if (!ox_star_ok(f->regs[i->a + k]))
			return unbound_local(s, f->proto, i->a + k);
	}
	for (uint32_t k = 0; k < p->capture_count; k++) {
		const struct ox_capture *c = &p->captures[k];
		cells[k] = c->from_free ? f->fn->cells[c->index] : OX_AS(ox_cell, f->regs[c->index]);
	}
	return ox_from_object(fn);
}

static ox_star_value load_name(struct ox_star *s, const struct ox_star_module *m, ox_star_value name)
{
	struct ox_slice text = ox_text_of(name);
	struct ox_binding *b = ox_map_get(&m->names.map, text);
	if (b && !b->loaded && ox_star_ok(m->values.items[b->slot]))
		return m->values.items[b->slot];
	struct ox_nearest near = {.wanted = text};
	char hint[160];
	for (size_t i = 0; i < m->names.list.len; i++) {
		if (!m->names.list.items[i]->loaded)
			ox_nearest_offer(&near, m->names.list.items[i]->name);
	}
	return ox_star_fail_with(s, "unknown-name", ox_nearest_hint(&near, hint), "%.*s does not define '%.*s'",
				 OX_SLICE_ARG(m->name), OX_SLICE_ARG(text));
}

/* What a call instruction found out: either a value, or that a frame was entered. */
enum called { CALLED_FAILED, CALLED_VALUE, CALLED_FRAME };

static enum called not_callable(struct ox_star *s, const struct ox_frame *f, ox_star_value fn, uint32_t reg)
{
	if (!ox_star_ok(fn))
		unbound_local(s, f->proto, reg);
	else
		ox_star_fail_with(s, "not-callable", NULL, "%s cannot be called", ox_star_type_name(s, fn));
	return CALLED_FAILED;
}

/* Arguments are in place at args, where the new function's registers begin. */
static enum called call_plain(struct ox_star *s, ox_star_value fn, ox_star_value self, ox_star_value *args, size_t count,
			      uint32_t dest, ox_star_value *result)
{
	struct ox_frame *f = &s->frames[s->frame_count - 1];
	if (ox_is(fn, OX_OBJ_BUILTIN)) {
		const struct ox_builtin *b = OX_AS(ox_builtin, fn);
		*result = ox_call_builtin(s, b, ox_star_ok(self) ? self : b->self, &(struct ox_args){args, count, 0, 0, 0});
		return ox_star_ok(*result) ? CALLED_VALUE : CALLED_FAILED;
	}
	if (!ox_is(fn, OX_OBJ_FUNCTION))
		return not_callable(s, f, fn, 0);
	const struct ox_closure *c = OX_AS(ox_closure, fn);
	if (!ox_frame_fill(c, args, count)) {
		/* The long way needs the arguments out of the registers' way. */
		ox_star_value *saved = s->stack_top, *copy = ox_stack_take(s, count);
		ox_star_value *regs = copy ? ox_stack_take(s, c->proto->registers) : NULL;
		if (regs) {
			memcpy(copy, args, count * sizeof *copy);
			if (ox_frame_bind(s, c, &(struct ox_args){copy, count, 0, 0, 0}, regs) == 0 &&
			    (f = ox_frame_enter(s, c, regs, dest, false))) {
				f->saved_top = saved;
				return CALLED_FRAME;
			}
		}
		s->stack_top = saved;
		return CALLED_FAILED;
	}
	return ox_frame_enter(s, c, args, dest, false) ? CALLED_FRAME : CALLED_FAILED;
}

static enum called call_shape(struct ox_star *s, const struct ox_insn *i, ox_star_value *result)
{
	struct ox_frame *f = &s->frames[s->frame_count - 1];
	ox_star_value fn = f->regs[i->b], *saved = s->stack_top;
	ox_star_value self = i->x ? f->regs[i->b + 1] : OX_STAR_FAILED;
	struct ox_args args;
	enum called done = CALLED_FAILED;
	if (ox_args_expand(s, f->proto->shapes[i->c], &f->regs[i->b + 1 + i->x], &args) < 0) {
		s->stack_top = saved;
		return CALLED_FAILED;
	}
	if (ox_is(fn, OX_OBJ_BUILTIN)) {
		const struct ox_builtin *b = OX_AS(ox_builtin, fn);
		*result = ox_call_builtin(s, b, ox_star_ok(self) ? self : b->self, &args);
		done = ox_star_ok(*result) ? CALLED_VALUE : CALLED_FAILED;
	} else if (ox_is(fn, OX_OBJ_FUNCTION)) {
		const struct ox_closure *c = OX_AS(ox_closure, fn);
		ox_star_value *regs = ox_stack_take(s, c->proto->registers);
		if (regs && ox_frame_bind(s, c, &args, regs) == 0 && (f = ox_frame_enter(s, c, regs, i->a, false))) {
			f->saved_top = saved;
			return CALLED_FRAME;
		}
	} else {
		not_callable(s, f, fn, i->b);
	}
	s->stack_top = saved;
	return done;
}

static bool unbound_argument(struct ox_star *s, const struct ox_frame *f, uint32_t first, size_t count)
{
	for (uint32_t k = 0; k < count; k++) {
		if (!ox_star_ok(f->regs[first + k])) {
			unbound_local(s, f->proto, first + k);
			return true;
		}
	}
	return false;
}

static bool holds(int64_t a, int64_t b, uint8_t op)
{
	switch (op) {
	case OX_I_LT:
		return a < b;
	case OX_I_GT:
		return a > b;
	case OX_I_LE:
		return a <= b;
	default:
		return a >= b;
	}
}

/* The rarer instructions. 0: done; -1: failing. */
static int run_rare(struct ox_star *s, struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value *r = f->regs, *k = f->proto->constants, v;
	switch (i->op) {
	case OX_I_UNKNOWN:
		ox_star_fail_with(s, "unknown-name", NULL, "unknown name '%.*s'", OX_SLICE_ARG(ox_text_of(k[i->j])));
		return -1;
	case OX_I_MAKE_CELL:
		v = make_cell(s, r[i->a]);
		break;
	case OX_I_LIST:
		if (unbound_argument(s, f, i->b, i->c))
			return -1;
		v = ox_star_list(s, &r[i->b], i->c);
		break;
	case OX_I_TUPLE:
		if (unbound_argument(s, f, i->b, i->c))
			return -1;
		v = ox_star_tuple(s, &r[i->b], i->c);
		break;
	case OX_I_DICT:
		v = ox_from_object(ox_dict_new(s, OX_OBJ_DICT, (size_t)i->j));
		break;
	case OX_I_SLICE:
		if (!ox_star_ok(r[i->b]) || unbound_argument(s, f, i->c, 3)) {
			unbound_local(s, f->proto, i->b);
			return -1;
		}
		v = ox_slice_value(s, r[i->b], &r[i->c]);
		break;
	case OX_I_ATTR:
		v = ox_star_ok(r[i->b]) ? ox_attr_get(s, r[i->b], k[i->c]) : unbound_local(s, f->proto, i->b);
		break;
	case OX_I_SET_ATTR:
		if (!ox_star_ok(r[i->a]) || !ox_star_ok(r[i->b])) {
			unbound_local(s, f->proto, ox_star_ok(r[i->a]) ? i->b : i->a);
			return -1;
		}
		return ox_attr_set(s, r[i->a], k[i->c], r[i->b]);
	case OX_I_FUNCTION:
		v = make_closure(s, f, i);
		break;
	case OX_I_UNPACK:
		if (!ox_star_ok(r[i->b])) {
			unbound_local(s, f->proto, i->b);
			return -1;
		}
		return ox_unpack(s, r[i->b], &r[i->a], i->c);
	case OX_I_LOAD:
		v = ox_from_object(ox_load_module(s, ox_text_of(k[i->j]), f->fn->module));
		break;
	case OX_I_LOAD_NAME:
		v = load_name(s, (const struct ox_star_module *)ox_object(r[i->b]), k[i->c]);
		break;
	default:
		ox_fail_code(s, OX_EINTERNAL, "internal", NULL, "instruction %u", i->op);
		return -1;
	}
	if (!ox_star_ok(v))
		return -1;
	r[i->a] = v;
	return 0;
}

/* The next item of a loop over a list or range, the frequent kinds; else by way of ox_loop_next. */
static inline ox_star_value next_item(struct ox_star *s, ox_star_value *state)
{
	const struct ox_obj *o = ox_object(state[0]);
	int64_t at = ox_small(state[1]);
	if (o->kind == OX_OBJ_RANGE) {
		const struct ox_range *range = (const struct ox_range *)o;
		if (at >= range->len)
			return OX_STAR_FAILED;
		state[1] = ox_from_small(at + 1);
		return ox_from_small(range->start + at * range->step);
	}
	if (o->kind == OX_OBJ_LIST) {
		const struct ox_list *l = (const struct ox_list *)o;
		if ((size_t)at >= l->len)
			return OX_STAR_FAILED;
		state[1] = ox_from_small(at + 1);
		return l->items[at];
	}
	return ox_loop_next(s, state);
}

/* After a comparison: do the jump that follows at once. */
#define JUMP_ON(truth) \
	do { \
		bool t_ = (truth); \
		if (t_ == (pc->op == OX_I_JUMP_IF)) \
			pc += pc->j; \
		pc++; \
	} while (0)

#define COMPARE(insn, truth) \
	do { \
		if ((insn)->x) \
			JUMP_ON(truth); \
		else \
			r[(insn)->a] = ox_star_bool(truth); \
	} while (0)

#define SAVE() (f->pc = pc)

#define RELOAD() \
	do { \
		f = &s->frames[s->frame_count - 1]; \
		pc = f->pc; \
		r = f->regs; \
		k = f->proto->constants; \
	} while (0)

/* Store what a slow path gave. */
#define RESULT(value) \
	do { \
		SAVE(); \
		ox_star_value v_ = (value); \
		if (!ox_star_ok(v_)) \
			goto failed; \
		r[i->a] = v_; \
	} while (0)

#define CHECK(status) \
	do { \
		SAVE(); \
		if ((status) < 0) \
			goto failed; \
	} while (0)

/* Run the innermost frame, which is a boundary, to its end. */
static ox_star_value run(struct ox_star *s)
{
	uint32_t entry = s->frame_count;
	struct ox_frame *f;
	const struct ox_insn *pc, *i;
	ox_star_value *r, *k, result, b, c;
	enum called called;
	int64_t n;
	RELOAD();
	for (;;) {
		i = pc++;
		switch (i->op) {
		case OX_I_MOVE:
			if (!ox_star_ok(r[i->b])) {
				SAVE();
				unbound_local(s, f->proto, i->b);
				goto failed;
			}
			r[i->a] = r[i->b];
			break;
		case OX_I_CONST:
			r[i->a] = k[i->j];
			break;
		case OX_I_SMALL:
			r[i->a] = ox_from_small(i->j);
			break;
		case OX_I_GLOBAL:
			result = f->fn->module->values.items[i->j];
			if (!ox_star_ok(result)) {
				SAVE();
				unbound_global(s, f->fn->module, i->j);
				goto failed;
			}
			r[i->a] = result;
			break;
		case OX_I_SET_GLOBAL:
			if (!ox_star_ok(r[i->a])) {
				SAVE();
				unbound_local(s, f->proto, i->a);
				goto failed;
			}
			f->fn->module->values.items[i->j] = r[i->a];
			break;
		case OX_I_CELL_GET:
			result = OX_AS(ox_cell, r[i->b])->value;
			if (!ox_star_ok(result)) {
				SAVE();
				unbound_local(s, f->proto, i->b);
				goto failed;
			}
			r[i->a] = result;
			break;
		case OX_I_CELL_SET:
			if (!ox_star_ok(r[i->b])) {
				SAVE();
				unbound_local(s, f->proto, i->b);
				goto failed;
			}
			OX_AS(ox_cell, r[i->a])->value = r[i->b];
			break;
		case OX_I_FREE_GET:
			result = f->fn->cells[i->b]->value;
			if (!ox_star_ok(result)) {
				SAVE();
				ox_star_fail_with(s, "unbound-name", NULL, "variable '%.*s' is used before it gets a value",
						  OX_SLICE_ARG(ox_text_of(f->proto->free_names[i->b])));
				goto failed;
			}
			r[i->a] = result;
			break;
		case OX_I_ADD:
			b = r[i->b], c = r[i->c];
			/* Tags cancel: (2x+1) + (2y+1) - 1 is 2(x+y)+1. */
			if ((b.bits & c.bits & 1) && !__builtin_add_overflow((int64_t)b.bits, (int64_t)(c.bits - 1), &n))
				r[i->a] = (ox_star_value){(uintptr_t)n};
			else
				RESULT(binary(s, f, i));
			break;
		case OX_I_SUB:
			b = r[i->b], c = r[i->c];
			if ((b.bits & c.bits & 1) && !__builtin_sub_overflow((int64_t)b.bits, (int64_t)(c.bits - 1), &n))
				r[i->a] = (ox_star_value){(uintptr_t)n};
			else
				RESULT(binary(s, f, i));
			break;
		case OX_I_ADD_SMALL:
			b = r[i->b];
			if ((b.bits & 1) && !__builtin_add_overflow((int64_t)b.bits, (int64_t)(int16_t)i->c * 2, &n))
				r[i->a] = (ox_star_value){(uintptr_t)n};
			else
				RESULT(add_small(s, f, i));
			break;
		case OX_I_MUL:
			b = r[i->b], c = r[i->c];
			/* 2x * y is 2xy. */
			if ((b.bits & c.bits & 1) && !__builtin_mul_overflow((int64_t)(b.bits - 1), ox_small(c), &n))
				r[i->a] = (ox_star_value){(uintptr_t)n | 1};
			else
				RESULT(binary(s, f, i));
			break;
		case OX_I_MOD:
			b = r[i->b], c = r[i->c];
			if ((b.bits & c.bits & 1) && ox_small(c) > 0) {
				n = ox_small(b) % ox_small(c);
				r[i->a] = ox_from_small(n < 0 ? n + ox_small(c) : n);
			} else {
				RESULT(binary(s, f, i));
			}
			break;
		case OX_I_FLOORDIV:
			b = r[i->b], c = r[i->c];
			if ((b.bits & c.bits & 1) && ox_small(c) > 0) {
				n = ox_small(b) / ox_small(c);
				r[i->a] = ox_from_small(n - (n * ox_small(c) > ox_small(b)));
			} else {
				RESULT(binary(s, f, i));
			}
			break;
		case OX_I_AND:
			b = r[i->b], c = r[i->c];
			if (b.bits & c.bits & 1)
				r[i->a] = (ox_star_value){b.bits & c.bits};
			else
				RESULT(binary(s, f, i));
			break;
		case OX_I_DIV:
		case OX_I_OR:
		case OX_I_XOR:
		case OX_I_SHL:
		case OX_I_SHR:
		case OX_I_IN:
		case OX_I_NOT_IN:
			RESULT(binary(s, f, i));
			break;
		case OX_I_EQ:
		case OX_I_NE:
			b = r[i->b], c = r[i->c];
			if (b.bits & c.bits & 1) {
				COMPARE(i, ox_same(b, c) == (i->op == OX_I_EQ));
				break;
			}
			SAVE();
			result = binary(s, f, i);
			if (!ox_star_ok(result))
				goto failed;
			COMPARE(i, ox_same(result, OX_STAR_TRUE));
			break;
		case OX_I_LT:
		case OX_I_GT:
		case OX_I_LE:
		case OX_I_GE:
			b = r[i->b], c = r[i->c];
			if (b.bits & c.bits & 1) {
				COMPARE(i, holds((int64_t)b.bits, (int64_t)c.bits, i->op));
				break;
			}
			SAVE();
			result = binary(s, f, i);
			if (!ox_star_ok(result))
				goto failed;
			COMPARE(i, ox_same(result, OX_STAR_TRUE));
			break;
		case OX_I_INPLACE:
			RESULT(inplace(s, f, i));
			break;
		case OX_I_NEGATE:
		case OX_I_PLUS:
		case OX_I_INVERT:
		case OX_I_NOT:
			RESULT(unary(s, f, i));
			break;
		case OX_I_JUMP:
			pc += i->j;
			break;
		case OX_I_JUMP_IF:
		case OX_I_JUMP_IF_NOT:
			b = r[i->a];
			if (!ox_star_ok(b)) {
				SAVE();
				unbound_local(s, f->proto, i->a);
				goto failed;
			}
			if (ox_star_truth(b) == (i->op == OX_I_JUMP_IF))
				pc += i->j;
			break;
		case OX_I_INDEX:
			b = r[i->b], c = r[i->c];
			if (ox_is_small(c) && ox_is(b, OX_OBJ_LIST) && (uint64_t)ox_small(c) < OX_AS(ox_list, b)->len)
				r[i->a] = OX_AS(ox_list, b)->items[ox_small(c)];
			else
				RESULT(index_slow(s, f, i));
			break;
		case OX_I_SET_INDEX:
			CHECK(set_index(s, f, i));
			break;
		case OX_I_METHOD:
			SAVE();
			if (!ox_star_ok(r[i->b])) {
				unbound_local(s, f->proto, i->b);
				goto failed;
			}
			result = ox_attr_method(s, r[i->b], k[i->c], &b);
			if (!ox_star_ok(result))
				goto failed;
			r[i->a] = result;
			r[i->a + 1] = b;
			break;
		case OX_I_CALL:
		case OX_I_CALL_METHOD:
			SAVE();
			n = i->op == OX_I_CALL ? 1 : 2;
			called = call_plain(s, r[i->b], n == 1 ? OX_STAR_FAILED : r[i->b + 1], &r[i->b + n], i->c, i->a, &result);
			goto after_call;
		case OX_I_CALL_SHAPE:
			SAVE();
			called = call_shape(s, i, &result);
after_call:
			if (--s->fuel <= 0 && ox_out_of_steps(s))
				goto failed;
			if (called == CALLED_VALUE)
				r[i->a] = result;
			else if (called == CALLED_FRAME)
				RELOAD();
			else
				goto failed;
			break;
		case OX_I_DICT_PUT:
			CHECK(dict_put(s, f, i));
			break;
		case OX_I_APPEND:
			CHECK(append(s, f, i));
			break;
		case OX_I_ITER:
			SAVE();
			if (!ox_star_ok(r[i->b])) {
				unbound_local(s, f->proto, i->b);
				goto failed;
			}
			if (ox_loop_begin(s, &r[i->a], r[i->b]) < 0)
				goto failed;
			break;
		case OX_I_NEXT:
			SAVE();
			result = next_item(s, &r[i->b]);
			if (--s->fuel <= 0 && ox_out_of_steps(s))
				goto failed;
			if (ox_star_ok(result)) {
				r[i->a] = result;
				pc++;
			} else if (ox_star_failing(s)) {
				goto failed;
			} else {
				ox_loop_leave(s);
			}
			break;
		case OX_I_ITER_END:
			ox_loop_leave(s);
			break;
		case OX_I_RETURN:
			result = r[i->a];
			if (!ox_star_ok(result)) {
				SAVE();
				unbound_local(s, f->proto, i->a);
				goto failed;
			}
			n = f->dest;
			called = f->boundary ? CALLED_VALUE : CALLED_FRAME;
			ox_frame_leave(s);
			if (called == CALLED_VALUE)
				return result;
			RELOAD();
			r[n] = result;
			break;
		default:
			CHECK(run_rare(s, f, i));
		}
	}
failed:
	while (s->frame_count >= entry)
		ox_frame_leave(s);
	return OX_STAR_FAILED;
}

static ox_star_value run_closure(struct ox_star *s, const struct ox_closure *fn, const struct ox_args *args)
{
	ox_star_value result = OX_STAR_FAILED, *saved = s->stack_top;
	if (s->native_depth >= OX_NATIVE_DEPTH_MAX)
		return ox_fail_code(s, OX_EEXHAUSTED, "depth-limit", NULL, "calls are nested too deeply");
	ox_star_value *regs = ox_stack_take(s, fn->proto->registers);
	s->native_depth++;
	if (regs && ox_frame_bind(s, fn, args, regs) == 0 && ox_frame_enter(s, fn, regs, 0, true))
		result = run(s);
	s->native_depth--;
	s->stack_top = saved;
	return result;
}

ox_star_value ox_call_value(struct ox_star *s, ox_star_value fn, const struct ox_args *args)
{
	if (ox_is(fn, OX_OBJ_FUNCTION))
		return run_closure(s, OX_AS(ox_closure, fn), args);
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

ox_star_value ox_run_toplevel(struct ox_star *s, const struct ox_proto *proto, struct ox_star_module *module)
{
	struct ox_closure *fn = (struct ox_closure *)ox_new_object(s, OX_OBJ_FUNCTION, sizeof *fn);
	if (!fn)
		return OX_STAR_FAILED;
	fn->proto = proto;
	fn->module = module;
	fn->defaults = NULL;
	fn->cells = NULL;
	return run_closure(s, fn, &(struct ox_args){0});
}
