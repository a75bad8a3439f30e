#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/bundle/attach.h"
#include "daemon/bundle/elf.h"
#include "store/digest/digest.h"
#include "tests/unit/daemon/bundle/command.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Finds its payload as the runtime does, in the last segment that is loaded, and prints the text at its start
 * and the bytes at its end. */
static const char program[] =
	"#include <elf.h>\n#include <stdio.h>\n#include <sys/auxv.h>\n#include <link.h>\n"
	"__attribute__((section(\".oxpayload\"), used, aligned(4096))) static const char place[4096];\n"
	"static int last(struct dl_phdr_info *i, size_t n, void *to)\n"
	"{\n"
	"	(void)n;\n"
	"	for (int k = 0; k < i->dlpi_phnum; k++)\n"
	"		if (i->dlpi_phdr[k].p_type == PT_LOAD) {\n"
	"			((const char **)to)[0] = (const char *)i->dlpi_addr + i->dlpi_phdr[k].p_vaddr;\n"
	"			((const char **)to)[1] = ((const char **)to)[0] + i->dlpi_phdr[k].p_filesz;\n"
	"		}\n"
	"	return 1;\n"
	"}\n"
	"int main(void)\n"
	"{\n"
	"	const char *range[2] = {0};\n"
	"	dl_iterate_phdr(last, range);\n"
	"	printf(\"%s %zu %.3s\\n\", range[0], (size_t)(range[1] - range[0]), range[1] - 4);\n"
	"	return 0;\n"
	"}\n";

struct folder {
	char path[64];
};

static int setup(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));
	assert_non_null(f);
	snprintf(f->path, sizeof(f->path), "/tmp/oxattach.XXXXXX");
	assert_non_null(mkdtemp(f->path));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct folder *f = *state;
	run("rm -rf '%s'", f->path);
	free(f);
	return 0;
}

static void link_stub(const struct folder *f, const char *flags)
{
	char source[128];
	snprintf(source, sizeof(source), "%s/stub.c", f->path);
	FILE *out = fopen(source, "w");
	assert_non_null(out);
	fputs(program, out);
	fclose(out);
	assert_int_equal(run("cd '%s' && cc -D_GNU_SOURCE %s -o stub stub.c "
			     "-Wl,--section-start=.oxpayload=0x40000000 -Wl,--build-id=none",
			     f->path, flags),
			 0);
}

/* Attaches "hello" ... "end", `size` bytes altogether, of which the end comes from a file. */
static int attach(const struct folder *f, uint64_t size, struct ox_err *err)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/stub", f->path);
	int stub = open(path, O_RDONLY);
	snprintf(path, sizeof(path), "%s/out", f->path);
	int out = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
	snprintf(path, sizeof(path), "%s/piece", f->path);
	int piece = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	assert_true(stub >= 0 && out >= 0 && piece >= 0);
	assert_int_equal(write(piece, "end", 4), 4);
	struct ox_attach_piece pieces[] = {
		{.offset = 0, .size = 6, .bytes = "hello", .fd = -1},
		{.offset = size - 4, .size = 4, .bytes = "end", .fd = piece},
	};
	uint64_t total = 0;
	struct ox_digest digest, found;
	int rc = ox_attach(stub, pieces, OX_COUNT(pieces), out, &total, &digest, err);
	if (!rc) {
		assert_int_equal(lseek(out, 0, SEEK_SET), 0);
		assert_int_equal(ox_digest_fd(out, &found, NULL, NULL), 0);
		assert_true(ox_digest_eq(&digest, &found));
	}
	struct stat st;
	assert_int_equal(fstat(out, &st), 0);
	if (!rc)
		assert_int_equal(total, st.st_size);
	close(piece);
	close(out);
	close(stub);
	return rc;
}

static void assert_runs(const struct folder *f, uint64_t size)
{
	assert_int_equal(run("test \"$('%s/out')\" = 'hello %llu end'", f->path, (unsigned long long)size), 0);
}

static void check_linked(const struct folder *f, const char *flags, uint64_t size)
{
	struct ox_err err = {0};
	link_stub(f, flags);
	int rc = attach(f, size, &err);
	if (rc)
		fail_msg("%s", err.text);
	assert_runs(f, size);
	assert_int_equal(run("readelf -aW '%s/out' 2>&1 | grep -i -E 'warning|error' && exit 1 || exit 0", f->path), 0);
}

static void a_program_finds_its_payload(void **state)
{
	check_linked(*state, "-no-pie", 100001);
}

static void a_position_independent_program_finds_its_payload(void **state)
{
	check_linked(*state, "-fPIE -pie", 100001);
}

static void a_stripped_stub_takes_a_payload(void **state)
{
	check_linked(*state, "-no-pie -s", 5000);
}

static void strip_keeps_the_payload(void **state)
{
	const struct folder *f = *state;
	check_linked(f, "-g -no-pie", 100001);
	assert_int_equal(run("strip '%s/out'", f->path), 0);
	assert_runs(f, 100001);
	check_linked(f, "-g -pie", 100001);
	assert_int_equal(run("strip '%s/out'", f->path), 0);
	assert_runs(f, 100001);
}

static void symbols_and_debug_information_survive(void **state)
{
	const struct folder *f = *state;
	check_linked(f, "-g -no-pie", 100001);
	assert_int_equal(run("nm '%s/out' | grep -q ' T main'", f->path), 0);
	assert_int_equal(run("readelf --debug-dump=info '%s/out' | grep -q stub.c", f->path), 0);
}

static void a_payload_of_a_gibibyte_is_mapped_and_not_read(void **state)
{
	check_linked(*state, "-no-pie", UINT64_C(1) << 30);
}

static void an_executable_without_a_place_is_refused(void **state)
{
	const struct folder *f = *state;
	struct ox_err err = {0};
	assert_int_equal(run("cp /bin/true '%s/stub'", f->path), 0);
	assert_int_equal(attach(f, 5000, &err), OX_ECORRUPT);
	assert_string_equal(err.text, "the linked stub cannot take a payload: no section .oxpayload");
}

static void needs_of_a_library_are_read(void **state)
{
	const struct folder *f = *state;
	assert_int_equal(run("cd '%s' && echo 'int f(void){return 1;}' >l.c && cc -shared -fPIC -o libl.so.3 l.c "
			     "-Wl,-soname,libl.so.3 && echo 'int f(void);int memfd_create(const char*,unsigned);"
			     "int g(void){return f()+memfd_create(\"\",0);}' >m.c && cc -shared -fPIC -o m.so m.c "
			     "./libl.so.3 -Wl,-rpath,'$ORIGIN/x.libs'",
			     f->path),
			 0);
	char path[128];
	snprintf(path, sizeof(path), "%s/m.so", f->path);
	int fd = open(path, O_RDONLY);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	struct ox_arena arena = {0};
	struct ox_elf_needs needs;
	assert_int_equal(ox_elf_read_needs(ox_slice(map, (size_t)st.st_size), &arena, &needs, NULL), 0);
	assert_null(needs.soname);
	assert_true(needs.needed_count >= 1);
	assert_string_equal(needs.needed[0], "libl.so.3");
	assert_string_equal(needs.runpath, "$ORIGIN/x.libs");
	assert_true(needs.glibc.major == 2 && needs.glibc.minor >= 27);
	munmap(map, (size_t)st.st_size);
	close(fd);
	ox_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_program_finds_its_payload, setup, teardown),
		cmocka_unit_test_setup_teardown(a_position_independent_program_finds_its_payload, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stripped_stub_takes_a_payload, setup, teardown),
		cmocka_unit_test_setup_teardown(strip_keeps_the_payload, setup, teardown),
		cmocka_unit_test_setup_teardown(symbols_and_debug_information_survive, setup, teardown),
		cmocka_unit_test_setup_teardown(a_payload_of_a_gibibyte_is_mapped_and_not_read, setup, teardown),
		cmocka_unit_test_setup_teardown(an_executable_without_a_place_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(needs_of_a_library_are_read, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
