/* index.h - what is known beside the objects: records of index.db, and figures.
 *
 * Everything here may be lost at any time and is then found out again. */
#ifndef OX_INDEX_INDEX_H
#define OX_INDEX_INDEX_H

#include "proto/base/buf.h"
#include "store/cas/space.h"
#include "store/cas/store.h"

/* 1 found (value appended), 0 absent (or damaged, and removed), or an error. */
int ox_index_get(struct ox_store *s, enum ox_space space, struct ox_slice key, struct ox_buf *value,
		 struct ox_err *err);
int ox_index_put(struct ox_store *s, enum ox_space space, struct ox_slice key, struct ox_slice value,
		 struct ox_err *err);
/* The record was used; written at most once an hour. */
int ox_index_touch(struct ox_store *s, enum ox_space space, struct ox_slice key, struct ox_slice value,
		   struct ox_err *err);
int ox_index_remove(struct ox_store *s, enum ox_space space, struct ox_slice key, struct ox_err *err);

/* Around many gets (which see one state of index and small objects then), and
 * around many puts. They nest. */
int ox_index_begin_read(struct ox_store *s, struct ox_err *err);
void ox_index_end_read(struct ox_store *s);
int ox_index_begin_write(struct ox_store *s, struct ox_err *err);
int ox_index_end_write(struct ox_store *s, bool commit, struct ox_err *err);

/* What the store holds. */
struct ox_store_stats {
	uint64_t objects, object_bytes;      /* all objects; their own size */
	uint64_t loose_objects, loose_bytes; /* those that are files */
	uint64_t small_objects, small_bytes; /* those in objects.db; what their rows take */
	uint64_t trees, tree_bytes;          /* whole folders; their files' size */
	uint64_t actions, memos, files;      /* records of index.db */
	uint64_t database_bytes;             /* objects.db, index.db and their logs on disk */
	uint64_t quarantined;                /* files in quarantine/ */
	uint64_t leases;                     /* builds at work */
	uint64_t free_bytes;                 /* of the file system, for this user */
};
int ox_store_stats(struct ox_store *s, struct ox_store_stats *stats, struct ox_err *err);

#endif
