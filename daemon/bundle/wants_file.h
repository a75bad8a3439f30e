/* wants_file.h - packages that insist on real files.
 *
 * Code that reads __file__ looks for something beside itself, or beside the module whose __file__ it reads. A module in
 * memory has no file, so such packages are marked, and the importer extracts them. The mark is for a whole top-level
 * package: what one module of it looks for belongs to another. In the standard library the use of __file__ alone says
 * nothing (it is in messages and in command lines); there the package must have data files as well.
 *
 * Of a package in another segment (the application speaks of numpy.__file__) a record with the mark alone tells; not of
 * os, of which programs ask where Python is, and which is there before the importer. Where nothing may be extracted
 * there are none. */
#ifndef OX_BUNDLE_WANTS_FILE_H
#define OX_BUNDLE_WANTS_FILE_H

#include "daemon/bundle/file_users.h"
#include "proto/base/buf.h"
#include "runtime/pack/resource.h"

/* What a configuration decides against the scan. */
struct ox_extract_rules {
	bool never; /* nothing may be extracted: what would be is an error that names it */
	const struct ox_extract_choice {
		struct ox_slice package; /* top level */
		bool files;
	} *choices;
	size_t choice_count;
};

/* The configuration's word on a package, or `scanned`. */
bool ox_extract_choose(const struct ox_extract_rules *rules, struct ox_slice package, bool scanned);

/* Marks every record whose top-level package wants files: what `users` says of it, unless the rules say otherwise; all
 * others that the rules allow files may be given some when they are asked for.
 * Modules compiled by mypyc are initialised by a shared library of their own, which is marked with them. Appends the
 * packages' names to `names`, in the records' order, with commas between. -1: no memory. */
int ox_mark_wants_file(struct ox_pack_resource *records, size_t count, const struct ox_map *users, bool is_stdlib,
		       const struct ox_extract_rules *rules, struct ox_buf *names);

/* "a" of "a.b.c". */
struct ox_slice ox_top_level(struct ox_slice name);

#endif
