/* oxidizer-worker - one request: reads it from a socket, answers in events, ends.
 *
 *     oxidizer-worker --fd N
 *
 * Started by oxidizerd, or by `oxc --no-daemon`, with a connected socket as
 * descriptor N. Exit status 0 when the request got its result event, whatever that said. */
#include "daemon/loop/process.h"
#include "daemon/worker/build.h"
#include "daemon/worker/distribution.h"
#include "daemon/worker/language.h"
#include "daemon/worker/stores.h"
#include "proto/wire/frame.h"
#include "proto/wire/identity.h"

#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <unistd.h>

/* 0, or an exit status. */
static int parse_arguments(int argc, char **argv, int *fd)
{
	char *rest;
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("oxidizer-worker %s\n", ox_version());
		exit(0);
	}
	long n = argc == 3 && strcmp(argv[1], "--fd") == 0 ? strtol(argv[2], &rest, 10) : -1;
	if (n < 0 || n > INT_MAX || *rest != '\0' || rest == argv[2]) {
		fprintf(stderr, "usage: oxidizer-worker --fd N (it is started by oxidizerd and by oxc --no-daemon)\n");
		return 2;
	}
	if (fcntl((int)n, F_SETFD, FD_CLOEXEC) != 0) {
		fprintf(stderr, "oxidizer-worker: descriptor %ld is not open\n", n);
		return 2;
	}
	*fd = (int)n;
	return 0;
}

static int greet(struct ox_channel *channel, struct ox_err *err)
{
	struct ox_msg hello = {.kind = OX_MSG_HELLO};
	ox_hello_fill(&hello.as.hello);
	return ox_channel_send(channel, &hello, err);
}

/* The request; a HELLO before it is read and checked. */
static int receive_request(struct ox_channel *channel, struct ox_arena *arena, struct ox_msg *msg, struct ox_err *err)
{
	for (;;) {
		int rc = ox_channel_receive(channel, arena, msg, err);
		if (rc != 0 || msg->kind == OX_MSG_BUILD || msg->kind == OX_MSG_STORE || msg->kind == OX_MSG_LANGUAGE ||
		    msg->kind == OX_MSG_DISTRIBUTION)
			return rc;
		if (msg->kind == OX_MSG_CANCEL)
			return ox_fail(err, OX_ECANCELLED, "cancelled before it began");
		if (msg->kind != OX_MSG_HELLO)
			return ox_fail(err, OX_ECORRUPT, "a request is expected, not a message of kind %d",
				       (int)msg->kind);
	}
}

static void serve(struct ox_channel *channel, const struct ox_msg *msg)
{
	struct ox_worker_sink sink;
	ox_worker_sink_init(&sink, channel, msg->request);
	if (msg->kind == OX_MSG_BUILD)
		ox_worker_build(&sink, &msg->as.build);
	else if (msg->kind == OX_MSG_LANGUAGE)
		ox_worker_language(&sink, &msg->as.language);
	else if (msg->kind == OX_MSG_DISTRIBUTION)
		ox_worker_distribution(&sink, &msg->as.distribution);
	else
		ox_worker_store(&sink, &msg->as.store);
	ox_worker_sink_end(&sink);
}

int main(int argc, char **argv)
{
	int fd;
	struct ox_err err = {0};
	struct ox_msg msg;
	struct ox_arena arena = {.limit = OX_FRAME_DECODED_MAX};
	int status = parse_arguments(argc, argv, &fd);
	if (status != 0)
		return status;
	/* File names in patterns are UTF-8, whatever the client's locale; messages stay as they are. */
	setlocale(LC_CTYPE, "C.UTF-8");
	struct ox_channel *channel = ox_channel_new(fd);
	int rc = channel ? ox_process_become_subreaper(&err) : ox_fail_nomem(&err, "the worker");
	if (rc == 0)
		rc = greet(channel, &err);
	if (rc == 0)
		rc = receive_request(channel, &arena, &msg, &err);
	if (rc == 0)
		rc = ox_channel_watch(channel, &err);
	if (rc == 0)
		serve(channel, &msg);
	ox_channel_free(channel);
	ox_process_kill_descendants(NULL, 0);
	ox_arena_free(&arena);
	if (rc != 0 && rc != OX_EEOF && rc != OX_ECANCELLED)
		fprintf(stderr, "oxidizer-worker: %s\n", err.text);
	return ox_exit_code(rc);
}
