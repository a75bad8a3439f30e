/* pip_tree.h - what pip installed: into the store, and from there to resources.
 *
 * Each file is one output of the step, called "x PATH" when it is executable and "- PATH"
 * otherwise, in the order of ox_listing_read; after them, for those whose objects were captured, what captured.h says.
 * Scripts are left out, of bin/ only machine code is kept; and RECORD is freed of
 * the lines about bin/ and other places, so that the outputs are the same wherever pip ran. */
#ifndef OX_PYTHON_PIP_TREE_H
#define OX_PYTHON_PIP_TREE_H

#include "daemon/python/listing.h"
#include "daemon/python/resource.h"

/* `captures`: a folder of captures (daemon/capture/record.h), or NULL. */
int ox_pip_tree_store(struct ox_build_context *ctx, const char *target, const char *captures,
		      struct ox_step_result *result, struct ox_err *err);

int ox_pip_tree_resources(struct ox_build_context *ctx, const struct ox_distribution *dist,
			  const struct ox_outputs *outputs, struct ox_resources *out, struct ox_err *err);

/* Appends the lines of a RECORD that are about kept files. */
void ox_pip_clean_record(struct ox_slice text, struct ox_buf *out);

/* "pyflakes 3.2.0, black 24.1": the distributions among resources. Returns how many. */
size_t ox_pip_tree_names(const struct ox_resources *resources, size_t from, struct ox_buf *out);

#endif
