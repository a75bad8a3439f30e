/* How tokens are spelled. */
#include "daemon/starlark/layout_impl.h"

/* A carriage return before a line feed is not part of the value; one that stands before such a pair is, and the text
 * has to stay as it is. */
static bool has_lone_return(struct ox_slice raw)
{
	for (const char *p = raw.data, *end = p + raw.len; (p = memchr(p, '\r', (size_t)(end - p))); p++) {
		if (p + 1 == end || p[1] != '\n')
			return true;
	}
	return false;
}

/* Double quotes are for strings that hold none. */
static bool wants_double_quotes(struct ox_slice raw, size_t prefix)
{
	return raw.data[prefix] == '\'' && !memchr(raw.data, '"', raw.len);
}

/* Copy the inside of a literal; unescape: \' needs no backslash any more. */
static size_t copy_inside(char *out, const char *p, const char *end, bool unescape)
{
	size_t n = 0;
	while (p < end) {
		if (*p == '\r' && p + 1 < end && p[1] == '\n') {
			p++;
		} else if (*p == '\\' && p + 1 < end) {
			if (!unescape || p[1] != '\'')
				out[n++] = *p;
			p++;
			if (*p != '\r')
				out[n++] = *p++;
		} else {
			out[n++] = *p++;
		}
	}
	return n;
}

static struct ox_slice literal(struct ox_arena *arena, struct ox_slice raw)
{
	size_t prefix = 0;
	while (raw.data[prefix] != '"' && raw.data[prefix] != '\'')
		prefix++;
	bool requote = wants_double_quotes(raw, prefix);
	bool returns = memchr(raw.data, '\r', raw.len) != NULL;
	if (has_lone_return(raw) || (!requote && !returns))
		return raw;
	char *out = ox_arena_alloc(arena, raw.len + 1);
	if (!out)
		return ox_slice(NULL, 0);
	const char *at = raw.data + prefix, *end = raw.data + raw.len;
	bool triple = end - at >= 6 && at[1] == at[0] && at[2] == at[0];
	size_t quotes = triple ? 3 : 1, n = prefix;
	char quote = requote ? '"' : *at;
	bool is_raw = memchr(raw.data, 'r', prefix) != NULL;
	memcpy(out, raw.data, prefix);
	memset(out + n, quote, quotes);
	n += quotes;
	n += copy_inside(out + n, at + quotes, end - quotes, requote && !is_raw && !triple);
	memset(out + n, quote, quotes);
	return ox_slice(out, n + quotes);
}

struct ox_slice ox_layout_token_text(struct ox_arena *arena, const struct ox_token *tok, struct ox_slice raw)
{
	switch (tok->kind) {
	case OX_TOK_STRING:
	case OX_TOK_BYTES:
		return literal(arena, raw);
	case OX_TOK_NEWLINE:
	case OX_TOK_INDENT:
	case OX_TOK_OUTDENT:
	case OX_TOK_EOF:
		return OX_SLICE("");
	default:
		return raw;
	}
}
