/* Methods of strings that search, cut and join. */
#include "daemon/starlark/string_methods.h"

#include <ctype.h>

#define METHOD(name)                                                                                                   \
	static ox_star_value name(struct ox_star *s, ox_star_value self, const ox_star_value *args,                    \
				  OX_UNUSED void *data)

static ox_star_value text(struct ox_star *s, struct ox_slice t)
{
	return ox_string_copy(s, OX_OBJ_STRING, t);
}

/* The part of the string that the optional start and end arguments leave. */
static int window(struct ox_star *s, ox_star_value self, const ox_star_value *args, struct ox_slice *part,
		  int64_t *start)
{
	ox_star_value bounds[3] = {args[0], args[1], OX_STAR_NONE};
	struct ox_indices x;
	struct ox_slice t = ox_text_of(self);
	if (ox_slice_indices(s, bounds, (int64_t)t.len, &x) < 0 || !ox_charge(s, t.len / 8))
		return -1;
	*part = ox_slice(t.data + x.start, (size_t)x.count);
	*start = x.start;
	return 0;
}

/* Offset of the first or last occurrence, -1: none. */
static int64_t find(struct ox_star *s, struct ox_slice t, struct ox_slice part, bool last)
{
	if (!last) {
		const char *p = part.len ? memmem(t.data, t.len, part.data, part.len) : t.data;
		return p ? p - t.data : -1;
	}
	for (size_t i = t.len >= part.len ? t.len - part.len + 1 : 0; i-- > 0;) {
		if (part.len == 0 || memcmp(t.data + i, part.data, part.len) == 0)
			return (int64_t)i;
		/* Each comparison may have gone far. */
		if (part.len > 64 && t.data[i] == part.data[0] && !ox_charge(s, part.len / 16))
			return -1;
	}
	return -1;
}

static ox_star_value search(struct ox_star *s, ox_star_value self, const ox_star_value *args, bool last,
			    const char *must)
{
	struct ox_slice part;
	int64_t start;
	if (window(s, self, args + 1, &part, &start) < 0)
		return OX_STAR_FAILED;
	int64_t at = find(s, part, ox_text_of(args[0]), last);
	if (ox_star_failing(s))
		return OX_STAR_FAILED;
	if (at < 0 && must)
		return ox_star_fail_with(s, "index", NULL, "string.%s(): the substring is not in the string", must);
	return ox_from_small(at < 0 ? -1 : start + at);
}

METHOD(str_find)
{
	return search(s, self, args, false, NULL);
}

METHOD(str_rfind)
{
	return search(s, self, args, true, NULL);
}

METHOD(str_index)
{
	return search(s, self, args, false, "index");
}

METHOD(str_rindex)
{
	return search(s, self, args, true, "rindex");
}

METHOD(str_count)
{
	struct ox_slice t, part = ox_text_of(args[0]);
	int64_t start, n = 0;
	if (window(s, self, args + 1, &t, &start) < 0)
		return OX_STAR_FAILED;
	if (part.len == 0) { /* between all code points, and at both ends */
		for (size_t i = 0; i < t.len; i += ox_utf8_width(t.data + i, t.len - i))
			n++;
		return ox_from_small(n + 1);
	}
	for (int64_t at; (at = find(s, t, part, false)) >= 0; n++)
		t = ox_slice(t.data + at + part.len, t.len - (size_t)at - part.len);
	return ox_from_small(n);
}

static ox_star_value has_affix(struct ox_star *s, ox_star_value self, const ox_star_value *args, bool end)
{
	struct ox_slice t;
	int64_t start;
	if (window(s, self, args + 1, &t, &start) < 0)
		return OX_STAR_FAILED;
	if (ox_is_string(args[0]))
		return ox_star_bool(end ? ox_slice_ends(t, ox_text_of(args[0]))
					: ox_slice_starts(t, ox_text_of(args[0])));
	const struct ox_tuple *any = OX_AS(ox_tuple, args[0]);
	if (!ox_charge(s, any->len))
		return OX_STAR_FAILED;
	for (size_t i = 0; i < any->len; i++) {
		struct ox_slice part = ox_text_of(any->items[i]);
		if (end ? ox_slice_ends(t, part) : ox_slice_starts(t, part))
			return OX_STAR_TRUE;
	}
	return OX_STAR_FALSE;
}

METHOD(str_startswith)
{
	return has_affix(s, self, args, false);
}

METHOD(str_endswith)
{
	return has_affix(s, self, args, true);
}

METHOD(str_removeprefix)
{
	struct ox_slice t = ox_text_of(self), part = ox_text_of(args[0]);
	return ox_slice_starts(t, part) ? text(s, ox_slice(t.data + part.len, t.len - part.len)) : self;
}

METHOD(str_removesuffix)
{
	struct ox_slice t = ox_text_of(self), part = ox_text_of(args[0]);
	return ox_slice_ends(t, part) ? text(s, ox_slice(t.data, t.len - part.len)) : self;
}

METHOD(str_replace)
{
	struct ox_slice t = ox_text_of(self), old = ox_text_of(args[0]), new = ox_text_of(args[1]);
	struct ox_buf out = {.limit = s->heap.limit};
	int64_t left = -1;
	ox_star_to_int(args[2], &left);
	if (!ox_charge(s, t.len))
		return OX_STAR_FAILED;
	while (left != 0 && !out.failed) {
		int64_t at = old.len ? find(s, t, old, false) : 0;
		if (at < 0)
			break;
		ox_buf_add(&out, t.data, (size_t)at);
		ox_buf_slice(&out, new);
		t = ox_slice(t.data + at + old.len, t.len - (size_t)at - old.len);
		left -= left > 0;
		if (old.len)
			continue;
		if (t.len == 0)
			break;
		size_t width = ox_utf8_width(t.data, t.len);
		ox_buf_add(&out, t.data, width);
		t = ox_slice(t.data + width, t.len - width);
	}
	ox_buf_slice(&out, t);
	return ox_string_of_buf(s, &out);
}

METHOD(str_join)
{
	struct ox_iter it;
	struct ox_buf out = {.limit = s->heap.limit};
	struct ox_slice separator = ox_text_of(self);
	ox_star_value item;
	size_t n = 0;
	if (ox_iter_begin(s, &it, args[0]) < 0)
		return OX_STAR_FAILED;
	for (; !out.failed && ox_charge(s, 1) && ox_iter_next(s, &it, &item); n++) {
		if (!ox_is_string(item)) {
			ox_star_fail_with(s, "type", "convert it with str(x)",
					  "string.join(): item %zu is %s, not a string", n, ox_star_type_name(s, item));
			break;
		}
		if (n)
			ox_buf_slice(&out, separator);
		ox_buf_slice(&out, ox_text_of(item));
	}
	ox_iter_end(&it);
	return ox_string_of_buf(s, &out);
}

static ox_star_value partition(struct ox_star *s, ox_star_value self, ox_star_value separator, bool last)
{
	struct ox_slice t = ox_text_of(self), part = ox_text_of(separator);
	if (part.len == 0)
		return ox_star_fail(s, "string.partition(): the separator is empty");
	int64_t at = ox_charge(s, t.len / 16) ? find(s, t, part, last) : -1;
	if (ox_star_failing(s))
		return OX_STAR_FAILED;
	ox_star_value empty = text(s, OX_SLICE(""));
	ox_star_value out[3] = {last ? empty : self, empty, last ? self : empty};
	if (at >= 0) {
		size_t rest = (size_t)at + part.len;
		out[0] = text(s, ox_slice(t.data, (size_t)at));
		out[1] = separator;
		out[2] = text(s, ox_slice(t.data + rest, t.len - rest));
	}
	return ox_star_tuple(s, out, 3);
}

METHOD(str_partition)
{
	return partition(s, self, args[0], false);
}

METHOD(str_rpartition)
{
	return partition(s, self, args[0], true);
}

/* ---- splitting ---- */

static int push_text(struct ox_star *s, struct ox_list *l, struct ox_slice t)
{
	ox_star_value v = text(s, t);
	return ox_star_ok(v) ? ox_list_push(s, l, v) : -1;
}

/* Width of the white space at p, 0: something else. */
static size_t space_width(const char *p, size_t left)
{
	size_t width = ox_utf8_width(p, left);
	uint32_t c = ox_utf8_decode(p, &width);
	bool ascii = c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
	bool other = c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
		     c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
	return ascii || other ? width : 0;
}

static struct ox_slice trim_start(struct ox_slice t)
{
	size_t width;
	while (t.len && (width = space_width(t.data, t.len)))
		t = ox_slice(t.data + width, t.len - width);
	return t;
}

static struct ox_slice trim_end(struct ox_slice t)
{
	while (t.len) {
		size_t width = 1;
		while (width < t.len && width < 4 && ((unsigned char)t.data[t.len - width] & 0xC0) == 0x80)
			width++;
		if (space_width(t.data + t.len - width, width) != width)
			break;
		t.len -= width;
	}
	return t;
}

static int split_spaces(struct ox_star *s, struct ox_list *l, struct ox_slice t, int64_t max)
{
	for (t = trim_start(t); t.len; t = trim_start(t)) {
		if (max-- == 0)
			return push_text(s, l, t);
		size_t end = 0;
		while (end < t.len && !space_width(t.data + end, t.len - end))
			end += ox_utf8_width(t.data + end, t.len - end);
		if (push_text(s, l, ox_slice(t.data, end)) < 0)
			return -1;
		t = ox_slice(t.data + end, t.len - end);
	}
	return 0;
}

static void reverse(struct ox_list *l)
{
	for (size_t i = 0; i < l->len / 2; i++) {
		ox_star_value swap = l->items[i];
		l->items[i] = l->items[l->len - 1 - i];
		l->items[l->len - 1 - i] = swap;
	}
}

static int rsplit_spaces(struct ox_star *s, struct ox_list *l, struct ox_slice t, int64_t max)
{
	for (t = trim_end(t); t.len; t = trim_end(t)) {
		if (max-- == 0) {
			if (push_text(s, l, t) < 0)
				return -1;
			break;
		}
		size_t start = t.len;
		while (start > 0 && trim_end(ox_slice(t.data, start)).len == start)
			start--;
		if (push_text(s, l, ox_slice(t.data + start, t.len - start)) < 0)
			return -1;
		t.len = start;
	}
	reverse(l);
	return 0;
}

static int split_by(struct ox_star *s, struct ox_list *l, struct ox_slice t, struct ox_slice by, int64_t max, bool last)
{
	int64_t at;
	while (max-- != 0 && (at = find(s, t, by, last)) >= 0) {
		struct ox_slice before = ox_slice(t.data, (size_t)at);
		struct ox_slice after = ox_slice(t.data + at + by.len, t.len - (size_t)at - by.len);
		if (push_text(s, l, last ? after : before) < 0)
			return -1;
		t = last ? before : after;
	}
	if (push_text(s, l, t) < 0)
		return -1;
	if (last)
		reverse(l);
	return 0;
}

static ox_star_value split(struct ox_star *s, ox_star_value self, const ox_star_value *args, bool last)
{
	struct ox_list *l = ox_list_new(s, 0);
	struct ox_slice t = ox_text_of(self);
	int64_t max = -1;
	if (!l || !ox_charge(s, t.len))
		return OX_STAR_FAILED;
	if (ox_star_ok(args[1]) && ox_is_int(args[1]) && (!ox_star_to_int(args[1], &max) || max < 0))
		max = -1;
	int status;
	if (ox_same(args[0], OX_STAR_NONE))
		status = last ? rsplit_spaces(s, l, t, max) : split_spaces(s, l, t, max);
	else if (ox_text_of(args[0]).len == 0)
		return ox_star_fail(s, "string.split(): the separator is empty");
	else
		status = split_by(s, l, t, ox_text_of(args[0]), max, last);
	return status < 0 ? OX_STAR_FAILED : ox_from_object(l);
}

METHOD(str_split)
{
	return split(s, self, args, false);
}

METHOD(str_rsplit)
{
	return split(s, self, args, true);
}

METHOD(str_splitlines)
{
	struct ox_list *l = ox_list_new(s, 0);
	struct ox_slice t = ox_text_of(self);
	bool keep = ox_star_truth(args[0]);
	if (!l || !ox_charge(s, t.len))
		return OX_STAR_FAILED;
	while (t.len) {
		size_t end = 0, line_end;
		while (end < t.len && t.data[end] != '\n' && t.data[end] != '\r')
			end++;
		line_end = end;
		if (end < t.len)
			end += t.data[end] == '\r' && end + 1 < t.len && t.data[end + 1] == '\n' ? 2 : 1;
		if (push_text(s, l, ox_slice(t.data, keep ? end : line_end)) < 0)
			return OX_STAR_FAILED;
		t = ox_slice(t.data + end, t.len - end);
	}
	return ox_from_object(l);
}

/* ---- stripping ---- */

/* False also when failing. */
static bool in_set(struct ox_star *s, struct ox_slice set, const char *p, size_t width)
{
	if (set.len > 64 && !ox_charge(s, set.len / 4))
		return false;
	for (size_t i = 0; i < set.len;) {
		size_t w = ox_utf8_width(set.data + i, set.len - i);
		if (w == width && memcmp(set.data + i, p, w) == 0)
			return true;
		i += w;
	}
	return false;
}

static ox_star_value strip(struct ox_star *s, ox_star_value self, ox_star_value cutset, bool left, bool right)
{
	struct ox_slice t = ox_text_of(self);
	bool spaces = ox_same(cutset, OX_STAR_NONE);
	struct ox_slice set = spaces ? OX_SLICE("") : ox_text_of(cutset);
	if (!ox_charge(s, t.len / 8 + set.len))
		return OX_STAR_FAILED;
	if (spaces) {
		t = left ? trim_start(t) : t;
		t = right ? trim_end(t) : t;
	}
	for (size_t w; !spaces && left && t.len; t = ox_slice(t.data + w, t.len - w)) {
		w = ox_utf8_width(t.data, t.len);
		if (!in_set(s, set, t.data, w))
			break;
	}
	while (!spaces && right && t.len) {
		size_t w = 1;
		while (w < t.len && w < 4 && ((unsigned char)t.data[t.len - w] & 0xC0) == 0x80)
			w++;
		if (!in_set(s, set, t.data + t.len - w, w))
			break;
		t.len -= w;
	}
	if (ox_star_failing(s))
		return OX_STAR_FAILED;
	return t.len == ox_text_of(self).len ? self : text(s, t);
}

METHOD(str_strip)
{
	return strip(s, self, args[0], true, true);
}

METHOD(str_lstrip)
{
	return strip(s, self, args[0], true, false);
}

METHOD(str_rstrip)
{
	return strip(s, self, args[0], false, true);
}

METHOD(str_format)
{
	return ox_format(s, ox_text_of(self), OX_AS(ox_tuple, args[0]), OX_AS(ox_dict, args[1]));
}

/* ---- table ---- */

#define P(name, types, kind, fallback, doc)                                                                            \
	{                                                                                                              \
		name, types, (kind) | OX_STAR_POSITIONAL_ONLY, fallback, doc, 0, NULL                                  \
	}
#define INT_OR_NONE (OX_STAR_T_INT | OX_STAR_T_NONE)
#define WINDOW                                                                                                         \
	P("start", INT_OR_NONE, OX_STAR_OPTIONAL, "None", "where to begin"),                                           \
	    P("end", INT_OR_NONE, OX_STAR_OPTIONAL, "None", "where to stop")

static const struct ox_star_param sub[] = {
    P("sub", OX_STAR_T_STRING, OX_STAR_REQUIRED, NULL, "what is looked for"), WINDOW, {0}};
static const struct ox_star_param affix[] = {
    {"sub", OX_STAR_T_STRING | OX_STAR_T_TUPLE, OX_STAR_POSITIONAL_ONLY, NULL, "a string, or a tuple of them",
     OX_STAR_T_STRING, NULL},
    WINDOW,
    {0},
};
static const struct ox_star_param one_string[] = {P("x", OX_STAR_T_STRING, OX_STAR_REQUIRED, NULL, "a string"), {0}};
static const struct ox_star_param iterable[] = {P("iterable", 0, OX_STAR_REQUIRED, NULL, "of strings"), {0}};
static const struct ox_star_param cutset[] = {
    P("chars", OX_STAR_T_STRING | OX_STAR_T_NONE, OX_STAR_OPTIONAL, "None", "characters to remove; None: white space"),
    {0},
};
static const struct ox_star_param replace[] = {
    P("old", OX_STAR_T_STRING, OX_STAR_REQUIRED, NULL, "what is replaced"),
    P("new", OX_STAR_T_STRING, OX_STAR_REQUIRED, NULL, "what comes in its place"),
    P("count", OX_STAR_T_INT, OX_STAR_OPTIONAL, "-1", "how many at most; negative: all"),
    {0},
};
static const struct ox_star_param split_params[] = {
    P("sep", OX_STAR_T_STRING | OX_STAR_T_NONE, OX_STAR_OPTIONAL, "None", "None: runs of white space"),
    P("maxsplit", INT_OR_NONE, OX_STAR_OPTIONAL, "None", "how often at most"),
    {0},
};
static const struct ox_star_param keepends[] = {P("keepends", 0, OX_STAR_OPTIONAL, "False", "keep the line ends"), {0}};
static const struct ox_star_param format_params[] = {
    {"args", 0, OX_STAR_REST, NULL, "for {} and {0}", 0, NULL},
    {"kwargs", 0, OX_STAR_NAMED_REST, NULL, "for {name}", 0, NULL},
    {0},
};

#define STRING OX_STAR_T_STRING
#define LIST   OX_STAR_T_LIST

const struct ox_star_function ox_string_methods[] = {
    {"capitalize", NULL, ox_str_capitalize, STRING, "the first letter in upper case, the others in lower case"},
    {"codepoint_ords", NULL, ox_str_codepoint_ords, OX_STAR_T_OTHER, "an iterable of the code points as ints"},
    {"codepoints", NULL, ox_str_codepoints, OX_STAR_T_OTHER, "an iterable of the code points as strings"},
    {"count", sub, str_count, OX_STAR_T_INT, "how often a string occurs, without overlaps"},
    {"elem_ords", NULL, ox_str_elem_ords, OX_STAR_T_OTHER, "an iterable of the bytes as ints"},
    {"elems", NULL, ox_str_elems, OX_STAR_T_OTHER, "an iterable of the bytes as strings"},
    {"endswith", affix, str_endswith, OX_STAR_T_BOOL, "does it end in this?"},
    {"find", sub, str_find, OX_STAR_T_INT, "where a string occurs first, or -1"},
    {"format", format_params, str_format, STRING, "replace {} fields by arguments"},
    {"index", sub, str_index, OX_STAR_T_INT, "where a string occurs first; an error when it does not"},
    {"isalnum", NULL, ox_str_isalnum, OX_STAR_T_BOOL, "only letters and digits, at least one?"},
    {"isalpha", NULL, ox_str_isalpha, OX_STAR_T_BOOL, "only letters, at least one?"},
    {"isdigit", NULL, ox_str_isdigit, OX_STAR_T_BOOL, "only digits, at least one?"},
    {"islower", NULL, ox_str_islower, OX_STAR_T_BOOL, "letters, all of them in lower case?"},
    {"isspace", NULL, ox_str_isspace, OX_STAR_T_BOOL, "only white space, at least one?"},
    {"istitle", NULL, ox_str_istitle, OX_STAR_T_BOOL, "does every word begin in upper case?"},
    {"isupper", NULL, ox_str_isupper, OX_STAR_T_BOOL, "letters, all of them in upper case?"},
    {"join", iterable, str_join, STRING, "the strings, with this one between them"},
    {"lower", NULL, ox_str_lower, STRING, "in lower case"},
    {"lstrip", cutset, str_lstrip, STRING, "without characters at the start"},
    {"partition", one_string, str_partition, OX_STAR_T_TUPLE, "what is before, at and after the first separator"},
    {"removeprefix", one_string, str_removeprefix, STRING, "without this start"},
    {"removesuffix", one_string, str_removesuffix, STRING, "without this end"},
    {"replace", replace, str_replace, STRING, "with one string replaced by another"},
    {"rfind", sub, str_rfind, OX_STAR_T_INT, "where a string occurs last, or -1"},
    {"rindex", sub, str_rindex, OX_STAR_T_INT, "where a string occurs last; an error when it does not"},
    {"rpartition", one_string, str_rpartition, OX_STAR_T_TUPLE, "what is before, at and after the last separator"},
    {"rsplit", split_params, str_rsplit, LIST, "parts between separators, counted from the end"},
    {"rstrip", cutset, str_rstrip, STRING, "without characters at the end"},
    {"split", split_params, str_split, LIST, "parts between separators"},
    {"split_codepoints", NULL, ox_str_codepoints, OX_STAR_T_OTHER, "older name of codepoints"},
    {"splitlines", keepends, str_splitlines, LIST, "the lines"},
    {"startswith", affix, str_startswith, OX_STAR_T_BOOL, "does it start with this?"},
    {"strip", cutset, str_strip, STRING, "without characters at both ends"},
    {"title", NULL, ox_str_title, STRING, "every word with its first letter in upper case"},
    {"upper", NULL, ox_str_upper, STRING, "in upper case"},
    {0},
};
