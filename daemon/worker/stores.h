/* stores.h - one STORE request: figures, making room, checking everything. */
#ifndef OX_WORKER_STORES_H
#define OX_WORKER_STORES_H

#include "daemon/worker/sink.h"

/* Sends a REPORT when the work could be done, and always one result event. */
void ox_worker_store(struct ox_worker_sink *sink, const struct ox_store_request *request);

#endif
