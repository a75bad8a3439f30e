/* parse.h - from tokens to the syntax tree: recursive descent, with precedence
 * climbing for binary operators.
 *
 * An error skips to the next statement, so that one run reports several. The tree is
 * usable only when the report counted no error. */
#ifndef OX_STARLARK_PARSE_H
#define OX_STARLARK_PARSE_H

#include "daemon/starlark/ast.h"

struct ox_parse_options {
	uint32_t nesting_limit; /* of brackets, blocks and prefix operators */
};

/* The statements of the file (NULL for an empty one) into *tree; in expression
 * mode the one expression. Returns 0; OX_EUSAGE when errors were reported;
 * OX_EEXHAUSTED when the arena is full. */
int ox_parse_file(const struct ox_source *source, struct ox_arena *arena, struct ox_report *report,
		  const struct ox_parse_options *options, struct ox_node **tree);
int ox_parse_expression(const struct ox_source *source, struct ox_arena *arena, struct ox_report *report,
			const struct ox_parse_options *options, struct ox_node **tree);

#endif
