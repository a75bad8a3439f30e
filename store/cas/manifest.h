/* manifest.h - what a tree of the store consists of, as text.
 *
 *     oxidizer tree 1<TAB>BYTES<TAB>ENTRIES      bytes of all regular files; entries
 *     d<TAB>PATH                                 a folder
 *     f<TAB>SIZE<TAB>SHA256<TAB>PATH             a regular file; x instead of f: an executable one
 *     l<TAB>TARGET<TAB>PATH                      a symbolic link
 *
 * Lines end in LF, numbers are decimal, paths are relative, sorted by their bytes, and have no control
 * characters. The tree's name is the SHA-256 of this text. */
#ifndef OX_CAS_MANIFEST_H
#define OX_CAS_MANIFEST_H

#include "proto/base/buf.h"
#include "proto/base/digest_id.h"

struct ox_tree_entry {
	char kind; /* d, f, x or l */
	struct ox_slice path, target;
	uint64_t size;
	struct ox_digest digest;
};

/* Sorts the entries and appends the text. OX_EEXHAUSTED when memory ran out. */
int ox_manifest_write(struct ox_tree_entry *entries, size_t count, struct ox_buf *text, struct ox_err *err);

/* Takes the first line off *text; false when it is none of a manifest. */
bool ox_manifest_head(struct ox_slice *text, uint64_t *bytes, uint64_t *entries);
/* Takes the next line off *text: 1, 0 at the end, or OX_ECORRUPT. What the entry refers to is in the text. */
int ox_manifest_next(struct ox_slice *text, struct ox_tree_entry *entry);

#endif
