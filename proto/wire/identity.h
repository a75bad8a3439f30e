/* identity.h - what a program says about itself in a HELLO, and whether it can
 * talk to what its peer said. One place for oxc, oxidizerd and oxidizer-worker.
 *
 * The build id is a digest of the sources that the programs were built from: two
 * programs of one build have the same. It is told apart from the version, which
 * is what must match: different builds of one version speak the same language. */
#ifndef OX_WIRE_IDENTITY_H
#define OX_WIRE_IDENTITY_H

#include "proto/wire/message.h"

/* The release, "0.1.0", and the build id, 64 hex digits. */
const char *ox_version(void);
const char *ox_build_id(void);

/* Fills in everything, with the root and the current folder of this process;
 * the strings are static. */
void ox_hello_fill(struct ox_hello *hello);

/* 0, or OX_EUNREACHABLE with a sentence that says why the two cannot work
 * together (protocol, version, a required feature, another root folder) and what to
 * do. The sentences are written for the user of oxc, whose peer is the daemon. */
int ox_hello_check(const struct ox_hello *mine, const struct ox_hello *peer, struct ox_err *err);

#endif
