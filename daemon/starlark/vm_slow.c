/* Instructions the long way. */
#include "daemon/starlark/vm_impl.h"

ox_star_value ox_vm_unbound_local(struct ox_star *s, const struct ox_proto *p, uint32_t reg)
{
	if (reg >= p->locals)
		return ox_fail_code(s, OX_EINTERNAL, "internal", NULL, "a temporary value is missing");
	return ox_star_fail_with(s, "unbound-name", NULL, "local variable '%.*s' is used before it gets a value",
				 OX_SLICE_ARG(ox_text_of(p->local_names[reg])));
}

ox_star_value ox_vm_unbound_global(struct ox_star *s, const struct ox_star_module *m, int32_t slot)
{
	return ox_star_fail_with(s, "unbound-name", NULL, "global variable '%.*s' is used before it gets a value",
				 OX_SLICE_ARG(m->names.list.items[slot]->name));
}

/* Operands b and c, checked; the slow way. */
ox_star_value ox_vm_binary(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value b = f->regs[i->b], c = f->regs[i->c];
	if (!ox_star_ok(b))
		return ox_vm_unbound_local(s, f->proto, i->b);
	if (!ox_star_ok(c))
		return ox_vm_unbound_local(s, f->proto, i->c);
	return ox_binary(s, i->op - OX_I_ADD, b, c);
}

ox_star_value ox_vm_add_small(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value b = f->regs[i->b];
	if (!ox_star_ok(b))
		return ox_vm_unbound_local(s, f->proto, i->b);
	int64_t k = (int16_t)i->c;
	return i->x ? ox_binary(s, OX_OP_SUB, b, ox_from_small(-k)) : ox_binary(s, OX_OP_ADD, b, ox_from_small(k));
}

ox_star_value ox_vm_inplace(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value b = f->regs[i->b], c = f->regs[i->c];
	if (!ox_star_ok(b))
		return ox_vm_unbound_local(s, f->proto, i->b);
	if (!ox_star_ok(c))
		return ox_vm_unbound_local(s, f->proto, i->c);
	return ox_inplace(s, i->x, b, c);
}

ox_star_value ox_vm_unary(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value b = f->regs[i->b];
	if (!ox_star_ok(b))
		return ox_vm_unbound_local(s, f->proto, i->b);
	if (i->op == OX_I_NOT)
		return ox_star_bool(!ox_star_truth(b));
	return ox_unary(s, OX_OP_NEGATE + (i->op - OX_I_NEGATE), b);
}

ox_star_value ox_vm_index_slow(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value b = f->regs[i->b], c = f->regs[i->c];
	if (!ox_star_ok(b))
		return ox_vm_unbound_local(s, f->proto, i->b);
	if (!ox_star_ok(c))
		return ox_vm_unbound_local(s, f->proto, i->c);
	return ox_index(s, b, c);
}

int ox_vm_set_index(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	const uint16_t regs[3] = {i->a, i->b, i->c};
	for (size_t k = 0; k < 3; k++) {
		if (!ox_star_ok(f->regs[regs[k]])) {
			ox_vm_unbound_local(s, f->proto, regs[k]);
			return -1;
		}
	}
	return ox_set_index(s, f->regs[i->a], f->regs[i->b], f->regs[i->c]);
}

int ox_vm_dict_put(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value key = f->regs[i->b], value = f->regs[i->c];
	if (!ox_star_ok(key) || !ox_star_ok(value)) {
		ox_vm_unbound_local(s, f->proto, ox_star_ok(key) ? i->c : i->b);
		return -1;
	}
	int added = ox_dict_store(s, OX_AS(ox_dict, f->regs[i->a]), key, value);
	if (added != 0 || !i->x)
		return added < 0 ? -1 : 0;
	char shown[OX_SHOWN];
	ox_star_fail_with(s, "duplicate-key", NULL, "this dict has the key %s twice", ox_show(s, key, shown));
	return -1;
}

int ox_vm_append(struct ox_star *s, const struct ox_frame *f, const struct ox_insn *i)
{
	struct ox_list *l = OX_AS(ox_list, f->regs[i->a]);
	for (uint32_t k = 0; k < i->c; k++) {
		ox_star_value v = f->regs[i->b + k];
		if (!ox_star_ok(v)) {
			ox_vm_unbound_local(s, f->proto, i->b + k);
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
			return ox_vm_unbound_local(s, f->proto, i->a + k);
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

static enum ox_called not_callable(struct ox_star *s, const struct ox_frame *f, ox_star_value fn, uint32_t reg)
{
	if (!ox_star_ok(fn))
		ox_vm_unbound_local(s, f->proto, reg);
	else
		ox_star_fail_with(s, "not-callable", NULL, "%s cannot be called", ox_star_type_name(s, fn));
	return OX_CALLED_FAILED;
}

/* Arguments are in place at args, where the new function's registers begin. */
enum ox_called ox_vm_call_plain(struct ox_star *s, ox_star_value fn, ox_star_value self, ox_star_value *args,
				size_t count, uint32_t dest, ox_star_value *result)
{
	struct ox_frame *f = &s->frames[s->frame_count - 1];
	if (ox_is(fn, OX_OBJ_BUILTIN)) {
		const struct ox_builtin *b = OX_AS(ox_builtin, fn);
		*result = ox_call_builtin(s, b, ox_star_ok(self) ? self : b->self,
					  &(struct ox_args){.positional = args, .positional_count = count});
		return ox_star_ok(*result) ? OX_CALLED_VALUE : OX_CALLED_FAILED;
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
			struct ox_args given = {.positional = copy, .positional_count = count};
			if (ox_frame_bind(s, c, &given, regs) == 0 &&
			    (f = ox_frame_enter(s, c, regs, dest, false))) {
				f->saved_top = saved;
				return OX_CALLED_FRAME;
			}
		}
		s->stack_top = saved;
		return OX_CALLED_FAILED;
	}
	return ox_frame_enter(s, c, args, dest, false) ? OX_CALLED_FRAME : OX_CALLED_FAILED;
}

enum ox_called ox_vm_call_shape(struct ox_star *s, const struct ox_insn *i, ox_star_value *result)
{
	struct ox_frame *f = &s->frames[s->frame_count - 1];
	ox_star_value fn = f->regs[i->b], *saved = s->stack_top;
	ox_star_value self = i->x ? f->regs[i->b + 1] : OX_STAR_FAILED;
	struct ox_args args;
	enum ox_called done = OX_CALLED_FAILED;
	if (ox_args_expand(s, f->proto->shapes[i->c], &f->regs[i->b + 1 + i->x], &args) < 0) {
		s->stack_top = saved;
		return OX_CALLED_FAILED;
	}
	if (ox_is(fn, OX_OBJ_BUILTIN)) {
		const struct ox_builtin *b = OX_AS(ox_builtin, fn);
		*result = ox_call_builtin(s, b, ox_star_ok(self) ? self : b->self, &args);
		done = ox_star_ok(*result) ? OX_CALLED_VALUE : OX_CALLED_FAILED;
	} else if (ox_is(fn, OX_OBJ_FUNCTION)) {
		const struct ox_closure *c = OX_AS(ox_closure, fn);
		ox_star_value *regs = ox_stack_take(s, c->proto->registers);
		if (regs && ox_frame_bind(s, c, &args, regs) == 0 && (f = ox_frame_enter(s, c, regs, i->a, false))) {
			f->saved_top = saved;
			return OX_CALLED_FRAME;
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
			ox_vm_unbound_local(s, f->proto, first + k);
			return true;
		}
	}
	return false;
}

static int unknown_name(struct ox_star *s, const struct ox_star_module *m, struct ox_slice name)
{
	struct ox_nearest near = {.wanted = name};
	char hint[160];
	for (size_t i = 0; i < m->names.list.len; i++)
		ox_nearest_offer(&near, m->names.list.items[i]->name);
	for (size_t i = 0; i < s->predeclared.len; i++)
		ox_nearest_offer(&near, s->predeclared.entries[i].key);
	ox_star_fail_with(s, "unknown-name", ox_nearest_hint(&near, hint), "unknown name '%.*s'", OX_SLICE_ARG(name));
	ox_reached_unknown(s);
	return -1;
}

/* The rarer instructions. 0: done; -1: failing. */
int ox_vm_run_rare(struct ox_star *s, struct ox_frame *f, const struct ox_insn *i)
{
	ox_star_value *r = f->regs, *k = f->proto->constants, v;
	switch (i->op) {
	case OX_I_UNKNOWN:
		return unknown_name(s, f->fn->module, ox_text_of(k[i->j]));
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
			ox_vm_unbound_local(s, f->proto, i->b);
			return -1;
		}
		v = ox_slice_value(s, r[i->b], &r[i->c]);
		break;
	case OX_I_ATTR:
		v = ox_star_ok(r[i->b]) ? ox_attr_get(s, r[i->b], k[i->c]) : ox_vm_unbound_local(s, f->proto, i->b);
		break;
	case OX_I_SET_ATTR:
		if (!ox_star_ok(r[i->a]) || !ox_star_ok(r[i->b])) {
			ox_vm_unbound_local(s, f->proto, ox_star_ok(r[i->a]) ? i->b : i->a);
			return -1;
		}
		return ox_attr_set(s, r[i->a], k[i->c], r[i->b]);
	case OX_I_FUNCTION:
		v = make_closure(s, f, i);
		break;
	case OX_I_UNPACK:
		if (!ox_star_ok(r[i->b])) {
			ox_vm_unbound_local(s, f->proto, i->b);
			return -1;
		}
		return ox_unpack(s, r[i->b], &r[i->a], i->c);
	case OX_I_LOAD:
		v = ox_from_object(s->machine->load(s, ox_text_of(k[i->j]), f->fn->module));
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
