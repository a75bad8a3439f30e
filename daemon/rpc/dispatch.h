/* dispatch.h - what a client may ask for: one table of message kinds. */
#ifndef OX_RPC_DISPATCH_H
#define OX_RPC_DISPATCH_H

#include "daemon/rpc/session.h"

/* Says our HELLO to a new client. */
void ox_dispatch_greet(struct ox_session *s);

/* Handles one message of a session; see ox_session.dispatch. */
void ox_dispatch(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena);

#endif
