/* facts.h - what tools know of the dialect beside its argument tables: all its types, what its
 * functions give, and which names are of an older generation, with what is written today. */
#ifndef OX_DIALECT_FACTS_H
#define OX_DIALECT_FACTS_H

#include "daemon/starlark/lint.h"

extern const struct ox_star_type *const ox_dialect_types[]; /* NULL-ended */
extern const struct ox_lint_fact ox_dialect_facts[];         /* ended by a zeroed one */

#endif
