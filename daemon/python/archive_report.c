#include "daemon/python/archive_report.h"

#include "daemon/python/python_json.h"
#include "daemon/python/resource.h"

struct block {
	struct ox_buf text, json;
};

static int tell(struct ox_build_context *ctx, struct block *b, struct ox_err *err)
{
	int rc = ox_buf_ok(&b->text, "a report", err);
	if (!rc)
		rc = ox_buf_ok(&b->json, "a report", err);
	if (!rc)
		ox_emit(ctx->sink, &(struct ox_event){.type = OX_EVENT_TEXT,
						      .as.text = {.text = ox_buf_view(&b->text),
								  .json = ox_buf_view(&b->json)}});
	ox_buf_free(&b->text);
	ox_buf_free(&b->json);
	return rc;
}

static void add_heading(struct ox_buf *text, const char *title, char line)
{
	ox_buf_printf(text, "%s\n", title);
	for (size_t i = strlen(title); i--;)
		ox_buf_byte(text, line);
	ox_buf_str(text, "\n\n");
}

static void add_string(struct ox_buf *json, const char *name, const char *value)
{
	ox_buf_printf(json, "%s\"%s\":", json->len > 1 ? "," : "", name);
	if (value)
		ox_buf_json(json, ox_slice_str(value));
	else
		ox_buf_str(json, "null");
}

static void add_strings(struct ox_buf *json, const char *name, struct ox_texts list)
{
	ox_buf_printf(json, ",\"%s\":[", name);
	for (size_t i = 0; i < list.count; i++) {
		ox_buf_str(json, i ? "," : "");
		ox_buf_json(json, ox_slice_str(list.items[i]));
	}
	ox_buf_byte(json, ']');
}

static const char *link_type(const struct ox_python_link *link)
{
	return link->framework ? "framework" : link->path_static || link->path_dynamic ? "library" : "system";
}

static void add_links_json(struct ox_buf *json, struct ox_python_links links)
{
	ox_buf_str(json, ",\"dependencies\":[");
	for (size_t i = 0; i < links.count; i++) {
		struct ox_buf one = {0};
		ox_buf_byte(&one, '{');
		add_string(&one, "name", links.items[i].name);
		add_string(&one, "link_type", link_type(&links.items[i]));
		ox_buf_printf(json, "%s%s}", i ? "," : "", ox_buf_text(&one));
		ox_buf_free(&one);
	}
	ox_buf_byte(json, ']');
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

static void add_variant_json(struct ox_buf *json, const struct ox_python_variant *v)
{
	ox_buf_byte(json, '{');
	add_string(json, "kind", "extension");
	ox_buf_str(json, ",\"name\":");
	ox_buf_json(json, v->module);
	add_string(json, "variant", v->variant);
	add_links_json(json, v->links);
	add_strings(json, "licenses", v->licenses);
	ox_buf_printf(json, ",\"public_domain\":%s", v->public_domain ? "true" : "false");
}

static int tell_licenses(struct ox_build_context *ctx, const struct ox_python_variant *v, struct ox_err *err)
{
	struct block b = {0};
	add_name(&b.text, v);
	for (size_t i = 0; i < v->links.count; i++)
		ox_buf_printf(&b.text, "Dependency: %s\nLink Type: %s\n\n", v->links.items[i].name,
			      link_type(&v->links.items[i]));
	ox_buf_str(&b.text, "Licenses: ");
	add_licenses(&b.text, v->licenses, v->public_domain ? "public domain" : "UNKNOWN");
	ox_buf_byte(&b.text, '\n');
	add_variant_json(&b.json, v);
	ox_buf_byte(&b.json, '}');
	return tell(ctx, &b, err);
}

int ox_archive_report_licenses(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_err *err)
{
	const struct ox_python_json *json = dist->archive->json;
	struct block b = {0};
	ox_buf_str(&b.text, "Python Distribution Licenses: ");
	add_licenses(&b.text, json->licenses, "NO LICENSE FOUND");
	ox_buf_byte(&b.text, '\n');
	ox_buf_byte(&b.json, '{');
	add_string(&b.json, "kind", "distribution");
	add_strings(&b.json, "licenses", json->licenses);
	ox_buf_byte(&b.json, '}');
	int rc = tell(ctx, &b, err);
	for (size_t i = 0; !rc && i < json->variant_count; i++)
		if (json->variants[i].links.count)
			rc = tell_licenses(ctx, &json->variants[i], err);
	return rc;
}

static int tell_kind(struct ox_build_context *ctx, const struct ox_python_json *json, struct ox_err *err)
{
	struct block b = {0};
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
	ox_buf_byte(&b.json, '{');
	add_string(&b.json, "kind", "distribution");
	for (size_t i = 0; i < OX_COUNT(rows); i++) {
		ox_buf_printf(&b.text, "%s: %s\n", rows[i].label, rows[i].value);
		add_string(&b.json, rows[i].name, rows[i].value);
	}
	add_strings(&b.json, "crt_features", json->crt_features);
	ox_buf_byte(&b.json, '}');
	return tell(ctx, &b, err);
}

static int tell_extension(struct ox_build_context *ctx, const struct ox_python_variant *v, bool first,
			  struct ox_err *err)
{
	struct block b = {0};
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
	add_variant_json(&b.json, v);
	ox_buf_printf(&b.json, ",\"required\":%s,\"in_core\":%s,\"shared_library\":%s}", v->required ? "true" : "false",
		      v->in_core ? "true" : "false", v->shared_lib ? "true" : "false");
	return tell(ctx, &b, err);
}

/* All of one kind, in one block: their lists are long. */
static int tell_resources(struct ox_build_context *ctx, const struct ox_resources *all, enum ox_resource_kind kind,
			  const char *title, const char *json_kind, struct ox_err *err)
{
	struct block b = {0};
	size_t count = 0;
	add_heading(&b.text, title, '=');
	ox_buf_byte(&b.json, '{');
	add_string(&b.json, "kind", json_kind);
	ox_buf_str(&b.json, ",\"names\":[");
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
	ox_buf_str(&b.json, "]}");
	return tell(ctx, &b, err);
}

int ox_archive_report_info(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_err *err)
{
	const struct ox_python_json *json = dist->archive->json;
	struct ox_resources all = {0};
	int rc = tell_kind(ctx, json, err);
	for (size_t i = 0; !rc && i < json->variant_count; i++)
		rc = tell_extension(ctx, &json->variants[i], i == 0, err);
	if (!rc)
		rc = ox_scan_stdlib(ctx, dist, &all, err);
	if (!rc)
		rc = tell_resources(ctx, &all, OX_RES_MODULE, "Python Modules", "modules", err);
	if (!rc)
		rc = tell_resources(ctx, &all, OX_RES_PACKAGE_FILE, "Python Resources", "resources", err);
	ox_vec_free(&all.v);
	return rc;
}
