#include "client/cmd/command.h"
#include "client/cmd/config.h"
#include "client/cmd/file.h"
#include "client/cmd/template.h"

#include <errno.h>
#include <sys/stat.h>

/* The folder with its parents. */
static int make_folders(const char *path, struct ox_err *err)
{
	char *copy = strdup(path);
	if (!copy)
		return ox_fail_nomem(err, path);
	int code = 0;
	for (char *p = copy + 1; !code; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char end = *p;
		*p = '\0';
		struct stat st;
		if (mkdir(copy, 0777) != 0 && errno != EEXIST)
			code = ox_fail_errno(err, errno, "cannot make the folder %s", copy);
		else if (stat(copy, &st) != 0 || !S_ISDIR(st.st_mode))
			code = ox_fail(err, OX_EUSAGE, "%s is there and is not a folder", copy);
		*p = end;
		if (end == '\0')
			break;
	}
	free(copy);
	return code;
}

static int write_config(const struct ox_options *o, const char *folder, const char *file, struct ox_err *err)
{
	char *real = realpath(folder, NULL);
	if (!real)
		return ox_fail_errno(err, errno, "cannot find %s", folder);
	const char *base = strrchr(real, '/') + 1;
	struct ox_template t = {
		.name = *base ? base : "app",
		.python_code = o->python_code,
		.pip_install = o->pip_install.items,
		.pip_install_count = o->pip_install.len,
	};
	struct ox_buf text = {0};
	ox_template_render(&text, &t);
	int code = ox_buf_ok(&text, "the configuration", err);
	if (!code)
		code = ox_file_create(file, ox_buf_view(&text), err);
	ox_buf_free(&text);
	free(real);
	return code;
}

static int run(struct ox_cli *cli)
{
	struct ox_options *o = &cli->options;
	struct ox_buf file = {0};
	struct ox_err err;
	int code = 0;
	if (o->word_count != 1 || !o->words[0][0])
		code = ox_fail(&err, OX_EUSAGE, "name one folder: oxc init-config-file DIR");
	if (!code)
		code = make_folders(o->words[0], &err);
	if (!code) {
		ox_buf_printf(&file, "%s/" OX_CONFIG_NAME, o->words[0]);
		code = ox_buf_ok(&file, "a path", &err);
	}
	if (!code)
		code = write_config(o, o->words[0], file.data, &err);
	if (!code && o->verbosity) {
		ox_output_answer(cli->output, "wrote %s", file.data);
		ox_output_answer(cli->output, "%s\n    oxc run --path %s",
				 o->python_code ? "build the program and run it with:"
						: "its program is an interactive Python so far; build and run it with:",
				 o->words[0]);
	}
	ox_buf_free(&file);
	return code ? ox_cli_fail(cli, &err) : ox_cli_done(cli);
}

const struct ox_command ox_command_init = {
	.name = "init-config-file",
	.alias = "init",
	.synopsis = "DIR [--python-code CODE] [--pip-install PKG]...",
	.summary = "write a configuration to start from",
	.details = "Makes the folder if needed and writes " OX_CONFIG_NAME " into it; the program is named after\n"
		   "the folder.\n",
	.options = OX_OPTION_COMMON | OX_OPTION_PYTHON_CODE | OX_OPTION_PIP_INSTALL,
	.run = run,
};
