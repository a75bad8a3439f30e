#include "daemon/transfer/library.h"

#include <dlfcn.h>

int ox_library_load(const char *const *names, const char *package, const struct ox_symbol *symbols, size_t count,
		    void *table, struct ox_err *err)
{
	void *library = NULL;
	for (size_t i = 0; !library && names[i]; i++)
		library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!library)
		return ox_fail(err, OX_EBUILD, "%s cannot be loaded (%s): install %s", names[0], dlerror(), package);
	for (size_t i = 0; i < count; i++) {
		void *function = dlsym(library, symbols[i].name);
		if (!function)
			return ox_fail(err, OX_EBUILD, "%s has no %s: install a newer %s", names[0], symbols[i].name,
				       package);
		/* Function and data pointers are of one form where there is dlsym. */
		memcpy((char *)table + symbols[i].offset, &function, sizeof function);
	}
	return 0;
}
