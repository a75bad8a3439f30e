/* extract.h - an archive, fetched and unpacked into a tree of the store, as a step "extract".
 *
 * The step is keyed by the archive's digest and what is appended to its files. What is there as a tree is neither
 * fetched nor unpacked again, also when the archive itself was collected since. Several builders wait for one. */
#ifndef OX_TRANSFER_EXTRACT_H
#define OX_TRANSFER_EXTRACT_H

#include "daemon/transfer/fetch.h"
#include "daemon/transfer/unpack.h"

struct ox_extracted {
	struct ox_digest tree; /* store/cas/tree.h */
	const char *path;      /* folder of its files, read-only; in the arena */
};

/* Errors are those of ox_fetch and ox_archive_unpack. `append` may be NULL. */
int ox_extract(struct ox_actions *actions, struct ox_arena *arena, const struct ox_fetch *from,
	       const struct ox_archive_appendix *append, struct ox_extracted *out, struct ox_err *err);

#endif
