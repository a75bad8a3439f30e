/* layout.h - source text in the one written form (`oxc fmt`).
 *
 * The form is that of buildifier for .bzl files, as far as it is not about builds: four spaces for each block; one
 * space round binary operators, round = and behind commas; double quotes where the text has none; one statement a
 * line; one empty line round functions and loads and before a comment that heads a statement or belongs to an outer
 * block, at most one elsewhere. A bracket stays on one line when it was written so; once one of its elements began on
 * a line of its own, every element does, with a comma behind the last. Line ends behind binary operators and before
 * dots are kept, all others are joined. Names in a load are sorted unless there are comments among them.
 *
 * Unlike buildifier's: a bracket that would pass OX_LAYOUT_WIDTH columns is written over several lines, too (of those
 * that open and close together, the innermost); an empty bracket is closed at once; load statements stay where they
 * are; a comment before elif or else keeps its place; docstrings are not indented anew.
 *
 * Tokens are kept as they were written (numbers, escapes, the inside of triple quotes), comments and their order too.
 * Tabs, CRLF and a byte order mark are read and not written. Laying out a result changes nothing more. */
#ifndef OX_STARLARK_LAYOUT_H
#define OX_STARLARK_LAYOUT_H

#include "proto/base/buf.h"
#include "proto/base/event.h"

enum {
	OX_LAYOUT_WIDTH = 120,         /* columns, in code points */
	OX_LAYOUT_MAX_BYTES = 1 << 26, /* of a result */
};

/* Append the text in its written form to out. The result is parsed again and has the same tree (ast_same.h) as the
 * text. Returns 0; OX_EUSAGE when the text is no program: its errors were emitted, with `name` as their file;
 * OX_EEXHAUSTED; OX_EINTERNAL when the result would mean something else. On failure out is as it was. */
int ox_layout(struct ox_slice name, struct ox_slice text, struct ox_sink *sink, struct ox_buf *out, struct ox_err *err);

#endif
