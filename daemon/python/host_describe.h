/* host_describe.h - from an interpreter's own answer to a distribution.
 *
 * First it is judged (what does it lack to be linked?), then the chosen one is described. */
#ifndef OX_PYTHON_HOST_DESCRIBE_H
#define OX_PYTHON_HOST_DESCRIBE_H

#include "daemon/python/probe.h"

struct ox_host_files {
	const char *libpython;   /* NULL: not there */
	const char *include;     /* folder of Python.h, NULL: not there */
	const char *platinclude; /* folder of pyconfig.h with the architecture's settings, NULL: not there */
};

/* Looks for the parts, recording in ctx->memo where. */
int ox_host_find_files(struct ox_build_context *ctx, const struct ox_probe *p, struct ox_host_files *out,
		       struct ox_err *err);

/* Appends what is wrong with it and what to do, as half a sentence; nothing when it qualifies. */
void ox_host_judge(const struct ox_probe *p, const struct ox_host_files *files, struct ox_buf *lacks);

int ox_host_describe(struct ox_build_context *ctx, const struct ox_probe *p, const struct ox_host_files *files,
		     const char *origin, const struct ox_distribution **out, struct ox_err *err);

#endif
