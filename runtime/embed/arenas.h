/* arenas.h - where pymalloc's arenas come from.
 *
 * A program of some size spends a tenth of its start in faults for single pages of arenas. So once it
 * has more than OX_ARENAS_PLAIN bytes in arenas, further ones lie side by side in regions for
 * which huge pages are asked (madvise; /sys/kernel/mm/transparent_hugepage decides): one fault for 2 MiB.
 * What imports next to nothing has room in one arena and is as small as it always was; larger programs grow by
 * 1 MiB on average. */
#ifndef OX_EMBED_ARENAS_H
#define OX_EMBED_ARENAS_H

enum { OX_ARENAS_PLAIN = 1 << 20 };

/* Before the interpreter starts. */
void ox_arenas_install(void);

#endif
