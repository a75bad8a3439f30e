/* lint_impl.h - what the checks of lint.h share. Private. */
#ifndef OX_STARLARK_LINT_IMPL_H
#define OX_STARLARK_LINT_IMPL_H

#include "daemon/starlark/lint.h"
#include "daemon/starlark/resolve.h"

enum ox_name_use {
	OX_NAME_ASSIGNED, /* x = value */
	OX_NAME_DEFINED,  /* def x */
	OX_NAME_UNPACKED, /* x, y = value */
	OX_NAME_LOOP,
	OX_NAME_PARAMETER,
	OX_NAME_LOADED,
};

/* What is known of one name of the file. */
struct ox_name {
	const struct ox_binding *binding; /* the key */
	enum ox_name_use use;             /* of its first binding */
	const struct ox_node *first;      /* where that is */
	const struct ox_node *again;      /* bound anew without looking at the old value, both not under a condition */
	const struct ox_node *value;      /* of the only binding: expression, DEF; NULL: several, or not known */
	const struct ox_function *owner;  /* function that it belongs to; its node is NULL for globals */
	uint32_t writes, reads;
	uint32_t values; /* reads that are no calls of it */
	bool nested;     /* the first binding is under a condition or in a loop */
};

/* register_target("name", function, ["names"]) */
struct ox_lint_target {
	struct ox_slice name;
	const struct ox_node *def;
	const struct ox_node *depends; /* LIST or NULL */
};

struct ox_lint {
	const struct ox_lint_tables *tables;
	struct ox_arena arena;
	struct ox_source source;
	struct ox_report report;
	struct ox_globals globals;
	struct ox_resolution resolution;
	const struct ox_function *function; /* that is being walked */
	uint32_t nested;                    /* conditions and loops around */
	struct ox_map names;                /* pointer to binding -> struct ox_name * */
	OX_VEC(struct ox_lint_target) targets;
	bool is_main;
	bool exhausted;
	uint32_t depth;     /* of questions about types inside each other */
	uint32_t questions; /* asked so far: what they may cost is bounded */
};

/* What is known of a value: kinds 0 is nothing. */
struct ox_lint_type {
	uint32_t kinds;
	const struct ox_star_type *native; /* of a native value; NULL: of a type that is not there */
};

/* A method or attribute of some type. */
struct ox_lint_member {
	const char *type;
	const struct ox_star_function *method;
	const struct ox_star_attr_spec *attr;
};

/* lint.c: a finding; the code is one of ox_lint_codes. */
void ox_lint_tell(struct ox_lint *l, const char *code, struct ox_span span, const char *hint, const char *fmt, ...)
    OX_PRINTF(5, 6);

/* lint_names.c */
void ox_lint_collect(struct ox_lint *l, struct ox_node *tree);
void ox_lint_names(struct ox_lint *l);
/* The file's own name that the identifier means, or NULL. */
struct ox_name *ox_lint_name_of(const struct ox_lint *l, const struct ox_node *ident);
static inline bool ox_lint_is_predeclared(const struct ox_node *n)
{
	return n->kind == OX_NODE_IDENT && n->binding && n->binding->scope == OX_SCOPE_PREDECLARED;
}

/* lint_types.c */
struct ox_lint_type ox_lint_type_of(struct ox_lint *l, const struct ox_node *n);
const char *ox_lint_type_name(struct ox_lint_type t); /* NULL: none in particular */
bool ox_lint_member_of(const struct ox_lint *l, struct ox_lint_type t, struct ox_slice name, struct ox_lint_member *m);
const struct ox_lint_fact *ox_lint_fact(const struct ox_lint *l, const char *type, struct ox_slice name,
					struct ox_slice argument);
/* Calls `each` for the members of every type. */
void ox_lint_each_member(const struct ox_lint *l, void *user,
			 void (*each)(void *user, struct ox_slice name, const struct ox_lint_member *m));
/* What a call calls: a native function with its type (NULL: none), or a DEF of the file. */
struct ox_lint_callee {
	const char *type;
	const struct ox_star_function *native;
	const struct ox_node *def;
};
struct ox_lint_callee ox_lint_callee(struct ox_lint *l, const struct ox_node *call);

/* lint_uses.c: names, attributes and calls against the tables. */
void ox_lint_use(struct ox_lint *l, const struct ox_node *n);
void ox_lint_assignment(struct ox_lint *l, const struct ox_node *n);

/* lint_flow.c: statements and operators. */
void ox_lint_flow(struct ox_lint *l, struct ox_node *tree);

#endif
