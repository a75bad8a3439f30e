/* compiled.h - what else was compiled when the program was built: regular expressions that its sources state, and the
 * code of texts that the standard library will generate for its classes.
 *
 * A list is what the interpreter of a build gives for one module (daemon/python/pattern_list.py); a table is what a
 * payload's segment holds for all of its modules, used in place. Both are for one interpreter: compiled patterns are
 * its module _sre's own code. Integers are little-endian words of 4 bytes unless said otherwise.
 *
 * List:    _sre.MAGIC, sys.hexversion, then entries without their checksum.
 *
 * Table:   offset size
 *             0    4   size of the table in bytes
 *             4    4   _sre.MAGIC
 *             8    4   sys.hexversion
 *            12    4   number of hash slots H, a power of two, more than there are entries
 *            16        H times 8 bytes: hash; offset of the entry in the table (0: free)
 *                      entries
 *
 * Entry:      0    4   checksum (sum.h) of all that follows
 *             4    4   kind (enum ox_compiled_kind)
 *             8    4   flags, as given to re.compile; of generated code zero
 *            12    4   flags of the compiled pattern, or zero
 *            16    4   length of the pattern or text
 *            20    4   length of the body
 *            24        pattern or text (UTF-8), body
 *
 * The body of generated code is the marshalled code object that compile(text, "<string>", KIND) gives when nothing
 * is asked for that would alter it: no flags of the caller's, any level of optimisation.
 *
 * Body of a pattern: numbers of 7 bits a byte, the lowest first, bit 7 set in all but the last byte of one. How many
 * groups; how many names of groups, and for each its group, its length and its UTF-8; how many words of code, and
 * those.
 *
 * An entry is found by what is asked for, text, kind and flags, so a table can lack something but never answer
 * wrongly. As with bytecode, the checksum tells of accidents, and what somebody has written on purpose runs: _sre looks
 * through the code that it is given, but not for all that could be wrong with it. Probing is linear from
 * hash & (H - 1) and ends at a free slot. Whatever does not fit reads as absent. */
#ifndef OX_PACK_COMPILED_H
#define OX_PACK_COMPILED_H

#include "proto/base/buf.h"

enum ox_compiled_kind {
	OX_COMPILED_PATTERN, /* a regular expression for text */
	OX_COMPILED_BYTES_PATTERN,
	OX_COMPILED_EXEC, /* generated code, to be executed */
	OX_COMPILED_EVAL, /* the same, an expression */
};

struct ox_compiled {
	struct ox_slice text; /* the pattern, or what code was generated as */
	uint32_t kind;
	uint32_t flags, final_flags;
	struct ox_slice body;
};

/* Appends the table of all lists to out; nothing when there are no entries. Of equal entries the first is taken, of
 * lists for different interpreters those that agree with the first. OX_ECORRUPT when a list is none. */
int ox_compiled_write(const struct ox_slice *lists, size_t count, struct ox_buf *out, struct ox_err *err);

/* The table in a segment at that offset; false when it does not fit. */
bool ox_compiled_at(struct ox_slice segment, uint32_t offset, struct ox_slice *table);

/* Whether its patterns were made for this interpreter; its generated code was when the version is the same. */
bool ox_compiled_fit(struct ox_slice table, uint32_t magic, uint32_t version);
bool ox_compiled_fit_code(struct ox_slice table, uint32_t version);

/* Looks for wanted->text with wanted->kind and flags, and fills the rest. */
bool ox_compiled_find(struct ox_slice table, struct ox_compiled *wanted);

/* The next entry of a list, *whole being its bytes; *list begins without its head. False when it does not fit. */
bool ox_compiled_next(struct ox_slice *list, struct ox_compiled *entry, struct ox_slice *whole);

/* Takes the next number, or the next `len` bytes, off a body. */
bool ox_compiled_number(struct ox_slice *body, uint32_t *number);
bool ox_compiled_bytes(struct ox_slice *body, uint32_t len, struct ox_slice *bytes);

#endif
