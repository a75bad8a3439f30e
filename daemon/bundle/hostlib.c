#include "daemon/bundle/hostlib.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

static const char *const glibc_family[] = {
	"libc.so.",	 "libm.so.",   "libdl.so.",   "libpthread.so.", "librt.so.",	  "libutil.so.",
	"libresolv.so.", "libanl.so.", "libmvec.so.", "libnss_",	"ld-linux",	  "libBrokenLocale.so.",
	"libthread_db.so.",
};

#ifdef __aarch64__
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "x86_64-linux-gnu"
#endif

static const char *const folders[] = {
	"/usr/local/lib/" MULTIARCH, "/usr/local/lib", "/lib/" MULTIARCH, "/usr/lib/" MULTIARCH,
	"/lib64",		     "/usr/lib64",     "/lib",		  "/usr/lib",
};

bool ox_is_glibc_library(const char *soname)
{
	for (size_t i = 0; i < OX_COUNT(glibc_family); i++)
		if (strncmp(soname, glibc_family[i], strlen(glibc_family[i])) == 0)
			return true;
	return false;
}

/* A linker script or a library for another machine is passed over, as the loader does. */
static bool is_loadable(const char *path)
{
	unsigned char ident[EI_NIDENT] = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, ident, sizeof(ident));
	close(fd);
	return n == (ssize_t)sizeof(ident) && memcmp(ident, ELFMAG, SELFMAG) == 0 && ident[EI_CLASS] == ELFCLASS64 &&
	       ident[EI_DATA] == ELFDATA2LSB;
}

static int try_folder(struct ox_build_context *ctx, struct ox_slice dir, const char *soname, struct ox_blob *out,
		      struct ox_err *err)
{
	const char *path = ox_arena_printf(ctx->arena, "%.*s/%s", OX_SLICE_ARG(dir), soname);
	if (!path)
		return ox_fail_nomem(err, "looking for libraries");
	if (!is_loadable(path)) {
		ox_memo_file(ctx->memo, path);
		return 0;
	}
	out->path = path;
	int rc = ox_actions_file_digest(ctx->actions, path, &out->digest, &out->size, err);
	if (rc)
		return rc;
	ox_memo_file_digest(ctx->memo, path, &out->digest);
	return 1;
}

int ox_host_library(struct ox_build_context *ctx, const char *soname, const char *runpath, struct ox_blob *out,
		    struct ox_err *err)
{
	int rc = 0;
	if (strchr(soname, '/'))
		return 0;
	while (!rc && runpath && *runpath) {
		size_t n = strcspn(runpath, ":");
		if (*runpath == '/')
			rc = try_folder(ctx, ox_slice(runpath, n), soname, out, err);
		runpath += n + (runpath[n] == ':');
	}
	for (size_t i = 0; !rc && i < OX_COUNT(folders); i++)
		rc = try_folder(ctx, ox_slice_str(folders[i]), soname, out, err);
	return rc;
}
