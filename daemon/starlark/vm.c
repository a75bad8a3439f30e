/* The machine's loop: one function whose cases are the instructions, so that the
 * compiler keeps its state in registers. Frequent operands are dealt with here; everything
 * else is in vm_slow.c. */
#include "daemon/starlark/vm_impl.h"

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
#define JUMP_ON(truth)                                                                                                 \
	do {                                                                                                           \
		bool t_ = (truth);                                                                                     \
		if (t_ == (pc->op == OX_I_JUMP_IF))                                                                    \
			pc += pc->j;                                                                                   \
		pc++;                                                                                                  \
	} while (0)

#define COMPARE(insn, truth)                                                                                           \
	do {                                                                                                           \
		if ((insn)->x)                                                                                         \
			JUMP_ON(truth);                                                                                \
		else                                                                                                   \
			r[(insn)->a] = ox_star_bool(truth);                                                            \
	} while (0)

#define SAVE() (f->pc = pc)

#define RELOAD()                                                                                                       \
	do {                                                                                                           \
		f = &s->frames[s->frame_count - 1];                                                                    \
		pc = f->pc;                                                                                            \
		r = f->regs;                                                                                           \
		k = f->proto->constants;                                                                               \
	} while (0)

/* Store what a slow path gave. */
#define RESULT(value)                                                                                                  \
	do {                                                                                                           \
		SAVE();                                                                                                \
		ox_star_value v_ = (value);                                                                            \
		if (!ox_star_ok(v_))                                                                                   \
			goto failed;                                                                                   \
		r[i->a] = v_;                                                                                          \
	} while (0)

#define CHECK(status)                                                                                                  \
	do {                                                                                                           \
		SAVE();                                                                                                \
		if ((status) < 0)                                                                                      \
			goto failed;                                                                                   \
	} while (0)

/* Run the innermost frame, which is a boundary, to its end. */
static ox_star_value run_instructions(struct ox_star *s)
{
	uint32_t entry = s->frame_count;
	struct ox_frame *f;
	const struct ox_insn *pc, *i;
	ox_star_value *r, *k, result, b, c;
	enum ox_called called;
	int64_t n;
	RELOAD();
	for (;;) {
		i = pc++;
		switch (i->op) {
		case OX_I_MOVE:
			if (!ox_star_ok(r[i->b])) {
				SAVE();
				ox_vm_unbound_local(s, f->proto, i->b);
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
				ox_vm_unbound_global(s, f->fn->module, i->j);
				goto failed;
			}
			r[i->a] = result;
			break;
		case OX_I_SET_GLOBAL:
			if (!ox_star_ok(r[i->a])) {
				SAVE();
				ox_vm_unbound_local(s, f->proto, i->a);
				goto failed;
			}
			f->fn->module->values.items[i->j] = r[i->a];
			break;
		case OX_I_CELL_GET:
			result = OX_AS(ox_cell, r[i->b])->value;
			if (!ox_star_ok(result)) {
				SAVE();
				ox_vm_unbound_local(s, f->proto, i->b);
				goto failed;
			}
			r[i->a] = result;
			break;
		case OX_I_CELL_SET:
			if (!ox_star_ok(r[i->b])) {
				SAVE();
				ox_vm_unbound_local(s, f->proto, i->b);
				goto failed;
			}
			OX_AS(ox_cell, r[i->a])->value = r[i->b];
			break;
		case OX_I_FREE_GET:
			result = f->fn->cells[i->b]->value;
			if (!ox_star_ok(result)) {
				SAVE();
				ox_star_fail_with(s, "unbound-name", NULL,
						  "variable '%.*s' is used before it gets a value",
						  OX_SLICE_ARG(ox_text_of(f->proto->free_names[i->b])));
				goto failed;
			}
			r[i->a] = result;
			break;
		case OX_I_ADD:
			b = r[i->b], c = r[i->c];
			/* Tags cancel: (2x+1) + (2y+1) - 1 is 2(x+y)+1. */
			if ((b.bits & c.bits & 1) &&
			    !__builtin_add_overflow((int64_t)b.bits, (int64_t)(c.bits - 1), &n))
				r[i->a] = (ox_star_value){(uintptr_t)n};
			else
				RESULT(ox_vm_binary(s, f, i));
			break;
		case OX_I_SUB:
			b = r[i->b], c = r[i->c];
			if ((b.bits & c.bits & 1) &&
			    !__builtin_sub_overflow((int64_t)b.bits, (int64_t)(c.bits - 1), &n))
				r[i->a] = (ox_star_value){(uintptr_t)n};
			else
				RESULT(ox_vm_binary(s, f, i));
			break;
		case OX_I_ADD_SMALL:
			b = r[i->b];
			if ((b.bits & 1) && !__builtin_add_overflow((int64_t)b.bits, (int64_t)(int16_t)i->c * 2, &n))
				r[i->a] = (ox_star_value){(uintptr_t)n};
			else
				RESULT(ox_vm_add_small(s, f, i));
			break;
		case OX_I_MUL:
			b = r[i->b], c = r[i->c];
			/* 2x * y is 2xy. */
			if ((b.bits & c.bits & 1) && !__builtin_mul_overflow((int64_t)(b.bits - 1), ox_small(c), &n))
				r[i->a] = (ox_star_value){(uintptr_t)n | 1};
			else
				RESULT(ox_vm_binary(s, f, i));
			break;
		case OX_I_MOD:
			b = r[i->b], c = r[i->c];
			if ((b.bits & c.bits & 1) && ox_small(c) > 0) {
				n = ox_small(b) % ox_small(c);
				r[i->a] = ox_from_small(n < 0 ? n + ox_small(c) : n);
			} else {
				RESULT(ox_vm_binary(s, f, i));
			}
			break;
		case OX_I_FLOORDIV:
			b = r[i->b], c = r[i->c];
			if ((b.bits & c.bits & 1) && ox_small(c) > 0) {
				n = ox_small(b) / ox_small(c);
				r[i->a] = ox_from_small(n - (n * ox_small(c) > ox_small(b)));
			} else {
				RESULT(ox_vm_binary(s, f, i));
			}
			break;
		case OX_I_AND:
			b = r[i->b], c = r[i->c];
			if (b.bits & c.bits & 1)
				r[i->a] = (ox_star_value){b.bits & c.bits};
			else
				RESULT(ox_vm_binary(s, f, i));
			break;
		case OX_I_DIV:
		case OX_I_OR:
		case OX_I_XOR:
		case OX_I_SHL:
		case OX_I_SHR:
		case OX_I_IN:
		case OX_I_NOT_IN:
			RESULT(ox_vm_binary(s, f, i));
			break;
		case OX_I_EQ:
		case OX_I_NE:
			b = r[i->b], c = r[i->c];
			if (b.bits & c.bits & 1) {
				COMPARE(i, ox_same(b, c) == (i->op == OX_I_EQ));
				break;
			}
			SAVE();
			result = ox_vm_binary(s, f, i);
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
			result = ox_vm_binary(s, f, i);
			if (!ox_star_ok(result))
				goto failed;
			COMPARE(i, ox_same(result, OX_STAR_TRUE));
			break;
		case OX_I_INPLACE:
			b = r[i->b], c = r[i->c];
			if (i->x == OX_OP_ADD && (b.bits & c.bits & 1) &&
			    !__builtin_add_overflow((int64_t)b.bits, (int64_t)(c.bits - 1), &n))
				r[i->a] = (ox_star_value){(uintptr_t)n};
			else if (i->x == OX_OP_SUB && (b.bits & c.bits & 1) &&
				 !__builtin_sub_overflow((int64_t)b.bits, (int64_t)(c.bits - 1), &n))
				r[i->a] = (ox_star_value){(uintptr_t)n};
			else
				RESULT(ox_vm_inplace(s, f, i));
			break;
		case OX_I_NEGATE:
		case OX_I_PLUS:
		case OX_I_INVERT:
		case OX_I_NOT:
			RESULT(ox_vm_unary(s, f, i));
			break;
		case OX_I_JUMP:
			pc += i->j;
			break;
		case OX_I_JUMP_IF:
		case OX_I_JUMP_IF_NOT:
			b = r[i->a];
			if (!ox_star_ok(b)) {
				SAVE();
				ox_vm_unbound_local(s, f->proto, i->a);
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
				RESULT(ox_vm_index_slow(s, f, i));
			break;
		case OX_I_SET_INDEX:
			CHECK(ox_vm_set_index(s, f, i));
			break;
		case OX_I_METHOD:
			SAVE();
			if (!ox_star_ok(r[i->b])) {
				ox_vm_unbound_local(s, f->proto, i->b);
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
			called = ox_vm_call_plain(s, r[i->b], n == 1 ? OX_STAR_FAILED : r[i->b + 1], &r[i->b + n], i->c,
						  i->a, &result);
			goto after_call;
		case OX_I_CALL_SHAPE:
			SAVE();
			called = ox_vm_call_shape(s, i, &result);
		after_call:
			if (--s->fuel <= 0 && ox_out_of_steps(s))
				goto failed;
			if (called == OX_CALLED_VALUE)
				r[i->a] = result;
			else if (called == OX_CALLED_FRAME)
				RELOAD();
			else
				goto failed;
			break;
		case OX_I_DICT_PUT:
			CHECK(ox_vm_dict_put(s, f, i));
			break;
		case OX_I_APPEND:
			CHECK(ox_vm_append(s, f, i));
			break;
		case OX_I_ITER:
			SAVE();
			if (!ox_star_ok(r[i->b])) {
				ox_vm_unbound_local(s, f->proto, i->b);
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
				ox_vm_unbound_local(s, f->proto, i->a);
				goto failed;
			}
			n = f->dest;
			called = f->boundary ? OX_CALLED_VALUE : OX_CALLED_FRAME;
			ox_frame_leave(s);
			if (called == OX_CALLED_VALUE)
				return result;
			RELOAD();
			r[n] = result;
			break;
		default:
			CHECK(ox_vm_run_rare(s, f, i));
		}
	}
failed:
	while (s->frame_count >= entry)
		ox_frame_leave(s);
	return OX_STAR_FAILED;
}

ox_star_value ox_run_closure(struct ox_star *s, const struct ox_closure *fn, const struct ox_args *args)
{
	ox_star_value result = OX_STAR_FAILED, *saved = s->stack_top;
	if (s->native_depth >= OX_NATIVE_DEPTH_MAX)
		return ox_fail_code(s, OX_EEXHAUSTED, "depth-limit", NULL, "calls are nested too deeply");
	ox_star_value *regs = ox_stack_take(s, fn->proto->registers);
	s->native_depth++;
	if (regs && ox_frame_bind(s, fn, args, regs) == 0 && ox_frame_enter(s, fn, regs, 0, true))
		result = run_instructions(s);
	s->native_depth--;
	s->stack_top = saved;
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
	return ox_run_closure(s, fn, &(struct ox_args){0});
}
