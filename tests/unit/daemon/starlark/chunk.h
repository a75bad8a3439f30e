/* chunk.h - the programs below testdata/. A file holds chunks separated by lines of
 * "---"; each is evaluated on its own. A comment "### pattern" (an extended
 * regular expression) says that an error on its line is expected; every error
 * must be expected and every expected one must come. A chunk that begins with
 * "# option: NAME" sets an option: strict, recursion, late. */
#ifndef OX_TESTS_STARLARK_CHUNK_H
#define OX_TESTS_STARLARK_CHUNK_H

#include "daemon/starlark/thread.h"

struct chunk {
	const char *file;
	uint32_t first_line; /* of the file */
	char *text;
	void *user;            /* of the visitor */
	struct ox_buf printed; /* for print_of() */
	bool any_message;      /* assert_fails() is content with any failure */
};

/* Calls visit for each chunk, files in the order of their names; ends the program when they cannot be read. Returns
 * how many there were. */
int chunks_each(void (*visit)(struct chunk *c), void *user);

/* What the chunk says, load() and print(); the sink is left alone. */
void chunk_options(struct chunk *c, struct ox_star_options *options);
/* assert_eq(), assert_fails() and so on; -1: failing. */
int chunk_define(struct ox_star *s);

uint32_t chunk_lines(const char *text);
/* Does the extended regular expression occur in the text? */
bool chunk_matches(const char *pattern, struct ox_slice text);

#endif
