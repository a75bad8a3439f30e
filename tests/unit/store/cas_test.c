#include "tests/unit/store/scratch.h"

#include "store/cas/inside.h"
#include "store/cas/seen.h"
#include "store/digest/digest.h"

#include <sys/wait.h>

enum { SMALL = 1000, LARGE = 300 * 1024 };

static struct ox_digest put(struct scratch *sc, size_t len, unsigned seed)
{
	struct ox_digest d;
	char *bytes = scratch_bytes(len, seed);
	assert_ok(sc, ox_store_put(sc->s, ox_slice(bytes, len), &d, &sc->err));
	free(bytes);
	return d;
}

static int holds(struct scratch *sc, const struct ox_digest *d, size_t len, unsigned seed)
{
	struct ox_view view;
	int rc = ox_store_view(sc->s, d, &view, &sc->err);
	if (rc == OX_ENOENT)
		return 0;
	assert_ok(sc, rc);
	char *bytes = scratch_bytes(len, seed);
	assert_int_equal(view.len, len);
	assert_memory_equal(view.data, bytes, len);
	free(bytes);
	ox_view_release(&view);
	return 1;
}

static void object_file(const struct scratch *sc, const struct ox_digest *d, char room[static 256])
{
	char hex[OX_DIGEST_HEX + 1];
	ox_digest_hex(d, hex);
	snprintf(room, 256, "%s/objects/%.2s/%s", sc->store, hex, hex + 2);
}

static void what_was_put_can_be_viewed_again_by_another_handle(void **state)
{
	struct scratch *sc = *state;
	static const size_t sizes[] = {0, 1, SMALL, 64 * 1024 - 1, 64 * 1024, LARGE};
	struct ox_digest d[OX_COUNT(sizes)];
	for (unsigned i = 0; i < OX_COUNT(sizes); i++)
		d[i] = put(sc, sizes[i], i);
	for (int round = 0; round < 2; round++) {
		for (unsigned i = 0; i < OX_COUNT(sizes); i++) {
			assert_int_equal(ox_store_has(sc->s, &d[i], &sc->err), 1);
			assert_int_equal(holds(sc, &d[i], sizes[i], i), 1);
		}
		scratch_reopen(sc);
	}
}

static void an_object_can_be_read_through_a_descriptor(void **state)
{
	struct scratch *sc = *state;
	static const size_t sizes[] = {SMALL, LARGE};
	for (unsigned i = 0; i < OX_COUNT(sizes); i++) {
		struct ox_digest d = put(sc, sizes[i], i), found;
		uint64_t size, read_size;
		int fd;
		assert_ok(sc, ox_store_open_object(sc->s, &d, &fd, &size, &sc->err));
		assert_ok(sc, ox_digest_fd(fd, &found, &read_size, &sc->err));
		assert_true(ox_digest_eq(&d, &found));
		assert_int_equal(size, sizes[i]);
		assert_int_equal(read_size, sizes[i]);
		close(fd);
	}
}

static void files_are_put_by_copy_or_by_giving_them_away(void **state)
{
	struct scratch *sc = *state;
	static const size_t sizes[] = {SMALL, LARGE};
	char path[256];
	for (unsigned i = 0; i < OX_COUNT(sizes); i++) {
		struct ox_digest d;
		uint64_t size;
		char *bytes = scratch_bytes(sizes[i], i);
		scratch_write(scratch_path(sc, "file", path), bytes, sizes[i]);
		assert_ok(sc, ox_store_put_file(sc->s, path, &d, &size, &sc->err));
		assert_int_equal(size, sizes[i]);
		assert_int_equal(access(path, F_OK), 0);
		assert_int_equal(holds(sc, &d, sizes[i], i), 1);

		struct ox_buf temp = {0};
		bytes[0] ^= 1;
		assert_ok(sc, ox_store_temp_dir(sc->s, &temp, &sc->err));
		ox_buf_str(&temp, "/out");
		scratch_write(temp.data, bytes, sizes[i]);
		assert_ok(sc, ox_store_put_temp(sc->s, temp.data, &d, &size, &sc->err));
		assert_int_equal(access(temp.data, F_OK), -1);
		assert_int_equal(ox_store_has(sc->s, &d, &sc->err), 1);
		ox_buf_free(&temp);
		free(bytes);
	}
}

static void something_that_is_no_file_is_refused(void **state)
{
	struct scratch *sc = *state;
	struct ox_digest d;
	char path[256];
	assert_int_equal(mkfifo(scratch_path(sc, "fifo", path), 0600), 0);
	assert_int_equal(ox_store_put_file(sc->s, path, &d, NULL, &sc->err), OX_EUSAGE);
	assert_int_equal(ox_store_put_file(sc->s, sc->dir, &d, NULL, &sc->err), OX_EUSAGE);
	assert_int_equal(ox_store_put_file(sc->s, scratch_path(sc, "none", path), &d, NULL, &sc->err), OX_ENOENT);
}

static void a_flipped_byte_in_a_file_is_never_served(void **state)
{
	struct scratch *sc = *state;
	struct ox_digest d = put(sc, LARGE, 1);
	char path[256];
	object_file(sc, &d, path);
	scratch_reopen(sc);
	assert_int_equal(holds(sc, &d, LARGE, 1), 1);
	scratch_pause(20);
	assert_true(scratch_flip(path, LARGE / 2));
	assert_int_equal(holds(sc, &d, LARGE, 1), 0);
	assert_int_equal(ox_store_has(sc->s, &d, &sc->err), 0);
	assert_int_equal(ox_store_quarantined(sc->s), 1);
	put(sc, LARGE, 1);
	assert_int_equal(holds(sc, &d, LARGE, 1), 1);
}

static void a_short_file_is_replaced_by_the_next_put(void **state)
{
	struct scratch *sc = *state;
	struct ox_digest d = put(sc, LARGE, 1);
	char path[256];
	object_file(sc, &d, path);
	chmod(path, 0600);
	assert_int_equal(truncate(path, 5), 0);
	put(sc, LARGE, 1);
	assert_int_equal(holds(sc, &d, LARGE, 1), 1);
}

/* Finds where the row's bytes lie in the database file and flips one of them. */
static void flip_in_file(const char *path, const void *needle, size_t len)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	char *all = malloc((size_t)st.st_size);
	assert_int_equal(read(fd, all, (size_t)st.st_size), st.st_size);
	const char *found = memmem(all, (size_t)st.st_size, needle, len);
	close(fd);
	assert_non_null(found);
	assert_true(scratch_flip(path, found - all + (off_t)len / 2));
	free(all);
}

static void a_flipped_byte_in_a_row_is_never_served(void **state)
{
	struct scratch *sc = *state;
	struct ox_digest d = put(sc, SMALL, 7);
	char path[256], wal[256];
	snprintf(path, sizeof path, "%s/objects.db", sc->store);
	snprintf(wal, sizeof wal, "%s/objects.db-wal", sc->store);
	ox_store_close(sc->s);
	sc->s = NULL;
	char *bytes = scratch_bytes(SMALL, 7);
	struct stat st;
	if (stat(wal, &st) == 0 && st.st_size > 0)
		flip_in_file(wal, bytes, 64);
	else
		flip_in_file(path, bytes, 64);
	free(bytes);
	assert_ok(sc, ox_store_open(sc->store, &sc->s, &sc->err));
	assert_int_equal(ox_store_has(sc->s, &d, &sc->err), 0);
	assert_int_equal(holds(sc, &d, SMALL, 7), 0);
	put(sc, SMALL, 7);
	assert_int_equal(holds(sc, &d, SMALL, 7), 1);
}

static void databases_may_be_deleted_or_overwritten_with_garbage(void **state)
{
	struct scratch *sc = *state;
	static const char *const names[] = {"index.db", "objects.db"};
	struct ox_digest large = put(sc, LARGE, 1), small = put(sc, SMALL, 2);
	for (unsigned i = 0; i < 2 * OX_COUNT(names); i++) {
		char path[256], garbage[9000];
		ox_store_close(sc->s);
		sc->s = NULL;
		snprintf(path, sizeof path, "%s/%s", sc->store, names[i / 2]);
		memset(garbage, 'x', sizeof garbage);
		if (i % 2)
			scratch_write(path, garbage, sizeof garbage);
		else
			assert_int_equal(unlink(path), 0);
		assert_ok(sc, ox_store_open(sc->store, &sc->s, &sc->err));
		assert_int_equal(holds(sc, &large, LARGE, 1), 1);
		(void)holds(sc, &small, SMALL, 2);
		put(sc, SMALL, 2);
		assert_int_equal(holds(sc, &small, SMALL, 2), 1);
	}
}

static void databases_may_vanish_under_an_open_store(void **state)
{
	struct scratch *sc = *state;
	static const char *const names[] = {"store/index.db", "store/objects.db"};
	for (unsigned i = 0; i < 8; i++) {
		struct scratch other = *sc;
		char path[256];
		put(sc, SMALL, i);
		struct ox_digest large = put(sc, LARGE, i);
		assert_ok(sc, ox_store_sync(sc->s, &sc->err));
		put(sc, SMALL, 100 + i);
		unlink(scratch_path(sc, names[i % 2], path));
		assert_ok(sc, ox_store_open(sc->store, &other.s, &other.err));
		struct ox_digest d = put(&other, SMALL, i);
		assert_int_equal(holds(&other, &d, SMALL, i), 1);
		assert_int_equal(holds(&other, &large, LARGE, i), 1);
		ox_store_refresh(sc->s);
		assert_int_equal(holds(sc, &d, SMALL, i), 1);
		assert_int_equal(holds(sc, &large, LARGE, i), 1);
		ox_store_close(other.s);
		assert_int_equal(holds(sc, &d, SMALL, i), 1);
	}
}

static void a_newer_store_is_refused_with_advice(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	struct ox_store *other = NULL;
	scratch_write(scratch_path(sc, "store/VERSION", path), "oxidizer store 99\n", 18);
	assert_int_equal(ox_store_open(sc->store, &other, &sc->err), OX_EUSAGE);
	assert_non_null(strstr(sc->err.text, "OXIDIZER_STORE"));
}

static void a_folder_that_others_may_write_to_is_refused(void **state)
{
	struct scratch *sc = *state;
	struct ox_store *other = NULL;
	assert_int_equal(chmod(sc->store, 0777), 0);
	assert_int_equal(ox_store_open(sc->store, &other, &sc->err), OX_EPOLICY);
	assert_int_equal(chmod(sc->store, 0700), 0);
}

static const char *fake_env(void *ctx, const char *name)
{
	const char *const *pairs = ctx;
	for (; *pairs; pairs += 2)
		if (strcmp(pairs[0], name) == 0)
			return pairs[1];
	return NULL;
}

static void the_default_folder_follows_the_environment(void **state)
{
	struct scratch *sc = *state;
	struct ox_buf dir = {0};
	const char *all[] = {"OXIDIZER_STORE", "/s", "XDG_CACHE_HOME", "/x", "HOME", "/h", NULL};
	static const char *const expected[] = {"/s", "/x/oxidizer", "/h/.cache/oxidizer"};
	for (int i = 0; i < 3; i++) {
		assert_ok(sc, ox_store_default_dir(fake_env, all + 2 * i, &dir, &sc->err));
		assert_string_equal(dir.data, expected[i]);
	}
	assert_ok(sc, ox_store_default_dir(fake_env, all + 6, &dir, &sc->err));
	assert_int_equal(dir.data[0], '/');
	all[1] = "relative";
	assert_int_equal(ox_store_default_dir(fake_env, all, &dir, &sc->err), OX_EUSAGE);
	ox_buf_free(&dir);
}

/* As if this were another boot: what another handle recorded counts no more, unless it was synced. */
static void after_a_reboot_only_synced_files_are_trusted_unread(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	for (unsigned synced = 0; synced < 2; synced++) {
		struct ox_digest d = put(sc, LARGE, synced);
		struct stat st;
		if (synced) {
			scratch_reopen(sc);
			assert_ok(sc, ox_store_sync(sc->s, &sc->err));
		}
		scratch_reopen(sc);
		sc->s->boot++;
		object_file(sc, &d, path);
		assert_int_equal(stat(path, &st), 0);
		const struct ox_signature signature = ox_signature_of(&st);
		assert_int_equal(ox_seen_verified(sc->s, &d, &signature), synced);
		assert_int_equal(holds(sc, &d, LARGE, synced), 1);
		assert_int_equal(ox_seen_verified(sc->s, &d, &signature), 1);
	}
}

static void many_processes_put_and_view_the_same_objects(void **state)
{
	struct scratch *sc = *state;
	enum { PROCESSES = 6, OBJECTS = 40 };
	pid_t pids[PROCESSES];
	for (int p = 0; p < PROCESSES; p++) {
		pids[p] = fork();
		if (pids[p])
			continue;
		struct scratch mine = *sc;
		bool good = ox_store_open(sc->store, &mine.s, &mine.err) == 0;
		for (unsigned i = 0; good && i < OBJECTS; i++) {
			size_t len = i % 2 ? SMALL : LARGE / 3;
			struct ox_digest d = put(&mine, len, i);
			good = holds(&mine, &d, len, i) == 1;
		}
		ox_store_close(mine.s);
		_exit(good ? 0 : 1);
	}
	for (int p = 0; p < PROCESSES; p++) {
		int status;
		assert_int_equal(waitpid(pids[p], &status, 0), pids[p]);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(what_was_put_can_be_viewed_again_by_another_handle),
	    TEST(an_object_can_be_read_through_a_descriptor),
	    TEST(files_are_put_by_copy_or_by_giving_them_away),
	    TEST(something_that_is_no_file_is_refused),
	    TEST(a_flipped_byte_in_a_file_is_never_served),
	    TEST(a_short_file_is_replaced_by_the_next_put),
	    TEST(a_flipped_byte_in_a_row_is_never_served),
	    TEST(databases_may_be_deleted_or_overwritten_with_garbage),
	    TEST(databases_may_vanish_under_an_open_store),
	    TEST(a_newer_store_is_refused_with_advice),
	    TEST(a_folder_that_others_may_write_to_is_refused),
	    TEST(the_default_folder_follows_the_environment),
	    TEST(after_a_reboot_only_synced_files_are_trusted_unread),
	    TEST(many_processes_put_and_view_the_same_objects),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
