#include "tests/unit/daemon/python/fixture.h"

#include "store/fs/dir.h"

#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static void keep_event(struct ox_sink *sink, const struct ox_event *event)
{
	struct fixture *f = (struct fixture *)((char *)sink - offsetof(struct fixture, sink));
	if (event->type == OX_EVENT_LOG)
		ox_buf_printf(&f->log, "%.*s: %.*s\n", OX_SLICE_ARG(event->as.log.source),
			      OX_SLICE_ARG(event->as.log.text));
	if (event->type == OX_EVENT_STEP && !event->as.step.hit)
		ox_buf_printf(&f->missed, "%.*s %.*s\n", OX_SLICE_ARG(event->as.step.action),
			      OX_SLICE_ARG(event->as.step.subject));
}

static const char *get_env(void *opaque, const char *name)
{
	struct fixture *f = opaque;
	size_t len = strlen(name);
	for (size_t i = 0; f->environ[i]; i++)
		if (strncmp(f->environ[i], name, len) == 0 && f->environ[i][len] == '=')
			return f->environ[i] + len + 1;
	return NULL;
}

void fixture_ok(int rc, const struct ox_err *err)
{
	if (rc)
		fail_msg("%d: %s", rc, err->text);
}

static void open_actions(struct fixture *f)
{
	struct ox_err err = {0};
	fixture_ok(ox_actions_new(f->store, &f->sink, "test", &f->ctx.actions, &err), &err);
	f->ctx.memo = ox_memo_new();
}

int fixture_setup(void **state)
{
	struct ox_err err = {0};
	char dir[128];
	struct fixture *f = calloc(1, sizeof *f);
	signal(SIGPIPE, SIG_IGN);
	snprintf(f->dir, sizeof f->dir, "/tmp/oxpython.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(dir, sizeof dir, "%s/store", f->dir);
	fixture_ok(ox_store_open(dir, &f->store, &err), &err);
	f->sink.emit = keep_event;
	f->ctx = (struct ox_build_context){.sink = &f->sink,
					   .env = {get_env, f},
					   .environ = f->environ,
					   .arena = &f->arena,
					   .cwd = f->dir,
					   .host_triple = "x86_64-unknown-linux-gnu",
					   .triple = "x86_64-unknown-linux-gnu"};
	f->environ[0] = "PATH=/usr/bin:/bin";
	open_actions(f);
	*state = f;
	return 0;
}

static void close_actions(struct fixture *f)
{
	ox_memo_free(f->ctx.memo);
	ox_actions_free(f->ctx.actions);
	ox_arena_free(&f->arena);
	ox_buf_free(&f->log);
	ox_buf_free(&f->missed);
}

void fixture_next_build(struct fixture *f)
{
	close_actions(f);
	open_actions(f);
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	close_actions(f);
	ox_store_close(f->store);
	nftw(f->dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

const char *fixture_file(struct fixture *f, const char *path, const char *content)
{
	char *full = ox_arena_printf(&f->arena, "%s/%s", f->dir, path);
	for (char *slash = strchr(full + strlen(f->dir) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	FILE *out = fopen(full, "w");
	assert_non_null(out);
	fputs(content, out);
	fclose(out);
	return full;
}

const struct ox_distribution *fixture_python(struct fixture *f)
{
	struct ox_err err = {0};
	const struct ox_distribution *dist = NULL;
	int rc = ox_distribution_host(&f->ctx, NULL, &dist, &err);
	if (rc == OX_ENOENT) {
		print_message("SKIPPED, no interpreter: %s\n", err.text);
		skip();
	}
	fixture_ok(rc, &err);
	return dist;
}

const struct ox_resource *fixture_find(const struct ox_resources *r, enum ox_resource_kind kind, const char *name,
				       const char *file)
{
	for (size_t i = 0; i < r->v.len; i++) {
		const struct ox_resource *x = &r->v.items[i];
		if (x->kind == kind && ox_slice_eq_str(x->name, name) && (!file || ox_slice_eq_str(x->file, file)))
			return x;
	}
	return NULL;
}

char fixture_archives[64];

int fixture_make_archives(void **state)
{
	const char *root = getenv("OX_SRCDIR"), *python = getenv("PYTHON");
	char command[1024];
	(void)state;
	snprintf(fixture_archives, sizeof fixture_archives, "/tmp/ox-archives-XXXXXX");
	if (!mkdtemp(fixture_archives))
		return -1;
	snprintf(command, sizeof command, "%s %s/tests/unit/daemon/python/archives.py %s",
		 python ? python : "python3", root ? root : ".", fixture_archives);
	return system(command);
}

int fixture_remove_archives(void **state)
{
	(void)state;
	return ox_fs_remove_tree(fixture_archives, NULL);
}
