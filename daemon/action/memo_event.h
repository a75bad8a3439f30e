/* memo_event.h - events as bytes, for replaying them.
 *
 * type u32, then the fields of its struct in order: integers as u64, text as u32
 * length and bytes, digests as they are. */
#ifndef OX_ACTION_MEMO_EVENT_H
#define OX_ACTION_MEMO_EVENT_H

#include "proto/base/buf.h"
#include "proto/base/event.h"

/* Appends u32 length and event; events of other types than log, diagnostic, target
 * and artifact are left out. */
void ox_memo_write_event(struct ox_buf *b, const struct ox_event *event);

/* Emits every event of the bytes; with a NULL sink only looks at them. False when they are damaged. */
bool ox_memo_replay(struct ox_slice events, struct ox_sink *sink);

#endif
