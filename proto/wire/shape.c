#include "proto/wire/shape.h"

#include "proto/base/digest_id.h"

#include <pb_decode.h>
#include <pb_encode.h>

/* One field of one message under way: what nanopb's callbacks get to see. */
struct binding {
	const struct ox_field *field;
	void *place;
	size_t *count;
	size_t capacity;        /* lists: room in the array that is growing in the arena */
	struct ox_arena *arena; /* decoding */
	struct ox_err *err;
	int code; /* set when a callback failed for a reason of its own */
};

static bool write_to_buf(pb_ostream_t *stream, const pb_byte_t *bytes, size_t len)
{
	struct ox_buf *out = stream->state;
	ox_buf_add(out, bytes, len);
	return !out->failed;
}

static bool put_bytes(pb_ostream_t *stream, const pb_field_t *field, struct ox_slice bytes)
{
	return pb_encode_tag_for_field(stream, field) &&
	       pb_encode_string(stream, (const pb_byte_t *)bytes.data, bytes.len);
}

static bool put_item(pb_ostream_t *stream, const pb_field_t *field, struct binding *b, const void *item)
{
	struct ox_buf bytes = {0};
	b->code = ox_shape_encode(b->field->item, item, &bytes, b->err);
	bool ok = b->code == 0 && put_bytes(stream, field, ox_buf_view(&bytes));
	ox_buf_free(&bytes);
	return ok;
}

static bool encode_field(pb_ostream_t *stream, const pb_field_t *field, void *const *arg)
{
	struct binding *b = *arg;
	if (b->field->type == OX_FIELD_BYTES) {
		const struct ox_slice *s = b->place;
		return s->len == 0 || put_bytes(stream, field, *s);
	}
	if (b->field->type == OX_FIELD_DIGEST) {
		const struct ox_digest *d = b->place;
		return ox_digest_is_zero(d) || put_bytes(stream, field, ox_slice(d->bytes, sizeof d->bytes));
	}
	bool texts = b->field->type == OX_FIELD_TEXTS;
	size_t item_size = texts ? sizeof(struct ox_slice) : b->field->item->size;
	const char *items = *(char **)b->place;
	for (size_t i = 0; i < *b->count; i++) {
		const void *item = items + i * item_size;
		if (texts ? !put_bytes(stream, field, *(const struct ox_slice *)item)
			  : !put_item(stream, field, b, item))
			return false;
	}
	return true;
}

static bool exhausted(struct binding *b)
{
	b->code = ox_fail(b->err, OX_EEXHAUSTED, "the message needs more memory than a message may");
	return false;
}

static bool take_bytes(pb_istream_t *stream, struct binding *b, struct ox_slice *out)
{
	size_t len = stream->bytes_left;
	char *data = ox_arena_alloc(b->arena, len + 1);
	if (!data)
		return exhausted(b);
	*out = ox_slice(data, len);
	return pb_read(stream, (pb_byte_t *)data, len);
}

static bool take_digest(pb_istream_t *stream, struct binding *b)
{
	if (stream->bytes_left == OX_DIGEST_SIZE)
		return pb_read(stream, ((struct ox_digest *)b->place)->bytes, OX_DIGEST_SIZE);
	b->code = ox_fail(b->err, OX_ECORRUPT, "a digest of %zu bytes", stream->bytes_left);
	return false;
}

/* A zeroed new last item of the list; the array moves within the arena. */
static void *grow_list(struct binding *b, size_t item_size)
{
	char **items = b->place;
	if (*b->count == b->capacity) {
		size_t capacity = b->capacity ? b->capacity * 2 : 4;
		char *grown = ox_arena_array(b->arena, capacity, item_size);
		if (!grown)
			return NULL;
		if (*b->count)
			memcpy(grown, *items, *b->count * item_size);
		*items = grown;
		b->capacity = capacity;
	}
	return *items + (*b->count)++ * item_size;
}

static bool take_item(pb_istream_t *stream, struct binding *b)
{
	bool texts = b->field->type == OX_FIELD_TEXTS;
	void *item = grow_list(b, texts ? sizeof(struct ox_slice) : b->field->item->size);
	if (!item)
		return exhausted(b);
	if (texts)
		return take_bytes(stream, b, item);
	struct ox_slice bytes;
	if (!take_bytes(stream, b, &bytes))
		return false;
	b->code = ox_shape_decode(b->field->item, bytes, b->arena, item, b->err);
	return b->code == 0;
}

static bool decode_field(pb_istream_t *stream, const pb_field_t *field, void **arg)
{
	(void)field;
	struct binding *b = *arg;
	if (b->field->type == OX_FIELD_BYTES)
		return take_bytes(stream, b, b->place);
	if (b->field->type == OX_FIELD_DIGEST)
		return take_digest(stream, b);
	return take_item(stream, b);
}

static struct binding bind(const struct ox_field *field, char *ours)
{
	bool list = field->type == OX_FIELD_TEXTS || field->type == OX_FIELD_ITEMS;
	return (struct binding){
		.field = field,
		.place = ours + field->place,
		.count = list ? (size_t *)(void *)(ours + field->count) : NULL,
	};
}

static int first_code(const struct binding *bindings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (bindings[i].code)
			return bindings[i].code;
	return 0;
}

int ox_shape_encode(const struct ox_shape *shape, const void *in, struct ox_buf *out, struct ox_err *err)
{
	struct binding bindings[OX_SHAPE_FIELDS_MAX];
	char *generated = calloc(1, shape->generated_size + 1);
	if (!generated)
		return ox_fail_nomem(err, shape->name);
	for (size_t i = 0; i < shape->field_count; i++) {
		const struct ox_field *f = &shape->fields[i];
		/* The callbacks only read through the binding when encoding. */
		bindings[i] = bind(f, (char *)(uintptr_t)in);
		bindings[i].err = err;
		if (f->type == OX_FIELD_NUMBER) {
			memcpy(generated + f->generated, bindings[i].place, f->size);
		} else {
			pb_callback_t *callback = (pb_callback_t *)(void *)(generated + f->generated);
			callback->funcs.encode = encode_field;
			callback->arg = &bindings[i];
		}
	}
	pb_ostream_t stream = {.callback = write_to_buf, .state = out, .max_size = SIZE_MAX};
	int code = 0;
	if (!pb_encode(&stream, shape->descriptor, generated)) {
		code = first_code(bindings, shape->field_count);
		if (!code)
			code = out->failed ? ox_buf_ok(out, shape->name, err)
					   : ox_fail(err, OX_EINTERNAL, "cannot encode %s: %s", shape->name,
						     PB_GET_ERROR(&stream));
	}
	free(generated);
	return code;
}

static int copy_numbers(const struct ox_shape *shape, const char *generated, char *out, struct ox_err *err)
{
	for (size_t i = 0; i < shape->field_count; i++) {
		const struct ox_field *f = &shape->fields[i];
		if (f->type != OX_FIELD_NUMBER)
			continue;
		memcpy(out + f->place, generated + f->generated, f->size);
		if (f->max == 0)
			continue;
		uint32_t value;
		memcpy(&value, out + f->place, sizeof value);
		if (value < f->min || value > f->max)
			return ox_fail(err, OX_ECORRUPT, "%s has the value %u where %u to %u are known", shape->name,
				       value, f->min, f->max);
	}
	return 0;
}

int ox_shape_decode(const struct ox_shape *shape, struct ox_slice bytes, struct ox_arena *arena, void *out,
		    struct ox_err *err)
{
	struct binding bindings[OX_SHAPE_FIELDS_MAX];
	char *generated = calloc(1, shape->generated_size + 1);
	if (!generated)
		return ox_fail_nomem(err, shape->name);
	for (size_t i = 0; i < shape->field_count; i++) {
		const struct ox_field *f = &shape->fields[i];
		bindings[i] = bind(f, out);
		bindings[i].err = err;
		bindings[i].arena = arena;
		if (f->type != OX_FIELD_NUMBER) {
			pb_callback_t *callback = (pb_callback_t *)(void *)(generated + f->generated);
			callback->funcs.decode = decode_field;
			callback->arg = &bindings[i];
		}
	}
	static const pb_byte_t nothing;
	pb_istream_t stream = pb_istream_from_buffer(bytes.len ? (const pb_byte_t *)bytes.data : &nothing, bytes.len);
	int code = 0;
	if (!pb_decode_ex(&stream, shape->descriptor, generated, PB_DECODE_NOINIT)) {
		code = first_code(bindings, shape->field_count);
		if (!code)
			code = ox_fail(err, OX_ECORRUPT, "not a valid %s message: %s", shape->name,
				       PB_GET_ERROR(&stream));
	} else {
		code = copy_numbers(shape, generated, out, err);
	}
	free(generated);
	return code;
}
