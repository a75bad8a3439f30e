/* pip_inputs.h - everything that the result of "pip install ARGS" depends on and that
 * can be known beforehand: arguments, PIP_* variables, configuration files (present or
 * absent), requirement and constraint files with what they include, local projects and archives,
 * folders of wheels. All of it goes into a step's key and into ctx->memo. */
#ifndef OX_PYTHON_PIP_INPUTS_H
#define OX_PYTHON_PIP_INPUTS_H

#include "daemon/python/distribution.h"

/* What pip is asked for; borrowed. */
struct ox_pip_request {
	const struct ox_slice *args; /* of "pip install" */
	size_t arg_count;
	const char *const *extra_env; /* NAME=VALUE, NULL-terminated; may be NULL */
};

struct ox_pip_inputs {
	size_t requirements; /* asked for by name, file or folder */
	bool all_exact;      /* each is "name==version", a local file or a local folder */
	bool no_deps;
	bool local_source;   /* a folder of wheels, a local archive or project was given */
	struct ox_digest building; /* over what a wheel that is built from source depends on besides its source */
	const char *label;   /* "pyflakes==3.2.0 ...": for messages, in the arena */
};

/* OX_EUSAGE for arguments that would send the result elsewhere (--target, --user). */
int ox_pip_inputs_add(struct ox_build_context *ctx, const struct ox_distribution *dist,
		      const struct ox_pip_request *request, struct ox_step *step, struct ox_pip_inputs *out,
		      struct ox_err *err);

#endif
