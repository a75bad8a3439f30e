/* build_key.h - under which key a whole build is remembered (daemon/action/memo.h).
 *
 * The daemon looks a build up before it starts a worker, the worker commits it:
 * both must come to the same key, so it is made here. It covers what the request
 * says about the outcome, and our programs' build id. Not in it: the client's
 * environment (variables that were looked up are recorded by the memo), verbosity,
 * explanations, offline, detach, niceness and the client's current folder, none of which
 * changes what is built. A build with `refresh` is committed but never looked up. */
#ifndef OX_REQUEST_BUILD_KEY_H
#define OX_REQUEST_BUILD_KEY_H

#include "proto/wire/message.h"

int ox_build_key(const struct ox_build *build, struct ox_digest *key, struct ox_err *err);

#endif
