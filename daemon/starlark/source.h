/* source.h - a source text and places in it.
 *
 * Places are byte offsets; lines and columns are made from them only when a
 * person has to be told. Lines and columns count from 1, columns in code points.
 * The text is borrowed and at most 1 GiB long. */
#ifndef OX_STARLARK_SOURCE_H
#define OX_STARLARK_SOURCE_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/event.h"

struct ox_source {
	struct ox_slice name;
	struct ox_slice text;
	uint32_t *line_starts; /* in the arena */
	uint32_t line_count;
};

/* Half-open range of bytes. */
struct ox_span {
	uint32_t start, end;
};

int ox_source_init(struct ox_source *src, struct ox_arena *arena, struct ox_slice name, struct ox_slice text,
		   struct ox_err *err);
uint32_t ox_source_line_of(const struct ox_source *src, uint32_t offset);
uint32_t ox_source_column_of(const struct ox_source *src, uint32_t offset);
/* Text of a line, without its line end. */
struct ox_slice ox_source_line(const struct ox_source *src, uint32_t line);
/* Offset of the first byte that is not UTF-8, or the length of text. */
size_t ox_utf8_valid_prefix(struct ox_slice text);

/* Fill the place of a diagnostic; a line longer than 2000 bytes is left out. */
void ox_source_locate(const struct ox_source *src, struct ox_span span, struct ox_diagnostic *d);

/* What checks of one file report to: counts, stops talking after `limit`
 * errors, remembers the first for struct ox_err. */
struct ox_report {
	struct ox_sink *sink; /* may be NULL */
	const struct ox_source *source;
	uint32_t errors, limit;
	struct ox_err first; /* "file:line:column: message" */
};

struct ox_remark {
	enum ox_severity severity;
	const char *code;
	const char *hint;  /* may be NULL */
	const char *notes; /* may be NULL */
	struct ox_span span;
};

void ox_report(struct ox_report *r, const struct ox_remark *remark, const char *fmt, ...) OX_PRINTF(3, 4);
void ox_report_error(struct ox_report *r, const char *code, struct ox_span span, const char *fmt, ...) OX_PRINTF(4, 5);

/* Distance-limited spelling help. The candidate nearest to `wanted` so far. */
struct ox_nearest {
	struct ox_slice wanted;
	struct ox_slice best; /* .data NULL: nothing near enough */
	size_t distance;
};

void ox_nearest_offer(struct ox_nearest *n, struct ox_slice candidate);
/* "did you mean 'x'?" into out; NULL when there is no candidate. */
const char *ox_nearest_hint(const struct ox_nearest *n, char out[static 160]);

#endif
