/* event.h - what a build tells: plain structs, and the sink they go to.
 *
 * Every layer that has something to say takes a struct ox_sink and emits events;
 * only the ends (terminal, JSON, frames) know how they look. All strings are
 * borrowed and valid during the call to emit only. */
#ifndef OX_BASE_EVENT_H
#define OX_BASE_EVENT_H

#include "proto/base/digest_id.h"

enum ox_event_type {
	OX_EVENT_LOG = 1,
	OX_EVENT_PROGRESS,
	OX_EVENT_DIAGNOSTIC,
	OX_EVENT_TARGET,
	OX_EVENT_STEP,
	OX_EVENT_ARTIFACT,
	OX_EVENT_RESULT,
	OX_EVENT_TEXT,
};

enum ox_level { OX_LEVEL_ERROR = 1, OX_LEVEL_WARN, OX_LEVEL_INFO, OX_LEVEL_DEBUG, OX_LEVEL_TRACE };

/* One line of text, without its newline. */
struct ox_log {
	enum ox_level level;
	struct ox_slice source; /* who speaks: "pip", "cc", "config" (print), "build" */
	struct ox_slice text;
};

/* Where long work stands; dropped first when a queue is full. */
struct ox_progress {
	struct ox_slice task; /* "compiling bytecode" */
	uint64_t done, total; /* total 0: unknown */
	struct ox_slice unit; /* "modules", "bytes" */
	bool finished;
};

enum ox_severity { OX_SEVERITY_ERROR = 1, OX_SEVERITY_WARNING, OX_SEVERITY_NOTE };

/* A remark on a place in a source file. Lines and columns count from 1; columns
 * count code points; 0 means unknown. */
struct ox_diagnostic {
	enum ox_severity severity;
	struct ox_slice code; /* stable, for programs: "unknown-name" */
	struct ox_slice message;
	struct ox_slice file;
	uint32_t line, column, end_line, end_column;
	struct ox_slice source_line; /* the text of `line`, without its newline */
	struct ox_slice hint;        /* "did you mean ...", or what to do; may be empty */
	/* Call stack, innermost last, or further remarks: one "file:line: in f" a line. */
	struct ox_slice notes;
};

enum ox_target_state { OX_TARGET_REGISTERED = 1, OX_TARGET_STARTED, OX_TARGET_RESOLVED, OX_TARGET_BUILT };

struct ox_target {
	struct ox_slice name;
	enum ox_target_state state;
	bool is_default;
};

/* One build step, told for --explain. */
struct ox_step_report {
	struct ox_slice action;  /* "bytecode", "segment", ... */
	struct ox_slice subject; /* which one: "pyflakes.api" */
	bool hit;                /* answered from the store */
	struct ox_slice reason;  /* one sentence: why it ran */
	struct ox_slice changed_input; /* name of the first changed input; may be empty */
	struct ox_digest old_digest, new_digest; /* zero: absent */
	uint64_t nanoseconds;
};

struct ox_artifact {
	struct ox_slice target;
	struct ox_slice path; /* absolute */
	struct ox_digest digest;
	uint64_t size;
	bool runnable;             /* what `oxc run` runs */
	struct ox_slice runs_on;   /* "needs glibc 2.36 or later (Debian 12, ...)" */
};

/* What a question about the language asked for: a value, or a formatted file. */
struct ox_text {
	struct ox_slice file; /* may be empty */
	struct ox_slice text;
	struct ox_slice json; /* the value as JSON; empty when it has no such form */
	bool changed;         /* the formatted text differs from the file's */
};

/* The last event of every request. */
struct ox_result {
	int exit_code;           /* of oxc: see oxc(1) */
	struct ox_slice category; /* "ok", "build-failed", "configuration", ... */
	struct ox_slice message; /* one line; empty on success */
	bool memoised;           /* nothing had to be done */
	uint64_t nanoseconds;
};

struct ox_event {
	enum ox_event_type type;
	uint64_t number; /* set by whoever numbers the stream; counts from 1 */
	union {
		struct ox_log log;
		struct ox_progress progress;
		struct ox_diagnostic diagnostic;
		struct ox_target target;
		struct ox_step_report step;
		struct ox_artifact artifact;
		struct ox_result result;
		struct ox_text text;
	} as;
};

struct ox_sink {
	/* Must not fail; must copy what it keeps. */
	void (*emit)(struct ox_sink *self, const struct ox_event *event);
};

void ox_emit(struct ox_sink *sink, const struct ox_event *event); /* sink may be NULL */
void ox_emit_log(struct ox_sink *sink, enum ox_level level, const char *source, const char *fmt, ...) OX_PRINTF(4, 5);
void ox_emit_progress(struct ox_sink *sink, const char *task, uint64_t done, uint64_t total, const char *unit);

#endif
