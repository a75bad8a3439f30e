/* background.h - what a daemon does to the process it was started in. */
#ifndef OX_RPC_BACKGROUND_H
#define OX_RPC_BACKGROUND_H

#include "proto/base/err.h"

#include <stdbool.h>

/* Closes every descriptor above 2 that is not `keep`, so that a pipe of whoever
 * started us ends when they do. Descriptors passed by a service manager are kept. */
void ox_close_inherited(int keep);

/* A child in its own session goes on; the parent gets *parent = true. Standard input
 * and output become /dev/null, standard error `log_fd`. */
int ox_go_background(int log_fd, bool *parent, struct ox_err *err);

/* A thousand clients and their workers need descriptors. */
void ox_raise_descriptor_limit(void);

#endif
