/* String and bytes literals. */
#include "daemon/starlark/scan.h"

#include <ctype.h>

/* What a literal is being decoded into. Never longer than its source text. */
struct literal {
	struct ox_scanner *sc;
	char *out;
	size_t len;
	bool bytes;
	uint32_t escape; /* offset of the backslash */
};

static void put_code_point(struct literal *lit, uint32_t c)
{
	char *p = lit->out + lit->len;
	if (c < 0x80) {
		p[0] = (char)c;
		lit->len += 1;
	} else if (c < 0x800) {
		p[0] = (char)(0xC0 | c >> 6);
		p[1] = (char)(0x80 | (c & 0x3F));
		lit->len += 2;
	} else if (c < 0x10000) {
		p[0] = (char)(0xE0 | c >> 12);
		p[1] = (char)(0x80 | (c >> 6 & 0x3F));
		p[2] = (char)(0x80 | (c & 0x3F));
		lit->len += 3;
	} else {
		p[0] = (char)(0xF0 | c >> 18);
		p[1] = (char)(0x80 | (c >> 12 & 0x3F));
		p[2] = (char)(0x80 | (c >> 6 & 0x3F));
		p[3] = (char)(0x80 | (c & 0x3F));
		lit->len += 4;
	}
}

static void bad_escape(struct literal *lit, const char *why)
{
	struct ox_scanner *sc = lit->sc;
	ox_report(sc->report,
		  &(struct ox_remark){.severity = OX_SEVERITY_ERROR,
				      .code = "syntax",
				      .span = {lit->escape, sc->at},
				      .hint = "double the backslash, or put an r before the opening quote"},
		  "invalid escape sequence '%.*s'%s", (int)(sc->at - lit->escape), sc->text + lit->escape, why);
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put_byte_escape(struct literal *lit, uint32_t value)
{
	if (!lit->bytes && value > 127)
		bad_escape(lit, ": above 127 a string needs \\u");
	else if (value > 255)
		bad_escape(lit, ": a byte has at most 255");
	else
		lit->out[lit->len++] = (char)value;
}

static void escape_hex(struct literal *lit, int digits)
{
	struct ox_scanner *sc = lit->sc;
	uint32_t value = 0;
	for (int i = 0; i < digits; i++, sc->at++) {
		int h = sc->at < sc->len ? hex_value(sc->text[sc->at]) : -1;
		if (h < 0) {
			bad_escape(lit, ": too few hex digits");
			return;
		}
		value = value << 4 | (uint32_t)h;
	}
	if (digits == 2)
		put_byte_escape(lit, value);
	else if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
		bad_escape(lit, ": no such code point");
	else
		put_code_point(lit, value);
}

static void escape_octal(struct literal *lit)
{
	struct ox_scanner *sc = lit->sc;
	uint32_t value = 0;
	for (int i = 0; i < 3 && sc->at < sc->len && sc->text[sc->at] >= '0' && sc->text[sc->at] <= '7'; i++, sc->at++)
		value = value * 8 + (uint32_t)(sc->text[sc->at] - '0');
	put_byte_escape(lit, value);
}

/* The scanner is behind the backslash. */
static void escape(struct literal *lit)
{
	static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
	struct ox_scanner *sc = lit->sc;
	lit->escape = sc->at - 1;
	if (sc->at >= sc->len)
		return;
	char c = sc->text[sc->at];
	const char *simple = c ? strchr(from, c) : NULL;
	if (c >= '0' && c <= '7') {
		escape_octal(lit);
		return;
	}
	sc->at++;
	if (simple)
		lit->out[lit->len++] = to[simple - from];
	else if (c == 'x')
		escape_hex(lit, 2);
	else if (c == 'u')
		escape_hex(lit, 4);
	else if (c == 'U')
		escape_hex(lit, 8);
	else if (c == '\r' && sc->at < sc->len && sc->text[sc->at] == '\n')
		sc->at++;
	else if (c != '\n')
		bad_escape(lit, "");
}

/* Offset of the closing quotes, or of where the literal breaks off (*closed false). */
static uint32_t find_end(const struct ox_scanner *sc, uint32_t at, char quote, bool triple, bool *closed)
{
	*closed = false;
	for (; at < sc->len; at++) {
		char c = sc->text[at];
		if (c == '\\') {
			at += at + 2 < sc->len && sc->text[at + 1] == '\r' && sc->text[at + 2] == '\n' ? 2 : 1;
			continue;
		}
		if (c == '\n' && !triple)
			return at;
		if (c != quote)
			continue;
		if (!triple || (at + 2 < sc->len && sc->text[at + 1] == quote && sc->text[at + 2] == quote)) {
			*closed = true;
			return at;
		}
	}
	return sc->len;
}

static void decode(struct literal *lit, uint32_t end, bool raw)
{
	struct ox_scanner *sc = lit->sc;
	while (sc->at < end) {
		char c = sc->text[sc->at++];
		if (c == '\r' && sc->at < sc->len && sc->text[sc->at] == '\n')
			continue;
		if (c != '\\') {
			lit->out[lit->len++] = c;
		} else if (!raw) {
			escape(lit);
		} else {
			lit->out[lit->len++] = c;
			if (sc->at < end && sc->text[sc->at] != '\r')
				lit->out[lit->len++] = sc->text[sc->at++];
		}
	}
	sc->at = end;
}

void ox_scan_string(struct ox_scanner *sc, struct ox_token *tok, bool raw, bool bytes)
{
	uint32_t start = sc->at;
	char quote = sc->text[start];
	bool triple = start + 2 < sc->len && sc->text[start + 1] == quote && sc->text[start + 2] == quote;
	uint32_t quotes = triple ? 3 : 1;
	bool closed;
	sc->at += quotes;
	uint32_t end = find_end(sc, sc->at, quote, triple, &closed);
	tok->kind = bytes ? OX_TOK_BYTES : OX_TOK_STRING;
	tok->text = ox_slice(sc->text + sc->at, end - sc->at);
	if (memchr(tok->text.data, '\\', tok->text.len) || memchr(tok->text.data, '\r', tok->text.len)) {
		struct literal lit = {.sc = sc, .bytes = bytes, .out = ox_arena_alloc(sc->arena, tok->text.len + 1)};
		if (lit.out) {
			decode(&lit, end, raw);
			tok->text = ox_slice(lit.out, lit.len);
		}
		sc->out_of_memory |= !lit.out;
	}
	sc->at = closed ? end + quotes : end;
	if (closed)
		return;
	struct ox_span span = {start, start + quotes};
	ox_report_error(sc->report, "syntax", span, "this string is never closed: %s is missing at the end of the %s",
			triple ? (quote == '"' ? "\"\"\"" : "'''") : (quote == '"' ? "\"" : "'"),
			triple ? "file" : "line");
}
