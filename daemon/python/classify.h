/* classify.h - what the files below an import root are: modules, package files,
 * extensions, metadata of distributions, vendored libraries.
 *
 * Folders: one with an __init__ is a package; one that leads to modules without
 * having one is a namespace package; NAME.dist-info, NAME.egg-info and NAME.libs are what
 * they are called; site-packages and dist-packages are import roots of their own; all
 * others hold data. A data file belongs to the nearest package with an __init__
 * above it, else to the nearest namespace package, else to nobody (OX_RES_FILE). What packages
 * bring for folders of sys.prefix (share, etc, bin at the root; documentation aside) is a file
 * of a package of that name, and marked. Where both
 * a source and an extension module have a name, both are given: importers prefer the extension.
 * Left out: *.pyc, *.pyo, *.pth of a root, and what differs from one installation to
 * the next (direct_url.json, INSTALLER, REQUESTED). */
#ifndef OX_PYTHON_CLASSIFY_H
#define OX_PYTHON_CLASSIFY_H

#include "daemon/python/listing.h"
#include "daemon/python/resource.h"

/* `files` is sorted as ox_listing_read sorts and digested. Blobs get paths below
 * files->root, or none when it is NULL: then the store has the contents. Appends to `out`. */
int ox_classify(struct ox_build_context *ctx, const struct ox_distribution *dist, const struct ox_listing *files,
		enum ox_resource_origin origin, struct ox_resources *out, struct ox_err *err);

/* The value of a field ("Name") in the head of a METADATA or PKG-INFO file; empty when absent. */
struct ox_slice ox_metadata_field(struct ox_slice text, const char *field);

#endif
