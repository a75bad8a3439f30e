/* The normaliser of marshalled code: the first byte is the minor version. What it
 * accepts it must accept again, unchanged. */
#include "daemon/python/marshal_normal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_buf once = {0}, twice = {0};
	if (!size)
		return 0;
	if (ox_marshal_normalise(ox_slice(data + 1, size - 1), data[0], &once, NULL) == 0 &&
	    (ox_marshal_normalise(ox_buf_view(&once), data[0], &twice, NULL) != 0 ||
	     !ox_slice_eq(ox_buf_view(&once), ox_buf_view(&twice))))
		abort();
	ox_buf_free(&once);
	ox_buf_free(&twice);
	return 0;
}
