/* python-distribution-extract, -info, -licenses: questions about an archive of Python. */
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
		const char *destination, struct ox_err *err)
{
	struct ox_buf store = {0};
	char *cwd = getcwd(NULL, 0);
	int code = cwd ? ox_store_path(&store, err) : ox_fail_errno(err, errno, "cannot find out the current folder");
	if (!code) {
		d->cwd = ox_arena_slice(arena, ox_slice_str(cwd));
		d->store = ox_arena_slice(arena, ox_buf_view(&store));
		d->archive = archive ? absolute(arena, cwd, archive) : OX_SLICE("");
		d->destination = destination ? absolute(arena, cwd, destination) : OX_SLICE("");
		if (!d->cwd.data || !d->store.data || !d->archive.data || !d->destination.data)
			code = ox_fail_nomem(err, "a request");
	}
	if (!code)
		code = ox_order_environment(arena, &d->environment, &d->environment_count, err);
	free(cwd);
	ox_buf_free(&store);
	return code;
}

static int ask(struct ox_cli *cli, enum ox_distribution_verb verb, const char *archive, const char *destination,
	       int code, struct ox_err *err)
{
	struct ox_options *o = &cli->options;
	struct ox_arena arena = {0};
	struct ox_msg msg = {.kind = OX_MSG_DISTRIBUTION,
			     .as.distribution = {.verb = verb, .offline = o->offline, .verbosity = o->verbosity}};
	if (!code)
		code = fill(&msg.as.distribution, &arena, archive, destination, err);
	int exit_code = code ? ox_cli_fail(cli, err) : ox_cli_ask(cli, ox_order_how(o), &msg, NULL);
	ox_arena_free(&arena);
	return exit_code;
}

static int ask_about_word(struct ox_cli *cli, enum ox_distribution_verb verb)
{
	const struct ox_options *o = &cli->options;
	struct ox_err err;
	int code = o->word_count == 1 ? 0 : ox_fail(&err, OX_EUSAGE, "name one archive");
	return ask(cli, verb, code ? NULL : o->words[0], NULL, code, &err);
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
	struct ox_err err;
	int code = 0;
	if (o->word_count != 1)
		code = ox_fail(&err, OX_EUSAGE, "name one folder to extract to");
	else if (!o->archive_path && !o->download_default)
		code = ox_fail(&err, OX_EUSAGE, "say which archive: --archive-path PATH or --download-default");
	else if (o->archive_path && o->download_default)
		code = ox_fail(&err, OX_EUSAGE, "use one of --archive-path and --download-default");
	return ask(cli, OX_DISTRIBUTION_EXTRACT, o->archive_path, code ? NULL : o->words[0], code, &err);
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
