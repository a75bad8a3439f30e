#include "daemon/link/sources.h"

#include "proto/base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where what the runtime's sources include lies, below the root. */
static const char *const header_folders[] = {"proto/base", "runtime/embed", "runtime/hashes", "runtime/importer",
					     "runtime/pack"};

struct inputs {
	OX_VEC(struct ox_link_input) v;
};

static const struct ox_link_input *settle(struct ox_build_context *ctx, struct inputs *list)
{
	struct ox_link_input *copy = ox_arena_array(ctx->arena, list->v.len + 1, sizeof(*copy));
	if (copy && list->v.len)
		memcpy(copy, list->v.items, list->v.len * sizeof(*copy));
	ox_vec_free(&list->v);
	return copy;
}

static int add_input(struct ox_build_context *ctx, struct inputs *list, const char *root, const char *name,
		     struct ox_err *err)
{
	char path[PATH_MAX];
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", root, name) >= sizeof(path))
		return ox_fail(err, OX_EUSAGE, "%s/%s: the path is too long", root, name);
	struct ox_link_input *slot = ox_vec_push(&list->v);
	return slot ? ox_link_input_read(ctx, name, path, slot, err) : ox_fail_nomem(err, "list of sources");
}

static int is_source(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static bool is_header(const char *name)
{
	size_t n = strlen(name);
	return (n > 2 && strcmp(name + n - 2, ".h") == 0) || (n > 4 && strcmp(name + n - 4, ".def") == 0);
}

/* The entries of root/sub, sorted; with `deep` those of its folders too. */
static int add_folder(struct ox_build_context *ctx, struct inputs *list, const char *root, const char *sub, bool deep,
		      struct ox_err *err)
{
	struct dirent **entries = NULL;
	const char *dir = ox_arena_printf(ctx->arena, "%s%s%s", root, *sub ? "/" : "", sub);
	if (!dir)
		return ox_fail_nomem(err, "list of sources");
	int n = scandir(dir, &entries, is_source, alphasort);
	if (n < 0)
		return ox_fail_errno(err, errno, "cannot list %s", dir);
	ox_memo_listing(ctx->memo, dir);
	int rc = 0;
	for (int i = 0; i < n; i++) {
		struct stat st;
		const char *path = ox_arena_printf(ctx->arena, "%s/%s", dir, entries[i]->d_name);
		const char *name = ox_arena_printf(ctx->arena, "%s%s%s", sub, *sub ? "/" : "", entries[i]->d_name);
		if (!rc && (!path || !name))
			rc = ox_fail_nomem(err, "list of sources");
		if (!rc && stat(path, &st) == 0) {
			if (S_ISDIR(st.st_mode) && deep)
				rc = add_folder(ctx, list, root, name, deep, err);
			else if (S_ISREG(st.st_mode) && (deep || is_header(name)))
				rc = add_input(ctx, list, root, name, err);
		}
		free(entries[i]);
	}
	free(entries);
	return rc;
}

int ox_folder_digest(struct ox_build_context *ctx, const char *dir, struct ox_step *step, const char *name,
		     struct ox_err *err)
{
	struct inputs list = {0};
	struct ox_buf text = {0};
	int rc = add_folder(ctx, &list, dir, "", true, err);
	for (size_t i = 0; !rc && i < list.v.len; i++) {
		ox_buf_add(&text, list.v.items[i].digest.bytes, OX_DIGEST_SIZE);
		ox_buf_str(&text, list.v.items[i].name);
		ox_buf_byte(&text, '\0');
	}
	if (!rc)
		rc = ox_buf_ok(&text, "list of headers", err);
	if (!rc)
		ox_step_text(step, name, ox_buf_view(&text));
	ox_buf_free(&text);
	ox_vec_free(&list.v);
	return rc;
}

static bool exists(const char *dir, const char *name)
{
	char path[PATH_MAX];
	return (size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path) && access(path, R_OK) == 0;
}

/* Whether this program lies in a build tree: config.status stands in a folder above it. */
static bool in_build_tree(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	if (n <= 0)
		return false;
	path[n] = '\0';
	for (char *slash = strrchr(path, '/'); slash && slash != path; slash = strrchr(path, '/')) {
		*slash = '\0';
		if (exists(path, "config.status"))
			return true;
	}
	return false;
}

/* Where an installation that was moved has them: prefix/libexec/oxidizer/program. */
static const char *beside_program(struct ox_arena *arena)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	for (int up = 0; n > 0 && up < 3; up++)
		while (n > 0 && path[--n] != '/')
			;
	if (n <= 0)
		return NULL;
	const char *root = ox_arena_printf(arena, "%.*s/share/oxidizer", (int)n, path);
	return root && exists(root, "runtime/sources.list") ? root : NULL;
}

static int find_root(struct ox_build_context *ctx, const char **root, struct ox_err *err)
{
	ox_memo_env(ctx->memo, "OXIDIZER_RUNTIME_SOURCES");
	const char *named = ctx->env.get(ctx->env.ctx, "OXIDIZER_RUNTIME_SOURCES");
	if (named && *named)
		*root = named;
	else if (in_build_tree())
		*root = OX_SOURCE_DIR;
	else if (!(*root = beside_program(ctx->arena)))
		*root = OX_PKGDATADIR;
	if (exists(*root, "runtime/sources.list"))
		return 0;
	return ox_fail(err, OX_ENOENT,
		       "the sources of the runtime are not in %s: install oxidizer completely, or name their folder "
		       "with OXIDIZER_RUNTIME_SOURCES",
		       *root);
}

static int read_list(struct ox_build_context *ctx, const char *root, struct ox_buf *text, struct ox_err *err)
{
	const char *path = ox_arena_printf(ctx->arena, "%s/runtime/sources.list", root);
	FILE *f = path ? fopen(path, "re") : NULL;
	if (!f)
		return ox_fail_errno(err, errno, "cannot read %s/runtime/sources.list", root);
	char chunk[4096];
	size_t n;
	while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
		ox_buf_add(text, chunk, n);
	int rc = ferror(f) ? ox_fail(err, OX_ESYS, "cannot read %s", path) : ox_buf_ok(text, "list of sources", err);
	fclose(f);
	ox_memo_file(ctx->memo, path);
	return rc;
}

/* What the list says, while it is read. */
struct listed {
	bool has_hashes; /* the distribution is complete: those of ours stay out */
	struct inputs files;
	OX_VEC(const char *) wraps;
};

static int add_wrap(struct ox_build_context *ctx, struct listed *list, const char *name, struct ox_err *err)
{
	const char **slot = ox_vec_push(&list->wraps);
	if (!slot)
		return ox_fail_nomem(err, "list of sources");
	*slot = ox_arena_printf(ctx->arena, "%.*s", (int)strcspn(name, " \t\r"), name);
	return *slot ? 0 : ox_fail_nomem(err, "list of sources");
}

/* One name a line; "#" starts a comment. */
static int add_listed(struct ox_build_context *ctx, struct listed *list, const char *root, char *text,
		      struct ox_err *err)
{
	static const char wrap[] = "# wrap ";
	char *state = NULL;
	int rc = 0;
	for (char *line = strtok_r(text, "\n", &state); !rc && line; line = strtok_r(NULL, "\n", &state)) {
		if (strncmp(line, wrap, sizeof(wrap) - 1) == 0) {
			rc = add_wrap(ctx, list, line + sizeof(wrap) - 1, err);
			continue;
		}
		line += strspn(line, " \t");
		line[strcspn(line, " \t\r#")] = '\0';
		bool is_wanted = !list->has_hashes || !ox_slice_starts(ox_slice_str(line), OX_SLICE("runtime/hashes/"));
		if (*line && is_wanted)
			rc = add_input(ctx, &list->files, root, line, err);
	}
	return rc;
}

static int settle_wraps(struct ox_build_context *ctx, struct listed *list, struct ox_runtime_sources *out,
			struct ox_err *err)
{
	const char **copy = ox_arena_array(ctx->arena, list->wraps.len + 1, sizeof(*copy));
	if (copy && list->wraps.len)
		memcpy(copy, list->wraps.items, list->wraps.len * sizeof(*copy));
	out->wraps = copy;
	out->wrap_count = list->wraps.len;
	ox_vec_free(&list->wraps);
	return copy ? 0 : ox_fail_nomem(err, "list of sources");
}

int ox_runtime_sources_find(struct ox_build_context *ctx, const struct ox_distribution *dist,
			    struct ox_runtime_sources *out, struct ox_err *err)
{
	struct listed list = {.has_hashes = dist->archive != NULL};
	struct inputs headers = {0};
	struct ox_buf text = {.limit = 1 << 20};
	*out = (struct ox_runtime_sources){0};
	int rc = find_root(ctx, &out->root, err);
	if (!rc)
		rc = read_list(ctx, out->root, &text, err);
	if (!rc)
		rc = add_listed(ctx, &list, out->root, text.data ? text.data : (char[1]){""}, err);
	for (size_t i = 0; !rc && i < OX_COUNT(header_folders); i++)
		rc = add_folder(ctx, &headers, out->root, header_folders[i], false, err);
	int settled = settle_wraps(ctx, &list, out, rc ? NULL : err);
	if (!rc)
		rc = settled;
	out->file_count = list.files.v.len;
	out->header_count = headers.v.len;
	out->files = settle(ctx, &list.files);
	out->headers = settle(ctx, &headers);
	if (!rc && (!out->files || !out->headers))
		rc = ox_fail_nomem(err, "list of sources");
	if (!rc && out->file_count == 0)
		rc = ox_fail(err, OX_ENOENT, "%s/runtime/sources.list names no sources", out->root);
	ox_buf_free(&text);
	return rc;
}
