#include "daemon/worker/channel.h"

#include "daemon/loop/process.h"
#include "proto/base/clock.h"
#include "proto/wire/frame.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { STOP_GRACE_MS = 5000 };

struct ox_channel {
	int fd;
	int signals; /* signalfd */
	int quit;    /* eventfd: ends the watching thread */
	struct ox_frame_reader reader;
	pthread_mutex_t send_lock;
	pthread_t thread;
	bool watching;
	atomic_bool cancelled;
};

struct ox_channel *ox_channel_new(int fd)
{
	struct ox_channel *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	sigset_t stop;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigaddset(&stop, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	c->fd = fd;
	c->signals = signalfd(-1, &stop, SFD_CLOEXEC);
	c->quit = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&c->send_lock, NULL);
	return c;
}

void ox_channel_free(struct ox_channel *c)
{
	if (!c)
		return;
	if (c->watching) {
		uint64_t one = 1;
		if (write(c->quit, &one, sizeof one) == sizeof one)
			pthread_join(c->thread, NULL);
	}
	pthread_mutex_destroy(&c->send_lock);
	ox_frame_reader_free(&c->reader);
	if (c->quit >= 0)
		close(c->quit);
	if (c->signals >= 0)
		close(c->signals);
	close(c->fd);
	free(c);
}

int ox_channel_receive(struct ox_channel *c, struct ox_arena *arena, struct ox_msg *msg, struct ox_err *err)
{
	struct ox_slice body;
	int rc = ox_frame_read(c->fd, &c->reader, &body, err);
	if (rc == 0)
		return ox_fail(err, OX_EEOF, "the connection was closed");
	return rc < 0 ? rc : ox_msg_decode(body, arena, msg, err);
}

int ox_channel_send(struct ox_channel *c, const struct ox_msg *msg, struct ox_err *err)
{
	struct ox_buf frame = {0};
	int rc = ox_msg_encode(msg, &frame, err);
	if (rc == 0) {
		pthread_mutex_lock(&c->send_lock);
		if (ox_frame_write(c->fd, ox_buf_view(&frame), NULL) != 0)
			atomic_store(&c->cancelled, true);
		pthread_mutex_unlock(&c->send_lock);
	}
	ox_buf_free(&frame);
	return rc;
}

int ox_channel_cancelled(void *channel, struct ox_err *err)
{
	struct ox_channel *c = channel;
	return atomic_load(&c->cancelled) ? ox_fail(err, OX_ECANCELLED, "cancelled") : 0;
}

/* Takes what the peer sent; true when it asks to stop or is gone. */
static bool read_peer(struct ox_channel *c)
{
	size_t room = 4096;
	char *at = ox_frame_reader_room(&c->reader, &room);
	ssize_t n = at ? read(c->fd, at, room) : -1;
	if (n < 0 && at && (errno == EINTR || errno == EAGAIN))
		return false;
	if (n <= 0)
		return true;
	ox_frame_reader_filled(&c->reader, (size_t)n);
	for (;;) {
		struct ox_slice body;
		int rc = ox_frame_reader_next(&c->reader, &body, NULL);
		if (rc <= 0)
			return rc < 0;
		struct ox_arena arena = {.limit = OX_FRAME_DECODED_MAX};
		struct ox_msg msg;
		bool stop = ox_msg_decode(body, &arena, &msg, NULL) != 0 || msg.kind == OX_MSG_CANCEL;
		ox_arena_free(&arena);
		if (stop)
			return true;
	}
}

/* The build was told to stop: wait until it has, or make it. */
static void await_end(struct ox_channel *c)
{
	struct pollfd quit = {.fd = c->quit, .events = POLLIN};
	uint64_t deadline = ox_clock_mono() + (uint64_t)STOP_GRACE_MS * 1000000;
	while (ox_clock_mono() < deadline) {
		if (poll(&quit, 1, 100) > 0)
			return;
	}
	ox_process_kill_descendants(NULL, 0);
	_exit(128 + SIGINT);
}

static void *watch(void *arg)
{
	struct ox_channel *c = arg;
	for (;;) {
		struct pollfd fds[] = {
			{.fd = c->quit, .events = POLLIN},
			{.fd = c->signals, .events = POLLIN},
			{.fd = c->fd, .events = POLLIN},
		};
		if (poll(fds, OX_COUNT(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return NULL;
		}
		if (fds[0].revents)
			return NULL;
		if (fds[1].revents || (fds[2].revents && read_peer(c)))
			break;
	}
	atomic_store(&c->cancelled, true);
	await_end(c);
	return NULL;
}

int ox_channel_watch(struct ox_channel *c, struct ox_err *err)
{
	if (c->signals < 0 || c->quit < 0)
		return ox_fail(err, OX_EEXHAUSTED, "no descriptors left for the worker");
	int rc = pthread_create(&c->thread, NULL, watch, c);
	if (rc != 0)
		return ox_fail_errno(err, rc, "cannot start the worker's watching thread");
	c->watching = true;
	return 0;
}
