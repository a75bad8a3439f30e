/* command.h - shell commands that tests run. */
#ifndef OX_TESTS_BUNDLE_COMMAND_H
#define OX_TESTS_BUNDLE_COMMAND_H

#include "proto/base/platform.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

static int run(const char *fmt, ...) OX_PRINTF(1, 2);

/* The command's exit status; -1 when a signal ended it. */
static int run(const char *fmt, ...)
{
	char command[2048];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	int status = system(command);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
