/* lint.h - remarks on a program, from its syntax tree alone: nothing is run.
 *
 * The engine knows the language; what an embedder adds to it (functions, types, old
 * names) comes in tables. Values are followed as far as the tree tells what they are: a name that
 * is bound once has the type of its value, a call that of the function's result. What is not known is
 * not remarked on.
 *
 * A comment "# lint: disable=CODE,CODE" at the end of a line, or alone on the line above, silences these
 * codes there; "disable=all" silences every one. */
#ifndef OX_STARLARK_LINT_H
#define OX_STARLARK_LINT_H

#include "daemon/starlark/starlark.h"

struct ox_nearest; /* source.h */

/* A fact about a name that its argument table does not hold. */
struct ox_lint_fact {
	const char *type;     /* of whose attributes or methods; NULL: a predeclared name */
	const char *name;
	const char *argument; /* the fact is about this argument of it; NULL: about the name itself */
	const char *result;   /* name of the type of what it gives */
	const char *modern;   /* not to be used any more; this is to be used */
	bool pure;            /* a call whose result is not used does nothing */
};

struct ox_lint_tables {
	/* Is the name predeclared? *function: its description, when it is a native function. */
	bool (*find)(void *user, struct ox_slice name, const struct ox_star_function **function);
	/* Offers all predeclared names to a spelling search. */
	void (*each)(void *user, struct ox_nearest *nearest);
	void *user;
	const struct ox_star_type *const *types;                              /* native types; NULL-ended */
	const struct ox_star_function *(*methods_of)(const char *type_name); /* of built-in types */
	const struct ox_lint_fact *facts;                                     /* ended by a zeroed one */
	const struct ox_star_param *refused; /* functions with these parameters only say that they are absent */
	/* FUNCTION(name, function, [names]): the function is called with what those names' functions gave. A
	 * file that calls it is the main one: no other file loads its globals. NULL: none. */
	const char *registers;
	const char *const *kept; /* globals that need no use; NULL-ended, may be NULL */
};

/* All codes, with what each means; ended by a zeroed entry. Syntax errors have codes of their own. */
struct ox_lint_code {
	const char *code, *doc;
};
extern const struct ox_lint_code ox_lint_codes[];

/* Emits the findings in the order of the text, as warnings, and counts them. OX_EUSAGE when the text is no program:
 * its errors were emitted; OX_EEXHAUSTED. */
int ox_lint(struct ox_slice name, struct ox_slice text, const struct ox_lint_tables *tables, struct ox_sink *sink,
	    size_t *findings, struct ox_err *err);

#endif
