/* limits.h - how much evaluating a configuration may take: the language's defaults, or what the
 * client's environment says in OXIDIZER_CONFIG_LIMITS:
 *
 *     time=SECONDS,steps=NUMBER,memory=MEBIBYTES,depth=CALLS     (any of them, in any order) */
#ifndef OX_DIALECT_LIMITS_H
#define OX_DIALECT_LIMITS_H

#include "daemon/starlark/starlark.h"

/* `text` NULL: nothing changes. OX_EUSAGE tells what is wrong with it. */
int ox_dialect_limits(const char *text, struct ox_star_options *options, struct ox_err *err);

#endif
