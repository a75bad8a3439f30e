/* captured.h - what extension modules that pip builds from source are linked from.
 *
 * While pip runs, compilers find our linker in front of theirs (COMPILER_PATH; daemon/capture/main.c), which keeps each
 * shared library's objects under its build id. Of what pip installed, those of known ids get two more
 * outputs in pip's step: "o PATH", the joined object, and "r PATH", its record (daemon/capture/record.h). Wheels stay
 * as they are. */
#ifndef OX_PYTHON_CAPTURED_H
#define OX_PYTHON_CAPTURED_H

#include "daemon/capture/record.h"
#include "daemon/python/resource.h"

/* Goes up when other objects are kept than before: wheels that were built until then are built again. */
enum { OX_CAPTURES_VERSION = 2 };

struct ox_captured {
	struct ox_blob object;
	struct ox_capture_record record; /* with a reason: there is no object */
};

struct ox_capturing {
	const char *linkers; /* our linker's folder; NULL: it is not installed, nothing is captured */
	const char *folder;  /* where captures go; NULL likewise */
	const char *wheels;  /* where pip keeps the wheels that it builds */
};

/* `building`: of what the wheels depend on (pip_inputs.h). Both folders outlive the step: a wheel that pip finds built
 * has its objects still. */
int ox_capturing_start(struct ox_build_context *ctx, const struct ox_digest *building, struct ox_capturing *out,
		       struct ox_err *err);

/* Appends the variables that pip is run with, NAME=VALUE. False when memory ran out. */
enum { OX_CAPTURING_VARIABLES = 3 };
bool ox_capturing_env(struct ox_build_context *ctx, const struct ox_capturing *c, const char **list, size_t *count);

/* Adds the outputs of one installed file, if there are any. */
int ox_captured_store(struct ox_build_context *ctx, const char *captures, const char *target, struct ox_slice path,
		      struct ox_step_result *result, struct ox_err *err);

/* Whether an output is one of those. */
bool ox_captured_is_output(const struct ox_output *output);

/* Sets `captured` of the extension modules among resources from index `first` on. */
int ox_captured_attach(struct ox_build_context *ctx, const struct ox_outputs *outputs, struct ox_resources *resources,
		       size_t first, struct ox_err *err);

#endif
