/* server.h - what every session knows of the daemon. */
#ifndef OX_RPC_SERVER_H
#define OX_RPC_SERVER_H

#include "daemon/loop/loop.h"
#include "daemon/rpc/log.h"
#include "daemon/rpc/schedule.h"

struct ox_session;

struct ox_server {
	struct ox_loop *loop;
	struct ox_log_file log;
	struct ox_schedule *schedule;
	const char *store;   /* default store folder; absolute */
	const char *runtime; /* runtime folder, for people */
	uint64_t started;    /* monotonic */
	uint64_t clients_served;
	OX_VEC(struct ox_session *) sessions;
	bool draining; /* no new builds; ends when the running ones have */
	/* Starts draining; `now` cancels what runs. */
	void (*shut_down)(struct ox_server *server, bool now);
	/* A session or job came or went. */
	void (*changed)(void *server);
};

#endif
