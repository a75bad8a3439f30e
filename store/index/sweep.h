/* sweep.h - what gc removes whatever the store's size: leftovers. */
#ifndef OX_INDEX_SWEEP_H
#define OX_INDEX_SWEEP_H

#include "store/index/gc.h"

/* Folders of dead processes, downloads that nobody went on with, lock files that nobody holds, old quarantine,
 * old records. */
int ox_sweep(struct ox_store *s, bool dry_run, struct ox_gc_report *report, struct ox_err *err);

#endif
