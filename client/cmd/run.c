#include "client/cmd/order.h"

#include <errno.h>
#include <unistd.h>

/* Passes events on, and keeps the path of the last thing that can be run. */
struct run_sink {
	struct ox_sink sink;
	struct ox_cli *cli;
	char *path;
};

static void emit(struct ox_sink *sink, const struct ox_event *event)
{
	struct run_sink *self = (struct run_sink *)sink;
	bool artifact = event->type == OX_EVENT_ARTIFACT;
	if (artifact && event->as.artifact.runnable) {
		free(self->path);
		self->path = strndup(event->as.artifact.path.data, event->as.artifact.path.len);
	}
	/* Standard output is the program's. */
	if (!artifact || self->cli->options.json)
		ox_emit(ox_output_sink(self->cli->output), event);
}

/* Becomes the program; comes back only when that fails. */
static int become(struct ox_cli *cli, char *path)
{
	struct ox_options *o = &cli->options;
	char **argv = calloc(o->word_count + 2, sizeof *argv);
	struct ox_err err;
	if (!argv) {
		ox_fail_nomem(&err, "the program's arguments");
		return ox_cli_fail(cli, &err);
	}
	argv[0] = path;
	for (size_t i = 0; i < o->word_count; i++)
		argv[i + 1] = o->words[i];
	fflush(stdout);
	fflush(stderr);
	execv(path, argv);
	ox_fail_errno(&err, errno, "cannot run %s", path);
	err.code = OX_EBUILD;
	free(argv);
	return ox_cli_fail(cli, &err);
}

static int run(struct ox_cli *cli)
{
	struct ox_options *o = &cli->options;
	struct run_sink sink = {.sink.emit = emit, .cli = cli};
	struct ox_order order;
	struct ox_err err;
	char *named[] = {(char *)(uintptr_t)o->target};
	int code = ox_order_make(&order, o, OX_BUILD_BUILD, o->path, &err);
	if (!code)
		code = ox_order_targets(&order, named, o->target ? 1 : 0, &err);
	int exit_code = code ? ox_cli_fail(cli, &err) : ox_cli_ask(cli, ox_order_how(o), &order.msg, &sink.sink);
	if (exit_code == 0 && sink.path)
		exit_code = become(cli, sink.path);
	else if (exit_code == 0)
		ox_output_say(cli->output, "note", "the target was built; it has nothing that can be run");
	ox_order_free(&order);
	free(sink.path);
	return exit_code;
}

const struct ox_command ox_command_run = {
	.name = "run",
	.synopsis = "[OPTION]... [--] [ARGUMENT]...",
	.summary = "build a target and run the program it makes",
	.details = "The program gets the arguments, the terminal and the current folder, and its exit status is\n"
		   "that of oxc.\n",
	.options = OX_OPTION_COMMON | OX_OPTION_PATH | OX_OPTION_RELEASE | OX_OPTION_TARGET_TRIPLE | OX_OPTION_TARGET |
	       OX_OPTION_VAR | OX_OPTION_VAR_ENV | OX_OPTION_NO_DAEMON | OX_OPTION_OFFLINE | OX_OPTION_REFRESH |
	       OX_OPTION_EXPLAIN,
	.stop_at_word = true,
	.run = run,
};
