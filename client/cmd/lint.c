#include "client/cmd/order.h"
#include "client/cmd/question.h"

static int run(struct ox_cli *cli)
{
	struct ox_options *o = &cli->options;
	struct ox_question q;
	struct ox_err err;
	int code = ox_question_make(&q, o, OX_LANGUAGE_LINT, &err);
	if (!code)
		code = ox_question_sources(&q, o->words, o->word_count, o->path, &err);
	int exit_code = code ? ox_cli_fail(cli, &err) : ox_cli_ask(cli, ox_order_how(o), &q.msg, NULL);
	ox_question_free(&q);
	return exit_code;
}

const struct ox_command ox_command_lint = {
	.name = "lint",
	.synopsis = "[OPTION]... [FILE]...",
	.summary = "remark on what is useless, mistaken or old in configurations",
	.details = "Nothing is run. FILE may be \"-\", standard input; without any it is the configuration that a\n"
		   "build would take. A comment \"# lint: disable=CODE\" on a line, or alone above it, silences a\n"
		   "remark. Exit status: 0 nothing to remark, 1 remarks, 2 a file that is no program.\n",
	.options = OX_OPTION_COMMON | OX_OPTION_PATH | OX_OPTION_NO_DAEMON,
	.run = run,
};
