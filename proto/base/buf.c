#include "proto/base/buf.h"

void ox_buf_free(struct ox_buf *b)
{
	free(b->data);
	*b = (struct ox_buf){.limit = b->limit};
}

void ox_buf_clear(struct ox_buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

char *ox_buf_reserve(struct ox_buf *b, size_t len)
{
	if (b->failed)
		return NULL;
	size_t need;
	if (__builtin_add_overflow(b->len, len, &need) || need >= SIZE_MAX / 2 || (b->limit && need > b->limit)) {
		b->failed = true;
		return NULL;
	}
	if (need + 1 > b->cap) {
		size_t cap = b->cap ? b->cap : 64;
		while (cap < need + 1)
			cap += cap / 2 + 16;
		char *grown = realloc(b->data, cap);
		if (!grown) {
			b->failed = true;
			return NULL;
		}
		b->data = grown;
		b->cap = cap;
	}
	return b->data + b->len;
}

void ox_buf_commit(struct ox_buf *b, size_t len)
{
	if (b->failed || !b->data)
		return;
	b->len += len;
	b->data[b->len] = '\0';
}

void ox_buf_add(struct ox_buf *b, const void *data, size_t len)
{
	char *room = ox_buf_reserve(b, len);
	if (!room)
		return;
	if (len)
		memcpy(room, data, len);
	ox_buf_commit(b, len);
}

void ox_buf_slice(struct ox_buf *b, struct ox_slice s)
{
	ox_buf_add(b, s.data, s.len);
}

void ox_buf_str(struct ox_buf *b, const char *text)
{
	ox_buf_add(b, text, strlen(text));
}

void ox_buf_byte(struct ox_buf *b, char c)
{
	ox_buf_add(b, &c, 1);
}

void ox_buf_vprintf(struct ox_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	char *room = n < 0 ? NULL : ox_buf_reserve(b, (size_t)n);
	if (room) {
		vsnprintf(room, (size_t)n + 1, fmt, again);
		ox_buf_commit(b, (size_t)n);
	} else {
		b->failed = true;
	}
	va_end(again);
}

void ox_buf_printf(struct ox_buf *b, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	ox_buf_vprintf(b, fmt, ap);
	va_end(ap);
}

void ox_buf_u32(struct ox_buf *b, uint32_t v)
{
	unsigned char bytes[4];
	for (int i = 0; i < 4; i++)
		bytes[i] = (unsigned char)(v >> (8 * i));
	ox_buf_add(b, bytes, sizeof bytes);
}

void ox_buf_u64(struct ox_buf *b, uint64_t v)
{
	ox_buf_u32(b, (uint32_t)v);
	ox_buf_u32(b, (uint32_t)(v >> 32));
}

/* Length of the well-formed UTF-8 sequence at p (RFC 3629: no overlong forms,
 * no surrogates), or 0. */
static size_t utf8_length(const unsigned char *p, size_t left)
{
	if (p[0] < 0x80)
		return 1;
	size_t n = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
	if (p[0] < 0xC2 || p[0] > 0xF4 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xC0) != 0x80)
			return 0;
	if ((p[0] == 0xE0 && p[1] < 0xA0) || (p[0] == 0xED && p[1] > 0x9F) || (p[0] == 0xF0 && p[1] < 0x90) ||
	    (p[0] == 0xF4 && p[1] > 0x8F))
		return 0;
	return n;
}

static void json_byte(struct ox_buf *b, unsigned char c)
{
	static const char named[] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
	if (c == '"' || c == '\\')
		ox_buf_printf(b, "\\%c", c);
	else if (c < sizeof named && named[c])
		ox_buf_printf(b, "\\%c", named[c]);
	else if (c < 0x20 || c == 0x7F)
		ox_buf_printf(b, "\\u%04x", c);
	else
		ox_buf_byte(b, (char)c);
}

void ox_buf_json(struct ox_buf *b, struct ox_slice text)
{
	const unsigned char *p = (const unsigned char *)text.data;
	ox_buf_byte(b, '"');
	for (size_t i = 0; i < text.len;) {
		size_t n = utf8_length(p + i, text.len - i);
		if (n == 1)
			json_byte(b, p[i]);
		else if (n)
			ox_buf_add(b, p + i, n);
		else
			ox_buf_str(b, "\xEF\xBF\xBD");
		i += n ? n : 1;
	}
	ox_buf_byte(b, '"');
}

int ox_buf_ok(const struct ox_buf *b, const char *what, struct ox_err *err)
{
	if (!b->failed)
		return 0;
	if (b->limit)
		return ox_fail(err, OX_EEXHAUSTED, "%s is larger than %zu bytes, or memory ran out", what, b->limit);
	return ox_fail_nomem(err, what);
}

char *ox_buf_steal(struct ox_buf *b)
{
	char *bytes = NULL;
	if (ox_buf_reserve(b, 0)) {
		ox_buf_commit(b, 0);
		bytes = b->data;
		b->data = NULL;
	}
	ox_buf_free(b);
	return bytes;
}
