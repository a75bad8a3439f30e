#include "daemon/starlark/json_text.h"

#include "daemon/starlark/source.h"

static enum ox_json_kind bad(struct ox_json_text *j, size_t at, const char *error)
{
	if (!j->error) {
		j->error = error;
		j->error_at = at;
	}
	return OX_JSON_BAD;
}

void ox_json_begin(struct ox_json_text *j, struct ox_slice text)
{
	j->text = text;
	j->at = 0;
	j->depth = 0;
	j->want = OX_JSON_WANT_VALUE;
	j->error = NULL;
	size_t valid = ox_utf8_valid_prefix(text);
	if (valid < text.len)
		bad(j, valid, "the text is not UTF-8");
}

/* The byte at `at`, NUL past the end. */
static char peek(const struct ox_json_text *j, size_t at)
{
	return at < j->text.len ? j->text.data[at] : '\0';
}

static bool digit(char c)
{
	return c >= '0' && c <= '9';
}

static int hex(char c)
{
	if (digit(c))
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits at p, or -1. */
static int32_t hex4(const char *p, size_t left)
{
	int32_t value = 0;
	for (size_t i = 0; i < 4; i++) {
		int h = i < left ? hex(p[i]) : -1;
		if (h < 0)
			return -1;
		value = value << 4 | h;
	}
	return value;
}

static bool high_surrogate(int32_t c)
{
	return c >= 0xD800 && c < 0xDC00;
}

static bool low_surrogate(int32_t c)
{
	return c >= 0xDC00 && c < 0xE000;
}

/* The escape at `at`, behind its backslash; its length, 0 when it is wrong (reported). */
static size_t check_escape(struct ox_json_text *j, size_t at)
{
	char c = peek(j, at);
	if (c && strchr("\"\\/bfnrt", c))
		return 1;
	if (c != 'u') {
		bad(j, at - 1, "this escape sequence does not exist");
		return 0;
	}
	int32_t first = hex4(j->text.data + at + 1, j->text.len - at - 1), second = -1;
	if (first < 0) {
		bad(j, at - 1, "\\u needs four hexadecimal digits");
		return 0;
	}
	if (high_surrogate(first) && peek(j, at + 5) == '\\' && peek(j, at + 6) == 'u')
		second = hex4(j->text.data + at + 7, j->text.len - at - 7);
	if (high_surrogate(first) ? !low_surrogate(second) : low_surrogate(first)) {
		bad(j, at - 1, "half of a surrogate pair is no character");
		return 0;
	}
	return high_surrogate(first) ? 11 : 5;
}

/* The string whose opening quote is at j->at into part; false: reported. */
static bool string(struct ox_json_text *j)
{
	size_t start = j->at, at = start + 1, length;
	j->escaped = false;
	while (at < j->text.len && j->text.data[at] != '"') {
		unsigned char c = (unsigned char)j->text.data[at++];
		if (c < 0x20) {
			bad(j, at - 1, "a control character in a string must be written as an escape");
			return false;
		}
		if (c != '\\')
			continue;
		j->escaped = true;
		if (!(length = check_escape(j, at)))
			return false;
		at += length;
	}
	if (at >= j->text.len) {
		bad(j, start, "this string is never closed");
		return false;
	}
	j->part = ox_slice(j->text.data + start + 1, at - start - 1);
	j->at = at + 1;
	return true;
}

static size_t digits(const struct ox_json_text *j, size_t at)
{
	while (digit(peek(j, at)))
		at++;
	return at;
}

static enum ox_json_kind number(struct ox_json_text *j)
{
	size_t at = j->at + (peek(j, j->at) == '-'), end = digits(j, at);
	enum ox_json_kind kind = OX_JSON_INT;
	if (end == at)
		return bad(j, at, "a digit must follow the minus");
	if (end - at > 1 && peek(j, at) == '0')
		return bad(j, at, "a number may not begin with 0");
	if (peek(j, end) == '.') {
		kind = OX_JSON_FLOAT;
		at = end + 1;
		if ((end = digits(j, at)) == at)
			return bad(j, at, "a digit must follow the point");
	}
	if (peek(j, end) == 'e' || peek(j, end) == 'E') {
		kind = OX_JSON_FLOAT;
		at = end + 1 + (peek(j, end + 1) == '-' || peek(j, end + 1) == '+');
		if ((end = digits(j, at)) == at)
			return bad(j, at, "a digit must be in the exponent");
	}
	j->part = ox_slice(j->text.data + j->at, end - j->at);
	j->at = end;
	return kind;
}

static enum ox_json_kind word(struct ox_json_text *j)
{
	static const struct {
		struct ox_slice text;
		enum ox_json_kind kind;
	} words[] = {{{"null", 4}, OX_JSON_NULL}, {{"true", 4}, OX_JSON_TRUE}, {{"false", 5}, OX_JSON_FALSE}};
	struct ox_slice left = ox_slice(j->text.data + j->at, j->text.len - j->at);
	for (size_t i = 0; i < OX_COUNT(words); i++) {
		if (!ox_slice_starts(left, words[i].text))
			continue;
		j->at += words[i].text.len;
		return words[i].kind;
	}
	return bad(j, j->at, left.len ? "this is no value" : "the text ends where a value should be");
}

static enum ox_json_kind open_container(struct ox_json_text *j, bool object)
{
	if (j->depth == OX_JSON_DEPTH_MAX)
		return bad(j, j->at, "the text is nested too deeply");
	j->object[j->depth++] = object;
	j->at++;
	j->want = object ? OX_JSON_WANT_FIRST_KEY : OX_JSON_WANT_FIRST;
	return object ? OX_JSON_OBJECT : OX_JSON_ARRAY;
}

static enum ox_json_kind close_container(struct ox_json_text *j)
{
	bool object = j->object[--j->depth];
	j->at++;
	j->want = OX_JSON_WANT_MORE;
	return object ? OX_JSON_OBJECT_END : OX_JSON_ARRAY_END;
}

static void skip_space(struct ox_json_text *j)
{
	for (char c; j->at < j->text.len; j->at++) {
		c = j->text.data[j->at];
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			break;
	}
}

static enum ox_json_kind value(struct ox_json_text *j)
{
	char c = peek(j, j->at);
	if (c == '[' || c == '{')
		return open_container(j, c == '{');
	j->want = OX_JSON_WANT_MORE;
	if (c == '"')
		return string(j) ? OX_JSON_STRING : OX_JSON_BAD;
	return c == '-' || digit(c) ? number(j) : word(j);
}

static enum ox_json_kind key(struct ox_json_text *j)
{
	if (peek(j, j->at) != '"')
		return bad(j, j->at, "a key in double quotes should be here");
	if (!string(j))
		return OX_JSON_BAD;
	skip_space(j);
	if (peek(j, j->at) != ':')
		return bad(j, j->at, "':' should be here");
	j->at++;
	j->want = OX_JSON_WANT_VALUE;
	return OX_JSON_KEY;
}

/* After a value: its container's end, or the comma and what follows. */
static enum ox_json_kind more(struct ox_json_text *j)
{
	if (j->depth == 0)
		return j->at == j->text.len ? OX_JSON_END : bad(j, j->at, "there is text after the value");
	bool object = j->object[j->depth - 1];
	char c = peek(j, j->at);
	if (c == (object ? '}' : ']'))
		return close_container(j);
	if (c != ',')
		return bad(j, j->at, object ? "',' or '}' should be here" : "',' or ']' should be here");
	j->at++;
	skip_space(j);
	return object ? key(j) : value(j);
}

enum ox_json_kind ox_json_next(struct ox_json_text *j)
{
	if (j->error)
		return OX_JSON_BAD;
	skip_space(j);
	switch (j->want) {
	case OX_JSON_WANT_VALUE:
		return value(j);
	case OX_JSON_WANT_FIRST:
		return peek(j, j->at) == ']' ? close_container(j) : value(j);
	case OX_JSON_WANT_FIRST_KEY:
		return peek(j, j->at) == '}' ? close_container(j) : key(j);
	default:
		return more(j);
	}
}

static void add_code_point(struct ox_buf *out, uint32_t c)
{
	unsigned char text[4] = {(unsigned char)c};
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; n > 1 && i-- > 1; c >>= 6)
		text[i] = (unsigned char)(0x80 | (c & 0x3F));
	if (n > 1)
		text[0] = (unsigned char)(0xF00u >> n | c);
	ox_buf_add(out, text, n);
}

void ox_json_unescape(struct ox_slice part, struct ox_buf *out)
{
	static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
	const char *end = part.data + part.len;
	for (const char *p = part.data; p < end;) {
		const char *backslash = memchr(p, '\\', (size_t)(end - p));
		ox_buf_add(out, p, (size_t)((backslash ? backslash : end) - p));
		if (!backslash)
			break;
		p = backslash + 2;
		const char *simple = strchr(from, p[-1]);
		if (p[-1] == 'u') {
			uint32_t c = (uint32_t)hex4(p, 4);
			p += 4;
			if (high_surrogate((int32_t)c)) {
				c = 0x10000 + ((c - 0xD800) << 10) + ((uint32_t)hex4(p + 2, 4) - 0xDC00);
				p += 6;
			}
			add_code_point(out, c);
		} else {
			ox_buf_byte(out, simple ? to[simple - from] : p[-1]);
		}
	}
}
