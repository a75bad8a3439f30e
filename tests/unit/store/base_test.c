#include "tests/unit/store/scratch.h"

#include "proto/base/clock.h"
#include "store/codec/codec.h"
#include "store/db/records.h"
#include "store/db/seal.h"
#include "store/digest/digest.h"
#include "store/fs/file.h"
#include "store/fs/lock.h"
#include "store/fs/near.h"

#include <errno.h>
#include <sys/wait.h>

static void assert_hex(const struct ox_digest *d, const char *expected)
{
	char hex[OX_DIGEST_HEX + 1];
	assert_string_equal(ox_digest_hex(d, hex), expected);
}

static void digests_are_those_of_the_standard(void **state)
{
	struct scratch *sc = *state;
	struct ox_digest d;
	struct ox_hasher *h;
	assert_ok(sc, ox_digest_bytes(OX_SLICE("abc"), &d, &sc->err));
	assert_hex(&d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_ok(sc, ox_hasher_new(&h, &sc->err));
	for (int i = 0; i < 2; i++) {
		assert_ok(sc, ox_hasher_add(h, "a", 1, &sc->err));
		assert_ok(sc, ox_hasher_add(h, "bc", 2, &sc->err));
		assert_ok(sc, ox_hasher_finish(h, &d, &sc->err));
		assert_hex(&d, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	}
	assert_ok(sc, ox_hasher_finish(h, &d, &sc->err));
	assert_hex(&d, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	ox_hasher_free(h);
}

static void only_regular_files_have_a_digest(void **state)
{
	struct scratch *sc = *state;
	struct ox_digest d;
	uint64_t size;
	char path[256];
	scratch_write(scratch_path(sc, "f", path), "abc", 3);
	assert_ok(sc, ox_digest_file(path, &d, &size, &sc->err));
	assert_int_equal(size, 3);
	assert_int_equal(mkfifo(scratch_path(sc, "fifo", path), 0600), 0);
	assert_int_equal(ox_digest_file(path, &d, &size, &sc->err), OX_EUSAGE);
	assert_int_equal(ox_digest_file(sc->dir, &d, &size, &sc->err), OX_EUSAGE);
	assert_int_equal(ox_digest_file(scratch_path(sc, "none", path), &d, &size, &sc->err), OX_ENOENT);
}

static void packed_bytes_come_back_or_are_refused(void **state)
{
	struct scratch *sc = *state;
	struct ox_codec *c;
	struct ox_buf packed = {0}, back = {0};
	char text[5000];
	memset(text, 'a', sizeof text);
	assert_ok(sc, ox_codec_new(&c, &sc->err));
	assert_ok(sc, ox_codec_pack(c, ox_slice(text, sizeof text), &packed, &sc->err));
	assert_true(packed.len < 100);
	assert_ok(sc, ox_codec_unpack(c, ox_buf_view(&packed), sizeof text, &back, &sc->err));
	assert_memory_equal(back.data, text, sizeof text);
	assert_int_equal(ox_codec_unpack(c, ox_buf_view(&packed), 4999, &back, &sc->err), OX_ECORRUPT);
	assert_int_equal(ox_codec_unpack(c, ox_buf_view(&packed), 5001, &back, &sc->err), OX_ECORRUPT);
	packed.data[0] ^= 1;
	assert_int_equal(ox_codec_unpack(c, ox_buf_view(&packed), sizeof text, &back, &sc->err), OX_ECORRUPT);
	ox_buf_free(&packed);
	ox_buf_free(&back);
	ox_codec_free(c);
}

static void a_seal_sees_every_changed_byte(void **state)
{
	(void)state;
	for (size_t len = 1; len < 40; len++) {
		char *bytes = scratch_bytes(len, (unsigned)len);
		uint64_t seal = ox_seal_bytes(1, ox_slice(bytes, len));
		for (size_t i = 0; i < len; i++) {
			for (int bit = 0; bit < 8; bit++) {
				bytes[i] ^= (char)(1 << bit);
				assert_true(ox_seal_bytes(1, ox_slice(bytes, len)) != seal);
				bytes[i] ^= (char)(1 << bit);
			}
		}
		assert_true(ox_seal_bytes(1, ox_slice(bytes, len - 1)) != seal);
		free(bytes);
	}
}

static void a_signature_is_racy_for_a_moment(void **state)
{
	struct scratch *sc = *state;
	struct stat st;
	struct ox_buf b = {0};
	char path[256];
	scratch_write(scratch_path(sc, "f", path), "abc", 3);
	assert_int_equal(stat(path, &st), 0);
	struct ox_signature s = ox_signature_of(&st);
	assert_true(ox_signature_racy(&s, s.ctime + 1));
	assert_false(ox_signature_racy(&s, s.ctime + 3000000000u));
	ox_signature_write(&s, &b);
	struct ox_signature back = ox_signature_read(b.data);
	assert_true(ox_signature_eq(&s, &back));
	ox_buf_free(&b);
}

static void copying_keeps_all_bytes_and_counts_them(void **state)
{
	struct scratch *sc = *state;
	enum { SIZE = 700 * 1024 };
	char from[256], to[256];
	char *bytes = scratch_bytes(SIZE, 1);
	uint64_t copied;
	struct ox_buf back = {0};
	scratch_write(scratch_path(sc, "from", from), bytes, SIZE);
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(scratch_path(sc, "to", to), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_ok(sc, ox_fs_copy(in, out, &copied, &sc->err));
	assert_int_equal(copied, SIZE);
	assert_ok(sc, ox_fs_read_file(to, &back, &sc->err));
	assert_int_equal(back.len, SIZE);
	assert_memory_equal(back.data, bytes, SIZE);
	close(in);
	/* What has no position to copy ranges from: through memory. */
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "piped", 5), 5);
	close(ends[1]);
	assert_ok(sc, ox_fs_copy(ends[0], out, &copied, &sc->err));
	assert_int_equal(copied, 5);
	close(ends[0]);
	close(out);
	ox_buf_free(&back);
	free(bytes);
}

static void a_folder_is_listed_by_name_with_kinds(void **state)
{
	struct scratch *sc = *state;
	struct ox_buf list = {0};
	char path[256];
	assert_ok(sc, ox_fs_mkdirs(scratch_path(sc, "d/b", path), 0755, &sc->err));
	scratch_write(scratch_path(sc, "d/c", path), "", 0);
	assert_int_equal(symlink("c", scratch_path(sc, "d/a", path)), 0);
	assert_ok(sc, ox_fs_list(scratch_path(sc, "d", path), &list, &sc->err));
	assert_int_equal(list.len, 9);
	assert_memory_equal(list.data, "la\0db\0fc", 9);
	ox_buf_free(&list);
}

static void neighbours_are_found_like_anything_else(void **state)
{
	struct scratch *sc = *state;
	static const char *const names[] = {"d/a",    "d/b",    "d/none", "d/c", "d/",
					    "none/a", "none/b", "d/e/f",  "d/a", "d/b"};
	struct ox_near near = OX_NEAR_NONE;
	char paths[OX_COUNT(names)][256];
	assert_ok(sc, ox_fs_mkdirs(scratch_path(sc, "d/e", paths[0]), 0755, &sc->err));
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		scratch_path(sc, names[i], paths[i]);
		if (names[i][0] == 'd' && names[i][2] && names[i][2] != 'n')
			scratch_write(paths[i], names[i], strlen(names[i]));
	}
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		struct stat near_st = {0}, st = {0};
		int rc = stat(paths[i], &st), why = errno;
		errno = 0;
		assert_int_equal(ox_near_stat(&near, paths[i], &near_st), rc);
		if (rc)
			assert_int_equal(errno, why);
		assert_int_equal(near_st.st_ino, st.st_ino);
	}
	ox_near_close(&near);
}

static void removing_a_tree_follows_no_link_and_minds_no_mode(void **state)
{
	struct scratch *sc = *state;
	char path[256], kept[256];
	scratch_write(scratch_path(sc, "kept", kept), "x", 1);
	assert_ok(sc, ox_fs_mkdirs(scratch_path(sc, "t/a/b", path), 0755, &sc->err));
	assert_int_equal(symlink("../..", scratch_path(sc, "t/a/up", path)), 0);
	chmod(scratch_path(sc, "t/a", path), 0500);
	assert_ok(sc, ox_fs_remove_tree(scratch_path(sc, "t", path), &sc->err));
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(kept, F_OK), 0);
	assert_ok(sc, ox_fs_remove_tree(path, &sc->err));
}

static void a_folder_of_ours_is_no_link_target_of_others(void **state)
{
	struct scratch *sc = *state;
	char path[256];
	scratch_write(scratch_path(sc, "file", path), "x", 1);
	assert_int_equal(ox_fs_own_dir(path, &sc->err), OX_EUSAGE);
	assert_ok(sc, ox_fs_own_dir(scratch_path(sc, "p/q", path), &sc->err));
	chmod(path, 0770);
	assert_int_equal(ox_fs_own_dir(path, &sc->err), OX_EPOLICY);
	if (geteuid() == 0) {
		chmod(path, 0700);
		assert_int_equal(chown(path, 12345, 12345), 0);
		assert_int_equal(ox_fs_own_dir(path, &sc->err), OX_EPOLICY);
	}
}

static int stop_waiting(void *ctx, struct ox_err *err)
{
	int *asked = ctx;
	return ++*asked > 3 ? ox_fail(err, OX_ECANCELLED, "enough") : 0;
}

static void a_lock_is_held_once_and_leaves_no_file(void **state)
{
	struct scratch *sc = *state;
	struct ox_lock one, two;
	char path[256];
	int asked = 0;
	bool waited;
	scratch_path(sc, "lock", path);
	assert_int_equal(ox_lock_try(path, &one, &sc->err), 1);
	assert_int_equal(ox_lock_try(path, &two, &sc->err), 0);
	assert_int_equal(ox_lock_wait(path, stop_waiting, &asked, &two, &waited, &sc->err), OX_ECANCELLED);
	assert_true(waited);
	ox_lock_release(&one);
	ox_lock_release(&one);
	assert_int_equal(access(path, F_OK), -1);
	assert_ok(sc, ox_lock_wait(path, NULL, NULL, &two, &waited, &sc->err));
	assert_false(waited);
	ox_lock_release(&two);
}

static void a_lock_excludes_processes_while_its_file_comes_and_goes(void **state)
{
	struct scratch *sc = *state;
	enum { PROCESSES = 4, ROUNDS = 100 };
	char path[256], count[256];
	scratch_path(sc, "lock", path);
	scratch_write(scratch_path(sc, "count", count), "\0\0\0", 4);
	for (int p = 0; p < PROCESSES; p++) {
		if (fork() != 0)
			continue;
		int fd = open(count, O_RDWR | O_CLOEXEC), n;
		bool good = fd >= 0;
		for (int i = 0; good && i < ROUNDS; i++) {
			struct ox_lock lock;
			good = ox_lock_wait(path, NULL, NULL, &lock, NULL, NULL) == 0 && pread(fd, &n, 4, 0) == 4;
			n++;
			good = good && pwrite(fd, &n, 4, 0) == 4;
			ox_lock_release(&lock);
		}
		_exit(!good);
	}
	for (int p = 0; p < PROCESSES; p++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	int n, fd = open(count, O_RDONLY | O_CLOEXEC);
	assert_int_equal(read(fd, &n, 4), 4);
	assert_int_equal(n, PROCESSES * ROUNDS);
	close(fd);
}

static int count_records(void *ctx, const struct ox_record *record)
{
	int *count = ctx;
	*count += record->sound;
	return 0;
}

static void records_are_written_replaced_and_expire(void **state)
{
	struct scratch *sc = *state;
	struct ox_records *r;
	struct ox_buf value = {0};
	char path[256];
	int count = 0;
	assert_ok(sc, ox_records_open(scratch_path(sc, "r.db", path), sc->dir, &r, &sc->err));
	assert_int_equal(ox_records_get(r, 1, OX_SLICE("k"), &value, &sc->err), 0);
	assert_ok(sc, ox_records_put(r, 1, OX_SLICE("k"), OX_SLICE("v"), &sc->err));
	assert_ok(sc, ox_records_put(r, 1, OX_SLICE("k"), OX_SLICE("w"), &sc->err));
	assert_ok(sc, ox_records_put(r, 2, OX_SLICE("k"), OX_SLICE(""), &sc->err));
	assert_int_equal(ox_records_get(r, 1, OX_SLICE("k"), &value, &sc->err), 1);
	assert_true(ox_slice_eq_str(ox_buf_view(&value), "w"));
	assert_int_equal(ox_records_each(r, -1, count_records, &count, &sc->err), 0);
	assert_int_equal(count, 2);
	assert_ok(sc, ox_records_begin_write(r, &sc->err));
	assert_ok(sc, ox_records_put(r, 1, OX_SLICE("k2"), OX_SLICE("v"), &sc->err));
	assert_ok(sc, ox_records_end(r, false, &sc->err));
	assert_int_equal(ox_records_get(r, 1, OX_SLICE("k2"), &value, &sc->err), 0);
	assert_int_equal(ox_records_expire(r, 1, ox_clock_real() / 1000000000u + 10, &sc->err), 1);
	assert_int_equal(ox_records_get(r, 1, OX_SLICE("k"), &value, &sc->err), 0);
	assert_int_equal(ox_records_get(r, 2, OX_SLICE("k"), &value, &sc->err), 1);
	ox_buf_free(&value);
	ox_records_close(r);
}

static void many_processes_make_and_fill_one_file(void **state)
{
	struct scratch *sc = *state;
	enum { PROCESSES = 8 };
	char path[256];
	scratch_path(sc, "r.db", path);
	for (int p = 0; p < PROCESSES; p++) {
		if (fork() != 0)
			continue;
		struct ox_records *r;
		struct ox_err err = {0};
		int rc = ox_records_open(path, sc->dir, &r, &err);
		for (int i = 0; rc == 0 && i < 20; i++) {
			char key[32];
			snprintf(key, sizeof key, "%d-%d", p, i);
			rc = ox_records_put(r, 1, ox_slice_str(key), OX_SLICE("v"), &err);
		}
		if (rc)
			fprintf(stderr, "%s\n", err.text);
		_exit(rc != 0);
	}
	for (int p = 0; p < PROCESSES; p++) {
		int status;
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	struct ox_records *r;
	int count = 0;
	assert_ok(sc, ox_records_open(path, sc->dir, &r, &sc->err));
	assert_int_equal(ox_records_each(r, 1, count_records, &count, &sc->err), 0);
	assert_int_equal(count, PROCESSES * 20);
	ox_records_close(r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(digests_are_those_of_the_standard),
	    TEST(only_regular_files_have_a_digest),
	    TEST(packed_bytes_come_back_or_are_refused),
	    cmocka_unit_test(a_seal_sees_every_changed_byte),
	    TEST(a_signature_is_racy_for_a_moment),
	    TEST(copying_keeps_all_bytes_and_counts_them),
	    TEST(a_folder_is_listed_by_name_with_kinds),
	    TEST(neighbours_are_found_like_anything_else),
	    TEST(removing_a_tree_follows_no_link_and_minds_no_mode),
	    TEST(a_folder_of_ours_is_no_link_target_of_others),
	    TEST(a_lock_is_held_once_and_leaves_no_file),
	    TEST(a_lock_excludes_processes_while_its_file_comes_and_goes),
	    TEST(records_are_written_replaced_and_expire),
	    TEST(many_processes_make_and_fill_one_file),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
