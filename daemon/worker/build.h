/* build.h - one BUILD request, from its message to its result event. */
#ifndef OX_WORKER_BUILD_H
#define OX_WORKER_BUILD_H

#include "daemon/worker/sink.h"

/* Always ends in one result event; what is worth remembering is written after it. */
void ox_worker_build(struct ox_worker_sink *sink, const struct ox_build *build);

#endif
