#include "daemon/bundle/advice.h"

static const struct advice {
	struct ox_slice module;
	const char *text;
} known[] = {
#define OX_ADVICE(module, text) {{module, sizeof(module) - 1}, text},
#include "daemon/bundle/advice.def"
#undef OX_ADVICE
};

void ox_advise(struct ox_sink *sink, const struct ox_bundle_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct ox_bundle_item *item = set->entries[i].item;
		if (item->resource->kind != OX_RES_MODULE || item->prefix)
			continue;
		for (size_t k = 0; k < OX_COUNT(known); k++)
			if (ox_slice_eq(item->resource->name, known[k].module))
				ox_emit_log(sink, OX_LEVEL_WARN, "build", "%s", known[k].text);
	}
}
