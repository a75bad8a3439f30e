/* Any bytes as JSON text: a value or an error; what was read is written and reads as the
 * same value again, also when it is indented. */
#include "daemon/starlark/starlark.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char program[] = "def check(text):\n"
				      "  wrong = lambda: 0\n"
				      "  x = json.decode(text, default = wrong)\n"
				      "  if x == wrong: return\n"
				      "  again = json.encode(x)\n"
				      "  if json.decode(again) != x: fail('another value')\n"
				      "  if json.encode(json.decode(json.indent(text))) != again: fail('indented')\n"
				      "  if json.decode(json.encode_indent(x, prefix = ' ')) != x: fail('written')\n";
	struct ox_star *s = ox_star_new(&(struct ox_star_options){.memory_limit = 64 << 20, .step_limit = 20000000});
	struct ox_star_module *module;
	struct ox_err err = {0};
	if (!s)
		return 0;
	if (ox_star_eval(s, "check", OX_SLICE(program), &module, &err) < 0)
		abort();
	ox_star_value text = ox_star_slice(s, ox_slice(data, size));
	ox_star_value check = ox_star_global(module, OX_SLICE("check"));
	if (ox_star_ok(text)) {
		ox_star_value v = ox_star_call(s, check, &text, 1, NULL, 0, &err);
		if (!ox_star_ok(v) && err.code != OX_EEXHAUSTED)
			abort();
	}
	ox_star_free(s);
	return 0;
}
