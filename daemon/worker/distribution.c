#include "daemon/worker/distribution.h"

#include "daemon/python/archive.h"
#include "daemon/python/archive_report.h"
#include "daemon/python/known.h"
#include "daemon/python/registered_report.h"
#include "daemon/python/resource_report.h"
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
		if (strcmp(k->triple, ctx->host_triple) == 0 && (!found || k->minor > found->minor))
			found = k;
	}
	if (found) {
		out->location = found->location;
		out->sha256 = found->sha256;
	} else if (!rc) {
		rc = ox_fail(err, OX_EUSAGE, "no archive for %s is known: give one with --archive-path",
			     ctx->host_triple);
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
	int rc = ox_archive_deliver(ctx->actions, ctx->arena, &from, folder, err);
	return rc == OX_ECORRUPT ? (err->code = OX_EUSAGE) : rc;
}

static int ask_archive(struct ox_workplace *place, const struct ox_distribution_request *request, struct ox_err *err)
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

static int add(struct ox_workplace *place, struct ox_slice path, struct ox_err *err)
{
	struct ox_archive which;
	const char *name;
	int rc = find_archive(place, path, &which, err);
	which.look_only = false;
	if (!rc)
		rc = ox_registered_add(&place->context, &which, &name, err);
	if (!rc)
		ox_emit_log(place->context.sink, OX_LEVEL_INFO, "python", "registered as %s", name);
	return rc;
}

static int change_registered(struct ox_workplace *place, const struct ox_registered_list *list, bool remove,
			     const char *name, struct ox_err *err)
{
	const struct ox_registered *which;
	int rc = ox_registered_find(list, name, &which, err);
	if (!rc)
		rc = remove ? ox_registered_remove(&place->context, which, err)
			    : ox_registered_set_default(&place->context, which, err);
	if (!rc)
		ox_emit_log(place->context.sink, OX_LEVEL_INFO, "python", "%s is %s%s", which->name,
			    remove ? "no longer registered" : "the default for ", remove ? "" : which->json->triple);
	return rc;
}

static int ask_registered(struct ox_workplace *place, const struct ox_distribution_request *request,
			  struct ox_err *err)
{
	struct ox_registered_list list = {0};
	bool remove = request->verb == OX_DISTRIBUTION_REMOVE;
	const char *name = ox_arena_printf(&place->arena, "%.*s", OX_SLICE_ARG(request->name));
	int rc = name ? ox_registered_read(&place->context, &list, err) : ox_fail_nomem(err, "a name");
	if (!rc && (remove || (request->verb == OX_DISTRIBUTION_DEFAULT && name[0])))
		rc = change_registered(place, &list, remove, name, err);
	else if (!rc)
		rc = ox_registered_report(&place->context, &list, request->verb == OX_DISTRIBUTION_DEFAULT, err);
	ox_vec_free(&list.v);
	return rc;
}

static int find_resources(struct ox_workplace *place, const struct ox_distribution_request *request,
			  struct ox_err *err)
{
	struct ox_build_context *ctx = &place->context;
	const struct ox_resource_question question = {!request->no_classify, !request->no_files};
	const struct ox_distribution *dist;
	struct ox_dist_wanted wanted = {.triple = ctx->host_triple};
	const char *path = ox_arena_printf(ctx->arena, "%.*s", OX_SLICE_ARG(request->path));
	if (request->target_triple.len)
		wanted.triple = ox_arena_printf(ctx->arena, "%.*s", OX_SLICE_ARG(request->target_triple));
	if (!path || !wanted.triple)
		return ox_fail_nomem(err, "a path");
	int rc = ox_distribution_choose(ctx, &wanted, &dist, err);
	if (!rc && request->scan_distribution) {
		ox_emit_log(ctx->sink, OX_LEVEL_INFO, "python", "scanning distribution");
		rc = ox_report_distribution_resources(ctx, dist, err);
	}
	if (!rc && path[0])
		rc = ox_report_path_resources(ctx, dist, path, &question, err);
	return rc;
}

static int answer(struct ox_workplace *place, const struct ox_distribution_request *request, struct ox_err *err)
{
	switch (request->verb) {
	case OX_DISTRIBUTION_ADD:
		return add(place, request->archive, err);
	case OX_DISTRIBUTION_LIST:
	case OX_DISTRIBUTION_REMOVE:
	case OX_DISTRIBUTION_DEFAULT:
		return ask_registered(place, request, err);
	case OX_DISTRIBUTION_RESOURCES:
		return find_resources(place, request, err);
	default:
		return ask_archive(place, request, err);
	}
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
