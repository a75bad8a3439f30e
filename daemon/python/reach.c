#include "daemon/python/reach.h"

#include "daemon/transfer/fetch.h"
#include "store/digest/digest.h"

#include <time.h>

enum { REACH_VERSION = 1, CONNECT_SECONDS = 3, STALL_SECONDS = 5, HOLDS_SECONDS = 3600 };

struct attempt {
	struct ox_build_context *ctx;
	const struct ox_archive *which;
};

/* "cannot download URL: the server ...": the address is long, and not the user's. */
static struct ox_slice after_address(struct ox_slice text, const char *url)
{
	const char *at = strstr(text.data, url);
	size_t skip = at ? (size_t)(at - text.data) + strlen(url) + 2 : 0;
	return skip < text.len ? ox_slice(text.data + skip, text.len - skip) : text;
}

static int run_step(void *opaque, struct ox_step_result *result, struct ox_err *err)
{
	struct attempt *a = opaque;
	struct ox_err why;
	struct ox_fetch from = {.url = a->which->location,
				.sha256 = a->which->sha256,
				.env = a->ctx->env,
				.once = true,
				.connect_seconds = CONNECT_SECONDS,
				.stall_seconds = STALL_SECONDS};
	int rc = ox_fetch(a->ctx->actions, a->ctx->arena, &from, &why);
	if (rc && rc != OX_EBUILD)
		return ox_fail(err, rc, "%s", why.text);
	if (rc)
		ox_step_result_meta(result, after_address(ox_slice_str(why.text), from.url));
	return 0;
}

int ox_archive_reach(struct ox_build_context *ctx, const struct ox_archive *which, const char **why,
		     struct ox_err *err)
{
	struct attempt a = {ctx, which};
	struct ox_outputs out;
	char text[OX_DIGEST_HEX + 1];
	struct ox_step *step = ox_step_new(ctx->arena, "reach", REACH_VERSION, which->location);
	if (!step)
		return ox_fail_nomem(err, "a download");
	ox_step_text(step, "sha256", ox_slice_str(ox_digest_hex(&which->sha256, text)));
	snprintf(text, sizeof text, "%lld", (long long)time(NULL) / HOLDS_SECONDS);
	ox_step_text(step, "hour", ox_slice_str(text));
	if (ctx->refresh)
		ox_step_renew(step);
	int rc = ox_actions_run(ctx->actions, step, run_step, &a, &out, err);
	if (rc)
		return rc;
	*why = out.meta.len ? out.meta.data : NULL;
	return 0;
}
