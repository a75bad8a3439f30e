/* json.h - events as JSON objects, one line each, appended to a buffer. oxc(1)
 * describes them for those who read them; what is there is never removed or given another
 * meaning within one schema number. */
#ifndef OX_OUT_JSON_H
#define OX_OUT_JSON_H

#include "proto/base/buf.h"
#include "proto/wire/message.h"

enum { OX_JSON_SCHEMA = 1 };

void ox_json_event(struct ox_buf *out, const struct ox_event *event);
void ox_json_report(struct ox_buf *out, const struct ox_report *report);

#endif
