#include "daemon/rpc/history.h"

#include "proto/wire/frame.h"

enum {
	HISTORY_MAX = 16 << 20,
	HISTORY_KEEP = 12 << 20, /* what a clearing leaves at most, diagnostics apart */
};

void ox_history_free(struct ox_history *h)
{
	for (size_t i = 0; i < h->entries.len; i++)
		ox_buf_free(&h->entries.items[i].frame);
	ox_vec_free(&h->entries);
	*h = (struct ox_history){0};
}

/* Drops entries of one type, oldest first, until few enough bytes are left. */
static void drop(struct ox_history *h, enum ox_event_type type)
{
	size_t kept = 0;
	for (size_t i = 0; i < h->entries.len; i++) {
		struct ox_history_entry *e = &h->entries.items[i];
		if (e->type == type && h->bytes > HISTORY_KEEP) {
			h->bytes -= e->frame.len;
			ox_buf_free(&e->frame);
		} else {
			h->entries.items[kept++] = *e;
		}
	}
	h->entries.len = kept;
}

int ox_history_add(struct ox_history *h, struct ox_msg *msg, struct ox_err *err)
{
	struct ox_history_entry *e = ox_vec_push(&h->entries);
	if (!e)
		return ox_fail_nomem(err, "a build's history");
	bool is_event = msg->kind == OX_MSG_EVENT;
	msg->request = h->request;
	if (is_event)
		msg->as.event.number = h->last_number + 1;
	int rc = ox_msg_encode(msg, &e->frame, err);
	if (rc) {
		ox_buf_free(&e->frame);
		h->entries.len--;
		return rc;
	}
	h->last_number += is_event;
	e->position = ++h->last_position;
	e->number = h->last_number;
	e->type = is_event ? msg->as.event.type : 0;
	h->bytes += e->frame.len;
	if (h->bytes > HISTORY_MAX) {
		drop(h, OX_EVENT_PROGRESS);
		drop(h, OX_EVENT_LOG);
	}
	return 0;
}

const struct ox_history_entry *ox_history_after(const struct ox_history *h, uint64_t position)
{
	size_t low = 0, high = h->entries.len;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (h->entries.items[middle].position <= position)
			low = middle + 1;
		else
			high = middle;
	}
	return low < h->entries.len ? &h->entries.items[low] : NULL;
}

uint64_t ox_history_position(const struct ox_history *h, uint64_t number)
{
	uint64_t position = 0;
	for (size_t i = 0; i < h->entries.len && h->entries.items[i].number <= number; i++)
		position = h->entries.items[i].position;
	return position;
}

int ox_history_encode(const struct ox_history *h, const struct ox_history_entry *e, uint64_t request,
		      struct ox_buf *out, struct ox_err *err)
{
	if (request == h->request) {
		ox_buf_slice(out, ox_buf_view(&e->frame));
		return ox_buf_ok(out, "an event", err);
	}
	struct ox_arena arena = {.limit = OX_FRAME_DECODED_MAX};
	struct ox_msg msg;
	struct ox_slice body = ox_slice(e->frame.data + OX_FRAME_HEADER, e->frame.len - OX_FRAME_HEADER);
	int rc = ox_msg_decode(body, &arena, &msg, err);
	if (rc == 0) {
		msg.request = request;
		rc = ox_msg_encode(&msg, out, err);
	}
	ox_arena_free(&arena);
	return rc;
}
