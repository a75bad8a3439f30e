/* order.h - a BUILD message made of the options, and everything it points to. */
#ifndef OX_CMD_ORDER_H
#define OX_CMD_ORDER_H

#include "client/cmd/command.h"

struct ox_order {
	struct ox_msg msg;
	struct ox_arena arena; /* what msg points to, beside argv and the environment */
};

/* Finds the configuration and fills in the request: folders, variables, the whole
 * environment, umask, niceness. Free the order in any case. */
int ox_order_make(struct ox_order *order, const struct ox_options *options, enum ox_build_mode mode,
		  const char *path, struct ox_err *err);
int ox_order_targets(struct ox_order *order, char *const *names, size_t count, struct ox_err *err);
void ox_order_free(struct ox_order *order);

/* The whole environment, listed in the arena. */
int ox_order_environment(struct ox_arena *arena, struct ox_name_value **list, size_t *count, struct ox_err *err);

/* How to reach whoever carries out an order with these options. */
enum ox_conn_how ox_order_how(const struct ox_options *options);

#endif
