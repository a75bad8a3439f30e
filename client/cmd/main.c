/* oxc: the command line. Finds the command, parses, runs it; everything else is in
 * the command's own file. */
#include "client/cmd/command.h"
#include "proto/wire/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static bool asks_for_json(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--json") == 0)
			return true;
	return false;
}

/* Options may stand before the command: moves the command in front of them. */
static void put_command_first(int argc, char **argv)
{
	int at = 1;
	while (at < argc && ox_option_is_global(argv[at]))
		at++;
	if (at == 1 || at >= argc)
		return;
	char *command = argv[at];
	memmove(&argv[2], &argv[1], (size_t)(at - 1) * sizeof *argv);
	argv[1] = command;
}

static struct ox_output *open_output(const struct ox_options *options, const struct ox_command *command)
{
	struct ox_output_options o = {
		.json = options->json,
		.explain = options->explain,
		.timing = command == &ox_command_build,
		.verbosity = options->verbosity,
		.out = stdout,
		.err = stderr,
	};
	ox_output_detect(&o);
	return ox_output_open(&o);
}

static int usage_error(const char *command, bool json, struct ox_err *err)
{
	struct ox_cli cli = {.output = open_output(&(struct ox_options){.json = json, .verbosity = 1}, NULL)};
	size_t used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, "; see oxc %s%s--help", command, *command ? " " : "");
	err->code = OX_EUSAGE;
	int code = cli.output ? ox_cli_fail(&cli, err) : -OX_EUSAGE;
	ox_output_close(cli.output);
	return code;
}

static int run_command(const struct ox_command *command, int argc, char **argv)
{
	struct ox_cli cli = {.command = command};
	struct ox_err err = {0};
	int code = ox_options_parse(&cli.options, command->options, command->stop_at_word, argc - 1, argv + 1, &err);
	if (code) {
		code = usage_error(command->name, asks_for_json(argc, argv), &err);
	} else if (cli.options.help) {
		ox_command_print_help(command, stdout);
	} else if (!(cli.output = open_output(&cli.options, command))) {
		fputs("error: out of memory\n", stderr);
		code = -OX_EEXHAUSTED;
	} else {
		code = command->run(&cli);
	}
	ox_output_close(cli.output);
	ox_options_free(&cli.options);
	return code;
}

/* A descriptor below 3 that is closed would be taken by the next file that is opened. */
static void fill_standard_streams(void)
{
	for (int fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) < 0)
			_exit(-OX_EINTERNAL);
}

static int print_version(const char *program, bool everything)
{
	const char *slash = strrchr(program, '/');
	printf("%s %s\n", slash ? slash + 1 : program, ox_version());
	if (everything)
		printf("build: %.16s\nprotocol: %d\n", ox_build_id(), OX_PROTOCOL_MAJOR);
	return 0;
}

static int dispatch(int argc, char **argv)
{
	struct ox_err err = {0};
	if (argc < 2) {
		ox_print_overview(stderr);
		return -OX_EUSAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		return print_version(argv[0], argv[1][1] == '-');
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		ox_print_overview(stdout);
		return 0;
	}
	const struct ox_command *command = ox_command_find(argv[1]);
	if (!command) {
		ox_fail(&err, OX_EUSAGE, argv[1][0] == '-' ? "unknown option %s" : "unknown command \"%s\"", argv[1]);
		return usage_error("", asks_for_json(argc, argv), &err);
	}
	return run_command(command, argc, argv);
}

int main(int argc, char **argv)
{
	fill_standard_streams();
	put_command_first(argc, argv);
	int code = dispatch(argc, argv);
	/* What could not be written must not look like success. */
	if ((fflush(stdout) != 0 || ferror(stdout)) && code == 0)
		code = -OX_EINTERNAL;
	return code;
}
