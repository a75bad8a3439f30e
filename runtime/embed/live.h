/* live.h - the scan of live objects before an early exit (see leave.h). */
#ifndef OX_EMBED_LIVE_H
#define OX_EMBED_LIVE_H

#include "runtime/importer/compat.h"

#include <stdbool.h>

/* False when some object's teardown could be observed, or when that cannot be told. */
bool ox_live_is_harmless(void);

#endif
