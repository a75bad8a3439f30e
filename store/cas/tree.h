/* tree.h - whole folders in the store: extracted distributions.
 *
 *     trees/<digest>/manifest   what is in it (manifest.h); its SHA-256 is the digest
 *     trees/<digest>/files/     read-only files and folders
 *     trees/<digest>/boot       8 bytes: 0, or the hash of the boot id under which it was written
 *
 * A tree appears under its name by rename(2), complete: a killed process leaves none of one. Nothing waits for the
 * disk; after another boot all its bytes are read once before it is trusted, and what a power loss tore is found. All
 * its files carry one fixed time: whatever writes to one changes that, and a tree of which a file is missing, or has
 * another kind, size or time than it should, is moved to quarantine/ when it is looked for, and absent from then on.
 * ox_tree_verify reads the bytes too. gc treats a tree as one object of the size of its files; leases and roots
 * name it by its digest. */
#ifndef OX_CAS_TREE_H
#define OX_CAS_TREE_H

#include "store/cas/store.h"

/* 2024-01-01: archives know no earlier one than 1980. */
enum { OX_TREE_TIME = 1704067200 };

/* Makes `folder`, below a folder of ox_store_temp_dir, a tree: it has "files" and nothing else, as the manifest says,
 * read-only, with OX_TREE_TIME. It is gone from there afterwards, unless the call fails. Already there is success. */
int ox_tree_put(struct ox_store *s, const char *folder, struct ox_slice manifest, struct ox_digest *digest,
		struct ox_err *err);

/* 1: it is there; *path (may be NULL) is its files' folder. 0: it is not. */
int ox_tree_find(struct ox_store *s, const struct ox_digest *digest, struct ox_buf *path, struct ox_err *err);

/* Reads all its bytes: 1 right, 0 absent, OX_ECORRUPT saying what is wrong, or another error. */
int ox_tree_verify(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);
int ox_tree_quarantine(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);
int ox_tree_remove(struct ox_store *s, const struct ox_digest *digest, struct ox_err *err);

/* Every tree, by its name alone; `bytes` is what its manifest says, `made` its time in seconds. fn ends the
 * walk with a value other than 0. */
typedef int ox_tree_fn(void *ctx, const struct ox_digest *digest, uint64_t bytes, uint64_t made);
int ox_tree_each(struct ox_store *s, ox_tree_fn *fn, void *ctx, struct ox_err *err);

#endif
