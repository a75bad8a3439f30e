/* sum.h - a checksum of what a payload holds, quick enough to be taken of each module that is loaded (5 GB/s and more).
 *
 * It tells bytes that a disk or a copy has altered, not those that somebody has chosen. Four lanes take in 64-bit
 * words in turn; each step is a bijection of the lane (exclusive or, an odd factor, a rotation), so that a single
 * altered word always shows in its lane. */
#ifndef OX_PACK_SUM_H
#define OX_PACK_SUM_H

#include "proto/base/slice.h"

uint32_t ox_pack_sum(struct ox_slice bytes);

#endif
