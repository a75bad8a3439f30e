#include "daemon/rpc/dispatch.h"

#include "daemon/rpc/status.h"
#include "proto/wire/identity.h"

#include <errno.h>
#include <sys/stat.h>

enum { EXIT_USAGE = 2, EXIT_INTERNAL = 3, EXIT_UNREACHABLE = 5, EXIT_BUSY = 7 };

/* Who may call is decided before the first byte: only our own user is connected. */
enum when { FIRST, GREETED, NEVER };

struct row {
	const char *name;
	enum when when;
	bool is_request; /* carries a request number */
	void (*handle)(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena);
};

static void refuse(struct ox_session *s, uint64_t request, const char *why)
{
	ox_log_warn(&s->server->log, "client %d refused: %s", (int)s->client_pid, why);
	ox_session_result(s, request, EXIT_UNREACHABLE, "refused", "%s", why);
	s->ending = true;
}

static const struct ox_slice *unknown_feature(const struct ox_hello *mine, const struct ox_hello *peer)
{
	for (size_t i = 0; i < peer->required_count; i++) {
		bool found = false;
		for (size_t j = 0; j < mine->feature_count && !found; j++)
			found = ox_slice_eq(mine->features[j], peer->required[i]);
		if (!found)
			return &peer->required[i];
	}
	return NULL;
}

/* Said as soon as somebody connects: a client that is refused afterwards may know
 * better what to do about a difference. */
void ox_dispatch_greet(struct ox_session *s)
{
	struct ox_msg hello = {.kind = OX_MSG_HELLO};
	ox_hello_fill(&hello.as.hello);
	ox_session_send(s, &hello);
}

/* Another version is for the client to judge, so that it can still stop us. */
static void handle_hello(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	const struct ox_hello *peer = &msg->as.hello;
	struct ox_hello hello, *mine = &hello;
	char why[512] = "";
	(void)arena;
	ox_hello_fill(mine);
	s->client_pid = peer->pid;
	s->cwd_dev = peer->cwd_dev;
	s->cwd_ino = peer->cwd_ino;
	const struct ox_slice *feature = unknown_feature(mine, peer);
	if (peer->protocol != mine->protocol)
		snprintf(why, sizeof why,
			 "the client speaks protocol %u and this daemon (version %s) protocol %u: end it with kill %d, "
			 "and the next command starts the right one",
			 peer->protocol, ox_version(), mine->protocol, (int)mine->pid);
	else if (feature)
		snprintf(why, sizeof why,
			 "the client needs the feature \"%.*s\", which this daemon (version %s) does not have: stop it "
			 "with `oxc daemon stop`, or use --no-daemon",
			 OX_SLICE_ARG(*feature), ox_version());
	else if (peer->root_ino && (peer->root_dev != mine->root_dev || peer->root_ino != mine->root_ino))
		snprintf(why, sizeof why,
			 "the daemon sees another root folder than you do (a container or chroot): use --no-daemon");
	if (*why)
		refuse(s, msg->request, why);
	else
		s->greeted = true;
}

/* The client's current folder must be the one that we find under its name. */
static bool sees_same_folder(const struct ox_session *s, struct ox_slice cwd)
{
	struct stat st;
	char *path = strndup(cwd.data ? cwd.data : "", cwd.len);
	bool same = true;
	if (path && s->cwd_ino && cwd.len && stat(path, &st) == 0)
		same = st.st_ino == s->cwd_ino && st.st_dev == s->cwd_dev;
	free(path);
	return same;
}

static void submit(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	struct ox_err err = {0};
	struct ox_job *job;
	uint64_t request = msg->request;
	if (ox_schedule_add(s->server->schedule, arena, msg, &job, &err) != 0) {
		ox_session_result(s, request, ox_exit_code(err.code), "exhausted", "%s", err.text);
		return;
	}
	struct ox_msg accepted = {.kind = OX_MSG_ACCEPTED, .request = request, .as.accepted = {.build = job->id}};
	ox_session_send(s, &accepted);
	if (ox_session_follow(s, job, request, 0, &err) != 0)
		ox_job_left_alone(job);
	ox_schedule_start(s->server->schedule, job);
}

static void handle_build(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	const struct ox_build *b = &msg->as.build;
	if (s->server->draining)
		ox_session_result(s, msg->request, EXIT_BUSY, "shutting-down",
				  "the daemon is shutting down and takes no new builds: try again in a moment, or use "
				  "--no-daemon");
	else if (!b->config_path.len || b->config_path.data[0] != '/')
		ox_session_result(s, msg->request, EXIT_USAGE, "usage", "a build needs the absolute path of its "
									"configuration file");
	else if (!sees_same_folder(s, b->cwd))
		ox_session_result(s, msg->request, EXIT_UNREACHABLE, "refused",
				  "the daemon sees another folder than you do under %.*s: use --no-daemon",
				  OX_SLICE_ARG(b->cwd));
	else
		submit(s, msg, arena);
}

static void handle_store(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	if (s->server->draining)
		ox_session_result(s, msg->request, EXIT_BUSY, "shutting-down",
				  "the daemon is shutting down: try again in a moment, or use --no-daemon");
	else
		submit(s, msg, arena);
}

static void submit_from(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena, struct ox_slice cwd)
{
	if (s->server->draining)
		ox_session_result(s, msg->request, EXIT_BUSY, "shutting-down",
				  "the daemon is shutting down: try again in a moment, or use --no-daemon");
	else if (!sees_same_folder(s, cwd))
		ox_session_result(s, msg->request, EXIT_UNREACHABLE, "refused",
				  "the daemon sees another folder than you do under %.*s: use --no-daemon",
				  OX_SLICE_ARG(cwd));
	else
		submit(s, msg, arena);
}

static void handle_language(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	submit_from(s, msg, arena, msg->as.language.cwd);
}

static void handle_distribution(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	submit_from(s, msg, arena, msg->as.distribution.cwd);
}

static void handle_cancel(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	(void)arena;
	struct ox_job *job = ox_schedule_find(s->server->schedule, msg->as.cancel.build);
	/* Too late is no error: the result is on its way. */
	if (job)
		ox_schedule_cancel(s->server->schedule, job);
}

static void handle_resume(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	(void)arena;
	struct ox_err err = {0};
	struct ox_job *job = ox_schedule_find(s->server->schedule, msg->as.resume.build);
	if (!job) {
		ox_session_result(s, msg->request, EXIT_INTERNAL, "unknown-build",
				  "build %llu is not known here: it ended long ago, or the daemon was started anew",
				  (unsigned long long)msg->as.resume.build);
		return;
	}
	struct ox_msg accepted = {.kind = OX_MSG_ACCEPTED, .request = msg->request, .as.accepted = {.build = job->id}};
	ox_session_send(s, &accepted);
	if (ox_session_follow(s, job, msg->request, msg->as.resume.after, &err) != 0)
		ox_session_result(s, msg->request, ox_exit_code(err.code), "exhausted", "%s", err.text);
}

static void handle_status(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	struct ox_msg answer = {.kind = OX_MSG_REPORT, .request = msg->request};
	struct ox_err err = {0};
	if (ox_status_report(s->server, arena, &answer.as.report, &err) != 0) {
		ox_session_result(s, msg->request, ox_exit_code(err.code), "exhausted", "%s", err.text);
		return;
	}
	ox_session_send(s, &answer);
	ox_session_result(s, msg->request, 0, "ok", "%s", "");
}

/* Answered when the daemon ends, so that a client knows when it has. */
static void handle_shutdown(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	struct ox_schedule_counts c = ox_schedule_counts(s->server->schedule);
	(void)arena;
	s->shutdown_request = msg->request;
	if (c.running + c.waiting) {
		char text[96];
		int len = snprintf(text, sizeof text, "%zu builds are running or waiting; %s", c.running + c.waiting,
				   msg->as.shutdown.now ? "cancelling them" : "the daemon ends after them");
		struct ox_msg note = {
			.kind = OX_MSG_EVENT,
			.request = msg->request,
			.as.event = {.type = OX_EVENT_LOG,
				     .number = 1,
				     .as.log = {.level = OX_LEVEL_INFO,
						.source = OX_SLICE("daemon"),
						.text = ox_slice(text, (size_t)len)}},
		};
		ox_session_send(s, &note);
	}
	s->server->shut_down(s->server, msg->as.shutdown.now);
}

static const struct row table[] = {
	[OX_MSG_HELLO] = {"HELLO", FIRST, false, handle_hello},
	[OX_MSG_BUILD] = {"BUILD", GREETED, true, handle_build},
	[OX_MSG_ACCEPTED] = {"ACCEPTED", NEVER, false, NULL},
	[OX_MSG_EVENT] = {"EVENT", NEVER, false, NULL},
	[OX_MSG_CANCEL] = {"CANCEL", GREETED, false, handle_cancel},
	[OX_MSG_RESUME] = {"RESUME", GREETED, true, handle_resume},
	[OX_MSG_STATUS] = {"STATUS", GREETED, true, handle_status},
	[OX_MSG_STORE] = {"STORE", GREETED, true, handle_store},
	[OX_MSG_SHUTDOWN] = {"SHUTDOWN", GREETED, true, handle_shutdown},
	[OX_MSG_REPORT] = {"REPORT", NEVER, false, NULL},
	[OX_MSG_LANGUAGE] = {"LANGUAGE", GREETED, true, handle_language},
	[OX_MSG_DISTRIBUTION] = {"DISTRIBUTION", GREETED, true, handle_distribution},
};

void ox_dispatch(struct ox_session *s, struct ox_msg *msg, struct ox_arena *arena)
{
	const struct row *row = &table[msg->kind]; /* decoding lets known kinds through only */
	char why[128] = "";
	if (row->when == NEVER)
		snprintf(why, sizeof why, "a client does not send %s", row->name);
	else if (row->when == FIRST && s->greeted)
		snprintf(why, sizeof why, "%s comes once only", row->name);
	else if (row->when == GREETED && !s->greeted)
		snprintf(why, sizeof why, "%s came before HELLO", row->name);
	else if (row->is_request && !msg->request)
		snprintf(why, sizeof why, "%s carries no request number", row->name);
	if (*why)
		refuse(s, msg->request, why);
	else
		row->handle(s, msg, arena);
}
