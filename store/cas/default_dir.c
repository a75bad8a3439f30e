#include "store/cas/store.h"

#include <pwd.h>
#include <unistd.h>

static const char *absolute(const char *(*lookup)(void *ctx, const char *name), void *ctx, const char *name)
{
	const char *value = lookup(ctx, name);
	return value && value[0] == '/' ? value : NULL;
}

static void from_home(struct ox_buf *dir)
{
	char room[4096];
	struct passwd entry, *found = NULL;
	if (getpwuid_r(geteuid(), &entry, room, sizeof room, &found) == 0 && found && entry.pw_dir &&
	    entry.pw_dir[0] == '/' && access(entry.pw_dir, W_OK) == 0)
		ox_buf_printf(dir, "%s/.cache/oxidizer", entry.pw_dir);
	else
		ox_buf_printf(dir, "/tmp/oxidizer-%u", (unsigned)geteuid());
}

int ox_store_default_dir(const char *(*lookup)(void *ctx, const char *name), void *ctx, struct ox_buf *dir,
			 struct ox_err *err)
{
	const char *base = lookup(ctx, "OXIDIZER_STORE");
	ox_buf_clear(dir);
	if (base && base[0] && base[0] != '/')
		return ox_fail(err, OX_EUSAGE, "OXIDIZER_STORE must be an absolute path, not %s", base);
	if (base && base[0])
		ox_buf_str(dir, base);
	else if ((base = absolute(lookup, ctx, "XDG_CACHE_HOME")))
		ox_buf_printf(dir, "%s/oxidizer", base);
	else if ((base = absolute(lookup, ctx, "HOME")))
		ox_buf_printf(dir, "%s/.cache/oxidizer", base);
	else
		from_home(dir);
	return ox_buf_ok(dir, "the store's folder", err);
}
