/* content_value.h - FileContent: the content of one file, with a name. */
#ifndef OX_DIALECT_CONTENT_VALUE_H
#define OX_DIALECT_CONTENT_VALUE_H

#include "daemon/dialect/session.h"
#include "daemon/python/resource.h"

struct ox_content_value {
	struct ox_slice filename;
	bool executable;
	struct ox_blob blob;
};

extern const struct ox_star_type ox_content_type;
extern const struct ox_star_function ox_content_function;

ox_star_value ox_content_value_new(struct ox_dialect *d, const struct ox_content_value *content);
struct ox_content_value *ox_content_value_of(ox_star_value v); /* NULL: not one */

#endif
