#include "client/cmd/options.h"

#include <getopt.h>

struct option_row {
	int id; /* the short option's letter, or a number above all letters */
	const char *name;
	unsigned bit;
	int values; /* 0, 1 or 2 */
	const char *metavar, *help;
};

enum option_id {
	ID_PATH = 256,
	ID_RELEASE,
	ID_TARGET_TRIPLE,
	ID_TARGET,
	ID_VAR,
	ID_VAR_ENV,
	ID_NO_DAEMON,
	ID_OFFLINE,
	ID_REFRESH,
	ID_EXPLAIN,
	ID_DETACH,
	ID_PYTHON_CODE,
	ID_PIP_INSTALL,
	ID_DRY_RUN,
	ID_REPAIR,
	ID_NOW,
	ID_CHECK,
	ID_ARCHIVE_PATH,
	ID_DOWNLOAD_DEFAULT,
	ID_SCAN_DISTRIBUTION,
	ID_NO_CLASSIFY,
	ID_NO_FILES,
	ID_DISTRIBUTIONS_DIR,
	ID_JSON,
	ID_SYSTEM_RUST,
};

static const struct option_row rows[] = {
	{ID_PATH, "path", OX_OPTION_PATH, 1, "PATH",
	 "folder of the configuration file, or the file itself (default: .)"},
	{ID_RELEASE, "release", OX_OPTION_RELEASE, 0, "", "build for release rather than for debugging"},
	{ID_TARGET_TRIPLE, "target-triple", OX_OPTION_TARGET_TRIPLE, 1, "TRIPLE",
	 "platform to build for (default: this one)"},
	{ID_TARGET, "target", OX_OPTION_TARGET, 1, "TARGET",
	 "target of the configuration; a platform is taken as --target-triple"},
	{ID_VAR, "var", OX_OPTION_VAR, 2, "NAME VALUE", "set VARS[NAME] in the configuration"},
	{ID_VAR_ENV, "var-env", OX_OPTION_VAR_ENV, 2, "NAME ENV", "set VARS[NAME] to the environment variable ENV"},
	{ID_NO_DAEMON, "no-daemon", OX_OPTION_NO_DAEMON, 0, "", "do the work without the daemon"},
	{ID_OFFLINE, "offline", OX_OPTION_OFFLINE, 0, "", "use the network for nothing"},
	{ID_REFRESH, "refresh", OX_OPTION_REFRESH, 0, "", "resolve unpinned requirements again"},
	{ID_EXPLAIN, "explain", OX_OPTION_EXPLAIN, 0, "",
	 "say of each step that ran why it did (with -v: also what was reused)"},
	{ID_DETACH, "detach", OX_OPTION_DETACH, 0, "", "keep building when this command goes away"},
	{ID_PYTHON_CODE, "python-code", OX_OPTION_PYTHON_CODE, 1, "CODE", "Python code that the executable runs"},
	{ID_PIP_INSTALL, "pip-install", OX_OPTION_PIP_INSTALL, 1, "PKG",
	 "package to install with pip; may be repeated"},
	{ID_DRY_RUN, "dry-run", OX_OPTION_DRY_RUN, 0, "", "gc: only say what would be removed"},
	{ID_REPAIR, "repair", OX_OPTION_REPAIR, 0, "", "verify: take what is damaged out of the store"},
	{ID_NOW, "now", OX_OPTION_NOW, 0, "", "stop: cancel running builds instead of waiting for them"},
	{ID_CHECK, "check", OX_OPTION_CHECK, 0, "", "change nothing; list the files that would change"},
	{ID_ARCHIVE_PATH, "archive-path", OX_OPTION_ARCHIVE, 1, "PATH", "the archive"},
	{ID_DOWNLOAD_DEFAULT, "download-default", OX_OPTION_ARCHIVE, 0, "",
	 "the archive that oxidizer knows for this platform; downloaded unless it was before"},
	{ID_SCAN_DISTRIBUTION, "scan-distribution", OX_OPTION_RESOURCES, 0, "",
	 "list the Python distribution's own resources too"},
	{ID_NO_CLASSIFY, "no-classify-files", OX_OPTION_RESOURCES, 0, "", "list files as they are, not what they mean"},
	{ID_NO_FILES, "no-emit-files", OX_OPTION_RESOURCES, 0, "", "leave out files"},
	/* PyOxidizer's: the store keeps distributions. */
	{ID_DISTRIBUTIONS_DIR, "distributions-dir", OX_OPTION_RESOURCES, 1, "DIR", NULL},
	{'e', "expression", OX_OPTION_EXPRESSION, 1, "EXPR", "evaluate EXPR and print its value; may be repeated"},
	{'v', "verbose", OX_OPTION_COMMON, 0, "", "say more; may be repeated"},
	{'q', "quiet", OX_OPTION_COMMON, 0, "", "say only what went wrong"},
	{ID_JSON, "json", OX_OPTION_COMMON, 0, "", "write one JSON object per line to standard output"},
	{ID_SYSTEM_RUST, "system-rust", OX_OPTION_COMMON, 0, NULL, NULL}, /* PyOxidizer's; nothing to choose here */
	{'h', "help", OX_OPTION_COMMON, 0, "", "show this help"},
};

bool ox_option_is_global(const char *word)
{
	if (word[0] != '-' || !word[1])
		return false;
	if (word[1] != '-')
		return strspn(word + 1, "vq") == strlen(word + 1);
	for (size_t i = 0; i < OX_COUNT(rows); i++)
		if (strcmp(rows[i].name, word + 2) == 0)
			return rows[i].values == 0 && (rows[i].bit & (OX_OPTION_COMMON | OX_OPTION_NO_DAEMON));
	return false;
}

bool ox_is_target_triple(const char *word)
{
	static const char *const systems[] = {
		"-linux-gnu", "-linux-musl", "-apple-darwin", "-pc-windows-msvc", "-pc-windows-gnu",
	};
	for (size_t i = 0; i < OX_COUNT(systems); i++)
		if (ox_slice_ends(ox_slice_str(word), ox_slice_str(systems[i])) && word[0] != '-')
			return true;
	return false;
}

static int add_variable(struct ox_options *o, const char *name, const char *value, struct ox_err *err)
{
	for (size_t i = 0; i < o->vars.len; i++)
		if (ox_slice_eq_str(o->vars.items[i].name, name))
			return ox_fail(err, OX_EUSAGE, "the variable %s is given twice", name);
	struct ox_name_value *var = ox_vec_push(&o->vars);
	if (!var)
		return ox_fail_nomem(err, "variables");
	*var = (struct ox_name_value){.name = ox_slice_str(name), .value = ox_slice_str(value), .unset = !value};
	return 0;
}

static int apply_value(struct ox_options *o, int id, const char *value, const char *second, struct ox_err *err)
{
	switch (id) {
	case ID_PATH:
		o->path = value;
		return 0;
	case ID_TARGET_TRIPLE:
		o->target_triple = value;
		return 0;
	case ID_TARGET:
		if (ox_is_target_triple(value))
			o->target_triple = value;
		else
			o->target = value;
		return 0;
	case ID_VAR:
		return add_variable(o, value, second, err);
	case ID_VAR_ENV:
		return add_variable(o, value, getenv(second), err);
	case ID_ARCHIVE_PATH:
		o->archive_path = value;
		return 0;
	case ID_DISTRIBUTIONS_DIR:
		return 0;
	case ID_PYTHON_CODE:
		o->python_code = value;
		return 0;
	case 'e': {
		struct ox_slice *slot = ox_vec_push(&o->expressions);
		if (slot)
			*slot = ox_slice_str(value);
		return slot ? 0 : ox_fail_nomem(err, "expressions");
	}
	default: {
		const char **slot = ox_vec_push(&o->pip_install);
		if (slot)
			*slot = value;
		return slot ? 0 : ox_fail_nomem(err, "packages");
	}
	}
}

static void apply_flag(struct ox_options *o, int id)
{
	switch (id) {
	case 'v':
		o->verbosity++;
		break;
	case 'q':
		o->verbosity = 0;
		break;
	case 'h':
		o->help = true;
		break;
	default: {
		bool *const flags[] = {
			[ID_RELEASE - ID_PATH] = &o->release, [ID_NO_DAEMON - ID_PATH] = &o->no_daemon,
			[ID_OFFLINE - ID_PATH] = &o->offline, [ID_REFRESH - ID_PATH] = &o->refresh,
			[ID_EXPLAIN - ID_PATH] = &o->explain, [ID_DETACH - ID_PATH] = &o->detach,
			[ID_DRY_RUN - ID_PATH] = &o->dry_run, [ID_REPAIR - ID_PATH] = &o->repair,
			[ID_NOW - ID_PATH] = &o->now,         [ID_CHECK - ID_PATH] = &o->check,
			[ID_DOWNLOAD_DEFAULT - ID_PATH] = &o->download_default,
			[ID_SCAN_DISTRIBUTION - ID_PATH] = &o->scan_distribution,
			[ID_NO_CLASSIFY - ID_PATH] = &o->no_classify,
			[ID_NO_FILES - ID_PATH] = &o->no_files,
			[ID_JSON - ID_PATH] = &o->json,
		};
		size_t at = (size_t)(id - ID_PATH);
		if (at < OX_COUNT(flags) && flags[at])
			*flags[at] = true;
	}
	}
}

static int apply(struct ox_options *o, const struct option_row *row, int argc, char **argv, struct ox_err *err)
{
	const char *second = NULL;
	if (row->values == 2) {
		/* getopt knows of one value; the next word is the other. */
		if (optind >= argc)
			return ox_fail(err, OX_EUSAGE, "--%s needs two values: --%s %s", row->name, row->name,
				       row->metavar);
		second = argv[optind++];
	}
	if (row->values)
		return apply_value(o, row->id, optarg, second, err);
	apply_flag(o, row->id);
	return 0;
}

static const struct option_row *row_of(int id)
{
	for (size_t i = 0; i < OX_COUNT(rows); i++)
		if (rows[i].id == id)
			return &rows[i];
	return NULL;
}

static int fail_word(int found, const char *word, struct ox_err *err)
{
	const struct option_row *row = row_of(optopt);
	if (found == ':' && row)
		return ox_fail(err, OX_EUSAGE, "--%s needs a value: --%s %s", row->name, row->name, row->metavar);
	if (row && row->values == 0 && strchr(word, '='))
		return ox_fail(err, OX_EUSAGE, "--%s takes no value", row->name);
	return ox_fail(err, OX_EUSAGE, "unknown option %s", word);
}

/* Fills in what getopt wants to know of the options that are taken. */
static void list_options(unsigned taken, struct option *table, char *letters)
{
	for (size_t i = 0; i < OX_COUNT(rows); i++) {
		const struct option_row *row = &rows[i];
		if (!(row->bit & taken))
			continue;
		*table++ = (struct option){row->name, row->values ? required_argument : no_argument, NULL, row->id};
		if (row->id < 256) {
			*letters++ = (char)row->id;
			if (row->values)
				*letters++ = ':';
		}
	}
}

int ox_options_parse(struct ox_options *o, unsigned taken, bool stop_at_word, int argc, char **argv, struct ox_err *err)
{
	struct option table[OX_COUNT(rows) + 1] = {{0}};
	char letters[2 * OX_COUNT(rows) + 3] = "+:";
	list_options(taken, table, letters + 2);
	*o = (struct ox_options){.verbosity = 1};
	optind = 0; /* glibc: start anew */
	opterr = 0;
	for (;;) {
		int at = optind ? optind : 1;
		int found = getopt_long(argc, argv, letters + (stop_at_word ? 0 : 1), table, NULL);
		if (found < 0)
			break;
		const struct option_row *row = found == '?' || found == ':' ? NULL : row_of(found);
		/* getopt has moved on from a long option, but not within "-vx". */
		int code = row ? apply(o, row, argc, argv, err)
			       : fail_word(found, argv[optind > at ? optind - 1 : at], err);
		if (code)
			return code;
	}
	o->words = argv + optind;
	o->word_count = (size_t)(argc - optind);
	return 0;
}

void ox_options_free(struct ox_options *o)
{
	ox_vec_free(&o->pip_install);
	ox_vec_free(&o->expressions);
	ox_vec_free(&o->vars);
}

void ox_options_help(struct ox_buf *out, unsigned taken)
{
	for (size_t i = 0; i < OX_COUNT(rows); i++) {
		const struct option_row *row = &rows[i];
		if (!(row->bit & taken) || !row->help)
			continue;
		char left[64], letter[8] = "    ";
		if (row->id < 256)
			snprintf(letter, sizeof letter, "-%c, ", row->id);
		snprintf(left, sizeof left, "%s--%s %s", letter, row->name, row->metavar);
		ox_buf_printf(out, "  %-28s %s\n", left, row->help);
	}
}
