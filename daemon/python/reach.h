/* reach.h - whether an archive that could be done without can be downloaded.
 *
 * One attempt with a short patience, as a step "reach" of which the answer holds for the rest of the hour: a machine
 * without outside access does not wait for it at each build. */
#ifndef OX_PYTHON_REACH_H
#define OX_PYTHON_REACH_H

#include "daemon/python/archive.h"

/* *why NULL: the store has it now; else why it cannot be had, in the arena. OX_EPOLICY: it has another digest. */
int ox_archive_reach(struct ox_build_context *ctx, const struct ox_archive *which, const char **why,
		     struct ox_err *err);

#endif
