/* variants.h - which extension modules of an archive are packaged, and which way of building each.
 *
 * The rules are PyOxidizer's: modules without which no interpreter starts are always taken, and the filter
 * says which others; of the variants that it leaves, the preferred one, else the first. */
#ifndef OX_PYTHON_VARIANTS_H
#define OX_PYTHON_VARIANTS_H

#include "daemon/python/python_json.h"

enum ox_extension_filter {
	OX_FILTER_ALL,
	OX_FILTER_MINIMAL,      /* only what is required */
	OX_FILTER_NO_LIBRARIES, /* what is linked with no library, the C library's own among them */
	OX_FILTER_NO_COPYLEFT,  /* what is linked with no library under a copyleft licence, or an unknown one */
};

/* "all", "minimal", "no-libraries", "no-copyleft", and "no-gpl", its old name; false: it is none. */
bool ox_extension_filter_parse(struct ox_slice text, enum ox_extension_filter *out);
const char *ox_extension_filter_name(enum ox_extension_filter filter);

/* The ways of building one module, in the archive's order. */
struct ox_variants {
	const struct ox_python_variant *items;
	size_t count;
	struct ox_texts core_licenses; /* those of a variant that names none */
};

/* Those of the module at variants[index]; the next module's are at index + count. */
struct ox_variants ox_variants_at(const struct ox_python_json *json, size_t index);

struct ox_preferred_variant {
	struct ox_slice module, variant;
	const struct ox_preferred_variant *next; /* an earlier choice; the first of a list counts */
};

/* No interpreter starts without it. */
bool ox_variant_is_required(const struct ox_python_variant *v);
/* It can be linked: its code is in the core, or there are objects, and no shared library that they need. */
bool ox_variant_is_linkable(const struct ox_python_variant *v);

/* NULL: none is packaged. What PyOxidizer holds for broken (_crypt, nis) never is, unless it is required. */
const struct ox_python_variant *ox_variants_choose(const struct ox_variants *of, enum ox_extension_filter filter,
						   const struct ox_preferred_variant *preferred);

/* OX_EUSAGE when the archive has the module and not the variant: lists those that there are. */
int ox_variants_check_preferred(const struct ox_python_json *json, const struct ox_preferred_variant *preferred,
				struct ox_err *err);

#endif
