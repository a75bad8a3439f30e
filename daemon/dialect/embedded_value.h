/* embedded_value.h - PythonEmbeddedResources: what an executable embeds, without the program. */
#ifndef OX_DIALECT_EMBEDDED_VALUE_H
#define OX_DIALECT_EMBEDDED_VALUE_H

#include "daemon/dialect/session.h"

extern const struct ox_star_type ox_embedded_type;
ox_star_value ox_embedded_value_new(struct ox_dialect *d, ox_star_value executable);

#endif
