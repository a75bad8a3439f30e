#include "daemon/worker/distribution.h"

#include "daemon/python/archive.h"
#include "daemon/python/archive_report.h"
#include "daemon/python/known.h"
#include "daemon/transfer/deliver.h"
#include "proto/base/clock.h"

/* What our own table has for this platform, the newest. */
static int find_default(struct ox_build_context *ctx, struct ox_archive *out, struct ox_err *err)
{
	struct ox_known_list list = {0};
	const struct ox_known *found = NULL;
	int rc = ox_known_read(ctx, &list, err);
	for (size_t i = 0; !rc && i < list.v.len; i++) {
		const struct ox_known *k = &list.v.items[i];
		if (strcmp(k->triple, ctx->triple) == 0 && (!found || k->minor > found->minor))
			found = k;
	}
	if (found) {
		out->location = found->location;
		out->sha256 = found->sha256;
	} else if (!rc) {
		rc = ox_fail(err, OX_EUSAGE, "no archive for %s is known: give one with --archive-path", ctx->triple);
	}
	ox_vec_free(&list.v);
	return rc;
}

static int find_archive(struct ox_workplace *place, struct ox_slice path, struct ox_archive *out, struct ox_err *err)
{
	struct ox_build_context *ctx = &place->context;
	*out = (struct ox_archive){.look_only = true};
	if (!path.len)
		return find_default(ctx, out, err);
	out->location = ox_arena_printf(&place->arena, "%.*s", OX_SLICE_ARG(path));
	if (!out->location)
		return ox_fail_nomem(err, "a path");
	int rc = ox_actions_file_digest(ctx->actions, out->location, &out->sha256, NULL, err);
	if (rc == OX_ENOENT)
		return ox_fail(err, OX_EUSAGE, "there is no file %s", out->location);
	return rc;
}

static int extract(struct ox_workplace *place, const struct ox_archive *which, struct ox_slice destination,
		   struct ox_err *err)
{
	struct ox_build_context *ctx = &place->context;
	const char *folder = ox_arena_printf(&place->arena, "%.*s", OX_SLICE_ARG(destination));
	struct ox_fetch from = {
		.url = which->location, .sha256 = which->sha256, .env = ctx->env, .offline = ctx->offline};
	if (!folder)
		return ox_fail_nomem(err, "a path");
	ox_emit_log(ctx->sink, OX_LEVEL_INFO, "python", "extracting archive to %s", folder);
	return ox_archive_deliver(ctx->actions, ctx->arena, &from, folder, err);
}

static int answer(struct ox_workplace *place, const struct ox_distribution_request *request, struct ox_err *err)
{
	struct ox_archive which;
	const struct ox_distribution *dist;
	int rc = find_archive(place, request->archive, &which, err);
	if (!rc && request->verb == OX_DISTRIBUTION_EXTRACT)
		return extract(place, &which, request->destination, err);
	if (!rc)
		rc = ox_distribution_archive(&place->context, &which, &dist, err);
	if (rc)
		return rc;
	return request->verb == OX_DISTRIBUTION_INFO ? ox_archive_report_info(&place->context, dist, err)
						     : ox_archive_report_licenses(&place->context, dist, err);
}

static int run(struct ox_workplace *place, struct ox_worker_sink *sink, const struct ox_distribution_request *request,
	       struct ox_err *err)
{
	int rc = ox_workplace_enter(place, sink, request->cwd, request->environment, request->environment_count, err);
	const char *cwd = rc ? NULL : ox_arena_printf(&place->arena, "%.*s", OX_SLICE_ARG(request->cwd));
	if (!rc && !cwd)
		rc = ox_fail_nomem(err, "a path");
	if (!rc)
		rc = ox_workplace_open_store(place, request->store, err);
	if (!rc)
		rc = ox_workplace_prepare(place, cwd, "distribution", err);
	place->context.offline = request->offline;
	if (!rc)
		rc = answer(place, request, err);
	/* A signal that stopped a step looks like the step's own failure. */
	if (rc && ox_channel_cancelled(sink->channel, NULL) != 0)
		rc = ox_fail(err, OX_ECANCELLED, "cancelled");
	return rc;
}

void ox_worker_distribution(struct ox_worker_sink *sink, const struct ox_distribution_request *request)
{
	uint64_t start = ox_clock_mono();
	struct ox_workplace place = {.sink = sink};
	struct ox_err err = {0};
	sink->level = ox_worker_level(request->verbosity);
	int rc = run(&place, sink, request, &err);
	ox_worker_result(sink, rc, &err, false, ox_clock_mono() - start);
	ox_workplace_leave(&place);
}
