/* manual.h - the reference part of oxidizer-starlark(7), made of the tables that calls are checked with.
 *
 * A template in roff holds the text that no table has. Its lines that begin with "@" are replaced:
 *
 *     @functions       the predeclared functions of the language
 *     @methods TYPE    the methods of a built-in type, or of a predeclared value
 *     @dialect         the functions of the dialect
 *     @types           its types, with their attributes and methods
 *     @absent          what PyOxidizer has and this program has not
 *     @limits          what an evaluation may take
 *     @lint            the codes of remarks */
#ifndef OX_DIALECT_MANUAL_H
#define OX_DIALECT_MANUAL_H

#include "proto/base/buf.h"

/* Appends the page. OX_EUSAGE for a line with "@" that is none of these. */
int ox_dialect_manual(struct ox_slice text, struct ox_buf *out, struct ox_err *err);

#endif
