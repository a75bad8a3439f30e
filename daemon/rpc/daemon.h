/* daemon.h - oxidizerd from start to end. */
#ifndef OX_RPC_DAEMON_H
#define OX_RPC_DAEMON_H

#include "proto/base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum { OX_IDLE_SECONDS_DEFAULT = 3 * 60 * 60 };

struct ox_daemon_options {
	int ready_fd;          /* gets one line when connections are taken; -1: none */
	bool foreground;       /* neither fork nor leave the terminal */
	uint64_t idle_seconds; /* 0: never end by itself */
	const char *store;     /* NULL: as the environment says */
};

/* Finds the runtime folder, binds, goes to the background, serves. 0 when the
 * daemon has ended in good order (or, in the process that went to the background's
 * parent, has started). Errors before serving are logged too, when there is a folder for it. */
int ox_daemon_run(const struct ox_daemon_options *options, struct ox_err *err);

#endif
