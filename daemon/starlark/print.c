/* str and repr. */
#include "daemon/starlark/code.h"
#include "daemon/starlark/thread.h"

/* Containers being written, innermost first: one that contains itself is written as [...]. */
struct writing {
	const struct writing *outer;
	const struct ox_obj *object;
};

static int write_value(struct ox_star *s, ox_star_value v, bool quoted, struct ox_buf *out,
		       const struct writing *outer);

static void write_escape(struct ox_buf *out, unsigned char c)
{
	switch (c) {
	case '\n':
		ox_buf_str(out, "\\n");
		break;
	case '\r':
		ox_buf_str(out, "\\r");
		break;
	case '\t':
		ox_buf_str(out, "\\t");
		break;
	case '"':
	case '\\':
		ox_buf_byte(out, '\\');
		ox_buf_byte(out, (char)c);
		break;
	default:
		ox_buf_printf(out, "\\x%02x", c);
	}
}

/* Characters that cannot be seen or change the direction of the text around them. */
static bool invisible(uint32_t c)
{
	return (c >= 0x80 && c < 0xA0) || c == 0xAD || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
	       (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF;
}

void ox_write_quoted(struct ox_buf *out, struct ox_slice text, bool bytes)
{
	ox_buf_str(out, bytes ? "b\"" : "\"");
	for (size_t i = 0; i < text.len;) {
		unsigned char c = (unsigned char)text.data[i];
		size_t width = ox_utf8_width(text.data + i, text.len - i);
		if (c < 0x20 || c == 0x7F || c == '"' || c == '\\' || (c >= 0x80 && width == 1)) {
			write_escape(out, c);
			width = 1;
		} else if (width > 1 && invisible(ox_utf8_decode(text.data + i, &width))) {
			ox_buf_printf(out, "\\u%04x", ox_utf8_decode(text.data + i, &width));
		} else {
			ox_buf_add(out, text.data + i, width);
		}
		i += width;
	}
	ox_buf_byte(out, '"');
}

static int write_items(struct ox_star *s, const ox_star_value *items, size_t len, struct ox_buf *out,
		       const struct writing *outer)
{
	for (size_t i = 0; i < len; i++) {
		if (i)
			ox_buf_str(out, ", ");
		if (write_value(s, items[i], true, out, outer) < 0)
			return -1;
	}
	return 0;
}

static int write_dict(struct ox_star *s, const struct ox_dict *d, struct ox_buf *out, const struct writing *outer)
{
	bool set = d->head.kind == OX_OBJ_SET;
	struct ox_dict_entry *e;
	const char *separator = "";
	if (set && d->live == 0) {
		ox_buf_str(out, "set()");
		return 0;
	}
	ox_buf_str(out, set ? "set([" : "{");
	for (uint32_t i = 0; (e = ox_dict_next(d, &i));) {
		ox_buf_str(out, separator);
		separator = ", ";
		if (write_value(s, e->key, true, out, outer) < 0)
			return -1;
		if (set)
			continue;
		ox_buf_str(out, ": ");
		if (write_value(s, e->value, true, out, outer) < 0)
			return -1;
	}
	ox_buf_str(out, set ? "])" : "}");
	return 0;
}

static int write_container(struct ox_star *s, ox_star_value v, struct ox_buf *out, const struct writing *outer)
{
	struct ox_obj *o = ox_object(v);
	struct writing here = {outer, o};
	for (const struct writing *w = outer; w; w = w->outer) {
		if (w->object == o) {
			ox_buf_str(out, o->kind == OX_OBJ_LIST ? "[...]" : o->kind == OX_OBJ_TUPLE ? "(...)" : "{...}");
			return 0;
		}
	}
	if (s->value_depth >= OX_VALUE_DEPTH_MAX) {
		ox_fail_code(s, OX_EEXHAUSTED, "too-deep", NULL, "the value is nested too deeply to be printed");
		return -1;
	}
	if (!ox_charge(s, ox_star_len(v)))
		return -1;
	s->value_depth++;
	int status;
	if (o->kind == OX_OBJ_LIST) {
		ox_buf_byte(out, '[');
		status = write_items(s, OX_AS(ox_list, v)->items, OX_AS(ox_list, v)->len, out, &here);
		ox_buf_byte(out, ']');
	} else if (o->kind == OX_OBJ_TUPLE) {
		ox_buf_byte(out, '(');
		status = write_items(s, OX_AS(ox_tuple, v)->items, OX_AS(ox_tuple, v)->len, out, &here);
		ox_buf_str(out, OX_AS(ox_tuple, v)->len == 1 ? ",)" : ")");
	} else {
		status = write_dict(s, OX_AS(ox_dict, v), out, &here);
	}
	s->value_depth--;
	return status;
}

static void write_range(const struct ox_range *r, struct ox_buf *out)
{
	if (r->step != 1)
		ox_buf_printf(out, "range(%lld, %lld, %lld)", (long long)r->start, (long long)r->stop,
			      (long long)r->step);
	else if (r->start != 0)
		ox_buf_printf(out, "range(%lld, %lld)", (long long)r->start, (long long)r->stop);
	else
		ox_buf_printf(out, "range(%lld)", (long long)r->stop);
}

static void write_view(const struct ox_view *view, struct ox_buf *out)
{
	static const char *const names[] = {"elems", "elem_ords", "codepoints", "codepoint_ords", "elems"};
	ox_write_quoted(out, ox_slice(view->text->data, view->text->len), view->mode == OX_VIEW_BYTES_ELEMS);
	ox_buf_printf(out, ".%s()", names[view->mode]);
}

static void write_builtin(struct ox_star *s, const struct ox_builtin *b, struct ox_buf *out)
{
	if (ox_star_ok(b->self))
		ox_buf_printf(out, "<built-in method %s of %s value>", b->spec->name, ox_star_type_name(s, b->self));
	else
		ox_buf_printf(out, "<built-in function %s>", b->spec->name);
}

static int write_native(struct ox_star *s, ox_star_value v, struct ox_buf *out)
{
	const struct ox_star_type *type = OX_AS(ox_native, v)->type;
	if (type->repr)
		return type->repr(s, v, out);
	ox_buf_printf(out, "<%s>", ox_star_type_name(s, v));
	return 0;
}

static int write_object(struct ox_star *s, ox_star_value v, bool quoted, struct ox_buf *out,
			const struct writing *outer)
{
	switch (ox_object(v)->kind) {
	case OX_OBJ_INT:
		return ox_int_format(s, v, 10, out);
	case OX_OBJ_FLOAT:
		ox_float_format(OX_AS(ox_float, v)->value, 'g', out);
		return 0;
	case OX_OBJ_STRING:
	case OX_OBJ_BYTES:
		if (ox_text_of(v).len > 512 && !ox_charge(s, ox_text_of(v).len / (quoted ? 4 : 16)))
			return -1;
		if (quoted)
			ox_write_quoted(out, ox_text_of(v), ox_is(v, OX_OBJ_BYTES));
		else
			ox_buf_slice(out, ox_text_of(v));
		return 0;
	case OX_OBJ_LIST:
	case OX_OBJ_TUPLE:
	case OX_OBJ_DICT:
	case OX_OBJ_SET:
		return write_container(s, v, out, outer);
	case OX_OBJ_RANGE:
		write_range(OX_AS(ox_range, v), out);
		return 0;
	case OX_OBJ_FUNCTION:
		ox_buf_printf(out, "<function %.*s>", OX_SLICE_ARG(OX_AS(ox_closure, v)->proto->name));
		return 0;
	case OX_OBJ_BUILTIN:
		write_builtin(s, OX_AS(ox_builtin, v), out);
		return 0;
	case OX_OBJ_NATIVE:
		return write_native(s, v, out);
	default:
		write_view(OX_AS(ox_view, v), out);
		return 0;
	}
}

static int write_value(struct ox_star *s, ox_star_value v, bool quoted, struct ox_buf *out, const struct writing *outer)
{
	if (out->failed) { /* the rest would be work for nothing */
		ox_fail_memory(s);
		return -1;
	}
	if (ox_is_object(v))
		return write_object(s, v, quoted, out, outer);
	if (ox_is_small(v))
		return ox_int_format(s, v, 10, out);
	ox_buf_str(out, ox_same(v, OX_STAR_NONE) ? "None" : ox_same(v, OX_STAR_TRUE) ? "True" : "False");
	return 0;
}

int ox_write(struct ox_star *s, ox_star_value v, bool quoted, struct ox_buf *out)
{
	return write_value(s, v, quoted, out, NULL);
}

const char *ox_show(struct ox_star *s, ox_star_value v, char out[static OX_SHOWN])
{
	enum { ROOM = OX_SHOWN - 4 };
	struct ox_buf text = {.limit = 1 << 16};
	bool failing = ox_star_failing(s);
	ox_write(s, v, true, &text);
	if (!failing) /* it is the message that counts */
		ox_forget_failure(s);
	size_t len = text.len < ROOM ? text.len : ROOM;
	while (len && len < text.len && ((unsigned char)text.data[len] & 0xC0) == 0x80)
		len--;
	snprintf(out, OX_SHOWN, "%.*s%s", (int)len, ox_buf_text(&text), text.failed || len < text.len ? "..." : "");
	ox_buf_free(&text);
	return out;
}

int ox_star_str(struct ox_star *s, ox_star_value v, struct ox_buf *out)
{
	if (ox_is(v, OX_OBJ_BYTES)) { /* str of bytes decodes */
		ox_star_value text = ox_star_slice(s, ox_text_of(v));
		if (!ox_star_ok(text))
			return -1;
		ox_buf_slice(out, ox_text_of(text));
		return 0;
	}
	return ox_write(s, v, false, out);
}

int ox_star_repr(struct ox_star *s, ox_star_value v, struct ox_buf *out)
{
	return ox_write(s, v, true, out);
}
