#include "proto/base/vec.h"

bool ox_vec_grow(void **items, size_t *cap, size_t len, size_t item_size)
{
	if (len < *cap)
		return true;
	size_t grown = *cap ? *cap + *cap / 2 + 1 : 8;
	void *p = grown <= SIZE_MAX / item_size ? realloc(*items, grown * item_size) : NULL;
	if (!p)
		return false;
	*items = p;
	*cap = grown;
	return true;
}
