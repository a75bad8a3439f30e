/* gc.h - forgetting what was not used for longest.
 *
 * gc does nothing while the store is below its high-water mark and the disk has
 * enough free space; else it removes objects, least recently used first, down to the low-water mark and
 * until the disk has enough free space. It never removes what a live lease or a
 * root names. Whatever else can be forgotten without loss (folders of dead processes,
 * old quarantine, records of actions whose outputs are gone) goes every time. Builds may run meanwhile. */
#ifndef OX_INDEX_GC_H
#define OX_INDEX_GC_H

#include "store/cas/store.h"

struct ox_gc_options {
	uint64_t high_water; /* bytes of objects; 0: always collect down to low_water */
	uint64_t low_water;
	uint64_t min_free; /* bytes that the file system should have free; 0: does not matter */
	bool dry_run;      /* only say what would be removed */
};

/* 10 GiB, 8 GiB, 1 GiB. */
struct ox_gc_options ox_gc_defaults(void);

struct ox_gc_report {
	uint64_t objects_before, bytes_before;
	uint64_t objects_removed, bytes_removed;
	uint64_t leased; /* objects kept for builds at work or roots although it was their turn */
	/* temp: folders of dead processes, and downloads that nobody went on with */
	uint64_t temp_removed, locks_removed, quarantine_removed, records_removed;
	bool low_on_disk; /* the free-space trigger fired */
};

int ox_store_gc(struct ox_store *s, const struct ox_gc_options *options, struct ox_gc_report *report,
		struct ox_err *err);

#endif
