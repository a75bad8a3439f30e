/* parse_impl.h - what parse.c (statements) and parse_expr.c share. Private.
 *
 * After an error `failed` is set and the current token is left alone; every
 * function then returns soon (NULL, or a partial node) up to the statement loop,
 * which recovers. */
#ifndef OX_STARLARK_PARSE_IMPL_H
#define OX_STARLARK_PARSE_IMPL_H

#include "daemon/starlark/parse.h"
#include "daemon/starlark/scan.h"

enum {
	OX_TREE_DEPTH_MAX = 1000,
	OX_NAMED_MAX = 255, /* of a call; parameters of a function: names are compared one by one */
};

struct ox_parser {
	struct ox_scanner sc;
	struct ox_token tok; /* the next one, not consumed */
	uint32_t last_end;   /* where the last consumed token ended */
	uint32_t nesting, nesting_limit;
	bool failed;
	bool exhausted;
	struct ox_node spare; /* stands in for a node that could not be allocated */
};

/* A chain under construction. */
struct ox_chain {
	struct ox_node *first, **last;
};

void ox_p_advance(struct ox_parser *p);
bool ox_p_take(struct ox_parser *p, enum ox_token_kind kind); /* consume it if it is next */
bool ox_p_expect(struct ox_parser *p, enum ox_token_kind kind, const char *where);
/* The closer of the bracket that was opened at `opener`. */
bool ox_p_close(struct ox_parser *p, enum ox_token_kind closer, struct ox_span opener);
void ox_p_error(struct ox_parser *p, struct ox_span span, const char *hint, const char *fmt, ...) OX_PRINTF(4, 5);
void ox_p_unexpected(struct ox_parser *p, const char *wanted);
bool ox_p_enter(struct ox_parser *p); /* one level of nesting deeper; false: too deep */
void ox_p_leave(struct ox_parser *p);

/* A node from `start` to the end of the last token, deeper than its children; never NULL (the
 * spare one when memory ran out, with failed set). */
struct ox_node *ox_p_node(struct ox_parser *p, enum ox_node_kind kind, uint32_t start, struct ox_node *a,
			  struct ox_node *b, struct ox_node *c);
void ox_p_append(struct ox_chain *chain, struct ox_node *node);

struct ox_node *ox_p_test(struct ox_parser *p);       /* one expression */
struct ox_node *ox_p_expression(struct ox_parser *p); /* with commas: maybe a tuple without brackets */
struct ox_node *ox_p_loop_variables(struct ox_parser *p);
struct ox_node *ox_p_params(struct ox_parser *p, enum ox_token_kind closer);
struct ox_node *ox_p_ident(struct ox_parser *p);
struct ox_node *ox_p_primary_with_suffixes(struct ox_parser *p);

#endif
