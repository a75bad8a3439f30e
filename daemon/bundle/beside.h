/* beside.h - filesystem-relative resources: where they lie beside the executable, and as what.
 *
 *     PREFIX/pkg/mod.py
 *     PREFIX/pkg/__pycache__/mod.cpython-311[.opt-N].pyc   with an unchecked-hash header; beside no
 *                                                           source: PREFIX/pkg/mod.pyc
 *     PREFIX/pkg/ext.cpython-311-x86_64-linux-gnu.so
 *     PREFIX/NAME-VERSION.dist-info/FILE */
#ifndef OX_BUNDLE_BESIDE_H
#define OX_BUNDLE_BESIDE_H

#include "daemon/bundle/collect.h"
#include "daemon/bundle/tree.h"
#include "daemon/python/bytecode.h"

/* Path of the module's or extension's own file, relative to the executable; data NULL when memory ran out. */
struct ox_slice ox_beside_path(struct ox_arena *arena, const struct ox_distribution *dist,
			       const struct ox_bundle_item *item);

/* A package file's path below its package: what it is called in the payload's table of files. */
struct ox_slice ox_beside_file_name(const struct ox_resource *r);

/* Adds the files of all items that have a prefix; compiles what they need. */
int ox_beside_add(struct ox_build_context *ctx, struct ox_compiler *compiler, const struct ox_distribution *dist,
		  const struct ox_bundle_set *set, struct ox_tree *tree, struct ox_err *err);

#endif
