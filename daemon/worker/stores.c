#include "daemon/worker/stores.h"

#include "proto/base/clock.h"
#include "store/index/gc.h"
#include "store/index/index.h"
#include "store/index/verify.h"

#define NUMBER(label, value)                                                                                           \
	{                                                                                                              \
		.name = OX_SLICE(label), .number = (value)                                                             \
	}
#define BYTES(label, value)                                                                                            \
	{                                                                                                              \
		.name = OX_SLICE(label), .number = (value), .unit = OX_SLICE("bytes")                                  \
	}

static int report(struct ox_worker_sink *sink, struct ox_report_item *items, size_t count, struct ox_err *err)
{
	struct ox_msg msg = {.kind = OX_MSG_REPORT, .request = sink->request, .as.report = {items, count}};
	return ox_channel_send(sink->channel, &msg, err);
}

static int stats(struct ox_worker_sink *sink, struct ox_store *store, struct ox_err *err)
{
	struct ox_store_stats s;
	int rc = ox_store_stats(store, &s, err);
	if (rc != 0)
		return rc;
	struct ox_report_item items[] = {
		{.name = OX_SLICE("path"), .text = ox_slice_str(ox_store_dir(store))},
		NUMBER("objects", s.objects),
		BYTES("object bytes", s.object_bytes),
		NUMBER("large objects", s.loose_objects),
		BYTES("large object bytes", s.loose_bytes),
		NUMBER("small objects", s.small_objects),
		BYTES("small object bytes", s.small_bytes),
		NUMBER("unpacked folders", s.trees),
		BYTES("unpacked folder bytes", s.tree_bytes),
		NUMBER("remembered steps", s.actions),
		NUMBER("remembered builds", s.memos),
		NUMBER("remembered files", s.files),
		BYTES("databases", s.database_bytes),
		NUMBER("quarantined files", s.quarantined),
		NUMBER("builds at work", s.leases),
		BYTES("free on disk", s.free_bytes),
	};
	return report(sink, items, OX_COUNT(items), err);
}

static int gc(struct ox_worker_sink *sink, struct ox_store *store, const struct ox_store_request *request,
	      struct ox_err *err)
{
	struct ox_gc_report r;
	struct ox_gc_options options = ox_gc_defaults();
	options.dry_run = request->dry_run;
	if (request->high_water > 0) {
		options.high_water = request->high_water;
		options.low_water = request->high_water / 5 * 4;
	}
	int rc = ox_store_gc(store, &options, &r, err);
	if (rc != 0)
		return rc;
	struct ox_report_item items[] = {
		NUMBER("objects", r.objects_before),
		BYTES("object bytes", r.bytes_before),
		NUMBER("objects removed", r.objects_removed),
		BYTES("bytes removed", r.bytes_removed),
		NUMBER("kept for builds at work", r.leased),
		NUMBER("temporary folders removed", r.temp_removed),
		NUMBER("quarantined files removed", r.quarantine_removed),
		NUMBER("records removed", r.records_removed),
	};
	return report(sink, items, OX_COUNT(items), err);
}

static void tell_problem(void *ctx, const char *text)
{
	ox_emit_log(ctx, OX_LEVEL_ERROR, "store", "%s", text);
}

static int verify(struct ox_worker_sink *sink, struct ox_store *store, bool repair, struct ox_err *err)
{
	struct ox_verify_report r;
	int rc = ox_store_verify(store, repair, tell_problem, &sink->sink, &r, err);
	if (rc != 0)
		return rc;
	struct ox_report_item items[] = {
		NUMBER("objects read", r.objects), BYTES("bytes read", r.bytes),   NUMBER("records read", r.records),
		NUMBER("problems", r.problems),    NUMBER("repaired", r.repaired),
	};
	rc = report(sink, items, OX_COUNT(items), err);
	if (rc == 0 && r.problems > r.repaired)
		rc = ox_fail(err, OX_EBUILD, "the store has %llu problems: run `oxc store verify --repair`",
			     (unsigned long long)(r.problems - r.repaired));
	return rc;
}

void ox_worker_store(struct ox_worker_sink *sink, const struct ox_store_request *request)
{
	uint64_t start = ox_clock_mono();
	struct ox_store *store = NULL;
	struct ox_err err = {0};
	struct ox_buf dir = {0};
	ox_buf_slice(&dir, request->path);
	int rc = ox_buf_ok(&dir, "the store's path", &err);
	if (rc == 0)
		rc = ox_store_open(ox_buf_text(&dir), &store, &err);
	if (rc == 0 && request->verb == OX_STORE_STATS)
		rc = stats(sink, store, &err);
	else if (rc == 0 && request->verb == OX_STORE_GC)
		rc = gc(sink, store, request, &err);
	else if (rc == 0)
		rc = verify(sink, store, request->repair, &err);
	ox_worker_result(sink, rc, &err, false, ox_clock_mono() - start);
	ox_store_close(store);
	ox_buf_free(&dir);
}
