/* Strings and bytes: making, joining, code points. */
#include "daemon/starlark/thread.h"

struct ox_string *ox_string_new(struct ox_star *s, enum ox_obj_kind kind, size_t len, char **data)
{
	if (len > s->heap.limit) {
		ox_fail_memory(s);
		return NULL;
	}
	struct ox_string *str = (struct ox_string *)ox_new_object(s, kind, sizeof *str + len + 1);
	if (!str)
		return NULL;
	*data = (char *)(str + 1);
	(*data)[len] = '\0';
	str->len = len;
	str->data = *data;
	return str;
}

ox_star_value ox_string_copy(struct ox_star *s, enum ox_obj_kind kind, struct ox_slice text)
{
	char *data;
	struct ox_string *str = ox_string_new(s, kind, text.len, &data);
	if (!str)
		return OX_STAR_FAILED;
	if (text.len)
		memcpy(data, text.data, text.len);
	return ox_from_object(str);
}

ox_star_value ox_string_of_buf(struct ox_star *s, struct ox_buf *text)
{
	ox_star_value v = text->failed ? ox_fail_memory(s) : ox_string_copy(s, OX_OBJ_STRING, ox_buf_view(text));
	ox_buf_free(text);
	return ox_star_failing(s) ? OX_STAR_FAILED : v;
}

ox_star_value ox_star_string(struct ox_star *s, const char *text)
{
	return ox_star_slice(s, ox_slice_str(text));
}

ox_star_value ox_star_slice(struct ox_star *s, struct ox_slice text)
{
	if (ox_utf8_valid_prefix(text) == text.len)
		return ox_string_copy(s, OX_OBJ_STRING, text);
	struct ox_buf fixed = {.limit = s->heap.limit};
	while (text.len) {
		size_t good = ox_utf8_valid_prefix(text);
		ox_buf_add(&fixed, text.data, good);
		text = ox_slice(text.data + good, text.len - good);
		if (!text.len)
			break;
		ox_buf_str(&fixed, "\xEF\xBF\xBD");
		text = ox_slice(text.data + 1, text.len - 1);
	}
	return ox_string_of_buf(s, &fixed);
}

ox_star_value ox_star_bytes(struct ox_star *s, struct ox_slice bytes)
{
	return ox_string_copy(s, OX_OBJ_BYTES, bytes);
}

/* All that a buffer holds by now, as a string. */
static ox_star_value string_in_buffer(struct ox_star *s, enum ox_obj_kind kind, struct ox_string_buffer *buf)
{
	struct ox_shared_string *str = (struct ox_shared_string *)ox_new_object(s, kind, sizeof *str);
	if (!str)
		return OX_STAR_FAILED;
	str->string.head.flags = OX_STRING_SHARED;
	str->string.len = buf->used;
	str->string.data = buf->data;
	str->buffer = buf;
	return ox_from_object(str);
}

static void append(struct ox_string_buffer *buf, const char *data, size_t len)
{
	memmove(buf->data + buf->used, data, len);
	buf->used += len;
	buf->data[buf->used] = '\0';
}

/* A string that can be appended to later, with room to double. */
static ox_star_value start_buffer(struct ox_star *s, enum ox_obj_kind kind, struct ox_slice a, struct ox_slice b)
{
	size_t len = a.len + b.len, granted;
	struct ox_string_buffer *buf = ox_heap_array(s, 1, sizeof *buf + 2 * len + 1, &granted);
	if (!buf)
		return OX_STAR_FAILED;
	*buf = (struct ox_string_buffer){.star = s, .cap = 2 * len};
	append(buf, a.data, a.len);
	append(buf, b.data, b.len);
	return string_in_buffer(s, kind, buf);
}

static struct ox_string_buffer *buffer_of(const struct ox_string *str)
{
	return str->head.flags & OX_STRING_SHARED ? ((const struct ox_shared_string *)str)->buffer : NULL;
}

ox_star_value ox_string_concat(struct ox_star *s, ox_star_value av, ox_star_value bv)
{
	enum { BUFFER_MIN = 128 };
	struct ox_string *a = OX_AS(ox_string, av), *b = OX_AS(ox_string, bv);
	if (!ox_charge(s, b->len >> 3))
		return OX_STAR_FAILED;
	if (b->len == 0)
		return av;
	if (a->len == 0)
		return bv;
	struct ox_string_buffer *buf = buffer_of(a);
	if (buf && a->len == buf->used && b->len < buf->cap - buf->used) {
		append(buf, b->data, b->len);
		return string_in_buffer(s, (enum ox_obj_kind)a->head.kind, buf);
	}
	if (a->len > s->heap.limit / 4 || b->len > s->heap.limit / 4)
		return ox_fail_memory(s);
	struct ox_slice x = ox_slice(a->data, a->len), y = ox_slice(b->data, b->len);
	if (a->len >= BUFFER_MIN && a->len > b->len)
		return start_buffer(s, (enum ox_obj_kind)a->head.kind, x, y);
	char *data;
	struct ox_string *str = ox_string_new(s, (enum ox_obj_kind)a->head.kind, x.len + y.len, &data);
	if (!str)
		return OX_STAR_FAILED;
	memcpy(data, x.data, x.len);
	memcpy(data + x.len, y.data, y.len);
	return ox_from_object(str);
}

/* Somebody needs the NUL, for good: nothing is appended any more to a buffer that ends with the string; a prefix of
 * one gets its own copy. */
static void own_data(struct ox_string *str)
{
	struct ox_string_buffer *buf = buffer_of(str);
	if (str->len == buf->used) {
		buf->cap = buf->used;
		return;
	}
	if (str->data[str->len] == '\0')
		return;
	char *copy = ox_heap_alloc(buf->star, str->len + 1);
	if (!copy) {
		str->data = "";
		str->len = 0;
		return;
	}
	memcpy(copy, str->data, str->len);
	copy[str->len] = '\0';
	str->data = copy;
	str->head.flags &= (uint16_t)~OX_STRING_SHARED;
}

struct ox_slice ox_star_text(ox_star_value v)
{
	if (!ox_is_string(v) && !ox_is(v, OX_OBJ_BYTES))
		return OX_SLICE("");
	struct ox_string *str = OX_AS(ox_string, v);
	if (buffer_of(str))
		own_data(str);
	return ox_text_of(v);
}

const char *ox_star_cstr(ox_star_value v)
{
	return ox_star_text(v).data;
}

ox_star_value ox_intern(struct ox_star *s, struct ox_slice text)
{
	/* Look up with a string of our own that is thrown away; names are short. */
	struct ox_string probe = {.head = {.kind = OX_OBJ_STRING}, .len = text.len, .data = text.data ? text.data : ""};
	ox_star_value known;
	int found = ox_dict_find(s, s->interned, ox_from_object(&probe), &known);
	if (found != 0)
		return found < 0 ? OX_STAR_FAILED : known;
	ox_star_value v = ox_string_copy(s, OX_OBJ_STRING, text);
	if (!ox_star_ok(v) || ox_dict_store(s, s->interned, v, v) < 0)
		return OX_STAR_FAILED;
	return v;
}

size_t ox_utf8_width(const char *p, size_t left)
{
	unsigned char c = (unsigned char)*p;
	size_t n = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
	if (n > left)
		return 1;
	for (size_t i = 1; i < n; i++) {
		if (((unsigned char)p[i] & 0xC0) != 0x80)
			return 1;
	}
	return n;
}

uint32_t ox_utf8_decode(const char *p, size_t *width)
{
	const unsigned char *u = (const unsigned char *)p;
	switch (*width) {
	case 1:
		return u[0] < 0x80 ? u[0] : 0xFFFD;
	case 2:
		return (u[0] & 0x1Fu) << 6 | (u[1] & 0x3Fu);
	case 3:
		return (u[0] & 0x0Fu) << 12 | (u[1] & 0x3Fu) << 6 | (u[2] & 0x3Fu);
	default:
		return (u[0] & 0x07u) << 18 | (u[1] & 0x3Fu) << 12 | (u[2] & 0x3Fu) << 6 | (u[3] & 0x3Fu);
	}
}

size_t ox_utf8_encode(uint32_t c, char out[static 4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}
