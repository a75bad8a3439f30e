/* config.h - finding the configuration file, as PyOxidizer does: PYOXIDIZER_CONFIG,
 * else the ancestors of OUT_DIR, else the given folder (or file) and its parents. */
#ifndef OX_CMD_CONFIG_H
#define OX_CMD_CONFIG_H

#include "proto/base/buf.h"

#define OX_CONFIG_NAME "pyoxidizer.bzl"

/* Appends the absolute path of a readable file. OX_EUSAGE when there is none; an
 * old pyoxidizer.toml in its place gets a message of its own. `path` NULL: ".". */
int ox_config_find(const char *path, struct ox_buf *out, struct ox_err *err);

/* The absolute path of what a person named: a file, or the folder of a configuration. */
int ox_config_named(const char *path, struct ox_buf *out, struct ox_err *err);

#endif
