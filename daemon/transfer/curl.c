#include "daemon/transfer/curl.h"

#include "daemon/transfer/library.h"

#define SYMBOL(field)                                                                                                  \
	{                                                                                                              \
		"curl_" #field, offsetof(struct ox_curl, field)                                                        \
	}

int ox_curl_load(struct ox_curl *out, struct ox_err *err)
{
	static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", NULL};
	static const struct ox_symbol symbols[] = {
		SYMBOL(global_init),  SYMBOL(global_cleanup), SYMBOL(easy_init),    SYMBOL(easy_setopt),
		SYMBOL(easy_getinfo), SYMBOL(easy_perform),   SYMBOL(easy_cleanup), SYMBOL(easy_strerror),
	};
	return ox_library_load(names, "libcurl4", symbols, OX_COUNT(symbols), out, err);
}
