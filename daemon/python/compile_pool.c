#include "daemon/python/compile_pool.h"

#include "daemon/loop/process.h"
#include "daemon/python/compile_script.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

enum {
	MAX_INTERPRETERS = 64,
	AHEAD = 3,             /* modules that an interpreter has waiting, so that it never does */
	PER_INTERPRETER = 8,   /* fewer modules than this are not worth another start */
	POLL_MS = 100,
	REPLY_HEAD = 16,
	REPLY_MAX = 256 << 20,
};

struct interpreter {
	struct ox_process process;
	bool running;
	struct ox_buf out; /* requests; sent up to `sent` */
	size_t sent;
	struct ox_buf in; /* replies not yet complete */
	size_t waiting;   /* requests without reply */
};

struct ox_compile_pool {
	const char *python;
	const char *const *env;
	size_t limit;
	struct interpreter interpreters[MAX_INTERPRETERS];
};

/* One call of run. */
struct run {
	struct ox_compile_pool *pool;
	const struct ox_compile_work *work;
	size_t given, done;
	struct ox_buf source;
	struct ox_err *err;
};

int ox_compile_pool_new(const char *python, const char *const *env, struct ox_compile_pool **out, struct ox_err *err)
{
	struct ox_compile_pool *p = calloc(1, sizeof *p);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	if (!p)
		return ox_fail_nomem(err, "starting interpreters");
	p->python = python;
	p->env = env;
	p->limit = processors < 1 ? 1 : processors > MAX_INTERPRETERS ? MAX_INTERPRETERS : (size_t)processors;
	*out = p;
	return 0;
}

void ox_compile_pool_free(struct ox_compile_pool *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->limit; i++) {
		struct interpreter *t = &p->interpreters[i];
		if (t->running)
			ox_process_stop(&t->process, 1000);
		ox_buf_free(&t->out);
		ox_buf_free(&t->in);
	}
	free(p);
}

static int start(struct run *r, struct interpreter *t)
{
	/* Not -I: it would ignore PYTHONHASHSEED, which fixes the order of constant sets. */
	const char *argv[] = {r->pool->python, "-s", "-S", "-B", "-W", "ignore", "-c", ox_compile_script, NULL};
	int rc = ox_process_start(argv, r->pool->env, "/", &t->process, r->err);
	if (rc)
		return rc;
	t->running = true;
	if (fcntl(t->process.in, F_SETFL, O_NONBLOCK) != 0 || fcntl(t->process.out, F_SETFL, O_NONBLOCK) != 0)
		return ox_fail_errno(r->err, errno, "cannot talk with %s", r->pool->python);
	return 0;
}

static int start_enough(struct run *r)
{
	size_t wanted = (r->work->count + PER_INTERPRETER - 1) / PER_INTERPRETER;
	int rc = 0;
	for (size_t i = 0; !rc && i < r->pool->limit && i < wanted; i++)
		if (!r->pool->interpreters[i].running)
			rc = start(r, &r->pool->interpreters[i]);
	return rc;
}

static int give(struct run *r, struct interpreter *t)
{
	struct ox_slice name = {0};
	int level = 0;
	ox_buf_clear(&r->source);
	int rc = r->work->source(r->work->ctx, r->given, &r->source, &name, &level, r->err);
	if (rc)
		return rc;
	if (r->given > UINT32_MAX || name.len > UINT32_MAX || r->source.len > INT32_MAX)
		return ox_fail(r->err, OX_EBUILD, "%.*s is too long to compile", OX_SLICE_ARG(name));
	ox_buf_u32(&t->out, (uint32_t)r->given++);
	ox_buf_u32(&t->out, (uint32_t)level);
	ox_buf_u32(&t->out, (uint32_t)name.len);
	ox_buf_u32(&t->out, (uint32_t)r->source.len);
	ox_buf_slice(&t->out, name);
	ox_buf_slice(&t->out, ox_buf_view(&r->source));
	t->waiting++;
	return ox_buf_ok(&t->out, "sources to compile", r->err);
}

static int give_work(struct run *r)
{
	int rc = 0;
	for (size_t ahead = 1; !rc && ahead <= AHEAD; ahead++)
		for (size_t i = 0; !rc && i < r->pool->limit; i++) {
			struct interpreter *t = &r->pool->interpreters[i];
			if (t->running && t->waiting < ahead && r->given < r->work->count)
				rc = give(r, t);
		}
	return rc;
}

static int ended(struct run *r)
{
	return ox_fail(r->err, OX_EBUILD, "%s ended while it compiled modules", r->pool->python);
}

static int send_some(struct run *r, struct interpreter *t)
{
	while (t->sent < t->out.len) {
		ssize_t n = write(t->process.in, t->out.data + t->sent, t->out.len - t->sent);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n < 0)
			return errno == EPIPE ? ended(r) : ox_fail_errno(r->err, errno, "cannot send a module");
		t->sent += (size_t)n;
	}
	ox_buf_clear(&t->out);
	t->sent = 0;
	return 0;
}

static uint32_t word(const char *data)
{
	const uint8_t *b = (const uint8_t *)data;
	return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Hands over every complete reply and keeps the rest. */
static int take_replies(struct run *r, struct interpreter *t)
{
	size_t at = 0;
	int rc = 0;
	while (!rc && t->in.len - at >= REPLY_HEAD) {
		const char *head = t->in.data + at;
		uint32_t index = word(head), status = word(head + 4);
		size_t len = word(head + 8), more = word(head + 12);
		if (index >= r->given || status > 1 || len > REPLY_MAX || more > REPLY_MAX)
			return ox_fail(r->err, OX_EBUILD, "%s answered garbage", r->pool->python);
		if (t->in.len - at - REPLY_HEAD < len + more)
			break;
		rc = r->work->done(r->work->ctx, index, status != 0, ox_slice(head + REPLY_HEAD, len),
				   ox_slice(head + REPLY_HEAD + len, more), r->err);
		at += REPLY_HEAD + len + more;
		t->waiting--;
		r->done++;
	}
	if (at) {
		memmove(t->in.data, t->in.data + at, t->in.len - at);
		t->in.len -= at;
	}
	return rc;
}

static int receive_some(struct run *r, struct interpreter *t)
{
	for (;;) {
		enum { CHUNK = 1 << 16 };
		char *room = ox_buf_reserve(&t->in, CHUNK);
		if (!room)
			return ox_buf_ok(&t->in, "compiled modules", r->err);
		ssize_t n = read(t->process.out, room, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return take_replies(r, t);
		if (n < 0)
			return ox_fail_errno(r->err, errno, "cannot read compiled modules");
		if (n == 0)
			return ended(r);
		ox_buf_commit(&t->in, (size_t)n);
	}
}

static int talk(struct run *r)
{
	struct pollfd fds[2 * MAX_INTERPRETERS];
	struct interpreter *who[2 * MAX_INTERPRETERS];
	nfds_t n = 0;
	for (size_t i = 0; i < r->pool->limit; i++) {
		struct interpreter *t = &r->pool->interpreters[i];
		if (!t->running || !t->waiting)
			continue;
		who[n] = t;
		fds[n++] = (struct pollfd){.fd = t->process.out, .events = POLLIN};
		who[n] = t;
		if (t->sent < t->out.len)
			fds[n++] = (struct pollfd){.fd = t->process.in, .events = POLLOUT};
	}
	if (poll(fds, n, POLL_MS) < 0 && errno != EINTR)
		return ox_fail_errno(r->err, errno, "cannot wait for interpreters");
	int rc = 0;
	for (nfds_t i = 0; !rc && i < n; i++) {
		if (!fds[i].revents)
			continue;
		rc = fds[i].events == POLLIN ? receive_some(r, who[i]) : send_some(r, who[i]);
	}
	return rc;
}

int ox_compile_pool_run(struct ox_compile_pool *p, const struct ox_compile_work *work, struct ox_err *err)
{
	struct run r = {.pool = p, .work = work, .err = err};
	int rc = start_enough(&r);
	while (!rc && r.done < work->count) {
		rc = give_work(&r);
		for (size_t i = 0; !rc && i < p->limit; i++)
			if (p->interpreters[i].running)
				rc = send_some(&r, &p->interpreters[i]);
		if (!rc)
			rc = talk(&r);
		if (!rc && work->cancelled)
			rc = work->cancelled(work->ctx, err);
	}
	ox_buf_free(&r.source);
	return rc;
}
