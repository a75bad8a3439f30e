/* x[i], x[i] = v and x[a:b:c]. */
#include "daemon/starlark/thread.h"

static int sequence_index(struct ox_star *s, ox_star_value object, ox_star_value key, size_t len, size_t *i)
{
	const char *type = ox_star_type_name(s, object);
	if (!ox_is_int(key)) {
		ox_star_fail(s, "%s indices must be int, not %s", type, ox_star_type_name(s, key));
		return -1;
	}
	int64_t n = ox_is_small(key) ? ox_small(key) : INT64_MAX;
	int64_t at = n < 0 ? n + (int64_t)len : n;
	if (at < 0 || at >= (int64_t)len) {
		if (ox_is_small(key))
			ox_star_fail_with(s, "index", NULL, "index %lld is outside of the %s, which has %zu item%s",
					  (long long)n, type, len, len == 1 ? "" : "s");
		else
			ox_star_fail_with(s, "index", NULL, "the index is too large");
		return -1;
	}
	*i = (size_t)at;
	return 0;
}

static ox_star_value missing_key(struct ox_star *s, const struct ox_dict *d, ox_star_value key)
{
	char shown[OX_SHOWN];
	struct ox_dict_entry *e;
	struct ox_nearest near = {.wanted = ox_is_string(key) ? ox_text_of(key) : ox_slice(NULL, 0)};
	char hint[160];
	for (uint32_t i = 0; d->live <= 1000 && (e = ox_dict_next(d, &i));) {
		if (ox_is_string(e->key))
			ox_nearest_offer(&near, ox_text_of(e->key));
	}
	return ox_star_fail_with(s, "missing-key", ox_nearest_hint(&near, hint), "the dict has no key %s",
				 ox_show(s, key, shown));
}

static ox_star_value index_dict(struct ox_star *s, const struct ox_dict *d, ox_star_value key)
{
	ox_star_value v;
	int found = ox_dict_find(s, d, key, &v);
	if (found == 0)
		return missing_key(s, d, key);
	return found < 0 ? OX_STAR_FAILED : v;
}

static ox_star_value index_view(struct ox_star *s, const struct ox_view *view, size_t i)
{
	struct ox_slice item = ox_slice(view->text->data + i, 1);
	if (view->mode == OX_VIEW_ELEMS)
		return ox_string_copy(s, OX_OBJ_STRING, item);
	return ox_from_small((unsigned char)item.data[0]);
}

static ox_star_value index_sequence(struct ox_star *s, ox_star_value object, ox_star_value key)
{
	size_t i;
	const struct ox_range *r = OX_AS(ox_range, object);
	if (sequence_index(s, object, key, ox_star_len(object), &i) < 0)
		return OX_STAR_FAILED;
	switch (ox_object(object)->kind) {
	case OX_OBJ_STRING:
		return ox_string_copy(s, OX_OBJ_STRING, ox_slice(ox_text_of(object).data + i, 1));
	case OX_OBJ_BYTES:
		return ox_from_small((unsigned char)ox_text_of(object).data[i]);
	case OX_OBJ_LIST:
		return OX_AS(ox_list, object)->items[i];
	case OX_OBJ_TUPLE:
		return OX_AS(ox_tuple, object)->items[i];
	case OX_OBJ_RANGE:
		return ox_from_small(r->start + (int64_t)i * r->step);
	default:
		return index_view(s, OX_AS(ox_view, object), i);
	}
}

static ox_star_value not_indexable(struct ox_star *s, ox_star_value object)
{
	return ox_star_fail_with(s, "index", NULL, "%s has no items to index", ox_star_type_name(s, object));
}

static bool byte_view(ox_star_value v)
{
	return ox_is(v, OX_OBJ_VIEW) && OX_AS(ox_view, v)->mode != OX_VIEW_CODEPOINTS &&
	       OX_AS(ox_view, v)->mode != OX_VIEW_CODEPOINT_ORDS;
}

ox_star_value ox_index(struct ox_star *s, ox_star_value object, ox_star_value key)
{
	if (!ox_is_object(object))
		return not_indexable(s, object);
	switch (ox_object(object)->kind) {
	case OX_OBJ_STRING:
	case OX_OBJ_BYTES:
	case OX_OBJ_LIST:
	case OX_OBJ_TUPLE:
	case OX_OBJ_RANGE:
		return index_sequence(s, object, key);
	case OX_OBJ_DICT:
		return index_dict(s, OX_AS(ox_dict, object), key);
	case OX_OBJ_VIEW:
		return byte_view(object) ? index_sequence(s, object, key) : not_indexable(s, object);
	case OX_OBJ_NATIVE:
		if (OX_AS(ox_native, object)->type->index)
			return OX_AS(ox_native, object)->type->index(s, object, key);
		return not_indexable(s, object);
	default:
		return not_indexable(s, object);
	}
}

int ox_set_index(struct ox_star *s, ox_star_value object, ox_star_value key, ox_star_value value)
{
	size_t i;
	if (ox_is(object, OX_OBJ_LIST)) {
		struct ox_list *l = OX_AS(ox_list, object);
		if (ox_check_mutable(s, &l->head, "assign to an item of") < 0 ||
		    sequence_index(s, object, key, l->len, &i) < 0)
			return -1;
		l->items[i] = value;
		return 0;
	}
	if (ox_is(object, OX_OBJ_DICT)) {
		struct ox_dict *d = OX_AS(ox_dict, object);
		if (ox_check_mutable(s, &d->head, "change") < 0)
			return -1;
		return ox_dict_store(s, d, key, value) < 0 ? -1 : 0;
	}
	ox_star_fail_with(s, "index", NULL, "items of %s cannot be assigned to", ox_star_type_name(s, object));
	return -1;
}

static int bound(struct ox_star *s, ox_star_value v, int64_t fallback, int64_t *out)
{
	if (!ox_star_ok(v) || ox_same(v, OX_STAR_NONE)) {
		*out = fallback;
		return 0;
	}
	if (!ox_is_int(v)) {
		ox_star_fail(s, "slice indices must be int or None, not %s", ox_star_type_name(s, v));
		return -1;
	}
	*out = ox_is_small(v) ? ox_small(v) : ox_int_sign(v) < 0 ? OX_SMALL_MIN : OX_SMALL_MAX;
	return 0;
}

static int64_t clamp(int64_t i, int64_t len, int64_t low, int64_t high)
{
	if (i < 0)
		i += len;
	return i < low ? low : i > high ? high : i;
}

int ox_slice_indices(struct ox_star *s, const ox_star_value bounds[static 3], int64_t len, struct ox_indices *out)
{
	int64_t step, start, stop;
	if (bound(s, bounds[2], 1, &step) < 0)
		return -1;
	if (step == 0) {
		ox_star_fail(s, "the slice's step must not be 0");
		return -1;
	}
	bool up = step > 0;
	int64_t low = up ? 0 : -1, high = up ? len : len - 1;
	bool no_start = !ox_star_ok(bounds[0]) || ox_same(bounds[0], OX_STAR_NONE);
	bool no_stop = !ox_star_ok(bounds[1]) || ox_same(bounds[1], OX_STAR_NONE);
	if (bound(s, bounds[0], 0, &start) < 0 || bound(s, bounds[1], 0, &stop) < 0)
		return -1;
	start = no_start ? (up ? 0 : len - 1) : clamp(start, len, low, high);
	stop = no_stop ? (up ? len : -1) : clamp(stop, len, low, high);
	int64_t distance = up ? stop - start : start - stop;
	int64_t width = up ? step : step == OX_SMALL_MIN ? OX_SMALL_MAX : -step;
	*out = (struct ox_indices){start, step, distance <= 0 ? 0 : (distance - 1) / width + 1};
	return 0;
}

static ox_star_value slice_text(struct ox_star *s, ox_star_value object, const struct ox_indices *x)
{
	struct ox_slice text = ox_text_of(object);
	char *data;
	struct ox_string *str = ox_string_new(s, (enum ox_obj_kind)ox_object(object)->kind, (size_t)x->count, &data);
	if (!str)
		return OX_STAR_FAILED;
	if (x->step == 1 && x->count)
		memcpy(data, text.data + x->start, (size_t)x->count);
	for (int64_t i = 0; x->step != 1 && i < x->count; i++)
		data[i] = text.data[x->start + i * x->step];
	return ox_from_object(str);
}

static ox_star_value slice_items(struct ox_star *s, ox_star_value object, const struct ox_indices *x)
{
	bool list = ox_is(object, OX_OBJ_LIST);
	const ox_star_value *from = list ? OX_AS(ox_list, object)->items : OX_AS(ox_tuple, object)->items;
	struct ox_list *l = list ? ox_list_new(s, (size_t)x->count) : NULL;
	struct ox_tuple *t = list ? NULL : ox_tuple_new(s, (size_t)x->count);
	if (!l && !t)
		return OX_STAR_FAILED;
	ox_star_value *to = l ? l->items : t->items;
	for (int64_t i = 0; i < x->count; i++)
		to[i] = from[x->start + i * x->step];
	if (l)
		l->len = (size_t)x->count;
	return l ? ox_from_object(l) : ox_from_object(t);
}

static ox_star_value slice_range(struct ox_star *s, const struct ox_range *r, const struct ox_indices *x)
{
	struct ox_range *out = (struct ox_range *)ox_new_object(s, OX_OBJ_RANGE, sizeof *out);
	if (!out)
		return OX_STAR_FAILED;
	int64_t step = x->count > 1 ? r->step * x->step : 1;
	out->start = x->count ? r->start + x->start * r->step : 0;
	out->step = step;
	out->len = x->count;
	out->stop = out->start + x->count * step;
	return ox_from_object(out);
}

ox_star_value ox_slice_value(struct ox_star *s, ox_star_value object, const ox_star_value bounds[static 3])
{
	struct ox_indices x;
	enum ox_star_kind kind = ox_star_kind(object);
	uint32_t sliceable = OX_STAR_T_STRING | OX_STAR_T_BYTES | OX_STAR_T_LIST | OX_STAR_T_TUPLE | OX_STAR_T_RANGE;
	if (!(kind & sliceable))
		return ox_star_fail_with(s, "index", NULL, "%s cannot be sliced", ox_star_type_name(s, object));
	if (ox_slice_indices(s, bounds, (int64_t)ox_star_len(object), &x) < 0 || !ox_charge(s, (uint64_t)x.count / 8))
		return OX_STAR_FAILED;
	if (kind & (OX_STAR_T_STRING | OX_STAR_T_BYTES))
		return slice_text(s, object, &x);
	if (kind == OX_STAR_T_RANGE)
		return slice_range(s, OX_AS(ox_range, object), &x);
	return slice_items(s, object, &x);
}
