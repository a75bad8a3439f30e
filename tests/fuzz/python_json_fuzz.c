/* PYTHON.json: whatever is accepted names paths inside the archive only, and is whole. */
#include "daemon/python/python_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
	if (!path || path[0] == '/' || !path[0] || strncmp(path, "../", 3) == 0 || strstr(path, "/../"))
		abort();
}

static void check_texts(struct ox_texts list, bool paths)
{
	for (size_t i = 0; i < list.count; i++) {
		if (!list.items[i])
			abort();
		if (paths)
			check_path(list.items[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_arena arena = {.limit = 64 << 20};
	struct ox_python_json json;
	struct ox_err err;
	if (ox_python_json_parse(&arena, ox_slice(data, size), &json, &err) == 0) {
		check_path(json.python_exe);
		check_path(json.stdlib);
		check_path(json.include);
		check_path(json.inittab_object);
		check_texts(json.core_objects, true);
		check_texts(json.licenses, false);
		for (size_t i = 0; i < json.variant_count; i++) {
			check_texts(json.variants[i].objects, true);
			if (i && ox_slice_cmp(json.variants[i - 1].module, json.variants[i].module) > 0)
				abort();
		}
	}
	ox_arena_free(&arena);
	return 0;
}
