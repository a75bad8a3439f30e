/* inside.h - what an open store consists of; for store/cas and store/index only. */
#ifndef OX_CAS_INSIDE_H
#define OX_CAS_INSIDE_H

#include "proto/base/arena.h"
#include "proto/base/map.h"
#include "store/cas/space.h"
#include "store/cas/store.h"
#include "store/codec/codec.h"
#include "store/db/db.h"
#include "store/db/records.h"

/* Objects from this size on are files. */
enum { OX_LOOSE_MIN = 64 * 1024 };

/* Objects that this handle put, verified or used since it last wrote to the index. */
struct ox_seen {
	struct ox_map map; /* digest bytes -> struct ox_seen_entry */
	struct ox_arena arena;
};

struct ox_temp {
	char *path; /* absolute; NULL until first needed */
	int fd;     /* flocked for the life of the handle */
	unsigned counter;
};

struct ox_lease {
	unsigned holders;    /* ox_lease_take minus ox_lease_release */
	unsigned generation; /* counts leases of this handle; 0 is none */
	bool entered;        /* between enter and leave, with the lock held */
	int fd;              /* the list, flocked */
	int gc_fd;           /* the lock shared with gc */
	char *path;
};

struct ox_store {
	char *dir;
	char *small_path, *index_path, *quarantine_path;
	int dir_fd;
	struct ox_db *small;      /* objects.db, opened when first needed */
	struct ox_records *index; /* index.db, the same */
	struct ox_codec *codec;
	struct ox_seen seen;
	struct ox_temp temp;
	struct ox_lease lease;
	uint64_t boot; /* hash of the boot id; 0: unknown */
	uint64_t quarantined;
};

/* Opens index.db if it is not open: s->index. */
int ox_store_need_index(struct ox_store *s, struct ox_err *err);

/* "objects/ab/cd..." */
enum { OX_OBJECT_NAME_SIZE = sizeof "objects/" + OX_DIGEST_HEX + 1 };
void ox_object_name(const struct ox_digest *digest, char name[static OX_OBJECT_NAME_SIZE]);

/* dir/a or dir/a/b into b (cleared first). */
int ox_store_path(const struct ox_store *s, const char *a, const char *b, struct ox_buf *path, struct ox_err *err);

static inline struct ox_slice ox_digest_slice(const struct ox_digest *d)
{
	return ox_slice(d->bytes, OX_DIGEST_SIZE);
}

#endif
