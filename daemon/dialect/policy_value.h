/* policy_value.h - PythonPackagingPolicy: the packaging rules as a value that scripts change. */
#ifndef OX_DIALECT_POLICY_VALUE_H
#define OX_DIALECT_POLICY_VALUE_H

#include "daemon/bundle/wants_file.h"
#include "daemon/dialect/resource_value.h"

struct ox_policy_value {
	struct ox_policy policy;
	ox_star_value callbacks; /* a list of functions (policy, resource) */
	ox_star_value files;     /* a dict: top-level package -> whether it is given real files */
	bool never_extract;
};

extern const struct ox_star_type ox_policy_type;

ox_star_value ox_policy_value_new(struct ox_dialect *d);
struct ox_policy_value *ox_policy_value_of(ox_star_value v); /* NULL: not one */

/* Which variant of an extension module is taken; a dict of them. Not 0: failing. */
int ox_policy_prefer(struct ox_dialect *d, struct ox_policy *policy, ox_star_value module, ox_star_value variant);
int ox_policy_prefer_all(struct ox_dialect *d, struct ox_policy *policy, ox_star_value variants);

/* What the policy says about extraction, in the build's arena. */
int ox_policy_extract_rules(struct ox_dialect *d, ox_star_value policy, struct ox_extract_rules *out,
			    struct ox_err *err);

/* Makes a resource's value: options from the policy, then its callbacks. */
ox_star_value ox_policy_resource(struct ox_dialect *d, ox_star_value policy, const struct ox_resource *resource);
/* The same for many, as a list. In "files" mode typed resources become files; with the scanner
 * told to give both, both. `resources` must live in the build's arena. */
struct ox_dist_value;
ox_star_value ox_policy_resources(struct ox_dialect *d, ox_star_value policy, struct ox_dist_value *dist,
				  const struct ox_resource *resources, size_t count, bool unplaced);

#endif
