/* What the linker in front of the real one makes of a command, and what it writes down. */
#include "daemon/capture/command.h"
#include "daemon/capture/elf_facts.h"
#include "daemon/capture/response.h"
#include "store/fs/dir.h"

#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	char dir[64];
	struct ox_arena arena;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (!f)
		return -1;
	snprintf(f->dir, sizeof f->dir, "%s", "/tmp/oxcapture-XXXXXX");
	*state = f;
	return mkdtemp(f->dir) && chdir(f->dir) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	int rc = chdir("/");
	ox_fs_remove_tree(f->dir, NULL);
	ox_arena_free(&f->arena);
	free(f);
	return rc;
}

static void write_bytes(const char *name, const void *bytes, size_t len)
{
	FILE *file = fopen(name, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void write_elf(const char *name, unsigned char type)
{
	unsigned char head[sizeof(Elf64_Ehdr)] = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB};
	head[16] = type;
	write_bytes(name, head, sizeof head);
}

/* The arguments live as long as the caller's block: what is read points into them. */
#define READ(f, command, ...) \
	assert_int_equal(ox_link_command_read((char *const[]){__VA_ARGS__, NULL}, &(f)->arena, command, NULL), 0)
#define ARG(text) (char[]){text}

static void assert_pieces(const struct ox_link_command *c, const char *expected)
{
	struct ox_buf text = {0};
	for (size_t i = 0; i < c->pieces.len; i++)
		ox_buf_printf(&text, "%s%s", i ? " " : "", c->pieces.items[i]);
	assert_string_equal(ox_buf_text(&text), expected);
	ox_buf_free(&text);
}

static void assert_libraries(const struct ox_link_command *c, const char *expected)
{
	struct ox_buf text = {0};
	for (size_t i = 0; i < c->libraries.len; i++)
		ox_buf_printf(&text, "%s%s", i ? " " : "", c->libraries.items[i].name);
	assert_string_equal(ox_buf_text(&text), expected);
	ox_buf_free(&text);
}

static void objects_and_archives_stay_in_order_with_what_decides_about_them(void **state)
{
	struct fixture *f = *state;
	struct ox_link_command c;
	write_elf("a.o", ET_REL);
	write_elf("b", ET_REL);
	write_elf("crti.o", ET_REL);
	write_elf("crtools.o", ET_REL); /* a package's own */
	write_bytes("libpart.a", "!<thin>\n", 8);
	write_bytes("names.map", "{ global: x; };", 15);
	READ(f, &c, ARG("-plugin"), ARG("a.o"), ARG("-shared"), ARG("-o"), ARG("out.so"), ARG("-m"),
	     ARG("elf_x86_64"), ARG("crti.o"), ARG("crtools.o"), ARG("a.o"), ARG("--push-state"),
	     ARG("--whole-archive"), ARG("libpart.a"), ARG("--pop-state"), ARG("names.map"), ARG("b"), ARG("absent.o"));
	assert_true(c.is_shared);
	assert_string_equal(c.output, "out.so");
	assert_string_equal(c.emulation, "elf_x86_64");
	assert_null(c.reason);
	assert_pieces(&c, "crtools.o a.o --push-state --whole-archive libpart.a --pop-state b");
	ox_link_command_free(&c);
}

static void a_library_is_its_archive_only_where_there_is_no_shared_one_or_it_is_asked_for(void **state)
{
	struct fixture *f = *state;
	struct ox_link_command c;
	assert_int_equal(ox_fs_mkdirs("lib", 0700, NULL), 0);
	write_elf("lib/libboth.so", ET_DYN);
	write_bytes("lib/libboth.a", "!<arch>\n", 8);
	write_bytes("lib/libonly.a", "!<arch>\n", 8);
	READ(f, &c, ARG("-shared"), ARG("-lboth"), ARG("-lonly"), ARG("-lnowhere"), ARG("-lc"), ARG("-lgcc_s"),
	     ARG("-lpython3.11"), ARG("-Bstatic"), ARG("-l"), ARG("both"), ARG("-Llib"));
	assert_libraries(&c, "both nowhere");
	assert_pieces(&c, "lib/libonly.a lib/libboth.a");
	assert_non_null(c.libraries.items[0].archive);
	assert_string_equal(c.sonames.items[0], "libboth.so");
	assert_null(c.libraries.items[1].archive);
	ox_link_command_free(&c);
	READ(f, &c, ARG("-shared"), ARG("lib/libboth.so"), ARG("lib/libboth.so"));
	assert_libraries(&c, "both");
	ox_link_command_free(&c);
}

static void what_cannot_be_joined_has_a_reason(void **state)
{
	struct fixture *f = *state;
	struct ox_link_command c;
	write_bytes("bit.o", "BC\xC0\xDE", 4);
	write_elf("plugin.so", ET_DYN);
	READ(f, &c, ARG("-shared"), ARG("bit.o"));
	assert_string_equal(c.reason, "its objects are LLVM bitcode and not machine code");
	ox_link_command_free(&c);
	READ(f, &c, ARG("-shared"), ARG("--wrap=malloc"));
	assert_string_equal(c.reason, "it is linked with --wrap=malloc");
	ox_link_command_free(&c);
	READ(f, &c, ARG("-shared"), ARG("plugin.so"));
	assert_string_equal(c.reason, "it is linked with the shared library plugin.so");
	ox_link_command_free(&c);
	READ(f, &c, ARG("-r"), ARG("-o"), ARG("joined.o"));
	assert_false(c.is_shared);
	ox_link_command_free(&c);
}

static void files_of_arguments_are_opened_in_their_place(void **state)
{
	struct fixture *f = *state;
	struct ox_words words = {0};
	static const char text[] = "one 'two words' \"a\\\"b\"\n\tc\\ d @inner";
	char *args[] = {ARG("first"), ARG("@outer"), ARG("@absent"), NULL};
	write_bytes("outer", text, sizeof text - 1);
	write_bytes("inner", "last", 4);
	assert_int_equal(ox_response_expand(args, &f->arena, &words, NULL), 0);
	static const char *const expected[] = {"first", "one", "two words", "a\"b", "c d", "last", "@absent"};
	assert_int_equal(words.v.len, OX_COUNT(expected));
	for (size_t i = 0; i < words.v.len; i++)
		assert_string_equal(words.v.items[i], expected[i]);
	ox_vec_free(&words.v);
	write_bytes("inner", "@inner", 6);
	assert_int_equal(ox_response_expand(args, &f->arena, &words, NULL), OX_EUSAGE);
	ox_vec_free(&words.v);
}

static void a_record_is_read_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct ox_buf text = {0};
	struct ox_capture_library libraries[] = {{"z", "/usr/lib/libz.a"}, {"m", NULL}};
	struct ox_capture_record out, in = {.libraries = libraries, .library_count = 2};
	ox_capture_record_write(&in, &text);
	assert_int_equal(ox_capture_record_read(ox_buf_view(&text), &f->arena, &out, NULL), 0);
	assert_null(out.reason);
	assert_int_equal(out.library_count, 2);
	assert_string_equal(out.libraries[0].archive, "/usr/lib/libz.a");
	assert_string_equal(out.libraries[1].name, "m");
	assert_null(out.libraries[1].archive);
	ox_buf_clear(&text);
	in = (struct ox_capture_record){.reason = "it is so"};
	ox_capture_record_write(&in, &text);
	assert_int_equal(ox_capture_record_read(ox_buf_view(&text), &f->arena, &out, NULL), 0);
	assert_string_equal(out.reason, "it is so");
	ox_buf_free(&text);
}

static void other_texts_are_no_records(void **state)
{
	struct fixture *f = *state;
	struct ox_capture_record out;
	static const char *const texts[] = {
		"", "oxidizer capture 2\n", "oxidizer capture 1", "oxidizer capture 1\nlibrary z\n",
		"oxidizer capture 1\nlibrary  /a\n", "oxidizer capture 1\nobject\n", "oxidizer capture 1\nreason x",
	};
	for (size_t i = 0; i < OX_COUNT(texts); i++)
		assert_int_equal(ox_capture_record_read(ox_slice_str(texts[i]), &f->arena, &out, NULL), OX_ECORRUPT);
}

static void what_is_no_shared_library_says_nothing_of_itself(void **state)
{
	struct fixture *f = *state;
	struct ox_elf_facts facts;
	assert_int_equal(ox_elf_facts_read(OX_SLICE("\x7f" "ELF"), &f->arena, &facts), 0);
	assert_string_equal(facts.build_id, "");
	assert_int_equal(facts.needed_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(objects_and_archives_stay_in_order_with_what_decides_about_them),
		TEST(a_library_is_its_archive_only_where_there_is_no_shared_one_or_it_is_asked_for),
		TEST(what_cannot_be_joined_has_a_reason),
		TEST(files_of_arguments_are_opened_in_their_place),
		TEST(a_record_is_read_as_it_was_written),
		TEST(other_texts_are_no_records),
		TEST(what_is_no_shared_library_says_nothing_of_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
