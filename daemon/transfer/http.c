#include "daemon/transfer/http.h"

#include "proto/base/clock.h"
#include "store/fs/file.h"

#include <errno.h>
#include <strings.h>
#include <unistd.h>

enum { MOST_REDIRECTS = 10, MOST_ERROR_TEXT = 64 * 1024, MOST_WAIT = 60 };

static const uint64_t tick_grain = 50 * 1000000; /* ns */

struct attempt {
	const struct ox_curl *curl;
	const struct ox_http *http;
	CURL *easy;
	int fd;
	uint64_t have;     /* bytes in the file */
	uint64_t first;    /* of this answer, by its Content-Range; UINT64_MAX: it has none */
	uint64_t rejected; /* bytes of an answer that is not the file */
	uint64_t ticked;
	long status;
	uint64_t moved;    /* when the last byte came */
	curl_off_t seen;   /* bytes of this answer by then */
	bool judged, passing;
	int rc; /* why we ended it ourselves */
	struct ox_err err;
};

/* What the beginning of the body means for the file. */
static int judge(struct attempt *t)
{
	t->judged = true;
	t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
	if (t->status == 206 && t->first == t->have)
		return 0;
	t->passing = t->status == 206;
	if (t->status != 200 && t->status != 206)
		return 0;
	if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0)
		return ox_fail_errno(&t->err, errno, "cannot start a download again");
	t->have = 0;
	return t->passing ? ox_fail(&t->err, OX_EBUILD, "the server sent another part than it was asked for") : 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct attempt *t = user;
	size_t len = size * count;
	if (!t->judged)
		t->rc = judge(t);
	if (t->rc)
		return 0;
	if (t->status != 200 && t->status != 206) {
		t->rejected += len;
		return t->rejected > MOST_ERROR_TEXT ? 0 : len;
	}
	if (t->have > t->http->limit || len > t->http->limit - t->have)
		t->rc = ox_fail(&t->err, OX_EEXHAUSTED, "it is larger than the limit of %llu bytes",
				(unsigned long long)t->http->limit);
	else
		t->rc = ox_fs_write_all(t->fd, data, len, &t->err);
	if (t->rc)
		return 0;
	t->have += len;
	return len;
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
	static const char name[] = "content-range: bytes ";
	struct attempt *t = user;
	size_t len = size * count;
	char line[128];
	unsigned long long first;
	snprintf(line, sizeof line, "%.*s", len < sizeof line ? (int)len : (int)sizeof line - 1, data);
	if (strncmp(line, "HTTP/", 5) == 0)
		t->first = UINT64_MAX; /* the answer after a redirect */
	if (strncasecmp(line, name, sizeof name - 1) == 0 && sscanf(line + sizeof name - 1, "%20llu-", &first) == 1)
		t->first = first;
	return len;
}

/* libcurl's own limit averages over many seconds. */
static int check_stall(struct attempt *t, curl_off_t now, uint64_t time)
{
	if (now != t->seen || !t->moved) {
		t->seen = now;
		t->moved = time;
	}
	if (time - t->moved < t->http->stall_seconds * 1000000000ull)
		return 0;
	t->passing = true;
	return ox_fail(&t->err, OX_EBUILD, "the server sent nothing for %u seconds", t->http->stall_seconds);
}

static int on_progress(void *user, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
	struct attempt *t = user;
	uint64_t time = ox_clock_mono();
	(void)up_total;
	(void)up_now;
	if (!t->rc)
		t->rc = check_stall(t, now, time);
	if (t->rc || !t->http->tick || time - t->ticked < tick_grain)
		return t->rc != 0;
	t->ticked = time;
	uint64_t all = total > 0 ? t->have - (uint64_t)now + (uint64_t)total : 0;
	t->rc = t->http->tick(t->http->ctx, t->have, t->judged && (uint64_t)now <= t->have ? all : 0, &t->err);
	return t->rc != 0;
}

static const char *env(const struct ox_http *http, const char *lower, const char *upper)
{
	const char *value = http->env.get ? http->env.get(http->env.ctx, lower) : NULL;
	if ((!value || !*value) && upper && http->env.get)
		value = http->env.get(http->env.ctx, upper);
	return value && *value ? value : NULL;
}

/* The request's environment decides, not this process's. */
static void set_surroundings(struct attempt *t)
{
	const struct ox_curl *c = t->curl;
	bool secure = strncasecmp(t->http->url, "https:", 6) == 0;
	/* HTTP_PROXY in capitals is not looked at, as in every such program: a CGI request could set it. */
	const char *proxy = secure ? env(t->http, "https_proxy", "HTTPS_PROXY") : env(t->http, "http_proxy", NULL);
	const char *except = env(t->http, "no_proxy", "NO_PROXY");
	const char *certificates = env(t->http, "SSL_CERT_FILE", "CURL_CA_BUNDLE");
	if (!proxy)
		proxy = env(t->http, "all_proxy", "ALL_PROXY");
	c->easy_setopt(t->easy, CURLOPT_PROXY, proxy ? proxy : "");
	c->easy_setopt(t->easy, CURLOPT_NOPROXY, except ? except : "");
	if (certificates)
		c->easy_setopt(t->easy, CURLOPT_CAINFO, certificates);
	c->easy_setopt(t->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	c->easy_setopt(t->easy, CURLOPT_REDIR_PROTOCOLS_STR, secure ? "https" : "http,https");
}

static void set_request(struct attempt *t, char range[static 32])
{
	const struct ox_curl *c = t->curl;
	c->easy_setopt(t->easy, CURLOPT_URL, t->http->url);
	c->easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
	c->easy_setopt(t->easy, CURLOPT_USERAGENT, "oxidizer/" PACKAGE_VERSION);
	c->easy_setopt(t->easy, CURLOPT_FOLLOWLOCATION, 1L);
	c->easy_setopt(t->easy, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTS);
	c->easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, (long)t->http->connect_seconds);
	c->easy_setopt(t->easy, CURLOPT_BUFFERSIZE, 256 * 1024L);
	c->easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	c->easy_setopt(t->easy, CURLOPT_WRITEDATA, (void *)t);
	c->easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_header);
	c->easy_setopt(t->easy, CURLOPT_HEADERDATA, (void *)t);
	c->easy_setopt(t->easy, CURLOPT_NOPROGRESS, 0L);
	c->easy_setopt(t->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
	c->easy_setopt(t->easy, CURLOPT_XFERINFODATA, (void *)t);
	snprintf(range, 32, "%llu-", (unsigned long long)t->have);
	if (t->have)
		c->easy_setopt(t->easy, CURLOPT_RANGE, range);
}

static bool is_passing_status(long status)
{
	return status == 408 || status == 425 || status == 429 || status == 500 || status == 502 || status == 503 ||
	       status == 504;
}

/* The server answered, but not with the file. */
static int fail_status(struct attempt *t, struct ox_http_result *result, struct ox_err *err)
{
	curl_off_t after = 0;
	result->again = is_passing_status(t->status);
	t->curl->easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after);
	if (after > MOST_WAIT)
		result->again = false;
	else
		result->after_seconds = (unsigned)after;
	switch (t->status) {
	case 401:
	case 403:
		return ox_fail(err, OX_EBUILD, "the server refuses it (%ld): check the address, or download it "
					       "yourself and give its local path", t->status);
	case 407:
		return ox_fail(err, OX_EBUILD, "the proxy wants a name and a password (407): put them into "
					       "the proxy's address in https_proxy or http_proxy");
	case 404:
	case 410:
		return ox_fail(err, OX_EBUILD, "the server does not have it (%ld): check the address", t->status);
	case 429:
	case 503:
		if (after > MOST_WAIT)
			return ox_fail(err, OX_EBUILD, "the server is busy (%ld) and asks to come back in %lld seconds",
				       t->status, (long long)after);
		return ox_fail(err, OX_EBUILD, "the server is busy (%ld)", t->status);
	default:
		if (t->status >= 500)
			return ox_fail(err, OX_EBUILD, "the server has a problem (%ld)", t->status);
		return ox_fail(err, OX_EBUILD, "the server answered %ld, which is no file", t->status);
	}
}

/* The conversation itself failed. */
static int fail_code(struct attempt *t, CURLcode code, const char *detail, struct ox_http_result *result,
		     struct ox_err *err)
{
	if (!*detail)
		detail = t->curl->easy_strerror(code);
	result->again = true;
	switch (code) {
	case CURLE_COULDNT_CONNECT:
		return ox_fail(err, OX_EBUILD, "the server cannot be reached: %s", detail);
	case CURLE_OPERATION_TIMEDOUT:
		return ox_fail(err, OX_EBUILD, "the server stopped answering: %s", detail);
	case CURLE_PARTIAL_FILE:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_SSL_CONNECT_ERROR:
		return ox_fail(err, OX_EBUILD, "the connection broke: %s", detail);
	default:
		break;
	}
	result->again = false;
	switch (code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY: /* mostly there is no network: waiting does not bring one */
		return ox_fail(err, OX_EBUILD, "the server cannot be found: %s", detail);
	case CURLE_TOO_MANY_REDIRECTS:
		return ox_fail(err, OX_EBUILD, "it is redirected more than %d times", MOST_REDIRECTS);
	case CURLE_UNSUPPORTED_PROTOCOL:
		return ox_fail(err, OX_EBUILD, "it is redirected to where downloads are not taken from: %s", detail);
	case CURLE_PEER_FAILED_VERIFICATION:
		return ox_fail(err, OX_EBUILD, "the server's certificate is not trusted: %s; install ca-certificates, "
					       "or name the certificates in SSL_CERT_FILE", detail);
	default:
		return ox_fail(err, OX_EBUILD, "%s", detail);
	}
}

static int conclude(struct attempt *t, CURLcode code, const char *detail, struct ox_http_result *result,
		    struct ox_err *err)
{
	t->curl->easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
	if (t->rc) {
		result->again = t->passing;
		return ox_fail(err, t->rc, "%s", t->err.text);
	}
	/* Nothing after what we have: whether it is the file is for the digest to tell. */
	if (t->status == 416 && t->have)
		return 0;
	/* An empty file has no body to judge. */
	if (code == CURLE_OK && t->status == 200 && !t->judged)
		return judge(t) ? ox_fail(err, t->err.code, "%s", t->err.text) : 0;
	if (code == CURLE_OK && (t->status == 200 || t->status == 206))
		return 0;
	if (t->status >= 300 && (code == CURLE_OK || code == CURLE_WRITE_ERROR))
		return fail_status(t, result, err);
	if (code == CURLE_OK)
		return fail_status(t, result, err);
	return fail_code(t, code, detail, result, err);
}

int ox_http_get(const struct ox_curl *curl, const struct ox_http *http, int fd, uint64_t *have,
		struct ox_http_result *result, struct ox_err *err)
{
	char range[32], detail[CURL_ERROR_SIZE] = "";
	struct attempt t = {.curl = curl, .http = http, .fd = fd, .have = *have, .first = UINT64_MAX};
	*result = (struct ox_http_result){0};
	if (lseek(fd, (off_t)*have, SEEK_SET) < 0)
		return ox_fail_errno(err, errno, "cannot go on with a download");
	t.easy = curl->easy_init();
	if (!t.easy)
		return ox_fail_nomem(err, "a download");
	set_request(&t, range);
	set_surroundings(&t);
	curl->easy_setopt(t.easy, CURLOPT_ERRORBUFFER, detail);
	CURLcode code = curl->easy_perform(t.easy);
	int rc = conclude(&t, code, detail, result, err);
	curl->easy_cleanup(t.easy);
	*have = t.have;
	return rc;
}
