/* "..." % args and "...".format(...). */
#include "daemon/starlark/thread.h"

#include <ctype.h>
#include <math.h>

/* The values that % takes one by one. */
struct percent_args {
	const ox_star_value *items;
	size_t count, used;
	ox_star_value mapping; /* whole operand, for %(name)s */
	bool named;
};

static int percent_number(struct ox_star *s, char conversion, ox_star_value v, struct ox_buf *out)
{
	if (ox_is(v, OX_OBJ_FLOAT))
		v = ox_int_from_double(s, OX_AS(ox_float, v)->value);
	if (!ox_star_ok(v))
		return -1;
	if (!ox_is_int(v)) {
		ox_star_fail(s, "%%%c needs an int, got %s", conversion, ox_star_type_name(s, v));
		return -1;
	}
	int base = conversion == 'o' ? 8 : conversion == 'x' ? 16 : conversion == 'X' ? -16 : 10;
	return ox_int_format(s, v, base, out);
}

static int percent_float(struct ox_star *s, char conversion, ox_star_value v, struct ox_buf *out)
{
	if (!ox_is_int(v) && !ox_is(v, OX_OBJ_FLOAT)) {
		ox_star_fail(s, "%%%c needs a number, got %s", conversion, ox_star_type_name(s, v));
		return -1;
	}
	double d = ox_is(v, OX_OBJ_FLOAT) ? OX_AS(ox_float, v)->value : ox_int_to_double(v);
	if (isinf(d) && ox_is_int(v)) {
		ox_star_fail(s, "int too large to become a float");
		return -1;
	}
	size_t from = out->len;
	ox_float_format(d, (char)tolower((unsigned char)conversion), out);
	for (size_t i = from; (conversion == 'E' || conversion == 'G') && isfinite(d) && i < out->len; i++)
		out->data[i] = (char)toupper((unsigned char)out->data[i]);
	return 0;
}

static int percent_char(struct ox_star *s, ox_star_value v, struct ox_buf *out)
{
	if (ox_is_string(v) && ox_text_of(v).len &&
	    ox_utf8_width(ox_text_of(v).data, ox_text_of(v).len) == ox_text_of(v).len) {
		ox_buf_slice(out, ox_text_of(v));
		return 0;
	}
	int64_t n;
	if (!ox_is_int(v)) {
		ox_star_fail(s, "%%c needs an int or a string of one character");
		return -1;
	}
	if (!ox_star_to_int(v, &n) || n < 0 || n > 0x10FFFF || (n >= 0xD800 && n < 0xE000)) {
		ox_star_fail(s, "%%c: no such code point");
		return -1;
	}
	char text[4];
	ox_buf_add(out, text, ox_utf8_encode((uint32_t)n, text));
	return 0;
}

static int percent_value(struct ox_star *s, char conversion, ox_star_value v, struct ox_buf *out)
{
	switch (conversion) {
	case 's':
		return ox_star_str(s, v, out);
	case 'r':
		return ox_star_repr(s, v, out);
	case 'd':
	case 'i':
	case 'o':
	case 'x':
	case 'X':
		return percent_number(s, conversion, v, out);
	case 'e':
	case 'f':
	case 'g':
	case 'E':
	case 'F':
	case 'G':
		return percent_float(s, conversion, v, out);
	case 'c':
		return percent_char(s, v, out);
	default:
		ox_star_fail(s, "unknown conversion %%%c", conversion);
		return -1;
	}
}

/* The value for the conversion at text[*i], which stands behind the %. */
static ox_star_value percent_operand(struct ox_star *s, struct ox_slice text, size_t *i, struct percent_args *args)
{
	if (*i < text.len && text.data[*i] == '(') {
		const char *close = memchr(text.data + *i, ')', text.len - *i);
		if (!close)
			return ox_star_fail(s, "incomplete format: '(' without ')'");
		struct ox_slice name = ox_slice(text.data + *i + 1, (size_t)(close - text.data) - *i - 1);
		*i = (size_t)(close - text.data) + 1;
		args->named = true;
		if (!ox_is(args->mapping, OX_OBJ_DICT))
			return ox_star_fail(s, "%%(%.*s) needs a dict on the right of %%", OX_SLICE_ARG(name));
		ox_star_value key = ox_intern(s, name);
		return ox_star_ok(key) ? ox_index(s, args->mapping, key) : OX_STAR_FAILED;
	}
	if (args->used >= args->count)
		return ox_star_fail(s, "not enough arguments for the format string");
	return args->items[args->used++];
}

static int percent_run(struct ox_star *s, struct ox_slice text, struct percent_args *args, struct ox_buf *out)
{
	for (size_t i = 0; i < text.len;) {
		const char *p = memchr(text.data + i, '%', text.len - i);
		size_t plain = p ? (size_t)(p - text.data) - i : text.len - i;
		ox_buf_add(out, text.data + i, plain);
		i += plain + 1;
		if (!p)
			break;
		if (i < text.len && text.data[i] == '%') {
			ox_buf_byte(out, '%');
			i++;
			continue;
		}
		if (i >= text.len) {
			ox_star_fail(s, "incomplete format: it ends in %%");
			return -1;
		}
		ox_star_value v = percent_operand(s, text, &i, args);
		if (!ox_star_ok(v))
			return -1;
		if (i >= text.len) {
			ox_star_fail(s, "incomplete format: no conversion after %%(...)");
			return -1;
		}
		if (percent_value(s, text.data[i++], v, out) < 0)
			return -1;
	}
	if (args->used < args->count && !args->named && !ox_is(args->mapping, OX_OBJ_DICT)) {
		ox_star_fail(s, "too many arguments for the format string");
		return -1;
	}
	return 0;
}

ox_star_value ox_percent(struct ox_star *s, struct ox_slice format, ox_star_value operand)
{
	struct ox_buf out = {.limit = s->heap.limit};
	struct percent_args args = {.items = &operand, .count = 1, .mapping = operand};
	if (!ox_charge(s, format.len))
		return OX_STAR_FAILED;
	if (ox_is(operand, OX_OBJ_TUPLE)) {
		args.items = OX_AS(ox_tuple, operand)->items;
		args.count = OX_AS(ox_tuple, operand)->len;
	}
	if (percent_run(s, format, &args, &out) < 0) {
		ox_buf_free(&out);
		return OX_STAR_FAILED;
	}
	return ox_string_of_buf(s, &out);
}

/* ---- format ---- */

struct formatter {
	struct ox_star *s;
	const struct ox_tuple *args;
	const struct ox_dict *kwargs;
	int64_t next; /* of {} */
	bool automatic, manual;
};

static ox_star_value numbered(struct formatter *f, struct ox_slice name)
{
	int64_t n = 0;
	if (name.len == 0) {
		n = f->next++;
		f->automatic = true;
	} else {
		for (size_t i = 0; i < name.len && n < 1 << 20; i++)
			n = n * 10 + (name.data[i] - '0');
		f->manual = true;
	}
	if (f->automatic && f->manual)
		return ox_star_fail(f->s, "a format cannot mix {} and {0}");
	if (n >= (int64_t)f->args->len)
		return ox_star_fail(f->s, "format needs argument %lld, but got only %zu", (long long)n, f->args->len);
	return f->args->items[n];
}

static bool all_digits(struct ox_slice t)
{
	for (size_t i = 0; i < t.len; i++) {
		if (!isdigit((unsigned char)t.data[i]))
			return false;
	}
	return true;
}

static ox_star_value field_value(struct formatter *f, struct ox_slice name)
{
	if (all_digits(name))
		return numbered(f, name);
	if (memchr(name.data, '.', name.len) || memchr(name.data, '[', name.len) || memchr(name.data, ',', name.len))
		return ox_star_fail(f->s, "format: attributes and indices such as {%.*s} are not supported",
				    OX_SLICE_ARG(name));
	ox_star_value key = ox_intern(f->s, name), v;
	if (!ox_star_ok(key))
		return OX_STAR_FAILED;
	int found = ox_dict_find(f->s, f->kwargs, key, &v);
	if (found == 0) {
		struct ox_nearest near = {.wanted = name};
		struct ox_dict_entry *e;
		char hint[160];
		for (uint32_t i = 0; (e = ox_dict_next(f->kwargs, &i));)
			ox_nearest_offer(&near, ox_text_of(e->key));
		return ox_star_fail_with(f->s, "missing-key", ox_nearest_hint(&near, hint),
					 "format got no keyword argument '%.*s'", OX_SLICE_ARG(name));
	}
	return found < 0 ? OX_STAR_FAILED : v;
}

/* What stands between { and }. */
static int field(struct formatter *f, struct ox_slice text, struct ox_buf *out)
{
	struct ox_slice name = text;
	char conversion = 's';
	const char *colon = memchr(text.data, ':', text.len), *bang = memchr(text.data, '!', text.len);
	if (colon) {
		name.len = (size_t)(colon - text.data);
		if (name.len + 1 != text.len) {
			ox_star_fail(f->s, "format: specifications such as {:>10} are not supported");
			return -1;
		}
	}
	if (bang && (!colon || bang < colon)) {
		size_t rest = name.len - (size_t)(bang - text.data) - 1;
		name.len = (size_t)(bang - text.data);
		conversion = rest == 1 ? bang[1] : '?';
		if (conversion != 's' && conversion != 'r') {
			ox_star_fail(f->s, "format: unknown conversion after '!': only !s and !r exist");
			return -1;
		}
	}
	ox_star_value v = field_value(f, name);
	if (!ox_star_ok(v))
		return -1;
	return conversion == 'r' ? ox_star_repr(f->s, v, out) : ox_star_str(f->s, v, out);
}

static size_t plain_prefix(struct ox_slice text, size_t from)
{
	size_t i = from;
	while (i < text.len && text.data[i] != '{' && text.data[i] != '}')
		i++;
	return i - from;
}

static int format_run(struct formatter *f, struct ox_slice text, struct ox_buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		bool twice = i + 1 < text.len && text.data[i + 1] == c;
		if (c != '{' && c != '}') {
			size_t plain = plain_prefix(text, i);
			ox_buf_add(out, text.data + i, plain);
			i += plain - 1;
		} else if (twice) {
			ox_buf_byte(out, c);
			i++;
		} else if (c == '}') {
			ox_star_fail(f->s, "format: single '}': write }} for a brace");
			return -1;
		} else {
			const char *close = memchr(text.data + i, '}', text.len - i);
			const char *open = memchr(text.data + i + 1, '{', text.len - i - 1);
			if (!close || (open && open < close)) {
				ox_star_fail(f->s, close ? "format: nested fields are not supported"
							 : "format: '{' without '}'");
				return -1;
			}
			size_t end = (size_t)(close - text.data);
			if (field(f, ox_slice(text.data + i + 1, end - i - 1), out) < 0)
				return -1;
			i = end;
		}
	}
	return 0;
}

ox_star_value ox_format(struct ox_star *s, struct ox_slice format, const struct ox_tuple *args,
			const struct ox_dict *kwargs)
{
	struct formatter f = {.s = s, .args = args, .kwargs = kwargs};
	struct ox_buf out = {.limit = s->heap.limit};
	if (!ox_charge(s, format.len))
		return OX_STAR_FAILED;
	if (format_run(&f, format, &out) < 0) {
		ox_buf_free(&out);
		return OX_STAR_FAILED;
	}
	return ox_string_of_buf(s, &out);
}
