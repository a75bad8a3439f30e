/* executable_value.h - PythonExecutable: an executable that is being put together.
 *
 * Created by a distribution's to_python_executable with the standard library
 * already in it; scripts add to it and change it until it is built. One value is
 * shared by all targets that get it. */
#ifndef OX_DIALECT_EXECUTABLE_VALUE_H
#define OX_DIALECT_EXECUTABLE_VALUE_H

#include "daemon/dialect/collector.h"
#include "daemon/dialect/config_value.h"
#include "daemon/dialect/distribution_value.h"
#include "daemon/dialect/policy_value.h"

struct ox_exe_value {
	struct ox_dialect *dialect;
	struct ox_slice name;
	struct ox_dist_value *dist;
	ox_star_value policy;          /* given or made: never absent */
	struct ox_pack_config *config; /* a snapshot of what was given */
	struct ox_collector resources;
	struct ox_slice load_mode, windows_subsystem, windows_runtime_dlls_mode;
	ox_star_value licenses_filename, tcl_files_path;
	const struct ox_executable *built; /* NULL: not yet, or changed since */
};

extern const struct ox_star_type ox_executable_type;
struct ox_exe_value *ox_exe_value_of(ox_star_value v); /* NULL: not one */

/* The method of distributions, both signatures. */
extern const struct ox_star_param ox_to_executable_params[];
ox_star_native ox_to_executable;

/* Builds what it holds now; kept until it changes. */
int ox_exe_build(struct ox_exe_value *exe, const struct ox_executable **out, struct ox_err *err);

/* The executable and the files beside it, below `prefix`, into a tree; *path is that of the executable. */
int ox_exe_to_tree(struct ox_exe_value *exe, struct ox_slice prefix, struct ox_tree *tree, const char **path,
		   struct ox_err *err);

#endif
