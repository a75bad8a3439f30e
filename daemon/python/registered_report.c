#include "daemon/python/registered_report.h"

#include "daemon/python/block.h"

static int widest(const struct ox_registered_list *list)
{
	size_t width = 0;
	for (size_t i = 0; i < list->v.len; i++)
		if (strlen(list->v.items[i].name) > width)
			width = strlen(list->v.items[i].name);
	return (int)width;
}

static int tell(struct ox_build_context *ctx, const struct ox_registered *r, int width, struct ox_err *err)
{
	struct ox_block b = {0};
	char hex[OX_DIGEST_HEX + 1];
	const struct ox_python_json *json = r->json;
	ox_buf_printf(&b.text, "%c %-*s  ", r->is_default ? '*' : ' ', width, r->name);
	if (json)
		ox_buf_printf(&b.text, "%-8s %-26s %s", json->version, json->triple, json->options);
	else
		ox_buf_str(&b.text, "its files are gone from the store");
	ox_block_string(&b, "kind", "registered");
	ox_block_string(&b, "name", r->name);
	ox_block_bool(&b, "default", r->is_default);
	ox_block_string(&b, "version", json ? json->version : NULL);
	ox_block_string(&b, "target_triple", json ? json->triple : NULL);
	ox_block_string(&b, "build_options", json ? json->options : NULL);
	ox_block_bool(&b, "loads_shared_libraries", json && json->loads_shared);
	ox_block_string(&b, "path", r->root);
	ox_block_string(&b, "tree", ox_digest_hex(&r->tree, hex));
	return ox_block_tell(ctx->sink, &b, err);
}

int ox_registered_report(struct ox_build_context *ctx, const struct ox_registered_list *list, bool defaults_only,
			 struct ox_err *err)
{
	size_t told = 0;
	int rc = 0, width = widest(list);
	for (size_t i = 0; !rc && i < list->v.len; i++) {
		if (defaults_only && !list->v.items[i].is_default)
			continue;
		rc = tell(ctx, &list->v.items[i], width, err);
		told++;
	}
	if (!rc && !told)
		ox_emit_log(ctx->sink, OX_LEVEL_INFO, "python", "%s",
			    list->v.len ? "none is a default: the newest that fits is taken"
					: "no distribution is registered: `oxc python-distribution add FILE` does it");
	return rc;
}
