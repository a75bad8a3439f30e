#include "daemon/starlark/scan.h"

#include <ctype.h>

static const char *const token_texts[OX_TOK_COUNT] = {
#define T(name, text) [OX_TOK_##name] = text,
    OX_TOKENS(T)
#undef T
};

static const char *const reserved_words[] = {
    "as",     "assert", "async", "await",    "class", "del", "except", "finally", "from",
    "global", "import", "is",    "nonlocal", "raise", "try", "while",  "with",    "yield",
};

const char *ox_token_text(enum ox_token_kind kind)
{
	return token_texts[kind];
}

static bool is_name_start(unsigned char c)
{
	return isalpha(c) || c == '_' || c >= 0x80;
}

static bool is_name_char(unsigned char c)
{
	return isalnum(c) || c == '_' || c >= 0x80;
}

bool ox_scan_is_name(struct ox_slice text)
{
	if (!text.len || !is_name_start((unsigned char)text.data[0]))
		return false;
	for (size_t i = 1; i < text.len; i++) {
		if (!is_name_char((unsigned char)text.data[i]))
			return false;
	}
	return true;
}

static char peek(const struct ox_scanner *sc, uint32_t ahead)
{
	return sc->at + ahead < sc->len ? sc->text[sc->at + ahead] : '\0';
}

bool ox_scan_init(struct ox_scanner *sc, const struct ox_source *source, struct ox_arena *arena,
		  struct ox_report *report, uint32_t nesting_limit)
{
	memset(sc, 0, sizeof *sc);
	sc->source = source;
	sc->report = report;
	sc->arena = arena;
	sc->text = source->text.data;
	sc->len = (uint32_t)source->text.len;
	sc->line_start = true;
	sc->indent_count = 1;
	sc->depth_limit = nesting_limit < OX_SCAN_BRACKET_MAX ? nesting_limit : OX_SCAN_BRACKET_MAX;
	if (sc->len >= 3 && memcmp(sc->text, "\xEF\xBB\xBF", 3) == 0)
		sc->at = 3;
	size_t valid = ox_utf8_valid_prefix(source->text);
	if (valid == source->text.len)
		return true;
	struct ox_span span = {(uint32_t)valid, (uint32_t)valid + 1};
	ox_report_error(report, "not-utf8", span, "the file is not UTF-8: byte 0x%02x; save it as UTF-8",
			(unsigned char)sc->text[valid]);
	return false;
}

static void skip_comment(struct ox_scanner *sc)
{
	const char *nl = memchr(sc->text + sc->at, '\n', sc->len - sc->at);
	sc->at = nl ? (uint32_t)(nl - sc->text) : sc->len;
}

/* At a line's start: measure the indentation of the next line that is not blank. */
static uint32_t measure_indent(struct ox_scanner *sc)
{
	uint32_t column = 0;
	for (; sc->at < sc->len; sc->at++) {
		char c = sc->text[sc->at];
		if (c == ' ') {
			column++;
		} else if (c == '\t') {
			column = column / 8 * 8 + 8;
		} else if (c == '\n' || c == '\f') {
			column = 0;
		} else if (c == '\r') {
			continue;
		} else if (c == '#') {
			skip_comment(sc);
			column = 0;
			if (sc->at >= sc->len)
				break;
		} else {
			return column;
		}
	}
	return 0;
}

static bool push_indent(struct ox_scanner *sc, uint32_t column, struct ox_span span)
{
	if (sc->indent_count == OX_SCAN_INDENT_MAX || sc->indent_count >= sc->depth_limit + 1) {
		ox_report_error(sc->report, "nesting", span, "blocks are nested too deeply");
		sc->at = sc->len;
		return false;
	}
	sc->indents[sc->indent_count++] = column;
	return true;
}

/* Compare the new line's indentation with the open blocks; true when a token results. */
static bool scan_indent(struct ox_scanner *sc, struct ox_token *tok)
{
	uint32_t column = measure_indent(sc);
	struct ox_span here = {sc->at, sc->at};
	sc->line_start = false;
	tok->span = here;
	if (column > sc->indents[sc->indent_count - 1]) {
		tok->kind = OX_TOK_INDENT;
		return push_indent(sc, column, here);
	}
	while (sc->indents[sc->indent_count - 1] > column) {
		sc->indent_count--;
		sc->pending_outdents++;
	}
	if (sc->indents[sc->indent_count - 1] != column) {
		ox_report_error(sc->report, "indentation", here,
				"this line's indentation does not match any open block");
		/* Most likely the block that was left last. */
		sc->indents[sc->indent_count++] = column;
		sc->pending_outdents--;
	}
	if (!sc->pending_outdents)
		return false;
	sc->pending_outdents--;
	tok->kind = OX_TOK_OUTDENT;
	return true;
}

/* Blanks, comments and joined lines; true when a NEWLINE token results. */
static bool skip_blanks(struct ox_scanner *sc, struct ox_token *tok)
{
	while (sc->at < sc->len) {
		char c = sc->text[sc->at];
		if (c == ' ' || c == '\t' || c == '\r' || c == '\f') {
			sc->at++;
		} else if (c == '#') {
			skip_comment(sc);
		} else if (c == '\\' && peek(sc, 1) == '\n') {
			sc->at += 2;
		} else if (c == '\\' && peek(sc, 1) == '\r' && peek(sc, 2) == '\n') {
			sc->at += 3;
		} else if (c == '\n') {
			tok->span = (struct ox_span){sc->at, sc->at + 1};
			sc->at++;
			if (sc->depth)
				continue;
			sc->line_start = true;
			sc->line_has_tokens = false;
			tok->kind = OX_TOK_NEWLINE;
			return true;
		} else {
			break;
		}
	}
	return false;
}

static enum ox_token_kind keyword(struct ox_slice word)
{
	for (int k = OX_TOK_AND; k <= OX_TOK_RETURN; k++) {
		if (token_texts[k][0] == word.data[0] && ox_slice_eq_str(word, token_texts[k]))
			return (enum ox_token_kind)k;
	}
	for (size_t i = 0; i < OX_COUNT(reserved_words); i++) {
		if (reserved_words[i][0] == word.data[0] && ox_slice_eq_str(word, reserved_words[i]))
			return OX_TOK_RESERVED;
	}
	return OX_TOK_IDENT;
}

static bool string_prefix(struct ox_slice word, bool *raw, bool *bytes)
{
	*raw = *bytes = false;
	if (word.len == 0 || word.len > 2)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		bool *flag = word.data[i] == 'r' ? raw : word.data[i] == 'b' ? bytes : NULL;
		if (!flag || *flag)
			return false;
		*flag = true;
	}
	return true;
}

static void scan_name(struct ox_scanner *sc, struct ox_token *tok)
{
	uint32_t start = sc->at;
	while (sc->at < sc->len && is_name_char((unsigned char)sc->text[sc->at]))
		sc->at++;
	struct ox_slice word = ox_slice(sc->text + start, sc->at - start);
	bool raw, bytes, quote = peek(sc, 0) == '"' || peek(sc, 0) == '\'';
	if (quote && string_prefix(word, &raw, &bytes)) {
		ox_scan_string(sc, tok, raw, bytes);
		tok->span.start = start;
		return;
	}
	if (quote && word.len <= 2 && (word.data[0] == 'f' || word.data[word.len - 1] == 'f')) {
		struct ox_span span = {start, sc->at + 1};
		ox_report(sc->report,
			  &(struct ox_remark){.severity = OX_SEVERITY_ERROR,
					      .code = "syntax",
					      .span = span,
					      .hint = "use \"...\".format(...) or \"...\" % (...)"},
			  "Starlark has no f-strings");
		ox_scan_string(sc, tok, false, false);
		return;
	}
	tok->kind = word.len <= 8 ? keyword(word) : OX_TOK_IDENT;
	tok->text = word;
}

static uint32_t skip_digits(struct ox_scanner *sc)
{
	uint32_t start = sc->at;
	while (isdigit((unsigned char)peek(sc, 0)))
		sc->at++;
	return sc->at - start;
}

static bool scan_radix(struct ox_scanner *sc)
{
	const char *digits = NULL;
	switch (tolower((unsigned char)peek(sc, 1))) {
	case 'x':
		digits = "0123456789abcdefABCDEF";
		break;
	case 'o':
		digits = "01234567";
		break;
	case 'b':
		digits = "01";
		break;
	default:
		return false;
	}
	sc->at += 2;
	while (sc->at < sc->len && sc->text[sc->at] && strchr(digits, sc->text[sc->at]))
		sc->at++;
	return true;
}

static void scan_decimal(struct ox_scanner *sc, struct ox_token *tok)
{
	skip_digits(sc);
	if (peek(sc, 0) == '.') {
		tok->kind = OX_TOK_FLOAT;
		sc->at++;
		skip_digits(sc);
	}
	if (peek(sc, 0) == 'e' || peek(sc, 0) == 'E') {
		uint32_t sign = peek(sc, 1) == '+' || peek(sc, 1) == '-';
		if (isdigit((unsigned char)peek(sc, 1 + sign))) {
			tok->kind = OX_TOK_FLOAT;
			sc->at += 1 + sign;
			skip_digits(sc);
		}
	}
}

static bool all_zeros(struct ox_slice t)
{
	size_t i = 0;
	while (i < t.len && t.data[i] == '0')
		i++;
	return i == t.len;
}

static void scan_number(struct ox_scanner *sc, struct ox_token *tok)
{
	uint32_t start = sc->at;
	tok->kind = OX_TOK_INT;
	bool radix = peek(sc, 0) == '0' && scan_radix(sc);
	if (!radix)
		scan_decimal(sc, tok);
	struct ox_span span = {start, sc->at};
	tok->text = ox_slice(sc->text + start, sc->at - start);
	bool bad = radix && sc->at - start == 2;
	bool zeros = tok->kind == OX_TOK_INT && !radix && tok->text.data[0] == '0' && !all_zeros(tok->text);
	if (is_name_char((unsigned char)peek(sc, 0))) {
		while (is_name_char((unsigned char)peek(sc, 0)))
			sc->at++;
		span.end = sc->at;
		bad = true;
	}
	if (!bad && !zeros)
		return;
	int len = (int)(span.end - start);
	if (bad)
		ox_report_error(sc->report, "syntax", span, "'%.*s' is no number", len, sc->text + start);
	else
		ox_report_error(sc->report, "syntax", span, "'%.*s' begins with 0: octal numbers are written 0o17", len,
				sc->text + start);
	tok->text = OX_SLICE("0");
	tok->kind = OX_TOK_INT;
}

static void open_bracket(struct ox_scanner *sc, uint32_t at, char c)
{
	if (sc->depth >= sc->depth_limit) {
		ox_report_error(sc->report, "nesting", (struct ox_span){at, at + 1},
				"brackets are nested too deeply (limit %u)", sc->depth_limit);
		sc->at = sc->len;
		sc->depth = 0;
		return;
	}
	sc->brackets[sc->depth++] = (struct ox_scan_bracket){c, at};
}

struct operator
{
	char text[4];
	enum ox_token_kind kind;
};

/* Longest first among those that begin alike. */
static const struct operator operators[] = {
    {"//=", OX_TOK_SLASHSLASH_EQ},
    {"<<=", OX_TOK_LTLT_EQ},
    {">>=", OX_TOK_GTGT_EQ},
    {"**", OX_TOK_STARSTAR},
    {"//", OX_TOK_SLASHSLASH},
    {"<<", OX_TOK_LTLT},
    {">>", OX_TOK_GTGT},
    {"+=", OX_TOK_PLUS_EQ},
    {"-=", OX_TOK_MINUS_EQ},
    {"*=", OX_TOK_STAR_EQ},
    {"/=", OX_TOK_SLASH_EQ},
    {"%=", OX_TOK_PERCENT_EQ},
    {"&=", OX_TOK_AMP_EQ},
    {"|=", OX_TOK_PIPE_EQ},
    {"^=", OX_TOK_CARET_EQ},
    {"==", OX_TOK_EQEQ},
    {"!=", OX_TOK_NE},
    {"<=", OX_TOK_LE},
    {">=", OX_TOK_GE},
    {"+", OX_TOK_PLUS},
    {"-", OX_TOK_MINUS},
    {"*", OX_TOK_STAR},
    {"/", OX_TOK_SLASH},
    {"%", OX_TOK_PERCENT},
    {"&", OX_TOK_AMP},
    {"|", OX_TOK_PIPE},
    {"^", OX_TOK_CARET},
    {"=", OX_TOK_EQ},
    {"<", OX_TOK_LT},
    {">", OX_TOK_GT},
    {"~", OX_TOK_TILDE},
    {".", OX_TOK_DOT},
    {",", OX_TOK_COMMA},
    {";", OX_TOK_SEMI},
    {":", OX_TOK_COLON},
    {"(", OX_TOK_LPAREN},
    {")", OX_TOK_RPAREN},
    {"[", OX_TOK_LBRACK},
    {"]", OX_TOK_RBRACK},
    {"{", OX_TOK_LBRACE},
    {"}", OX_TOK_RBRACE},
};

/* One character is by far the most frequent case. */
static bool single(struct ox_scanner *sc, struct ox_token *tok)
{
	static const uint8_t kinds[128] = {
	    [','] = OX_TOK_COMMA,  [':'] = OX_TOK_COLON,  ['.'] = OX_TOK_DOT,
	    ['('] = OX_TOK_LPAREN, [')'] = OX_TOK_RPAREN, ['['] = OX_TOK_LBRACK,
	    [']'] = OX_TOK_RBRACK, ['{'] = OX_TOK_LBRACE, ['}'] = OX_TOK_RBRACE,
	};
	unsigned char c = (unsigned char)sc->text[sc->at];
	if (c >= 128 || !kinds[c])
		return false;
	tok->kind = (enum ox_token_kind)kinds[c];
	uint32_t at = sc->at++;
	if (c == '(' || c == '[' || c == '{')
		open_bracket(sc, at, (char)c);
	else if ((c == ')' || c == ']' || c == '}') && sc->depth)
		sc->depth--;
	return true;
}

static bool scan_operator(struct ox_scanner *sc, struct ox_token *tok)
{
	if (single(sc, tok))
		return true;
	for (size_t i = 0; i < OX_COUNT(operators); i++) {
		if (operators[i].text[0] != sc->text[sc->at])
			continue;
		size_t n = strlen(operators[i].text);
		if (sc->len - sc->at >= n && memcmp(sc->text + sc->at, operators[i].text, n) == 0) {
			tok->kind = operators[i].kind;
			sc->at += (uint32_t)n;
			return true;
		}
	}
	return false;
}

static void scan_bad(struct ox_scanner *sc, struct ox_token *tok)
{
	struct ox_span span = {sc->at, sc->at + 1};
	unsigned char c = (unsigned char)sc->text[sc->at++];
	const char *hint = c == '!' ? "write 'not x'" : c == '@' ? "Starlark has no decorators" : NULL;
	ox_report(sc->report,
		  &(struct ox_remark){.severity = OX_SEVERITY_ERROR, .code = "syntax", .span = span, .hint = hint},
		  isprint(c) ? "unexpected character '%c'" : "unexpected character with code %d", c);
	tok->kind = OX_TOK_BAD;
}

static bool scan_end(struct ox_scanner *sc, struct ox_token *tok)
{
	if (sc->at < sc->len)
		return false;
	tok->span = (struct ox_span){sc->len, sc->len};
	tok->kind = OX_TOK_EOF;
	if (sc->depth) {
		sc->indent_count = 1; /* a bracket is missing: blocks do not matter any more */
	} else if (sc->line_has_tokens) {
		tok->kind = OX_TOK_NEWLINE;
		sc->line_has_tokens = false;
	} else if (sc->indent_count > 1) {
		tok->kind = OX_TOK_OUTDENT;
		sc->indent_count--;
	}
	return true;
}

void ox_scan_next(struct ox_scanner *sc, struct ox_token *tok)
{
	tok->text = ox_slice(NULL, 0);
	if (sc->pending_outdents) {
		sc->pending_outdents--;
		tok->kind = OX_TOK_OUTDENT;
		tok->span = (struct ox_span){sc->at, sc->at};
		return;
	}
	if (sc->line_start && sc->depth == 0 && scan_indent(sc, tok))
		return;
	if (skip_blanks(sc, tok) || scan_end(sc, tok))
		return;
	uint32_t start = sc->at;
	unsigned char c = (unsigned char)sc->text[start];
	sc->line_has_tokens = true;
	tok->span.start = start;
	if (is_name_start(c))
		scan_name(sc, tok);
	else if (c == '"' || c == '\'')
		ox_scan_string(sc, tok, false, false);
	else if (isdigit(c) || (c == '.' && isdigit((unsigned char)peek(sc, 1))))
		scan_number(sc, tok);
	else if (!scan_operator(sc, tok))
		scan_bad(sc, tok);
	tok->span.end = sc->at;
}

/* Can the line at p go on with a statement of a block indented by at most `column`? */
static bool statement_line(const struct ox_scanner *sc, uint32_t at, uint32_t column)
{
	uint32_t width = 0;
	for (; at < sc->len && (sc->text[at] == ' ' || sc->text[at] == '\t'); at++)
		width = sc->text[at] == '\t' ? width / 8 * 8 + 8 : width + 1;
	return at >= sc->len || (width <= column && is_name_start((unsigned char)sc->text[at]));
}

void ox_scan_recover(struct ox_scanner *sc)
{
	bool inside = sc->depth > 0;
	uint32_t column = sc->indents[sc->indent_count - 1];
	sc->depth = 0;
	if (sc->line_start)
		return;
	do {
		skip_comment(sc);
		if (sc->at < sc->len)
			sc->at++;
	} while (inside && sc->at < sc->len && !statement_line(sc, sc->at, column));
	sc->line_start = true;
	sc->line_has_tokens = false;
}
