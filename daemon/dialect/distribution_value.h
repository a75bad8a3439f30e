/* distribution_value.h - PythonDistribution: an interpreter, described when it is first needed. */
#ifndef OX_DIALECT_DISTRIBUTION_VALUE_H
#define OX_DIALECT_DISTRIBUTION_VALUE_H

#include "daemon/dialect/rules.h"
#include "daemon/dialect/session.h"
#include "daemon/python/bytecode.h"

struct ox_dist_value;

extern const struct ox_star_type ox_distribution_type;
extern const struct ox_star_function ox_default_distribution_function, ox_archive_function;

/* NULL when v is not one. */
struct ox_dist_value *ox_dist_value_of(ox_star_value v);

/* The description; found at the first call. NULL: failing with the reason. */
const struct ox_distribution *ox_dist_value_get(struct ox_dist_value *v);
/* The description of one that was found before. */
const struct ox_distribution *ox_dist_value_known(const struct ox_dist_value *v);

/* Its standard library, scanned once; without `tests` those may be missing. NULL: failing. */
const struct ox_resources *ox_dist_value_stdlib(struct ox_dist_value *v, bool tests);
/* The same, if it has the variants of extension modules that the policy prefers. */
const struct ox_resources *ox_dist_value_stdlib_for(struct ox_dist_value *v, const struct ox_policy *policy,
						    bool tests);

/* The pool that compiles for it, started once. */
int ox_dist_value_compiler(struct ox_dist_value *v, struct ox_compiler **out, struct ox_err *err);

#endif
