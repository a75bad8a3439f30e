/* live.h - the scan of live objects before an early exit (see leave.h). */
#ifndef OX_EMBED_LIVE_H
#define OX_EMBED_LIVE_H

#include "runtime/importer/compat.h"

#include <stdbool.h>

/* How many objects the collector has set aside (gc.freeze): it does not list them. Some
 * versions of CPython start with a few. */
long ox_live_frozen(void);

/* False when objects were set aside since the start, when some object's teardown could be
 * observed, or when that cannot be told. */
bool ox_live_is_harmless(long frozen_at_start);

/* Flushes every open file. Before a teardown: a file in a reference cycle may lose what it
 * holds there, because its layers are finalised in any order. Errors are left for the
 * teardown to meet and report. */
void ox_live_flush_files(void);

#endif
