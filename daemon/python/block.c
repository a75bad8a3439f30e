#include "daemon/python/block.h"

void ox_block_member(struct ox_block *b, const char *name)
{
	ox_buf_printf(&b->json, "%s\"%s\":", b->json.len ? "," : "{", name);
}

void ox_block_slice(struct ox_block *b, const char *name, struct ox_slice value)
{
	ox_block_member(b, name);
	ox_buf_json(&b->json, value);
}

void ox_block_string(struct ox_block *b, const char *name, const char *value)
{
	ox_block_member(b, name);
	if (value)
		ox_buf_json(&b->json, ox_slice_str(value));
	else
		ox_buf_str(&b->json, "null");
}

void ox_block_bool(struct ox_block *b, const char *name, bool value)
{
	ox_block_member(b, name);
	ox_buf_str(&b->json, value ? "true" : "false");
}

void ox_block_strings(struct ox_block *b, const char *name, struct ox_texts list)
{
	ox_block_member(b, name);
	for (size_t i = 0; i < list.count; i++) {
		ox_buf_byte(&b->json, i ? ',' : '[');
		ox_buf_json(&b->json, ox_slice_str(list.items[i]));
	}
	ox_buf_str(&b->json, list.count ? "]" : "[]");
}

int ox_block_tell(struct ox_sink *sink, struct ox_block *b, struct ox_err *err)
{
	if (b->json.len)
		ox_buf_byte(&b->json, '}');
	int rc = ox_buf_ok(&b->text, "a report", err);
	if (!rc)
		rc = ox_buf_ok(&b->json, "a report", err);
	if (!rc)
		ox_emit(sink, &(struct ox_event){.type = OX_EVENT_TEXT,
						 .as.text = {.text = ox_buf_view(&b->text),
							     .json = ox_buf_view(&b->json)}});
	ox_buf_free(&b->text);
	ox_buf_free(&b->json);
	return rc;
}
