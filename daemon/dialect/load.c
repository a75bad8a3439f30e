#include "daemon/dialect/load.h"

#include "daemon/dialect/path.h"
#include "daemon/dialect/session.h"

#include <errno.h>
#include <sys/stat.h>

static bool exists(struct ox_build_context *ctx, const char *path)
{
	struct stat st;
	ox_memo_file(ctx->memo, path);
	return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

/* The folder of a file, or NULL when the name is no path (an expression's). */
static const char *folder_of(struct ox_arena *arena, struct ox_slice file)
{
	size_t len = file.len;
	while (len > 0 && file.data[len - 1] != '/')
		len--;
	return len ? ox_path_absolute(arena, "/", ox_slice(file.data, len)) : NULL;
}

/* The path of the file that is meant, or NULL with *err. */
static const char *find(struct ox_dialect *d, struct ox_slice from, struct ox_slice wanted, struct ox_err *err)
{
	struct ox_arena *arena = d->ctx->arena;
	const char *folder = folder_of(arena, from);
	const char *beside = folder ? ox_path_absolute(arena, folder, wanted) : NULL;
	const char *below = ox_path_absolute(arena, d->ctx->cwd, wanted);
	if (!below) {
		ox_fail_nomem(err, "a path");
		return NULL;
	}
	if (beside && exists(d->ctx, beside))
		return beside;
	if (exists(d->ctx, below))
		return below;
	if (beside && strcmp(beside, below) != 0)
		ox_fail(err, OX_EUSAGE, "there is neither %s nor %s", beside, below);
	else
		ox_fail(err, OX_EUSAGE, "there is no %s", below);
	return NULL;
}

int ox_dialect_load(void *user, struct ox_star *s, struct ox_slice from, struct ox_slice wanted,
		    struct ox_star_source *source, struct ox_err *err)
{
	struct ox_dialect *d = user;
	struct ox_buf text = {.limit = OX_CONFIG_SIZE_MAX};
	const char *path = find(d, from, wanted, err);
	int rc = path ? ox_config_file_read(d->ctx, path, &text, err) : err->code;
	if (rc == 0) {
		source->name = ox_slice_str(path);
		source->text = ox_star_copy(s, ox_buf_view(&text));
	}
	ox_buf_free(&text);
	return rc;
}
