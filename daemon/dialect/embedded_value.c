#include "daemon/dialect/embedded_value.h"

const struct ox_star_type ox_embedded_type = {
	.name = "PythonEmbeddedResources",
	.doc = "The resources that an executable embeds. Files take them in as they take in the executable.",
};

struct embedded {
	ox_star_value executable;
};

ox_star_value ox_embedded_value_new(struct ox_dialect *d, ox_star_value executable)
{
	struct embedded *v = ox_star_alloc(d->star, sizeof *v);
	if (!v)
		return OX_STAR_FAILED;
	v->executable = executable;
	return ox_star_new_native(d->star, &ox_embedded_type, v);
}
