#include "daemon/link/package.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *file, *package;
} packages[] = {
	{"cc", "gcc"},
	{"libbz2.a", "libbz2-dev"},
	{"libcrypt.a", "libcrypt-dev"},
	{"libcrypto.a", "libssl-dev"},
	{"libdb.a", "libdb-dev"},
	{"libexpat.a", "libexpat1-dev"},
	{"libffi.a", "libffi-dev"},
	{"libgdbm.a", "libgdbm-dev"},
	{"libgdbm_compat.a", "libgdbm-compat-dev"},
	{"libintl.a", "libc6-dev"},
	{"libjemalloc.a", "libjemalloc-dev"},
	{"libjemalloc_pic.a", "libjemalloc-dev"},
	{"liblzma.a", "liblzma-dev"},
	{"libmpdec.a", "libmpdec-dev"},
	{"libncursesw.a", "libncurses-dev"},
	{"libnsl.a", "libnsl-dev"},
	{"libpanelw.a", "libncurses-dev"},
	{"libreadline.a", "libreadline-dev"},
	{"libsqlite3.a", "libsqlite3-dev"},
	{"libssl.a", "libssl-dev"},
	{"libtinfo.a", "libncurses-dev"},
	{"libtirpc.a", "libtirpc-dev"},
	{"libuuid.a", "uuid-dev"},
	{"libz.a", "zlib1g-dev"},
	{"libzstd.a", "libzstd-dev"},
	{"musl-gcc", "musl-tools"},
};

const char *ox_package_for_file(const char *file)
{
	for (size_t i = 0; i < sizeof(packages) / sizeof(packages[0]); i++)
		if (strcmp(packages[i].file, file) == 0)
			return packages[i].package;
	return NULL;
}
