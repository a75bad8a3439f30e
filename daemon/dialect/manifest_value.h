/* manifest_value.h - FileManifest: files by relative path, to be installed as a tree. */
#ifndef OX_DIALECT_MANIFEST_VALUE_H
#define OX_DIALECT_MANIFEST_VALUE_H

#include "daemon/bundle/tree.h"
#include "daemon/dialect/session.h"

struct ox_exe_value;

struct ox_manifest_value {
	struct ox_tree tree;
	const char *runnable; /* path of the last executable that was added; NULL: none */
	const char *runs_on;  /* where it runs; NULL: not known */
};

extern const struct ox_star_type ox_manifest_type;
extern const struct ox_star_function ox_manifest_function, ox_glob_function;

ox_star_value ox_manifest_value_new(struct ox_dialect *d);
struct ox_manifest_value *ox_manifest_value_of(ox_star_value v); /* NULL: not one */

/* The only file of a sorted tree that may be run; NULL: none, or several. */
const char *ox_tree_only_program(const struct ox_tree *tree);

int ox_manifest_add_executable(struct ox_manifest_value *m, struct ox_slice prefix, struct ox_exe_value *exe,
			       struct ox_err *err);

/* The methods add_python_resource and add_python_resources (manifest_python.c). */
extern const struct ox_star_param ox_manifest_resource_params[], ox_manifest_resources_params[];
ox_star_native ox_manifest_add_resource, ox_manifest_add_resources;

#endif
