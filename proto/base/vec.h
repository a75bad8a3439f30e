/* vec.h - a growing array of any type.
 *
 *     struct names { OX_VEC(struct ox_slice) v; };
 *     struct ox_slice *slot = ox_vec_push(&names.v);
 *     if (!slot) return ox_fail_nomem(err, "names");
 *
 * Fields: items, len, cap. All-zero is empty. Growing moves the items: pointers
 * into a vector last until the next push. */
#ifndef OX_BASE_VEC_H
#define OX_BASE_VEC_H

#include "proto/base/platform.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OX_VEC(type) \
	struct { \
		type *items; \
		size_t len, cap; \
	}

/* A zeroed new last element, or NULL when memory ran out (nothing changed). */
#define ox_vec_push(vec) \
	(ox_vec_grow((void **)&(vec)->items, &(vec)->cap, (vec)->len, sizeof *(vec)->items) \
		 ? (memset(&(vec)->items[(vec)->len], 0, sizeof *(vec)->items), &(vec)->items[(vec)->len++]) \
		 : NULL)

#define ox_vec_free(vec) \
	(free((vec)->items), (vec)->items = NULL, (vec)->len = 0, (vec)->cap = 0)

/* Makes room for one more than len; false when memory ran out. */
bool ox_vec_grow(void **items, size_t *cap, size_t len, size_t item_size);

#endif
