/* template.h - the pyoxidizer.bzl that init-config-file writes. */
#ifndef OX_CMD_TEMPLATE_H
#define OX_CMD_TEMPLATE_H

#include "proto/base/buf.h"

struct ox_template {
	const char *name;        /* of the executable */
	const char *python_code; /* NULL: an interactive interpreter */
	const char *const *pip_install;
	size_t pip_install_count;
};

/* Appends the whole file. */
void ox_template_render(struct ox_buf *out, const struct ox_template *t);

/* Appends text as a string of the configuration language, with its quotes. */
void ox_template_string(struct ox_buf *out, const char *text);

#endif
