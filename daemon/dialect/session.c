#include "daemon/dialect/session.h"

#include "daemon/dialect/path.h"
#include "daemon/python/resource.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

const char *ox_dialect_path(struct ox_dialect *d, ox_star_value path)
{
	const char *absolute = ox_path_absolute(d->ctx->arena, d->ctx->cwd, ox_star_text(path));
	if (!absolute)
		ox_star_fail(d->star, "out of memory for a path");
	return absolute;
}

int ox_dialect_strings(struct ox_dialect *d, ox_star_value list, struct ox_slice **items, size_t *count)
{
	*count = ox_star_ok(list) ? ox_star_len(list) : 0;
	*items = ox_arena_array(d->ctx->arena, *count + 1, sizeof **items);
	for (size_t i = 0; *items && i < *count; i++) {
		ox_star_value item = ox_star_at(d->star, list, i);
		if (ox_star_kind(item) != OX_STAR_T_STRING) {
			ox_star_fail_with(d->star, "wrong-type", NULL,
					  "a list of strings is expected; item %zu is a %s", i + 1,
					  ox_star_type_name(d->star, item));
			return -1;
		}
		(*items)[i] = ox_star_text(item);
	}
	if (!*items)
		ox_star_fail(d->star, "out of memory for a list");
	return *items ? 0 : -1;
}

/* A file that a script names and that cannot be had is the script's mistake. */
static int as_usage(struct ox_err *err)
{
	if (err)
		err->code = OX_EUSAGE;
	return OX_EUSAGE;
}

int ox_dialect_file_blob(struct ox_dialect *d, const char *path, struct ox_blob *blob, struct ox_err *err)
{
	*blob = (struct ox_blob){.path = path};
	int rc = ox_actions_file_digest(d->ctx->actions, path, &blob->digest, &blob->size, err);
	if (rc == 0)
		ox_memo_file_digest(d->ctx->memo, path, &blob->digest);
	else
		ox_memo_file(d->ctx->memo, path);
	return rc == OX_ENOENT ? as_usage(err) : rc;
}

int ox_dialect_text_blob(struct ox_dialect *d, struct ox_slice text, struct ox_blob *blob, struct ox_err *err)
{
	*blob = (struct ox_blob){.size = text.len};
	return ox_store_put(ox_actions_store(d->ctx->actions), text, &blob->digest, err);
}

static int read_all(int fd, struct ox_buf *text)
{
	for (;;) {
		char *at = ox_buf_reserve(text, 65536);
		ssize_t n = at ? read(fd, at, 65536) : -1;
		if (n < 0 && at && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 || !at ? 0 : errno;
		ox_buf_commit(text, (size_t)n);
	}
}

int ox_config_file_read(struct ox_build_context *ctx, const char *path, struct ox_buf *text, struct ox_err *err)
{
	struct stat st;
	ox_memo_file(ctx->memo, path);
	int rc = 0, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		ox_fail_errno(err, errno, "cannot read the configuration %s", path);
		return as_usage(err);
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		rc = ox_fail(err, OX_EUSAGE, "the configuration %s is a folder", path);
	int errnum = rc == 0 ? read_all(fd, text) : 0;
	close(fd);
	if (rc == 0 && errnum != 0)
		rc = ox_fail_errno(err, errnum, "cannot read the configuration %s", path);
	return rc == 0 ? ox_buf_ok(text, "the configuration", err) : rc;
}

size_t ox_dialect_requested(struct ox_dialect *d, const struct ox_slice **names)
{
	const struct ox_target_entry *preferred = ox_targets_default(&d->targets);
	*names = d->options.targets;
	if (d->options.target_count > 0)
		return d->options.target_count;
	*names = preferred ? &preferred->name : NULL;
	return preferred ? 1 : 0;
}

void ox_dialect_tell_target(struct ox_dialect *d, struct ox_slice name, enum ox_target_state state)
{
	const struct ox_target_entry *preferred = ox_targets_default(&d->targets);
	bool is_default = preferred && ox_slice_eq(preferred->name, name);
	ox_emit(d->ctx->sink, &(struct ox_event){
				      .type = OX_EVENT_TARGET,
				      .as.target = {.name = name, .state = state, .is_default = is_default},
			      });
}

int ox_dialect_resolve_requested(struct ox_dialect *d, struct ox_err *err)
{
	const struct ox_slice *names;
	if (d->options.list_only)
		return 0;
	size_t count = ox_dialect_requested(d, &names);
	for (size_t i = 0; i < count; i++) {
		if (ox_targets_find(&d->targets, names[i]))
			continue;
		/* No mistake of the file's: from inside, nothing is resolved; it is told when the file has ended. */
		return err ? ox_targets_unknown(&d->targets, names[i], err) : 0;
	}
	for (size_t i = 0; i < count; i++) {
		/* The entry may move while its function registers more. */
		struct ox_slice name = names[i];
		const struct ox_target_entry *entry = ox_targets_find(&d->targets, name);
		if (entry->progress == OX_TARGET_DONE)
			continue;
		ox_dialect_tell_target(d, name, OX_TARGET_STARTED);
		struct ox_err cause = {0};
		if (!ox_star_ok(ox_targets_resolve(d->star, &d->targets, name, &cause))) {
			if (err)
				*err = cause;
			return cause.code != 0 ? cause.code : OX_EUSAGE;
		}
		ox_dialect_tell_target(d, name, OX_TARGET_RESOLVED);
	}
	return 0;
}
