#include "daemon/bundle/runs_on.h"

#include "proto/base/buf.h"

static const struct {
	const char *system, *release;
	struct ox_glibc_version glibc;
} releases[] = {
#define GLIBC_RELEASE(system, release, major, minor) {system, release, {major, minor}},
#include "daemon/bundle/glibc_releases.def"
#undef GLIBC_RELEASE
};

const char *ox_runs_on(struct ox_arena *arena, struct ox_glibc_version needed)
{
	struct ox_buf names = {0};
	const char *last = "";
	for (size_t i = 0; i < OX_COUNT(releases); i++) {
		if (ox_glibc_less(releases[i].glibc, needed) || strcmp(last, releases[i].system) == 0)
			continue;
		last = releases[i].system;
		ox_buf_printf(&names, "%s %s, ", releases[i].system, releases[i].release);
	}
	const char *line = NULL;
	if (needed.major == 0)
		line = ox_arena_str(arena, "runs on any Linux of this architecture");
	else if (!names.failed)
		line = ox_arena_printf(arena, "needs glibc %u.%u or later%s%s%s", needed.major, needed.minor,
				       names.len ? " (" : "", ox_buf_text(&names), names.len ? "...)" : "");
	ox_buf_free(&names);
	return line;
}
