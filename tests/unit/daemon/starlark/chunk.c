#include "tests/unit/daemon/starlark/chunk.h"

#include <dirent.h>
#include <regex.h>

uint32_t chunk_lines(const char *text)
{
	uint32_t n = 1;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

bool chunk_matches(const char *pattern, struct ox_slice message)
{
	regex_t re;
	if (regcomp(&re, pattern, REG_EXTENDED) != 0)
		return false;
	regmatch_t range = {0, (regoff_t)message.len};
	bool ok = message.data && regexec(&re, message.data, 1, &range, REG_STARTEND) == 0;
	regfree(&re);
	return ok;
}

/* ---- what chunks may call ---- */

static ox_star_value assert_eq(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	struct ox_buf a = {0}, b = {0};
	if (ox_equal(s, args[0], args[1]) != 1) {
		ox_star_repr(s, args[0], &a);
		ox_star_repr(s, args[1], &b);
		ox_star_fail(s, "got %s, want %s", ox_buf_text(&a), ox_buf_text(&b));
	}
	ox_buf_free(&a);
	ox_buf_free(&b);
	return ox_star_failing(s) ? OX_STAR_FAILED : OX_STAR_NONE;
}

static ox_star_value assert_true(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	return ox_star_truth(args[0]) ? OX_STAR_NONE : ox_star_fail(s, "not true");
}

static ox_star_value assert_fails(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	ox_star_value v = ox_star_call(s, args[0], NULL, 0, NULL, 0, NULL);
	if (ox_star_ok(v))
		return ox_star_fail(s, "no failure, want %s", ox_star_cstr(args[1]));
	const struct chunk *c = ox_star_user(s);
	if (c->any_message || chunk_matches(ox_star_cstr(args[1]), ox_slice_str(s->failure.message))) {
		ox_forget_failure(s);
	} else if (s->failure.code != OX_EEXHAUSTED) {
		char *message = strdup(s->failure.message);
		ox_forget_failure(s);
		ox_star_fail(s, "failed with '%s', want '%s'", message, ox_star_cstr(args[1]));
		free(message);
	}
	return ox_star_failing(s) ? OX_STAR_FAILED : OX_STAR_NONE;
}

/* What a call prints, lines joined. */
static ox_star_value print_of(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	struct chunk *c = ox_star_user(s);
	ox_buf_clear(&c->printed);
	ox_star_value v = ox_star_call(s, args[0], NULL, 0, NULL, 0, NULL);
	if (c->printed.failed)
		return ox_fail_memory(s);
	return ox_star_ok(v) ? ox_star_slice(s, ox_buf_view(&c->printed)) : OX_STAR_FAILED;
}

static void print(void *user, struct ox_slice file, uint32_t line, struct ox_slice text)
{
	(void)file, (void)line;
	ox_buf_slice(&((struct chunk *)user)->printed, text);
}

static ox_star_value freeze(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	return ox_star_freeze(s, args[0]) < 0 ? OX_STAR_FAILED : args[0];
}

static const struct ox_star_param eq_params[] = {
    {"got", 0, 0, NULL, "", 0, NULL}, {"want", 0, 0, NULL, "", 0, NULL}, {0}};
static const struct ox_star_param one[] = {{"x", 0, 0, NULL, "", 0, NULL}, {0}};
static const struct ox_star_function functions[] = {
    {"assert_eq", eq_params, assert_eq, 0, ""},
    {"assert_true", one, assert_true, 0, ""},
    {"assert_fails", eq_params, assert_fails, 0, ""},
    {"freeze", one, freeze, 0, ""},
    {"print_of", one, print_of, 0, ""},
};

int chunk_define(struct ox_star *s)
{
	for (size_t i = 0; i < OX_COUNT(functions); i++) {
		if (ox_star_set_function(s, &functions[i]) < 0)
			return -1;
	}
	return 0;
}

/* load() finds these. */
static int load(void *user, struct ox_star *s, struct ox_slice from, struct ox_slice wanted,
		struct ox_star_source *source, struct ox_err *err)
{
	(void)user, (void)s, (void)from;
	source->name = wanted;
	if (ox_slice_eq_str(wanted, "lib.bzl"))
		source->text = OX_SLICE("x = 1\n_p = 2\nlst = [1]\ndef get(): return lst\n");
	else if (ox_slice_eq_str(wanted, "a.bzl"))
		source->text = OX_SLICE("load('b.bzl', 'x')\n");
	else if (ox_slice_eq_str(wanted, "b.bzl"))
		source->text = OX_SLICE("load('a.bzl', 'x')\n");
	else
		return ox_fail(err, OX_ENOENT, "no such file");
	return 0;
}

static bool option(const char *text, const char *name)
{
	return strncmp(text, "# option: ", 10) == 0 && strncmp(text + 10, name, strlen(name)) == 0;
}

void chunk_options(struct chunk *c, struct ox_star_options *options)
{
	options->user = c;
	options->print = print;
	options->load = load;
	options->names = option(c->text, "late") ? OX_STAR_NAMES_LATE : OX_STAR_NAMES_STRICT;
	options->spec_top_level = option(c->text, "strict");
	options->recursion = option(c->text, "recursion");
	options->memory_limit = 64 << 20;
	options->step_limit = 10000000;
}

static char *read_all(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct ox_buf text = {0};
	char *room;
	size_t n;
	if (!f) {
		perror(path);
		exit(1);
	}
	while ((room = ox_buf_reserve(&text, 65536)) && (n = fread(room, 1, 65536, f)) > 0)
		ox_buf_commit(&text, n);
	fclose(f);
	ox_buf_str(&text, "");
	return ox_buf_steal(&text);
}

static int each_of_file(const char *path, const char *name, void (*visit)(struct chunk *c), void *user)
{
	char *text = read_all(path), *at = text;
	uint32_t line = 1;
	int count = 0;
	while (at) {
		char *end = strstr(at, "\n---\n");
		if (end)
			end[1] = '\0';
		struct chunk c = {.file = name, .first_line = line, .text = at, .user = user};
		visit(&c);
		ox_buf_free(&c.printed);
		count++;
		line += chunk_lines(at);
		at = end ? end + 5 : NULL;
	}
	free(text);
	return count;
}

static int is_program(const struct dirent *e)
{
	size_t len = strlen(e->d_name);
	return len > 5 && strcmp(e->d_name + len - 5, ".star") == 0;
}

int chunks_each(void (*visit)(struct chunk *c), void *user)
{
	const char *root = getenv("OX_SRCDIR");
	char folder[2048], path[4096];
	struct dirent **files;
	int count = 0;
	snprintf(folder, sizeof folder, "%s/tests/unit/daemon/starlark/testdata", root ? root : ".");
	int n = scandir(folder, &files, is_program, alphasort);
	if (n < 0) {
		perror(folder);
		exit(1);
	}
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i]->d_name);
		count += each_of_file(path, files[i]->d_name, visit, user);
		free(files[i]);
	}
	free(files);
	return count;
}
