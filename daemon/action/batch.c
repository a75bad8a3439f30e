#include "daemon/action/inside.h"

#include "proto/base/clock.h"
#include "store/index/index.h"

/* A lock per step would need a descriptor per step: steps of a batch share a few, by
 * the first bits of their keys. Batches take them in ascending order, so that two never
 * wait for each other. */
enum { STRIPES = 32 };

struct batch {
	struct ox_actions *actions;
	struct ox_step **steps;
	size_t count;
	struct ox_outputs *outs;
	struct ox_digest *keys;      /* per step */
	struct ox_slice *lost;       /* per step */
	struct ox_explanation *whys; /* per step */
	size_t *missed;              /* indices of steps */
	size_t missed_count;
	struct ox_step_result **results; /* per missed step */
	struct ox_lock locks[STRIPES];
	uint64_t cost; /* of each missed step, on average */
};

static int allocate(struct batch *b, struct ox_arena *arena, struct ox_err *err)
{
	size_t n = b->count ? b->count : 1;
	b->keys = ox_arena_array(arena, n, sizeof *b->keys);
	b->lost = ox_arena_array(arena, n, sizeof *b->lost);
	b->whys = ox_arena_array(arena, n, sizeof *b->whys);
	b->missed = ox_arena_array(arena, n, sizeof *b->missed);
	b->results = ox_arena_array(arena, n, sizeof *b->results);
	for (size_t i = 0; i < STRIPES; i++)
		b->locks[i] = OX_LOCK_NONE;
	return b->keys && b->lost && b->whys && b->missed && b->results ? 0 : ox_fail_nomem(err, "build steps");
}

/* Looks `candidates` up (all steps when NULL) and leaves those not found in `missed`. */
static int look_up(struct batch *b, bool again, struct ox_err *err)
{
	size_t n = again ? b->missed_count : b->count, missed = 0;
	int rc = ox_index_begin_read(b->actions->store, err);
	if (rc)
		return rc;
	for (size_t j = 0; rc >= 0 && j < n; j++) {
		size_t i = again ? b->missed[j] : j;
		rc = ox_outcome_find(b->actions->store, &b->keys[i], b->steps[i]->arena, &b->outs[i],
				     again ? NULL : &b->lost[i], err);
		if (rc == 0)
			b->missed[missed++] = i;
	}
	ox_index_end_read(b->actions->store);
	b->missed_count = missed;
	return rc < 0 ? rc : 0;
}

static int take_locks(struct batch *b, struct ox_err *err)
{
	bool wanted[STRIPES] = {false};
	for (size_t j = 0; j < b->missed_count; j++)
		wanted[b->keys[b->missed[j]].bytes[0] % STRIPES] = true;
	for (size_t i = 0; i < STRIPES; i++) {
		char name[80];
		if (!wanted[i])
			continue;
		snprintf(name, sizeof name, "%.*s-%zu", OX_SLICE_ARG(b->steps[b->missed[0]]->kind), i);
		int rc = ox_actions_lock(b->actions, name, &b->locks[i], err);
		if (rc)
			return rc;
	}
	return 0;
}

static int record(struct batch *b, struct ox_err *err)
{
	struct ox_store *s = b->actions->store;
	int rc = ox_index_begin_write(s, err);
	if (rc)
		return rc;
	for (size_t j = 0; rc == 0 && j < b->missed_count; j++)
		rc = ox_outcome_record(s, &b->keys[b->missed[j]], b->results[j], b->cost, err);
	int ended = ox_index_end_write(s, rc == 0, rc ? NULL : err);
	return rc ? rc : ended;
}

static int run_missed(struct batch *b, ox_step_batch_fn *fn, void *ctx, struct ox_err *err)
{
	int rc = ox_actions_check_cancel(b->actions, err);
	if (rc)
		return rc;
	for (size_t j = 0; j < b->missed_count; j++) {
		b->results[j] = ox_step_result_new(b->steps[b->missed[j]]->arena);
		if (!b->results[j])
			return ox_fail_nomem(err, "results of build steps");
	}
	uint64_t start = ox_clock_mono();
	rc = fn(ctx, b->missed, b->missed_count, b->results, err);
	b->cost = (ox_clock_mono() - start) / b->missed_count;
	if (rc == 0)
		rc = record(b, err);
	for (size_t j = 0; rc == 0 && j < b->missed_count; j++)
		ox_outputs_of(b->results[j], &b->outs[b->missed[j]]);
	return rc;
}

/* Compared in one read transaction, remembered in one write transaction if there is something to
 * remember, and told outside both: whoever listens may be slow. */
static void explain(struct batch *b)
{
	struct ox_actions *a = b->actions;
	bool is_new = false;
	bool begun = ox_index_begin_read(a->store, NULL) == 0;
	for (size_t i = 0; i < b->count; i++) {
		b->whys[i] = ox_explain(a->store, a->scope, b->steps[i], &b->keys[i], b->outs[i].hit, b->lost[i]);
		is_new |= b->whys[i].is_new;
	}
	if (begun)
		ox_index_end_read(a->store);
	if (!is_new || ox_index_begin_write(a->store, NULL) != 0)
		return;
	for (size_t i = 0; i < b->count; i++)
		if (b->whys[i].is_new)
			ox_explain_remember(a->store, a->scope, b->steps[i], &b->keys[i]);
	(void)ox_index_end_write(a->store, true, NULL);
}

static void tell(struct batch *b)
{
	explain(b);
	for (size_t i = 0; i < b->count; i++)
		ox_actions_tell(b->actions, b->steps[i], b->outs[i].hit, &b->whys[i], b->outs[i].hit ? 0 : b->cost);
}

int ox_actions_run_batch(struct ox_actions *a, struct ox_step **steps, size_t count, ox_step_batch_fn *fn, void *ctx,
			 struct ox_outputs *outs, struct ox_err *err)
{
	struct ox_arena arena = {0};
	struct batch b = {.actions = a, .steps = steps, .count = count, .outs = outs};
	int rc = allocate(&b, &arena, err);
	for (size_t i = 0; rc == 0 && i < count; i++)
		rc = ox_step_key(steps[i], &b.keys[i], err);
	if (rc == 0)
		rc = look_up(&b, false, err);
	if (rc == 0 && b.missed_count) {
		rc = take_locks(&b, err);
		if (rc == 0)
			rc = look_up(&b, true, err);
		if (rc == 0 && b.missed_count)
			rc = run_missed(&b, fn, ctx, err);
		for (size_t i = 0; i < STRIPES; i++)
			ox_lock_release(&b.locks[i]);
	}
	if (rc == 0)
		tell(&b);
	ox_arena_free(&arena);
	return rc;
}
