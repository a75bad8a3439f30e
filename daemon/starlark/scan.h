/* scan.h - from source text to tokens.
 *
 * Takes care of indentation (a tab goes to the next multiple of eight),
 * brackets (no line ends inside), comments, continuation lines, CRLF, a leading
 * byte order mark and every literal of the language. What is wrong is reported
 * and skipped, so that scanning always reaches the end. The text has to be
 * UTF-8 (checked by ox_scan_init). */
#ifndef OX_STARLARK_SCAN_H
#define OX_STARLARK_SCAN_H

#include "daemon/starlark/token.h"

enum { OX_SCAN_INDENT_MAX = 100, OX_SCAN_BRACKET_MAX = 1000 };

struct ox_scan_bracket {
	char opener;
	uint32_t offset;
};

struct ox_scanner {
	const struct ox_source *source;
	struct ox_report *report;
	struct ox_arena *arena; /* holds values of strings */
	const char *text;
	uint32_t at, len;
	bool line_start;
	bool line_has_tokens;
	int pending_outdents;
	uint32_t indents[OX_SCAN_INDENT_MAX];
	uint32_t indent_count;
	struct ox_scan_bracket brackets[OX_SCAN_BRACKET_MAX]; /* the open ones, outermost first */
	uint32_t depth, depth_limit;
	bool out_of_memory;
};

/* False (reported) when the text is not UTF-8. */
bool ox_scan_init(struct ox_scanner *sc, const struct ox_source *source, struct ox_arena *arena,
		  struct ox_report *report, uint32_t nesting_limit);
void ox_scan_next(struct ox_scanner *sc, struct ox_token *tok);

/* Could text be an identifier (or a keyword)? */
bool ox_scan_is_name(struct ox_slice text);

/* After a syntax error: forget open brackets and go on at the next line that can
 * begin a statement. */
void ox_scan_recover(struct ox_scanner *sc);

/* Decode the literal (prefix and quotes included) in scan_string.c; the scanner is at its
 * first quote. */
void ox_scan_string(struct ox_scanner *sc, struct ox_token *tok, bool raw, bool bytes);

#endif
