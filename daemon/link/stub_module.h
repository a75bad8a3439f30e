/* stub_module.h - an extension module of a package that is to be linked into a stub. */
#ifndef OX_LINK_STUB_MODULE_H
#define OX_LINK_STUB_MODULE_H

#include "daemon/python/captured.h"

struct ox_stub_module {
	struct ox_slice name; /* "package._module" */
	const struct ox_captured *captured;
	const char *left_out; /* out: why it is not linked in, in the arena; NULL: it is */
};

#endif
