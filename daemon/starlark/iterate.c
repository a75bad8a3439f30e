/* Iteration over every kind of value that has items. */
#include "daemon/starlark/thread.h"

bool ox_iterable(ox_star_value v)
{
	if (!ox_is_object(v))
		return false;
	switch (ox_object(v)->kind) {
	case OX_OBJ_LIST:
	case OX_OBJ_TUPLE:
	case OX_OBJ_DICT:
	case OX_OBJ_SET:
	case OX_OBJ_RANGE:
	case OX_OBJ_VIEW:
		return true;
	case OX_OBJ_NATIVE:
		return OX_AS(ox_native, v)->type->items != NULL;
	default:
		return false;
	}
}

static bool locks(const struct ox_obj *o)
{
	return o->kind == OX_OBJ_LIST || o->kind == OX_OBJ_DICT || o->kind == OX_OBJ_SET;
}

int ox_iter_begin(struct ox_star *s, struct ox_iter *it, ox_star_value v)
{
	if (!ox_iterable(v)) {
		const char *hint = ox_is_string(v) ? "use x.elems() for its characters" : NULL;
		ox_star_fail_with(s, "not-iterable", hint, "%s is not iterable", ox_star_type_name(s, v));
		return -1;
	}
	if (ox_is(v, OX_OBJ_NATIVE)) {
		v = OX_AS(ox_native, v)->type->items(s, v);
		if (!ox_star_ok(v))
			return -1;
		if (!ox_is(v, OX_OBJ_LIST) && !ox_is(v, OX_OBJ_TUPLE)) {
			ox_fail_code(s, OX_EINTERNAL, "internal", NULL, "items() of a native type gave no list");
			return -1;
		}
	}
	*it = (struct ox_iter){.over = v};
	if (locks(ox_object(v)))
		ox_object(v)->aux++;
	return 0;
}

static ox_star_value view_item(struct ox_star *s, const struct ox_view *view, size_t *at)
{
	const struct ox_string *text = view->text;
	if (*at >= text->len)
		return OX_STAR_FAILED;
	const char *p = text->data + *at;
	bool points = view->mode == OX_VIEW_CODEPOINTS || view->mode == OX_VIEW_CODEPOINT_ORDS;
	size_t width = points ? ox_utf8_width(p, text->len - *at) : 1;
	*at += width;
	switch (view->mode) {
	case OX_VIEW_CODEPOINTS:
		if (width == 1 && (unsigned char)*p >= 0x80) /* half a character, from a slice */
			return ox_star_string(s, "\xEF\xBF\xBD");
		return ox_string_copy(s, OX_OBJ_STRING, ox_slice(p, width));
	case OX_VIEW_ELEMS:
		return ox_string_copy(s, OX_OBJ_STRING, ox_slice(p, width));
	case OX_VIEW_CODEPOINT_ORDS:
		return ox_from_small(ox_utf8_decode(p, &width));
	default:
		return ox_from_small((unsigned char)*p);
	}
}

bool ox_iter_next(struct ox_star *s, struct ox_iter *it, ox_star_value *item)
{
	struct ox_obj *o = ox_object(it->over);
	struct ox_dict_entry *e;
	uint32_t at;
	switch (o->kind) {
	case OX_OBJ_LIST:
		if (it->i >= ((struct ox_list *)o)->len)
			return false;
		*item = ((struct ox_list *)o)->items[it->i++];
		return true;
	case OX_OBJ_TUPLE:
		if (it->i >= ((struct ox_tuple *)o)->len)
			return false;
		*item = ((struct ox_tuple *)o)->items[it->i++];
		return true;
	case OX_OBJ_DICT:
	case OX_OBJ_SET:
		at = (uint32_t)it->i;
		e = ox_dict_next((struct ox_dict *)o, &at);
		it->i = at;
		if (e)
			*item = e->key;
		return e != NULL;
	case OX_OBJ_RANGE:
		if ((int64_t)it->i >= ((struct ox_range *)o)->len)
			return false;
		*item = ox_from_small(((struct ox_range *)o)->start + (int64_t)it->i++ * ((struct ox_range *)o)->step);
		return true;
	default:
		*item = view_item(s, (struct ox_view *)o, &it->i);
		return ox_star_ok(*item);
	}
}

void ox_iter_end(struct ox_iter *it)
{
	if (locks(ox_object(it->over)))
		ox_object(it->over)->aux--;
}
