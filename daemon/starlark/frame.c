#include "daemon/starlark/frame.h"

ox_star_value *ox_stack_take(struct ox_star *s, size_t n)
{
	ox_star_value *p = s->stack_top;
	if (n > (size_t)(s->stack + OX_STACK_VALUES - p)) {
		ox_fail_code(s, OX_EEXHAUSTED, "stack-limit", NULL, "calls are nested too deeply: the stack is full");
		return NULL;
	}
	s->stack_top = p + n;
	return p;
}

static int recursion(struct ox_star *s, const struct ox_closure *fn)
{
	ox_star_fail_with(s, "recursion", "write it as a loop", "function %.*s calls itself",
			  OX_SLICE_ARG(fn->proto->name));
	return -1;
}

static int check_enter(struct ox_star *s, const struct ox_closure *fn)
{
	if (*fn->proto->running && !s->options.recursion)
		return recursion(s, fn);
	if (s->frame_count < s->options.depth_limit)
		return 0;
	ox_fail_code(s, OX_EEXHAUSTED, "depth-limit", NULL, "calls are nested too deeply (limit %u)",
		     s->options.depth_limit);
	return -1;
}

struct ox_frame *ox_frame_enter(struct ox_star *s, const struct ox_closure *fn, ox_star_value *regs, uint32_t dest,
				bool boundary)
{
	const struct ox_proto *p = fn->proto;
	ox_star_value *saved = s->stack_top;
	if (check_enter(s, fn) < 0)
		return NULL;
	s->stack_top = regs;
	if (!ox_stack_take(s, p->registers)) {
		s->stack_top = saved;
		return NULL;
	}
	uint32_t params = ox_proto_params(p);
	if (p->locals > params)
		memset(regs + params, 0, (p->locals - params) * sizeof *regs);
	struct ox_frame *f = &s->frames[s->frame_count++];
	*f = (struct ox_frame){
	    .fn = fn,
	    .proto = p,
	    .pc = p->code,
	    .regs = regs,
	    .dest = dest,
	    .iterations = (uint32_t)s->iterations.len,
	    .boundary = boundary,
	    .saved_top = saved,
	};
	++*p->running;
	return f;
}

void ox_frame_leave(struct ox_star *s)
{
	struct ox_frame *f = &s->frames[--s->frame_count];
	--*f->proto->running;
	s->stack_top = f->saved_top;
	if (s->iterations.len > f->iterations)
		ox_loops_unwind(s, f->iterations);
}

bool ox_frame_fill(const struct ox_closure *fn, ox_star_value *regs, size_t count)
{
	const struct ox_proto *p = fn->proto;
	if (p->named_only || p->has_args || p->has_kwargs || count > p->positional)
		return false;
	for (size_t i = count; i < p->positional; i++) {
		if (!ox_star_ok(fn->defaults[i]))
			return false;
		regs[i] = fn->defaults[i];
	}
	return true;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static int too_many(struct ox_star *s, const struct ox_closure *fn, size_t given)
{
	const struct ox_proto *p = fn->proto;
	bool optional = p->positional && ox_star_ok(fn->defaults[p->positional - 1]);
	ox_star_fail_with(s, "arguments", NULL, "%.*s() takes %s%u positional argument%s, got %zu",
			  OX_SLICE_ARG(p->name), optional ? "at most " : "", p->positional, plural(p->positional),
			  given);
	return -1;
}

static int unknown_keyword(struct ox_star *s, const struct ox_closure *fn, ox_star_value name)
{
	const struct ox_proto *p = fn->proto;
	struct ox_nearest near = {.wanted = ox_text_of(name)};
	char hint[160];
	for (uint32_t i = 0; i < p->positional + p->named_only; i++)
		ox_nearest_offer(&near, ox_text_of(p->local_names[i]));
	ox_star_fail_with(s, "unknown-argument", ox_nearest_hint(&near, hint), "%.*s() has no parameter '%.*s'",
			  OX_SLICE_ARG(p->name), OX_SLICE_ARG(ox_text_of(name)));
	return -1;
}

static int bind_named(struct ox_star *s, const struct ox_closure *fn, ox_star_value name, ox_star_value value,
		      ox_star_value *regs, struct ox_dict *kwargs)
{
	const struct ox_proto *p = fn->proto;
	uint32_t i = 0, named = p->positional + p->named_only;
	while (i < named && !ox_same(p->local_names[i], name) &&
	       !ox_slice_eq(ox_text_of(p->local_names[i]), ox_text_of(name)))
		i++;
	bool twice = i < named && ox_star_ok(regs[i]);
	if (i < named && !twice) {
		regs[i] = value;
		return 0;
	}
	if (i == named && kwargs) {
		int added = ox_dict_store(s, kwargs, name, value);
		twice = added == 0;
		if (added != 0)
			return added < 0 ? -1 : 0;
	}
	if (!twice)
		return unknown_keyword(s, fn, name);
	ox_star_fail_with(s, "arguments", NULL, "%.*s() got parameter '%.*s' twice", OX_SLICE_ARG(p->name),
			  OX_SLICE_ARG(ox_text_of(name)));
	return -1;
}

static int fill_defaults(struct ox_star *s, const struct ox_closure *fn, ox_star_value *regs)
{
	const struct ox_proto *p = fn->proto;
	struct ox_buf missing = {0};
	size_t count = 0;
	for (uint32_t i = 0; i < p->positional + p->named_only; i++) {
		if (ox_star_ok(regs[i]))
			continue;
		regs[i] = fn->defaults[i];
		if (ox_star_ok(regs[i]))
			continue;
		ox_buf_printf(&missing, "%s'%.*s'", count++ ? ", " : "", OX_SLICE_ARG(ox_text_of(p->local_names[i])));
	}
	if (count)
		ox_star_fail_with(s, "arguments", NULL, "%.*s() misses argument%s %s", OX_SLICE_ARG(p->name),
				  plural(count), ox_part(s, &missing));
	ox_buf_free(&missing);
	return count ? -1 : 0;
}

int ox_frame_bind(struct ox_star *s, const struct ox_closure *fn, const struct ox_args *args, ox_star_value *regs)
{
	const struct ox_proto *p = fn->proto;
	uint32_t named = p->positional + p->named_only;
	size_t direct = args->positional_count < p->positional ? args->positional_count : p->positional;
	if (args->positional_count > direct && !p->has_args)
		return too_many(s, fn, args->positional_count);
	memset(regs, 0, ox_proto_params(p) * sizeof *regs);
	if (direct)
		memcpy(regs, args->positional, direct * sizeof *regs);
	if (p->has_args) {
		regs[named] = ox_star_tuple(s, args->positional + direct, args->positional_count - direct);
		if (!ox_star_ok(regs[named]))
			return -1;
	}
	struct ox_dict *kwargs = NULL;
	if (p->has_kwargs) {
		kwargs = ox_dict_new(s, OX_OBJ_DICT, args->named_count);
		if (!kwargs)
			return -1;
		regs[named + p->has_args] = ox_from_object(kwargs);
	}
	for (size_t i = 0; i < args->named_count; i++) {
		if (bind_named(s, fn, args->names[i], args->named[i], regs, kwargs) < 0) {
			ox_blame_argument(s, args, i);
			return -1;
		}
	}
	return fill_defaults(s, fn, regs);
}

static int expand_named(struct ox_star *s, struct ox_dict *d, ox_star_value *names, ox_star_value *values)
{
	struct ox_dict_entry *e;
	size_t n = 0;
	for (uint32_t i = 0; (e = ox_dict_next(d, &i)); n++) {
		if (!ox_is_string(e->key)) {
			ox_star_fail(s, "the keys after ** must be strings, not %s", ox_star_type_name(s, e->key));
			return -1;
		}
		names[n] = e->key;
		values[n] = e->value;
	}
	return 0;
}

int ox_args_expand(struct ox_star *s, const struct ox_call_shape *shape, const ox_star_value *at, struct ox_args *args)
{
	const ox_star_value *star = at + shape->positional + shape->named, *starstar = star + shape->star;
	struct ox_list *rest = NULL;
	struct ox_dict *more = NULL;
	if (shape->star && !(rest = ox_list_of(s, *star)))
		return -1;
	if (shape->starstar && !ox_is(*starstar, OX_OBJ_DICT)) {
		ox_star_fail(s, "what follows ** must be a dict, not %s", ox_star_type_name(s, *starstar));
		return -1;
	}
	if (shape->starstar)
		more = OX_AS(ox_dict, *starstar);
	size_t positional = shape->positional + (rest ? rest->len : 0), named = shape->named + (more ? more->live : 0);
	ox_star_value *room = ox_stack_take(s, positional + 2 * named);
	if (!room)
		return -1;
	ox_star_value *names = room + positional, *values = names + named;
	memcpy(room, at, shape->positional * sizeof *room);
	if (rest && rest->len)
		memcpy(room + shape->positional, rest->items, rest->len * sizeof *room);
	memcpy(names, shape->names, shape->named * sizeof *names);
	memcpy(values, at + shape->positional, shape->named * sizeof *values);
	if (more && expand_named(s, more, names + shape->named, values + shape->named) < 0)
		return -1;
	*args = (struct ox_args){room, positional, names, values, named, shape};
	return 0;
}

int ox_loop_begin(struct ox_star *s, ox_star_value *state, ox_star_value over)
{
	struct ox_iter it;
	if (ox_iter_begin(s, &it, over) < 0)
		return -1;
	struct ox_obj **held = ox_vec_push(&s->iterations);
	if (!held) {
		ox_iter_end(&it);
		ox_fail_memory(s);
		return -1;
	}
	*held = ox_object(it.over);
	state[0] = it.over;
	state[1] = ox_from_small(0);
	return 0;
}

void ox_loop_leave(struct ox_star *s)
{
	struct ox_obj *o = s->iterations.items[--s->iterations.len];
	if (o->kind == OX_OBJ_LIST || o->kind == OX_OBJ_DICT || o->kind == OX_OBJ_SET)
		o->aux--;
}

void ox_loops_unwind(struct ox_star *s, uint32_t height)
{
	while (s->iterations.len > height)
		ox_loop_leave(s);
}

ox_star_value ox_loop_next(struct ox_star *s, ox_star_value *state)
{
	struct ox_iter it = {.over = state[0], .i = (size_t)ox_small(state[1])};
	ox_star_value item;
	if (!ox_iter_next(s, &it, &item))
		return OX_STAR_FAILED;
	state[1] = ox_from_small((int64_t)it.i);
	return item;
}

static int unpack_count(struct ox_star *s, size_t want, size_t have)
{
	ox_star_fail_with(s, "unpack", NULL, "got %zu value%s to unpack, but %zu name%s to put them into", have,
			  plural(have), want, plural(want));
	return -1;
}

/* The elements of a string or bytes, which is a sequence although it is not iterable. */
static int unpack_text(struct ox_star *s, ox_star_value v, ox_star_value *into, size_t count)
{
	struct ox_slice text = ox_text_of(v);
	bool bytes = ox_is(v, OX_OBJ_BYTES);
	if (text.len != count)
		return unpack_count(s, count, text.len);
	for (size_t i = 0; i < count; i++) {
		into[i] = bytes ? ox_from_small((unsigned char)text.data[i])
				: ox_string_copy(s, OX_OBJ_STRING, ox_slice(text.data + i, 1));
		if (!ox_star_ok(into[i]))
			return -1;
	}
	return 0;
}

int ox_unpack(struct ox_star *s, ox_star_value v, ox_star_value *into, size_t count)
{
	const ox_star_value *items;
	size_t len;
	if (ox_is_string(v) || ox_is(v, OX_OBJ_BYTES))
		return unpack_text(s, v, into, count);
	if (ox_is(v, OX_OBJ_TUPLE)) {
		items = OX_AS(ox_tuple, v)->items;
		len = OX_AS(ox_tuple, v)->len;
	} else {
		if (!ox_iterable(v)) {
			ox_star_fail(s, "cannot unpack %s: it is not iterable", ox_star_type_name(s, v));
			return -1;
		}
		struct ox_list *l = ox_is(v, OX_OBJ_LIST) ? OX_AS(ox_list, v) : ox_list_of(s, v);
		if (!l)
			return -1;
		items = l->items;
		len = l->len;
	}
	if (len != count)
		return unpack_count(s, count, len);
	if (count)
		memcpy(into, items, count * sizeof *into);
	return 0;
}
