/* toolchain.h - the C compiler of the client's environment, and everything of it that shapes its output.
 *
 * The compiler is what CC names (with arguments), else cc, gcc or clang on the client's PATH. Its
 * identity is the digests of the driver, of the programs that it calls (cc1, as, ld,
 * collect2) and of the start files and system libraries that end up in every executable.
 * Its search folders are asked for once and kept as a step; looking names up in them is
 * then done here, so that a build in which nothing changed starts no program. */
#ifndef OX_LINK_TOOLCHAIN_H
#define OX_LINK_TOOLCHAIN_H

#include "daemon/python/distribution.h"
#include "proto/base/buf.h"

#include <pthread.h>

/* A file that takes part, by content. */
struct ox_link_input {
	const char *name; /* as asked for: "cc1", "libz.a" */
	const char *path;
	struct ox_digest digest;
};

struct ox_toolchain {
	const char *const *argv; /* the driver (absolute path), CC's own arguments, those for the sysroot */
	size_t argc, named;      /* all; the driver and CC's own */
	const struct ox_digest *sysroot;   /* the tree that has it; NULL: this machine's C library */
	bool is_musl;                      /* a compiler for musl, which no sysroot has */
	const char *const *env;            /* NAME=VALUE, NULL-terminated: what the compiler is run with */
	const char *const *programs;       /* folders, NULL-terminated */
	const char *const *libraries;      /* folders, NULL-terminated */
	const struct ox_link_input *parts; /* driver, passes, start files */
	size_t part_count;
};

/* The compiler for what is linked with a distribution: an archive may bring a C library of its own (its sysroot);
 * for a static one without it is a compiler for musl, which CC_x86_64_unknown_linux_musl names, else musl-gcc.
 * `dist` may be NULL. OX_EBUILD names the package that brings a compiler. */
int ox_toolchain_find(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_toolchain *out,
		      struct ox_err *err);

/* Finds file `name` as the compiler would; OX_ENOENT without a message worth showing when it is absent. */
int ox_toolchain_library(struct ox_build_context *ctx, const struct ox_toolchain *t, const char *name,
			 struct ox_link_input *out, struct ox_err *err);

/* The path of a program among the parts, or NULL. */
const char *ox_toolchain_program(const struct ox_toolchain *t, const char *name);

/* Digest of a file that is an input of the build, recorded in the memo. */
int ox_link_input_read(struct ox_build_context *ctx, const char *name, const char *path, struct ox_link_input *out,
		       struct ox_err *err);

/* The compiler's identity as inputs of a step. */
void ox_toolchain_add(const struct ox_toolchain *t, struct ox_step *step);

/* One run of the compiler: `args` after the driver's own. */
struct ox_toolchain_job {
	const char *const *args;
	size_t count;
	const char *cwd;
	pthread_mutex_t *lock; /* held around the question whether the build is cancelled; NULL: one thread only */
	struct ox_buf output;  /* out: what it printed; released by the caller */
	bool failed;           /* out: it ran, and ended with another status than 0 */
};

/* OX_EBUILD when it failed, OX_EEXHAUSTED for want of space. May be called from several threads. */
int ox_toolchain_run(struct ox_build_context *ctx, const struct ox_toolchain *t, struct ox_toolchain_job *job,
		     struct ox_err *err);

/* Its output as log lines: errors when it failed, else for the verbose. */
void ox_toolchain_tell(struct ox_build_context *ctx, const struct ox_toolchain_job *job);

#endif
