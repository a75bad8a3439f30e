/* Any program, with small limits: it ends, and failure comes with a message. */
#include "daemon/starlark/starlark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(struct ox_sink *self, const struct ox_event *event)
{
	(void)self, (void)event;
}

static void print(void *user, struct ox_slice file, uint32_t line, struct ox_slice text)
{
	(void)user, (void)file, (void)line, (void)text;
}

/* "self" is the program itself, which is a cycle; every other name is the same small file. */
static int load(void *user, struct ox_star *s, struct ox_slice from, struct ox_slice wanted,
		struct ox_star_source *source, struct ox_err *err)
{
	(void)s, (void)from, (void)err;
	source->name = wanted;
	source->text = ox_slice_eq_str(wanted, "self")
			   ? *(const struct ox_slice *)user
			   : OX_SLICE("x = 1\nlst = [1, {2: 3}]\ndef get(a, b = lst): return [a, b]\n");
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_slice text = ox_slice(data, size);
	struct ox_sink sink = {ignore};
	struct ox_star_module *module;
	struct ox_err err = {0};
	struct ox_star *s = ox_star_new(&(struct ox_star_options){
	    .memory_limit = 16 << 20,
	    .step_limit = 200000,
	    .names = size & 1 ? OX_STAR_NAMES_LATE : OX_STAR_NAMES_STRICT,
	    .recursion = size & 2,
	    .spec_top_level = (size & 12) == 4,
	    .user = &text,
	    .load = load,
	    .sink = &sink,
	    .print = print,
	});
	if (!s)
		return 0;
	int status = ox_star_eval(s, "self", text, &module, &err);
	if ((status < 0) != (err.text[0] != '\0'))
		abort();
	ox_star_free(s);
	return 0;
}
