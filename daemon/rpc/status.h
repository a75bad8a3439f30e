/* status.h - the daemon's answer to STATUS. */
#ifndef OX_RPC_STATUS_H
#define OX_RPC_STATUS_H

#include "daemon/rpc/server.h"

/* Fills in the report; its strings are in the arena or live as long as the server. */
int ox_status_report(const struct ox_server *server, struct ox_arena *arena, struct ox_report *report,
		     struct ox_err *err);

#endif
