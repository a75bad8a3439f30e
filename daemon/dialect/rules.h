/* rules.h - which resources go in, as what, and where: the packaging policy without the language.
 *
 * A policy holds the settings that a script makes; applied to a resource it gives that
 * resource's options, which the script may still change one by one. */
#ifndef OX_DIALECT_RULES_H
#define OX_DIALECT_RULES_H

#include "daemon/python/resource.h"

/* A place: in memory, or files below a folder beside the executable. */
struct ox_location {
	const char *prefix; /* NULL: in memory; lives in the arena that the parser was given */
};

struct ox_options {
	bool include;
	bool source;
	bool bytecode[3];
	struct ox_location location;
	bool has_fallback;
	struct ox_location fallback;
};

struct ox_policy {
	bool allow_files;
	bool allow_in_memory_shared_library_loading;
	bool bytecode[3];
	bool file_scanner_classify_files, file_scanner_emit_files;
	bool include_classified_resources, include_file_resources;
	bool include_distribution_sources, include_distribution_resources;
	bool include_non_distribution_sources;
	bool include_test;
	bool link_extension_modules;
	enum ox_extension_filter extension_module_filter;
	const struct ox_preferred_variant *preferred; /* extension modules' variants */
	struct ox_location location;
	bool has_fallback;
	struct ox_location fallback;
};

void ox_policy_init(struct ox_policy *policy);

/* A boolean setting by its name in the language; NULL when there is none. */
bool *ox_policy_flag(struct ox_policy *policy, struct ox_slice name);
const char *ox_policy_flag_name(size_t index); /* NULL behind the last */

/* "in-memory" or "filesystem-relative:PREFIX"; OX_EUSAGE names the allowed forms. */
int ox_location_parse(struct ox_slice text, struct ox_arena *arena, struct ox_location *out, struct ox_err *err);
/* The text of a place, in the arena. */
const char *ox_location_text(const struct ox_location *location, struct ox_arena *arena);

/* The old dialect's resources_policy: sets location and fallback. */
int ox_policy_set_resources_policy(struct ox_policy *policy, struct ox_slice text, struct ox_arena *arena,
				   struct ox_err *err);
/* "classify" or "files". */
int ox_policy_set_mode(struct ox_policy *policy, struct ox_slice mode, struct ox_err *err);
/* "all", "minimal", "no-libraries", "no-copyleft" ("no-gpl" is its old name). */
int ox_policy_set_extension_filter(struct ox_policy *policy, struct ox_slice filter, struct ox_err *err);

/* The options that the policy gives a resource. */
void ox_policy_apply(const struct ox_policy *policy, const struct ox_resource *resource, struct ox_options *out);

/* Whether the filter lets an extension module of the standard library in; of an archive's variants one at most. No
 * filter lets "nis" in unless it is built into the interpreter: only its own add_include does. */
bool ox_policy_allows_extension(const struct ox_policy *policy, const struct ox_resource *resource);

#endif
