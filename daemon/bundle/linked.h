/* linked.h - the extension modules that become part of an executable: an archive's, with their licences, and those of
 * packages that were built from source. */
#ifndef OX_BUNDLE_LINKED_H
#define OX_BUNDLE_LINKED_H

#include "daemon/bundle/tier.h"
#include "daemon/link/stub.h"

/* Fills in out->variants: those that are packaged as linked, and those that no interpreter does without. */
int ox_linked_choose(struct ox_build_context *ctx, const struct ox_distribution *dist,
		     const struct ox_bundle_set *set, struct ox_stub_options *out, struct ox_err *err);

/* Says which licences the libraries linked with them have: in one line, those of copyleft ones in a warning each. */
int ox_linked_tell_licenses(struct ox_build_context *ctx, const struct ox_stub_options *linked, struct ox_err *err);

/* Fills in out->modules: what was built from source and is meant for memory. */
int ox_linked_collect(struct ox_build_context *ctx, const struct ox_bundle_set *set, struct ox_stub_options *out,
		      struct ox_err *err);

#endif
