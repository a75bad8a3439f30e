/* arenas.h - where pymalloc's arenas come from.
 *
 * A program of some size spends a tenth of its start in faults for single pages of arenas. So once it
 * has `plain` bytes in arenas, further ones lie side by side in regions for which huge pages are asked (madvise;
 * /sys/kernel/mm/transparent_hugepage decides): one fault for 2 MiB. Small programs are as small as they always were;
 * larger ones grow by 1 MiB on average. heap.h does the same for malloc. */
#ifndef OX_EMBED_ARENAS_H
#define OX_EMBED_ARENAS_H

#include <stddef.h>

/* Before the interpreter starts. An arena has up to 1 MiB; a hello may or may not need a second one. */
void ox_arenas_install(size_t plain);

#endif
