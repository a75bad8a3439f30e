/* heap.h - malloc's memory in huge pages.
 *
 * glibc's malloc takes 132 KiB at a time from the kernel, and a program of some size spends 2 % of its start in the
 * faults for their pages. So it is made to take 4 MiB at once, from an address where a huge page can begin, for which
 * huge pages are asked (madvise; /sys/kernel/mm/transparent_hugepage decides). Nothing of it is used that the program
 * does not ask for; what it uses grows by 1 MiB on average. Where malloc is another one than glibc's nothing is
 * done. */
#ifndef OX_EMBED_HEAP_H
#define OX_EMBED_HEAP_H

/* Before other threads exist. */
void ox_heap_grow(void);

#endif
