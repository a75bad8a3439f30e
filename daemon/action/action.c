#include "daemon/action/action.h"

#include "daemon/action/inside.h"
#include "store/cas/lease.h"
#include "store/fs/lock.h"
#include "store/index/files.h"

#include "proto/base/clock.h"

int ox_actions_new(struct ox_store *store, struct ox_sink *sink, const char *scope, struct ox_actions **out,
		   struct ox_err *err)
{
	struct ox_actions *a = calloc(1, sizeof *a);
	if (!a || !(a->scope = strdup(scope))) {
		free(a);
		return ox_fail_nomem(err, "build");
	}
	a->store = store;
	a->sink = sink;
	ox_store_refresh(store);
	int rc = ox_lease_take(store, err);
	if (rc) {
		free(a->scope);
		free(a);
		return rc;
	}
	*out = a;
	return 0;
}

void ox_actions_free(struct ox_actions *a)
{
	if (!a)
		return;
	ox_lease_release(a->store);
	free(a->scope);
	free(a);
}

struct ox_store *ox_actions_store(struct ox_actions *a)
{
	return a->store;
}

struct ox_sink *ox_actions_sink(struct ox_actions *a)
{
	return a->sink;
}

void ox_actions_set_cancel(struct ox_actions *a, int (*check)(void *ctx, struct ox_err *err), void *ctx)
{
	a->cancel = check;
	a->cancel_ctx = ctx;
}

int ox_actions_check_cancel(struct ox_actions *a, struct ox_err *err)
{
	return a->cancel ? a->cancel(a->cancel_ctx, err) : 0;
}

int ox_actions_file_digest(struct ox_actions *a, const char *path, struct ox_digest *digest, uint64_t *size,
			   struct ox_err *err)
{
	struct ox_signature signature;
	int rc = ox_files_digest(a->store, path, digest, &signature, err);
	if (rc == 0 && size)
		*size = signature.size;
	return rc;
}

static int check_cancel(void *ctx, struct ox_err *err)
{
	return ox_actions_check_cancel(ctx, err);
}

int ox_actions_lock(struct ox_actions *a, const char *name, struct ox_lock *lock, struct ox_err *err)
{
	struct ox_buf path = {0};
	bool waited = false;
	ox_buf_printf(&path, "%s/locks/%s", ox_store_dir(a->store), name);
	int rc = ox_buf_ok(&path, "file name", err);
	if (rc == 0)
		rc = ox_lock_wait(path.data, check_cancel, a, lock, &waited, err);
	if (rc == 0 && waited)
		ox_emit_log(a->sink, OX_LEVEL_DEBUG, "build",
			    "waited for another build that was running the same step");
	ox_buf_free(&path);
	return rc;
}

void ox_actions_tell(struct ox_actions *a, const struct ox_step *step, bool hit, const struct ox_explanation *why,
		     uint64_t nanoseconds)
{
	ox_emit(a->sink, &(struct ox_event){.type = OX_EVENT_STEP,
					    .as.step = {.action = step->kind,
							.subject = step->subject,
							.hit = hit,
							.reason = why->reason,
							.changed_input = why->changed,
							.old_digest = why->old_digest,
							.new_digest = why->new_digest,
							.nanoseconds = nanoseconds}});
}

void ox_outputs_of(const struct ox_step_result *r, struct ox_outputs *out)
{
	*out = (struct ox_outputs){.items = r->items, .count = r->count, .meta = r->meta};
}

static int run_missed(struct ox_actions *a, struct ox_step *step, const struct ox_digest *key, ox_step_fn *fn,
		      void *ctx, struct ox_outputs *out, uint64_t *cost, struct ox_err *err)
{
	int rc = ox_actions_check_cancel(a, err);
	if (rc)
		return rc;
	struct ox_step_result *result = ox_step_result_new(step->arena);
	if (!result)
		return ox_fail_nomem(err, "result of a step");
	uint64_t start = ox_clock_mono();
	rc = fn(ctx, result, err);
	*cost = ox_clock_mono() - start;
	if (rc == 0)
		rc = ox_outcome_record(a->store, key, result, *cost, err);
	if (rc == 0)
		ox_outputs_of(result, out);
	return rc;
}

int ox_actions_run(struct ox_actions *a, struct ox_step *step, ox_step_fn *fn, void *ctx, struct ox_outputs *out,
		   struct ox_err *err)
{
	struct ox_digest key;
	struct ox_lock lock = OX_LOCK_NONE;
	struct ox_slice lost = {0};
	char hex[OX_DIGEST_HEX + 1];
	uint64_t cost = 0;
	int rc = ox_step_key(step, &key, err);
	if (rc == 0 && !step->renew)
		rc = ox_outcome_find(a->store, &key, step->arena, out, &lost, err);
	if (rc == 0) {
		rc = ox_actions_lock(a, ox_digest_hex(&key, hex), &lock, err);
		if (rc == 0 && !step->renew) /* whoever had the lock may have done it */
			rc = ox_outcome_find(a->store, &key, step->arena, out, NULL, err);
		if (rc == 0)
			rc = run_missed(a, step, &key, fn, ctx, out, &cost, err);
		ox_lock_release(&lock);
	}
	if (rc < 0)
		return rc;
	struct ox_explanation why = ox_explain(a->store, a->scope, step, &key, out->hit, lost);
	if (why.is_new)
		ox_explain_remember(a->store, a->scope, step, &key);
	ox_actions_tell(a, step, out->hit, &why, cost);
	return 0;
}
