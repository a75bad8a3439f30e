#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/importer/extract.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct ox_extract_folders folders;
static char folder[] = "/tmp/ox-extract-XXXXXX";

static int extract_stamped(const char *name, struct ox_slice content, struct ox_extract_stamp *stamp, char **path,
			   struct ox_err *err)
{
	return ox_extract_file(&folders, &(struct ox_extract_item){"key", name, content}, stamp, path, err);
}

static int set_up(void **state)
{
	(void)state;
	ox_extract_folders_free(&folders);
	memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
	if (!mkdtemp(folder))
		return -1;
	unsetenv("HOME");
	return setenv("XDG_CACHE_HOME", folder, 1);
}

static int tear_down(void **state)
{
	char command[64];
	(void)state;
	ox_extract_folders_free(&folders);
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command);
}

static char *extract(const char *name, struct ox_slice content)
{
	char *path = NULL;
	struct ox_err err = {0};
	if (extract_stamped(name, content, NULL, &path, &err) < 0)
		fail_msg("%s", err.text);
	return path;
}

static void assert_holds(const char *path, const char *text)
{
	char bytes[64] = {0};
	int fd = open(path, O_RDONLY);
	assert_true(fd >= 0);
	assert_true(read(fd, bytes, sizeof bytes - 1) >= 0);
	close(fd);
	assert_string_equal(bytes, text);
}

static ino_t inode(const char *path)
{
	struct stat st;
	assert_int_equal(lstat(path, &st), 0);
	return st.st_ino;
}

static void a_file_is_written_once_and_only_for_its_owner(void **state)
{
	(void)state;
	struct stat st;
	char *first = extract("a/b/c.txt", OX_SLICE("content"));
	assert_holds(first, "content");
	ino_t before = inode(first);
	char *second = extract("a/b/c.txt", OX_SLICE("content"));
	assert_string_equal(second, first);
	assert_int_equal(inode(second), before);
	assert_int_equal(stat(first, &st), 0);
	assert_int_equal(st.st_mode & 0077, 0);
	free(first);
	free(second);
}

static void altered_content_is_replaced(void **state)
{
	(void)state;
	char *path = extract("x", OX_SLICE("right"));
	int fd = open(path, O_WRONLY);
	assert_int_equal(write(fd, "wrong", 5), 5);
	close(fd);
	free(extract("x", OX_SLICE("right")));
	assert_holds(path, "right");
	free(path);
}

static void a_link_in_the_files_place_is_not_followed(void **state)
{
	(void)state;
	char *path = extract("x", OX_SLICE("right")), *other = extract("other", OX_SLICE("right"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(other, path), 0);
	free(extract("x", OX_SLICE("right")));
	struct stat st;
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	free(path);
	free(other);
}

static void an_empty_file_is_a_file(void **state)
{
	(void)state;
	char *path = extract("pkg/__init__.py", OX_SLICE(""));
	assert_holds(path, "");
	free(path);
}

static void names_that_lead_elsewhere_are_refused(void **state)
{
	static const char *const names[] = {"../x", "a/../../x", "/etc/x", "a//b", "", "a/", ".", "a/./b"};
	char *path = NULL;
	struct ox_err err;
	(void)state;
	for (size_t i = 0; i < OX_COUNT(names); i++) {
		int rc = extract_stamped(names[i], OX_SLICE("x"), NULL, &path, &err);
		assert_int_equal(rc, OX_ECORRUPT);
	}
	assert_null(path);
}

static void a_folder_that_others_may_write_to_is_not_used(void **state)
{
	char name[128];
	(void)state;
	snprintf(name, sizeof name, "%s/oxidizer", folder);
	assert_int_equal(mkdir(name, 0700), 0);
	assert_int_equal(chmod(name, 0777), 0);
	assert_int_equal(setenv("HOME", folder, 1), 0);
	char *path = extract("x", OX_SLICE("1"));
	assert_non_null(strstr(path, "/.cache/oxidizer/extracted/"));
	free(path);
}

static void a_cache_that_was_removed_meanwhile_is_made_again(void **state)
{
	char command[96];
	(void)state;
	free(extract("a/b/x", OX_SLICE("1")));
	free(extract("a/bc/x", OX_SLICE("1")));
	snprintf(command, sizeof command, "rm -rf %s/oxidizer", folder);
	assert_int_equal(system(command), 0);
	char *path = extract("a/bc/x", OX_SLICE("1"));
	assert_holds(path, "1");
	free(path);
}

/* As a package is: looks at the files of the stamp "a" (all of them hold the same), and makes the stamp anew. Whether
 * nothing had to be compared. */
static bool are_taken_as_they_are(struct ox_slice content)
{
	static const char *const names[] = {"a/x", "a/y"};
	struct ox_extract_stamp stamp;
	assert_int_equal(ox_extract_stamp(&folders, "key", "a", &stamp, NULL), 0);
	do {
		for (size_t i = 0; i < OX_COUNT(names); i++)
			assert_int_equal(extract_stamped(names[i], content, &stamp, NULL, NULL), 0);
	} while (ox_extract_stamp_again(&stamp));
	usleep(20000); /* what file systems take for one moment */
	if (stamp.is_behind)
		assert_int_equal(ox_extract_stamp_renew(&folders, "key", "a", &stamp, NULL), 0);
	return !stamp.is_behind;
}

static void alter(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void what_nobody_changed_since_its_stamp_is_not_read_again(void **state)
{
	(void)state;
	assert_false(are_taken_as_they_are(OX_SLICE("right")));
	assert_true(are_taken_as_they_are(OX_SLICE("right")));
	assert_true(are_taken_as_they_are(OX_SLICE("right")));
	assert_false(are_taken_as_they_are(OX_SLICE("longer")));
	assert_true(are_taken_as_they_are(OX_SLICE("longer")));
	char *path = extract("a/x", OX_SLICE("longer"));
	alter(path, "shaken");
	assert_false(are_taken_as_they_are(OX_SLICE("longer")));
	assert_holds(path, "longer");
	free(path);
}

/* As if the clock had been set back before a file was altered: the stamp is the newest of all. */
static void what_was_changed_before_its_stamp_was_made_is_noticed(void **state)
{
	struct ox_extract_stamp stamp;
	(void)state;
	assert_false(are_taken_as_they_are(OX_SLICE("right")));
	assert_int_equal(ox_extract_stamp(&folders, "key", "a", &stamp, NULL), 0);
	char *x = extract("a/x", OX_SLICE("right")), *y = extract("a/y", OX_SLICE("right"));
	alter(x, "wrong");
	alter(y, "wrong");
	usleep(20000);
	stamp.sum = stamp.verified;
	assert_int_equal(ox_extract_stamp_renew(&folders, "key", "a", &stamp, NULL), 0);
	assert_false(are_taken_as_they_are(OX_SLICE("right")));
	assert_holds(x, "right");
	assert_holds(y, "right");
	assert_true(are_taken_as_they_are(OX_SLICE("right")));
	free(x);
	free(y);
}

static char *known(struct ox_slice content)
{
	struct ox_extract_stamp stamp;
	char *path = NULL;
	assert_int_equal(ox_extract_stamp(&folders, "key", "p/lib.so", &stamp, NULL), 0);
	const struct ox_extract_item library = {"key", "p/lib.so", content};
	bool is_known = ox_extract_known(&folders, &library, &stamp, &path);
	assert_true(is_known == (path != NULL));
	return path;
}

static void a_file_is_known_from_its_stamp_until_it_changes(void **state)
{
	struct ox_extract_stamp stamp = {0};
	struct ox_err err;
	char *path, *again;
	(void)state;
	assert_int_equal(extract_stamped("p/lib.so", OX_SLICE("library"), &stamp, &path, &err), 0);
	assert_null(known(OX_SLICE("library")));
	usleep(20000);
	assert_int_equal(ox_extract_stamp_renew(&folders, "key", "p/lib.so", &stamp, &err), 0);
	again = known(OX_SLICE("library"));
	assert_string_equal(again, path);
	assert_null(known(OX_SLICE("another size")));
	alter(path, "LIBRARY");
	usleep(20000);
	assert_int_equal(ox_extract_stamp_renew(&folders, "key", "p/lib.so", &stamp, &err), 0);
	assert_null(known(OX_SLICE("library")));
	free(again);
	free(path);
}

static void many_processes_may_extract_at_once(void **state)
{
	enum { PROCESSES = 8 };
	(void)state;
	for (int i = 0; i < PROCESSES; i++)
		if (fork() == 0) {
			char *path = NULL;
			int rc = extract_stamped("shared/file", OX_SLICE("same"), NULL, &path, NULL);
			_exit(rc < 0);
		}
	for (int i = 0; i < PROCESSES; i++) {
		int status = -1;
		wait(&status);
		assert_int_equal(status, 0);
	}
	char *path = extract("shared/file", OX_SLICE("same"));
	assert_holds(path, "same");
	free(path);
}

/* Its own process id is that of a process in another container, too. */
static void what_another_with_the_same_process_id_writes_is_left_alone(void **state)
{
	(void)state;
	char name[32], *path = extract("a.so", OX_SLICE("old"));
	snprintf(name, sizeof name, "a.so.%ld.tmp", (long)getpid());
	char *other = extract(name, OX_SLICE("half of"));
	alter(path, "odd");
	free(path);
	path = extract("a.so", OX_SLICE("new content"));
	assert_holds(path, "new content");
	assert_holds(other, "half of");
	free(path);
	free(other);
}

static void keys_come_from_the_digest_or_from_the_content(void **state)
{
	unsigned char digest[32] = {0xAB, 0xCD}, zero[32] = {0};
	char key[OX_EXTRACT_KEY], other[OX_EXTRACT_KEY];
	(void)state;
	ox_extract_key(digest, OX_SLICE("x"), key);
	assert_string_equal(key, "abcd0000000000000000000000000000");
	ox_extract_key(zero, OX_SLICE("x"), key);
	ox_extract_key(NULL, OX_SLICE("y"), other);
	assert_string_not_equal(key, other);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_written_once_and_only_for_its_owner),
		TEST(altered_content_is_replaced),
		TEST(a_link_in_the_files_place_is_not_followed),
		TEST(an_empty_file_is_a_file),
		TEST(names_that_lead_elsewhere_are_refused),
		TEST(a_folder_that_others_may_write_to_is_not_used),
		TEST(a_cache_that_was_removed_meanwhile_is_made_again),
		TEST(what_nobody_changed_since_its_stamp_is_not_read_again),
		TEST(what_was_changed_before_its_stamp_was_made_is_noticed),
		TEST(a_file_is_known_from_its_stamp_until_it_changes),
		TEST(many_processes_may_extract_at_once),
		TEST(what_another_with_the_same_process_id_writes_is_left_alone),
		cmocka_unit_test(keys_come_from_the_digest_or_from_the_content),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
