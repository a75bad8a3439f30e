#include "daemon/python/pip_local.h"

#include "daemon/python/listing.h"
#include "store/digest/digest.h"

#include <errno.h>
#include <sys/stat.h>

enum { MAX_INCLUDES = 16, TEXT_LIMIT = 16 << 20 };

static struct ox_slice trim(struct ox_slice s)
{
	while (s.len && strchr(" \t\r\n", s.data[0]))
		s = ox_slice(s.data + 1, s.len - 1);
	while (s.len && strchr(" \t\r\n", s.data[s.len - 1]))
		s.len--;
	return s;
}

bool ox_requirement_is_exact(struct ox_slice requirement)
{
	const char *end = requirement.len ? memchr(requirement.data, ';', requirement.len) : NULL;
	size_t len = end ? (size_t)(end - requirement.data) : requirement.len;
	for (size_t i = 0; i + 2 < len; i++) {
		if (requirement.data[i] != '=' || requirement.data[i + 1] != '=')
			continue;
		struct ox_slice rest = ox_slice(requirement.data + i, len - i);
		return !memchr(rest.data, '*', rest.len) && !memchr(rest.data, ',', rest.len);
	}
	return false;
}

/* The absolute path of a local name, or NULL for a URL or when memory ran out. */
static const char *local_path(struct ox_pip_local *l, const char *base, struct ox_slice text)
{
	if (ox_slice_starts(text, OX_SLICE("file://")))
		return ox_arena_slice(l->ctx->arena, ox_slice(text.data + 7, text.len - 7)).data;
	for (size_t i = 0; i + 3 <= text.len; i++)
		if (memcmp(text.data + i, "://", 3) == 0)
			return NULL;
	if (text.len && text.data[0] == '/')
		return ox_arena_slice(l->ctx->arena, text).data;
	const char *home = l->ctx->env.get ? l->ctx->env.get(l->ctx->env.ctx, "HOME") : NULL;
	if (ox_slice_starts(text, OX_SLICE("~/")) && home)
		return ox_arena_printf(l->ctx->arena, "%s%.*s", home, (int)text.len - 1, text.data + 1);
	return ox_arena_printf(l->ctx->arena, "%s/%.*s", base, OX_SLICE_ARG(text));
}

static int add_file(struct ox_pip_local *l, const char *what, const char *path, struct ox_err *err)
{
	struct ox_digest digest;
	uint64_t size;
	int rc = ox_actions_file_digest(l->ctx->actions, path, &digest, &size, err);
	if (rc)
		return rc;
	ox_memo_file_digest(l->ctx->memo, path, &digest);
	ox_step_digest(l->step, what, &digest);
	return 0;
}

static bool is_archive(const char *name)
{
	static const char *const suffixes[] = {".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".html"};
	for (size_t i = 0; i < OX_COUNT(suffixes); i++)
		if (ox_slice_ends(ox_slice_str(name), ox_slice_str(suffixes[i])))
			return true;
	return false;
}

static bool skip_no_archive(void *opaque, const char *path, const char *name, bool is_dir)
{
	(void)opaque;
	(void)path;
	return is_dir || !is_archive(name);
}

/* Of a project: what builds and tools leave behind is no input. */
static bool skip_leftovers(void *opaque, const char *path, const char *name, bool is_dir)
{
	(void)opaque;
	if (!is_dir)
		return ox_slice_ends(ox_slice_str(name), OX_SLICE(".pyc"));
	if (name[0] == '.' || strcmp(name, "__pycache__") == 0 || strcmp(name, "node_modules") == 0)
		return true;
	bool at_top = path == name;
	return (at_top && (strcmp(name, "build") == 0 || strcmp(name, "dist") == 0)) ||
	       ox_slice_ends(ox_slice_str(name), OX_SLICE(".egg-info"));
}

/* One digest over names and contents of a folder's files. */
static int add_folder(struct ox_pip_local *l, const char *what, const char *path, ox_listing_skip *skip,
		      struct ox_err *err)
{
	struct ox_listing files;
	struct ox_buf all = {0};
	struct ox_digest digest;
	int rc = ox_listing_read(l->ctx->arena, path, skip, NULL, &files, err);
	if (rc)
		return rc;
	rc = ox_listing_digest(l->ctx, &files, err);
	for (size_t i = 0; !rc && i < files.v.len; i++) {
		const struct ox_file_entry *e = &files.v.items[i];
		ox_buf_add(&all, e->path.data, e->path.len + 1);
		ox_buf_add(&all, e->digest.bytes, sizeof e->digest.bytes);
	}
	if (!rc)
		rc = ox_buf_ok(&all, "a folder's digests", err);
	if (!rc)
		rc = ox_digest_bytes(ox_buf_view(&all), &digest, err);
	if (!rc)
		ox_step_digest(l->step, what, &digest);
	ox_buf_free(&all);
	ox_vec_free(&files.v);
	return rc;
}

int ox_pip_local_requirement(struct ox_pip_local *l, const char *base, struct ox_slice text, struct ox_err *err)
{
	struct stat st;
	l->requirements++;
	const char *at = text.len ? memchr(text.data, '@', text.len) : NULL; /* "name @ file:///..." */
	struct ox_slice place = at ? trim(ox_slice(at + 1, text.len - (size_t)(at + 1 - text.data))) : text;
	const char *bracket = place.len ? memchr(place.data, '[', place.len) : NULL; /* "./dir[extra]" */
	if (bracket && !at)
		place.len = (size_t)(bracket - place.data);
	const char *path = local_path(l, base, place);
	bool is_path = path && (memchr(place.data, '/', place.len) || is_archive(path) || ox_slice_eq_str(place, "."));
	if (is_path && stat(path, &st) == 0) {
		l->sources++;
		return S_ISDIR(st.st_mode) ? add_folder(l, "project", path, skip_leftovers, err)
					   : add_file(l, "archive", path, err);
	}
	if (is_path)
		ox_memo_file(l->ctx->memo, path);
	l->inexact += !ox_requirement_is_exact(text);
	return 0;
}

int ox_pip_local_links(struct ox_pip_local *l, const char *base, struct ox_slice text, struct ox_err *err)
{
	struct stat st;
	const char *path = local_path(l, base, text);
	if (!path)
		return 0;
	if (stat(path, &st) != 0) {
		ox_memo_listing(l->ctx->memo, path);
		return 0;
	}
	l->sources++;
	return S_ISDIR(st.st_mode) ? add_folder(l, "wheel folder", path, skip_no_archive, err)
				   : add_file(l, "page of links", path, err);
}

static int read_text(struct ox_pip_local *l, const char *path, struct ox_buf *out, struct ox_err *err)
{
	char chunk[1 << 14];
	size_t n;
	(void)l;
	out->limit = TEXT_LIMIT;
	FILE *f = fopen(path, "rbe");
	if (!f)
		return ox_fail_errno(err, errno, "cannot read %s", path);
	while ((n = fread(chunk, 1, sizeof chunk, f)))
		ox_buf_add(out, chunk, n);
	int rc = ferror(f) ? ox_fail(err, OX_ESYS, "cannot read %s", path) : ox_buf_ok(out, path, err);
	fclose(f);
	return rc;
}

static int include(struct ox_pip_local *l, const char *base, struct ox_slice name, bool constraints,
		   struct ox_err *err);

/* "-r x", "-rx", "--requirement x", "--requirement=x": the value when the line has that option. */
static bool option_value(struct ox_slice line, const char *brief, const char *longer, struct ox_slice *value)
{
	struct ox_slice name = ox_slice_str(longer);
	if (!ox_slice_starts(line, name)) {
		name = ox_slice_str(brief);
		if (!ox_slice_starts(line, name))
			return false;
	}
	*value = trim(ox_slice(line.data + name.len, line.len - name.len));
	if (value->len && value->data[0] == '=')
		*value = trim(ox_slice(value->data + 1, value->len - 1));
	return true;
}

static int add_line(struct ox_pip_local *l, const char *base, struct ox_slice line, bool constraints,
		    struct ox_err *err)
{
	struct ox_slice value;
	bool is_option = line.len && line.data[0] == '-';
	for (size_t i = 1; i < line.len; i++) { /* a comment, or what belongs to one requirement ("--hash=") */
		struct ox_slice rest = ox_slice(line.data + i, line.len - i);
		bool ends = rest.data[0] == '#' || (!is_option && ox_slice_starts(rest, OX_SLICE("--")));
		if (ends && strchr(" \t", line.data[i - 1]))
			line.len = i;
	}
	line = trim(line);
	if (!line.len || line.data[0] == '#')
		return 0;
	if (option_value(line, "-r", "--requirement", &value))
		return include(l, base, value, constraints, err);
	if (option_value(line, "-c", "--constraint", &value))
		return include(l, base, value, true, err);
	if (option_value(line, "-f", "--find-links", &value))
		return ox_pip_local_links(l, base, value, err);
	if (option_value(line, "-e", "--editable", &value))
		return ox_pip_local_requirement(l, base, value, err);
	if (line.data[0] == '-' || constraints)
		return 0;
	return ox_pip_local_requirement(l, base, line, err);
}

static int add_lines(struct ox_pip_local *l, const char *base, struct ox_slice text, bool constraints,
		     struct ox_err *err)
{
	int rc = 0;
	for (size_t at = 0; !rc && at < text.len;) {
		const char *eol = memchr(text.data + at, '\n', text.len - at);
		size_t len = eol ? (size_t)(eol - (text.data + at)) : text.len - at;
		rc = add_line(l, base, trim(ox_slice(text.data + at, len)), constraints, err);
		at += len + 1;
	}
	return rc;
}

static int include(struct ox_pip_local *l, const char *base, struct ox_slice name, bool constraints,
		   struct ox_err *err)
{
	struct stat st;
	struct ox_buf text = {0};
	const char *path = local_path(l, base, name);
	if (!path)
		return 0;
	if (stat(path, &st) != 0) {
		ox_memo_file(l->ctx->memo, path);
		return 0;
	}
	if (l->depth >= MAX_INCLUDES)
		return ox_fail(err, OX_EUSAGE, "%s: requirement files include each other too deeply", path);
	const char *slash = strrchr(path, '/');
	const char *folder = ox_arena_slice(l->ctx->arena, ox_slice(path, slash ? (size_t)(slash - path) : 0)).data;
	int rc = folder ? add_file(l, constraints ? "constraint file" : "requirement file", path, err)
			: ox_fail_nomem(err, "requirement files");
	if (!rc)
		rc = read_text(l, path, &text, err);
	l->depth++;
	if (!rc)
		rc = add_lines(l, folder, ox_buf_view(&text), constraints, err);
	l->depth--;
	ox_buf_free(&text);
	return rc;
}

int ox_pip_local_requirements(struct ox_pip_local *l, const char *base, struct ox_slice file, struct ox_err *err)
{
	return include(l, base, file, false, err);
}

int ox_pip_local_constraints(struct ox_pip_local *l, const char *base, struct ox_slice file, struct ox_err *err)
{
	return include(l, base, file, true, err);
}

/* Any folder that a configuration names may be one of wheels: "find-links = /a /b". */
static int add_folders_of(struct ox_pip_local *l, const char *text, struct ox_err *err)
{
	int rc = 0;
	for (const char *at = text; !rc && *at;) {
		struct stat st;
		at += strspn(at, " \t\r\n=");
		size_t len = strcspn(at, " \t\r\n=");
		struct ox_slice word = ox_slice(at, len);
		at += len;
		bool is_place = len && (word.data[0] == '/' || word.data[0] == '~' ||
					ox_slice_starts(word, OX_SLICE("file://")));
		const char *path = is_place ? local_path(l, "/", word) : NULL;
		if (path && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			rc = ox_pip_local_links(l, "/", word, err);
	}
	return rc;
}

int ox_pip_local_config(struct ox_pip_local *l, const char *name, const char *path, struct ox_err *err)
{
	struct ox_buf text = {0};
	int rc = add_file(l, name, path, err);
	if (!rc)
		rc = read_text(l, path, &text, err);
	if (!rc)
		rc = add_folders_of(l, ox_buf_text(&text), err);
	ox_buf_free(&text);
	return rc;
}
