#include "tests/unit/store/scratch.h"

#include "daemon/action/memo.h"
#include "proto/base/clock.h"
#include "store/cas/space.h"
#include "store/index/index.h"

#include <errno.h>

static const struct ox_digest key = {{1, 2, 3}};

struct heard {
	struct ox_sink sink;
	int logs, artifacts;
	char text[128];
};

static void on_event(struct ox_sink *self, const struct ox_event *event)
{
	struct heard *h = (struct heard *)self;
	if (event->type == OX_EVENT_LOG) {
		h->logs++;
		snprintf(h->text, sizeof h->text, "%.*s", OX_SLICE_ARG(event->as.log.text));
	}
	h->artifacts += event->type == OX_EVENT_ARTIFACT;
}

static const char *pip_index;

static const char *get_env(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "PIP_INDEX_URL") == 0 ? pip_index : NULL;
}

static const struct ox_env env = {.get = get_env};

enum { OUTPUT_SIZE = 100 * 1024 };

/* A project: app.py and lib/ read, pip.conf looked for, build/out made. */
static void build(struct scratch *sc)
{
	char path[256];
	struct ox_digest d;
	char *bytes = scratch_bytes(OUTPUT_SIZE, 3);
	struct ox_memo *m = ox_memo_new();
	pip_index = NULL;
	scratch_write(scratch_path(sc, "app.py", path), "print(1)", 8);
	mkdir(scratch_path(sc, "lib", path), 0755);
	scratch_write(scratch_path(sc, "lib/a.py", path), "a", 1);
	mkdir(scratch_path(sc, "build", path), 0755);
	ox_memo_file(m, scratch_path(sc, "app.py", path));
	ox_memo_file(m, scratch_path(sc, "lib/a.py", path));
	ox_memo_file(m, scratch_path(sc, "pip.conf", path));
	ox_memo_listing(m, scratch_path(sc, "lib", path));
	mkdir(scratch_path(sc, "mod", path), 0755);
	ox_memo_listing_of(m, path, OX_MEMO_NO_PYCACHE);
	mkdir(scratch_path(sc, "meta", path), 0755);
	ox_memo_listing_of(m, path, OX_MEMO_METADATA);
	ox_memo_env(m, "PIP_INDEX_URL");
	ox_memo_env(m, "HOME");
	ox_memo_event(m, &(struct ox_event){.type = OX_EVENT_LOG,
					    .as.log = {OX_LEVEL_WARN, OX_SLICE("config"), OX_SLICE("careful")}});
	ox_memo_event(m, &(struct ox_event){.type = OX_EVENT_ARTIFACT, .as.artifact = {.size = OUTPUT_SIZE}});
	scratch_write(scratch_path(sc, "build/out", path), bytes, OUTPUT_SIZE);
	chmod(path, 0755);
	assert_ok(sc, ox_store_put_file(sc->s, path, &d, NULL, &sc->err));
	ox_memo_output(m, path, &d, OUTPUT_SIZE, 0755);
	ox_memo_output_dir(m, scratch_path(sc, "build", path));
	assert_ok(sc, ox_memo_commit(m, sc->s, &key, &env, &sc->err));
	ox_memo_free(m);
	free(bytes);
}

static int check(struct scratch *sc, const char *why_part)
{
	struct heard heard = {.sink.emit = on_event};
	struct ox_buf why = {0};
	int rc = ox_memo_check(sc->s, &key, &env, &heard.sink, &why, &sc->err);
	assert_ok(sc, rc);
	assert_int_equal(heard.logs, rc);
	assert_int_equal(heard.artifacts, rc);
	if (rc)
		assert_string_equal(heard.text, "careful");
	else if (why_part && !strstr(ox_buf_text(&why), why_part))
		fail_msg("\"%s\" does not speak of %s", ox_buf_text(&why), why_part);
	ox_buf_free(&why);
	return rc;
}

static void nothing_changed_is_a_hit_that_replays_events(void **state)
{
	struct scratch *sc = *state;
	assert_int_equal(check(sc, "not built"), 0);
	build(sc);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(check(sc, NULL), 1);
		scratch_pause(30);
		scratch_reopen(sc);
	}
}

static void an_edit_is_seen_even_with_its_mtime_restored(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	struct stat st;
	build(sc);
	scratch_pause(30);
	assert_int_equal(check(sc, NULL), 1);
	assert_int_equal(stat(scratch_path(sc, "app.py", path), &st), 0);
	scratch_write(path, "print(2)", 8);
	const struct timespec times[2] = {st.st_atim, st.st_mtim};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(check(sc, "app.py changed"), 0);
	scratch_write(path, "print(1)", 8);
	assert_int_equal(check(sc, NULL), 1);
}

static void an_edit_right_after_the_build_is_seen(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	build(sc);
	scratch_write(scratch_path(sc, "app.py", path), "print(2)", 8);
	assert_int_equal(check(sc, "app.py changed"), 0);
}

static void only_entries_that_count_are_seen(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	build(sc);
	mkdir(scratch_path(sc, "mod/__pycache__", path), 0755);
	scratch_write(scratch_path(sc, "meta/notes.txt", path), "x", 1);
	assert_int_equal(check(sc, NULL), 1);
	scratch_write(scratch_path(sc, "mod/b.py", path), "x", 1);
	assert_int_equal(check(sc, "/mod"), 0);
	unlink(path);
	assert_int_equal(check(sc, NULL), 1);
	mkdir(scratch_path(sc, "meta/a-1.0.dist-info", path), 0755);
	assert_int_equal(check(sc, "/meta"), 0);
}

static void appearing_vanishing_and_listed_files_are_seen(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	build(sc);
	scratch_write(scratch_path(sc, "pip.conf", path), "x", 1);
	assert_int_equal(check(sc, "pip.conf appeared"), 0);
	unlink(path);
	assert_int_equal(check(sc, NULL), 1);
	scratch_write(scratch_path(sc, "lib/b.py", path), "x", 1);
	assert_int_equal(check(sc, "/lib"), 0);
	unlink(path);
	assert_int_equal(check(sc, NULL), 1);
	unlink(scratch_path(sc, "lib/a.py", path));
	assert_int_equal(check(sc, "a.py"), 0);
}

static void the_environment_counts_set_or_not(void **state)
{
	struct scratch *sc = *state;
	build(sc);
	pip_index = "";
	assert_int_equal(check(sc, "PIP_INDEX_URL"), 0);
	pip_index = "https://other";
	assert_int_equal(check(sc, "PIP_INDEX_URL"), 0);
	pip_index = NULL;
	assert_int_equal(check(sc, NULL), 1);
}

static void assert_output(struct scratch *sc)
{
	char path[256], found[OUTPUT_SIZE];
	struct stat st;
	char *bytes = scratch_bytes(OUTPUT_SIZE, 3);
	int fd = open(scratch_path(sc, "build/out", path), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, OUTPUT_SIZE);
	assert_int_equal(st.st_mode & 07777, 0755);
	assert_int_equal(read(fd, found, OUTPUT_SIZE), OUTPUT_SIZE);
	assert_memory_equal(found, bytes, OUTPUT_SIZE);
	close(fd);
	free(bytes);
}

static void altered_or_deleted_outputs_are_put_back(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	build(sc);
	scratch_pause(30);
	scratch_path(sc, "build/out", path);
	for (int i = 0; i < 6; i++) {
		if (i == 0)
			assert_true(scratch_flip(path, 1000));
		else if (i == 1)
			unlink(path);
		else if (i == 2)
			chmod(path, 0600);
		else if (i == 3)
			assert_int_equal(truncate(path, 3), 0);
		else if (i == 4)
			assert_int_equal(ox_fs_remove_tree(scratch_path(sc, "build", path), NULL), 0);
		else if (unlink(scratch_path(sc, "build/out", path)) == 0)
			assert_int_equal(symlink("/etc/passwd", path), 0);
		assert_int_equal(check(sc, NULL), 1);
		assert_output(sc);
	}
}

static void foreign_entries_in_an_output_folder_are_a_miss(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	build(sc);
	scratch_write(scratch_path(sc, "build/extra", path), "x", 1);
	assert_int_equal(check(sc, "/build"), 0);
	unlink(path);
	unlink(scratch_path(sc, "build/out", path));
	mkdir(path, 0755);
	assert_int_equal(check(sc, "put back"), 0);
}

static void an_output_whose_object_is_gone_is_a_miss(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	build(sc);
	assert_int_equal(ox_fs_remove_tree(scratch_path(sc, "store/objects", path), NULL), 0);
	mkdir(path, 0700);
	assert_int_equal(check(sc, NULL), 1);
	unlink(scratch_path(sc, "build/out", path));
	assert_int_equal(check(sc, "not in the store"), 0);
}

static void a_build_that_raced_with_an_edit_is_not_remembered(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	struct ox_memo *m = ox_memo_new();
	scratch_write(scratch_path(sc, "app.py", path), "1", 1);
	ox_memo_file(m, path);
	scratch_pause(10);
	scratch_write(path, "2", 1);
	assert_ok(sc, ox_memo_commit(m, sc->s, &key, &env, &sc->err));
	ox_memo_free(m);
	assert_int_equal(check(sc, "not built"), 0);
}

static void a_build_that_read_a_fifo_is_not_remembered(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	struct ox_memo *m = ox_memo_new();
	assert_int_equal(mkfifo(scratch_path(sc, "fifo", path), 0600), 0);
	ox_memo_file(m, path);
	assert_ok(sc, ox_memo_commit(m, sc->s, &key, &env, &sc->err));
	ox_memo_free(m);
	assert_int_equal(check(sc, "not built"), 0);
}

static void a_damaged_record_is_a_miss(void **state)
{
	struct scratch *sc = *state;
	struct ox_slice name = ox_slice(key.bytes, OX_DIGEST_SIZE);
	struct ox_buf record = {0};
	build(sc);
	assert_int_equal(ox_index_get(sc->s, OX_SPACE_MEMO, name, &record, &sc->err), 1);
	/* Without its object no output is written to a path that was changed. */
	char path[256];
	assert_int_equal(ox_fs_remove_tree(scratch_path(sc, "store/objects", path), NULL), 0);
	/* A record that is sealed well and makes no sense: every cut, and every byte changed. */
	for (size_t i = 0; i < record.len; i += 7) {
		assert_ok(sc, ox_index_put(sc->s, OX_SPACE_MEMO, name, ox_slice(record.data, i), &sc->err));
		(void)ox_memo_check(sc->s, &key, &env, NULL, NULL, &sc->err);
		record.data[i] ^= 0x40;
		assert_ok(sc, ox_index_put(sc->s, OX_SPACE_MEMO, name, ox_buf_view(&record), &sc->err));
		(void)ox_memo_check(sc->s, &key, &env, NULL, NULL, &sc->err);
		record.data[i] ^= 0x40;
	}
	ox_buf_free(&record);
}

static void a_thousand_inputs_are_checked_in_milliseconds(void **state)
{
	struct scratch *sc = *state;
	enum { INPUTS = 1000, ROUNDS = 20 };
	struct ox_memo *m = ox_memo_new();
	char path[256];
	uint64_t best = UINT64_MAX;
	mkdir(scratch_path(sc, "src", path), 0755);
	for (int i = 0; i < INPUTS; i++) {
		char name[64];
		snprintf(name, sizeof name, "src/some_module_name_%d.py", i);
		scratch_write(scratch_path(sc, name, path), name, strlen(name));
		ox_memo_file(m, path);
	}
	ox_memo_event(m, &(struct ox_event){.type = OX_EVENT_LOG, .as.log = {.text = OX_SLICE("careful")}});
	ox_memo_event(m, &(struct ox_event){.type = OX_EVENT_ARTIFACT});
	scratch_pause(30);
	uint64_t start = ox_clock_mono();
	assert_ok(sc, ox_memo_commit(m, sc->s, &key, &env, &sc->err));
	print_message("commit: %.2f ms\n", (double)(ox_clock_mono() - start) / 1e6);
	for (int i = 0; i < ROUNDS; i++) {
		start = ox_clock_mono();
		assert_int_equal(check(sc, NULL), 1);
		uint64_t took = ox_clock_mono() - start;
		best = took < best ? took : best;
	}
	print_message("check of %d inputs: %.2f ms\n", INPUTS, (double)best / 1e6);
	ox_memo_free(m);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(nothing_changed_is_a_hit_that_replays_events),
	    TEST(an_edit_is_seen_even_with_its_mtime_restored),
	    TEST(an_edit_right_after_the_build_is_seen),
	    TEST(only_entries_that_count_are_seen),
	    TEST(appearing_vanishing_and_listed_files_are_seen),
	    TEST(the_environment_counts_set_or_not),
	    TEST(altered_or_deleted_outputs_are_put_back),
	    TEST(foreign_entries_in_an_output_folder_are_a_miss),
	    TEST(an_output_whose_object_is_gone_is_a_miss),
	    TEST(a_build_that_raced_with_an_edit_is_not_remembered),
	    TEST(a_build_that_read_a_fifo_is_not_remembered),
	    TEST(a_damaged_record_is_a_miss),
	    TEST(a_thousand_inputs_are_checked_in_milliseconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
