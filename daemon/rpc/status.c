#include "daemon/rpc/status.h"

#include "proto/base/clock.h"
#include "proto/wire/identity.h"

#include <unistd.h>

/* Resident bytes of this process; 0 when the system does not tell. */
static uint64_t resident_bytes(void)
{
	unsigned long long total, resident = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (!f)
		return 0;
	if (fscanf(f, "%llu %llu", &total, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

int ox_status_report(const struct ox_server *server, struct ox_arena *arena, struct ox_report *report,
		     struct ox_err *err)
{
	struct ox_schedule_counts c = ox_schedule_counts(server->schedule);
	uint64_t uptime = (ox_clock_mono() - server->started) / 1000000000u;
	const struct ox_report_item items[] = {
		{.name = OX_SLICE("pid"), .number = (uint64_t)getpid()},
		{.name = OX_SLICE("version"), .text = ox_slice_str(ox_version())},
		{.name = OX_SLICE("build id"), .text = ox_slice_str(ox_build_id())},
		{.name = OX_SLICE("state"), .text = server->draining ? OX_SLICE("shutting down") : OX_SLICE("serving")},
		{.name = OX_SLICE("uptime"), .number = uptime, .unit = OX_SLICE("seconds")},
		{.name = OX_SLICE("clients"), .number = server->sessions.len},
		{.name = OX_SLICE("clients served"), .number = server->clients_served},
		{.name = OX_SLICE("builds running"), .number = c.running},
		{.name = OX_SLICE("builds waiting"), .number = c.waiting},
		{.name = OX_SLICE("builds done"), .number = c.done},
		{.name = OX_SLICE("builds recalled"), .number = c.recalled},
		{.name = OX_SLICE("builds failed"), .number = c.failed},
		{.name = OX_SLICE("store"), .text = ox_slice_str(server->store)},
		{.name = OX_SLICE("runtime folder"), .text = ox_slice_str(server->runtime)},
		{.name = OX_SLICE("memory"), .number = resident_bytes(), .unit = OX_SLICE("bytes")},
	};
	report->items = ox_arena_array(arena, OX_COUNT(items), sizeof items[0]);
	if (!report->items)
		return ox_fail_nomem(err, "a report");
	memcpy(report->items, items, sizeof items);
	report->count = OX_COUNT(items);
	return 0;
}
