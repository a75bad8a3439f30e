#include "daemon/python/archive_report.h"

#include "daemon/python/block.h"
#include "daemon/python/resource.h"

static void add_heading(struct ox_buf *text, const char *title, char line)
{
	ox_buf_printf(text, "%s\n", title);
	for (size_t i = strlen(title); i--;)
		ox_buf_byte(text, line);
	ox_buf_str(text, "\n\n");
}

static const char *link_type(const struct ox_python_link *link)
{
	return link->framework ? "framework" : link->path_static || link->path_dynamic ? "library" : "system";
}

static void add_links_json(struct ox_block *b, struct ox_python_links links)
{
	ox_block_member(b, "dependencies");
	ox_buf_byte(&b->json, '[');
	for (size_t i = 0; i < links.count; i++) {
		ox_buf_printf(&b->json, "%s{\"name\":", i ? "," : "");
		ox_buf_json(&b->json, ox_slice_str(links.items[i].name));
		ox_buf_printf(&b->json, ",\"link_type\":\"%s\"}", link_type(&links.items[i]));
	}
	ox_buf_byte(&b->json, ']');
}

/* "readline", or "readline (libedit)". */
static void add_name(struct ox_buf *text, const struct ox_python_variant *v)
{
	struct ox_buf title = {0};
	ox_buf_slice(&title, v->module);
	if (strcmp(v->variant, "default") != 0)
		ox_buf_printf(&title, " (%s)", v->variant);
	add_heading(text, ox_buf_text(&title), '-');
	ox_buf_free(&title);
}

static void add_licenses(struct ox_buf *text, struct ox_texts licenses, const char *none)
{
	for (size_t i = 0; i < licenses.count; i++)
		ox_buf_printf(text, "%s%s", i ? ", " : "", licenses.items[i]);
	ox_buf_str(text, licenses.count ? "" : none);
	for (size_t i = 0; i < licenses.count; i++)
		ox_buf_printf(text, "\nLicense Info: https://spdx.org/licenses/%s.html", licenses.items[i]);
}

static void add_variant_json(struct ox_block *b, const struct ox_python_variant *v)
{
	ox_block_string(b, "kind", "extension");
	ox_block_slice(b, "name", v->module);
	ox_block_string(b, "variant", v->variant);
	add_links_json(b, v->links);
	ox_block_strings(b, "licenses", v->licenses);
	ox_block_bool(b, "public_domain", v->public_domain);
}

static int tell_licenses(struct ox_build_context *ctx, const struct ox_python_variant *v, struct ox_err *err)
{
	struct ox_block b = {0};
	add_name(&b.text, v);
	for (size_t i = 0; i < v->links.count; i++)
		ox_buf_printf(&b.text, "Dependency: %s\nLink Type: %s\n\n", v->links.items[i].name,
			      link_type(&v->links.items[i]));
	ox_buf_str(&b.text, "Licenses: ");
	add_licenses(&b.text, v->licenses, v->public_domain ? "public domain" : "UNKNOWN");
	ox_buf_byte(&b.text, '\n');
	add_variant_json(&b, v);
	return ox_block_tell(ctx->sink, &b, err);
}

int ox_archive_report_licenses(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_err *err)
{
	const struct ox_python_json *json = dist->archive->json;
	struct ox_block b = {0};
	ox_buf_str(&b.text, "Python Distribution Licenses: ");
	add_licenses(&b.text, json->licenses, "NO LICENSE FOUND");
	ox_buf_byte(&b.text, '\n');
	ox_block_string(&b, "kind", "distribution");
	ox_block_strings(&b, "licenses", json->licenses);
	int rc = ox_block_tell(ctx->sink, &b, err);
	for (size_t i = 0; !rc && i < json->variant_count; i++)
		if (json->variants[i].links.count)
			rc = tell_licenses(ctx, &json->variants[i], err);
	return rc;
}

static int tell_kind(struct ox_build_context *ctx, const struct ox_python_json *json, struct ox_err *err)
{
	struct ox_block b = {0};
	const struct {
		const char *label, *name, *value;
	} rows[] = {
		{"Target triple", "target_triple", json->triple},
		{"Version", "version", json->version},
		{"Implementation", "implementation", json->implementation},
		{"Tag", "cache_tag", json->cache_tag},
		{"Platform tag", "platform_tag", json->platform_tag},
		{"Built with", "build_options", json->options},
		{"Objects", "object_format", json->object_format},
		{"libpython", "libpython", json->libpython_shared ? "shared" : "static"},
		{"Loads shared libraries", "loads_shared_libraries", json->loads_shared ? "yes" : "no"},
	};
	add_heading(&b.text, "High-Level Metadata", '=');
	ox_block_string(&b, "kind", "distribution");
	for (size_t i = 0; i < OX_COUNT(rows); i++) {
		ox_buf_printf(&b.text, "%s: %s\n", rows[i].label, rows[i].value);
		ox_block_string(&b, rows[i].name, rows[i].value);
	}
	ox_block_strings(&b, "crt_features", json->crt_features);
	return ox_block_tell(ctx->sink, &b, err);
}

static int tell_extension(struct ox_build_context *ctx, const struct ox_python_variant *v, bool first,
			  struct ox_err *err)
{
	struct ox_block b = {0};
	if (first)
		add_heading(&b.text, "Extension Modules", '=');
	add_name(&b.text, v);
	ox_buf_printf(&b.text, "Required: %s\nBuilt-in: %s\nLicensing: ", v->required ? "yes" : "no",
		      v->in_core ? "in the core" : v->shared_lib ? "no, a shared library" : "yes");
	add_licenses(&b.text, v->licenses, v->public_domain ? "public domain" : "UNKNOWN");
	ox_buf_str(&b.text, "\nLinks:");
	for (size_t i = 0; i < v->links.count; i++)
		ox_buf_printf(&b.text, "%s %s (%s)", i ? "," : "", v->links.items[i].name,
			      link_type(&v->links.items[i]));
	ox_buf_printf(&b.text, "%s\n", v->links.count ? "" : " none");
	add_variant_json(&b, v);
	ox_block_bool(&b, "required", v->required);
	ox_block_bool(&b, "in_core", v->in_core);
	ox_block_bool(&b, "shared_library", v->shared_lib);
	return ox_block_tell(ctx->sink, &b, err);
}

/* All of one kind, in one block: their lists are long. */
static int tell_resources(struct ox_build_context *ctx, const struct ox_resources *all, enum ox_resource_kind kind,
			  const char *title, const char *json_kind, struct ox_err *err)
{
	struct ox_block b = {0};
	size_t count = 0;
	add_heading(&b.text, title, '=');
	ox_block_string(&b, "kind", json_kind);
	ox_block_member(&b, "names");
	ox_buf_byte(&b.json, '[');
	for (size_t i = 0; i < all->v.len; i++) {
		const struct ox_resource *r = &all->v.items[i];
		struct ox_buf name = {0};
		if (r->kind != kind)
			continue;
		ox_buf_printf(&name, kind == OX_RES_MODULE ? "%.*s" : "[%.*s]", OX_SLICE_ARG(r->name));
		if (kind != OX_RES_MODULE)
			ox_buf_printf(&name, ".%.*s", OX_SLICE_ARG(r->file));
		ox_buf_printf(&b.text, "%s\n", ox_buf_text(&name));
		ox_buf_str(&b.json, count++ ? "," : "");
		ox_buf_json(&b.json, ox_buf_view(&name));
		ox_buf_free(&name);
	}
	ox_buf_byte(&b.json, ']');
	return ox_block_tell(ctx->sink, &b, err);
}

int ox_archive_report_info(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_err *err)
{
	const struct ox_python_json *json = dist->archive->json;
	struct ox_resources all = {0};
	int rc = tell_kind(ctx, json, err);
	for (size_t i = 0; !rc && i < json->variant_count; i++)
		rc = tell_extension(ctx, &json->variants[i], i == 0, err);
	if (!rc)
		rc = ox_scan_stdlib(ctx, dist, true, &all, err);
	if (!rc)
		rc = tell_resources(ctx, &all, OX_RES_MODULE, "Python Modules", "modules", err);
	if (!rc)
		rc = tell_resources(ctx, &all, OX_RES_PACKAGE_FILE, "Python Resources", "resources", err);
	ox_vec_free(&all.v);
	return rc;
}
