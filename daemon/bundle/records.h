/* records.h - the records of one segment, put together from what was scanned and compiled. */
#ifndef OX_BUNDLE_RECORDS_H
#define OX_BUNDLE_RECORDS_H

#include "daemon/bundle/tier.h"
#include "daemon/bundle/wants_file.h"
#include "daemon/python/bytecode.h"
#include "runtime/pack/resource.h"

struct ox_segment_plan {
	struct ox_build_context *ctx;
	struct ox_compiler *compiler;
	const struct ox_distribution *dist;
	enum ox_resource_origin origin;
	const struct ox_bundle_entry *entries; /* of this origin, in order */
	size_t entry_count;
	const struct ox_tiers *tiers;
	const struct ox_extract_rules *extract;
	const struct ox_packed_library **libraries; /* of this origin, by name */
	size_t library_count;
};

struct ox_records {
	OX_VEC(struct ox_pack_resource) v;
	OX_VEC(struct ox_view) views; /* the bytes that the records borrow */
	struct ox_buf wants_file;     /* packages that are given real files: "a, b" */
	struct ox_buf adds_folders;   /* packages that import from folders: "a, b" */
	struct ox_buf compiled;       /* the table of what else is compiled (runtime/pack/compiled.h) */
};

/* Compiles what is missing and borrows the bytes of everything. Release with ox_records_free, also after a failure. */
int ox_records_make(const struct ox_segment_plan *plan, struct ox_records *out, struct ox_err *err);
void ox_records_free(struct ox_records *r);

#endif
