/* A marshal stream is a tree in pre-order, and a reference number is reserved
 * when its object begins. So one pass with a stack of "how much is missing"
 * finds every flag and reference in stream order, and a second one copies the
 * bytes between them. */
#include "daemon/python/marshal_normal.h"

#include "proto/base/vec.h"

enum {
	FLAG_REF = 0x80,
	MAX_DEPTH = 2000, /* MAX_MARSHAL_STACK_DEPTH */
	MINOR_NEW_CODE = 11,
};

/* A flagged object or a reference, in stream order. */
struct mark {
	uint32_t offset; /* of the type byte */
	uint32_t number; /* of a reference: the object's; of an object: its new one */
	bool is_ref;
	bool used;   /* of an object: something refers to it */
	bool plain;  /* of an object: without FLAG_REF, here for its type only */
	bool demote; /* of an object: a text that is written as not interned */
};

/* A container whose elements are not all read yet. */
struct level {
	uint32_t objects; /* still to come */
	uint32_t longs;   /* 4-byte integers to come after them */
	uint32_t tail;    /* objects to come after those */
	bool until_null;  /* a dict: pairs until TYPE_NULL */
	bool at_value;    /* of a dict: the key was read */
};

struct parser {
	struct ox_slice in;
	size_t at;
	int minor;
	struct {
		OX_VEC(struct mark) v;
	} marks;
	struct {
		OX_VEC(uint32_t) v; /* number -> index into marks */
	} objects;
	struct {
		OX_VEC(struct level) v;
	} stack;
	struct ox_err *err;
};

static int corrupt(struct parser *p, const char *what)
{
	return ox_fail(p->err, OX_ECORRUPT, "marshalled code: %s at byte %zu of %zu", what, p->at, p->in.len);
}

static int skip(struct parser *p, uint64_t bytes)
{
	if (bytes > p->in.len - p->at)
		return corrupt(p, "truncated");
	p->at += (size_t)bytes;
	return 0;
}

static int read_u32(struct parser *p, uint32_t *value)
{
	if (p->in.len - p->at < 4)
		return corrupt(p, "truncated");
	const uint8_t *b = (const uint8_t *)p->in.data + p->at;
	*value = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
	p->at += 4;
	return 0;
}

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static int note_demoted(struct parser *p, size_t offset)
{
	bool has_mark = (uint8_t)p->in.data[offset] & FLAG_REF; /* made for the flag, the last one */
	struct mark *m = has_mark ? &p->marks.v.items[p->marks.v.len - 1] : ox_vec_push(&p->marks.v);
	if (!m)
		return ox_fail_nomem(p->err, "normalising code");
	if (!has_mark)
		*m = (struct mark){.offset = (uint32_t)offset, .plain = true};
	m->demote = true;
	return 0;
}

/* Strings of one character exist once a process, interned or not by what else it compiled (`from x import *`). What
 * could be a name is interned always. */
static int check_interned(struct parser *p, char type, size_t offset)
{
	const char *text = p->in.data + offset + (type == 'Z' ? 2 : 5);
	size_t len = (size_t)(p->in.data + p->at - text);
	bool ascii = type == 'Z' && len == 1 && !is_name_char(*text);
	bool latin1 = type == 't' && len == 2 && ((uint8_t)*text == 0xc2 || (uint8_t)*text == 0xc3);
	return ascii || latin1 ? note_demoted(p, offset) : 0;
}

static int skip_text(struct parser *p, bool short_length)
{
	uint32_t len;
	if (short_length) {
		if (p->at == p->in.len)
			return corrupt(p, "truncated");
		len = (uint8_t)p->in.data[p->at++];
	} else {
		int rc = read_u32(p, &len);
		if (rc)
			return rc;
	}
	return skip(p, len);
}

/* An integer as 15-bit digits; the sign is that of the count. */
static int skip_long(struct parser *p)
{
	uint32_t raw;
	int rc = read_u32(p, &raw);
	if (rc)
		return rc;
	int64_t digits = (int32_t)raw;
	return skip(p, (uint64_t)(digits < 0 ? -digits : digits) * 2);
}

static int push(struct parser *p, struct level level)
{
	if (p->stack.v.len >= MAX_DEPTH)
		return corrupt(p, "nested too deeply");
	struct level *slot = ox_vec_push(&p->stack.v);
	if (!slot)
		return ox_fail_nomem(p->err, "normalising code");
	*slot = level;
	return 0;
}

static int push_sequence(struct parser *p, bool short_length)
{
	uint32_t n;
	if (short_length) {
		if (p->at == p->in.len)
			return corrupt(p, "truncated");
		n = (uint8_t)p->in.data[p->at++];
	} else {
		int rc = read_u32(p, &n);
		if (rc)
			return rc;
	}
	if (n > p->in.len - p->at)
		return corrupt(p, "a sequence longer than its bytes");
	return push(p, (struct level){.objects = n});
}

static int push_code(struct parser *p)
{
	bool is_new = p->minor >= MINOR_NEW_CODE;
	int rc = skip(p, is_new ? 5 * 4 : 6 * 4);
	if (rc)
		return rc;
	return push(p, (struct level){.objects = 8, .longs = 1, .tail = is_new ? 2 : 1});
}

static int note_flag(struct parser *p, size_t offset)
{
	struct mark *m = ox_vec_push(&p->marks.v);
	uint32_t *object = m ? ox_vec_push(&p->objects.v) : NULL;
	if (!object)
		return ox_fail_nomem(p->err, "normalising code");
	m->offset = (uint32_t)offset;
	*object = (uint32_t)(p->marks.v.len - 1);
	return 0;
}

static int note_reference(struct parser *p, size_t offset)
{
	uint32_t number;
	int rc = read_u32(p, &number);
	if (rc)
		return rc;
	if (number >= p->objects.v.len)
		return corrupt(p, "a reference to nothing");
	struct mark *m = ox_vec_push(&p->marks.v);
	if (!m)
		return ox_fail_nomem(p->err, "normalising code");
	*m = (struct mark){.offset = (uint32_t)offset, .number = number, .is_ref = true};
	p->marks.v.items[p->objects.v.items[number]].used = true;
	return 0;
}

static int read_body(struct parser *p, char type, size_t offset)
{
	switch (type) {
	case 'N': /* None, StopIteration, Ellipsis, False, True */
	case 'S':
	case '.':
	case 'F':
	case 'T':
		return 0;
	case 'i':
		return skip(p, 4);
	case 'I': /* int64, float, complex */
	case 'g':
		return skip(p, 8);
	case 'y':
		return skip(p, 16);
	case 'l':
		return skip_long(p);
	case 'f':
		return skip_text(p, true);
	case 'x': {
		int rc = skip_text(p, true);
		return rc ? rc : skip_text(p, true);
	}
	case 't': { /* interned */
		int rc = skip_text(p, false);
		return rc ? rc : check_interned(p, type, offset);
	}
	case 's': /* bytes, unicode, ascii, interned ascii */
	case 'u':
	case 'a':
	case 'A':
		return skip_text(p, false);
	case 'z': /* short ascii */
		return skip_text(p, true);
	case 'Z': { /* the same, interned */
		int rc = skip_text(p, true);
		return rc ? rc : check_interned(p, type, offset);
	}
	case ')':
		return push_sequence(p, true);
	case '(': /* tuple, list, set, frozenset */
	case '[':
	case '<':
	case '>':
		return push_sequence(p, false);
	case '{':
		return push(p, (struct level){.until_null = true});
	case ':': /* slice */
		return push(p, (struct level){.objects = 3});
	case 'c':
		return push_code(p);
	case 'r':
		return note_reference(p, offset);
	default:
		return corrupt(p, "an unknown type");
	}
}

/* One object's head, and its bytes when it is a leaf. *null tells of a TYPE_NULL. */
static int read_object(struct parser *p, bool *null)
{
	if (p->at == p->in.len)
		return corrupt(p, "truncated");
	size_t offset = p->at++;
	uint8_t byte = (uint8_t)p->in.data[offset];
	char type = (char)(byte & ~FLAG_REF);
	*null = byte == '0';
	if (*null)
		return 0;
	if (byte & FLAG_REF) {
		if (type == 'r' || type == '0')
			return corrupt(p, "an unknown type");
		int rc = note_flag(p, offset);
		if (rc)
			return rc;
	}
	return read_body(p, type, offset);
}

/* The next object of the innermost container; *open: it is not complete. */
static int advance(struct parser *p, bool *open)
{
	struct level *top = &p->stack.v.items[p->stack.v.len - 1];
	size_t index = p->stack.v.len - 1;
	*open = true;
	if (!top->until_null && top->objects == 0) {
		int rc = skip(p, (uint64_t)top->longs * 4);
		top->objects = top->tail;
		*open = top->objects != 0;
		top->longs = top->tail = 0;
		return rc;
	}
	if (top->until_null)
		top->at_value = !top->at_value;
	else
		top->objects--;
	bool null;
	int rc = read_object(p, &null);
	if (rc || !null)
		return rc;
	top = &p->stack.v.items[index];
	if (!top->until_null || !top->at_value)
		return corrupt(p, "a missing object");
	*open = false;
	return 0;
}

static int parse(struct parser *p)
{
	bool null;
	int rc = read_object(p, &null);
	if (!rc && null)
		rc = corrupt(p, "no object");
	while (!rc && p->stack.v.len) {
		bool open;
		rc = advance(p, &open);
		if (!rc && !open)
			p->stack.v.len--;
	}
	if (!rc && p->at != p->in.len)
		rc = corrupt(p, "more bytes than one object");
	return rc;
}

static void write_out(struct parser *p, struct ox_buf *out)
{
	size_t from = 0;
	uint32_t next = 0;
	for (size_t i = 0; i < p->marks.v.len; i++) {
		struct mark *m = &p->marks.v.items[i];
		ox_buf_add(out, p->in.data + from, m->offset - from);
		if (m->is_ref) {
			ox_buf_byte(out, 'r');
			ox_buf_u32(out, p->marks.v.items[p->objects.v.items[m->number]].number);
			from = (size_t)m->offset + 5;
			continue;
		}
		uint8_t byte = (uint8_t)p->in.data[m->offset];
		if (m->demote)
			byte = (uint8_t)((byte & FLAG_REF) | ((byte & ~FLAG_REF) == 'Z' ? 'z' : 'u'));
		ox_buf_byte(out, (char)(m->used ? byte : byte & ~FLAG_REF));
		from = (size_t)m->offset + 1;
		if (m->used)
			m->number = next++;
	}
	ox_buf_add(out, p->in.data + from, p->in.len - from);
}

int ox_marshal_normalise(struct ox_slice in, int minor, struct ox_buf *out, struct ox_err *err)
{
	struct parser p = {.in = in, .minor = minor, .err = err};
	size_t before = out->len;
	int rc = in.len > INT32_MAX ? corrupt(&p, "too long") : parse(&p);
	if (!rc) {
		write_out(&p, out);
		rc = ox_buf_ok(out, "normalised code", err);
	}
	if (rc && !out->failed)
		out->len = before;
	ox_vec_free(&p.marks.v);
	ox_vec_free(&p.objects.v);
	ox_vec_free(&p.stack.v);
	return rc;
}
