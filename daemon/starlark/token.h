/* token.h - the tokens of Starlark.
 *
 * One list gives the enumeration, the spelling for messages and the keyword
 * table. Operators are numbered so that binary ones are contiguous. */
#ifndef OX_STARLARK_TOKEN_H
#define OX_STARLARK_TOKEN_H

#include "daemon/starlark/source.h"

/* clang-format off: one line per entry */
#define OX_TOKENS(T) \
	T(EOF, "end of file") T(NEWLINE, "end of line") T(INDENT, "indentation") T(OUTDENT, "end of block") \
	T(IDENT, "name") T(INT, "integer") T(FLOAT, "float") T(STRING, "string") T(BYTES, "bytes") \
	T(PLUS, "+") T(MINUS, "-") T(STAR, "*") T(SLASH, "/") T(SLASHSLASH, "//") T(PERCENT, "%") \
	T(AMP, "&") T(PIPE, "|") T(CARET, "^") T(LTLT, "<<") T(GTGT, ">>") \
	T(PLUS_EQ, "+=") T(MINUS_EQ, "-=") T(STAR_EQ, "*=") T(SLASH_EQ, "/=") T(SLASHSLASH_EQ, "//=") \
	T(PERCENT_EQ, "%=") T(AMP_EQ, "&=") T(PIPE_EQ, "|=") T(CARET_EQ, "^=") T(LTLT_EQ, "<<=") T(GTGT_EQ, ">>=") \
	T(EQ, "=") T(EQEQ, "==") T(NE, "!=") T(LT, "<") T(GT, ">") T(LE, "<=") T(GE, ">=") \
	T(TILDE, "~") T(STARSTAR, "**") T(DOT, ".") T(COMMA, ",") T(SEMI, ";") T(COLON, ":") \
	T(LPAREN, "(") T(RPAREN, ")") T(LBRACK, "[") T(RBRACK, "]") T(LBRACE, "{") T(RBRACE, "}") \
	T(AND, "and") T(BREAK, "break") T(CONTINUE, "continue") T(DEF, "def") T(ELIF, "elif") T(ELSE, "else") \
	T(FOR, "for") T(IF, "if") T(IN, "in") T(LAMBDA, "lambda") T(LOAD, "load") T(NOT, "not") T(OR, "or") \
	T(PASS, "pass") T(RETURN, "return") T(NOT_IN, "not in") T(RESERVED, "reserved word") T(BAD, "invalid text")
/* clang-format on */

enum ox_token_kind {
#define T(name, text) OX_TOK_##name,
	OX_TOKENS(T)
#undef T
	OX_TOK_COUNT
};

struct ox_token {
	enum ox_token_kind kind;
	struct ox_span span;
	struct ox_slice text; /* of names and numbers: as written; of strings and bytes: the value */
};

/* How a kind is called in a message: "'+='", "name". */
const char *ox_token_text(enum ox_token_kind kind);

#endif
