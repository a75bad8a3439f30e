/* distribution.h - one DISTRIBUTION request, from its message to its result event. */
#ifndef OX_WORKER_DISTRIBUTION_H
#define OX_WORKER_DISTRIBUTION_H

#include "daemon/worker/workplace.h"

/* Always ends in one result event. */
void ox_worker_distribution(struct ox_worker_sink *sink, const struct ox_distribution_request *request);

#endif
