#include "tests/unit/store/scratch.h"

#include "store/cas/lease.h"
#include "store/db/seal.h"
#include "store/index/actions.h"
#include "store/index/files.h"
#include "store/index/gc.h"
#include "store/index/index.h"
#include "store/index/roots.h"
#include "store/index/verify.h"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

enum { SMALL = 900, LARGE = 100 * 1024 };

static const struct ox_gc_options everything = {0};

static struct ox_digest put(struct scratch *sc, size_t len, unsigned seed)
{
	struct ox_digest d;
	char *bytes = scratch_bytes(len, seed);
	assert_ok(sc, ox_store_put(sc->s, ox_slice(bytes, len), &d, &sc->err));
	free(bytes);
	return d;
}

static void record_action(struct scratch *sc, const struct ox_digest *key, const struct ox_digest *output)
{
	struct ox_buf b = {0};
	ox_action_encode_begin(&b, 5, 1);
	ox_action_encode_output(&b, &(struct ox_action_output){OX_SLICE("out"), *output, SMALL});
	ox_action_encode_meta(&b, OX_SLICE("meta"));
	assert_ok(sc, ox_index_put(sc->s, OX_SPACE_ACTION, ox_slice(key, OX_DIGEST_SIZE), ox_buf_view(&b), &sc->err));
	ox_buf_free(&b);
}

static void problem(void *ctx, const char *text)
{
	struct ox_buf *all = ctx;
	ox_buf_printf(all, "%s\n", text);
}

/* Problems that verify finds; their text must contain `part`. */
static uint64_t verify(struct scratch *sc, bool repair, const char *part)
{
	struct ox_verify_report report;
	struct ox_buf text = {0};
	assert_ok(sc, ox_store_verify(sc->s, repair, problem, &text, &report, &sc->err));
	if (part && !strstr(ox_buf_text(&text), part))
		fail_msg("\"%s\" does not speak of %s", ox_buf_text(&text), part);
	if (!part && report.problems)
		print_error("%s", ox_buf_text(&text));
	ox_buf_free(&text);
	return report.problems;
}

static void stats_count_what_is_there(void **state)
{
	struct scratch *sc = *state;
	struct ox_store_stats stats;
	struct ox_digest d = put(sc, SMALL, 1);
	put(sc, LARGE, 2);
	record_action(sc, &d, &d);
	assert_ok(sc, ox_store_stats(sc->s, &stats, &sc->err));
	assert_int_equal(stats.objects, 2);
	assert_int_equal(stats.object_bytes, SMALL + LARGE);
	assert_int_equal(stats.loose_bytes, LARGE);
	assert_int_equal(stats.actions, 1);
	assert_true(stats.database_bytes > 0);
	assert_true(stats.free_bytes > 0);
}

static void gc_removes_everything_unused_and_its_records(void **state)
{
	struct scratch *sc = *state;
	struct ox_gc_report report;
	struct ox_buf value = {0};
	struct ox_digest small = put(sc, SMALL, 1), large = put(sc, LARGE, 2);
	record_action(sc, &large, &small);
	struct ox_gc_options dry = everything;
	dry.dry_run = true;
	assert_ok(sc, ox_store_gc(sc->s, &dry, &report, &sc->err));
	assert_int_equal(report.objects_removed, 2);
	assert_int_equal(ox_store_has(sc->s, &large, &sc->err), 1);
	assert_ok(sc, ox_store_gc(sc->s, &everything, &report, &sc->err));
	assert_int_equal(report.objects_removed, 2);
	assert_int_equal(report.objects_before, 2);
	assert_int_equal(ox_store_has(sc->s, &small, &sc->err), 0);
	assert_int_equal(ox_store_has(sc->s, &large, &sc->err), 0);
	assert_int_equal(ox_index_get(sc->s, OX_SPACE_ACTION, ox_slice(large.bytes, OX_DIGEST_SIZE), &value, &sc->err),
			 0);
	ox_buf_free(&value);
	assert_int_equal(verify(sc, false, NULL), 0);
}

static void gc_does_nothing_below_the_high_water_mark(void **state)
{
	struct scratch *sc = *state;
	struct ox_gc_report report;
	const struct ox_gc_options options = {.high_water = 10 * LARGE, .low_water = 0};
	put(sc, LARGE, 2);
	assert_ok(sc, ox_store_gc(sc->s, &options, &report, &sc->err));
	assert_int_equal(report.objects_removed, 0);
}

/* Sets when an object was last used, behind the store's back. */
static void set_used(struct scratch *sc, const struct ox_digest *d, uint64_t used)
{
	struct ox_buf value = {0};
	char path[256];
	sqlite3 *db;
	sqlite3_stmt *st;
	struct ox_slice key = ox_slice(d->bytes, OX_DIGEST_SIZE);
	assert_int_equal(ox_index_get(sc->s, OX_SPACE_OBJECT, key, &value, &sc->err), 1);
	uint64_t seal = ox_seal_bytes(ox_seal_bytes(ox_seal_word(OX_SPACE_OBJECT, used), key), ox_buf_view(&value));
	assert_int_equal(sqlite3_open(scratch_path(sc, "store/index.db", path), &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_prepare_v2(db, "UPDATE record SET used=?, seal=? WHERE space=1 AND key=?", -1, &st, NULL),
	    SQLITE_OK);
	sqlite3_bind_int64(st, 1, (sqlite3_int64)used);
	sqlite3_bind_int64(st, 2, (sqlite3_int64)seal);
	sqlite3_bind_blob(st, 3, d->bytes, OX_DIGEST_SIZE, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(st), SQLITE_DONE);
	assert_int_equal(sqlite3_changes(db), 1);
	sqlite3_finalize(st);
	sqlite3_close(db);
	ox_buf_free(&value);
}

static void gc_takes_the_least_recently_used_first(void **state)
{
	struct scratch *sc = *state;
	struct ox_gc_report report;
	struct ox_digest d[4];
	for (unsigned i = 0; i < 4; i++)
		d[i] = put(sc, LARGE, i);
	scratch_reopen(sc);
	for (unsigned i = 0; i < 4; i++)
		set_used(sc, &d[i], 1000 + (i ^ 1));
	const struct ox_gc_options options = {.high_water = 3 * LARGE, .low_water = 2 * LARGE};
	assert_ok(sc, ox_store_gc(sc->s, &options, &report, &sc->err));
	assert_int_equal(report.objects_removed, 2);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(ox_store_has(sc->s, &d[i], &sc->err), i >= 2);
}

static void gc_makes_room_when_the_disk_is_low(void **state)
{
	struct scratch *sc = *state;
	struct ox_gc_report report;
	const struct ox_gc_options options = {
	    .high_water = UINT64_MAX, .low_water = UINT64_MAX, .min_free = UINT64_MAX};
	put(sc, LARGE, 1);
	put(sc, SMALL, 2);
	assert_ok(sc, ox_store_gc(sc->s, &options, &report, &sc->err));
	assert_true(report.low_on_disk);
	assert_int_equal(report.objects_removed, 2);
}

static void gc_keeps_what_a_lease_or_a_root_names(void **state)
{
	struct scratch *sc = *state;
	struct ox_store *builder;
	struct ox_gc_report report;
	struct ox_digest leased = put(sc, SMALL, 1), rooted = put(sc, LARGE, 2), neither = put(sc, LARGE, 3);
	assert_ok(sc, ox_root_set(sc->s, "mine", &rooted, 1, &sc->err));
	assert_int_equal(ox_root_set(sc->s, "../x", &rooted, 1, &sc->err), OX_EUSAGE);
	assert_ok(sc, ox_store_open(sc->store, &builder, &sc->err));
	assert_ok(sc, ox_lease_take(builder, &sc->err));
	assert_int_equal(ox_store_has(builder, &leased, &sc->err), 1);
	assert_ok(sc, ox_store_gc(sc->s, &everything, &report, &sc->err));
	assert_int_equal(report.leased, 2);
	assert_int_equal(ox_store_has(sc->s, &neither, &sc->err), 0);
	assert_int_equal(ox_store_has(builder, &leased, &sc->err), 1);
	assert_int_equal(ox_store_has(sc->s, &rooted, &sc->err), 1);
	ox_lease_release(builder);
	assert_ok(sc, ox_root_remove(sc->s, "mine", &sc->err));
	assert_ok(sc, ox_store_gc(sc->s, &everything, &report, &sc->err));
	assert_int_equal(report.objects_removed, 2);
	ox_store_close(builder);
}

static void a_dead_process_leaves_nothing_that_gc_does_not_remove(void **state)
{
	struct scratch *sc = *state;
	struct ox_gc_report report;
	struct ox_store_stats stats;
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		struct ox_store *s;
		struct ox_digest d;
		struct ox_buf path = {0};
		if (ox_store_open(sc->store, &s, NULL) == 0 && ox_lease_take(s, NULL) == 0 &&
		    ox_store_put(s, OX_SLICE("x"), &d, NULL) == 0 && ox_store_temp_dir(s, &path, NULL) == 0)
			raise(SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_ok(sc, ox_store_gc(sc->s, &everything, &report, &sc->err));
	assert_int_equal(report.temp_removed, 1);
	assert_int_equal(report.objects_removed, 1);
	assert_ok(sc, ox_store_stats(sc->s, &stats, &sc->err));
	assert_int_equal(stats.leases, 0);
}

/* Everything into the database files themselves, where no log covers it. */
static void fold_logs(struct scratch *sc)
{
	static const char *const names[] = {"store/objects.db", "store/index.db"};
	ox_store_close(sc->s);
	sc->s = NULL;
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		char path[256];
		sqlite3 *db;
		assert_int_equal(sqlite3_open(scratch_path(sc, names[i], path), &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL), SQLITE_OK);
		sqlite3_close(db);
	}
}

static bool flip_at(const char *path, const void *needle, size_t len, size_t skip)
{
	struct ox_buf all = {0};
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	char *room = ox_buf_reserve(&all, (size_t)st.st_size);
	assert_int_equal(read(fd, room, (size_t)st.st_size), st.st_size);
	close(fd);
	const char *found = memmem(room, (size_t)st.st_size, needle, len);
	bool done = found && scratch_flip(path, found - room + (off_t)skip);
	ox_buf_free(&all);
	return done;
}

static void a_flipped_byte_of_a_loose_object_is_reported(void **state)
{
	struct scratch *sc = *state;
	char path[256], hex[OX_DIGEST_HEX + 1];
	struct ox_digest d = put(sc, LARGE, 1);
	ox_digest_hex(&d, hex);
	snprintf(path, sizeof path, "%s/objects/%.2s/%s", sc->store, hex, hex + 2);
	assert_int_equal(verify(sc, false, NULL), 0);
	scratch_pause(10);
	assert_true(scratch_flip(path, 77));
	assert_int_equal(verify(sc, false, hex), 1);
	assert_int_equal(verify(sc, true, hex), 1);
	assert_int_equal(verify(sc, false, NULL), 0);
	assert_int_equal(ox_store_has(sc->s, &d, &sc->err), 0);
}

static void a_flipped_byte_of_a_small_object_is_reported_and_not_served(void **state)
{
	struct scratch *sc = *state;
	char path[256], hex[OX_DIGEST_HEX + 1];
	char *bytes = scratch_bytes(SMALL, 1);
	struct ox_digest d = put(sc, SMALL, 1);
	struct ox_view view;
	for (int round = 0; round < 2; round++) {
		fold_logs(sc);
		assert_true(flip_at(scratch_path(sc, "store/objects.db", path), bytes, 32, 40));
		scratch_reopen(sc);
		if (round == 0) {
			assert_int_equal(verify(sc, false, ox_digest_hex(&d, hex)), 1);
			assert_int_equal(ox_store_view(sc->s, &d, &view, &sc->err), OX_ENOENT);
		} else {
			assert_int_equal(verify(sc, true, hex), 1);
		}
		assert_int_equal(verify(sc, false, NULL), 0);
		put(sc, SMALL, 1);
		assert_ok(sc, ox_store_view(sc->s, &d, &view, &sc->err));
		assert_memory_equal(view.data, bytes, SMALL);
		ox_view_release(&view);
	}
	free(bytes);
}

static void a_flipped_byte_of_any_record_is_reported_and_not_served(void **state)
{
	struct scratch *sc = *state;
	static const enum ox_space spaces[] = {OX_SPACE_OBJECT, OX_SPACE_ACTION, OX_SPACE_RUN, OX_SPACE_FILE,
					       OX_SPACE_MEMO};
	char path[256];
	for (unsigned i = 0; i < OX_COUNT(spaces); i++) {
		char *value = scratch_bytes(200, 50 + i);
		char *key = scratch_bytes(OX_DIGEST_SIZE, 90 + i);
		struct ox_slice name = ox_slice(key, OX_DIGEST_SIZE);
		struct ox_buf record = {0}, found = {0};
		ox_action_encode_begin(&record, 0, 0);
		ox_action_encode_meta(&record, ox_slice(value, 200));
		assert_ok(sc, ox_index_put(sc->s, spaces[i], name, ox_buf_view(&record), &sc->err));
		fold_logs(sc);
		assert_true(flip_at(scratch_path(sc, "store/index.db", path), value, 32, 100));
		scratch_reopen(sc);
		assert_int_equal(verify(sc, false, "is damaged"), 1);
		assert_int_equal(ox_index_get(sc->s, spaces[i], name, &found, &sc->err), 0);
		assert_int_equal(verify(sc, false, NULL), 0);
		ox_buf_free(&record);
		ox_buf_free(&found);
		free(value);
		free(key);
	}
}

/* Flips one byte in every place of a database, one place at a time: nothing wrong is served and nothing crashes. */
static void a_flipped_byte_anywhere_in_objects_db_serves_nothing_wrong(void **state)
{
	struct scratch *sc = *state;
	enum { OBJECTS = 12 };
	char path[256];
	struct stat st;
	for (unsigned i = 0; i < OBJECTS; i++)
		put(sc, SMALL, i);
	fold_logs(sc);
	assert_int_equal(stat(scratch_path(sc, "store/objects.db", path), &st), 0);
	struct ox_buf good = {0};
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *room = ox_buf_reserve(&good, (size_t)st.st_size);
	assert_int_equal(read(fd, room, (size_t)st.st_size), st.st_size);
	close(fd);
	for (off_t at = 0; at < st.st_size; at += at < 200 ? 7 : 397) {
		unlink(scratch_path(sc, "store/objects.db-wal", path));
		unlink(scratch_path(sc, "store/objects.db-shm", path));
		scratch_write(scratch_path(sc, "store/objects.db", path), room, (size_t)st.st_size);
		assert_true(scratch_flip(path, at));
		assert_ok(sc, ox_store_open(sc->store, &sc->s, &sc->err));
		for (unsigned i = 0; i < OBJECTS; i++) {
			struct ox_digest d = put(sc, SMALL, i);
			struct ox_view view;
			char *bytes = scratch_bytes(SMALL, i);
			assert_ok(sc, ox_store_view(sc->s, &d, &view, &sc->err));
			assert_int_equal(view.len, SMALL);
			assert_memory_equal(view.data, bytes, SMALL);
			ox_view_release(&view);
			free(bytes);
		}
		ox_store_close(sc->s);
		sc->s = NULL;
	}
	ox_buf_free(&good);
}

static void garbage_for_a_database_is_reported_and_replaced(void **state)
{
	struct scratch *sc = *state;
	static const char *const names[] = {"index.db", "objects.db"};
	char path[256], garbage[20000];
	memset(garbage, 'g', sizeof garbage);
	put(sc, SMALL, 1);
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		fold_logs(sc);
		snprintf(path, sizeof path, "%s/%s", sc->store, names[i]);
		scratch_write(path, garbage, sizeof garbage);
		assert_ok(sc, ox_store_open(sc->store, &sc->s, &sc->err));
		assert_int_equal(verify(sc, false, names[i]), 1);
		scratch_reopen(sc);
		assert_int_equal(verify(sc, false, NULL), 0);
	}
}

static void a_missing_root_object_is_reported(void **state)
{
	struct scratch *sc = *state;
	const struct ox_digest d = {{7}};
	assert_ok(sc, ox_root_set(sc->s, "pinned", &d, 1, &sc->err));
	assert_int_equal(verify(sc, false, "pinned"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)
	const struct CMUnitTest tests[] = {
	    TEST(stats_count_what_is_there),
	    TEST(gc_removes_everything_unused_and_its_records),
	    TEST(gc_does_nothing_below_the_high_water_mark),
	    TEST(gc_takes_the_least_recently_used_first),
	    TEST(gc_makes_room_when_the_disk_is_low),
	    TEST(gc_keeps_what_a_lease_or_a_root_names),
	    TEST(a_dead_process_leaves_nothing_that_gc_does_not_remove),
	    TEST(a_flipped_byte_of_a_loose_object_is_reported),
	    TEST(a_flipped_byte_of_a_small_object_is_reported_and_not_served),
	    TEST(a_flipped_byte_of_any_record_is_reported_and_not_served),
	    TEST(a_flipped_byte_anywhere_in_objects_db_serves_nothing_wrong),
	    TEST(garbage_for_a_database_is_reported_and_replaced),
	    TEST(a_missing_root_object_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
