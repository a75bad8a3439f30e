/* layout.h - where a resource lies below an import root when it is a file. */
#ifndef OX_DIALECT_LAYOUT_H
#define OX_DIALECT_LAYOUT_H

#include "daemon/python/resource.h"

/* "pkg/mod.py", "pkg/data.txt", "Name-1.0.dist-info/METADATA", "pkg/_x.cpython-311-x86_64-linux-gnu.so". NULL for
 * what has no file (an extension module built into the interpreter) and when memory ran out. */
const char *ox_resource_path(struct ox_arena *arena, const struct ox_distribution *dist, const struct ox_resource *r);

/* "pkg/__pycache__/mod.cpython-311.opt-1.pyc" for a module. */
const char *ox_bytecode_path(struct ox_arena *arena, const struct ox_distribution *dist, const struct ox_resource *r,
			     int level);

/* "pkg.sub" -> "pkg/sub" */
char *ox_module_path(struct ox_arena *arena, struct ox_slice module);

#endif
