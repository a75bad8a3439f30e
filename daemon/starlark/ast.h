/* ast.h - the syntax tree.
 *
 * All nodes have one shape; the table says what the fields of each kind mean.
 * Nodes and texts live in the parser's arena. Lists are chains through `next`.
 *
 *   kind        a            b           c          d          text / op
 *   IDENT                                                      text: name
 *   INT FLOAT STRING BYTES                                     text: digits or value
 *   LIST TUPLE  items
 *   DICT        entries
 *   ENTRY       key          value
 *   COND        then         condition   else
 *   UNARY       operand                                        op: PLUS MINUS TILDE NOT
 *   BINARY      left         right                             op: token
 *   DOT         object                                         text: attribute
 *   CALL        callee       arguments
 *   ARG         value                                          text: keyword or empty; op: 0, STAR, STARSTAR
 *   INDEX       object       key
 *   SLICE       object       low         high       step       (b, c, d may be NULL)
 *   LAMBDA      parameters   body (one expression)             func
 *   LISTCOMP    body         clauses
 *   DICTCOMP    ENTRY        clauses
 *   FOR_CLAUSE  variables    iterable
 *   IF_CLAUSE   condition
 *   PARAM       IDENT        default                           op: 0, STAR, STARSTAR (bare *: a NULL)
 *   EXPR        expression
 *   ASSIGN      target       value
 *   AUGMENTED   target       value                             op: the binary operator
 *   DEF         IDENT        parameters  body                  func
 *   FOR         variables    iterable    body
 *   IF          condition    body        else body
 *   RETURN      value or NULL
 *   BREAK CONTINUE PASS
 *   LOAD        STRING       LOAD_NAMEs
 *   LOAD_NAME   IDENT (local)                                  text: name in the loaded module */
#ifndef OX_STARLARK_AST_H
#define OX_STARLARK_AST_H

#include "daemon/starlark/token.h"

enum ox_node_kind {
	OX_NODE_IDENT = 1,
	OX_NODE_INT,
	OX_NODE_FLOAT,
	OX_NODE_STRING,
	OX_NODE_BYTES,
	OX_NODE_LIST,
	OX_NODE_TUPLE,
	OX_NODE_DICT,
	OX_NODE_ENTRY,
	OX_NODE_COND,
	OX_NODE_UNARY,
	OX_NODE_BINARY,
	OX_NODE_DOT,
	OX_NODE_CALL,
	OX_NODE_ARG,
	OX_NODE_INDEX,
	OX_NODE_SLICE,
	OX_NODE_LAMBDA,
	OX_NODE_LISTCOMP,
	OX_NODE_DICTCOMP,
	OX_NODE_FOR_CLAUSE,
	OX_NODE_IF_CLAUSE,
	OX_NODE_PARAM,
	OX_NODE_EXPR,
	OX_NODE_ASSIGN,
	OX_NODE_AUGMENTED,
	OX_NODE_DEF,
	OX_NODE_FOR,
	OX_NODE_IF,
	OX_NODE_RETURN,
	OX_NODE_BREAK,
	OX_NODE_CONTINUE,
	OX_NODE_PASS,
	OX_NODE_LOAD,
	OX_NODE_LOAD_NAME,
};

struct ox_binding;  /* resolve.h */
struct ox_function; /* resolve.h */

struct ox_node {
	uint8_t kind;         /* enum ox_node_kind */
	uint8_t op;           /* enum ox_token_kind */
	uint16_t depth;       /* of the tree below; bounded, so that walking it cannot overflow the stack */
	struct ox_span span;  /* all of it */
	struct ox_span point; /* what a message about it marks */
	struct ox_node *next;
	struct ox_node *a, *b, *c, *d;
	struct ox_slice text;
	union {
		struct ox_binding *binding; /* IDENT; set by the resolver */
		struct ox_function *func;   /* DEF, LAMBDA; set by the resolver */
	};
};

#endif
