/* Any text through the layout: what it accepts means the same afterwards, keeps its comments, and does not change when
 * laid out again. */
#include "tests/unit/daemon/starlark/layout_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_buf once = {0};
	int status;
	const char *complaint = layout_complaint(ox_slice(data, size), &once, &status);
	if (complaint) {
		fprintf(stderr, "%s:\n%s\n", complaint, ox_buf_text(&once));
		abort();
	}
	ox_buf_free(&once);
	return 0;
}
