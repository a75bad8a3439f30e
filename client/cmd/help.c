#include "client/cmd/command.h"

static int run(struct ox_cli *cli)
{
	if (cli->options.word_count == 0) {
		ox_print_overview(stdout);
		return 0;
	}
	const struct ox_command *command = ox_command_find(cli->options.words[0]);
	if (!command) {
		struct ox_err err;
		ox_fail(&err, OX_EUSAGE, "unknown command \"%s\"; `oxc help` lists all", cli->options.words[0]);
		return ox_cli_fail(cli, &err);
	}
	ox_command_print_help(command, stdout);
	return 0;
}

const struct ox_command ox_command_help = {
	.name = "help",
	.synopsis = "[COMMAND]",
	.summary = "show help",
	.options = OX_OPTION_COMMON,
	.run = run,
};
