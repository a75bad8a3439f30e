/* advice.h - packages that are known to want another way of packing: the build warns, with the lines to write. */
#ifndef OX_BUNDLE_ADVICE_H
#define OX_BUNDLE_ADVICE_H

#include "daemon/bundle/collect.h"

void ox_advise(struct ox_sink *sink, const struct ox_bundle_set *set);

#endif
