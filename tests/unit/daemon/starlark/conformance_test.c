/* Runs the programs below testdata/. A file holds chunks separated by lines of
 * "---"; each is evaluated on its own. A comment "### pattern" (an extended
 * regular expression) says that an error on its line is expected; every error
 * must be expected and every expected one must come. A chunk that begins with
 * "# option: NAME" sets an option: strict, recursion, late. */
#include "daemon/starlark/thread.h"

#include <dirent.h>
#include <regex.h>

struct chunk {
	struct ox_sink sink; /* first: found again from a pointer to it */
	const char *file;
	uint32_t first_line; /* of the file */
	char *text;
	bool *met; /* per line of the chunk */
	int failures;
	struct ox_buf printed;
};

static uint32_t lines_of(const char *text)
{
	uint32_t n = 1;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

/* The pattern on a line of the chunk, or NULL; malloc. */
static char *expected(const char *text, uint32_t line)
{
	for (uint32_t i = 1; i < line && text; i++)
		text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL;
	if (!text)
		return NULL;
	const char *end = strchr(text, '\n'), *mark = strstr(text, "### ");
	if (!end)
		end = text + strlen(text);
	return mark && mark < end ? strndup(mark + 4, (size_t)(end - mark - 4)) : NULL;
}

static bool matches(const char *pattern, struct ox_slice message)
{
	regex_t re;
	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	char *copy = strndup(message.data, message.len);
	bool ok = copy && regexec(&re, copy, 0, NULL, 0) == 0;
	free(copy);
	regfree(&re);
	return ok;
}

static void emit(struct ox_sink *self, const struct ox_event *event)
{
	struct chunk *c = (struct chunk *)self;
	const struct ox_diagnostic *d = &event->as.diagnostic;
	if (event->type != OX_EVENT_DIAGNOSTIC || d->severity != OX_SEVERITY_ERROR)
		return;
	char *pattern = expected(c->text, d->line);
	if (pattern && matches(pattern, d->message)) {
		c->met[d->line] = true;
	} else {
		printf("%s:%u: unexpected error: %.*s\n", c->file, c->first_line + d->line - 1,
		       OX_SLICE_ARG(d->message));
		c->failures++;
	}
	free(pattern);
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
	char *message = strdup(s->failure.message);
	ox_forget_failure(s);
	if (!matches(ox_star_cstr(args[1]), ox_slice_str(message)))
		ox_star_fail(s, "failed with '%s', want '%s'", message, ox_star_cstr(args[1]));
	free(message);
	return ox_star_failing(s) ? OX_STAR_FAILED : OX_STAR_NONE;
}

/* What a call prints, lines joined. */
static ox_star_value print_of(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data)
{
	(void)self, (void)data;
	struct chunk *c = ox_star_user(s);
	ox_buf_clear(&c->printed);
	ox_star_value v = ox_star_call(s, args[0], NULL, 0, NULL, 0, NULL);
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

/* load("self") loads this text. */
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

static void run_chunk(struct chunk *c)
{
	struct ox_star *s = ox_star_new(&(struct ox_star_options){
	    .sink = &c->sink,
	    .user = c,
	    .print = print,
	    .load = load,
	    .names = option(c->text, "late") ? OX_STAR_NAMES_LATE : OX_STAR_NAMES_STRICT,
	    .spec_top_level = option(c->text, "strict"),
	    .recursion = option(c->text, "recursion"),
	    .memory_limit = 64 << 20,
	    .step_limit = 10000000,
	});
	uint32_t lines = lines_of(c->text);
	struct ox_star_module *module;
	struct ox_err err = {0};
	c->met = calloc(lines + 2, 1);
	for (size_t i = 0; i < OX_COUNT(functions); i++)
		ox_star_set_function(s, &functions[i]);
	ox_star_eval(s, "chunk.star", ox_slice_str(c->text), &module, &err);
	ox_star_free(s);
	for (uint32_t i = 1; i <= lines; i++) {
		char *pattern = expected(c->text, i);
		if (pattern && !c->met[i]) {
			printf("%s:%u: expected an error: %s\n", c->file, c->first_line + i - 1, pattern);
			c->failures++;
		}
		free(pattern);
	}
	free(c->met);
	ox_buf_free(&c->printed);
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

static int run_file(const char *folder, const char *name, int *chunks)
{
	char path[4096];
	int failures = 0;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	char *text = read_all(path), *at = text;
	uint32_t line = 1;
	while (at) {
		char *end = strstr(at, "\n---\n");
		if (end)
			end[1] = '\0';
		struct chunk c = {.sink = {emit}, .file = name, .first_line = line, .text = at};
		run_chunk(&c);
		failures += c.failures;
		++*chunks;
		line += lines_of(at);
		at = end ? end + 5 : NULL;
	}
	free(text);
	return failures;
}

int main(void)
{
	const char *root = getenv("OX_SRCDIR");
	char folder[2048];
	int failures = 0, chunks = 0;
	snprintf(folder, sizeof folder, "%s/tests/unit/daemon/starlark/testdata", root ? root : ".");
	DIR *dir = opendir(folder);
	if (!dir) {
		perror(folder);
		return 1;
	}
	for (struct dirent *e; (e = readdir(dir));) {
		size_t len = strlen(e->d_name);
		if (len > 5 && strcmp(e->d_name + len - 5, ".star") == 0)
			failures += run_file(folder, e->d_name, &chunks);
	}
	closedir(dir);
	printf("%d chunks, %d failures\n", chunks, failures);
	return failures || !chunks;
}
