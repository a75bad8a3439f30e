/* The whole way down: a host interpreter's resources become an executable that runs alone. */
#include "tests/unit/daemon/bundle/command.h"
#include "tests/unit/daemon/python/fixture.h"

#include "daemon/bundle/executable.h"

#include <sys/stat.h>
#include <unistd.h>

/* One build's input. */
struct program {
	const struct ox_distribution *dist;
	struct ox_resources resources;
	OX_VEC(struct ox_bundle_item) items;
	struct ox_pack_config *config;
	struct ox_compiler *compiler;
	struct ox_executable made;
};

static void add_items(struct program *p, const char *prefix)
{
	for (size_t i = 0; i < p->resources.v.len; i++) {
		const struct ox_resource *r = &p->resources.v.items[i];
		if (r->is_test)
			continue;
		struct ox_bundle_item *item = ox_vec_push(&p->items);
		assert_non_null(item);
		*item = (struct ox_bundle_item){
			.resource = r, .add_source = true, .add_bytecode = {true, false, false}};
		if (r->origin == OX_ORIGIN_APPLICATION)
			item->prefix = prefix;
	}
}

/* The standard library and the package "app", run as a module. */
static void prepare(struct fixture *f, struct program *p, const char *prefix)
{
	struct ox_err err = {0};
	*p = (struct program){.dist = fixture_python(f)};
	const char *root = ox_arena_printf(&f->arena, "%s/src", f->dir);
	fixture_ok(ox_scan_stdlib(&f->ctx, p->dist, false, &p->resources, &err), &err);
	fixture_ok(ox_scan_folder(&f->ctx, p->dist, root, OX_ORIGIN_APPLICATION, &p->resources, &err), &err);
	add_items(p, prefix);
	p->config = ox_pack_config_new(&f->arena);
	assert_non_null(p->config);
	fixture_ok(ox_pack_config_set_str(p->config, "run_module", OX_SLICE("app"), &err), &err);
	fixture_ok(ox_compiler_new(&f->ctx, p->dist, &p->compiler, &err), &err);
}

static void build(struct fixture *f, struct program *p)
{
	struct ox_err err = {0};
	struct ox_executable_spec spec = {.name = "app",
					  .distribution = p->dist,
					  .config = p->config,
					  .items = p->items.items,
					  .item_count = p->items.len,
					  .stub = {.allocator = "default", .release = true}};
	int rc = ox_executable_build(&f->ctx, p->compiler, &spec, &p->made, &err);
	if (rc)
		fail_msg("%s\n%s", err.text, ox_buf_text(&f->log));
}

static void publish(struct fixture *f, struct program *p)
{
	struct ox_err err = {0};
	const char *dir = ox_arena_printf(&f->arena, "%s/out", f->dir);
	fixture_ok(ox_tree_add(&p->made.beside, &f->arena, p->made.file.path, &p->made.file.blob, 0755, &err), &err);
	fixture_ok(ox_tree_publish(&f->ctx, &p->made.beside, dir, &err), &err);
}

static void done(struct program *p)
{
	ox_compiler_free(p->compiler);
	ox_vec_free(&p->made.beside.v);
	ox_vec_free(&p->items);
	ox_vec_free(&p->resources.v);
}

static void write_app(struct fixture *f, const char *answer)
{
	fixture_file(f, "src/app/__init__.py", "");
	fixture_file(f, "src/app/answer.py", answer);
	fixture_file(f, "src/app/data.txt", "data");
	fixture_file(f, "src/app/__main__.py",
		     "import json, sqlite3, ssl, ctypes, asyncio, lzma, curses, sys\n"
		     "from importlib.resources import files\n"
		     "from app.answer import ANSWER\n"
		     "text = files('app').joinpath('data.txt').read_text()\n"
		     "print(json.dumps([ANSWER, text, getattr(sys, 'oxidized', False)]))\n");
}

/* Root needs no user namespace, everybody else has one made. */
static const char *unshare(void)
{
	return geteuid() == 0 ? "unshare" : "unshare -r";
}

/* A root with nothing but the executable and the glibc family. */
static int run_alone(struct fixture *f, const char *expected)
{
	return run("cd '%s' && rm -rf root && mkdir -p root/lib64 root/lib/x86_64-linux-gnu root/tmp root/proc && "
		   "cp out/app root/app && cp /lib64/ld-linux-x86-64.so.2 root/lib64/ && "
		   "for l in c m dl pthread rt util resolv; do cp /lib/x86_64-linux-gnu/lib$l.so.* "
		   "root/lib/x86_64-linux-gnu/; done && "
		   "%s -m -p -f sh -c 'mount -t proc proc root/proc; exec chroot root /app' >got 2>log; "
		   "cat log; test \"$(cat got)\" = '%s'",
		   f->dir, unshare(), expected);
}

static void an_executable_runs_where_only_glibc_is(void **state)
{
	struct fixture *f = *state;
	struct program p;
	write_app(f, "ANSWER = 42\n");
	prepare(f, &p, NULL);
	build(f, &p);
	publish(f, &p);
	assert_int_equal(strncmp(p.made.runs_on, "needs glibc 2.", 14), 0);
	assert_int_equal(run_alone(f, "[42, \"data\", true]"), 0);
	assert_int_equal(run("cd '%s' && strip root/app && %s chroot root /app >/dev/null", f->dir, unshare()),
			 0);
	done(&p);
}

static void an_edit_costs_one_bytecode_one_segment_and_one_assembly(void **state)
{
	struct fixture *f = *state;
	struct program p;
	write_app(f, "ANSWER = 42\n");
	prepare(f, &p, NULL);
	build(f, &p);
	done(&p);
	fixture_next_build(f);
	prepare(f, &p, NULL);
	build(f, &p);
	done(&p);
	assert_string_equal(ox_buf_text(&f->missed), "");
	fixture_next_build(f);
	write_app(f, "ANSWER = 43\n");
	prepare(f, &p, NULL);
	build(f, &p);
	assert_string_equal(ox_buf_text(&f->missed), "bytecode app.answer\nsegment application\nassemble app\n");
	publish(f, &p);
	assert_int_equal(run("cd '%s' && test \"$(out/app)\" = '[43, \"data\", true]'", f->dir), 0);
	done(&p);
}

/* The digest of what a fresh store, in a folder of its own, makes of the same sources. */
static struct ox_digest build_elsewhere(void)
{
	void *state;
	struct program p;
	assert_int_equal(fixture_setup(&state), 0);
	struct fixture *f = state;
	write_app(f, "ANSWER = 42\n");
	prepare(f, &p, NULL);
	build(f, &p);
	struct ox_digest digest = p.made.file.blob.digest;
	done(&p);
	fixture_teardown(&state);
	return digest;
}

static void equal_sources_in_two_folders_give_identical_executables(void **state)
{
	(void)state;
	struct ox_digest one = build_elsewhere(), two = build_elsewhere();
	assert_true(ox_digest_eq(&one, &two));
}

static void modules_beside_the_executable_are_imported_from_there(void **state)
{
	struct fixture *f = *state;
	struct program p;
	write_app(f, "ANSWER = __file__[-17:]\n");
	prepare(f, &p, "lib");
	build(f, &p);
	publish(f, &p);
	assert_int_equal(run("cd '%s' && test -e out/lib/app/__pycache__/answer.%s.pyc && "
			     "test \"$(out/app)\" = '[\"lib/app/answer.py\", \"data\", true]'",
			     f->dir, p.dist->cache_tag),
			 0);
	done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_executable_runs_where_only_glibc_is, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(an_edit_costs_one_bytecode_one_segment_and_one_assembly, fixture_setup,
						fixture_teardown),
		cmocka_unit_test(equal_sources_in_two_folders_give_identical_executables),
		cmocka_unit_test_setup_teardown(modules_beside_the_executable_are_imported_from_there, fixture_setup,
						fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
