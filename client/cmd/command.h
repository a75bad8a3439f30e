/* command.h - the commands of oxc: one file each, one table (commands.c). */
#ifndef OX_CMD_COMMAND_H
#define OX_CMD_COMMAND_H

#include "client/cmd/options.h"
#include "client/conn/conn.h"
#include "client/out/output.h"

struct ox_cli {
	const struct ox_command *command;
	struct ox_options options;
	struct ox_output *output;
};

struct ox_command {
	const char *name, *alias; /* alias may be NULL */
	const char *synopsis;     /* what follows the name */
	const char *summary;      /* one line */
	const char *details;      /* paragraphs of --help; may be NULL */
	unsigned options;
	bool stop_at_word;
	/* The exit code of oxc; has said everything that there is to say. */
	int (*run)(struct ox_cli *cli);
};

extern const struct ox_command ox_command_init, ox_command_build, ox_command_run, ox_command_list_targets,
	ox_command_eval, ox_command_fmt, ox_command_lint, ox_command_daemon, ox_command_store, ox_command_help,
	ox_command_distribution, ox_command_distribution_extract, ox_command_distribution_info,
	ox_command_distribution_licenses, ox_command_find_resources;

/* All of them in the order of the help, NULL-terminated. */
extern const struct ox_command *const ox_commands[];

const struct ox_command *ox_command_find(const char *name); /* NULL: none of that name */
void ox_command_print_help(const struct ox_command *command, FILE *out);
void ox_print_overview(FILE *out);

/* Says what went wrong and gives back the exit code for it. */
int ox_cli_fail(struct ox_cli *cli, const struct ox_err *err);

/* The end of a command that needed no daemon: a result of success. */
int ox_cli_done(struct ox_cli *cli);

/* Sends one request and waits for its result, which is said; gives back the exit
 * code. Events go to `sink`, or to the output when it is NULL. */
int ox_cli_ask(struct ox_cli *cli, enum ox_conn_how how, const struct ox_msg *msg, struct ox_sink *sink);

/* The same; before a result that came is said, `finish` does what remains to be done with the events. Its failure is
 * said too, and takes the place of a success. */
int ox_cli_ask_then(struct ox_cli *cli, enum ox_conn_how how, const struct ox_msg *msg, struct ox_sink *sink,
		    int (*finish)(struct ox_sink *sink, struct ox_err *err));

#endif
