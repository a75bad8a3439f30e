/* Lists and tables of compiled patterns: whatever the bytes, nothing outside of them is touched, and what a table
 * gives is what was asked for. */
#include "runtime/pack/compiled.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_body(struct ox_slice body)
{
	uint32_t n;
	struct ox_slice bytes;
	while (ox_compiled_number(&body, &n) || ox_compiled_bytes(&body, 1, &bytes))
		continue;
}

static void ask(struct ox_slice table, struct ox_slice text)
{
	for (uint32_t flags = 0; flags < 4; flags++) {
		struct ox_compiled p = {.text = text, .kind = flags, .flags = flags};
		if (!ox_compiled_find(table, &p))
			continue;
		if (!ox_slice_eq(p.text, text) || p.flags != flags || p.kind != flags)
			__builtin_trap();
		read_body(p.body);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_slice all = ox_slice((const char *)data, size), table;
	struct ox_buf made = {0};
	if (ox_compiled_at(all, 0, &table)) {
		ox_compiled_fit(table, 1, 2);
		for (size_t i = 0; i < 64; i++)
			ask(table, ox_slice(all.data + (i < size ? size - i : 0), i < size ? i / 2 : 0));
	}
	if (ox_compiled_write(&all, 1, &made, NULL) == 0 && made.len) {
		if (!ox_compiled_at(ox_buf_view(&made), 0, &table))
			__builtin_trap();
		ask(table, OX_SLICE("a+"));
		ask(table, OX_SLICE(""));
	}
	ox_buf_free(&made);
	return 0;
}
