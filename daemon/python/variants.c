#include "daemon/python/variants.h"

#include "daemon/python/license.h"
#include "proto/base/buf.h"

static const char *const filter_names[] = {
	[OX_FILTER_ALL] = "all",
	[OX_FILTER_MINIMAL] = "minimal",
	[OX_FILTER_NO_LIBRARIES] = "no-libraries",
	[OX_FILTER_NO_COPYLEFT] = "no-copyleft",
};

/* libcrypt's name differs from system to system; NIS is dead, and its libraries bring Kerberos with them. */
static const char *const broken[] = {"_crypt", "nis"};

/* Parts of Windows: the only libraries of a system that count as harmless without a licence. */
static const char *const safe_system[] = {"cabinet", "iphlpapi", "msi", "rpcrt4", "rt", "winmm", "ws2_32"};

static bool is_among(const char *const *list, size_t count, struct ox_slice name)
{
	for (size_t i = 0; i < count; i++)
		if (ox_slice_eq_str(name, list[i]))
			return true;
	return false;
}

bool ox_extension_filter_parse(struct ox_slice text, enum ox_extension_filter *out)
{
	if (ox_slice_eq_str(text, "no-gpl"))
		text = OX_SLICE("no-copyleft");
	for (size_t i = 0; i < OX_COUNT(filter_names); i++) {
		if (ox_slice_eq_str(text, filter_names[i])) {
			*out = (enum ox_extension_filter)i;
			return true;
		}
	}
	return false;
}

const char *ox_extension_filter_name(enum ox_extension_filter filter)
{
	return filter_names[filter];
}

struct ox_variants ox_variants_at(const struct ox_python_json *json, size_t index)
{
	struct ox_variants of = {.items = &json->variants[index], .core_licenses = json->licenses};
	while (index + of.count < json->variant_count && ox_slice_eq(of.items[of.count].module, of.items[0].module))
		of.count++;
	return of;
}

bool ox_variant_is_required(const struct ox_python_variant *v)
{
	return v->in_core || v->required;
}

bool ox_variant_is_linkable(const struct ox_python_variant *v)
{
	for (size_t i = 0; i < v->links.count; i++)
		if (v->links.items[i].path_dynamic || v->links.items[i].framework)
			return false;
	return v->in_core || v->objects.count;
}

static bool links_only_safe(const struct ox_python_variant *v)
{
	for (size_t i = 0; i < v->links.count; i++) {
		const struct ox_python_link *link = &v->links.items[i];
		if (!link->system || !is_among(safe_system, OX_COUNT(safe_system), ox_slice_str(link->name)))
			return false;
	}
	return true;
}

static bool is_permissive(const struct ox_python_variant *v, struct ox_texts core_licenses)
{
	struct ox_texts licenses = v->licenses.count ? v->licenses : core_licenses;
	for (size_t i = 0; i < licenses.count; i++)
		if (ox_license_judge(ox_slice_str(licenses.items[i])) != OX_LICENSE_PERMISSIVE)
			return false;
	return licenses.count > 0;
}

static bool passes(const struct ox_python_variant *v, enum ox_extension_filter filter, struct ox_texts core_licenses)
{
	if (ox_variant_is_required(v))
		return true;
	if (is_among(broken, OX_COUNT(broken), v->module) || (!ox_variant_is_linkable(v) && !v->shared_lib))
		return false;
	switch (filter) {
	case OX_FILTER_ALL:
		return true;
	case OX_FILTER_MINIMAL:
		return false;
	case OX_FILTER_NO_LIBRARIES:
		return !v->links.count;
	case OX_FILTER_NO_COPYLEFT:
		return v->public_domain || links_only_safe(v) || is_permissive(v, core_licenses);
	}
	return false;
}

/* NULL: nothing is preferred. */
static const struct ox_preferred_variant *find(const struct ox_preferred_variant *preferred, struct ox_slice module)
{
	while (preferred && !ox_slice_eq(preferred->module, module))
		preferred = preferred->next;
	return preferred;
}

const struct ox_python_variant *ox_variants_choose(const struct ox_variants *of, enum ox_extension_filter filter,
						   const struct ox_preferred_variant *preferred)
{
	const struct ox_python_variant *first = NULL;
	const struct ox_preferred_variant *wish = find(preferred, of->items[0].module);
	for (size_t i = 0; i < of->count; i++) {
		const struct ox_python_variant *v = &of->items[i];
		if (!passes(v, filter, of->core_licenses))
			continue;
		if (wish && ox_slice_eq_str(wish->variant, v->variant))
			return v;
		if (!first)
			first = v;
	}
	return first;
}

static int check_one(const struct ox_variants *of, const struct ox_preferred_variant *wish, struct ox_err *err)
{
	struct ox_buf names = {0};
	bool found = false;
	for (size_t i = 0; i < of->count; i++) {
		found = found || ox_slice_eq_str(wish->variant, of->items[i].variant);
		ox_buf_printf(&names, "%s\"%s\"", i ? ", " : "", of->items[i].variant);
	}
	int rc = found ? 0 : ox_fail(err, OX_EUSAGE, "the extension module %.*s has no variant \"%.*s\": there %s %s",
				     OX_SLICE_ARG(wish->module), OX_SLICE_ARG(wish->variant),
				     of->count == 1 ? "is only" : "are", ox_buf_text(&names));
	ox_buf_free(&names);
	return rc;
}

int ox_variants_check_preferred(const struct ox_python_json *json, const struct ox_preferred_variant *preferred,
				struct ox_err *err)
{
	int rc = 0;
	for (size_t at = 0; !rc && at < json->variant_count;) {
		struct ox_variants of = ox_variants_at(json, at);
		const struct ox_preferred_variant *wish = find(preferred, of.items[0].module);
		if (wish)
			rc = check_one(&of, wish, err);
		at += of.count;
	}
	return rc;
}
