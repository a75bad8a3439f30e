/* runs_on.h - where a result runs, in one line for people. */
#ifndef OX_BUNDLE_RUNS_ON_H
#define OX_BUNDLE_RUNS_ON_H

#include "daemon/bundle/elf.h"

/* "needs glibc 2.36 or later (Debian 12, Ubuntu 23.04, Fedora 37, RHEL 10, ...)" in the arena; NULL when
 * memory ran out. */
const char *ox_runs_on(struct ox_arena *arena, struct ox_glibc_version needed);

#endif
