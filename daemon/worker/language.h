/* language.h - one LANGUAGE request, from its message to its result event.
 *
 * Exit codes of the result: 0; 1 "findings" when lint or a format check found something; 2
 * when a source cannot be read or is no program of the language (the other sources are
 * still looked at); 130 when cancelled. No file is changed. */
#ifndef OX_WORKER_LANGUAGE_H
#define OX_WORKER_LANGUAGE_H

#include "daemon/worker/workplace.h"

/* Always ends in one result event. */
void ox_worker_language(struct ox_worker_sink *sink, const struct ox_language *request);

/* One request at work: what the verbs share. */
struct ox_language_work {
	struct ox_workplace place;
	struct ox_worker_sink *sink;
	const struct ox_language *request;
	size_t findings; /* more than 0: exit code 1 */
};

/* Looks at one source. OX_EUSAGE: it is no program; its errors were emitted. */
typedef int ox_language_look(struct ox_language_work *w, struct ox_slice path, struct ox_slice text,
			     struct ox_err *err);

/* Looks at every source. OX_EUSAGE from one is remembered, and the next one looked at; anything else ends it. */
int ox_language_each(struct ox_language_work *w, ox_language_look *look, struct ox_err *err);

/* What a verb does, each in a file of its own. */
typedef int ox_language_run(struct ox_language_work *w, struct ox_err *err);
ox_language_run ox_language_evaluate, ox_language_format, ox_language_lint;

#endif
