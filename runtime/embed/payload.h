/* payload.h - the payload of the running executable.
 *
 * It begins at ox_payload_section and ends with the segment that the kernel mapped around it,
 * which the program headers (AT_PHDR) tell: nothing is opened or read. Only the file's size is asked for. */
#ifndef OX_EMBED_PAYLOAD_H
#define OX_EMBED_PAYLOAD_H

#include "proto/base/err.h"
#include "proto/base/slice.h"

extern const char ox_payload_section[] __attribute__((visibility("hidden")));

/* OX_ECORRUPT when the executable has no segment around it, or its file ends before that segment does. */
int ox_payload_find(struct ox_slice *bytes, struct ox_err *err);

#endif
