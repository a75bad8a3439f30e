#include "daemon/loop/peer.h"

#include "daemon/loop/loop_private.h"

#include <sys/socket.h>
#include <unistd.h>

enum { FINISH_MS = 5000 };

struct ox_peer {
	uv_pipe_t pipe;
	struct ox_loop *loop;
	struct ox_peer_events events;
	void *ctx;
	struct ox_timer *cut; /* while finishing */
	bool deaf;            /* the owner let go: no callbacks */
	bool finishing;
	bool broken;          /* reading ended */
	bool mute;            /* writing failed */
};

struct write {
	uv_write_t uv;
	struct ox_peer *peer;
	char bytes[];
};

static void pipe_closed(uv_handle_t *h)
{
	free(h->data);
}

void ox_peer_free(struct ox_peer *p)
{
	if (!p || uv_is_closing((uv_handle_t *)&p->pipe))
		return;
	p->deaf = true;
	ox_timer_free(p->cut);
	p->cut = NULL;
	uv_close((uv_handle_t *)&p->pipe, pipe_closed);
}

static void report_closed(struct ox_peer *p)
{
	if (p->broken)
		return;
	p->broken = true;
	uv_read_stop((uv_stream_t *)&p->pipe);
	if (p->finishing)
		ox_peer_free(p);
	else if (!p->deaf)
		p->events.closed(p->ctx);
}

static void give_buffer(uv_handle_t *h, size_t wanted, uv_buf_t *buf)
{
	struct ox_peer *p = h->data;
	(void)wanted;
	*buf = uv_buf_init(p->loop->read_buffer, OX_LOOP_READ_SIZE);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
	struct ox_peer *p = s->data;
	if (n > 0)
		p->events.bytes(p->ctx, ox_slice(buf->base, (size_t)n));
	else if (n < 0)
		report_closed(p);
}

int ox_peer_new(struct ox_loop *l, int fd, const struct ox_peer_events *events, void *ctx, struct ox_peer **out,
		struct ox_err *err)
{
	struct ox_peer *p = calloc(1, sizeof *p);
	if (!p) {
		close(fd);
		return ox_fail_nomem(err, "a connection");
	}
	p->loop = l;
	p->events = *events;
	p->ctx = ctx;
	uv_pipe_init(&l->uv, &p->pipe, 0);
	p->pipe.data = p;
	int code = uv_pipe_open(&p->pipe, fd);
	if (code)
		close(fd);
	else
		code = uv_read_start((uv_stream_t *)&p->pipe, give_buffer, on_read);
	if (code) {
		ox_peer_free(p);
		return ox_fail_errno(err, -code, "cannot read from a connection");
	}
	*out = p;
	return 0;
}

static void on_written(uv_write_t *uv, int status)
{
	struct write *w = uv->data;
	struct ox_peer *p = w->peer;
	free(w);
	if (uv_is_closing((uv_handle_t *)&p->pipe))
		return;
	/* A failed write says nothing yet: what the other end sent before it went away
	 * is still to be read, and then reading reports the end. */
	if (status < 0)
		p->mute = true;
	if (ox_peer_queued(p) && !p->mute)
		return;
	if (p->finishing)
		ox_peer_free(p);
	else if (!p->deaf && p->events.drained)
		p->events.drained(p->ctx);
}

/* A stream with a hole is worse than none: ends it, and reading reports that. */
static void break_off(struct ox_peer *p)
{
	uv_os_fd_t fd;
	if (uv_fileno((uv_handle_t *)&p->pipe, &fd) == 0)
		shutdown(fd, SHUT_RDWR);
	p->mute = true;
}

static void queue_write(struct ox_peer *p, struct ox_slice bytes)
{
	struct write *w = malloc(sizeof *w + bytes.len);
	if (!w) {
		break_off(p);
		return;
	}
	w->peer = p;
	w->uv.data = w;
	memcpy(w->bytes, bytes.data, bytes.len);
	uv_buf_t buf = uv_buf_init(w->bytes, (unsigned)bytes.len);
	if (uv_write(&w->uv, (uv_stream_t *)&p->pipe, &buf, 1, on_written) != 0) {
		free(w);
		p->mute = true;
	}
}

void ox_peer_send(struct ox_peer *p, struct ox_slice bytes)
{
	if (p->broken || p->mute || !bytes.len)
		return;
	if (!ox_peer_queued(p)) {
		uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes.data, (unsigned)bytes.len);
		int n = uv_try_write((uv_stream_t *)&p->pipe, &buf, 1);
		if (n > 0)
			bytes = ox_slice(bytes.data + n, bytes.len - (size_t)n);
	}
	if (bytes.len)
		queue_write(p, bytes);
}

size_t ox_peer_queued(const struct ox_peer *p)
{
	return uv_stream_get_write_queue_size((const uv_stream_t *)&p->pipe);
}

static void cut_off(void *ctx)
{
	ox_peer_free(ctx);
}

void ox_peer_finish(struct ox_peer *p)
{
	p->deaf = true;
	uv_read_stop((uv_stream_t *)&p->pipe);
	if (p->broken || p->mute || !ox_peer_queued(p)) {
		ox_peer_free(p);
		return;
	}
	p->finishing = true;
	p->cut = ox_timer_new(p->loop, cut_off, p);
	if (p->cut)
		ox_timer_start(p->cut, FINISH_MS);
}
