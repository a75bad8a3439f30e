#include "client/cmd/order.h"

static int run(struct ox_cli *cli)
{
	struct ox_options *o = &cli->options;
	struct ox_order order;
	struct ox_err err;
	char *named[] = {(char *)(uintptr_t)o->target};
	bool by_option = o->target && o->word_count == 0;
	int code = ox_order_make(&order, o, OX_BUILD_BUILD, o->path, &err);
	if (!code && o->target && o->word_count)
		code = ox_fail(&err, OX_EUSAGE, "--target %s and other targets exclude each other", o->target);
	if (!code)
		code = by_option ? ox_order_targets(&order, named, 1, &err)
				 : ox_order_targets(&order, o->words, o->word_count, &err);
	int exit_code = code ? ox_cli_fail(cli, &err) : ox_cli_ask(cli, ox_order_how(o), &order.msg, NULL);
	if (!code && by_option && exit_code == -OX_EUSAGE)
		ox_output_say(cli->output, "note",
			      "--target %s was taken as a target of the configuration: it names no known platform",
			      o->target);
	ox_order_free(&order);
	return exit_code;
}

const struct ox_command ox_command_build = {
	.name = "build",
	.synopsis = "[OPTION]... [TARGET]...",
	.summary = "build targets of a configuration",
	.details = "Builds the named targets, or the default one, into build/PLATFORM/debug (or release)/TARGET\n"
		   "beside the configuration. Nothing is done again whose inputs did not change.\n",
	.options = OX_OPTION_COMMON | OX_OPTION_PATH | OX_OPTION_RELEASE | OX_OPTION_TARGET_TRIPLE | OX_OPTION_TARGET |
		   OX_OPTION_VAR | OX_OPTION_VAR_ENV | OX_OPTION_NO_DAEMON | OX_OPTION_OFFLINE | OX_OPTION_REFRESH |
		   OX_OPTION_EXPLAIN | OX_OPTION_DETACH,
	.run = run,
};
