/* output.h - what people and programs get to see.
 *
 * An output is a sink for a build's events. The terminal form writes for people:
 * everything on the way to standard error, what was asked for (artifacts, lists)
 * to standard output. The JSON form writes one object per line to standard output,
 * on success and on failure, and the people's text still goes to standard
 * error. The objects are described in oxc(1); each has "schema": 1. */
#ifndef OX_OUT_OUTPUT_H
#define OX_OUT_OUTPUT_H

#include "proto/base/err.h"
#include "proto/base/event.h"
#include "proto/wire/message.h"

#include <stdio.h>

struct ox_output_options {
	bool json;
	bool explain;
	bool timing; /* the result says how long it took */
	unsigned verbosity; /* 0 quiet, 1 normal, 2 and 3 more */
	FILE *out, *err;    /* standard output and error; borrowed */
	bool color, redraw; /* of err: is it a terminal that can */
};

/* What this process's environment and terminal say: NO_COLOR, TERM, isatty. */
void ox_output_detect(struct ox_output_options *options);

struct ox_output;

/* NULL when memory ran out. */
struct ox_output *ox_output_open(const struct ox_output_options *options);
void ox_output_close(struct ox_output *output); /* takes a progress line away; NULL is allowed */

struct ox_sink *ox_output_sink(struct ox_output *output);

void ox_output_report(struct ox_output *output, const struct ox_report *report);

/* Names of targets, one a line, the default one marked. `names` is sorted. */
void ox_output_targets(struct ox_output *output, const struct ox_target *targets, size_t count);

/* The last words: the result that came, or one made of an error. */
void ox_output_result(struct ox_output *output, const struct ox_result *result);
void ox_output_failure(struct ox_output *output, const struct ox_err *err, int exit_code);

/* One line for people, to standard error; "error", "warning", "note". */
void ox_output_say(struct ox_output *output, const char *kind, const char *fmt, ...) OX_PRINTF(3, 4);

/* A line of what was asked for: to standard output, or nothing with JSON. */
void ox_output_answer(struct ox_output *output, const char *fmt, ...) OX_PRINTF(2, 3);

#endif
