/* question.h - a LANGUAGE message made of the options, and everything it points to. */
#ifndef OX_CMD_QUESTION_H
#define OX_CMD_QUESTION_H

#include "client/cmd/command.h"

struct ox_question {
	struct ox_msg msg;
	struct ox_arena arena; /* what msg points to, beside argv and the environment */
};

/* Fills in the request without any source: folder, variables, environment, expressions, store. Free the
 * question in any case. */
int ox_question_make(struct ox_question *q, const struct ox_options *options, enum ox_language_verb verb,
		     struct ox_err *err);

/* The sources: named files (or folders of a configuration), "-" for standard input, which is read here; without
 * any word the configuration that a build would take from `path`. */
int ox_question_sources(struct ox_question *q, char *const *words, size_t count, const char *path, struct ox_err *err);

void ox_question_free(struct ox_question *q);

#endif
