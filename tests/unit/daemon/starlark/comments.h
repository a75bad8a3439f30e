/* comments.h - the comments of a Starlark text, found with the scanner alone: what tests of the layout compare. */
#ifndef OX_TESTS_STARLARK_COMMENTS_H
#define OX_TESTS_STARLARK_COMMENTS_H

#include "daemon/starlark/scan.h"
#include "proto/base/buf.h"

/* Comments between two tokens, a line each, without blanks at their ends. */
static inline void comments_of_gap(const char *text, uint32_t at, uint32_t end, struct ox_buf *out)
{
	while (at < end && (text[at] != '#'))
		at++;
	while (at < end) {
		const char *nl = memchr(text + at, '\n', end - at);
		uint32_t stop = nl ? (uint32_t)(nl - text) : end, last = stop;
		while (last > at && memchr(" \t\r\f\v", text[last - 1], 5))
			last--;
		ox_buf_add(out, text + at, last - at);
		ox_buf_byte(out, '\n');
		for (at = stop; at < end && text[at] != '#';)
			at++;
	}
}

static inline void comments_of(struct ox_slice text, struct ox_buf *out)
{
	struct ox_arena arena = {0};
	struct ox_source source;
	struct ox_scanner sc;
	struct ox_token tok;
	if (ox_source_init(&source, &arena, OX_SLICE("text"), text, NULL) == 0) {
		struct ox_report report = {.source = &source, .limit = 1};
		uint32_t end = 0;
		if (ox_scan_init(&sc, &source, &arena, &report, 1000)) {
			do {
				ox_scan_next(&sc, &tok);
				comments_of_gap(text.data, end, tok.span.start, out);
				end = tok.span.end;
			} while (tok.kind != OX_TOK_EOF);
		}
	}
	ox_arena_free(&arena);
}

#endif
