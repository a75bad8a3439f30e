#include "client/cmd/command.h"

#include "client/conn/request.h"
#include "proto/wire/identity.h"

#include <signal.h>

const struct ox_command *const ox_commands[] = {
	&ox_command_init, &ox_command_build,  &ox_command_run,   &ox_command_list_targets,
	&ox_command_eval, &ox_command_fmt,    &ox_command_lint,  &ox_command_daemon, &ox_command_store,
	&ox_command_distribution, &ox_command_distribution_extract, &ox_command_distribution_info,
	&ox_command_distribution_licenses, &ox_command_find_resources, &ox_command_help, NULL,
};

const struct ox_command *ox_command_find(const char *name)
{
	for (size_t i = 0; ox_commands[i]; i++)
		if (strcmp(ox_commands[i]->name, name) == 0 ||
		    (ox_commands[i]->alias && strcmp(ox_commands[i]->alias, name) == 0))
			return ox_commands[i];
	return NULL;
}

void ox_command_print_help(const struct ox_command *command, FILE *out)
{
	struct ox_buf text = {0};
	ox_buf_printf(&text, "usage: oxc %s %s\n\n%s\n", command->name, command->synopsis, command->summary);
	if (command->details)
		ox_buf_printf(&text, "\n%s", command->details);
	ox_buf_str(&text, "\noptions:\n");
	ox_options_help(&text, command->options);
	fputs(ox_buf_text(&text), out);
	ox_buf_free(&text);
}

void ox_print_overview(FILE *out)
{
	fputs("usage: oxc COMMAND [OPTION]... [ARGUMENT]...\n\n"
	      "Packages Python applications as single executables.\n\ncommands:\n",
	      out);
	for (size_t i = 0; ox_commands[i]; i++)
		fprintf(out, "  %-28s %s\n", ox_commands[i]->name, ox_commands[i]->summary);
	fputs("\n`oxc COMMAND --help` tells more about one. `oxc --version` shows the version.\n"
	      "Start with: oxc init-config-file myapp && oxc run --path myapp\n",
	      out);
}

int ox_cli_fail(struct ox_cli *cli, const struct ox_err *err)
{
	int code = ox_exit_code(err->code);
	ox_output_failure(cli->output, err, code ? code : -OX_EINTERNAL);
	return code ? code : -OX_EINTERNAL;
}

int ox_cli_done(struct ox_cli *cli)
{
	ox_output_result(cli->output, &(struct ox_result){.category = OX_SLICE("ok")});
	return 0;
}

static void forward_report(void *context, const struct ox_report *report)
{
	ox_output_report(context, report);
}

static void note_other_build(struct ox_cli *cli, struct ox_conn *conn)
{
	if (!ox_conn_is_worker(conn) && !ox_slice_eq_str(ox_conn_hello(conn)->build_id, ox_build_id()))
		ox_output_say(cli->output, "note",
			      "the running daemon is of another build than oxc; `oxc daemon stop` lets the next "
			      "command start the new one");
}

/* Some requests came after the first release of the protocol: a daemon that does not know them is told apart. */
static const char *feature_of(const struct ox_msg *msg)
{
	if (msg->kind == OX_MSG_LANGUAGE)
		return "language";
	if (msg->kind != OX_MSG_DISTRIBUTION)
		return NULL;
	return msg->as.distribution.verb <= OX_DISTRIBUTION_EXTRACT ? "distribution" : "registered";
}

static int check_feature(struct ox_conn *conn, const struct ox_msg *msg, struct ox_err *err)
{
	const struct ox_hello *hello = ox_conn_hello(conn);
	const char *feature = feature_of(msg);
	if (!feature)
		return 0;
	for (size_t i = 0; i < hello->feature_count; i++)
		if (ox_slice_eq_str(hello->features[i], feature))
			return 0;
	return ox_fail(err, OX_EUNREACHABLE,
		       "the running daemon is of another build than oxc and cannot answer this; stop it with "
		       "`oxc daemon stop` (the next command starts the right one), or use --no-daemon");
}

/* 130 stands for an interrupted request; another signal has its own number. */
static int exit_code_of(const struct ox_request *request)
{
	if (request->result.exit_code == 128 + SIGINT && request->signal)
		return 128 + request->signal;
	return request->result.exit_code;
}

/* The end of a request whose result came. */
static int conclude(struct ox_cli *cli, struct ox_request *request,
		    int (*finish)(struct ox_sink *sink, struct ox_err *err))
{
	struct ox_err err = {0};
	int code = request->result.exit_code = exit_code_of(request);
	if (finish && finish(request->sink, &err) != 0) {
		if (code == 0)
			return ox_cli_fail(cli, &err);
		ox_output_say(cli->output, "error", "%s", err.text);
	}
	ox_output_result(cli->output, &request->result);
	return code;
}

int ox_cli_ask(struct ox_cli *cli, enum ox_conn_how how, const struct ox_msg *msg, struct ox_sink *sink)
{
	return ox_cli_ask_then(cli, how, msg, sink, NULL);
}

int ox_cli_ask_then(struct ox_cli *cli, enum ox_conn_how how, const struct ox_msg *msg, struct ox_sink *sink,
		    int (*finish)(struct ox_sink *sink, struct ox_err *err))
{
	struct ox_conn *conn = NULL;
	struct ox_err err = {0};
	struct ox_request request = {
		.sink = sink ? sink : ox_output_sink(cli->output), .report = forward_report, .context = cli->output};
	int code = ox_conn_open(&conn, how, &err);
	if (!code) {
		if (how != OX_CONN_ANY)
			note_other_build(cli, conn);
		code = check_feature(conn, msg, &err);
	}
	if (!code)
		code = ox_request_run(&conn, msg, &request, &err);
	ox_conn_close(conn);
	if (code == OX_ECANCELLED && request.signal) {
		ox_output_failure(cli->output, &err, 128 + request.signal);
		ox_request_free(&request);
		return 128 + request.signal;
	}
	if (code == OX_ENOENT)
		err.code = OX_EUNREACHABLE; /* nobody there who could be asked */
	code = code ? ox_cli_fail(cli, &err) : conclude(cli, &request, finish);
	ox_request_free(&request);
	return code;
}
