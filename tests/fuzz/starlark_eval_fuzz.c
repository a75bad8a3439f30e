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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_sink sink = {ignore};
	struct ox_star_module *module;
	struct ox_err err = {0};
	struct ox_star *s = ox_star_new(&(struct ox_star_options){
	    .memory_limit = 16 << 20,
	    .step_limit = 200000,
	    .names = size & 1 ? OX_STAR_NAMES_LATE : OX_STAR_NAMES_STRICT,
	    .recursion = size & 2,
	    .sink = &sink,
	    .print = print,
	});
	if (!s)
		return 0;
	int status = ox_star_eval(s, "fuzz", ox_slice(data, size), &module, &err);
	if ((status < 0) != (err.text[0] != '\0'))
		abort();
	ox_star_free(s);
	return 0;
}
