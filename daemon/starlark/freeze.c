/* Freezing: everything that can be reached, with a list of work instead of recursion. */
#include "daemon/starlark/code.h"
#include "daemon/starlark/thread.h"

struct work {
	OX_VEC(ox_star_value) left;
	bool failed;
};

static void visit(struct work *w, ox_star_value v)
{
	if (!ox_is_object(v) || ox_object(v)->frozen)
		return;
	ox_object(v)->frozen = true;
	ox_star_value *place = ox_vec_push(&w->left);
	if (place)
		*place = v;
	else
		w->failed = true;
}

static void visit_all(struct work *w, const ox_star_value *items, size_t len)
{
	for (size_t i = 0; i < len; i++)
		visit(w, items[i]);
}

static void visit_function(struct work *w, const struct ox_closure *fn)
{
	if (fn->defaults)
		visit_all(w, fn->defaults, ox_proto_params(fn->proto));
	for (uint32_t i = 0; fn->cells && i < fn->proto->capture_count; i++)
		visit(w, fn->cells[i]->value);
	visit_all(w, fn->module->values.items, fn->module->values.len);
}

static void visit_parts(struct work *w, ox_star_value v)
{
	struct ox_dict_entry *e;
	switch (ox_object(v)->kind) {
	case OX_OBJ_LIST:
		visit_all(w, OX_AS(ox_list, v)->items, OX_AS(ox_list, v)->len);
		break;
	case OX_OBJ_TUPLE:
		visit_all(w, OX_AS(ox_tuple, v)->items, OX_AS(ox_tuple, v)->len);
		break;
	case OX_OBJ_DICT:
	case OX_OBJ_SET:
		for (uint32_t i = 0; (e = ox_dict_next(OX_AS(ox_dict, v), &i));) {
			visit(w, e->key);
			visit(w, e->value);
		}
		break;
	case OX_OBJ_FUNCTION:
		visit_function(w, OX_AS(ox_closure, v));
		break;
	case OX_OBJ_BUILTIN:
		visit(w, OX_AS(ox_builtin, v)->self);
		break;
	default:
		break;
	}
}

int ox_star_freeze(struct ox_star *s, ox_star_value v)
{
	struct work w = {0};
	visit(&w, v);
	while (w.left.len)
		visit_parts(&w, w.left.items[--w.left.len]);
	ox_vec_free(&w.left);
	if (!w.failed)
		return 0;
	ox_fail_memory(s);
	return -1;
}
