/* action.h - build steps: keyed, run once, remembered, able to say why they ran.
 *
 * A step has a kind ("bytecode"), a subject (which one: "pyflakes.api") and
 * inputs. An input is a name and a digest: of a file's bytes, or of a text
 * (ox_step_text hashes it and keeps a short copy for explanations). The key is
 * the digest of a canonical encoding of kind, kind version and inputs in the
 * order given; the subject is not part of it. Outputs are named objects of the
 * store plus one small text of the step's own (`meta`).
 *
 * Use:  ox_step_init; ox_step_file/_text/...; ox_actions_run(..., fn, ctx, &out).
 * A hit gives the recorded outputs whose objects are present. A miss takes the
 * key's lock (single flight between threads, builds, daemons and --no-daemon
 * workers; a holder that dies releases it), looks again, and calls fn, which puts
 * outputs. fn's failure is recorded nowhere. fn may run other steps, if steps of those kinds
 * never run steps of this kind.
 *
 * Every step is reported to the sink as OX_EVENT_STEP with a reason: compared
 * with the last run of the same (scope, kind, subject) it names the first input
 * that changed, old and new digest. */
#ifndef OX_ACTION_ACTION_H
#define OX_ACTION_ACTION_H

#include "proto/base/arena.h"
#include "proto/base/event.h"
#include "store/cas/store.h"

struct ox_actions;

/* `scope` says whose history explanations refer to: config path and target. */
int ox_actions_new(struct ox_store *store, struct ox_sink *sink, const char *scope, struct ox_actions **out,
		   struct ox_err *err);
/* Ends the lease. NULL is fine. */
void ox_actions_free(struct ox_actions *a);
struct ox_store *ox_actions_store(struct ox_actions *a);
struct ox_sink *ox_actions_sink(struct ox_actions *a);
/* Steps ask this before long work; set by the worker. Returns OX_ECANCELLED or 0. */
void ox_actions_set_cancel(struct ox_actions *a, int (*check)(void *ctx, struct ox_err *err), void *ctx);
int ox_actions_check_cancel(struct ox_actions *a, struct ox_err *err);

struct ox_step; /* lives in the arena given to ox_step_new */

struct ox_step *ox_step_new(struct ox_arena *arena, const char *kind, uint32_t kind_version, const char *subject);
void ox_step_digest(struct ox_step *s, const char *name, const struct ox_digest *digest);
void ox_step_text(struct ox_step *s, const char *name, struct ox_slice text);
/* What was recorded no longer counts: the step runs, and its new result is recorded instead. */
void ox_step_renew(struct ox_step *s);

struct ox_output {
	struct ox_slice name;
	struct ox_digest digest;
	uint64_t size;
};

struct ox_outputs {
	struct ox_output *items; /* in the arena of the step */
	size_t count;
	struct ox_slice meta;
	bool hit;
};

const struct ox_output *ox_outputs_find(const struct ox_outputs *o, const char *name);

/* What fn fills in. */
struct ox_step_result;
void ox_step_result_add(struct ox_step_result *r, const char *name, const struct ox_digest *digest, uint64_t size);
void ox_step_result_meta(struct ox_step_result *r, struct ox_slice meta);

typedef int ox_step_fn(void *ctx, struct ox_step_result *result, struct ox_err *err);

int ox_actions_run(struct ox_actions *a, struct ox_step *step, ox_step_fn *fn, void *ctx, struct ox_outputs *out,
		   struct ox_err *err);

/* Many steps of one kind at once (bytecode): the misses are handed to fn together,
 * so that it can work on them in parallel. done[i] of those that were hits is true. */
typedef int ox_step_batch_fn(void *ctx, const size_t *missed, size_t missed_count, struct ox_step_result **results,
			     struct ox_err *err);
int ox_actions_run_batch(struct ox_actions *a, struct ox_step **steps, size_t count, ox_step_batch_fn *fn, void *ctx,
			 struct ox_outputs *outs, struct ox_err *err);

/* The digest of a file's bytes, remembered by its signature (device, inode, size,
 * mtime, ctime); a file touched too recently to trust that is read again. */
int ox_actions_file_digest(struct ox_actions *a, const char *path, struct ox_digest *digest, uint64_t *size,
			   struct ox_err *err);

#endif
