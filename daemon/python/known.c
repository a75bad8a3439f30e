#include "daemon/python/known.h"

#include "daemon/python/child_env.h"
#include "store/fs/file.h"

enum { MOST_TEXT = 1 << 20, MOST_WORDS = 6 };

static const char release[] = "https://github.com/indygreg/python-build-standalone/releases/download/20221220/";

const char *ox_known_file(struct ox_build_context *ctx)
{
	const char *config = ox_client_env(ctx, "XDG_CONFIG_HOME");
	if (config && config[0] == '/')
		return ox_arena_printf(ctx->arena, "%s/oxidizer/python-distributions", config);
	const char *home = ox_client_env(ctx, "HOME");
	return home && home[0] == '/' ? ox_arena_printf(ctx->arena, "%s/.config/oxidizer/python-distributions", home)
				      : NULL;
}

/* A file's name as part of an address. */
static const char *address_of(struct ox_arena *arena, const char *file)
{
	const char *plus = strchr(file, '+');
	return plus ? ox_arena_printf(arena, "%s%.*s%%2B%s", release, (int)(plus - file), file, plus + 1)
		    : ox_arena_printf(arena, "%s%s", release, file);
}

static int add_own(struct ox_build_context *ctx, struct ox_known_list *out, struct ox_err *err)
{
	static const struct {
		const char *version, *triple, *file, *sha256;
		bool loads_shared;
	} table[] = {
#define OX_KNOWN(version, triple, file, sha256, loads_shared) {version, triple, file, sha256, loads_shared},
#include "daemon/python/known_archives.def"
#undef OX_KNOWN
	};
	for (size_t i = 0; i < OX_COUNT(table); i++) {
		struct ox_known *k = ox_vec_push(&out->v);
		const char *location = address_of(ctx->arena, table[i].file);
		if (!k || !location)
			return ox_fail_nomem(err, "the table of archives");
		*k = (struct ox_known){.triple = table[i].triple,
				       .location = location,
				       .loads_shared = table[i].loads_shared};
		if (sscanf(table[i].version, "3.%3d", &k->minor) != 1 ||
		    !ox_digest_parse(ox_slice_str(table[i].sha256), &k->sha256))
			return ox_fail(err, OX_EINTERNAL, "the table of archives is wrong at %s", table[i].file);
	}
	return 0;
}

static size_t split(char *line, char *words[static MOST_WORDS])
{
	size_t count = 0;
	char *rest = line;
	for (char *word; count < MOST_WORDS && (word = strtok_r(rest, " \t\r", &rest));)
		words[count++] = word;
	return count;
}

static bool is_location(const char *text)
{
	return text[0] == '/' || strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0 ||
	       strncmp(text, "file://", 7) == 0;
}

/* The words of one line; false: not understood. */
static bool take_line(char **words, size_t count, struct ox_known *k)
{
	char rest;
	if (count < 4 || count > 5 || sscanf(words[0], "3.%3d%c", &k->minor, &rest) != 1 ||
	    !ox_digest_parse(ox_slice_str(words[2]), &k->sha256) || !is_location(words[3]))
		return false;
	k->triple = words[1];
	k->location = words[3];
	k->is_users = true;
	k->loads_shared = !strstr(words[1], "musl");
	if (count == 5 && strcmp(words[4], "static") != 0 && strcmp(words[4], "dynamic") != 0)
		return false;
	if (count == 5)
		k->loads_shared = strcmp(words[4], "dynamic") == 0;
	return true;
}

static int add_users(struct ox_build_context *ctx, struct ox_known_list *out, struct ox_err *err)
{
	const char *path = ox_known_file(ctx);
	struct ox_buf text = {.limit = MOST_TEXT};
	if (!path)
		return 0;
	ox_memo_file(ctx->memo, path);
	int rc = ox_fs_read_file(path, &text, err);
	char *rest = rc ? NULL : ox_arena_str(ctx->arena, ox_buf_text(&text));
	if (!rc && !rest)
		rc = ox_fail_nomem(err, "the table of archives");
	for (unsigned number = 1; !rc && rest; number++) {
		char *words[MOST_WORDS], *line = strsep(&rest, "\n");
		size_t count = split(line, words);
		if (count == 0 || words[0][0] == '#')
			continue;
		struct ox_known *k = ox_vec_push(&out->v);
		if (!k)
			rc = ox_fail_nomem(err, "the table of archives");
		else if (!take_line(words, count, k))
			rc = ox_fail(err, OX_EUSAGE,
				     "%s, line %u is not understood: write VERSION TRIPLE SHA256 LOCATION, as in "
				     "3.11 x86_64-unknown-linux-gnu 0123...ef /path/to/archive.tar.zst",
				     path, number);
	}
	ox_buf_free(&text);
	return rc == OX_ENOENT ? 0 : rc;
}

int ox_known_read(struct ox_build_context *ctx, struct ox_known_list *out, struct ox_err *err)
{
	int rc = add_users(ctx, out, err);
	return rc ? rc : add_own(ctx, out, err);
}
