/* curl.h - libcurl, loaded when the first download starts.
 *
 * It comes with some thirty libraries, which would cost every build about 8 ms at its start; few builds download. */
#ifndef OX_TRANSFER_CURL_H
#define OX_TRANSFER_CURL_H

#include "proto/base/err.h"

#include <curl/curl.h>

struct ox_curl {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_global_cleanup) *global_cleanup;
	CURL *(*easy_init)(void);
	CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
	CURLcode (*easy_perform)(CURL *easy);
	void (*easy_cleanup)(CURL *easy);
	const char *(*easy_strerror)(CURLcode code);
};

/* OX_EBUILD when it is not installed. It stays loaded for the life of the process. */
int ox_curl_load(struct ox_curl *out, struct ox_err *err);

#endif
