/* http.h - one attempt to get a file over http or https, by libcurl.
 *
 * The file's descriptor holds what earlier attempts brought; the attempt asks for the rest (RFC 9110, 14.2) and
 * appends. A server that sends the whole file instead is believed: the file is started again. Redirects
 * are followed ten times at most, to http and https only, and from https to https only. Proxies are those of `env`
 * (http_proxy, https_proxy, all_proxy, no_proxy), certificates its SSL_CERT_FILE or CURL_CA_BUNDLE or
 * what libcurl was built with. */
#ifndef OX_TRANSFER_HTTP_H
#define OX_TRANSFER_HTTP_H

#include "daemon/action/memo.h"
#include "daemon/transfer/curl.h"

struct ox_http {
	const char *url;
	struct ox_env env;
	uint64_t limit;          /* most bytes that the file may have */
	unsigned connect_seconds;
	unsigned stall_seconds;  /* this long without a byte ends the attempt */
	/* Asked some times a second; an error ends the attempt. total 0: unknown. May be NULL. */
	int (*tick)(void *ctx, uint64_t done, uint64_t total, struct ox_err *err);
	void *ctx;
};

struct ox_http_result {
	bool again;             /* the failure may be gone later */
	unsigned after_seconds; /* the server asked to wait that long; 0: it did not say */
};

/* *have is the length of the file before and after. 0: the server says that the file is complete.
 * OX_EBUILD: could not be had, *result says whether trying again may help; OX_EEXHAUSTED: larger than
 * the limit, or the disk is full; or tick's error. */
int ox_http_get(const struct ox_curl *curl, const struct ox_http *http, int fd, uint64_t *have,
		struct ox_http_result *result, struct ox_err *err);

#endif
