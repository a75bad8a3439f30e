#include "client/cmd/file.h"
#include "client/cmd/order.h"
#include "client/cmd/question.h"

#include "proto/base/vec.h"

/* A source that is a file, and its new text once that has come. */
struct formatted {
	struct ox_slice path; /* in the question */
	struct ox_file_watch watch;
	struct ox_buf text;
	bool changed;
};

struct fmt_sink {
	struct ox_sink sink;
	struct ox_cli *cli;
	struct ox_slice cwd;
	OX_VEC(struct formatted) files;
};

/* As seen from the current folder. */
static struct ox_slice shown(const struct fmt_sink *self, struct ox_slice path)
{
	size_t len = self->cwd.len;
	bool below = ox_slice_starts(path, self->cwd) && path.len > len + 1 && path.data[len] == '/';
	return below ? ox_slice(path.data + len + 1, path.len - len - 1) : path;
}

/* Standard input has no file; its text is the answer. The output ends every text with a newline of its own. */
static void answer(struct fmt_sink *self, const struct ox_text *text)
{
	struct ox_event event = {.type = OX_EVENT_TEXT, .as.text = *text};
	if (!self->cli->options.json && text->text.len)
		event.as.text.text.len--;
	if (self->cli->options.json || text->text.len)
		ox_emit(ox_output_sink(self->cli->output), &event);
}

static void keep(struct fmt_sink *self, const struct ox_text *text)
{
	for (size_t i = 0; i < self->files.len; i++) {
		struct formatted *file = &self->files.items[i];
		if (!ox_slice_eq(file->path, text->file) || file->changed)
			continue;
		file->changed = text->changed;
		if (text->changed)
			ox_buf_slice(&file->text, text->text);
	}
}

static void emit(struct ox_sink *sink, const struct ox_event *event)
{
	struct fmt_sink *self = (struct fmt_sink *)sink;
	struct ox_cli *cli = self->cli;
	const struct ox_text *text = &event->as.text;
	bool is_file = event->type == OX_EVENT_TEXT && !ox_slice_eq_str(text->file, "<stdin>");
	if (event->type == OX_EVENT_TEXT && cli->options.check && text->changed)
		ox_output_answer(cli->output, "%.*s", OX_SLICE_ARG(shown(self, text->file)));
	if (event->type == OX_EVENT_TEXT && !is_file && !cli->options.check)
		answer(self, text);
	else if (event->type != OX_EVENT_TEXT || cli->options.json)
		ox_emit(ox_output_sink(cli->output), event);
	if (is_file && !cli->options.check)
		keep(self, text);
}

static int replace_all(struct ox_sink *sink, struct ox_err *err)
{
	struct fmt_sink *self = (struct fmt_sink *)sink;
	int code = 0;
	for (size_t i = 0; !code && i < self->files.len; i++) {
		struct formatted *file = &self->files.items[i];
		if (!file->changed)
			continue;
		code = ox_buf_ok(&file->text, "the formatted text", err);
		if (!code)
			code = ox_file_replace(&file->watch, ox_buf_view(&file->text), err);
		if (!code && self->cli->options.verbosity)
			ox_output_say(self->cli->output, "note", "formatted %.*s",
				      OX_SLICE_ARG(shown(self, file->path)));
	}
	return code;
}

static bool is_watched(const struct fmt_sink *sink, const char *path)
{
	for (size_t i = 0; i + 1 < sink->files.len; i++)
		if (strcmp(sink->files.items[i].watch.path, path) == 0)
			return true;
	return false;
}

/* Looks at the files before the worker reads them. */
static int watch(struct fmt_sink *sink, const struct ox_language *request, struct ox_err *err)
{
	int code = 0;
	for (size_t i = 0; !code && i < request->source_count; i++) {
		if (request->sources[i].given)
			continue;
		struct formatted *file = ox_vec_push(&sink->files);
		if (!file)
			return ox_fail_nomem(err, "a file");
		file->path = request->sources[i].path;
		code = ox_file_watch(file->path.data, &file->watch, err);
		/* Named twice. */
		if (code || is_watched(sink, file->watch.path)) {
			ox_file_forget(&file->watch);
			sink->files.len--;
		}
	}
	return code;
}

static void release(struct fmt_sink *sink)
{
	for (size_t i = 0; i < sink->files.len; i++) {
		ox_file_forget(&sink->files.items[i].watch);
		ox_buf_free(&sink->files.items[i].text);
	}
	ox_vec_free(&sink->files);
}

static int run(struct ox_cli *cli)
{
	struct ox_options *o = &cli->options;
	struct fmt_sink sink = {.sink.emit = emit, .cli = cli};
	struct ox_question q;
	struct ox_err err;
	int code = ox_question_make(&q, o, OX_LANGUAGE_FORMAT, &err);
	if (!code)
		code = ox_question_sources(&q, o->words, o->word_count, o->path, &err);
	sink.cwd = q.msg.as.language.cwd;
	q.msg.as.language.check = o->check;
	if (!code && !o->check)
		code = watch(&sink, &q.msg.as.language, &err);
	int exit_code = code ? ox_cli_fail(cli, &err)
			     : ox_cli_ask_then(cli, ox_order_how(o), &q.msg, &sink.sink, replace_all);
	release(&sink);
	ox_question_free(&q);
	return exit_code;
}

const struct ox_command ox_command_fmt = {
	.name = "fmt",
	.synopsis = "[OPTION]... [FILE]...",
	.summary = "format configurations",
	.details = "Rewrites each FILE in the form that buildifier gives a .bzl file; a file that has it already is\n"
		   "not touched. \"-\" formats standard input to standard output; without any FILE it is the\n"
		   "configuration that a build would take. Exit status with --check: 0 nothing would change,\n"
		   "1 something would, 2 a file that is no program.\n",
	.options = OX_OPTION_COMMON | OX_OPTION_PATH | OX_OPTION_NO_DAEMON | OX_OPTION_CHECK,
	.run = run,
};
