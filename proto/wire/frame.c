#include "proto/wire/frame.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_CHUNK = 64 << 10 };

void ox_frame_reader_free(struct ox_frame_reader *r)
{
	ox_buf_free(&r->pending);
	r->taken = 0;
}

static void drop_taken(struct ox_frame_reader *r)
{
	size_t left = r->pending.len - r->taken;
	if (r->taken == 0)
		return;
	memmove(r->pending.data, r->pending.data + r->taken, left);
	r->pending.len = left;
	r->taken = 0;
}

char *ox_frame_reader_room(struct ox_frame_reader *r, size_t *len)
{
	drop_taken(r);
	if (*len > READ_CHUNK)
		*len = READ_CHUNK;
	return ox_buf_reserve(&r->pending, *len);
}

void ox_frame_reader_filled(struct ox_frame_reader *r, size_t len)
{
	ox_buf_commit(&r->pending, len);
}

static uint32_t read_u32(const char *data)
{
	const unsigned char *p = (const unsigned char *)data;
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

int ox_frame_reader_next(struct ox_frame_reader *r, struct ox_slice *body, struct ox_err *err)
{
	size_t left = r->pending.len - r->taken;
	size_t max = r->max ? r->max : OX_FRAME_MAX;
	if (left < OX_FRAME_HEADER)
		return 0;
	const char *frame = r->pending.data + r->taken;
	uint32_t len = read_u32(frame);
	if (len == 0)
		return ox_fail(err, OX_ECORRUPT, "the peer sent an empty frame");
	if (len > max)
		return ox_fail(err, OX_ECORRUPT, "the peer sent a frame of %u bytes, more than the %zu allowed", len,
			       max);
	if (left - OX_FRAME_HEADER < len)
		return 0;
	*body = ox_slice(frame + OX_FRAME_HEADER, len);
	r->taken += OX_FRAME_HEADER + len;
	return 1;
}

bool ox_frame_reader_partial(const struct ox_frame_reader *r)
{
	return r->pending.len > r->taken;
}

static bool wait_ready(int fd, short events)
{
	struct pollfd p = {.fd = fd, .events = events};
	return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

/* What a read or write that failed means: true to try again. */
static bool try_again(int fd, short events)
{
	if (errno == EINTR)
		return true;
	return (errno == EAGAIN || errno == EWOULDBLOCK) && wait_ready(fd, events);
}

int ox_frame_read(int fd, struct ox_frame_reader *r, struct ox_slice *body, struct ox_err *err)
{
	for (;;) {
		int found = ox_frame_reader_next(r, body, err);
		if (found != 0)
			return found;
		size_t len = READ_CHUNK;
		char *room = ox_frame_reader_room(r, &len);
		if (!room)
			return ox_fail_nomem(err, "a frame");
		ssize_t n = read(fd, room, len);
		if (n > 0)
			ox_frame_reader_filled(r, (size_t)n);
		else if (n == 0)
			return ox_frame_reader_partial(r)
				       ? ox_fail(err, OX_ECORRUPT, "the connection ended in the middle of a frame")
				       : 0;
		else if (!try_again(fd, POLLIN))
			return ox_fail_errno(err, errno, "cannot read from the connection");
	}
}

int ox_frame_write(int fd, struct ox_slice frame, struct ox_err *err)
{
	while (frame.len > 0) {
		ssize_t n = send(fd, frame.data, frame.len, MSG_NOSIGNAL);
		if (n >= 0) {
			frame.data += n;
			frame.len -= (size_t)n;
			continue;
		}
		if (errno == EPIPE || errno == ECONNRESET)
			return ox_fail(err, OX_EEOF, "the peer has closed the connection");
		if (!try_again(fd, POLLOUT))
			return ox_fail_errno(err, errno, "cannot write to the connection");
	}
	return 0;
}
