/* dialect.h - the configuration language: from a file to built targets.
 *
 * Both generations of PyOxidizer's dialect at once: what an old file calls and what a
 * new one calls are functions over the same model (rules.h, collector.h). One
 * struct ox_dialect evaluates one file for one request:
 *
 *     ox_dialect_new -> ox_dialect_evaluate -> ox_dialect_build -> ox_dialect_free
 *
 * Everything that the file reads is recorded in context->memo. What is wrong in the
 * file is emitted as a diagnostic and is OX_EUSAGE; a step that fails is OX_EBUILD. */
#ifndef OX_DIALECT_DIALECT_H
#define OX_DIALECT_DIALECT_H

#include "daemon/python/distribution.h"

struct ox_dialect;

/* --var NAME VALUE; unset is None. */
struct ox_dialect_var {
	struct ox_slice name, value;
	bool unset;
};

/* All that is pointed to outlives the evaluation. */
struct ox_dialect_options {
	struct ox_build_context *context; /* cwd: the folder of the configuration */
	const char *config_path;          /* absolute; shown only, when `text` is given */
	const struct ox_slice *text;      /* of the main file; NULL: it is read */
	const struct ox_dialect_var *vars;
	size_t var_count;
	const struct ox_slice *targets; /* asked for; none: the default target */
	size_t target_count;
	bool list_only; /* register targets, resolve none */
};

int ox_dialect_new(const struct ox_dialect_options *options, struct ox_dialect **out, struct ox_err *err);
void ox_dialect_free(struct ox_dialect *d); /* NULL is fine */

/* Runs the file, emits one target event for each registered target, and resolves
 * what was asked for. OX_EUSAGE for an unknown target names those that there are. */
int ox_dialect_evaluate(struct ox_dialect *d, struct ox_err *err);

/* Evaluates an expression with the globals of the evaluated file, if there is one, and emits a text
 * event with its value unless that is None. */
int ox_dialect_expression(struct ox_dialect *d, struct ox_slice text, struct ox_err *err);

/* Builds the resolved targets into <build>/<triple>/<debug|release>/<target>/ and emits
 * their artifacts. */
int ox_dialect_build(struct ox_dialect *d, struct ox_err *err);

#endif
