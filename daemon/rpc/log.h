/* log.h - the daemon's log: oxidizerd.log in the runtime folder.
 *
 * One line per happening: time (UTC), severity, text. At LOG_MAX bytes the file
 * is renamed to oxidizerd.log.1 (replacing the one before) and a new one begins.
 * Workers write their standard error to the same file. Logging never fails: what
 * cannot be written is lost. */
#ifndef OX_RPC_LOG_H
#define OX_RPC_LOG_H

#include "proto/base/err.h"

#include <stdbool.h>

#define OX_LOG_NAME "oxidizerd.log"

struct ox_log_file {
	int dir; /* descriptor of the runtime folder; borrowed */
	int fd;  /* -1: closed */
	bool echo; /* to standard error as well */
};

int ox_log_open(struct ox_log_file *log, int dir, bool echo, struct ox_err *err);
void ox_log_close(struct ox_log_file *log);

void ox_log_info(struct ox_log_file *log, const char *fmt, ...) OX_PRINTF(2, 3);
void ox_log_warn(struct ox_log_file *log, const char *fmt, ...) OX_PRINTF(2, 3);
void ox_log_error(struct ox_log_file *log, const char *fmt, ...) OX_PRINTF(2, 3);

#endif
