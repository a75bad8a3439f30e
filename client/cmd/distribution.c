/* python-distribution and its relatives, find-resources: questions about archives of Python and what they bring. */
#include "client/cmd/order.h"
#include "client/conn/paths.h"

#include <errno.h>
#include <unistd.h>

/* The folder may not be there yet: no realpath. */
static struct ox_slice absolute(struct ox_arena *arena, const char *cwd, const char *path)
{
	return ox_slice_str(path[0] == '/' ? ox_arena_str(arena, path) : ox_arena_printf(arena, "%s/%s", cwd, path));
}

static int fill(struct ox_distribution_request *d, struct ox_arena *arena, const char *archive,
		const char *destination, const char *path, struct ox_err *err)
{
	struct ox_buf store = {0};
	char *cwd = getcwd(NULL, 0);
	int code = cwd ? ox_store_path(&store, err) : ox_fail_errno(err, errno, "cannot find out the current folder");
	if (!code) {
		d->cwd = ox_arena_slice(arena, ox_slice_str(cwd));
		d->store = ox_arena_slice(arena, ox_buf_view(&store));
		d->archive = archive ? absolute(arena, cwd, archive) : OX_SLICE("");
		d->destination = destination ? absolute(arena, cwd, destination) : OX_SLICE("");
		d->path = path ? absolute(arena, cwd, path) : OX_SLICE("");
		if (!d->cwd.data || !d->store.data || !d->archive.data || !d->destination.data || !d->path.data)
			code = ox_fail_nomem(err, "a request");
	}
	if (!code)
		code = ox_order_environment(arena, &d->environment, &d->environment_count, err);
	free(cwd);
	ox_buf_free(&store);
	return code;
}

/* What a request names; NULL what it does not. */
struct names {
	const char *archive, *destination, *path, *registered;
};

static int ask(struct ox_cli *cli, enum ox_distribution_verb verb, const struct names *names, int code,
	       struct ox_err *err)
{
	struct ox_options *o = &cli->options;
	struct ox_arena arena = {0};
	struct ox_msg msg = {.kind = OX_MSG_DISTRIBUTION,
			     .as.distribution = {.verb = verb,
						 .offline = o->offline,
						 .verbosity = o->verbosity,
						 .name = ox_slice_str(names->registered),
						 .target_triple = ox_slice_str(o->target_triple),
						 .scan_distribution = o->scan_distribution,
						 .no_classify = o->no_classify,
						 .no_files = o->no_files}};
	if (!code)
		code = fill(&msg.as.distribution, &arena, names->archive, names->destination, names->path, err);
	int exit_code = code ? ox_cli_fail(cli, err) : ox_cli_ask(cli, ox_order_how(o), &msg, NULL);
	ox_arena_free(&arena);
	return exit_code;
}

static int ask_about_word(struct ox_cli *cli, enum ox_distribution_verb verb)
{
	const struct ox_options *o = &cli->options;
	struct ox_err err;
	int code = o->word_count == 1 ? 0 : ox_fail(&err, OX_EUSAGE, "name one archive");
	return ask(cli, verb, &(struct names){.archive = code ? NULL : o->words[0]}, code, &err);
}

static int run_info(struct ox_cli *cli)
{
	return ask_about_word(cli, OX_DISTRIBUTION_INFO);
}

static int run_licenses(struct ox_cli *cli)
{
	return ask_about_word(cli, OX_DISTRIBUTION_LICENSES);
}

static int run_extract(struct ox_cli *cli)
{
	const struct ox_options *o = &cli->options;
	struct names names = {.archive = o->archive_path};
	struct ox_err err;
	int code = 0;
	if (o->word_count != 1)
		code = ox_fail(&err, OX_EUSAGE, "name one folder to extract to");
	else if (!o->archive_path && !o->download_default)
		code = ox_fail(&err, OX_EUSAGE, "say which archive: --archive-path PATH or --download-default");
	else if (o->archive_path && o->download_default)
		code = ox_fail(&err, OX_EUSAGE, "use one of --archive-path and --download-default");
	else
		names.destination = o->words[0];
	return ask(cli, OX_DISTRIBUTION_EXTRACT, &names, code, &err);
}

static int run_registered(struct ox_cli *cli)
{
	static const struct {
		const char *name, *missing;
		enum ox_distribution_verb verb;
		size_t least, most; /* words after it */
	} verbs[] = {
		{"add", "name one archive: oxc python-distribution add FILE", OX_DISTRIBUTION_ADD, 1, 1},
		{"list", "`oxc python-distribution list` takes no name", OX_DISTRIBUTION_LIST, 0, 0},
		{"remove", "name the one to remove, as `oxc python-distribution list` shows it",
		 OX_DISTRIBUTION_REMOVE, 1, 1},
		{"default", "name one, as `oxc python-distribution list` shows it", OX_DISTRIBUTION_DEFAULT, 0, 1},
	};
	const struct ox_options *o = &cli->options;
	struct names names = {0};
	struct ox_err err;
	size_t at = 0, count = o->word_count ? o->word_count - 1 : 0;
	while (at < OX_COUNT(verbs) && (!o->word_count || strcmp(o->words[0], verbs[at].name) != 0))
		at++;
	if (at == OX_COUNT(verbs)) {
		ox_fail(&err, OX_EUSAGE, "say what to do: oxc python-distribution add, list, remove or default");
		return ox_cli_fail(cli, &err);
	}
	bool wrong = count < verbs[at].least || count > verbs[at].most;
	int code = wrong ? ox_fail(&err, OX_EUSAGE, "%s", verbs[at].missing) : 0;
	if (verbs[at].verb == OX_DISTRIBUTION_ADD)
		names.archive = code ? NULL : o->words[1];
	else if (count)
		names.registered = o->words[1];
	return ask(cli, verbs[at].verb, &names, code, &err);
}

static int run_find_resources(struct ox_cli *cli)
{
	const struct ox_options *o = &cli->options;
	struct ox_err err;
	int code = 0;
	if (o->word_count > 1 || (o->word_count == 0 && !o->scan_distribution))
		code = ox_fail(&err, OX_EUSAGE, "name one folder or wheel");
	else if (o->no_classify && o->no_files)
		code = ox_fail(&err, OX_EUSAGE, "--no-classify-files and --no-emit-files together leave nothing");
	return ask(cli, OX_DISTRIBUTION_RESOURCES, &(struct names){.path = o->word_count ? o->words[0] : NULL}, code,
		   &err);
}

#define TAKEN (OX_OPTION_COMMON | OX_OPTION_NO_DAEMON)

const struct ox_command ox_command_distribution_extract = {
	.name = "python-distribution-extract",
	.synopsis = "DESTINATION --archive-path PATH | --download-default",
	.summary = "write the files of an archive of Python into a folder",
	.details = "Takes .tar.zst, .tar.gz and .tar.xz. Nothing that is in DESTINATION is replaced.\n",
	.options = TAKEN | OX_OPTION_ARCHIVE | OX_OPTION_OFFLINE,
	.run = run_extract,
};

const struct ox_command ox_command_distribution_info = {
	.name = "python-distribution-info",
	.synopsis = "ARCHIVE",
	.summary = "show what an archive of Python has",
	.details = "What it is for and how it was built, its extension modules, modules and resources.\n",
	.options = TAKEN,
	.run = run_info,
};

const struct ox_command ox_command_distribution_licenses = {
	.name = "python-distribution-licenses",
	.synopsis = "ARCHIVE",
	.summary = "show libraries and licences of an archive's extension modules",
	.details = "Licences are as the archive states them; that is no legal promise.\n",
	.options = TAKEN,
	.run = run_licenses,
};

const struct ox_command ox_command_distribution = {
	.name = "python-distribution",
	.synopsis = "add FILE | list | remove NAME | default [NAME]",
	.summary = "manage the distributions of Python to build from",
	.details = "  add      check an archive, unpack it into the store and keep it there\n"
		   "  list     what is registered; * marks the default of a platform\n"
		   "  remove   forget one\n"
		   "  default  take one first, of those for its platform; without a name: show the defaults\n\n"
		   "default_python_distribution() takes a registered one before any other: the default of\n"
		   "the platform if it is of the wanted version, else the newest. NAME may be how a name begins.\n",
	.options = TAKEN | OX_OPTION_OFFLINE,
	.run = run_registered,
};

const struct ox_command ox_command_find_resources = {
	.name = "find-resources",
	.synopsis = "[OPTION]... PATH",
	.summary = "show the Python resources in a folder or wheel",
	.details = "Each file, and what it means to Python: modules, extension modules, data of packages and so on.\n",
	.options = TAKEN | OX_OPTION_RESOURCES | OX_OPTION_TARGET_TRIPLE | OX_OPTION_OFFLINE,
	.run = run_find_resources,
};
