#include "daemon/transfer/fetch.h"

#include "daemon/transfer/http.h"
#include "store/cas/partial.h"
#include "store/digest/digest.h"

#include <errno.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FETCH_VERSION = 1, MOST_FRUITLESS = 5, MOST_ATTEMPTS = 20, PAUSE_GRAIN_MS = 50, LONGEST_PAUSE_MS = 30000 };

static const uint64_t default_limit = 2ull << 30;

struct job {
	struct ox_actions *actions;
	struct ox_arena *arena;
	const struct ox_fetch *f;
	const char *name, *task;
	struct ox_http http;
};

static int fail_digest(const struct job *j, const struct ox_digest *found, uint64_t size, struct ox_err *err)
{
	char wanted[OX_DIGEST_HEX + 1], is[OX_DIGEST_HEX + 1];
	return ox_fail(err, OX_EPOLICY,
		       "%s is not the file that was named: its sha256 is %s (%llu bytes), not %s; if it is the right "
		       "one, correct the sha256",
		       j->f->url, ox_digest_hex(found, is), (unsigned long long)size,
		       ox_digest_hex(&j->f->sha256, wanted));
}

static int on_tick(void *ctx, uint64_t done, uint64_t total, struct ox_err *err)
{
	struct job *j = ctx;
	ox_emit_progress(ox_actions_sink(j->actions), j->task, done, total, "bytes");
	return ox_actions_check_cancel(j->actions, err);
}

static int pause_for(struct job *j, uint64_t milliseconds, struct ox_err *err)
{
	int rc = 0;
	for (uint64_t left = milliseconds; left && !rc;) {
		uint64_t part = left < PAUSE_GRAIN_MS ? left : PAUSE_GRAIN_MS;
		nanosleep(&(struct timespec){.tv_nsec = (long)part * 1000000}, NULL);
		left -= part;
		rc = ox_actions_check_cancel(j->actions, err);
	}
	return rc;
}

/* How long to wait before the next attempt; the server's own wish counts first. */
static uint64_t pause_after(const struct job *j, const struct ox_http_result *result, unsigned fruitless)
{
	uint64_t pause = j->f->pause_ms ? j->f->pause_ms : 500;
	pause <<= fruitless ? fruitless - 1 : 0;
	if (result->after_seconds)
		pause = result->after_seconds * 1000ull;
	return pause < LONGEST_PAUSE_MS || result->after_seconds ? pause : LONGEST_PAUSE_MS;
}

/* Attempt after attempt, until the server says that the file is complete. */
static int download(struct job *j, const struct ox_curl *curl, int fd, uint64_t *have, struct ox_err *err)
{
	struct ox_http_result result;
	unsigned fruitless = 0;
	for (unsigned attempt = 1;; attempt++) {
		uint64_t before = *have;
		int rc = ox_http_get(curl, &j->http, fd, have, &result, err);
		if (!rc || !result.again || j->f->once)
			return rc;
		fruitless = *have > before ? 1 : fruitless + 1;
		if (fruitless >= MOST_FRUITLESS || attempt >= MOST_ATTEMPTS)
			return ox_wrap(err, "gave up after %u attempts", attempt);
		uint64_t pause = pause_after(j, &result, fruitless);
		ox_emit_log(ox_actions_sink(j->actions), OX_LEVEL_WARN, "fetch",
			    "%s: %s; trying again in %.1f s, with %llu bytes so far", j->name, err->text,
			    (double)pause / 1000, (unsigned long long)*have);
		rc = pause_for(j, pause, err);
		if (rc)
			return rc;
	}
}

static int digest_of(int fd, struct ox_digest *digest, uint64_t *size, struct ox_err *err)
{
	if (lseek(fd, 0, SEEK_SET) != 0)
		return ox_fail_errno(err, errno, "cannot rewind a download");
	return ox_digest_fd(fd, digest, size, err);
}

/* What an earlier attempt left may be of another file: then once more from the beginning. */
static int download_right(struct job *j, const struct ox_curl *curl, int fd, uint64_t have, struct ox_err *err)
{
	struct ox_digest found;
	for (;;) {
		bool resumed = have > 0;
		uint64_t size = 0;
		int rc = download(j, curl, fd, &have, err);
		if (!rc)
			rc = digest_of(fd, &found, &size, err);
		if (rc || ox_digest_eq(&found, &j->f->sha256))
			return rc;
		if (ftruncate(fd, 0) != 0)
			return ox_fail_errno(err, errno, "cannot start a download again");
		if (!resumed)
			return fail_digest(j, &found, size, err);
		have = 0;
	}
}

static int fetch_http(struct job *j, struct ox_err *err)
{
	struct ox_store *store = ox_actions_store(j->actions);
	struct ox_curl curl;
	struct ox_buf path = {0};
	struct ox_digest found;
	uint64_t have = 0;
	int fd = -1, rc = ox_curl_load(&curl, err);
	if (rc)
		return rc;
	if (curl.global_init(CURL_GLOBAL_DEFAULT) != 0)
		return ox_fail_nomem(err, "a download");
	rc = ox_partial_open(store, &j->f->sha256, &path, &fd, &have, err);
	if (!rc)
		rc = download_right(j, &curl, fd, have, err);
	if (fd >= 0)
		close(fd);
	if (!rc)
		rc = ox_store_put_temp(store, path.data, &found, NULL, err);
	else if (rc == OX_EPOLICY)
		unlink(path.data);
	ox_buf_free(&path);
	curl.global_cleanup();
	return rc;
}

static int fetch_file(struct job *j, const char *path, struct ox_err *err)
{
	struct ox_digest found;
	uint64_t size = 0;
	struct stat st;
	/* Looked at before it is copied: a wrong file need not be. */
	if (stat(path, &st) == 0 && (uint64_t)st.st_size > j->http.limit)
		return ox_fail(err, OX_EEXHAUSTED, "%s is larger than the limit of %llu bytes", path,
			       (unsigned long long)j->http.limit);
	int rc = ox_actions_file_digest(j->actions, path, &found, &size, err);
	if (rc == 0 && ox_digest_eq(&found, &j->f->sha256))
		rc = ox_store_put_file(ox_actions_store(j->actions), path, &found, &size, err);
	if (rc == OX_ENOENT)
		return ox_fail(err, OX_EBUILD, "there is no file %s: check the path", path);
	if (rc == 0 && !ox_digest_eq(&found, &j->f->sha256))
		rc = fail_digest(j, &found, size, err);
	return rc;
}

static int hex_value(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c + 'a' - 'A' : c) : NULL;
	return at ? (int)(at - digits) : -1;
}

/* The path of a file address (RFC 8089), or NULL: of another machine, or not well-formed. */
static const char *path_of(struct ox_arena *arena, const char *url)
{
	const char *at = url + strlen("file:");
	if (strncmp(at, "//localhost/", 12) == 0)
		at += 11;
	else if (strncmp(at, "///", 3) == 0)
		at += 2;
	char *out = *at == '/' && at[1] != '/' ? ox_arena_str(arena, at) : NULL, *to = out;
	for (; out && *at; at++) {
		if (*at == '%' && (hex_value(at[1]) < 0 || hex_value(at[2]) < 0 || (at[1] == '0' && at[2] == '0')))
			return NULL;
		*to++ = *at == '%' ? (char)(hex_value(at[1]) * 16 + hex_value(at[2])) : *at;
		at += *at == '%' ? 2 : 0;
	}
	if (to)
		*to = '\0';
	return out;
}

static int fetch_anyhow(struct job *j, struct ox_err *err)
{
	const char *url = j->f->url;
	if (url[0] == '/')
		return fetch_file(j, url, err);
	if (strncasecmp(url, "file:", 5) == 0) {
		const char *path = path_of(j->arena, url);
		return path ? fetch_file(j, path, err)
			    : ox_fail(err, OX_EUSAGE, "%s names no file of this machine: write file:///path", url);
	}
	if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0)
		return ox_fail(err, OX_EUSAGE, "%s cannot be downloaded: use an https, http or file address", url);
	if (j->f->offline)
		return ox_fail(err, OX_EBUILD,
			       "%s would have to be downloaded, but this build is offline: build once without "
			       "--offline, or give a local path",
			       url);
	int rc = fetch_http(j, err);
	return rc && rc != OX_EPOLICY ? ox_wrap(err, "cannot download %s", url) : rc;
}

static int run_fetch(void *ctx, struct ox_step_result *result, struct ox_err *err)
{
	struct job *j = ctx;
	struct ox_store *store = ox_actions_store(j->actions);
	int rc = ox_store_has(store, &j->f->sha256, err);
	if (rc == 0)
		rc = fetch_anyhow(j, err);
	if (rc >= 0)
		ox_step_result_add(result, "blob", &j->f->sha256, 0);
	return rc < 0 ? rc : 0;
}

int ox_fetch(struct ox_actions *actions, struct ox_arena *arena, const struct ox_fetch *f, struct ox_err *err)
{
	struct ox_outputs outputs;
	char hex[OX_DIGEST_HEX + 1];
	const char *slash = strrchr(f->url, '/');
	struct job j = {.actions = actions, .arena = arena, .f = f};
	j.name = slash && slash[1] ? slash + 1 : f->url;
	j.task = ox_arena_printf(arena, "downloading %.100s", j.name);
	j.http = (struct ox_http){.url = f->url,
				  .env = f->env,
				  .limit = f->limit ? f->limit : default_limit,
				  .connect_seconds = f->connect_seconds ? f->connect_seconds : 20,
				  .stall_seconds = f->stall_seconds ? f->stall_seconds : 30,
				  .tick = on_tick,
				  .ctx = &j};
	struct ox_step *step = j.task ? ox_step_new(arena, "fetch", FETCH_VERSION, j.name) : NULL;
	if (!step)
		return ox_fail_nomem(err, "a download");
	ox_step_text(step, "sha256", ox_slice_str(ox_digest_hex(&f->sha256, hex)));
	return ox_actions_run(actions, step, run_fetch, &j, &outputs, err);
}
