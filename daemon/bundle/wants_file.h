/* wants_file.h - packages that insist on real files.
 *
 * Code that reads __file__ looks for something beside itself. A module in memory has no file, so packages
 * with such code are marked, and the importer extracts them. The mark is for a whole top-level package: what
 * one module of it looks for belongs to another. In the standard library the use of __file__ alone says nothing (it is
 * in messages and in command lines); there the package must have data files as well. */
#ifndef OX_BUNDLE_WANTS_FILE_H
#define OX_BUNDLE_WANTS_FILE_H

#include "proto/base/buf.h"
#include "proto/base/map.h"
#include "runtime/pack/resource.h"

/* Whether Python source uses the name __file__: not in a comment or string, not as an attribute. */
bool ox_source_uses_file(struct ox_slice source);

/* Marks every record whose top-level package is a key of `users`. Modules compiled by mypyc are
 * initialised by a shared library of their own, which is marked with them. Appends the packages' names to
 * `names`, with commas between. */
void ox_mark_wants_file(struct ox_pack_resource *records, size_t count, const struct ox_map *users, bool is_stdlib,
			struct ox_buf *names);

/* "a" of "a.b.c". */
struct ox_slice ox_top_level(struct ox_slice name);

#endif
