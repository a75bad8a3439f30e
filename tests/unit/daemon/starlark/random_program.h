/* random_program.h - programs of random shape and white space, always of correct syntax; the same for the same seed.
 *
 * Between two tokens stands what the language allows there: inside of brackets line ends and comments too. */
#ifndef OX_TESTS_STARLARK_RANDOM_PROGRAM_H
#define OX_TESTS_STARLARK_RANDOM_PROGRAM_H

#include "proto/base/buf.h"

struct random_text {
	struct ox_buf *out;
	uint32_t state;
	int brackets; /* open ones */
	int comments;
	int budget; /* of operands; then only short ones */
};

static inline uint32_t below(struct random_text *r, uint32_t n)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 17;
	r->state ^= r->state << 5;
	return (r->state >> 8) % n;
}

static inline void random_comment(struct random_text *r)
{
	ox_buf_printf(r->out, "#%s %d%s\n", below(r, 2) ? "" : "'", r->comments++, below(r, 4) ? "" : " \t");
}

static inline void blanks(struct random_text *r)
{
	static const char *const texts[] = {" ", " ", "  ", "\t", " ", "   "};
	ox_buf_str(r->out, texts[below(r, OX_COUNT(texts))]);
}

/* Between two tokens. */
static inline void gap(struct random_text *r)
{
	blanks(r);
	uint32_t kind = below(r, 24);
	if (!r->brackets) {
		if (kind == 0)
			ox_buf_str(r->out, "\\\n ");
		return;
	}
	for (; kind < 3; kind = below(r, 5)) {
		if (kind == 0)
			random_comment(r);
		else
			ox_buf_byte(r->out, '\n');
		blanks(r);
	}
}

static inline void word(struct random_text *r, const char *text)
{
	ox_buf_str(r->out, text);
	gap(r);
}

static inline void random_test(struct random_text *r);
static inline void random_params(struct random_text *r);

static inline void atom(struct random_text *r)
{
	static const char *const texts[] = {
	    "a",        "b",        "name",        "long_name_of_a_variable",
	    "0",        "12",       "0x1F",        "1.5",
	    "1.",       ".5",       "1e3",         "'s'",
	    "\"d\"",    "'it\\'s'", "'\"'",        "r'\\d'",
	    "b'x'",     "rb'\\''",  "'''t\n t'''", "\"\"\"t\"\"\"",
	    "'a\\\nb'", "''",       "True",        "'\xC3\xA9'",
	};
	r->budget--;
	word(r, texts[below(r, OX_COUNT(texts))]);
}

/* opener, elements by `one`, closer; a comma may follow the last. */
static inline void bracket(struct random_text *r, const char *opener, const char *closer, uint32_t least,
			   void (*one)(struct random_text *))
{
	r->brackets++;
	word(r, opener);
	uint32_t n = least + below(r, 4);
	for (uint32_t i = 0; i < n; i++) {
		one(r);
		if (i + 1 < n || below(r, 2) || (least == 1 && n == 1))
			word(r, ",");
	}
	r->brackets--;
	word(r, closer);
}

static inline void entry(struct random_text *r)
{
	random_test(r);
	word(r, ":");
	random_test(r);
}

/* a, k1 = b, k2 = c, *d */
static inline void call(struct random_text *r)
{
	uint32_t n = below(r, 4);
	r->brackets++;
	word(r, "(");
	for (uint32_t i = 0; i < n; i++) {
		static const char *const names[] = {"", "k1", "k2", "k3"};
		if (i)
			word(r, names[i]), word(r, "=");
		random_test(r);
		if (i + 1 < n || below(r, 2))
			word(r, ",");
		else
			n = 0;
	}
	if (n && below(r, 2)) {
		word(r, below(r, 2) ? "*" : "**");
		random_test(r);
		if (below(r, 2))
			word(r, ",");
	}
	r->brackets--;
	word(r, ")");
}

static inline void index_or_slice(struct random_text *r)
{
	r->brackets++;
	word(r, "[");
	bool slice = below(r, 2);
	if (!slice || below(r, 2))
		random_test(r);
	for (uint32_t i = 0; slice && i <= below(r, 2); i++) {
		word(r, ":");
		if (below(r, 2))
			random_test(r);
		if (i == 1)
			break;
	}
	if (!slice && below(r, 8) == 0)
		word(r, ",");
	r->brackets--;
	word(r, "]");
}

static inline void primary(struct random_text *r)
{
	atom(r);
	for (uint32_t n = below(r, 6); n > 3 && r->budget > 0; n--) {
		uint32_t kind = below(r, 3);
		if (kind == 0)
			call(r);
		else if (kind == 1)
			index_or_slice(r);
		else
			word(r, "."), word(r, "attr");
	}
}

static inline void comprehension(struct random_text *r, const char *opener, const char *closer,
				 void (*body)(struct random_text *))
{
	r->brackets++;
	word(r, opener);
	body(r);
	do {
		word(r, "for");
		word(r, "x");
		if (below(r, 2))
			word(r, ","), word(r, "y");
		word(r, "in");
		primary(r);
		if (below(r, 2))
			word(r, "if"), primary(r);
	} while (below(r, 4) == 0);
	r->brackets--;
	word(r, closer);
}

static inline void parenthesised(struct random_text *r)
{
	r->brackets++;
	word(r, "(");
	random_test(r);
	r->brackets--;
	word(r, ")");
}

static inline void operand(struct random_text *r)
{
	if (r->budget <= 0) {
		atom(r);
		return;
	}
	switch (below(r, 12)) {
	case 0:
		bracket(r, "[", "]", 0, random_test);
		break;
	case 1:
		bracket(r, "{", "}", 0, entry);
		break;
	case 2:
		bracket(r, "(", ")", 1, random_test);
		break;
	case 3:
		comprehension(r, "[", "]", random_test);
		break;
	case 4:
		comprehension(r, "{", "}", entry);
		break;
	case 5:
		parenthesised(r);
		break;
	default:
		primary(r);
	}
}

static inline void random_binary(struct random_text *r)
{
	static const char *const operators[] = {"+", "-", "*", "/", "//", "%", "|", "&", "<<", ">>", "^", "and", "or"};
	static const char *const prefixes[] = {"-", "+", "~"};
	for (;;) {
		if (below(r, 6) == 0)
			word(r, prefixes[below(r, 3)]);
		operand(r);
		if (r->budget <= 0 || below(r, 3))
			break;
		word(r, operators[below(r, OX_COUNT(operators))]);
	}
}

static inline void random_test(struct random_text *r)
{
	static const char *const comparisons[] = {"==", "!=", "<", ">=", "in", "not in", "not  in"};
	uint32_t kind = r->budget > 0 ? below(r, 12) : 11;
	if (kind == 0) {
		word(r, "lambda");
		random_params(r);
		word(r, ":");
		random_test(r);
		return;
	}
	if (kind == 1)
		word(r, "not");
	random_binary(r);
	if (kind == 2) {
		word(r, "if");
		random_binary(r);
		word(r, "else");
		random_test(r);
	} else if (kind == 3) {
		/* in brackets, since what came before may hold a comparison's neighbours */
		word(r, "and");
		parenthesised(r);
		word(r, comparisons[below(r, OX_COUNT(comparisons))]);
		parenthesised(r);
	}
}

static inline void random_params(struct random_text *r)
{
	uint32_t n = below(r, 4);
	for (uint32_t i = 0; i < n; i++) {
		char name[16];
		snprintf(name, sizeof name, "p%u", i);
		word(r, name);
		if (i && i + 1 == n)
			word(r, "="), random_binary(r);
		if (i + 1 < n || below(r, 3) == 0)
			word(r, ",");
	}
}

static inline void line_end(struct random_text *r)
{
	if (below(r, 4) == 0)
		random_comment(r);
	else
		ox_buf_byte(r->out, '\n');
	for (uint32_t kind = below(r, 8); kind < 4; kind = below(r, 8)) {
		for (uint32_t i = below(r, 9); i > 0; i--)
			ox_buf_byte(r->out, ' ');
		if (kind < 2)
			ox_buf_byte(r->out, '\n');
		else
			random_comment(r);
	}
}

static inline void small_statement(struct random_text *r)
{
	r->budget = 2 + (int)below(r, 20);
	switch (below(r, 8)) {
	case 0:
		word(r, "pass");
		break;
	case 1:
		word(r, "load");
		r->brackets++;
		word(r, "(");
		word(r, "'f.bzl'");
		for (uint32_t i = below(r, 4) + 1; i > 0; i--) {
			word(r, ",");
			if (below(r, 2))
				word(r, below(r, 2) ? "p" : "q"), word(r, "=");
			word(r, below(r, 2) ? "'x'" : "\"y\"");
		}
		r->brackets--;
		word(r, ")");
		break;
	case 2:
		word(r, "x");
		word(r, "+=");
		random_test(r);
		break;
	case 3:
		random_test(r);
		word(r, ",");
		random_test(r);
		break;
	default:
		word(r, "x");
		word(r, "=");
		random_test(r);
	}
}

static inline void indent(struct random_text *r, uint32_t level)
{
	for (uint32_t i = 0; i < level; i++)
		ox_buf_str(r->out, level % 3 == 2 ? "  " : "   ");
}

static inline void random_block(struct random_text *r, uint32_t level);

/* After the colon: an indented block or statements on the line. */
static inline void suite(struct random_text *r, uint32_t level)
{
	word(r, ":");
	if (below(r, 3)) {
		line_end(r);
		random_block(r, level + 1);
		return;
	}
	small_statement(r);
	if (below(r, 3) == 0)
		word(r, ";"), small_statement(r);
	line_end(r);
}

static inline void statement(struct random_text *r, uint32_t level)
{
	indent(r, level);
	r->budget = 6;
	uint32_t kind = level < 4 ? below(r, 9) : 8;
	if (kind == 0) {
		ox_buf_str(r->out, "def f");
		r->brackets++;
		word(r, "(");
		random_params(r);
		r->brackets--;
		word(r, ")");
		suite(r, level);
	} else if (kind == 1) {
		word(r, "for");
		word(r, "i");
		word(r, "in");
		random_test(r);
		suite(r, level);
	} else if (kind == 2) {
		word(r, "if");
		random_test(r);
		suite(r, level);
		if (below(r, 2))
			indent(r, level), word(r, "elif"), random_test(r), suite(r, level);
		if (below(r, 2))
			indent(r, level), word(r, "else"), suite(r, level);
	} else {
		small_statement(r);
		while (below(r, 5) == 0)
			word(r, ";"), small_statement(r);
		line_end(r);
	}
}

static inline void random_block(struct random_text *r, uint32_t level)
{
	do
		statement(r, level);
	while (below(r, 2));
}

static inline void random_program(struct ox_buf *out, uint32_t seed)
{
	struct random_text r = {.out = out, .state = seed * 2654435761U + 1};
	if (below(&r, 2))
		line_end(&r);
	random_block(&r, 0);
}

#endif
