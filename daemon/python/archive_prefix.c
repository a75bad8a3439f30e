#include "daemon/python/archive_prefix.h"

static const char sysconfig_text[] =
	"\n"
	"\n"
	"# Added by oxidizer: the folder that this was built for is the one where it lies.\n"
	"def _move(values):\n"
	"    import os\n"
	"    import re\n"
	"\n"
	"    file = globals().get(\"__file__\")\n"
	"    if not file or not os.path.isfile(file):\n"
	"        return  # Read from an executable: the distribution is not on this machine.\n"
	"    folder = os.path.abspath(file)\n"
	"    for _ in range(3):\n"
	"        folder = os.path.dirname(folder)\n"
	"    prefix = re.compile(r\"(?<![a-z0-9_.])/install(?![\\w.-])\")\n"
	"    for name, value in values.items():\n"
	"        if isinstance(value, str) and \"/install\" in value:\n"
	"            values[name] = prefix.sub(lambda match: folder, value)\n"
	"\n"
	"\n"
	"_move(build_time_vars)\n"
	"del _move\n";

/* The last assignment to a variable is the one that counts. */
static const char makefile_text[] =
	"\n"
	"# Added by oxidizer: the folder that this was built for is the one where it lies.\n"
	"prefix=\t\t$(abspath $(dir $(lastword $(MAKEFILE_LIST)))../../..)\n";

static const struct ox_slice library = OX_SLICE("python/install/lib/python");

/* Moves past the first slash of `s`; false: it has none. */
static bool enter(struct ox_slice *s)
{
	const char *slash = s->len ? memchr(s->data, '/', s->len) : NULL;
	if (slash)
		*s = ox_slice(slash + 1, s->len - (size_t)(slash + 1 - s->data));
	return slash != NULL;
}

/* python/install/lib/pythonX.Y/_sysconfigdata_NAME.py and python/install/lib/pythonX.Y/config-X.Y-TRIPLE/Makefile */
static struct ox_slice text_for(struct ox_slice path)
{
	if (!ox_slice_starts(path, library))
		return (struct ox_slice){0};
	struct ox_slice name = ox_slice(path.data + library.len, path.len - library.len), last;
	if (!enter(&name))
		return (struct ox_slice){0};
	last = name;
	if (!enter(&last) && ox_slice_starts(name, OX_SLICE("_sysconfigdata")) && ox_slice_ends(name, OX_SLICE(".py")))
		return ox_slice_str(sysconfig_text);
	if (ox_slice_starts(name, OX_SLICE("config-")) && ox_slice_eq_str(last, "Makefile"))
		return ox_slice_str(makefile_text);
	return (struct ox_slice){0};
}

const struct ox_archive_appendix ox_archive_prefix = {.name = "prefix 1", .text = text_for};
