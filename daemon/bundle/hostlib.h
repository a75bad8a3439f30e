/* hostlib.h - shared libraries of this machine, found as its dynamic loader would. */
#ifndef OX_BUNDLE_HOSTLIB_H
#define OX_BUNDLE_HOSTLIB_H

#include "daemon/python/resource.h"

/* Part of glibc, so present and to be left alone wherever a result runs. */
bool ox_is_glibc_library(const char *soname);

/* Looks for `soname` in the folders of `runpath` (absolute ones; may be NULL), then in the loader's own.
 * Every place that was looked at is recorded in the memo. 1 found, 0 not, or an error. */
int ox_host_library(struct ox_build_context *ctx, const char *soname, const char *runpath, struct ox_blob *out,
		    struct ox_err *err);

#endif
