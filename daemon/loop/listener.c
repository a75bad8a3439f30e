#include "daemon/loop/loop.h"

#include "daemon/loop/loop_private.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	/* Connections accepted before others get a turn. */
	ACCEPT_BATCH = 64,
	NO_DESCRIPTORS_PAUSE_MS = 50,
};

struct ox_listener {
	uv_poll_t poll;
	struct ox_timer *pause;
	int fd;
	void (*accepted)(void *ctx, int fd);
	void *ctx;
};

static void on_readable(uv_poll_t *p, int status, int events)
{
	struct ox_listener *l = p->data;
	(void)status;
	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			l->accepted(l->ctx, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
			/* The socket stays readable: look away for a moment instead of spinning. */
			uv_poll_stop(p);
			ox_timer_start(l->pause, NO_DESCRIPTORS_PAUSE_MS);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
		if (uv_is_closing((uv_handle_t *)p))
			return;
	}
}

static void resume(void *ctx)
{
	struct ox_listener *l = ctx;
	uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

int ox_listener_new(struct ox_loop *loop, int fd, void (*accepted)(void *ctx, int fd), void *ctx,
		    struct ox_listener **out, struct ox_err *err)
{
	struct ox_listener *l = calloc(1, sizeof *l);
	if (!l)
		return ox_fail_nomem(err, "listening");
	l->fd = fd;
	l->accepted = accepted;
	l->ctx = ctx;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	int code = uv_poll_init(&loop->uv, &l->poll, fd);
	if (code) {
		free(l);
		return ox_fail_errno(err, -code, "cannot watch the socket");
	}
	l->poll.data = l;
	l->pause = ox_timer_new(loop, resume, l);
	if (!l->pause) {
		ox_listener_free(l);
		return ox_fail_nomem(err, "listening");
	}
	resume(l);
	*out = l;
	return 0;
}

static void closed(uv_handle_t *h)
{
	struct ox_listener *l = h->data;
	close(l->fd);
	free(l);
}

void ox_listener_free(struct ox_listener *l)
{
	if (!l)
		return;
	ox_timer_free(l->pause);
	uv_close((uv_handle_t *)&l->poll, closed);
}
