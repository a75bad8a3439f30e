/* The module "json", as Bazel documents it (https://bazel.build/rules/lib/core/json): keys of
 * a dict are written in order, the last of equal keys that are read wins, integers have any
 * size, floats are written so that they read as the same float. */
#include "daemon/starlark/json_text.h"
#include "daemon/starlark/thread.h"

#include <math.h>

#define METHOD(name)                                                                                                   \
	static ox_star_value name(struct ox_star *s, OX_UNUSED ox_star_value self, const ox_star_value *args,          \
				  OX_UNUSED void *data)

/* ---- encode ---- */

/* Where in the value we are, innermost first: for messages, and to see containers again. */
struct place {
	const struct place *outer;
	const struct ox_obj *container;
	ox_star_value key; /* of a dict; 0: index */
	size_t index;
};

static int encode(struct ox_star *s, ox_star_value v, struct ox_buf *out, const struct place *outer);

static void write_path(const struct place *p, struct ox_buf *out)
{
	if (!p)
		return;
	write_path(p->outer, out);
	if (!ox_star_ok(p->key)) {
		ox_buf_printf(out, "[%zu]", p->index);
		return;
	}
	ox_buf_byte(out, '[');
	ox_write_quoted(out, ox_text_of(p->key), false);
	ox_buf_byte(out, ']');
}

static int encode_fails(struct ox_star *s, const struct place *place, const char *why, const char *what)
{
	struct ox_buf path = {0};
	write_path(place, &path);
	ox_star_fail_with(s, "json", NULL, "json.encode(): %s%s%s%s%s", path.len ? "at x" : "", ox_part(s, &path),
			  path.len ? ": " : "", what, why);
	ox_buf_free(&path);
	return -1;
}

static int encode_text(struct ox_star *s, struct ox_slice text, struct ox_buf *out, const struct place *place)
{
	char what[64];
	if (!ox_charge(s, text.len / 8))
		return -1;
	size_t valid = ox_utf8_valid_prefix(text);
	if (valid < text.len) {
		snprintf(what, sizeof what, "the string is not UTF-8 at its byte %zu", valid);
		return encode_fails(s, place, "", what);
	}
	ox_buf_json(out, text);
	return 0;
}

static int encode_float(struct ox_star *s, double d, struct ox_buf *out, const struct place *place)
{
	if (!isfinite(d))
		return encode_fails(s, place, " has no JSON form", isnan(d) ? "nan" : "an infinite float");
	ox_float_format(d, 'g', out);
	return 0;
}

static int encode_items(struct ox_star *s, const ox_star_value *items, size_t len, struct ox_buf *out,
			struct place *here)
{
	ox_buf_byte(out, '[');
	for (size_t i = 0; i < len; i++) {
		if (i)
			ox_buf_byte(out, ',');
		here->index = i;
		if (encode(s, items[i], out, here) < 0)
			return -1;
	}
	ox_buf_byte(out, ']');
	return 0;
}

static int by_key(const void *a, const void *b)
{
	const struct ox_dict_entry *x = *(struct ox_dict_entry *const *)a, *y = *(struct ox_dict_entry *const *)b;
	return ox_slice_cmp(ox_text_of(x->key), ox_text_of(y->key));
}

/* The entries in the order of their keys; NULL: failing. */
static struct ox_dict_entry **sorted_entries(struct ox_star *s, const struct ox_dict *d, const struct place *here,
					     size_t *granted)
{
	struct ox_dict_entry **order = ox_heap_array(s, d->live + 1, sizeof *order, granted), *e;
	size_t n = 0;
	for (uint32_t i = 0; order && (e = ox_dict_next(d, &i));) {
		if (!ox_is_string(e->key)) {
			encode_fails(s, here->outer, " is a key, but JSON has only strings",
				     ox_star_type_name(s, e->key));
			return NULL;
		}
		order[n++] = e;
	}
	if (order && n)
		qsort(order, n, sizeof *order, by_key);
	return order;
}

static int encode_dict(struct ox_star *s, const struct ox_dict *d, struct ox_buf *out, struct place *here)
{
	size_t granted;
	struct ox_dict_entry **order = sorted_entries(s, d, here, &granted);
	if (!order)
		return -1;
	ox_buf_byte(out, '{');
	for (size_t i = 0; i < d->live; i++) {
		if (i)
			ox_buf_byte(out, ',');
		here->key = order[i]->key;
		if (encode_text(s, ox_text_of(here->key), out, here) < 0)
			return -1;
		ox_buf_byte(out, ':');
		if (encode(s, order[i]->value, out, here) < 0)
			return -1;
	}
	ox_buf_byte(out, '}');
	ox_heap_array_free(s, order, granted * sizeof *order);
	return 0;
}

static int encode_container(struct ox_star *s, ox_star_value v, struct ox_buf *out, const struct place *outer)
{
	struct place here = {.outer = outer, .container = ox_object(v)};
	for (const struct place *p = outer; p; p = p->outer) {
		if (p->container == here.container)
			return encode_fails(s, outer, " contains itself", ox_star_type_name(s, v));
	}
	if (s->value_depth >= OX_VALUE_DEPTH_MAX) {
		ox_fail_code(s, OX_EEXHAUSTED, "too-deep", NULL, "json.encode(): the value is nested too deeply");
		return -1;
	}
	if (!ox_charge(s, ox_star_len(v)))
		return -1;
	s->value_depth++;
	int status;
	if (ox_is(v, OX_OBJ_LIST))
		status = encode_items(s, OX_AS(ox_list, v)->items, OX_AS(ox_list, v)->len, out, &here);
	else if (ox_is(v, OX_OBJ_TUPLE))
		status = encode_items(s, OX_AS(ox_tuple, v)->items, OX_AS(ox_tuple, v)->len, out, &here);
	else
		status = encode_dict(s, OX_AS(ox_dict, v), out, &here);
	s->value_depth--;
	return status;
}

static int encode(struct ox_star *s, ox_star_value v, struct ox_buf *out, const struct place *outer)
{
	if (out->failed) {
		ox_fail_memory(s);
		return -1;
	}
	switch (ox_star_kind(v)) {
	case OX_STAR_T_NONE:
		ox_buf_str(out, "null");
		return 0;
	case OX_STAR_T_BOOL:
		ox_buf_str(out, ox_star_truth(v) ? "true" : "false");
		return 0;
	case OX_STAR_T_INT:
		return ox_int_format(s, v, 10, out);
	case OX_STAR_T_FLOAT:
		return encode_float(s, OX_AS(ox_float, v)->value, out, outer);
	case OX_STAR_T_STRING:
		return encode_text(s, ox_text_of(v), out, outer);
	case OX_STAR_T_LIST:
	case OX_STAR_T_TUPLE:
	case OX_STAR_T_DICT:
		return encode_container(s, v, out, outer);
	default:
		return encode_fails(s, outer, " has no JSON form", ox_star_type_name(s, v));
	}
}

static ox_star_value finished(struct ox_star *s, struct ox_buf *out, int status)
{
	if (status == 0)
		return ox_string_of_buf(s, out);
	ox_buf_free(out);
	return OX_STAR_FAILED;
}

METHOD(json_encode)
{
	struct ox_buf out = {.limit = s->heap.limit};
	return finished(s, &out, encode(s, args[0], &out, NULL));
}

bool ox_star_json(struct ox_star *s, ox_star_value v, struct ox_buf *out)
{
	size_t before = out->len;
	if (encode(s, v, out, NULL) == 0)
		return true;
	ox_forget_failure(s);
	if (out->data)
		out->data[out->len = before] = '\0';
	return false;
}

/* ---- decode ---- */

struct decoder {
	struct ox_star *s;
	struct ox_json_text text;
	ox_star_value open[OX_JSON_DEPTH_MAX + 1]; /* the containers that are open; [0] is not used */
	ox_star_value keys[OX_JSON_DEPTH_MAX + 1]; /* what comes next is the value of */
	ox_star_value result;
};

static ox_star_value decode_string(struct decoder *d)
{
	if (!d->text.escaped)
		return ox_string_copy(d->s, OX_OBJ_STRING, d->text.part);
	struct ox_buf out = {.limit = d->s->heap.limit};
	ox_json_unescape(d->text.part, &out);
	return ox_string_of_buf(d->s, &out);
}

/* 0 without failing: the text is bad. */
static ox_star_value decode_number(struct decoder *d, bool whole)
{
	struct ox_slice part = d->text.part;
	bool negative = part.data[0] == '-';
	if (whole) {
		ox_star_value n = ox_int_parse(d->s, ox_slice(part.data + negative, part.len - negative), 10);
		return negative && ox_star_ok(n) ? ox_int_negate(d->s, n) : n;
	}
	/* The text ends in a NUL, and what follows a number cannot go on with it. */
	double number = strtod(part.data, NULL);
	if (isfinite(number))
		return ox_star_float(d->s, number);
	d->text.error = "the number is too large for a float";
	d->text.error_at = (size_t)(part.data - d->text.text.data);
	return OX_STAR_FAILED;
}

static ox_star_value decode_value(struct decoder *d, enum ox_json_kind kind)
{
	switch (kind) {
	case OX_JSON_NULL:
		return OX_STAR_NONE;
	case OX_JSON_TRUE:
		return OX_STAR_TRUE;
	case OX_JSON_FALSE:
		return OX_STAR_FALSE;
	case OX_JSON_INT:
	case OX_JSON_FLOAT:
		return decode_number(d, kind == OX_JSON_INT);
	case OX_JSON_ARRAY:
		return ox_star_list(d->s, NULL, 0);
	case OX_JSON_OBJECT:
		return ox_star_dict(d->s);
	default:
		return decode_string(d);
	}
}

/* Put v where it belongs: it is what was asked for, or part of the innermost open container
 * (`depth` counts those without v itself). */
static int decode_place(struct decoder *d, ox_star_value v, uint32_t depth)
{
	ox_star_value into = d->open[depth];
	if (depth == 0)
		d->result = v;
	else if (ox_is(into, OX_OBJ_LIST))
		return ox_list_push(d->s, OX_AS(ox_list, into), v);
	else
		return ox_dict_store(d->s, OX_AS(ox_dict, into), d->keys[depth], v);
	return 0;
}

/* -1: failing, or the text is bad. */
static int decode(struct decoder *d)
{
	for (;;) {
		uint32_t depth = d->text.depth;
		enum ox_json_kind kind = ox_json_next(&d->text);
		if (kind == OX_JSON_BAD || kind == OX_JSON_END)
			return kind == OX_JSON_END ? 0 : -1;
		if (kind == OX_JSON_ARRAY_END || kind == OX_JSON_OBJECT_END)
			continue;
		ox_star_value v = decode_value(d, kind);
		if (!ox_star_ok(v) || !ox_charge(d->s, 8 + d->text.part.len))
			return -1;
		if (kind == OX_JSON_KEY)
			d->keys[depth] = v;
		else if (decode_place(d, v, depth) < 0)
			return -1;
		if (d->text.depth > depth)
			d->open[d->text.depth] = v;
	}
}

static ox_star_value bad_text(struct ox_star *s, const char *function, const struct ox_json_text *j)
{
	return ox_star_fail_with(s, "json", NULL, "json.%s(): at offset %zu: %s", function, j->error_at, j->error);
}

METHOD(json_decode)
{
	struct decoder d = {.s = s};
	if (!ox_charge(s, ox_star_text(args[0]).len / 8))
		return OX_STAR_FAILED;
	ox_json_begin(&d.text, ox_star_text(args[0]));
	if (decode(&d) == 0)
		return d.result;
	if (ox_star_failing(s))
		return OX_STAR_FAILED;
	return ox_star_ok(args[1]) ? args[1] : bad_text(s, "decode", &d.text);
}

/* ---- indent ---- */

struct indenter {
	struct ox_slice prefix, indent;
	struct ox_buf *out;
	bool filled[OX_JSON_DEPTH_MAX + 1]; /* has the open container a member already? */
};

static void new_line(struct indenter *x, uint32_t depth)
{
	ox_buf_byte(x->out, '\n');
	ox_buf_slice(x->out, x->prefix);
	while (depth--)
		ox_buf_slice(x->out, x->indent);
}

static void write_token(struct indenter *x, const struct ox_json_text *j, enum ox_json_kind kind)
{
	static const char *const fixed[] = {
	    [OX_JSON_NULL] = "null",   [OX_JSON_TRUE] = "true", [OX_JSON_FALSE] = "false",  [OX_JSON_ARRAY] = "[",
	    [OX_JSON_ARRAY_END] = "]", [OX_JSON_OBJECT] = "{",  [OX_JSON_OBJECT_END] = "}",
	};
	bool quoted = kind == OX_JSON_STRING || kind == OX_JSON_KEY;
	if (fixed[kind]) {
		ox_buf_str(x->out, fixed[kind]);
		return;
	}
	ox_buf_str(x->out, quoted ? "\"" : "");
	ox_buf_slice(x->out, j->part);
	ox_buf_str(x->out, kind == OX_JSON_KEY ? "\": " : quoted ? "\"" : "");
}

/* Only white space between tokens changes. -1: failing, or the text is bad. */
static int indent(struct ox_star *s, struct indenter *x, struct ox_json_text *j)
{
	bool after_key = false;
	for (;;) {
		uint32_t depth = j->depth;
		enum ox_json_kind kind = ox_json_next(j);
		if (kind == OX_JSON_BAD || kind == OX_JSON_END)
			return kind == OX_JSON_END ? 0 : -1;
		if (x->out->failed || !ox_charge(s, 16)) {
			ox_fail_memory(s);
			return -1;
		}
		if (j->depth < depth) {
			if (x->filled[depth])
				new_line(x, j->depth);
		} else if (depth && !after_key) {
			ox_buf_str(x->out, x->filled[depth] ? "," : "");
			x->filled[depth] = true;
			new_line(x, depth);
		}
		if (j->depth > depth)
			x->filled[j->depth] = false;
		write_token(x, j, kind);
		after_key = kind == OX_JSON_KEY;
	}
}

static ox_star_value indented(struct ox_star *s, struct ox_slice text, const ox_star_value *style)
{
	struct ox_buf out = {.limit = s->heap.limit};
	struct indenter x = {.prefix = ox_text_of(style[0]), .indent = ox_text_of(style[1]), .out = &out};
	struct ox_json_text j;
	if (!ox_charge(s, text.len))
		return OX_STAR_FAILED;
	ox_json_begin(&j, text);
	int status = indent(s, &x, &j);
	if (status < 0 && !ox_star_failing(s))
		bad_text(s, "indent", &j);
	return finished(s, &out, status);
}

METHOD(json_indent)
{
	return indented(s, ox_text_of(args[0]), args + 1);
}

METHOD(json_encode_indent)
{
	ox_star_value text = json_encode(s, self, args, NULL);
	return ox_star_ok(text) ? indented(s, ox_text_of(text), args + 1) : OX_STAR_FAILED;
}

/* ---- table ---- */

#define STYLE                                                                                                          \
	{"prefix",                                                                                                     \
	 OX_STAR_T_STRING,                                                                                             \
	 OX_STAR_OPTIONAL | OX_STAR_NAMED_ONLY,                                                                        \
	 "\"\"",                                                                                                       \
	 "begin of every line but the first",                                                                          \
	 0,                                                                                                            \
	 NULL},                                                                                                        \
	{                                                                                                              \
		"indent", OX_STAR_T_STRING, OX_STAR_OPTIONAL | OX_STAR_NAMED_ONLY, "\"\t\"",                           \
		    "what a level is indented by", 0, NULL                                                             \
	}

static const struct ox_star_param encode_params[] = {
    {"x", 0, OX_STAR_REQUIRED | OX_STAR_POSITIONAL_ONLY, NULL,
     "made of None, bool, int, float, string, list, tuple, dict", 0, NULL},
    {0},
};
static const struct ox_star_param decode_params[] = {
    {"x", OX_STAR_T_STRING, OX_STAR_REQUIRED | OX_STAR_POSITIONAL_ONLY, NULL, "JSON text", 0, NULL},
    {"default", 0, OX_STAR_OPTIONAL, NULL, "given back for text that is not JSON, instead of an error", 0, NULL},
    {0},
};
static const struct ox_star_param indent_params[] = {
    {"s", OX_STAR_T_STRING, OX_STAR_REQUIRED | OX_STAR_POSITIONAL_ONLY, NULL, "JSON text", 0, NULL}, STYLE, {0}};
static const struct ox_star_param encode_indent_params[] = {
    {"x", 0, OX_STAR_REQUIRED | OX_STAR_POSITIONAL_ONLY, NULL, "as for encode", 0, NULL}, STYLE, {0}};

static const struct ox_star_function functions[] = {
    {"decode", decode_params, json_decode, 0, "the value that JSON text stands for"},
    {"encode", encode_params, json_encode, OX_STAR_T_STRING, "a value as JSON text, keys in order"},
    {"encode_indent", encode_indent_params, json_encode_indent, OX_STAR_T_STRING,
     "a value as JSON text of several lines"},
    {"indent", indent_params, json_indent, OX_STAR_T_STRING, "JSON text on several lines"},
    {0},
};

const struct ox_star_type ox_json_module = {
    .name = "json",
    .methods = functions,
    .doc = "JSON text from values and back",
};
