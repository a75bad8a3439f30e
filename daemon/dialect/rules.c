#include "daemon/dialect/rules.h"

#define FLAG(field)                                                                                                    \
	{                                                                                                              \
#field, offsetof(struct ox_policy, field)                                                              \
	}
#define FLAG_AS(name, field)                                                                                           \
	{                                                                                                              \
		name, offsetof(struct ox_policy, field)                                                                \
	}

static const struct {
	const char *name;
	size_t offset;
} flags[] = {
	FLAG(allow_files),
	FLAG(allow_in_memory_shared_library_loading),
	FLAG_AS("bytecode_optimize_level_zero", bytecode[0]),
	FLAG_AS("bytecode_optimize_level_one", bytecode[1]),
	FLAG_AS("bytecode_optimize_level_two", bytecode[2]),
	FLAG(file_scanner_classify_files),
	FLAG(file_scanner_emit_files),
	FLAG(include_classified_resources),
	FLAG(include_distribution_resources),
	FLAG(include_distribution_sources),
	FLAG(include_file_resources),
	FLAG(include_non_distribution_sources),
	FLAG(include_test),
	FLAG(link_extension_modules),
};

/* Extension modules of an installed interpreter that need a library outside CPython
 * and the C library, as Debian and python-build-standalone link them. */
static const struct {
	const char *name;
	bool copyleft; /* the library's licence is GPL, LGPL, AGPL or the like */
} linked_extensions[] = {
	{"_bz2", false},    {"_crypt", true},    {"_ctypes", false},  {"_curses", false}, {"_curses_panel", false},
	{"_dbm", true},     {"_gdbm", true},     {"_hashlib", false}, {"_lzma", false},   {"_sqlite3", false},
	{"_ssl", false},    {"_tkinter", false}, {"_uuid", false},    {"ossaudiodev", false}, {"readline", true},
	{"zlib", false},
};

/* Nobody has used NIS for long, and it alone would bring eight libraries, Kerberos among them, into every
 * executable. PyOxidizer leaves it out too (and _crypt, which works here). */
static bool is_left_out(struct ox_slice name)
{
	return ox_slice_eq_str(name, "nis");
}

void ox_policy_init(struct ox_policy *policy)
{
	*policy = (struct ox_policy){
		.bytecode = {true, false, false},
		.file_scanner_classify_files = true,
		.include_classified_resources = true,
		.include_distribution_sources = true,
		.include_non_distribution_sources = true,
		.link_extension_modules = true,
		.extension_module_filter = OX_FILTER_ALL,
	};
}

bool *ox_policy_flag(struct ox_policy *policy, struct ox_slice name)
{
	for (size_t i = 0; i < OX_COUNT(flags); i++) {
		if (ox_slice_eq_str(name, flags[i].name))
			return (bool *)((char *)policy + flags[i].offset);
	}
	return NULL;
}

const char *ox_policy_flag_name(size_t index)
{
	return index < OX_COUNT(flags) ? flags[index].name : NULL;
}

/* The rest of text behind a literal start; false when it does not start so or nothing follows. */
static bool after(struct ox_slice text, struct ox_slice start, struct ox_slice *rest)
{
	if (text.len <= start.len || memcmp(text.data, start.data, start.len) != 0)
		return false;
	*rest = ox_slice(text.data + start.len, text.len - start.len);
	return true;
}

/* A prefix stays beside the executable: no absolute path, no "..". */
static int parse_prefix(struct ox_slice text, struct ox_arena *arena, struct ox_location *out, struct ox_err *err)
{
	if (text.data[0] == '/')
		return ox_fail(err, OX_EUSAGE, "the prefix %.*s must be relative to the executable's folder",
			       OX_SLICE_ARG(text));
	char *copy = ox_arena_printf(arena, "/%.*s/", OX_SLICE_ARG(text));
	if (!copy)
		return ox_fail_nomem(err, "a location");
	if (strstr(copy, "/../"))
		return ox_fail(err, OX_EUSAGE, "the prefix %.*s must not leave the executable's folder",
			       OX_SLICE_ARG(text));
	size_t len = strlen(copy);
	while (len > 2 && copy[len - 1] == '/')
		copy[--len] = '\0';
	out->prefix = copy + 1;
	return 0;
}

int ox_location_parse(struct ox_slice text, struct ox_arena *arena, struct ox_location *out, struct ox_err *err)
{
	struct ox_slice prefix;
	if (ox_slice_eq_str(text, "in-memory")) {
		out->prefix = NULL;
		return 0;
	}
	if (after(text, OX_SLICE("filesystem-relative:"), &prefix))
		return parse_prefix(prefix, arena, out, err);
	return ox_fail(err, OX_EUSAGE,
		       "'%.*s' is not a resource location: use \"in-memory\" or \"filesystem-relative:PREFIX\"",
		       OX_SLICE_ARG(text));
}

const char *ox_location_text(const struct ox_location *location, struct ox_arena *arena)
{
	return location->prefix ? ox_arena_printf(arena, "filesystem-relative:%s", location->prefix) : "in-memory";
}

int ox_policy_set_resources_policy(struct ox_policy *policy, struct ox_slice text, struct ox_arena *arena,
				   struct ox_err *err)
{
	struct ox_slice prefix;
	struct ox_location place;
	int rc = 0;
	if (ox_slice_eq_str(text, "in-memory-only")) {
		policy->location.prefix = NULL;
		policy->has_fallback = false;
	} else if (after(text, OX_SLICE("filesystem-relative-only:"), &prefix)) {
		rc = parse_prefix(prefix, arena, &place, err);
		if (rc == 0)
			policy->location = place;
		policy->has_fallback = false;
	} else if (after(text, OX_SLICE("prefer-in-memory-fallback-filesystem-relative:"), &prefix)) {
		rc = parse_prefix(prefix, arena, &place, err);
		policy->location.prefix = NULL;
		if (rc == 0)
			policy->fallback = place;
		policy->has_fallback = rc == 0;
	} else {
		rc = ox_fail(err, OX_EUSAGE,
			     "'%.*s' is not a resources policy: use \"in-memory-only\", "
			     "\"filesystem-relative-only:PREFIX\" or "
			     "\"prefer-in-memory-fallback-filesystem-relative:PREFIX\"",
			     OX_SLICE_ARG(text));
	}
	return rc;
}

int ox_policy_set_mode(struct ox_policy *policy, struct ox_slice mode, struct ox_err *err)
{
	bool files = ox_slice_eq_str(mode, "files");
	if (!files && !ox_slice_eq_str(mode, "classify"))
		return ox_fail(err, OX_EUSAGE, "'%.*s' is not a resource handling mode: use \"classify\" or \"files\"",
			       OX_SLICE_ARG(mode));
	policy->file_scanner_emit_files = policy->allow_files = policy->include_file_resources = files;
	policy->file_scanner_classify_files = !files;
	policy->include_classified_resources = true;
	return 0;
}

int ox_policy_set_extension_filter(struct ox_policy *policy, struct ox_slice filter, struct ox_err *err)
{
	if (ox_extension_filter_parse(filter, &policy->extension_module_filter))
		return 0;
	return ox_fail(err, OX_EUSAGE,
		       "'%.*s' is not an extension module filter: use \"all\", \"minimal\", \"no-libraries\" "
		       "or \"no-copyleft\"",
		       OX_SLICE_ARG(filter));
}

bool ox_policy_allows_extension(const struct ox_policy *policy, const struct ox_resource *resource)
{
	enum ox_extension_filter filter = policy->extension_module_filter;
	if (resource->variants)
		return ox_variants_choose(resource->variants, filter, policy->preferred) == resource->variant;
	if (resource->is_builtin)
		return true;
	if (is_left_out(resource->name))
		return false;
	if (filter == OX_FILTER_ALL || filter == OX_FILTER_MINIMAL)
		return filter == OX_FILTER_ALL;
	for (size_t i = 0; i < OX_COUNT(linked_extensions); i++) {
		if (ox_slice_eq_str(resource->name, linked_extensions[i].name))
			return filter == OX_FILTER_NO_COPYLEFT && !linked_extensions[i].copyleft;
	}
	return true;
}

/* Samples of broken source that the standard library keeps for its own tests. */
static bool is_broken_sample(struct ox_slice name)
{
	struct ox_slice rest;
	return after(name, OX_SLICE("lib2to3.tests.data."), &rest) || after(name, OX_SLICE("test.bad"), &rest);
}

static bool includes(const struct ox_policy *policy, const struct ox_resource *resource)
{
	bool stdlib = resource->origin == OX_ORIGIN_STDLIB;
	if (resource->kind == OX_RES_FILE)
		return policy->include_file_resources;
	if (!policy->include_classified_resources || (resource->is_test && !policy->include_test))
		return false;
	switch (resource->kind) {
	case OX_RES_PACKAGE_FILE:
	case OX_RES_DIST_FILE:
		return !stdlib || policy->include_distribution_resources;
	case OX_RES_EXTENSION:
		return !stdlib || ox_policy_allows_extension(policy, resource);
	default:
		return true;
	}
}

void ox_policy_apply(const struct ox_policy *policy, const struct ox_resource *resource, struct ox_options *out)
{
	bool stdlib = resource->origin == OX_ORIGIN_STDLIB;
	*out = (struct ox_options){
		.include = includes(policy, resource),
		.source = stdlib ? policy->include_distribution_sources : policy->include_non_distribution_sources,
		.location = policy->location,
		.has_fallback = policy->has_fallback,
		.fallback = policy->fallback,
	};
	if (!is_broken_sample(resource->name))
		memcpy(out->bytecode, policy->bytecode, sizeof out->bytecode);
}
