/* Archives, good and hostile (hostile.py), into trees of the store; what becomes of trees. */
#include "tests/unit/store/scratch.h"

#include "daemon/transfer/extract.h"
#include "daemon/transfer/unpack.h"
#include "store/cas/manifest.h"
#include "store/cas/tree.h"
#include "store/digest/digest.h"
#include "store/fs/file.h"
#include "store/index/gc.h"
#include "store/index/verify.h"

#include <signal.h>
#include <sys/wait.h>
#include <zstd.h>

static char archives[64]; /* the folder of hostile.py's archives; one for all tests, which only read it */

static int compress_with_zstd(void)
{
	char path[256];
	struct ox_buf plain = {0};
	snprintf(path, sizeof path, "%s/good.tar", archives);
	int rc = ox_fs_read_file(path, &plain, NULL);
	size_t room = ZSTD_compressBound(plain.len);
	char *packed = malloc(room);
	size_t len = rc ? 0 : ZSTD_compress(packed, room, plain.data, plain.len, 19);
	snprintf(path, sizeof path, "%s/good.tar.zst", archives);
	scratch_write(path, packed, len);
	free(packed);
	ox_buf_free(&plain);
	return rc;
}

static int make_archives(void **state)
{
	const char *root = getenv("OX_SRCDIR"), *python = getenv("PYTHON"), *tmp = getenv("TMPDIR");
	char command[1024];
	(void)state;
	snprintf(archives, sizeof archives, "%.40s/ox-hostile-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(archives))
		return -1;
	snprintf(command, sizeof command, "%s %s/tests/unit/daemon/transfer/hostile.py %s", python ? python : "python3",
		 root ? root : ".", archives);
	return system(command) == 0 ? compress_with_zstd() : -1;
}

static int remove_archives(void **state)
{
	(void)state;
	return ox_fs_remove_tree(archives, NULL);
}

static const char *archive(const char *name, char room[static 256])
{
	snprintf(room, 256, "%s/%s", archives, name);
	return room;
}

static int extract_file(struct scratch *sc, const char *path, struct ox_buf *folder, struct ox_digest *tree)
{
	struct ox_actions *actions;
	struct ox_arena arena = {0};
	struct ox_extracted out;
	struct ox_fetch from = {.url = path};
	assert_ok(sc, ox_digest_file(path, &from.sha256, NULL, &sc->err));
	assert_ok(sc, ox_actions_new(sc->s, NULL, "test", &actions, &sc->err));
	int rc = ox_extract(actions, &arena, &from, NULL, &out, &sc->err);
	if (!rc) {
		ox_buf_clear(folder);
		ox_buf_str(folder, out.path);
		*tree = out.tree;
	}
	ox_actions_free(actions);
	ox_arena_free(&arena);
	return rc;
}

static int extract(struct scratch *sc, const char *name, struct ox_buf *folder, struct ox_digest *tree)
{
	char path[256];
	return extract_file(sc, archive(name, path), folder, tree);
}

static size_t count_in(struct scratch *sc, const char *folder)
{
	char path[256];
	size_t count = 0;
	struct ox_buf names = {0};
	snprintf(path, sizeof path, "%s/%s", sc->store, folder);
	assert_ok(sc, ox_fs_list(path, &names, &sc->err));
	for (size_t i = 0; i < names.len; i++)
		count += names.data[i] == '\0';
	ox_buf_free(&names);
	return count;
}

/* Of the handle's own folder below tmp/, which is there while the store is open. */
static void assert_nothing_is_left(struct scratch *sc)
{
	scratch_reopen(sc);
	assert_int_equal(count_in(sc, "tmp"), 0);
	assert_int_equal(count_in(sc, "trees"), 0);
}

static void assert_file(const char *folder, const char *name, const char *content, unsigned mode)
{
	char path[512];
	struct ox_buf text = {0};
	struct stat st;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(ox_fs_read_file(path, &text, NULL), 0);
	assert_string_equal(ox_buf_text(&text), content);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(st.st_mtime, OX_TREE_TIME);
	ox_buf_free(&text);
}

static void assert_link(const char *folder, const char *name, const char *target)
{
	char path[512], found[512] = "";
	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_true(readlink(path, found, sizeof found - 1) > 0);
	assert_string_equal(found, target);
}

static void an_archive_becomes_a_tree_whatever_packs_it(void **state)
{
	static const char *const names[] = {"good.tar.gz", "good.tar.xz", "good.tar.zst", "pax.tar.gz"};
	struct scratch *sc = *state;
	struct ox_buf folder = {0};
	struct ox_digest first, tree;
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		assert_ok(sc, extract(sc, names[i], &folder, i ? &tree : &first));
		assert_true(i == 0 || ox_digest_eq(&first, &tree));
	}
	assert_file(folder.data, "python/a.txt", "alpha\n", 0444);
	assert_file(folder.data, "python/b.txt", "alpha\n", 0444);
	assert_file(folder.data, "python/chain", "alpha\n", 0444);
	assert_file(folder.data, "python/bin/run", "#!/bin/sh\n", 0555);
	assert_file(folder.data, "python/dot/\xc3\xa9.txt", "e", 0444);
	assert_link(folder.data, "python/bin/python3", "run");
	assert_link(folder.data, "python/dangling", "not/here");
	assert_int_equal(count_in(sc, "trees"), 1);
	assert_int_equal(ox_tree_verify(sc->s, &tree, &sc->err), 1);
	ox_buf_free(&folder);
}

static void hostile_archives_leave_nothing(void **state)
{
	static const struct {
		const char *name;
		int code;
		const char *words;
	} cases[] = {
		{"absolute", OX_EPOLICY, "absolute path"},
		{"dotdot", OX_EPOLICY, "leads out of its folder"},
		{"dotdot-end", OX_EPOLICY, "leads out of its folder"},
		{"control", OX_EPOLICY, "\"python/a?b\" has a control character"},
		{"twice", OX_EPOLICY, "is there twice"},
		{"twice-dot", OX_EPOLICY, "is there twice"},
		{"through-file", OX_EPOLICY, "is a file or link, and a folder"},
		{"through-link", OX_EPOLICY, "is a file or link, and a folder"},
		{"folder-over-file", OX_EPOLICY, "is a file or link, and a folder"},
		{"link-out", OX_EPOLICY, "leads out of the archive"},
		{"link-absolute", OX_EPOLICY, "leads out of the archive"},
		{"link-empty", OX_EPOLICY, "leads out of the archive"},
		{"link-loop", OX_EPOLICY, "or nowhere"},
		{"link-chain-out", OX_EPOLICY, "leads out of the archive"},
		{"hard-out", OX_EPOLICY, "absolute path"},
		{"hard-dotdot", OX_EPOLICY, "leads out of its folder"},
		{"hard-to-link", OX_EPOLICY, "hard link to what is no file before it"},
		{"hard-forward", OX_EPOLICY, "hard link to what is no file before it"},
		{"device", OX_EPOLICY, "is a device"},
		{"block", OX_EPOLICY, "is a device"},
		{"fifo", OX_EPOLICY, "is a device, FIFO"},
		{"long-name", OX_EPOLICY, "too long a name"},
		{"long-path", OX_EPOLICY, "too long a path"},
		{"deep", OX_EPOLICY, "nests too deep"},
		{"bomb", OX_EPOLICY, "more than 200 times its size"},
		{"nothing", OX_ECORRUPT, "no tar archive"},
		{"empty", OX_ECORRUPT, "no tar archive"},
		{"text", OX_ECORRUPT, "no tar archive"},
	};
	struct scratch *sc = *state;
	struct ox_buf folder = {0};
	struct ox_digest tree;
	for (size_t i = 0; i < OX_COUNT(cases); i++) {
		char name[64];
		snprintf(name, sizeof name, "%s.tar.gz", cases[i].name);
		int rc = extract(sc, name, &folder, &tree);
		if (rc != cases[i].code || !strstr(sc->err.text, cases[i].words))
			print_error("%s: %d %s\n", name, rc, sc->err.text);
		assert_int_equal(rc, cases[i].code);
		assert_non_null(strstr(sc->err.text, cases[i].words));
	}
	assert_nothing_is_left(sc);
	assert_int_equal(access("/tmp/oxidizer-was-here", F_OK), -1);
	ox_buf_free(&folder);
}

static void names_that_differ_in_case_are_two(void **state)
{
	struct scratch *sc = *state;
	struct ox_buf folder = {0};
	struct ox_digest tree;
	assert_ok(sc, extract(sc, "case.tar.gz", &folder, &tree));
	assert_file(folder.data, "python/a", "1", 0444);
	assert_file(folder.data, "python/A", "2", 0444);
	ox_buf_free(&folder);
}

/* In memory, with limits of the test's own. */
static int unpack_into(struct scratch *sc, const struct ox_archive_unpack *u, struct ox_buf *manifest)
{
	static int number;
	char name[32], path[256];
	snprintf(name, sizeof name, "into-%d", number++);
	assert_int_equal(mkdir(scratch_path(sc, name, path), 0700), 0);
	int rc = ox_archive_unpack(u, path, manifest, &sc->err);
	assert_ok(sc, ox_fs_remove_tree(path, &sc->err));
	return rc;
}

static void read_archive(struct scratch *sc, const char *name, struct ox_buf *bytes)
{
	char path[256];
	assert_ok(sc, ox_fs_read_file(archive(name, path), bytes, &sc->err));
}

static void limits_hold(void **state)
{
	struct scratch *sc = *state;
	struct ox_buf bytes = {0}, manifest = {0};
	read_archive(sc, "many.tar.gz", &bytes);
	struct ox_archive_unpack u = {.fd = -1, .bytes = ox_buf_view(&bytes), .most_members = 1000};
	assert_int_equal(unpack_into(sc, &u, &manifest), OX_EPOLICY);
	assert_non_null(strstr(sc->err.text, "more than 1000 members"));
	ox_buf_clear(&bytes);
	read_archive(sc, "bomb.tar.gz", &bytes);
	u = (struct ox_archive_unpack){.fd = -1, .bytes = ox_buf_view(&bytes), .most_bytes = 1000000};
	assert_int_equal(unpack_into(sc, &u, &manifest), OX_EPOLICY);
	assert_non_null(strstr(sc->err.text, "more than 1000000 bytes"));
	ox_buf_free(&bytes);
	ox_buf_free(&manifest);
}

/* Compressed archives tell by themselves: what is accepted is all there. */
static void a_truncated_archive_is_no_archive(void **state)
{
	static const char *const names[] = {"good.tar.gz", "good.tar.xz", "good.tar.zst"};
	struct scratch *sc = *state;
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		struct ox_buf bytes = {0}, whole = {0}, part = {0};
		read_archive(sc, names[i], &bytes);
		struct ox_archive_unpack u = {.fd = -1, .bytes = ox_buf_view(&bytes)};
		assert_ok(sc, unpack_into(sc, &u, &whole));
		for (size_t cut = 0; cut < bytes.len; cut++) {
			ox_buf_clear(&part);
			u.bytes.len = cut;
			int rc = unpack_into(sc, &u, &part);
			assert_true(rc < 0 || ox_slice_eq(ox_buf_view(&part), ox_buf_view(&whole)));
			assert_true(rc < 0 || cut > bytes.len - 32); /* the checksum's bytes only */
		}
		ox_buf_free(&bytes);
		ox_buf_free(&whole);
		ox_buf_free(&part);
	}
}

static void a_tree_is_made_once(void **state)
{
	struct scratch *sc = *state;
	struct ox_buf folder = {0};
	struct ox_digest tree, blob;
	char from[256], copy[256];
	struct ox_buf bytes = {0};
	read_archive(sc, "good.tar.gz", &bytes);
	scratch_write(scratch_path(sc, "copy.tar.gz", copy), bytes.data, bytes.len);
	assert_ok(sc, extract_file(sc, copy, &folder, &tree));
	assert_ok(sc, ox_digest_file(archive("good.tar.gz", from), &blob, NULL, &sc->err));
	/* Neither the file nor what the store keeps of it is needed from now on. */
	struct ox_actions *actions;
	struct ox_arena arena = {0};
	struct ox_extracted out;
	struct ox_fetch gone = {.url = "http://127.0.0.1:1/nobody.tar.gz", .sha256 = blob, .offline = true};
	assert_ok(sc, ox_actions_new(sc->s, NULL, "test", &actions, &sc->err));
	assert_ok(sc, ox_extract(actions, &arena, &gone, NULL, &out, &sc->err));
	assert_true(ox_digest_eq(&out.tree, &tree));
	ox_actions_free(actions);
	ox_arena_free(&arena);
	ox_buf_free(&bytes);
	ox_buf_free(&folder);
}

static void a_changed_tree_is_put_away_and_made_anew(void **state)
{
	struct scratch *sc = *state;
	struct ox_buf folder = {0};
	struct ox_digest tree;
	char path[512];
	assert_ok(sc, extract(sc, "good.tar.gz", &folder, &tree));
	snprintf(path, sizeof path, "%s/python/a.txt", folder.data);
	assert_true(scratch_flip(path, 0));
	assert_int_equal(ox_tree_verify(sc->s, &tree, &sc->err), OX_ECORRUPT);
	assert_ok(sc, extract(sc, "good.tar.gz", &folder, &tree));
	assert_file(folder.data, "python/a.txt", "alpha\n", 0444);
	assert_int_equal(count_in(sc, "quarantine"), 1);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(ox_tree_find(sc->s, &tree, NULL, &sc->err), 0);
	ox_buf_free(&folder);
}

static void verify_finds_what_a_look_does_not(void **state)
{
	struct scratch *sc = *state;
	struct ox_buf folder = {0};
	struct ox_digest tree;
	struct ox_verify_report report;
	char path[512];
	assert_ok(sc, extract(sc, "good.tar.gz", &folder, &tree));
	snprintf(path, sizeof path, "%s/python/a.txt", folder.data);
	assert_true(scratch_flip(path, 0));
	const struct timespec times[2] = {{.tv_sec = OX_TREE_TIME}, {.tv_sec = OX_TREE_TIME}};
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_int_equal(ox_tree_find(sc->s, &tree, NULL, &sc->err), 1);
	assert_ok(sc, ox_store_verify(sc->s, true, NULL, NULL, &report, &sc->err));
	assert_int_equal(report.problems, 1);
	assert_int_equal(report.repaired, 1);
	assert_int_equal(ox_tree_find(sc->s, &tree, NULL, &sc->err), 0);
	ox_buf_free(&folder);
}

static void after_another_boot_a_tree_is_read_before_it_is_trusted(void **state)
{
	struct scratch *sc = *state;
	struct ox_buf folder = {0};
	struct ox_digest tree;
	char path[512], boot[512];
	const struct timespec times[2] = {{.tv_sec = OX_TREE_TIME}, {.tv_sec = OX_TREE_TIME}};
	for (int torn = 0; torn < 2; torn++) {
		assert_ok(sc, extract(sc, "good.tar.gz", &folder, &tree));
		snprintf(boot, sizeof boot, "%s/../boot", folder.data);
		scratch_write(boot, "another.", 8);
		snprintf(path, sizeof path, "%s/python/a.txt", folder.data);
		assert_true(!torn || scratch_flip(path, 0));
		assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
		assert_int_equal(ox_tree_find(sc->s, &tree, NULL, &sc->err), torn ? 0 : 1);
	}
	ox_buf_free(&folder);
}

static void gc_removes_trees_but_not_leased_ones(void **state)
{
	struct scratch *sc = *state;
	struct ox_buf folder = {0};
	struct ox_digest tree;
	struct ox_gc_report report;
	struct ox_actions *holder;
	assert_ok(sc, extract(sc, "good.tar.gz", &folder, &tree));
	assert_ok(sc, ox_actions_new(sc->s, NULL, "holder", &holder, &sc->err));
	assert_int_equal(ox_tree_find(sc->s, &tree, NULL, &sc->err), 1);
	assert_ok(sc, ox_store_gc(sc->s, &(struct ox_gc_options){0}, &report, &sc->err));
	assert_int_equal(ox_tree_find(sc->s, &tree, NULL, &sc->err), 1);
	ox_actions_free(holder);
	assert_ok(sc, ox_store_gc(sc->s, &(struct ox_gc_options){0}, &report, &sc->err));
	assert_int_equal(ox_tree_find(sc->s, &tree, NULL, &sc->err), 0);
	assert_nothing_is_left(sc);
	assert_ok(sc, extract(sc, "good.tar.gz", &folder, &tree));
	ox_buf_free(&folder);
}

/* Half of them are killed on the way; none of the others notices. */
static void builders_share_a_tree_and_may_be_killed(void **state)
{
	enum { BUILDERS = 12 };
	struct scratch *sc = *state;
	pid_t builders[BUILDERS];
	struct ox_buf folder = {0};
	struct ox_digest tree;
	size_t removed;
	for (int i = 0; i < BUILDERS; i++) {
		builders[i] = fork();
		if (builders[i] == 0) {
			struct scratch own = *sc;
			own.s = NULL;
			if (ox_store_open(own.store, &own.s, &own.err) != 0)
				_exit(1);
			_exit(extract(&own, "many.tar.gz", &folder, &tree) == 0 ? 0 : 1);
		}
	}
	for (int i = 0; i < BUILDERS; i += 2) {
		scratch_pause(i);
		kill(builders[i], SIGKILL);
	}
	for (int i = 0; i < BUILDERS; i++) {
		int status;
		assert_int_equal(waitpid(builders[i], &status, 0), builders[i]);
		assert_true(i % 2 == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
	}
	assert_ok(sc, extract(sc, "many.tar.gz", &folder, &tree));
	assert_int_equal(ox_tree_verify(sc->s, &tree, &sc->err), 1);
	assert_int_equal(count_in(sc, "trees"), 1);
	struct ox_gc_report report;
	assert_ok(sc, ox_store_gc(sc->s, &(struct ox_gc_options){.low_water = 1 << 30}, &report, &sc->err));
	scratch_reopen(sc);
	removed = count_in(sc, "tmp");
	assert_int_equal(removed, 0);
	ox_buf_free(&folder);
}

#define EXTRACT_TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EXTRACT_TEST(an_archive_becomes_a_tree_whatever_packs_it),
		EXTRACT_TEST(hostile_archives_leave_nothing),
		EXTRACT_TEST(names_that_differ_in_case_are_two),
		EXTRACT_TEST(limits_hold),
		EXTRACT_TEST(a_truncated_archive_is_no_archive),
		EXTRACT_TEST(a_tree_is_made_once),
		EXTRACT_TEST(a_changed_tree_is_put_away_and_made_anew),
		EXTRACT_TEST(verify_finds_what_a_look_does_not),
		EXTRACT_TEST(after_another_boot_a_tree_is_read_before_it_is_trusted),
		EXTRACT_TEST(gc_removes_trees_but_not_leased_ones),
		EXTRACT_TEST(builders_share_a_tree_and_may_be_killed),
	};
	return cmocka_run_group_tests(tests, make_archives, remove_archives);
}
