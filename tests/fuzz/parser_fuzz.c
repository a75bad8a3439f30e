/* Any bytes through parser and resolver: no crash, no endless loop; an error is always reported. */
#include "daemon/starlark/parse.h"
#include "daemon/starlark/resolve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool predeclared(void *user, struct ox_slice name)
{
	(void)user;
	return name.len && name.data[0] == 'p';
}

static void each(void *user, struct ox_nearest *near)
{
	(void)user;
	ox_nearest_offer(near, OX_SLICE("print"));
}

static void resolve(struct ox_node *tree, struct ox_arena *arena, struct ox_report *report)
{
	struct ox_resolve_options options = {.predeclared = predeclared, .each = each};
	struct ox_globals globals = {0};
	struct ox_resolution names;
	int status = ox_resolve(tree, false, &globals, arena, report, &options, &names);
	if (status < 0 && status != OX_EEXHAUSTED && !report->errors)
		abort();
	if (status == 0)
		ox_resolution_free(&names);
	ox_globals_free(&globals);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_arena arena = {.limit = 256 << 20};
	struct ox_source source;
	struct ox_node *tree;
	if (ox_source_init(&source, &arena, OX_SLICE("fuzz"), ox_slice(data, size), NULL) == 0) {
		struct ox_report report = {.source = &source, .limit = 20};
		struct ox_parse_options options = {.nesting_limit = 200};
		int status = ox_parse_file(&source, &arena, &report, &options, &tree);
		if (status < 0 && status != OX_EEXHAUSTED && !report.errors)
			abort();
		if (status == 0)
			resolve(tree, &arena, &report);
	}
	ox_arena_free(&arena);
	return 0;
}
