#include "daemon/rpc/daemon.h"

#include "daemon/loop/process.h"
#include "daemon/rpc/background.h"
#include "daemon/rpc/dispatch.h"
#include "daemon/rpc/endpoint.h"
#include "proto/base/clock.h"
#include "proto/wire/identity.h"
#include "store/cas/store.h"

#include <malloc.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	EXTRA_PLACES = 1,    /* builds at once beyond the processors: builds also wait for disks and networks */
	TRIM_AFTER_MS = 1000,    /* idle for that long: memory is given back */
	FORGET_AFTER_MS = 60000, /* idle for that long: nobody resumes any more; stores are closed */
};

/* The life of a daemon:
 *
 *     serving --SHUTDOWN, signal, idle--> draining --no job left--> ended
 *
 * `settle` looks whether the state has to change. It runs from the loop, never from
 * inside a handler, so that no handler finds its session gone. */
struct ox_daemon {
	struct ox_server server;
	struct ox_endpoint endpoint;
	struct ox_listener *listener;
	struct ox_timer *settle, *trim, *forget, *idle;
	struct ox_signal *on_child, *on_term, *on_int;
	uint64_t idle_seconds;
	bool was_idle, ended;
	char *store;
};

static struct ox_daemon *daemon_of(struct ox_server *server)
{
	return (struct ox_daemon *)((char *)server - offsetof(struct ox_daemon, server));
}

static void on_accepted(void *ctx, int fd)
{
	struct ox_daemon *d = ctx;
	struct ox_err err = {0}, refused = {0};
	unsigned uid;
	int allowed = ox_endpoint_check_peer(fd, &uid, &refused);
	if (ox_session_new(&d->server, fd, ox_dispatch, &err) != 0) {
		ox_log_error(&d->server.log, "a client was turned away: %s", err.text);
		return;
	}
	struct ox_session *s = d->server.sessions.items[d->server.sessions.len - 1];
	if (allowed == 0) {
		ox_dispatch_greet(s);
		return;
	}
	ox_log_warn(&d->server.log, "refused a connection of user %u", uid);
	ox_session_result(s, 0, ox_exit_code(refused.code), "refused", "%s", refused.text);
	ox_session_end(s);
}

static void on_changed(void *ctx)
{
	struct ox_daemon *d = ctx;
	ox_timer_start(d->settle, 0);
}

static void on_child(void *ctx)
{
	struct ox_daemon *d = ctx;
	ox_schedule_reap(d->server.schedule);
}

static void shut_down(struct ox_server *server, bool now)
{
	struct ox_daemon *d = daemon_of(server);
	if (!server->draining) {
		ox_log_info(&server->log, "shutting down%s", now ? " now" : " when all builds have ended");
		ox_notify_manager("STOPPING=1");
	}
	server->draining = true;
	if (now)
		ox_schedule_cancel_all(server->schedule);
	on_changed(d);
}

/* The first signal lets running builds end, the second cancels them. */
static void on_end_signal(void *ctx)
{
	struct ox_daemon *d = ctx;
	shut_down(&d->server, d->server.draining);
}

/* Gives up the socket and the lock before it answers those that wait for the end, so
 * that whoever got the answer can start a new daemon. */
static void end(struct ox_daemon *d)
{
	struct ox_server *server = &d->server;
	d->ended = true;
	ox_log_info(&server->log, "ended");
	ox_endpoint_withdraw(&d->endpoint);
	ox_listener_free(d->listener);
	d->listener = NULL;
	for (size_t i = server->sessions.len; i-- > 0;) {
		struct ox_session *s = server->sessions.items[i];
		if (s->shutdown_request)
			ox_session_result(s, s->shutdown_request, 0, "ok", "the daemon has ended");
		ox_session_end(s);
	}
	ox_loop_stop(server->loop);
}

static void on_settle(void *ctx)
{
	struct ox_daemon *d = ctx;
	bool jobs = !ox_schedule_idle(d->server.schedule);
	if (d->ended)
		return; /* the last connections are being closed */
	if (d->server.draining && !jobs) {
		end(d);
		return;
	}
	bool idle = !jobs && d->server.sessions.len == 0;
	if (idle) {
		ox_timer_start(d->trim, TRIM_AFTER_MS);
		ox_timer_start(d->forget, FORGET_AFTER_MS);
		if (d->idle_seconds)
			ox_timer_start(d->idle, d->idle_seconds * 1000);
	} else if (d->was_idle) {
		ox_timer_stop(d->trim);
		ox_timer_stop(d->forget);
		ox_timer_stop(d->idle);
	}
	d->was_idle = idle;
}

static void on_trim(void *ctx)
{
	(void)ctx;
	malloc_trim(0);
}

static void on_forget(void *ctx)
{
	struct ox_daemon *d = ctx;
	ox_schedule_forget(d->server.schedule);
	malloc_trim(0);
}

static void on_idle(void *ctx)
{
	struct ox_daemon *d = ctx;
	/* Somebody came while the time ran out. */
	if (d->server.sessions.len || !ox_schedule_idle(d->server.schedule)) {
		ox_timer_start(d->idle, d->idle_seconds * 1000);
		return;
	}
	ox_log_info(&d->server.log, "nothing to do for %llu s", (unsigned long long)d->idle_seconds);
	shut_down(&d->server, false);
	end(d); /* nobody is taken on in between; whoever connected and was not asked in tries again */
}

static size_t places(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	return (size_t)(processors > 0 ? processors : 1) + EXTRA_PLACES;
}

static int make_parts(struct ox_daemon *d, struct ox_err *err)
{
	struct ox_server *s = &d->server;
	int rc = ox_loop_new(&s->loop, err);
	if (rc)
		return rc;
	d->settle = ox_timer_new(s->loop, on_settle, d);
	d->trim = ox_timer_new(s->loop, on_trim, d);
	d->forget = ox_timer_new(s->loop, on_forget, d);
	d->idle = ox_timer_new(s->loop, on_idle, d);
	d->on_child = ox_signal_new(s->loop, SIGCHLD, on_child, d);
	d->on_term = ox_signal_new(s->loop, SIGTERM, on_end_signal, d);
	d->on_int = ox_signal_new(s->loop, SIGINT, on_end_signal, d);
	if (!d->settle || !d->trim || !d->forget || !d->idle || !d->on_child || !d->on_term || !d->on_int)
		return ox_fail_nomem(err, "starting");
	rc = ox_schedule_new(s->loop, &s->log, s->store, places(), on_changed, d, &s->schedule, err);
	if (rc == 0)
		rc = ox_listener_new(s->loop, d->endpoint.listen_fd, on_accepted, d, &d->listener, err);
	if (rc == 0)
		d->endpoint.listen_fd = -1;
	return rc;
}

static void free_parts(struct ox_daemon *d)
{
	struct ox_server *s = &d->server;
	ox_listener_free(d->listener);
	while (s->sessions.len)
		ox_session_free(s->sessions.items[s->sessions.len - 1]);
	ox_vec_free(&s->sessions);
	ox_schedule_free(s->schedule);
	ox_timer_free(d->settle);
	ox_timer_free(d->trim);
	ox_timer_free(d->forget);
	ox_timer_free(d->idle);
	ox_signal_free(d->on_child);
	ox_signal_free(d->on_term);
	ox_signal_free(d->on_int);
	ox_loop_free(s->loop);
	s->loop = NULL;
}

static void report_ready(int fd)
{
	static const char text[] = "READY=1\n";
	ox_notify_manager(text);
	if (fd < 0)
		return;
	if (write(fd, text, sizeof text - 1) < 0)
		return; /* whoever wanted to know is gone */
	close(fd);
}

static int serve(struct ox_daemon *d, int ready_fd, struct ox_err *err)
{
	int rc = ox_process_become_subreaper(err);
	if (rc == 0)
		rc = make_parts(d, err);
	if (rc == 0) {
		ox_log_info(&d->server.log, "oxidizerd %s serves %s, store %s", ox_version(), d->endpoint.dir,
			    d->server.store);
		report_ready(ready_fd);
		on_changed(d);
		ox_loop_run(d->server.loop);
	}
	free_parts(d);
	return rc;
}

static const char *look_up(void *ctx, const char *name)
{
	(void)ctx;
	return getenv(name);
}

static int find_store(struct ox_daemon *d, const struct ox_daemon_options *o, struct ox_err *err)
{
	struct ox_buf dir = {0};
	int rc = 0;
	if (o->store)
		ox_buf_str(&dir, o->store);
	else
		rc = ox_store_default_dir(look_up, NULL, &dir, err);
	if (rc == 0 && !(d->store = ox_buf_steal(&dir)))
		rc = ox_fail_nomem(err, "the store's path");
	d->server.store = d->store;
	ox_buf_free(&dir);
	return rc;
}

static int start(struct ox_daemon *d, const struct ox_daemon_options *o, bool *parent, struct ox_err *err)
{
	int rc = ox_endpoint_listen(&d->endpoint, err);
	*parent = false;
	/* Connections queue from here on: what follows does not keep clients waiting to connect. */
	if (rc == 0 && !o->foreground && !d->endpoint.inherited)
		rc = ox_go_background(d->server.log.fd, parent, err);
	if (rc == 0 && !*parent)
		ox_endpoint_write_pid(&d->endpoint);
	return rc;
}

int ox_daemon_run(const struct ox_daemon_options *o, struct ox_err *err)
{
	struct ox_daemon d = {
		.server = {.log = {.fd = -1},
			   .started = ox_clock_mono(),
			   .shut_down = shut_down,
			   .changed = on_changed},
		.endpoint = OX_ENDPOINT_NONE,
		.idle_seconds = o->idle_seconds,
	};
	bool parent = false;
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	ox_close_inherited(o->ready_fd);
	ox_raise_descriptor_limit();
	int rc = ox_endpoint_open_dir(&d.endpoint, err);
	if (rc == 0)
		rc = ox_log_open(&d.server.log, d.endpoint.dir_fd, o->foreground, err);
	if (rc == 0)
		rc = find_store(&d, o, err);
	if (rc == 0)
		rc = start(&d, o, &parent, err);
	if (rc == 0 && parent)
		_exit(0); /* everything belongs to the child now */
	d.server.runtime = d.endpoint.dir;
	if (rc == 0)
		rc = serve(&d, o->ready_fd, err);
	if (rc && err)
		ox_log_error(&d.server.log, "cannot start: %s", err->text);
	ox_log_close(&d.server.log);
	ox_endpoint_close(&d.endpoint);
	free(d.store);
	return rc;
}
