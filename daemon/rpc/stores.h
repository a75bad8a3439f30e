/* stores.h - open stores that wait for their next use.
 *
 * Opening one costs more than the question it is opened for. A handle is used by one
 * thread at a time: it is taken before a job goes to another thread and given back
 * afterwards, both in the loop's thread. A store whose folder or databases were removed or
 * replaced meanwhile is not handed out again. */
#ifndef OX_RPC_STORES_H
#define OX_RPC_STORES_H

#include "proto/base/vec.h"
#include "store/cas/store.h"

struct ox_idle_store;

struct ox_stores {
	OX_VEC(struct ox_idle_store *) idle;
};

/* An open handle of that folder, or NULL: open one. */
struct ox_store *ox_stores_take(struct ox_stores *stores, struct ox_slice dir);
/* Keeps or closes it; NULL is fine. */
void ox_stores_give(struct ox_stores *stores, struct ox_store *store);
void ox_stores_close(struct ox_stores *stores);

#endif
