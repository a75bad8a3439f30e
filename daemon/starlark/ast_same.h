/* ast_same.h - do two texts mean the same?
 *
 * Trees are compared by kinds, operators, names and values; places, parentheses and the spelling of literals do
 * not count, nor does the order of names within one load. */
#ifndef OX_STARLARK_AST_SAME_H
#define OX_STARLARK_AST_SAME_H

#include "daemon/starlark/ast.h"

/* Chains of statements or single expressions, as the parser returns them. The arena is for
 * working memory; when it is full the answer is false. */
bool ox_ast_same(const struct ox_node *a, const struct ox_node *b, struct ox_arena *arena);

#endif
