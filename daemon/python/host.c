/* Choosing among the interpreters of this machine. */
#include "daemon/python/candidates.h"
#include "daemon/python/child_env.h"
#include "daemon/python/host_describe.h"

struct judged {
	const char *path;
	bool runs, qualifies;
	struct ox_probe probe;
	struct ox_host_files files;
	const char *lacks; /* when it does not qualify */
};

struct judged_list {
	OX_VEC(struct judged) v;
};

static int minor_of(const struct judged *j)
{
	return (int)(j->probe.hexversion >> 16 & 0xff);
}

static int judge(struct ox_build_context *ctx, const char *path, struct judged *j, struct ox_err *err)
{
	struct ox_buf lacks = {0};
	*j = (struct judged){.path = path};
	int rc = ox_probe(ctx, path, &j->probe, err);
	if (rc == OX_ECANCELLED || rc == OX_EEXHAUSTED)
		return rc;
	j->runs = !rc;
	if (rc)
		ox_buf_str(&lacks, err->text);
	else
		rc = ox_host_find_files(ctx, &j->probe, &j->files, err);
	if (j->runs && !rc)
		ox_host_judge(&j->probe, &j->files, &lacks);
	j->qualifies = !lacks.len;
	j->lacks = ox_arena_str(ctx->arena, ox_buf_text(&lacks));
	ox_buf_free(&lacks);
	return j->lacks ? 0 : ox_fail_nomem(err, "judging an interpreter");
}

static bool is_system(const struct judged *j)
{
	return strncmp(j->path, "/usr/bin/", 9) == 0;
}

static bool is_better(const struct judged *a, const struct judged *b)
{
	if (!b)
		return true;
	if (a->probe.hexversion != b->probe.hexversion)
		return a->probe.hexversion > b->probe.hexversion;
	return is_system(a) && !is_system(b);
}

static int distance(int a, int b)
{
	return a < b ? b - a : a - b;
}

/* minor < 0: the newest. Otherwise the nearest to it, the newer of two. */
static const struct judged *choose(const struct judged_list *list, int minor)
{
	const struct judged *best = NULL;
	for (size_t i = 0; i < list->v.len; i++) {
		const struct judged *j = &list->v.items[i];
		if (!j->qualifies)
			continue;
		int nearer = best && minor >= 0 ? distance(minor_of(best), minor) - distance(minor_of(j), minor) : 0;
		if (nearer > 0 || (nearer == 0 && is_better(j, best)))
			best = j;
	}
	return best;
}

/* The 11 of ".../bin/python3.11", or -1: a name that says nothing. */
static int minor_of_name(const char *path)
{
	int minor;
	const char *slash = strrchr(path, '/');
	return sscanf(slash ? slash + 1 : path, "python3.%3d", &minor) == 1 ? minor : -1;
}

/* How much the name speaks against a candidate: less is better, 0 is the best. */
static int handicap(const char *path, int minor)
{
	int named = minor_of_name(path);
	if (named < 0)
		return 0;
	return minor < 0 ? 1000 - named : distance(named, minor);
}

/* The promising first, so that the others need not be asked; otherwise as found. */
static void sort_by_promise(struct ox_candidates *candidates, int minor)
{
	for (size_t i = 1; i < candidates->v.len; i++) {
		const char *path = candidates->v.items[i];
		size_t k = i;
		for (; k > 0 && handicap(candidates->v.items[k - 1], minor) > handicap(path, minor); k--)
			candidates->v.items[k] = candidates->v.items[k - 1];
		candidates->v.items[k] = path;
	}
}

static bool cannot_win(const char *path, int minor, const struct judged *best)
{
	int named = minor_of_name(path);
	if (!best || named < 0)
		return false;
	return minor < 0 ? named < minor_of(best) : distance(named, minor) > distance(minor_of(best), minor);
}

/* Asks one after the other, until a better one cannot follow. */
static int judge_all(struct ox_build_context *ctx, struct ox_candidates *candidates, int minor,
		     struct judged_list *out, struct ox_err *err)
{
	int rc = 0;
	sort_by_promise(candidates, minor);
	for (size_t i = 0; !rc && i < candidates->v.len; i++) {
		if (cannot_win(candidates->v.items[i], minor, choose(out, minor)))
			break;
		struct judged *j = ox_vec_push(&out->v);
		rc = j ? judge(ctx, candidates->v.items[i], j, err) : ox_fail_nomem(err, "judging interpreters");
	}
	return rc;
}

static int fail_none(const struct judged_list *list, bool named, struct ox_err *err)
{
	struct ox_buf text = {0};
	for (size_t i = 0; i < list->v.len; i++) {
		const struct judged *j = &list->v.items[i];
		if (j->runs)
			ox_buf_printf(&text, "; %s (%s) %s", j->path, j->probe.version, j->lacks);
		else
			ox_buf_printf(&text, "; %s %s", j->path, j->lacks);
	}
	if (list->v.len && named)
		ox_buf_str(&text, "; name one with a static libpython and headers, or unset OXIDIZER_PYTHON");
	if (!list->v.len)
		ox_buf_str(&text, "; there is none on PATH, among pyenv's, or in /usr/bin: install python3 and "
				  "libpython3-dev");
	int rc = ox_fail(err, OX_ENOENT, "%s cannot be linked into an executable%s",
			 named ? "the interpreter that OXIDIZER_PYTHON names" : "the installed Python interpreters",
			 ox_buf_text(&text));
	ox_buf_free(&text);
	return rc;
}

/* "3.11" or "3.11.2" -> 11 */
static int parse_minor(const char *version, int *minor, struct ox_err *err)
{
	char rest = '\0';
	*minor = -1;
	if (!version)
		return 0;
	int n = sscanf(version, "3.%3d%c", minor, &rest);
	if (n < 1 || (n == 2 && rest != '.') || *minor < 0)
		return ox_fail(err, OX_EUSAGE, "Python version \"%s\" is not understood: write \"3.11\"", version);
	return 0;
}

/* An asked version that cannot be had: why, and what is taken instead. */
static void warn_absent(struct ox_build_context *ctx, const struct judged_list *list, const char *version, int minor,
			const struct judged *taken)
{
	const char *why = "is not installed";
	for (size_t i = 0; i < list->v.len; i++) {
		const struct judged *j = &list->v.items[i];
		if (j->runs && !j->qualifies && minor_of(j) == minor)
			why = ox_arena_printf(ctx->arena, "at %s %s", j->path, j->lacks);
	}
	ox_emit_log(ctx->sink, OX_LEVEL_WARN, "python", "Python %s %s: taking the nearest, %s", version,
		    why ? why : "is not usable", taken->probe.version);
}

static const char *sentence(struct ox_build_context *ctx, const struct judged *taken, int minor, bool named)
{
	const char *reason = "the newest one here with a static libpython and headers";
	if (named)
		reason = "OXIDIZER_PYTHON names it";
	else if (minor == minor_of(taken))
		reason = ox_arena_printf(ctx->arena, "the newest 3.%d with a static libpython and headers", minor);
	else if (minor >= 0)
		reason = ox_arena_printf(ctx->arena, "the nearest to 3.%d with a static libpython and headers", minor);
	return reason ? ox_arena_printf(ctx->arena, "CPython %s at %s: %s", taken->probe.version, taken->path, reason)
		      : NULL;
}

static int find(struct ox_build_context *ctx, const char *named, struct ox_candidates *out, struct ox_err *err)
{
	if (!named)
		return ox_candidates_find(ctx, out, err);
	const char *path;
	int rc = ox_candidate_named(ctx, named, &path, err);
	if (rc)
		return rc;
	const char **slot = ox_vec_push(&out->v);
	if (!slot)
		return ox_fail_nomem(err, "looking for interpreters");
	*slot = path;
	return 0;
}

static int take(struct ox_build_context *ctx, const struct judged_list *list, const char *version, int minor,
		bool named, const struct ox_distribution **out, struct ox_err *err)
{
	const struct judged *taken = choose(list, minor);
	if (!taken)
		return fail_none(list, named, err);
	if (minor >= 0 && minor_of(taken) != minor)
		warn_absent(ctx, list, version, minor, taken);
	const char *origin = sentence(ctx, taken, minor, named);
	if (!origin)
		return ox_fail_nomem(err, "describing an interpreter");
	int rc = ox_host_describe(ctx, &taken->probe, &taken->files, origin, out, err);
	if (rc)
		return ox_wrap(err, "cannot use %s", taken->path);
	ox_emit_log(ctx->sink, OX_LEVEL_INFO, "python", "%s", origin);
	return 0;
}

int ox_distribution_host(struct ox_build_context *ctx, const char *version, const struct ox_distribution **out,
			 struct ox_err *err)
{
	struct ox_err local;
	struct ox_candidates candidates = {0};
	struct judged_list list = {0};
	const char *named = ox_client_env(ctx, "OXIDIZER_PYTHON");
	int minor;
	if (!err)
		err = &local;
	int rc = parse_minor(version, &minor, err);
	if (!rc)
		rc = find(ctx, named, &candidates, err);
	if (!rc)
		rc = judge_all(ctx, &candidates, minor, &list, err);
	if (!rc)
		rc = take(ctx, &list, version, minor, named != NULL, out, err);
	ox_vec_free(&list.v);
	ox_vec_free(&candidates.v);
	return rc;
}
