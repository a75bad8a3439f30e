#include "daemon/loop/line.h"

static void keep(struct ox_line_cutter *c, struct ox_slice part)
{
	size_t room = OX_LINE_MAX - c->pending.len;
	ox_buf_add(&c->pending, part.data, part.len < room ? part.len : room);
}

static void hand_over(struct ox_line_cutter *c)
{
	struct ox_slice text = ox_buf_view(&c->pending);
	if (text.len && text.data[text.len - 1] == '\r')
		text.len--;
	c->line(c->ctx, text);
	ox_buf_clear(&c->pending);
}

void ox_line_feed(struct ox_line_cutter *c, struct ox_slice bytes)
{
	if (!c->line)
		return;
	while (bytes.len) {
		const char *newline = memchr(bytes.data, '\n', bytes.len);
		size_t len = newline ? (size_t)(newline - bytes.data) : bytes.len;
		keep(c, ox_slice(bytes.data, len));
		if (!newline)
			return;
		hand_over(c);
		bytes = ox_slice(newline + 1, bytes.len - len - 1);
	}
}

void ox_line_end(struct ox_line_cutter *c)
{
	if (c->line && c->pending.len)
		hand_over(c);
	ox_buf_free(&c->pending);
}
