/* Writing packed resources, version 3: for each field in order of its id, the bytes of all resources. */
#include "runtime/pack/packed_fields.h"
#include "runtime/pack/put.h"

struct writer {
	const struct ox_packed_resource *resources;
	size_t count;
	enum ox_packed_padding padding;
	struct ox_buf *out;
};

static void put(struct ox_buf *out, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		ox_buf_byte(out, (char)(value >> (8 * i)));
}

static bool is_set(const struct ox_packed_field *f, const struct ox_packed_resource *r)
{
	switch (f->shape) {
	case OX_PACKED_IS_NAME:
		return true;
	case OX_PACKED_IS_FLAG:
		return r->flags & f->slot;
	case OX_PACKED_IS_BLOB:
		return r->blobs[f->slot].data;
	case OX_PACKED_IS_TABLE:
		return r->tables[f->slot].items;
	case OX_PACKED_IS_NAMES:
		return r->needs;
	}
	return false;
}

/* Calls `each` with every run of bytes that the field has in the resource. */
static void walk(const struct ox_packed_field *f, const struct ox_packed_resource *r,
		 void (*each)(struct ox_slice bytes, size_t width, void *arg), void *arg)
{
	const struct ox_packed_items *table = &r->tables[f->shape == OX_PACKED_IS_TABLE ? f->slot : 0];
	if (f->shape == OX_PACKED_IS_NAME)
		each(r->name, f->width, arg);
	else if (f->shape == OX_PACKED_IS_BLOB)
		each(r->blobs[f->slot], f->width, arg);
	for (size_t i = 0; f->shape == OX_PACKED_IS_TABLE && i < table->count; i++) {
		each(table->items[i].name, 2, arg);
		each(table->items[i].data, f->item_width, arg);
	}
	for (size_t i = 0; f->shape == OX_PACKED_IS_NAMES && i < r->need_count; i++)
		each(r->needs[i], 2, arg);
}

static bool fits(uint64_t value, size_t width)
{
	return width >= 8 || value >> (8 * width) == 0;
}

struct survey {
	uint64_t bytes, pieces;
	bool fits;
};

static void survey_piece(struct ox_slice bytes, size_t width, void *arg)
{
	struct survey *s = arg;
	s->bytes += bytes.len;
	s->pieces++;
	s->fits = s->fits && fits(bytes.len, width);
}

static uint64_t item_count(const struct ox_packed_field *f, const struct ox_packed_resource *r)
{
	return f->shape == OX_PACKED_IS_TABLE ? r->tables[f->slot].count : r->need_count;
}

static bool has_count(const struct ox_packed_field *f)
{
	return f->shape == OX_PACKED_IS_TABLE || f->shape == OX_PACKED_IS_NAMES;
}

/* Adds the field's section to the index when any resource has it. A field that is set but empty everywhere
 * gets a section of length 0, without which PyOxidizer's reader fails. */
static int put_section(struct writer *w, const struct ox_packed_field *f, unsigned *sections, struct ox_err *err)
{
	struct survey s = {.fits = true};
	bool is_used = false;
	for (size_t i = 0; i < w->count; i++) {
		const struct ox_packed_resource *r = &w->resources[i];
		if (!is_set(f, r))
			continue;
		is_used = true;
		walk(f, r, survey_piece, &s);
		if (!s.fits || (has_count(f) && !fits(item_count(f, r), f->width)))
			return ox_fail(err, OX_EEXHAUSTED, "field %#x of %.*s is longer than packed resources can say",
				       (unsigned)f->id, OX_SLICE_ARG(r->name));
	}
	if (!is_used || f->shape == OX_PACKED_IS_FLAG)
		return 0;
	ox_buf_byte(w->out, OX_PACKED_OPEN);
	put(w->out, OX_PACKED_SECTION_FIELD | (uint64_t)f->id << 8, 2);
	ox_buf_byte(w->out, OX_PACKED_SECTION_LENGTH);
	put(w->out, s.bytes + (w->padding == OX_PACKED_NUL_PADDING ? s.pieces : 0), 8);
	if (w->padding != OX_PACKED_UNSAID)
		put(w->out, OX_PACKED_SECTION_PADDING | (uint64_t)w->padding << 8, 2);
	ox_buf_byte(w->out, (char)OX_PACKED_CLOSE);
	*sections += 1;
	return 0;
}

static void put_length(struct ox_slice bytes, size_t width, void *arg)
{
	put(arg, bytes.len, width);
}

static void put_resource(struct ox_buf *out, const struct ox_packed_resource *r)
{
	ox_buf_byte(out, OX_PACKED_OPEN);
	for (const struct ox_packed_field *f = ox_packed_fields; f->id; f++) {
		if (!is_set(f, r))
			continue;
		ox_buf_byte(out, (char)f->id);
		if (has_count(f))
			put(out, item_count(f, r), f->width);
		walk(f, r, put_length, out);
	}
	ox_buf_byte(out, (char)OX_PACKED_CLOSE);
}

static void put_bytes(struct ox_slice bytes, size_t width, void *arg)
{
	const struct writer *w = arg;
	(void)width;
	ox_buf_slice(w->out, bytes);
	if (w->padding == OX_PACKED_NUL_PADDING)
		ox_buf_byte(w->out, '\0');
}

static int put_indexes(struct writer *w, struct ox_err *err)
{
	size_t head = w->out->len;
	unsigned sections = 0;
	ox_buf_add(w->out, OX_PACKED_MAGIC, OX_PACKED_MAGIC_SIZE - 1);
	ox_buf_byte(w->out, OX_PACKED_VERSION);
	put(w->out, 0, 5);
	put(w->out, w->count, 4);
	put(w->out, 0, 4);
	for (const struct ox_packed_field *f = ox_packed_fields; f->id; f++) {
		int rc = put_section(w, f, &sections, err);
		if (rc < 0)
			return rc;
	}
	ox_buf_byte(w->out, OX_PACKED_END);
	size_t blob_index_end = w->out->len;
	for (size_t i = 0; i < w->count; i++)
		put_resource(w->out, &w->resources[i]);
	ox_buf_byte(w->out, OX_PACKED_END);
	uint64_t blob_index = blob_index_end - head - OX_PACKED_HEAD_SIZE, index = w->out->len - blob_index_end;
	if (w->count > UINT32_MAX || blob_index > UINT32_MAX || index > UINT32_MAX)
		return ox_fail(err, OX_EEXHAUSTED, "more resources than packed resources can hold");
	if (w->out->failed)
		return ox_buf_ok(w->out, "packed resources", err);
	char *at = w->out->data + head + OX_PACKED_MAGIC_SIZE;
	at[0] = (char)sections;
	ox_put_u32(at + 1, (uint32_t)blob_index);
	ox_put_u32(at + 9, (uint32_t)index);
	return 0;
}

int ox_packed_write(const struct ox_packed_resource *resources, size_t count, enum ox_packed_padding padding,
		    struct ox_buf *out, struct ox_err *err)
{
	struct writer w = {resources, count, padding, out};
	size_t before = out->len;
	int rc = put_indexes(&w, err);
	for (const struct ox_packed_field *f = ox_packed_fields; !rc && f->id; f++)
		for (size_t i = 0; i < count; i++)
			if (is_set(f, &resources[i]))
				walk(f, &resources[i], put_bytes, &w);
	if (!rc)
		rc = ox_buf_ok(out, "packed resources", err);
	if (rc < 0 && !out->failed) {
		out->len = before;
		out->data[before] = '\0';
	}
	return rc;
}
