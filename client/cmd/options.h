/* options.h - the options of oxc: one table for all commands.
 *
 * A command names those it takes (a set of OX_OPTION_ bits); parsing, the text of
 * --help and the messages come from the table. The syntax is that of
 * PyOxidizer's command line, so that scripts written for it work. */
#ifndef OX_CMD_OPTIONS_H
#define OX_CMD_OPTIONS_H

#include "proto/base/buf.h"
#include "proto/base/vec.h"
#include "proto/wire/message.h"

enum ox_option_bit {
	OX_OPTION_PATH = 1 << 0,
	OX_OPTION_RELEASE = 1 << 1,
	OX_OPTION_TARGET_TRIPLE = 1 << 2,
	OX_OPTION_TARGET = 1 << 3,
	OX_OPTION_VAR = 1 << 4,
	OX_OPTION_VAR_ENV = 1 << 5,
	OX_OPTION_NO_DAEMON = 1 << 6,
	OX_OPTION_OFFLINE = 1 << 7,
	OX_OPTION_REFRESH = 1 << 8,
	OX_OPTION_EXPLAIN = 1 << 9,
	OX_OPTION_DETACH = 1 << 10,
	OX_OPTION_PYTHON_CODE = 1 << 11,
	OX_OPTION_PIP_INSTALL = 1 << 12,
	OX_OPTION_DRY_RUN = 1 << 13,
	OX_OPTION_REPAIR = 1 << 14,
	OX_OPTION_NOW = 1 << 15,
	OX_OPTION_COMMON = 1 << 16, /* -v -q --json --system-rust -h */
	OX_OPTION_EXPRESSION = 1 << 17,
	OX_OPTION_CHECK = 1 << 18,
	OX_OPTION_ARCHIVE = 1 << 19, /* --archive-path, --download-default */
	OX_OPTION_RESOURCES = 1 << 20, /* what find-resources looks at */
};

struct ox_options {
	const char *path, *target_triple, *target; /* NULL when not given */
	const char *python_code, *archive_path;
	OX_VEC(const char *) pip_install;
	OX_VEC(struct ox_slice) expressions;
	OX_VEC(struct ox_name_value) vars; /* borrow from argv and the environment */
	bool release, no_daemon, offline, refresh, explain, detach;
	bool dry_run, repair, now, check, download_default, json, help;
	bool scan_distribution, no_classify, no_files;
	unsigned verbosity; /* 0 quiet, 1 normal, ... */
	char **words;       /* what is no option: points into argv */
	size_t word_count;
};

/* Parses argv[1..]. `taken` is the set of options that the command has; with
 * stop_at_word the first word ends the options (oxc run). OX_EUSAGE with a
 * message. The vectors are to be freed in any case. */
int ox_options_parse(struct ox_options *o, unsigned taken, bool stop_at_word, int argc, char **argv,
		     struct ox_err *err);
void ox_options_free(struct ox_options *o);

/* Appends the lines of --help for a set of options. */
void ox_options_help(struct ox_buf *out, unsigned taken);

/* True for an option that may stand before the command: it takes no value. */
bool ox_option_is_global(const char *word);

/* True for the name of a platform, like x86_64-unknown-linux-gnu. */
bool ox_is_target_triple(const char *word);

#endif
