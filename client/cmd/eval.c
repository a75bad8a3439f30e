#include "client/cmd/order.h"
#include "client/cmd/question.h"

/* What print() says is output here, not a report on the way; targets are summed up at the end. */
struct eval_sink {
	struct ox_sink sink;
	struct ox_cli *cli;
	struct ox_buf targets;
};

static void emit(struct ox_sink *sink, const struct ox_event *event)
{
	struct eval_sink *self = (struct eval_sink *)sink;
	struct ox_sink *output = ox_output_sink(self->cli->output);
	const struct ox_log *log = &event->as.log;
	bool printed = event->type == OX_EVENT_LOG && ox_slice_eq_str(log->source, "config");
	if (printed && !self->cli->options.json) {
		ox_emit(output, &(struct ox_event){.type = OX_EVENT_TEXT, .as.text.text = log->text});
		return;
	}
	if (event->type == OX_EVENT_TARGET)
		ox_buf_printf(&self->targets, "%s%.*s%s", self->targets.len ? ", " : "",
			      OX_SLICE_ARG(event->as.target.name), event->as.target.is_default ? " (default)" : "");
	ox_emit(output, event);
}

static void sum_up(struct ox_cli *cli, const struct ox_question *q, const struct ox_buf *targets)
{
	const struct ox_language *l = &q->msg.as.language;
	if (l->source_count == 0 || l->expression_count > 0 || cli->options.verbosity == 0)
		return;
	ox_output_say(cli->output, "note", "%.*s is fine; targets: %s", OX_SLICE_ARG(l->sources[0].path),
		      targets->len ? ox_buf_text(targets) : "none");
}

static int run(struct ox_cli *cli)
{
	struct ox_options *o = &cli->options;
	struct eval_sink sink = {.sink.emit = emit, .cli = cli};
	struct ox_question q;
	struct ox_err err;
	int code = ox_question_make(&q, o, OX_LANGUAGE_EVALUATE, &err);
	if (!code && o->word_count > 1)
		code = ox_fail(&err, OX_EUSAGE, "one file at a time can be evaluated");
	if (!code && (o->word_count > 0 || o->path || o->expressions.len == 0))
		code = ox_question_sources(&q, o->words, o->word_count, o->path, &err);
	int exit_code = code ? ox_cli_fail(cli, &err) : ox_cli_ask(cli, ox_order_how(o), &q.msg, &sink.sink);
	if (exit_code == 0)
		sum_up(cli, &q, &sink.targets);
	ox_buf_free(&sink.targets);
	ox_question_free(&q);
	return exit_code;
}

const struct ox_command ox_command_eval = {
	.name = "eval",
	.synopsis = "[OPTION]... [FILE]",
	.summary = "evaluate a configuration file, or expressions",
	.details = "Runs FILE (\"-\": standard input) as a build would, up to its targets, which are registered and\n"
		   "not built; then each expression, in the names of FILE, printing its value. With expressions\n"
		   "alone no file is read; with neither, the configuration that a build would take.\n",
	.options = OX_OPTION_COMMON | OX_OPTION_EXPRESSION | OX_OPTION_PATH | OX_OPTION_VAR | OX_OPTION_VAR_ENV |
		   OX_OPTION_NO_DAEMON | OX_OPTION_OFFLINE,
	.run = run,
};
