/* The functions that every file can use: those about values of any type. */
#include "daemon/starlark/code.h"
#include "daemon/starlark/thread.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>

#define ANY_NUMBER (OX_STAR_T_INT | OX_STAR_T_FLOAT)

static ox_star_value fn_abs(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	if (ox_is(args[0], OX_OBJ_FLOAT))
		return ox_star_float(s, fabs(OX_AS(ox_float, args[0])->value));
	return ox_int_sign(args[0]) < 0 ? ox_int_negate(s, args[0]) : args[0];
}

static ox_star_value any_all(struct ox_star *s, ox_star_value iterable, bool stop_at)
{
	struct ox_iter it;
	ox_star_value item;
	bool found = false;
	if (ox_iter_begin(s, &it, iterable) < 0)
		return OX_STAR_FAILED;
	while (!found && ox_iter_next(s, &it, &item))
		found = ox_star_truth(item) == stop_at || !ox_charge(s, 1);
	ox_iter_end(&it);
	return ox_star_bool(found == stop_at);
}

static ox_star_value fn_any(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	return any_all(s, args[0], true);
}

static ox_star_value fn_all(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	return any_all(s, args[0], false);
}

static ox_star_value fn_bool(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)s, (void)self, (void)data;
	return ox_star_bool(ox_star_truth(args[0]));
}

static ox_star_value bytes_of_ints(struct ox_star *s, ox_star_value iterable)
{
	struct ox_list *l = ox_list_of(s, iterable);
	char *data;
	struct ox_string *str = l ? ox_string_new(s, OX_OBJ_BYTES, l->len, &data) : NULL;
	if (!str)
		return OX_STAR_FAILED;
	for (size_t i = 0; i < l->len; i++) {
		if (!ox_is_small(l->items[i]) || ox_small(l->items[i]) < 0 || ox_small(l->items[i]) > 255)
			return ox_star_fail(s, "bytes() takes ints from 0 to 255");
		data[i] = (char)ox_small(l->items[i]);
	}
	return ox_from_object(str);
}

static ox_star_value fn_bytes(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	if (ox_is(args[0], OX_OBJ_BYTES))
		return args[0];
	if (ox_is_string(args[0])) {
		ox_star_value valid = ox_star_slice(s, ox_text_of(args[0]));
		return ox_star_ok(valid) ? ox_star_bytes(s, ox_text_of(valid)) : OX_STAR_FAILED;
	}
	return bytes_of_ints(s, args[0]);
}

static ox_star_value fn_chr(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	int64_t n;
	char text[4];
	(void)self, (void)data;
	if (!ox_star_to_int(args[0], &n) || n < 0 || n > 0x10FFFF || (n >= 0xD800 && n < 0xE000))
		return ox_star_fail(s, "chr(): there is no such code point");
	return ox_string_copy(s, OX_OBJ_STRING, ox_slice(text, ox_utf8_encode((uint32_t)n, text)));
}

static ox_star_value fn_ord(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	struct ox_slice text = ox_text_of(args[0]);
	(void)self, (void)data;
	size_t width = text.len ? ox_utf8_width(text.data, text.len) : 0;
	if (ox_is(args[0], OX_OBJ_BYTES) && text.len == 1)
		return ox_from_small((unsigned char)text.data[0]);
	if (width == 0 || width != text.len)
		return ox_star_fail(s, "ord() takes one character, got a %s of %zu bytes",
				    ox_star_type_name(s, args[0]), text.len);
	return ox_from_small(ox_utf8_decode(text.data, &width));
}

static ox_star_value fn_dir(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	return ox_star_dir(s, args[0]);
}

static ox_star_value fn_fail(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	struct ox_buf text = {.limit = s->heap.limit};
	const struct ox_tuple *parts = OX_AS(ox_tuple, args[0]);
	struct ox_slice separator = ox_text_of(args[1]);
	(void)self, (void)data;
	if (!ox_same(args[2], OX_STAR_NONE)) {
		ox_star_str(s, args[2], &text);
		ox_buf_str(&text, parts->len ? " " : "");
	}
	for (size_t i = 0; i < parts->len; i++) {
		if (i)
			ox_buf_slice(&text, separator);
		ox_star_str(s, parts->items[i], &text);
	}
	ox_star_fail_with(s, "fail", NULL, "%s",
			  text.len || text.failed ? ox_part(s, &text) : "fail() was called");
	ox_buf_free(&text);
	return OX_STAR_FAILED;
}

static ox_star_value parse_float(struct ox_star *s, struct ox_slice text)
{
	char *copy = ox_charge(s, text.len) ? strndup(text.data, text.len) : NULL, *end;
	if (!copy)
		return ox_fail_memory(s);
	double d = strtod(copy, &end);
	const char *p = copy + strspn(copy, "+-");
	bool named = isalpha((unsigned char)*p);
	bool hex = strpbrk(copy, "xXpP(") != NULL;
	bool overflow = isinf(d) && !named;
	bool bad = end == copy || *end || hex || isspace((unsigned char)*copy) || strlen(copy) != text.len;
	free(copy);
	if (bad || overflow)
		return ox_star_fail(s, "float(): %s", overflow ? "the number is too large" : "this is no number");
	return ox_star_float(s, d);
}

static ox_star_value fn_float(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	if (ox_is_string(args[0]))
		return parse_float(s, ox_text_of(args[0]));
	if (ox_is(args[0], OX_OBJ_FLOAT))
		return args[0];
	if (ox_star_kind(args[0]) == OX_STAR_T_BOOL)
		return ox_star_float(s, ox_same(args[0], OX_STAR_TRUE));
	double d = ox_int_to_double(args[0]);
	return isinf(d) ? ox_star_fail(s, "int too large to become a float") : ox_star_float(s, d);
}

static ox_star_value fn_getattr(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	ox_star_value name = ox_intern(s, ox_text_of(args[1]));
	ox_star_value v = ox_star_ok(name) ? ox_attr_get(s, args[0], name) : OX_STAR_FAILED;
	bool unknown = s->failure.id && strcmp(s->failure.id, "unknown-attribute") == 0;
	if (ox_star_ok(v) || !unknown || !ox_star_ok(args[2]))
		return v;
	ox_forget_failure(s);
	return args[2];
}

static ox_star_value fn_hasattr(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	ox_star_value names = ox_star_dir(s, args[0]);
	ox_star_value found = ox_star_ok(names) ? ox_contains(s, names, args[1]) : OX_STAR_FAILED;
	const struct ox_star_type *type = ox_star_native_type(args[0]);
	if (!ox_same(found, OX_STAR_FALSE) || !type || !type->get_other)
		return found;
	bool other = ox_star_ok(type->get_other(s, args[0], ox_text_of(args[1])));
	return ox_star_failing(s) ? OX_STAR_FAILED : ox_star_bool(other);
}

/* The specification's: Java's for strings, FNV-1a for bytes. */
static ox_star_value fn_hash(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	struct ox_slice text = ox_text_of(args[0]);
	uint32_t h = ox_is(args[0], OX_OBJ_BYTES) ? 2166136261u : 0;
	(void)self, (void)data;
	if (!ox_charge(s, text.len))
		return OX_STAR_FAILED;
	for (size_t i = 0; i < text.len;) {
		if (ox_is(args[0], OX_OBJ_BYTES)) {
			h = (h ^ (unsigned char)text.data[i++]) * 16777619u;
			continue;
		}
		size_t width = ox_utf8_width(text.data + i, text.len - i);
		uint32_t c = ox_utf8_decode(text.data + i, &width);
		i += width;
		if (c >= 0x10000) {
			h = h * 31 + (0xD800 + ((c - 0x10000) >> 10));
			c = 0xDC00 + ((c - 0x10000) & 0x3FF);
		}
		h = h * 31 + c;
	}
	return ox_from_small(ox_is(args[0], OX_OBJ_BYTES) ? (int64_t)h : (int64_t)(int32_t)h);
}

/* Cut sign and prefix off; the base that the prefix says, or 0 for a contradiction. */
static int int_prefix(struct ox_slice *text, int64_t base, bool *negative)
{
	struct ox_slice t = *text;
	*negative = t.len && t.data[0] == '-';
	if (t.len && (t.data[0] == '-' || t.data[0] == '+'))
		t = ox_slice(t.data + 1, t.len - 1);
	char p = t.len > 1 && t.data[0] == '0' ? (char)tolower((unsigned char)t.data[1]) : 0;
	int said = p == 'x' ? 16 : p == 'o' ? 8 : p == 'b' ? 2 : 0;
	if (said && (base == 0 || base == said)) {
		t = ox_slice(t.data + 2, t.len - 2);
		base = said;
	} else if (base == 0) {
		base = 10;
		if (t.len > 1 && t.data[0] == '0' && strspn(t.data, "0") < t.len)
			base = 0;
	}
	*text = t;
	return (int)base;
}

static ox_star_value parse_int(struct ox_star *s, ox_star_value v, int64_t base)
{
	struct ox_slice text = ox_star_text(v);
	bool negative;
	if (base != 0 && (base < 2 || base > 36))
		return ox_star_fail(s, "int(): base must be 0 or from 2 to 36");
	int actual = int_prefix(&text, base, &negative);
	ox_star_value n = actual ? ox_int_parse(s, text, actual) : OX_STAR_FAILED;
	if (!ox_star_ok(n)) {
		char shown[OX_SHOWN];
		return ox_star_fail(s, "int(): %s is no number of base %lld", ox_show(s, v, shown), (long long)base);
	}
	return negative ? ox_int_negate(s, n) : n;
}

static ox_star_value fn_int(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	int64_t base = 10;
	(void)self, (void)data;
	if (ox_star_ok(args[1]) && !ox_star_to_int(args[1], &base))
		return ox_star_fail(s, "int(): base must be 0 or from 2 to 36");
	if (ox_is_string(args[0]))
		return parse_int(s, args[0], base);
	if (ox_star_ok(args[1]))
		return ox_star_fail(s, "int(): a base can only be given with a string");
	if (ox_is(args[0], OX_OBJ_FLOAT))
		return ox_int_from_double(s, OX_AS(ox_float, args[0])->value);
	if (ox_star_kind(args[0]) == OX_STAR_T_BOOL)
		return ox_from_small(ox_same(args[0], OX_STAR_TRUE));
	return args[0];
}

static ox_star_value fn_len(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	bool unknown = ox_is(args[0], OX_OBJ_VIEW) && (OX_AS(ox_view, args[0])->mode == OX_VIEW_CODEPOINTS ||
						       OX_AS(ox_view, args[0])->mode == OX_VIEW_CODEPOINT_ORDS);
	if (ox_is(args[0], OX_OBJ_NATIVE) && ox_iterable(args[0])) {
		struct ox_list *l = ox_list_of(s, args[0]);
		return l ? ox_from_small((int64_t)l->len) : OX_STAR_FAILED;
	}
	if ((!ox_iterable(args[0]) && !ox_is_string(args[0]) && !ox_is(args[0], OX_OBJ_BYTES)) || unknown)
		return ox_star_fail_with(s, "type", NULL, "%s has no len", ox_star_type_name(s, args[0]));
	return ox_from_small((int64_t)ox_star_len(args[0]));
}

/* x=3 as an argument is printed as it is written. */
static void print_named(struct ox_star *s, const struct ox_dict *named, bool first, struct ox_slice separator,
			struct ox_buf *text)
{
	struct ox_dict_entry *e;
	for (uint32_t i = 0; (e = ox_dict_next(named, &i)) && !ox_star_failing(s); first = false) {
		if (!first)
			ox_buf_slice(text, separator);
		ox_buf_printf(text, "%.*s=", OX_SLICE_ARG(ox_text_of(e->key)));
		ox_star_str(s, e->value, text);
	}
}

static ox_star_value fn_print(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	struct ox_buf text = {.limit = s->heap.limit};
	const struct ox_tuple *parts = OX_AS(ox_tuple, args[0]);
	struct ox_slice file = OX_SLICE(""), separator = ox_text_of(args[1]);
	uint32_t line = 0, column;
	(void)self, (void)data;
	for (size_t i = 0; i < parts->len && !ox_star_failing(s); i++) {
		if (i)
			ox_buf_slice(&text, separator);
		ox_star_str(s, parts->items[i], &text);
	}
	print_named(s, OX_AS(ox_dict, args[2]), parts->len == 0, separator, &text);
	if (text.failed)
		ox_fail_memory(s);
	ox_star_where(s, &file, &line, &column);
	if (!ox_star_failing(s) && s->options.print)
		s->options.print(s->options.user, file, line, ox_buf_view(&text));
	ox_buf_free(&text);
	return ox_star_failing(s) ? OX_STAR_FAILED : OX_STAR_NONE;
}

static ox_star_value fn_repr(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	struct ox_buf text = {.limit = s->heap.limit};
	(void)self, (void)data;
	ox_star_repr(s, args[0], &text);
	return ox_string_of_buf(s, &text);
}

static ox_star_value fn_str(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	struct ox_buf text = {.limit = s->heap.limit};
	(void)self, (void)data;
	char digits[OX_SMALL_DIGITS];
	if (ox_is_string(args[0]))
		return args[0];
	if (ox_is_small(args[0]))
		return ox_string_copy(s, OX_OBJ_STRING, ox_small_digits(ox_small(args[0]), digits));
	ox_star_str(s, args[0], &text);
	return ox_string_of_buf(s, &text);
}

static ox_star_value fn_type(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	return ox_intern(s, ox_slice_str(ox_star_type_name(s, args[0])));
}

#define X                                                                                                              \
	{                                                                                                              \
		"x", 0, OX_STAR_REQUIRED | OX_STAR_POSITIONAL_ONLY, NULL, "the value", 0, NULL                         \
	}

static const struct ox_star_param one[] = {X, {0}};
static const struct ox_star_param number[] = {{"x", ANY_NUMBER, OX_STAR_POSITIONAL_ONLY, NULL, "a number", 0, NULL},
					      {0}};
static const struct ox_star_param bytes_params[] = {
    {"x", 0, OX_STAR_POSITIONAL_ONLY, NULL, "string, bytes or iterable of int", 0, NULL}, {0}};
static const struct ox_star_param chr_params[] = {
    {"i", OX_STAR_T_INT, OX_STAR_POSITIONAL_ONLY, NULL, "code point", 0, NULL}, {0}};
static const struct ox_star_param ord_params[] = {
    {"s", OX_STAR_T_STRING | OX_STAR_T_BYTES, OX_STAR_POSITIONAL_ONLY, NULL, "one character or byte", 0, NULL}, {0}};
static const struct ox_star_param hash_params[] = {
    {"x", OX_STAR_T_STRING | OX_STAR_T_BYTES, OX_STAR_POSITIONAL_ONLY, NULL, "the value", 0, NULL}, {0}};
static const struct ox_star_param print_params[] = {
    {"args", 0, OX_STAR_REST, NULL, "values", 0, NULL},
    {"sep", OX_STAR_T_STRING, OX_STAR_OPTIONAL, "\" \"", "what stands between them", 0, NULL},
    {"named", 0, OX_STAR_NAMED_REST, NULL, "more values, printed with their names", 0, NULL},
    {0},
};
static const struct ox_star_param fail_params[] = {
    {"args", 0, OX_STAR_REST, NULL, "parts of the message", 0, NULL},
    {"sep", OX_STAR_T_STRING, OX_STAR_OPTIONAL, "\" \"", "what stands between them", 0, NULL},
    {"msg", 0, OX_STAR_OPTIONAL, "None", "begin of the message", 0, NULL},
    {0},
};
static const struct ox_star_param float_params[] = {
    {"x", OX_STAR_T_STRING | ANY_NUMBER | OX_STAR_T_BOOL, OX_STAR_OPTIONAL | OX_STAR_POSITIONAL_ONLY, "0.0",
     "a number, or text such as \"1e3\"", 0, NULL},
    {0},
};
static const struct ox_star_param int_params[] = {
    {"x", OX_STAR_T_STRING | ANY_NUMBER | OX_STAR_T_BOOL, OX_STAR_REQUIRED | OX_STAR_POSITIONAL_ONLY, NULL,
     "a number, or text such as \"0x1F\"", 0, NULL},
    {"base", OX_STAR_T_INT, OX_STAR_OPTIONAL, NULL, "of the digits, 0: as its prefix says", 0, NULL},
    {0},
};
static const struct ox_star_param getattr_params[] = {
    X,
    {"name", OX_STAR_T_STRING, OX_STAR_REQUIRED | OX_STAR_POSITIONAL_ONLY, NULL, "of the attribute", 0, NULL},
    {"default", 0, OX_STAR_OPTIONAL | OX_STAR_POSITIONAL_ONLY, NULL, "given back when there is no such attribute", 0,
     NULL},
    {0},
};
static const struct ox_star_param hasattr_params[] = {
    X,
    {"name", OX_STAR_T_STRING, OX_STAR_REQUIRED | OX_STAR_POSITIONAL_ONLY, NULL, "of the attribute", 0, NULL},
    {0},
};
static const struct ox_star_param optional[] = {
    {"x", 0, OX_STAR_OPTIONAL | OX_STAR_POSITIONAL_ONLY, "False", "the value", 0, NULL}, {0}};

const struct ox_star_function ox_builtin_functions[] = {
    {"abs", number, fn_abs, ANY_NUMBER, "the number without its sign"},
    {"all", one, fn_all, OX_STAR_T_BOOL, "are all items true?"},
    {"any", one, fn_any, OX_STAR_T_BOOL, "is any item true?"},
    {"bool", optional, fn_bool, OX_STAR_T_BOOL, "the truth of a value"},
    {"bytes", bytes_params, fn_bytes, OX_STAR_T_BYTES, "bytes of a string's UTF-8, or of ints from 0 to 255"},
    {"chr", chr_params, fn_chr, OX_STAR_T_STRING, "the character with a code point"},
    {"dir", one, fn_dir, OX_STAR_T_LIST, "names of a value's attributes and methods, sorted"},
    {"fail", fail_params, fn_fail, OX_STAR_T_NONE, "end the evaluation with a message"},
    {"float", float_params, fn_float, OX_STAR_T_FLOAT, "a float from a number or its text"},
    {"getattr", getattr_params, fn_getattr, 0, "the attribute with a name"},
    {"hasattr", hasattr_params, fn_hasattr, OX_STAR_T_BOOL, "is there an attribute or method of this name?"},
    {"hash", hash_params, fn_hash, OX_STAR_T_INT, "a number made from a string or bytes, the same everywhere"},
    {"int", int_params, fn_int, OX_STAR_T_INT, "an int from a number (cut towards zero) or its text"},
    {"len", one, fn_len, OX_STAR_T_INT, "how many items; bytes, of a string"},
    {"ord", ord_params, fn_ord, OX_STAR_T_INT, "the code point of a character, the value of a byte"},
    {"print", print_params, fn_print, OX_STAR_T_NONE, "write values to the log"},
    {"repr", one, fn_repr, OX_STAR_T_STRING, "the value as source text"},
    {"str", one, fn_str, OX_STAR_T_STRING, "the value as text"},
    {"type", one, fn_type, OX_STAR_T_STRING, "the name of a value's type"},
    {0},
};

int ox_builtins_define(struct ox_star *s)
{
	const struct ox_star_function *tables[] = {ox_builtin_functions, ox_container_functions};
	int status = ox_star_set(s, "None", OX_STAR_NONE) | ox_star_set(s, "True", OX_STAR_TRUE) |
		     ox_star_set(s, "False", OX_STAR_FALSE) |
		     ox_star_set(s, "json", ox_star_new_native(s, &ox_json_module, NULL));
	for (size_t t = 0; t < OX_COUNT(tables); t++) {
		for (const struct ox_star_function *f = tables[t]; f->name && status == 0; f++)
			status = ox_star_set_function(s, f);
	}
	return status;
}
