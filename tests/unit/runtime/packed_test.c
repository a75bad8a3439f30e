#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "runtime/pack/packed_fields.h"

#define BYTES(literal) OX_SLICE(literal)

/* The written form of one module: name, source, bytecode. */
#define MODULE_HEAD "pyembed\x03"
#define MODULE_PLAIN                                                                                                   \
	MODULE_HEAD "\x03\x28\0\0\0\x01\0\0\0\x11\0\0\0"                                                               \
		    "\x01\x02\x03\x03\x03\0\0\0\0\0\0\0\xff\x01\x02\x06\x03\x04\0\0\0\0\0\0\0\xff"                   \
		    "\x01\x02\x07\x03\x08\0\0\0\0\0\0\0\xff\0"                                                         \
		    "\x01\x03\x03\0\x06\x04\0\0\0\x07\x08\0\0\0\x16\xff\0"                                             \
		    "foox=1\nBYTECODE"
#define MODULE_NUL                                                                                                     \
	MODULE_HEAD "\x03\x2e\0\0\0\x01\0\0\0\x11\0\0\0"                                                               \
		    "\x01\x02\x03\x03\x04\0\0\0\0\0\0\0\x04\x02\xff\x01\x02\x06\x03\x05\0\0\0\0\0\0\0\x04\x02\xff"    \
		    "\x01\x02\x07\x03\x09\0\0\0\0\0\0\0\x04\x02\xff\0"                                                 \
		    "\x01\x03\x03\0\x06\x04\0\0\0\x07\x08\0\0\0\x16\xff\0"                                             \
		    "foo\0x=1\n\0BYTECODE\0"
#define EMPTY "pyembed\x03\0\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0"
/* A package with an empty source, whose field has no section, and one resource. */
#define NO_SECTION                                                                                                     \
	MODULE_HEAD "\x02\x1b\0\0\0\x01\0\0\0\x1c\0\0\0"                                                               \
		    "\x01\x02\x03\x03\x03\0\0\0\0\0\0\0\xff\x01\x02\x0b\x03\x07\0\0\0\0\0\0\0\xff\0"                 \
		    "\x01\x03\x03\0\x04\x06\0\0\0\0\x0b\x01\0\0\0\x05\0\x02\0\0\0\0\0\0\0\x16\xff\0"                 \
		    "pkga.txthi"

static const struct ox_packed_resource module = {
	.name = {"foo", 3},
	.flags = OX_PACK_MODULE,
	.blobs = {[OX_PACKED_SOURCE] = {"x=1\n", 4}, [OX_PACKED_BYTECODE] = {"BYTECODE", 8}},
};

static struct ox_buf written(const struct ox_packed_resource *resources, size_t count, enum ox_packed_padding padding)
{
	struct ox_buf out = {0};
	struct ox_err err = {0};
	assert_int_equal(ox_packed_write(resources, count, padding, &out, &err), 0);
	return out;
}

static void assert_bytes(struct ox_slice got, struct ox_slice expected)
{
	assert_int_equal(got.len, expected.len);
	assert_memory_equal(got.data, expected.data, expected.len);
}

static void the_writer_makes_the_bytes_of_the_examples(void **state)
{
	struct ox_slice plain = BYTES(MODULE_PLAIN), nul = BYTES(MODULE_NUL);
	(void)state;
	struct ox_buf out = written(&module, 1, OX_PACKED_UNSAID);
	assert_int_equal(out.len, 93);
	assert_bytes(ox_buf_view(&out), plain);
	ox_buf_free(&out);
	out = written(&module, 1, OX_PACKED_NUL_PADDING);
	assert_int_equal(out.len, 102);
	assert_bytes(ox_buf_view(&out), nul);
	ox_buf_free(&out);
	out = written(&module, 1, OX_PACKED_NO_PADDING);
	assert_int_equal(out.len, 99);
	ox_buf_free(&out);
	out = written(NULL, 0, OX_PACKED_UNSAID);
	assert_bytes(ox_buf_view(&out), BYTES(EMPTY));
	ox_buf_free(&out);
}

static void a_field_that_is_empty_everywhere_gets_a_section(void **state)
{
	const struct ox_packed_resource package = {.name = {"pkg", 3}, .blobs = {[OX_PACKED_SOURCE] = {"", 0}}};
	(void)state;
	struct ox_buf out = written(&package, 1, OX_PACKED_UNSAID);
	assert_int_equal(out.data[OX_PACKED_MAGIC_SIZE], 2);
	assert_memory_equal(out.data + 34, "\x01\x02\x06\x03\0\0\0\0\0\0\0\0\xff", 13);
	ox_buf_free(&out);
}

struct parsed {
	struct ox_arena arena;
	struct ox_packed_resource *r;
	size_t count;
	struct ox_err err;
};

static int parse(struct parsed *p, struct ox_slice bytes)
{
	*p = (struct parsed){0};
	return ox_packed_read(bytes, NULL, &p->arena, &p->r, &p->count, &p->err);
}

static void the_reader_reads_the_examples(void **state)
{
	static const struct ox_slice examples[] = {BYTES(MODULE_PLAIN), BYTES(MODULE_NUL)};
	struct parsed p;
	(void)state;
	for (size_t i = 0; i < OX_COUNT(examples); i++) {
		assert_int_equal(parse(&p, examples[i]), 0);
		assert_int_equal(p.count, 1);
		assert_bytes(p.r[0].name, BYTES("foo"));
		assert_int_equal(p.r[0].flags, OX_PACK_MODULE);
		assert_bytes(p.r[0].blobs[OX_PACKED_SOURCE], BYTES("x=1\n"));
		assert_bytes(p.r[0].blobs[OX_PACKED_BYTECODE], BYTES("BYTECODE"));
		assert_null(p.r[0].blobs[OX_PACKED_BYTECODE_OPT1].data);
		assert_null(p.r[0].needs);
		ox_arena_free(&p.arena);
	}
	assert_int_equal(parse(&p, BYTES(EMPTY)), 0);
	assert_int_equal(p.count, 0);
	ox_arena_free(&p.arena);
}

static void an_empty_field_may_lack_its_section(void **state)
{
	struct parsed p;
	(void)state;
	assert_int_equal(parse(&p, BYTES(NO_SECTION)), 0);
	assert_int_equal(p.count, 1);
	assert_non_null(p.r[0].blobs[OX_PACKED_SOURCE].data);
	assert_int_equal(p.r[0].blobs[OX_PACKED_SOURCE].len, 0);
	assert_int_equal(p.r[0].tables[OX_PACKED_RESOURCES].count, 1);
	assert_bytes(p.r[0].tables[OX_PACKED_RESOURCES].items[0].data, BYTES("hi"));
	ox_arena_free(&p.arena);
}

/* Two resources with every field, of which the second has its blobs and tables empty. */
static void fill(struct ox_packed_resource r[2], struct ox_pack_file *items, struct ox_slice *needs)
{
	static const char *const blobs[] = {"s", "b0", "b1", "b2", "ext", "lib", "p/s", "p/b0", "p/b1", "p/b2",
					    "p/ext", "data", "p/data"};
	memset(r, 0, 2 * sizeof *r);
	for (int n = 0; n < 2; n++) {
		r[n].name = n ? BYTES("b") : BYTES("a.\xc3\xa9");
		for (int i = 0; i < OX_PACKED_BLOBS; i++)
			r[n].blobs[i] = ox_slice(blobs[i], n ? 0 : strlen(blobs[i]));
		for (int i = 0; i < OX_PACKED_TABLES; i++)
			r[n].tables[i] = (struct ox_packed_items){items, n ? 0 : 2};
		r[n].needs = needs;
		r[n].need_count = n ? 0 : 2;
	}
	for (const struct ox_packed_field *f = ox_packed_fields; f->id; f++)
		if (f->shape == OX_PACKED_IS_FLAG)
			r[0].flags |= f->slot;
}

static void assert_resource(const struct ox_packed_resource *a, const struct ox_packed_resource *b)
{
	assert_bytes(a->name, b->name);
	assert_int_equal(a->flags, b->flags);
	for (int i = 0; i < OX_PACKED_BLOBS; i++) {
		assert_int_equal(!a->blobs[i].data, !b->blobs[i].data);
		assert_bytes(a->blobs[i], b->blobs[i]);
	}
	for (int i = 0; i < OX_PACKED_TABLES; i++) {
		assert_int_equal(!a->tables[i].items, !b->tables[i].items);
		assert_int_equal(a->tables[i].count, b->tables[i].count);
		for (size_t k = 0; k < a->tables[i].count; k++) {
			assert_bytes(a->tables[i].items[k].name, b->tables[i].items[k].name);
			assert_bytes(a->tables[i].items[k].data, b->tables[i].items[k].data);
		}
	}
	assert_int_equal(!a->needs, !b->needs);
	assert_int_equal(a->need_count, b->need_count);
	for (size_t k = 0; k < a->need_count; k++)
		assert_bytes(a->needs[k], b->needs[k]);
}

static void every_field_survives_alone_and_with_all_others(void **state)
{
	struct ox_pack_file items[] = {{{"a.txt", 5}, {"hi", 2}}, {{"sub/b", 5}, {"", 0}}};
	struct ox_slice needs[] = {{"liba.so", 7}, {"libb.so", 7}};
	struct ox_packed_resource all[2], one[2];
	struct parsed p;
	(void)state;
	fill(all, items, needs);
	for (const struct ox_packed_field *f = ox_packed_fields;; f++) {
		for (int n = 0; n < 2 && f->id; n++) {
			one[n] = (struct ox_packed_resource){.name = all[n].name};
			if (f->shape == OX_PACKED_IS_FLAG)
				one[n].flags = all[n].flags & f->slot;
			else if (f->shape == OX_PACKED_IS_BLOB)
				one[n].blobs[f->slot] = all[n].blobs[f->slot];
			else if (f->shape == OX_PACKED_IS_TABLE)
				one[n].tables[f->slot] = all[n].tables[f->slot];
			else if (f->shape == OX_PACKED_IS_NAMES) {
				one[n].needs = all[n].needs;
				one[n].need_count = all[n].need_count;
			}
		}
		const struct ox_packed_resource *in = f->id ? one : all;
		for (int padding = OX_PACKED_UNSAID; padding <= OX_PACKED_NUL_PADDING; padding++) {
			struct ox_buf out = written(in, 2, (enum ox_packed_padding)padding);
			assert_int_equal(parse(&p, ox_buf_view(&out)), 0);
			assert_int_equal(p.count, 2);
			assert_resource(&p.r[0], &in[0]);
			assert_resource(&p.r[1], &in[1]);
			ox_arena_free(&p.arena);
			ox_buf_free(&out);
		}
		if (!f->id)
			break;
	}
}

static void assert_text(struct ox_slice bytes, const char *text)
{
	struct parsed p;
	int rc = parse(&p, bytes);
	if (text) {
		assert_int_equal(rc, OX_ECORRUPT);
		assert_string_equal(p.err.text, text);
	} else {
		assert_int_equal(rc, 0);
		assert_int_equal(p.count, 0);
	}
	ox_arena_free(&p.arena);
}

static void crafted_inputs_answer_as_pyoxidizer_does(void **state)
{
	(void)state;
	assert_text(BYTES(MODULE_HEAD "\0\0\0\0\0\0\0\0\0\0\0\0\0"), NULL);
	assert_text(BYTES(MODULE_HEAD "\0\x01\0\0\0\0\0\0\0\0\0\0\0\0"), NULL);
	assert_text(BYTES(MODULE_HEAD "\0\0\0\0\0\x01\0\0\0\x01\0\0\0\0"),
		    "mismatch between advertised index count and actual");
	assert_text(BYTES(MODULE_HEAD "\0\x01\0\0\0\x01\0\0\0\x03\0\0\0\0\x01\xff\0"),
		    "resource name field is required");
	assert_text(BYTES(MODULE_HEAD "\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0"), "mismatch between blob sections count");
	assert_text(BYTES(MODULE_HEAD "\x01\x03\0\0\0\0\0\0\0\0\0\0\0\x01\0\0"), NULL);
	assert_text(BYTES(MODULE_HEAD "\0\x01\0\0\0\x01\0\0\0\x02\0\0\0\0\x02\0"), "invalid field type");
	assert_text(BYTES(MODULE_HEAD "\0\x01\0\0\0\0\0\0\0\x03\0\0\0\0\x01\xff\0"), NULL);
	assert_text(BYTES("pyembe"), "error reading 8 byte header");
	assert_text(BYTES(""), "error reading 8 byte header");
	assert_text(BYTES("pyembed\x04"), "unrecognized file format");
	assert_text(BYTES("pyembed\0"), "unrecognized file format");
	assert_text(BYTES("PYEMBED\x03"), "unrecognized file format");
	assert_text(BYTES(MODULE_HEAD), "failed reading blob section count");
	assert_text(BYTES(MODULE_HEAD "\0\0\0\0"), "failed reading blob index length");
	assert_text(BYTES(MODULE_HEAD "\0\0\0\0\0\0"), "failed reading resources count");
	assert_text(BYTES(MODULE_HEAD "\0\0\0\0\0\0\0\0\0\0"), "failed reading resources index length");
}

#define BLOB_INDEX(sections, length, bytes) MODULE_HEAD sections length "\0\0\0\x01\0\0\0\x01\0\0\0" bytes

static void damaged_blob_indexes_are_named(void **state)
{
	(void)state;
	assert_text(BYTES(BLOB_INDEX("\x01", "\x01", "")), "failed reading blob section field type");
	assert_text(BYTES(BLOB_INDEX("\x01", "\x03", "\x01\x02")), "failed reading blob resource field value");
	assert_text(BYTES(BLOB_INDEX("\x01", "\x03", "\x01\x03\0")), "failed reading raw payload length");
	assert_text(BYTES(BLOB_INDEX("\x01", "\x03", "\x01\x04")), "failed reading interior padding field value");
	assert_text(BYTES(BLOB_INDEX("\x01", "\x03", "\x01\x04\x03")), "invalid value for interior padding field");
	assert_text(BYTES(BLOB_INDEX("\x01", "\x03", "\x01\x05")), "invalid blob index field type");
	assert_text(BYTES(BLOB_INDEX("\x01", "\x03", "\x01\xff")), "blob resource field is required");
	assert_text(BYTES(BLOB_INDEX("\x01", "\x04", "\x01\x02\x03\xff")), "blob raw payload length is required");
}

#define INDEX(length, bytes) MODULE_HEAD "\0\x01\0\0\0\x01\0\0\0" length "\0\0\0\0" bytes

static void resources_that_end_too_early_are_named(void **state)
{
	static const struct {
		struct ox_slice bytes; /* behind the mark of an entry */
		const char *text;
	} rows[] = {
		{BYTES(""), "failed reading field type"},
		{BYTES("\x03\0"), "failed reading resource name length"},
		{BYTES("\x06\0\0\0"), "failed reading source length"},
		{BYTES("\x07\0\0\0"), "failed reading bytecode length"},
		{BYTES("\x08\0\0\0"), "failed reading bytecode length"},
		{BYTES("\x09\0\0\0"), "failed reading bytecode length"},
		{BYTES("\x0a\0\0\0"), "failed reading extension module length"},
		{BYTES("\x0b\0\0\0"), "failed reading resources length"},
		{BYTES("\x0b\x01\0\0\0\0"), "failed reading resource name"},
		{BYTES("\x0b\x01\0\0\0\0\0\0\0\0\0\0\0\0"), "failed reading resource length"},
		{BYTES("\x0b\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "failed reading resource name"},
		{BYTES("\x0c\0\0\0"), "failed reading package distribution length"},
		{BYTES("\x0c\x01\0\0\0\0"), "failed reading distribution metadata name"},
		{BYTES("\x0c\x01\0\0\0\0\0\0"), "failed reading package distribution resource length"},
		{BYTES("\x0d\0\0\0\0\0\0\0"), "failed reading in-memory shared library length"},
		{BYTES("\x0e\0"), "failed reading shared library dependency names length"},
		{BYTES("\x0e\x01\0\0"), "failed reading shared library dependency name length"},
		{BYTES("\x0f\0\0\0"), "failed reading Python module relative path length"},
		{BYTES("\x10\0\0\0"), "failed reading Python module bytecode relative path length"},
		{BYTES("\x11\0\0\0"), "failed reading Python module bytecode opt 1 relative path length"},
		{BYTES("\x12\0\0\0"), "failed reading Python module bytecode opt 2 relative path length"},
		{BYTES("\x13\0\0\0"), "failed reading Python extension module shared library relative path length"},
		{BYTES("\x14\0\0\0"), "failed reading package resources relative path item count"},
		{BYTES("\x14\x01\0\0\0\0"), "failed reading resource name"},
		{BYTES("\x14\x01\0\0\0\0\0\0"), "failed reading resource path length"},
		{BYTES("\x15\0\0\0"), "failed reading package distribution relative path item count"},
		{BYTES("\x15\x01\0\0\0\0"), "failed reading package distribution metadata name"},
		{BYTES("\x15\x01\0\0\0\0\0\0"), "failed reading package distribution path length"},
		{BYTES("\x1d\0\0\0\0\0\0\0"), "failed reading embedded file data length"},
		{BYTES("\x1e\0\0\0"), "failed reading file data relative path length"},
		{BYTES("\x1f"), "invalid field type"},
		{BYTES("\xfe"), "invalid field type"},
	};
	char head[] = INDEX("\x40", "\x01");
	(void)state;
	for (size_t i = 0; i < OX_COUNT(rows); i++) {
		struct ox_buf bytes = {0};
		ox_buf_add(&bytes, head, sizeof head - 1);
		ox_buf_slice(&bytes, rows[i].bytes);
		assert_text(ox_buf_view(&bytes), rows[i].text);
		ox_buf_free(&bytes);
	}
}

/* A source comes twice and in front of the name; the sections lie in another order than their fields' numbers, one of
 * them is of a field nobody knows, or of one that has another section later; bytes lie behind the last. */
static void order_and_repetition_mean_what_they_say(void **state)
{
	char text[] = MODULE_HEAD "\x03\x28\0\0\0\x01\0\0\0\x11\0\0\0"
		      "\x01\x02\x7f\x03\x03\0\0\0\0\0\0\0\xff"
		      "\x01\x03\x04\0\0\0\0\0\0\0\x02\x06\xff"
		      "\x01\x02\x03\x03\x01\0\0\0\0\0\0\0\xff\0"
		      "\x01\x16\x06\x01\0\0\0\x06\x03\0\0\0\x03\x01\0\xff\0"
		      "???onewnbehind";
	_Alignas(8) char moved[sizeof text];
	struct parsed p;
	(void)state;
	for (size_t shift = 0; shift < 2; shift++) {
		text[23] = shift ? 0x06 : 0x7f;
		memcpy(moved + shift, text, sizeof text - 1);
		assert_int_equal(parse(&p, ox_slice(moved + shift, sizeof text - 1)), 0);
		assert_int_equal(p.count, 1);
		assert_bytes(p.r[0].name, BYTES("n"));
		assert_bytes(p.r[0].blobs[OX_PACKED_SOURCE], BYTES("new"));
		assert_int_equal(p.r[0].flags, OX_PACK_MODULE);
		ox_arena_free(&p.arena);
	}
}

static void older_versions_have_a_flavor(void **state)
{
	static const uint32_t flags[] = {0, OX_PACK_MODULE, OX_PACK_BUILTIN, OX_PACK_FROZEN, OX_PACK_EXTENSION,
					 OX_PACK_LIBRARY};
	char bytes[] = "pyembed\x01\x01\x0e\0\0\0\x01\0\0\0\x08\0\0\0"
		       "\x01\x02\x03\x03\x03\0\0\0\0\0\0\0\xff\0\x01\x03\x03\0\x02\x01\xff\0"
		       "foo";
	struct ox_slice slice = ox_slice(bytes, sizeof bytes - 1);
	struct parsed p;
	(void)state;
	for (char version = 1; version <= 2; version++)
		for (char flavor = 0; flavor < 6; flavor++) {
			bytes[7] = version;
			bytes[40] = flavor;
			assert_int_equal(parse(&p, slice), 0);
			assert_int_equal(p.r[0].flags, flags[(int)flavor]);
			ox_arena_free(&p.arena);
		}
	bytes[40] = 6;
	assert_text(slice, "unrecognized resource flavor");
	bytes[7] = 3;
	assert_text(slice, "invalid field type");
}

static void fields_of_later_versions_are_unknown_to_earlier_ones(void **state)
{
	char bytes[] = MODULE_PLAIN;
	struct ox_slice slice = ox_slice(bytes, sizeof bytes - 1);
	struct parsed p;
	(void)state;
	bytes[7] = 2; /* has the flag of modules */
	assert_int_equal(parse(&p, slice), 0);
	ox_arena_free(&p.arena);
	bytes[7] = 1; /* does not */
	assert_text(slice, "invalid field type");
	bytes[7] = 2;
	bytes[75] = 0x1b;
	assert_text(slice, "invalid field type");
}

/* A copy of exactly that length on the heap, where a sanitizer sees what is read beside it. */
static int parse_copy(const char *bytes, size_t len)
{
	char *copy = malloc(len ? len : 1);
	struct parsed p;
	assert_non_null(copy);
	memcpy(copy, bytes, len);
	int rc = parse(&p, ox_slice(copy, len));
	ox_arena_free(&p.arena);
	free(copy);
	return rc;
}

static void every_truncation_is_an_error(void **state)
{
	static const struct ox_slice examples[] = {BYTES(MODULE_PLAIN), BYTES(MODULE_NUL), BYTES(NO_SECTION)};
	(void)state;
	for (size_t i = 0; i < OX_COUNT(examples); i++)
		for (size_t len = 0; len < examples[i].len; len++)
			assert_int_equal(parse_copy(examples[i].data, len), OX_ECORRUPT);
}

static void no_flipped_bit_leads_astray(void **state)
{
	struct ox_pack_file items[] = {{{"a.txt", 5}, {"hi", 2}}, {{"sub/b", 5}, {"", 0}}};
	struct ox_slice needs[] = {{"liba.so", 7}, {"libb.so", 7}};
	struct ox_packed_resource all[2];
	(void)state;
	fill(all, items, needs);
	struct ox_buf out = written(all, 2, OX_PACKED_NUL_PADDING);
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		out.data[bit / 8] ^= (char)(1 << bit % 8);
		int rc = parse_copy(out.data, out.len);
		assert_true(rc == 0 || rc == OX_ECORRUPT);
		out.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	ox_buf_free(&out);
}

static void indexes_have_to_be_as_long_as_their_head_says(void **state)
{
	char bytes[] = MODULE_PLAIN;
	struct ox_slice slice = ox_slice(bytes, sizeof bytes - 1);
	(void)state;
	bytes[9]++;
	assert_text(slice, "blob index has another length than its head says");
	bytes[9]--;
	bytes[17]++;
	slice.len++; /* with the NUL, for the sections now end one later */
	assert_text(slice, "resources index has another length than its head says");
}

static void bytes_beyond_a_section_are_refused(void **state)
{
	char bytes[] = MODULE_PLAIN;
	struct ox_slice slice = ox_slice(bytes, sizeof bytes - 1);
	(void)state;
	bytes[0x42]++; /* the source's length; its section is not longer */
	assert_text(slice, "blob data out of range");
	bytes[0x42]--;
	memset(bytes + 0x19, 0xff, 8); /* the first section's length: the next would start at a small address again */
	assert_text(slice, "blob sections are longer than can be");
	char missing[] = NO_SECTION;
	missing[54] = 1; /* the source's length; it has no section */
	assert_text(ox_slice(missing, sizeof missing - 1), "blob section missing for field");
}

static void counts_are_not_believed(void **state)
{
	char bytes[] = NO_SECTION;
	struct ox_slice slice = ox_slice(bytes, sizeof bytes - 1);
	struct parsed p;
	(void)state;
	memset(bytes + 59, 0xff, 4); /* the number of package resources */
	assert_int_equal(parse(&p, slice), OX_ECORRUPT);
	assert_true(p.arena.total < 4096);
	ox_arena_free(&p.arena);
	memcpy(bytes, NO_SECTION, sizeof bytes);
	memset(bytes + 13, 0xff, 4); /* the number of resources */
	assert_int_equal(parse(&p, slice), OX_ECORRUPT);
	assert_true(p.arena.total < 16384);
	ox_arena_free(&p.arena);
}

static void names_have_to_be_text(void **state)
{
	static const char *const bad[] = {"\xff\xff\xff", "a\0b",   "\xc0\x80z",
					  "\xed\xa0\x80", "ab\xc3", "\xe0\x80\x80"};
	char bytes[] = MODULE_PLAIN;
	struct ox_slice slice = ox_slice(bytes, sizeof bytes - 1);
	struct parsed p;
	(void)state;
	for (size_t i = 0; i < OX_COUNT(bad); i++) {
		memcpy(bytes + 0x4e, bad[i], 3);
		assert_text(slice, "a name is not UTF-8 text");
	}
	memcpy(bytes + 0x4e, "\xe2\x82\xac", 3);
	assert_int_equal(parse(&p, slice), 0);
	ox_arena_free(&p.arena);
}

static void names_longer_than_their_field_are_refused(void **state)
{
	char *name = malloc(70000);
	struct ox_buf out = {0};
	struct ox_err err = {0};
	(void)state;
	assert_non_null(name);
	memset(name, 'a', 70000);
	struct ox_packed_resource r = {.name = ox_slice(name, 70000)};
	assert_int_equal(ox_packed_write(&r, 1, OX_PACKED_UNSAID, &out, &err), OX_EEXHAUSTED);
	assert_int_equal(out.len, 0);
	r.name.len = 65535;
	assert_int_equal(ox_packed_write(&r, 1, OX_PACKED_UNSAID, &out, &err), 0);
	ox_buf_free(&out);
	free(name);
}

static void merging_replaces_what_is_set_and_unites_flags(void **state)
{
	struct ox_pack_file items[] = {{{"a", 1}, {"1", 1}}};
	struct ox_packed_resource base = {.name = {"n", 1}, .flags = OX_PACK_MODULE, .tables = {{items, 1}}};
	struct ox_packed_resource more = {.name = {"n", 1}, .flags = OX_PACK_PACKAGE, .tables = {{items, 0}}};
	struct ox_err err = {0};
	(void)state;
	base.blobs[OX_PACKED_SOURCE] = BYTES("old");
	base.blobs[OX_PACKED_BYTECODE] = BYTES("kept");
	more.blobs[OX_PACKED_SOURCE] = BYTES("");
	assert_int_equal(ox_packed_merge(&base, &more, &err), 0);
	assert_int_equal(base.flags, OX_PACK_MODULE | OX_PACK_PACKAGE);
	assert_bytes(base.blobs[OX_PACKED_SOURCE], BYTES(""));
	assert_bytes(base.blobs[OX_PACKED_BYTECODE], BYTES("kept"));
	assert_int_equal(base.tables[OX_PACKED_RESOURCES].count, 0);
	more.name = BYTES("other");
	assert_int_equal(ox_packed_merge(&base, &more, &err), OX_EUSAGE);
	assert_string_equal(err.text, "resource names must be identical to perform a merge");
}

static void of_equal_names_in_a_table_the_last_counts(void **state)
{
	struct ox_pack_file items[] = {{{"b", 1}, {"1", 1}}, {{"a", 1}, {"2", 1}}, {{"b", 1}, {"3", 1}}};
	static const char names[] = "bab";
	struct ox_packed_items table = {items, 3};
	(void)state;
	for (size_t i = 0; i < 3; i++)
		items[i].name.data = names + i; /* in the order of the file */
	ox_packed_sort(&table);
	assert_int_equal(table.count, 2);
	assert_bytes(ox_packed_find(&table, BYTES("b"))->data, BYTES("3"));
	assert_bytes(ox_packed_find(&table, BYTES("a"))->data, BYTES("2"));
	assert_null(ox_packed_find(&table, BYTES("c")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_writer_makes_the_bytes_of_the_examples),
		cmocka_unit_test(a_field_that_is_empty_everywhere_gets_a_section),
		cmocka_unit_test(the_reader_reads_the_examples),
		cmocka_unit_test(an_empty_field_may_lack_its_section),
		cmocka_unit_test(every_field_survives_alone_and_with_all_others),
		cmocka_unit_test(crafted_inputs_answer_as_pyoxidizer_does),
		cmocka_unit_test(damaged_blob_indexes_are_named),
		cmocka_unit_test(resources_that_end_too_early_are_named),
		cmocka_unit_test(order_and_repetition_mean_what_they_say),
		cmocka_unit_test(older_versions_have_a_flavor),
		cmocka_unit_test(fields_of_later_versions_are_unknown_to_earlier_ones),
		cmocka_unit_test(every_truncation_is_an_error),
		cmocka_unit_test(no_flipped_bit_leads_astray),
		cmocka_unit_test(indexes_have_to_be_as_long_as_their_head_says),
		cmocka_unit_test(bytes_beyond_a_section_are_refused),
		cmocka_unit_test(counts_are_not_believed),
		cmocka_unit_test(names_have_to_be_text),
		cmocka_unit_test(names_longer_than_their_field_are_refused),
		cmocka_unit_test(merging_replaces_what_is_set_and_unites_flags),
		cmocka_unit_test(of_equal_names_in_a_table_the_last_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
