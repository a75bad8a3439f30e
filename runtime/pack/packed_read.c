/* Reading packed resources: one pass over the two indexes. */
#include "runtime/pack/packed_fields.h"

struct section {
	uint64_t at, end; /* the next unused byte and the first behind it, from the start of the file */
	bool padded;
};

struct reader {
	struct ox_slice bytes;
	const struct ox_packed_loader *loader;
	struct ox_arena *arena;
	struct ox_err *err;
	size_t at; /* in an index */
	int version;
	uint32_t blob_index_length, index_length;
	struct section sections[256]; /* by field */
};

static int corrupt(struct reader *r, const char *text)
{
	return ox_fail(r->err, OX_ECORRUPT, "%s", text);
}

static int load(struct reader *r, struct ox_slice part)
{
	return r->loader ? r->loader->load(r->loader->arg, part, r->err) : 0;
}

/* The first `len` bytes, or as many as there are. */
static int load_start(struct reader *r, uint64_t len)
{
	return load(r, ox_slice(r->bytes.data, len < r->bytes.len ? (size_t)len : r->bytes.len));
}

/* An integer of 1 to 8 bytes; OX_ECORRUPT with the text when the file ends before it does. */
static int take(struct reader *r, size_t width, uint64_t *value, const char *error)
{
	if (r->bytes.len - r->at < width)
		return corrupt(r, error);
	*value = 0;
	for (size_t i = 0; i < width; i++)
		*value |= (uint64_t)(unsigned char)r->bytes.data[r->at + i] << (8 * i);
	r->at += width;
	return 0;
}

/* The fields of a section's entry, up to its end mark. */
struct entry {
	uint64_t field, length, padding;
	bool has_field, has_length;
};

static int read_section_field(struct reader *r, uint64_t tag, struct entry *e)
{
	int rc;
	switch (tag) {
	case OX_PACKED_SECTION_FIELD:
		e->has_field = true;
		return take(r, 1, &e->field, "failed reading blob resource field value");
	case OX_PACKED_SECTION_LENGTH:
		e->has_length = true;
		return take(r, 8, &e->length, "failed reading raw payload length");
	case OX_PACKED_SECTION_PADDING:
		rc = take(r, 1, &e->padding, "failed reading interior padding field value");
		if (!rc && e->padding != OX_PACKED_NO_PADDING && e->padding != OX_PACKED_NUL_PADDING)
			rc = corrupt(r, "invalid value for interior padding field");
		return rc;
	default:
		return corrupt(r, "invalid blob index field type");
	}
}

static int end_section(struct reader *r, const struct entry *e, uint64_t *start)
{
	if (!e->has_field)
		return corrupt(r, "blob resource field is required");
	if (!e->has_length)
		return corrupt(r, "blob raw payload length is required");
	struct section *s = &r->sections[e->field];
	*s = (struct section){.at = *start, .padded = e->padding == OX_PACKED_NUL_PADDING};
	if (__builtin_add_overflow(*start, e->length, &s->end))
		return corrupt(r, "blob sections are longer than can be");
	*start = s->end;
	return 0;
}

/* The last section's end goes to *end. */
static int read_blob_index(struct reader *r, uint64_t count, uint64_t *end)
{
	struct entry e = {0};
	uint64_t tag, seen = 0;
	*end = OX_PACKED_HEAD_SIZE + (uint64_t)r->blob_index_length + r->index_length;
	if (count == 0 && r->blob_index_length == 0)
		return 0;
	for (;;) {
		int rc = take(r, 1, &tag, "failed reading blob section field type");
		if (!rc && tag == OX_PACKED_END)
			return seen == count ? 0 : corrupt(r, "mismatch between blob sections count");
		if (!rc && tag == OX_PACKED_OPEN) {
			e = (struct entry){0};
			seen++;
		} else if (!rc) {
			rc = tag == OX_PACKED_CLOSE ? end_section(r, &e, end) : read_section_field(r, tag, &e);
		}
		if (rc < 0)
			return rc;
	}
}

/* The next `len` bytes of a field's section. A field of which nothing has any bytes may lack a section. */
static int take_blob(struct reader *r, unsigned char field, uint64_t len, struct ox_slice *out)
{
	struct section *s = &r->sections[field];
	if (s->end == 0) {
		if (len)
			return corrupt(r, "blob section missing for field");
		*out = ox_slice(r->bytes.data, 0);
		return 0;
	}
	if (s->end > r->bytes.len || len > s->end - s->at || (s->padded && len == s->end - s->at))
		return corrupt(r, "blob data out of range");
	*out = ox_slice(r->bytes.data + s->at, (size_t)len);
	s->at += len + s->padded;
	return 0;
}

/* Well-formed UTF-8 (RFC 3629) without NUL. */
static bool is_text(struct ox_slice s)
{
	const unsigned char *p = (const unsigned char *)s.data, *end = p + s.len;
	while (p < end) {
		unsigned char first = *p++;
		int more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
		if (first == 0 || (first >= 0x80 && first < 0xC2) || first > 0xF4 || end - p < more)
			return false;
		/* Overlong forms, surrogates, and what lies beyond U+10FFFF show in the second byte. */
		if ((first == 0xE0 && p[0] < 0xA0) || (first == 0xED && p[0] > 0x9F) ||
		    (first == 0xF0 && p[0] < 0x90) || (first == 0xF4 && p[0] > 0x8F))
			return false;
		for (; more; more--)
			if ((*p++ & 0xC0) != 0x80)
				return false;
	}
	return true;
}

static int take_text(struct reader *r, unsigned char field, uint64_t len, struct ox_slice *out)
{
	int rc = take_blob(r, field, len, out);
	if (!rc)
		rc = load(r, *out);
	if (!rc && !is_text(*out))
		rc = corrupt(r, "a name is not UTF-8 text");
	return rc;
}

/* Room for `count` items of a field, whose lengths take `width` bytes each in the index, the first two of them for the
 * name's; counts are not believed. */
static int allocate(struct reader *r, const struct ox_packed_field *f, uint64_t count, size_t width, size_t size,
		    void **out)
{
	size_t left = r->bytes.len - r->at;
	if (count > left / width)
		return corrupt(r, left % width < 2 ? f->name_error : f->item_error);
	*out = ox_arena_array(r->arena, count ? (size_t)count : 1, size);
	return *out ? 0 : ox_fail_nomem(r->err, "packed resources");
}

static int read_table(struct reader *r, const struct ox_packed_field *f, uint64_t count, struct ox_packed_items *out)
{
	struct ox_packed_items t = {.count = (size_t)count};
	uint64_t name, value;
	void *items;
	int rc = allocate(r, f, count, 2u + f->item_width, sizeof *t.items, &items);
	t.items = rc < 0 ? NULL : items;
	for (size_t i = 0; !rc && i < count; i++) {
		rc = take(r, 2, &name, f->name_error);
		if (!rc)
			rc = take(r, f->item_width, &value, f->item_error);
		if (!rc)
			rc = take_text(r, f->id, name, &t.items[i].name);
		if (!rc)
			rc = take_blob(r, f->id, value, &t.items[i].data);
	}
	if (rc < 0)
		return rc;
	ox_packed_sort(&t);
	*out = t;
	return 0;
}

static int read_names(struct reader *r, const struct ox_packed_field *f, uint64_t count,
		      struct ox_packed_resource *out)
{
	void *items;
	uint64_t len;
	int rc = allocate(r, f, count, 2, sizeof *out->needs, &items);
	struct ox_slice *needs = rc < 0 ? NULL : items;
	for (size_t i = 0; !rc && i < count; i++) {
		rc = take(r, 2, &len, f->name_error);
		if (!rc)
			rc = take_text(r, f->id, len, &needs[i]);
	}
	if (rc < 0)
		return rc;
	out->needs = needs;
	out->need_count = (size_t)count;
	return 0;
}

static int read_flavor(struct reader *r, struct ox_packed_resource *out)
{
	static const uint32_t flags[] = {0,		 OX_PACK_MODULE,    OX_PACK_BUILTIN,
					 OX_PACK_FROZEN, OX_PACK_EXTENSION, OX_PACK_LIBRARY};
	uint64_t flavor;
	int rc = take(r, 1, &flavor, "failed reading resource flavor");
	if (!rc && flavor >= OX_COUNT(flags))
		rc = corrupt(r, "unrecognized resource flavor");
	if (!rc)
		out->flags |= flags[flavor];
	return rc;
}

static int read_field(struct reader *r, unsigned char tag, struct ox_packed_resource *out)
{
	const struct ox_packed_field *f = ox_packed_field(tag, r->version);
	uint64_t length = 0;
	if (tag == OX_PACKED_FLAVOR && r->version < 3)
		return read_flavor(r, out);
	if (!f)
		return corrupt(r, "invalid field type");
	int rc = f->width ? take(r, f->width, &length, f->length_error) : 0;
	if (rc < 0)
		return rc;
	switch (f->shape) {
	case OX_PACKED_IS_NAME:
		return take_text(r, f->id, length, &out->name);
	case OX_PACKED_IS_FLAG:
		out->flags |= f->slot;
		return 0;
	case OX_PACKED_IS_BLOB:
		return (f->is_text ? take_text : take_blob)(r, f->id, length, &out->blobs[f->slot]);
	case OX_PACKED_IS_TABLE:
		return read_table(r, f, length, &out->tables[f->slot]);
	case OX_PACKED_IS_NAMES:
		return read_names(r, f, length, out);
	}
	return corrupt(r, "invalid field type");
}

static int read_resources(struct reader *r, struct ox_packed_resource *resources, size_t count)
{
	static const char mismatch[] = "mismatch between advertised index count and actual";
	struct ox_packed_resource *open = NULL;
	uint64_t tag = OX_PACKED_END;
	for (size_t seen = 0, done = 0;;) {
		int rc = take(r, 1, &tag, "failed reading field type");
		if (rc < 0)
			return rc;
		if (tag == OX_PACKED_END)
			return seen == count && done == count ? 0 : corrupt(r, mismatch);
		if (tag == OX_PACKED_OPEN) {
			if (seen++ == count)
				return corrupt(r, mismatch);
			open = &resources[done];
			*open = (struct ox_packed_resource){0};
		} else if (!open) {
			bool is_known = tag == OX_PACKED_CLOSE || ox_packed_field((unsigned char)tag, r->version);
			return corrupt(r, is_known ? "resource name field is required" : "invalid field type");
		} else if (tag != OX_PACKED_CLOSE) {
			rc = read_field(r, (unsigned char)tag, open);
		} else if (!open->name.data) {
			rc = corrupt(r, "resource name field is required");
		} else {
			done++;
			open = NULL;
		}
		if (rc < 0)
			return rc;
	}
}

static int read_head(struct reader *r, uint64_t *sections, uint64_t *count)
{
	static const struct ox_slice magic = {OX_PACKED_MAGIC, OX_PACKED_MAGIC_SIZE - 1};
	uint64_t blob_index, index;
	int rc = load_start(r, OX_PACKED_HEAD_SIZE);
	if (rc < 0)
		return rc;
	if (r->bytes.len < OX_PACKED_MAGIC_SIZE)
		return corrupt(r, "error reading 8 byte header");
	r->version = r->bytes.data[OX_PACKED_MAGIC_SIZE - 1];
	if (!ox_slice_starts(r->bytes, magic) || r->version < 1 || r->version > OX_PACKED_VERSION)
		return corrupt(r, "unrecognized file format");
	r->at = OX_PACKED_MAGIC_SIZE;
	rc = take(r, 1, sections, "failed reading blob section count");
	if (!rc)
		rc = take(r, 4, &blob_index, "failed reading blob index length");
	if (!rc)
		rc = take(r, 4, count, "failed reading resources count");
	if (!rc)
		rc = take(r, 4, &index, "failed reading resources index length");
	if (rc < 0)
		return rc;
	r->blob_index_length = (uint32_t)blob_index;
	r->index_length = (uint32_t)index;
	return load_start(r, OX_PACKED_HEAD_SIZE + blob_index + index);
}

/* Both indexes are where the head says, and all sections are there. */
static int read_body(struct reader *r, size_t count, uint64_t end, struct ox_packed_resource **out)
{
	enum { SMALLEST = 5 }; /* an entry with a name */
	uint64_t index_end = OX_PACKED_HEAD_SIZE + (uint64_t)r->blob_index_length + r->index_length;
	if (r->at + r->index_length != index_end)
		return corrupt(r, "blob index has another length than its head says");
	size_t most = (r->bytes.len - r->at) / SMALLEST + 1; /* counts are not believed */
	struct ox_packed_resource *resources =
		ox_arena_array(r->arena, count < most ? count : most, sizeof *resources);
	if (!resources)
		return ox_fail_nomem(r->err, "packed resources");
	int rc = read_resources(r, resources, count);
	if (!rc && r->at != index_end)
		rc = corrupt(r, "resources index has another length than its head says");
	if (!rc && end > r->bytes.len)
		rc = corrupt(r, "blob data out of range");
	if (!rc)
		*out = resources;
	return rc;
}

int ox_packed_read(struct ox_slice bytes, const struct ox_packed_loader *loader, struct ox_arena *arena,
		   struct ox_packed_resource **out, size_t *count, struct ox_err *err)
{
	struct reader r = {.bytes = bytes, .loader = loader, .arena = arena, .err = err};
	struct ox_packed_resource *resources = NULL;
	uint64_t sections, number, end = 0;
	int rc = read_head(&r, &sections, &number);
	if (!rc)
		rc = read_blob_index(&r, sections, &end);
	if (rc < 0)
		return rc;
	if (number == 0 || r.index_length == 0)
		number = 0; /* nothing is looked at, then */
	else
		rc = read_body(&r, (size_t)number, end, &resources);
	if (rc < 0)
		return rc;
	*out = resources;
	*count = (size_t)number;
	return 0;
}
