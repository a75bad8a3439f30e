/* Each chunk of testdata/ with its k-th allocation failing, for many k: the evaluation ends as
 * it would have, or as exhausted, and can be used and released afterwards. Every allocation of
 * the evaluation's heap is one of malloc here (OX_HEAP_EXACT).
 *
 * Without OX_ALLOCATIONS=all only some k of each chunk are tried. */
#include "tests/unit/daemon/starlark/chunk.h"

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
char *__wrap_strndup(const char *text, size_t n);

static struct {
	uint64_t count, fail_at; /* 0: none */
	bool for_good;           /* all later ones fail too */
	bool armed;
} allocations;

static bool fails(void)
{
	if (!allocations.armed)
		return false;
	allocations.count++;
	uint64_t at = allocations.fail_at;
	return at && (allocations.for_good ? allocations.count >= at : allocations.count == at);
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
	return fails() ? NULL : __real_strndup(text, n);
}

struct totals {
	uint64_t runs, allocations;
	int failures, chunks;
	bool all;
};

enum { NEW_FAILED = 1 };

/* What ox_star_eval gave, or that it did not come so far. */
static int evaluate(struct chunk *c, uint64_t *made_first, struct ox_err *err)
{
	struct ox_star_options options = {0};
	struct ox_star_module *module;
	int status = NEW_FAILED;
	chunk_options(c, &options);
	allocations.count = 0;
	allocations.armed = true;
	struct ox_star *s = ox_star_new(&options);
	*made_first = allocations.count;
	if (s && chunk_define(s) == 0)
		status = ox_star_eval(s, "chunk.star", ox_slice_str(c->text), &module, err);
	allocations.armed = false;
	if (status < 0 && (err->code != status || !err->text[0]))
		status = OX_EINTERNAL;
	if (s && status != NEW_FAILED && ox_star_eval(s, "after", OX_SLICE("x = [1]\n"), &module, NULL) != 0)
		status = OX_EINTERNAL;
	ox_star_free(s);
	return status;
}

static void try_one(struct chunk *c, uint64_t k, bool for_good, int want)
{
	struct totals *t = c->user;
	struct ox_err err = {0};
	uint64_t unused;
	allocations.fail_at = k;
	allocations.for_good = for_good;
	int status = evaluate(c, &unused, &err);
	t->runs++;
	if (status == NEW_FAILED || status == want || status == OX_EEXHAUSTED)
		return;
	printf("%s:%u: allocation %llu%s: ended with %d: %s\n", c->file, c->first_line, (unsigned long long)k,
	       for_good ? " and later" : "", status, err.text);
	t->failures++;
}

static void run(struct chunk *c)
{
	struct totals *t = c->user;
	struct ox_err err = {0};
	uint64_t first, tries = t->all ? 2000 : 12;
	c->any_message = true; /* memory for all of it may have been what ran out */
	allocations.fail_at = 0;
	int want = evaluate(c, &first, &err);
	uint64_t total = allocations.count;
	t->allocations += total;
	/* Making an evaluation is the same for all chunks. */
	uint64_t from = t->chunks++ == 0 ? 1 : first + 1;
	uint64_t stride = total - from < tries ? 1 : (total - from) / tries;
	if (t->chunks == 1 && !t->all)
		stride = 7;
	for (uint64_t k = from + (uint64_t)t->chunks % stride; k <= total; k += stride) {
		try_one(c, k, false, want);
		try_one(c, k, true, want);
	}
}

int main(void)
{
	const char *which = getenv("OX_ALLOCATIONS");
	struct totals t = {.all = which && strcmp(which, "all") == 0};
	int chunks = chunks_each(run, &t);
	printf("%d chunks with %llu allocations, %llu runs, %d failures\n", chunks, (unsigned long long)t.allocations,
	       (unsigned long long)t.runs, t.failures);
	return t.failures || !chunks;
}
