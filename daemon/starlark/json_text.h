/* json_text.h - JSON text (RFC 8259) as a stream of tokens whose order is checked.
 *
 * Strict: UTF-8 only (checked by ox_json_begin), no comments, no trailing commas, no
 * other numbers than the grammar's, no raw control characters in strings, \u escapes
 * that make characters. Containers may be nested OX_JSON_DEPTH_MAX deep. Nothing is
 * allocated; slices point into the text. The first problem ends the stream and
 * stays in `error` and `error_at` (an offset in bytes).
 *
 * Own code rather than a library: the language maps JSON straight to its own values,
 * under its own limits, with integers of any size and with offsets in messages. */
#ifndef OX_STARLARK_JSON_TEXT_H
#define OX_STARLARK_JSON_TEXT_H

#include "proto/base/buf.h"

enum { OX_JSON_DEPTH_MAX = 300 };

enum ox_json_kind {
	OX_JSON_BAD, /* see error; again at every later call */
	OX_JSON_END, /* nothing but white space is left */
	OX_JSON_NULL,
	OX_JSON_TRUE,
	OX_JSON_FALSE,
	OX_JSON_INT,   /* neither fraction nor exponent */
	OX_JSON_FLOAT, /* either */
	OX_JSON_STRING,
	OX_JSON_KEY, /* with its colon; a value follows */
	OX_JSON_ARRAY,
	OX_JSON_ARRAY_END,
	OX_JSON_OBJECT,
	OX_JSON_OBJECT_END,
};

struct ox_json_text {
	struct ox_slice text;
	size_t at;
	uint32_t depth;
	enum { OX_JSON_WANT_VALUE, OX_JSON_WANT_FIRST, OX_JSON_WANT_FIRST_KEY, OX_JSON_WANT_MORE } want;
	bool object[OX_JSON_DEPTH_MAX]; /* per open container: is it an object? */
	const char *error;
	size_t error_at;
	struct ox_slice part; /* of numbers: as written; of strings and keys: what stands between the quotes */
	bool escaped;         /* the string has escapes */
};

void ox_json_begin(struct ox_json_text *j, struct ox_slice text);
enum ox_json_kind ox_json_next(struct ox_json_text *j);

/* What `part` of a string or key means, appended to out. */
void ox_json_unescape(struct ox_slice part, struct ox_buf *out);

#endif
