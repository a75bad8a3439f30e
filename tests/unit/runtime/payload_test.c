#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/pack/format.h"
#include "runtime/pack/reader.h"
#include "runtime/pack/sum.h"
#include "runtime/pack/writer.h"

enum { MAGIC = 0x0a0d0da7 };

/* Segments laid out behind their head, as an executable holds them. */
static struct ox_buf assemble(const struct ox_buf *segments, size_t count)
{
	struct ox_pack_segment_ref refs[4] = {0};
	uint64_t offsets[4], total;
	struct ox_buf out = {0};
	struct ox_arena arena = {0};
	struct ox_err err = {0};
	for (size_t i = 0; i < count; i++)
		refs[i] = (struct ox_pack_segment_ref){ox_buf_view(&segments[i]), {{(uint8_t)(i + 1)}}};
	int rc = ox_pack_write_head(refs, count, ox_pack_config_new(&arena), &out, offsets, &total, &err);
	assert_int_equal(rc, 0);
	for (size_t i = 0; i < count; i++) {
		while (out.len < offsets[i])
			ox_buf_byte(&out, '\0');
		ox_buf_slice(&out, ox_buf_view(&segments[i]));
	}
	assert_int_equal(out.len, total);
	ox_arena_free(&arena);
	return out;
}

static struct ox_buf one_segment(const struct ox_pack_resource *resources, size_t count)
{
	struct ox_buf segment = {0};
	struct ox_err err = {0};
	assert_int_equal(ox_pack_write_segment(resources, count, (struct ox_slice){0}, MAGIC, &segment, &err), 0);
	return segment;
}

static struct ox_pack_file files[] = {
	{{"a.txt", 5}, {"hi", 2}},
	{{"sub/b.txt", 9}, {"", 0}},
};
static struct ox_slice needs[] = {{"libz.so.1", 9}, {"liby.so", 7}};

static const struct ox_pack_resource stdlib[] = {
	{.name = {"json", 4}, .flags = OX_PACK_MODULE | OX_PACK_PACKAGE, .source = {"", 0}, .bytecode = {{"J0", 2}}},
	{.name = {"json.tool", 9}, .flags = OX_PACK_MODULE, .bytecode = {{"T0", 2}, {"T1", 2}, {"T2", 2}}},
	{.name = {"_ssl", 4},
	 .flags = OX_PACK_EXTENSION,
	 .library = {"\x7f" "ELF", 4},
	 .needs = needs,
	 .need_count = 2},
};
static const struct ox_pack_resource application[] = {
	{.name = {"app", 3}, .flags = OX_PACK_MODULE, .source = {"x = 1\n", 6}, .bytecode = {{"A", 1}}},
	{.name = {"json", 4}, .files = files, .file_count = 2, .distribution = files, .distribution_count = 1},
};

struct payload {
	struct ox_buf bytes;
	struct ox_pack *pack;
};

static int set_up(void **state)
{
	struct payload *p = calloc(1, sizeof *p);
	struct ox_buf segments[] = {one_segment(stdlib, 3), one_segment(application, 2)};
	p->bytes = assemble(segments, 2);
	ox_buf_free(&segments[0]);
	ox_buf_free(&segments[1]);
	*state = p;
	return ox_pack_open(ox_buf_view(&p->bytes), &p->pack, NULL);
}

static int tear_down(void **state)
{
	struct payload *p = *state;
	ox_pack_close(p->pack);
	ox_buf_free(&p->bytes);
	free(p);
	return 0;
}

static struct ox_pack_record get(const struct ox_pack *p, const char *name)
{
	struct ox_pack_record r = {0};
	assert_int_equal(ox_pack_get(p, ox_pack_find(p, ox_slice_str(name)), &r, NULL), 0);
	assert_true(ox_slice_eq_str(r.name, name));
	return r;
}

static void what_was_written_is_found(void **state)
{
	struct payload *p = *state;
	struct ox_pack_record r = get(p->pack, "json.tool");
	assert_int_equal(ox_pack_bytecode_magic(p->pack), MAGIC);
	assert_int_equal(r.flags, OX_PACK_MODULE);
	assert_true(ox_slice_eq_str(r.bytecode[2], "T2"));
	assert_false(r.has_source);
	r = get(p->pack, "_ssl");
	struct ox_slice need;
	assert_true(ox_slice_eq_str(r.library, "\x7f" "ELF"));
	assert_int_equal((r.library.data - p->bytes.data) % OX_PACK_ALIGN, 0);
	assert_true(ox_pack_need(&r.needs, 1, &need) && ox_slice_eq_str(need, "liby.so"));
	assert_false(ox_pack_need(&r.needs, 2, &need));
	assert_int_equal(ox_pack_find(p->pack, OX_SLICE("jso")), OX_PACK_NOWHERE);
	assert_int_equal(ox_pack_find(p->pack, OX_SLICE("")), OX_PACK_NOWHERE);
}

static void an_empty_source_is_a_source(void **state)
{
	struct payload *p = *state;
	struct ox_pack_record r = get(p->pack, "json");
	assert_true(r.has_source);
	assert_int_equal(r.source.len, 0);
}

static void a_record_that_only_brings_files_does_not_hide_the_module(void **state)
{
	struct payload *p = *state;
	ox_pack_place place = ox_pack_find(p->pack, OX_SLICE("json"));
	struct ox_pack_record r;
	struct ox_pack_file f;
	assert_true(get(p->pack, "json").flags & OX_PACK_PACKAGE);
	place = ox_pack_more(p->pack, place);
	assert_int_equal(ox_pack_get(p->pack, place, &r, NULL), 0);
	assert_true(ox_pack_file_find(&r.files, OX_SLICE("a.txt"), &f) && ox_slice_eq_str(f.data, "hi"));
	assert_true(ox_pack_file_find(&r.files, OX_SLICE("sub/b.txt"), &f) && f.data.len == 0);
	assert_false(ox_pack_file_find(&r.files, OX_SLICE("b"), &f));
	assert_int_equal(r.distribution.count, 1);
	assert_int_equal(ox_pack_more(p->pack, place), OX_PACK_NOWHERE);
}

static void a_later_segment_wins(void **state)
{
	(void)state;
	struct ox_pack_resource first = {.name = {"m", 1}, .flags = OX_PACK_MODULE, .source = {"1", 1}}, second = first;
	second.source = OX_SLICE("2");
	struct ox_buf segments[] = {one_segment(&first, 1), one_segment(&second, 1)};
	struct ox_buf bytes = assemble(segments, 2);
	struct ox_pack *p = NULL;
	assert_int_equal(ox_pack_open(ox_buf_view(&bytes), &p, NULL), 0);
	assert_true(ox_slice_eq_str(get(p, "m").source, "2"));
	ox_pack_close(p);
	for (int i = 0; i < 2; i++)
		ox_buf_free(&segments[i]);
	ox_buf_free(&bytes);
}

static void names_come_in_order_and_once(void **state)
{
	struct payload *p = *state;
	static const char *const expected[] = {"_ssl", "app", "json", "json.tool"};
	size_t count = 0;
	for (ox_pack_place at = 0; at != OX_PACK_NOWHERE; at = ox_pack_next(p->pack, at)) {
		struct ox_pack_record r;
		assert_int_equal(ox_pack_get(p->pack, at, &r, NULL), 0);
		assert_true(count < OX_COUNT(expected) && ox_slice_eq_str(r.name, expected[count]));
		count++;
	}
	assert_int_equal(count, OX_COUNT(expected));
	ox_pack_place members = ox_pack_lower_bound(p->pack, OX_SLICE("json."));
	assert_int_equal(members, ox_pack_find(p->pack, OX_SLICE("json.tool")));
	assert_int_equal(ox_pack_lower_bound(p->pack, OX_SLICE("z")), ox_pack_place_count(p->pack));
}

static void segments_and_their_digests_can_be_enumerated(void **state)
{
	struct payload *p = *state;
	struct ox_slice bytes;
	struct ox_digest digest;
	assert_true(ox_pack_segment(p->pack, 1, &bytes, &digest));
	assert_int_equal(digest.bytes[0], 2);
	assert_int_equal((bytes.data - p->bytes.data) % OX_PACK_ALIGN, 0);
	assert_memory_equal(bytes.data, OX_PACK_SEGMENT_MAGIC, OX_PACK_MAGIC_SIZE);
	assert_false(ox_pack_segment(p->pack, 2, &bytes, &digest));
}

static void two_resources_of_one_name_are_refused(void **state)
{
	(void)state;
	struct ox_pack_resource twice[] = {stdlib[0], stdlib[0]};
	struct ox_buf out = {0};
	struct ox_err err = {0};
	assert_int_equal(ox_pack_write_segment(twice, 2, (struct ox_slice){0}, MAGIC, &out, &err), OX_EUSAGE);
	assert_non_null(strstr(err.text, "json"));
	assert_int_equal(out.len, 0);
}

static void segments_of_different_interpreters_do_not_mix(void **state)
{
	(void)state;
	struct ox_buf a = {0}, b = {0}, out = {0};
	uint64_t offsets[2], total;
	struct ox_arena arena = {0};
	assert_int_equal(ox_pack_write_segment(stdlib, 3, (struct ox_slice){0}, MAGIC, &a, NULL), 0);
	assert_int_equal(ox_pack_write_segment(stdlib, 3, (struct ox_slice){0}, MAGIC + 1, &b, NULL), 0);
	struct ox_pack_segment_ref refs[] = {{.bytes = ox_buf_view(&a)}, {.bytes = ox_buf_view(&b)}};
	assert_int_equal(ox_pack_write_head(refs, 2, ox_pack_config_new(&arena), &out, offsets, &total, NULL),
			 OX_EUSAGE);
	ox_arena_free(&arena);
	ox_buf_free(&a);
	ox_buf_free(&b);
}

/* Reads everything there is; only a sanitizer or a crash can object. */
static void read_all(struct ox_slice bytes)
{
	struct ox_pack *p = NULL;
	if (ox_pack_open(bytes, &p, NULL) < 0)
		return;
	ox_pack_find(p, OX_SLICE("json"));
	for (ox_pack_place at = 0; at != OX_PACK_NOWHERE; at = ox_pack_next(p, at)) {
		struct ox_pack_record r;
		struct ox_pack_file f;
		if (ox_pack_get(p, at, &r, NULL) < 0)
			continue;
		for (uint32_t i = 0; i < r.files.count && ox_pack_file_at(&r.files, i, &f); i++)
			assert_in_range((uintptr_t)f.data.data, (uintptr_t)bytes.data,
					(uintptr_t)bytes.data + bytes.len);
	}
	ox_pack_close(p);
}

/* In a block of exactly its size, so that a sanitizer sees a read past its end. */
static void read_copy(const char *data, size_t len, size_t altered, char with)
{
	char *copy = malloc(len + 1);
	memcpy(copy, data, len);
	if (altered < len)
		copy[altered] = with;
	char *exact = realloc(copy, len ? len : 1);
	read_all(ox_slice(exact, len));
	free(exact);
}

static void altered_code_and_libraries_are_told(void **state)
{
	struct payload *p = *state;
	for (int level = 0; level < 3; level++) {
		struct ox_slice code = get(p->pack, "json.tool").bytecode[level];
		assert_true(ox_pack_code_intact(code));
		for (size_t bit = 0; bit < 8 * code.len; bit++) {
			char *at = p->bytes.data + (code.data - p->bytes.data) + bit / 8;
			*at ^= (char)(1 << bit % 8);
			assert_false(ox_pack_code_intact(code));
			*at ^= (char)(1 << bit % 8);
		}
	}
	struct ox_pack_record r = get(p->pack, "_ssl");
	assert_true(ox_pack_library_intact(&r));
	p->bytes.data[r.library.data - p->bytes.data + 2] ^= 1;
	assert_false(ox_pack_library_intact(&r));
}

static void a_checksum_sees_each_bit_and_the_length(void **state)
{
	char bytes[131] = {0};
	(void)state;
	for (size_t len = 0; len < sizeof bytes; len++) {
		uint32_t sum = ox_pack_sum(ox_slice(bytes, len));
		assert_int_not_equal(sum, ox_pack_sum(ox_slice(bytes, len + 1)));
		for (size_t bit = 0; bit < 8 * len; bit++) {
			bytes[bit / 8] ^= (char)(1 << bit % 8);
			assert_int_not_equal(sum, ox_pack_sum(ox_slice(bytes, len)));
			bytes[bit / 8] ^= (char)(1 << bit % 8);
		}
	}
}

static void truncated_payloads_are_safe(void **state)
{
	struct payload *p = *state;
	struct ox_pack *pack;
	struct ox_err err = {0};
	for (size_t len = 0; len < p->bytes.len; len += len < 1024 ? 1 : 97) {
		assert_int_equal(ox_pack_open(ox_slice(p->bytes.data, len), &pack, &err), OX_ECORRUPT);
		read_copy(p->bytes.data, len, len, 0);
	}
}

static void altered_payloads_are_safe(void **state)
{
	struct payload *p = *state;
	for (size_t at = 0; at < p->bytes.len; at += at % OX_PACK_ALIGN < 1024 ? 1 : 61) {
		read_copy(p->bytes.data, p->bytes.len, at, (char)0xFF);
		read_copy(p->bytes.data, p->bytes.len, at, (char)(p->bytes.data[at] ^ 0x10));
	}
}

static void a_payload_without_segments_is_empty(void **state)
{
	(void)state;
	struct ox_buf bytes = assemble(NULL, 0);
	struct ox_pack *p = NULL;
	assert_int_equal(ox_pack_open(ox_buf_view(&bytes), &p, NULL), 0);
	assert_int_equal(ox_pack_place_count(p), 0);
	assert_int_equal(ox_pack_find(p, OX_SLICE("os")), OX_PACK_NOWHERE);
	ox_pack_close(p);
	ox_buf_free(&bytes);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_found),
		TEST(an_empty_source_is_a_source),
		TEST(a_record_that_only_brings_files_does_not_hide_the_module),
		cmocka_unit_test(a_later_segment_wins),
		TEST(names_come_in_order_and_once),
		TEST(segments_and_their_digests_can_be_enumerated),
		cmocka_unit_test(two_resources_of_one_name_are_refused),
		cmocka_unit_test(segments_of_different_interpreters_do_not_mix),
		TEST(altered_code_and_libraries_are_told),
		TEST(a_checksum_sees_each_bit_and_the_length),
		TEST(truncated_payloads_are_safe),
		TEST(altered_payloads_are_safe),
		cmocka_unit_test(a_payload_without_segments_is_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
