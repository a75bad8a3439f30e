/* patterns.h - regular expressions that were compiled when the program was built.
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
 *             4    4   1: the pattern is bytes, 0: text
 *             8    4   flags, as given to re.compile
 *            12    4   flags of the compiled pattern
 *            16    4   length of the pattern
 *            20    4   length of the body
 *            24        pattern (UTF-8), body
 *
 * Body: numbers of 7 bits a byte, the lowest first, bit 7 set in all but the last byte of one. How many groups; how
 * many names of groups, and for each its group, its length and its UTF-8; how many words of code, and those.
 *
 * An entry is found by what is asked for, pattern, kind and flags, so a table can lack something but never answer
 * wrongly. As with bytecode, the checksum tells of accidents, and what somebody has written on purpose runs: _sre looks
 * through the code that it is given, but not for all that could be wrong with it. Probing is linear from
 * hash & (H - 1) and ends at a free slot. Whatever does not fit reads as absent. */
#ifndef OX_PACK_PATTERNS_H
#define OX_PACK_PATTERNS_H

#include "proto/base/buf.h"

struct ox_pattern {
	struct ox_slice text; /* the pattern */
	bool is_bytes;
	uint32_t flags, final_flags;
	struct ox_slice body;
};

/* Appends the table of all lists to out; nothing when there are no entries. Of equal entries the first is taken, of
 * lists for different interpreters those that agree with the first. OX_ECORRUPT when a list is none. */
int ox_patterns_write(const struct ox_slice *lists, size_t count, struct ox_buf *out, struct ox_err *err);

/* The table in a segment at that offset; false when it does not fit. */
bool ox_patterns_at(struct ox_slice segment, uint32_t offset, struct ox_slice *table);

/* Whether it was made for this interpreter. */
bool ox_patterns_fit(struct ox_slice table, uint32_t magic, uint32_t version);

/* Looks for wanted->text with wanted->is_bytes and flags, and fills the rest. */
bool ox_patterns_find(struct ox_slice table, struct ox_pattern *wanted);

/* Takes the next number, or the next `len` bytes, off a body. */
bool ox_patterns_number(struct ox_slice *body, uint32_t *number);
bool ox_patterns_bytes(struct ox_slice *body, uint32_t len, struct ox_slice *bytes);

#endif
