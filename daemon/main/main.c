/* oxidizerd: options, then daemon/rpc does the work. See oxidizerd(8). */
#include "daemon/rpc/daemon.h"
#include "proto/wire/identity.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>

static const char usage[] =
	"Usage: oxidizerd [OPTION]...\n"
	"Keeps everything that building executables needs warm, and builds for oxc. oxc starts it\n"
	"by itself when it is needed; it ends by itself when it is not.\n"
	"\n"
	"      --foreground       stay in the foreground, log to standard error as well\n"
	"      --idle-seconds N   end after N seconds without clients and builds; 0: never\n"
	"                         (default: OXIDIZER_IDLE_SECONDS, else 10800)\n"
	"      --ready-fd N       write a line to descriptor N when connections are taken\n"
	"      --store DIR        the store's folder (default: OXIDIZER_STORE, else\n"
	"                         ~/.cache/oxidizer)\n"
	"      --help             show this help\n"
	"      --version          show the version\n";

enum { EXIT_USAGE = 2 };

static bool parse_number(const char *text, uint64_t max, uint64_t *out)
{
	char *end;
	errno = 0;
	unsigned long long n = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || n > max)
		return false;
	*out = n;
	return true;
}

static int complain(const char *what, const char *value)
{
	fprintf(stderr, "oxidizerd: %s: %s\n", what, value);
	return EXIT_USAGE;
}

static int set_idle(struct ox_daemon_options *o, const char *what, const char *value)
{
	/* Milliseconds of it have to fit as well. */
	if (!parse_number(value, UINT64_MAX / 1000, &o->idle_seconds))
		return complain(what, value);
	return 0;
}

/* 0: run; -1: done, exit successfully; else the exit code. */
static int parse_options(int argc, char **argv, struct ox_daemon_options *o)
{
	static const struct option options[] = {
		{"foreground", no_argument, NULL, 'f'},      {"idle-seconds", required_argument, NULL, 'i'},
		{"ready-fd", required_argument, NULL, 'r'},  {"store", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},            {"version", no_argument, NULL, 'v'},
		{NULL, 0, NULL, 0},
	};
	uint64_t n;
	int c, rc = 0;
	while (rc == 0 && (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'f':
			o->foreground = true;
			break;
		case 'i':
			rc = set_idle(o, "--idle-seconds must be a number of seconds", optarg);
			break;
		case 'r':
			if (!parse_number(optarg, INT_MAX, &n))
				rc = complain("--ready-fd must be the number of a descriptor", optarg);
			o->ready_fd = (int)n;
			break;
		case 's':
			if (optarg[0] != '/')
				rc = complain("--store must be an absolute path", optarg);
			o->store = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return -1;
		case 'v':
			printf("oxidizerd %s\n", ox_version());
			return -1;
		default:
			fputs("Try `oxidizerd --help`.\n", stderr);
			rc = EXIT_USAGE;
		}
	}
	if (rc == 0 && optind < argc)
		rc = complain("takes no arguments, but was given one", argv[optind]);
	return rc;
}

int main(int argc, char **argv)
{
	struct ox_daemon_options o = {.ready_fd = -1, .idle_seconds = OX_IDLE_SECONDS_DEFAULT};
	struct ox_err err = {0};
	const char *idle = getenv("OXIDIZER_IDLE_SECONDS");
	int rc = idle && *idle ? set_idle(&o, "OXIDIZER_IDLE_SECONDS must be a number of seconds", idle) : 0;
	if (rc == 0)
		rc = parse_options(argc, argv, &o);
	if (rc)
		return rc < 0 ? 0 : rc;
	if (ox_daemon_run(&o, &err) == 0)
		return 0;
	fprintf(stderr, "oxidizerd: %s\n", err.text);
	return ox_exit_code(err.code);
}
