/* resolve.h - what every name of a file means.
 *
 * Each use and each binding of a name gets a struct ox_binding: a local slot of
 * its function, a cell (a local that an inner function uses too), a free
 * variable (a cell of an outer function), a global slot of the module, or a
 * predeclared name. Comprehensions have scopes of their own whose variables are slots of
 * the enclosing function. Statements that stand where they must not (return outside a
 * function, break outside a loop) are reported here too. */
#ifndef OX_STARLARK_RESOLVE_H
#define OX_STARLARK_RESOLVE_H

#include "daemon/starlark/ast.h"
#include "proto/base/map.h"
#include "proto/base/vec.h"

enum ox_scope {
	OX_SCOPE_LOCAL = 1,
	OX_SCOPE_CELL,
	OX_SCOPE_FREE,
	OX_SCOPE_GLOBAL,
	OX_SCOPE_PREDECLARED,
	OX_SCOPE_UNKNOWN, /* bound nowhere; the program may run with OX_UNKNOWN_LATER */
};

struct ox_binding {
	struct ox_slice name;
	enum ox_scope scope;
	uint32_t slot;        /* LOCAL, CELL: register; FREE: index in func->free; GLOBAL: index */
	struct ox_span first; /* where it was bound */
	bool loaded;          /* by load(): not visible to files that load this one */
};

/* A def, a lambda, or the file itself. In the arena. */
struct ox_function {
	struct ox_function *parent;
	const struct ox_node *node; /* NULL: the file */
	/* One per register, parameters first (positional, then by name only, then *args, **kwargs). */
	OX_VEC(struct ox_binding *) locals;
	/* What it uses of outer functions: the binding there (CELL or FREE). */
	OX_VEC(struct ox_binding *) free;
	struct ox_map names;           /* of its outermost block */
	struct ox_function *next_made; /* all functions of a resolution, to be released together */
};

/* The globals of a module; grows when more code is evaluated in it. */
struct ox_globals {
	OX_VEC(struct ox_binding *) list;
	struct ox_map map;
};

enum ox_unknown { OX_UNKNOWN_ERROR, OX_UNKNOWN_LATER };

struct ox_resolve_options {
	enum ox_unknown unknown;
	bool spec_top_level; /* no if and for at top level, no rebinding of globals */
	/* Is the name predeclared? `each` offers all of them to a spelling search. */
	bool (*predeclared)(void *user, struct ox_slice name);
	void (*each)(void *user, struct ox_nearest *nearest);
	/* With OX_UNKNOWN_LATER: a name that is bound nowhere, for the callee to tell. NULL: reported as a
	 * warning. */
	void (*later)(void *user, struct ox_span span, struct ox_slice name, const char *hint);
	void *user;
};

/* Resolves a chain of statements, or one expression. The functions' tables are
 * heap memory: release them with ox_resolution_free when the code is compiled. */
struct ox_resolution {
	struct ox_function *top;
	struct ox_function *made;
};

int ox_resolve(struct ox_node *tree, bool expression, struct ox_globals *globals, struct ox_arena *arena,
	       struct ox_report *report, const struct ox_resolve_options *options, struct ox_resolution *out);
void ox_resolution_free(struct ox_resolution *r);
void ox_globals_free(struct ox_globals *g);

#endif
