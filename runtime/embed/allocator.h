/* allocator.h - the memory allocator that the configuration names, put under Python's
 * allocation domains.
 *
 * An allocator is linked into the stub or it is not; its functions are weak references here, so
 * that one set of sources serves every stub. "default" and "rust" (which names no
 * allocator that exists here) are the process's own malloc. */
#ifndef OX_EMBED_ALLOCATOR_H
#define OX_EMBED_ALLOCATOR_H

#include "runtime/embed/program.h"

/* After pre-initialisation, before the core. OX_EUSAGE when the allocator is not linked
 * in, or when the domains asked for exclude each other. */
int ox_allocator_install(const struct ox_program *p, struct ox_err *err);

#endif
