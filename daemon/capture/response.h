/* response.h - "@FILE" on a command line: the arguments that the file holds stand in its place.
 *
 * Words are separated by white space; '...' and "..." group, a backslash takes the next character as it is. */
#ifndef OX_CAPTURE_RESPONSE_H
#define OX_CAPTURE_RESPONSE_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "proto/base/vec.h"

struct ox_words {
	OX_VEC(const char *) v;
};

/* Appends the arguments, files expanded (also those that files name); a file that cannot be read stays as the word
 * that it is. OX_EUSAGE when files name each other without end. */
int ox_response_expand(char *const *args, struct ox_arena *arena, struct ox_words *out, struct ox_err *err);

#endif
