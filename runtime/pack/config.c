#include "runtime/pack/config.h"

#include <errno.h>
#include <inttypes.h>

const struct ox_config_field ox_config_fields[] = {
#define FIELD(name, type, choices, default_value) {#name, OX_CONFIG_##type, choices, default_value},
#include "runtime/pack/config_fields.def"
#undef FIELD
};
enum { FIELD_COUNT = sizeof ox_config_fields / sizeof ox_config_fields[0] };
const size_t ox_config_field_count = FIELD_COUNT;

struct value {
	bool set;
	int64_t number; /* of a bool or an int */
	struct ox_slice text;
	struct ox_slice *items;
	size_t count;
};

struct ox_pack_config {
	struct ox_arena *arena;
	struct value values[FIELD_COUNT];
};

const struct ox_config_field *ox_config_field_find(const char *name)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const char *own = ox_config_fields[i].name;
		if (own[0] == name[0] && strcmp(own, name) == 0) /* thousands of calls at each start otherwise */
			return &ox_config_fields[i];
	}
	return NULL;
}

static const char *type_name(enum ox_config_type type)
{
	static const char *const names[] = {"a bool", "an integer", "a string", "a list of strings"};
	return names[type];
}

/* The field's index when it may hold `type`, else a negative error code. */
static int writable(const char *name, enum ox_config_type type, struct ox_err *err)
{
	const struct ox_config_field *field = ox_config_field_find(name);
	if (!field)
		return ox_fail(err, OX_EUSAGE, "PythonInterpreterConfig has no attribute %s", name);
	if (field->type != type)
		return ox_fail(err, OX_EUSAGE, "%s takes %s, not %s", name, type_name(field->type), type_name(type));
	return (int)(field - ox_config_fields);
}

static const struct value *readable(const struct ox_pack_config *c, const char *name, enum ox_config_type type)
{
	const struct ox_config_field *field = ox_config_field_find(name);
	if (!field || field->type != type)
		return NULL;
	const struct value *v = &c->values[field - ox_config_fields];
	return v->set ? v : NULL;
}

static bool is_choice(const char *choices, struct ox_slice text)
{
	while (choices) {
		const char *end = strchr(choices, '|');
		struct ox_slice one = end ? ox_slice(choices, (size_t)(end - choices)) : ox_slice_str(choices);
		if (ox_slice_ends(one, OX_SLICE("*")) && ox_slice_starts(text, ox_slice(one.data, one.len - 1)))
			return true;
		if (ox_slice_eq(one, text))
			return true;
		choices = end ? end + 1 : NULL;
	}
	return false;
}

static int check_choice(const struct ox_config_field *field, struct ox_slice text, struct ox_err *err)
{
	if (!field->choices || is_choice(field->choices, text))
		return 0;
	return ox_fail(err, OX_EUSAGE, "%s cannot be \"%.*s\"; it takes one of %s", field->name, OX_SLICE_ARG(text),
		       field->choices);
}

int ox_pack_config_set_bool(struct ox_pack_config *c, const char *name, bool value, struct ox_err *err)
{
	int i = writable(name, OX_CONFIG_BOOL, err);
	if (i < 0)
		return i;
	c->values[i] = (struct value){.set = true, .number = value};
	return 0;
}

int ox_pack_config_set_int(struct ox_pack_config *c, const char *name, int64_t value, struct ox_err *err)
{
	int i = writable(name, OX_CONFIG_INT, err);
	if (i < 0)
		return i;
	char text[24];
	int len = snprintf(text, sizeof text, "%" PRId64, value);
	int rc = check_choice(&ox_config_fields[i], ox_slice(text, (size_t)len), err);
	if (rc < 0)
		return rc;
	c->values[i] = (struct value){.set = true, .number = value};
	return 0;
}

int ox_pack_config_set_str(struct ox_pack_config *c, const char *name, struct ox_slice value, struct ox_err *err)
{
	int i = writable(name, OX_CONFIG_STR, err);
	if (i < 0)
		return i;
	int rc = check_choice(&ox_config_fields[i], value, err);
	if (rc < 0)
		return rc;
	struct ox_slice copy = ox_arena_slice(c->arena, value);
	if (!copy.data)
		return ox_fail_nomem(err, name);
	c->values[i] = (struct value){.set = true, .text = copy};
	return 0;
}

int ox_pack_config_set_list(struct ox_pack_config *c, const char *name, const struct ox_slice *items, size_t count,
			    struct ox_err *err)
{
	int i = writable(name, OX_CONFIG_LIST, err);
	if (i < 0)
		return i;
	struct ox_slice *copies = ox_arena_array(c->arena, count ? count : 1, sizeof *copies);
	if (!copies)
		return ox_fail_nomem(err, name);
	for (size_t k = 0; k < count; k++) {
		copies[k] = ox_arena_slice(c->arena, items[k]);
		if (!copies[k].data)
			return ox_fail_nomem(err, name);
	}
	c->values[i] = (struct value){.set = true, .items = copies, .count = count};
	return 0;
}

int ox_pack_config_unset(struct ox_pack_config *c, const char *name, struct ox_err *err)
{
	const struct ox_config_field *field = ox_config_field_find(name);
	if (!field)
		return ox_fail(err, OX_EUSAGE, "PythonInterpreterConfig has no attribute %s", name);
	c->values[field - ox_config_fields] = (struct value){0};
	return 0;
}

bool ox_pack_config_bool(const struct ox_pack_config *c, const char *name, bool *value)
{
	const struct value *v = readable(c, name, OX_CONFIG_BOOL);
	if (v)
		*value = v->number != 0;
	return v;
}

bool ox_pack_config_int(const struct ox_pack_config *c, const char *name, int64_t *value)
{
	const struct value *v = readable(c, name, OX_CONFIG_INT);
	if (v)
		*value = v->number;
	return v;
}

bool ox_pack_config_str(const struct ox_pack_config *c, const char *name, struct ox_slice *value)
{
	const struct value *v = readable(c, name, OX_CONFIG_STR);
	if (v)
		*value = v->text;
	return v;
}

bool ox_pack_config_list(const struct ox_pack_config *c, const char *name, const struct ox_slice **items,
			 size_t *count)
{
	const struct value *v = readable(c, name, OX_CONFIG_LIST);
	if (v) {
		*items = v->items;
		*count = v->count;
	}
	return v;
}

struct ox_pack_config *ox_pack_config_copy(struct ox_arena *arena, const struct ox_pack_config *from)
{
	struct ox_pack_config *c = ox_arena_alloc(arena, sizeof *c);
	if (!c)
		return NULL;
	c->arena = arena;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct value *v = &from->values[i];
		const char *name = ox_config_fields[i].name;
		c->values[i] = *v;
		if (v->set && ox_config_fields[i].type == OX_CONFIG_STR &&
		    ox_pack_config_set_str(c, name, v->text, NULL) < 0)
			return NULL;
		if (v->set && ox_config_fields[i].type == OX_CONFIG_LIST &&
		    ox_pack_config_set_list(c, name, v->items, v->count, NULL) < 0)
			return NULL;
	}
	return c;
}

static void write_escaped(struct ox_buf *out, struct ox_slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char b = (unsigned char)text.data[i];
		if (b == '\\' || b == ',')
			ox_buf_printf(out, "\\%c", b);
		else if (b == '\n')
			ox_buf_str(out, "\\n");
		else if (b < 0x20 || b == 0x7F)
			ox_buf_printf(out, "\\x%02x", b);
		else
			ox_buf_byte(out, (char)b);
	}
}

void ox_pack_config_write(const struct ox_pack_config *c, struct ox_buf *out)
{
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct value *v = &c->values[i];
		if (!v->set)
			continue;
		ox_buf_printf(out, "%s=", ox_config_fields[i].name);
		if (ox_config_fields[i].type == OX_CONFIG_BOOL)
			ox_buf_str(out, v->number ? "true" : "false");
		else if (ox_config_fields[i].type == OX_CONFIG_INT)
			ox_buf_printf(out, "%" PRId64, v->number);
		else
			write_escaped(out, v->text);
		for (size_t k = 0; k < v->count; k++) {
			write_escaped(out, v->items[k]);
			ox_buf_byte(out, ',');
		}
		ox_buf_byte(out, '\n');
	}
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escaped run from *text up to an unescaped comma (when `list`) or the end. The
 * result lives in the arena; false for a bad escape, a missing comma or no memory. */
static bool read_escaped(struct ox_slice *text, bool list, struct ox_arena *arena, struct ox_slice *out)
{
	char *copy = ox_arena_alloc(arena, text->len + 1);
	size_t len = 0, i = 0;
	if (!copy)
		return false;
	for (; i < text->len && !(list && text->data[i] == ','); i++) {
		char c = text->data[i];
		if (c == '\\' && ++i == text->len)
			return false;
		if (c == '\\' && text->data[i] == 'x') {
			int high = i + 2 < text->len ? hex_digit(text->data[i + 1]) : -1;
			int low = high >= 0 ? hex_digit(text->data[i + 2]) : -1;
			if (low < 0)
				return false;
			copy[len++] = (char)(high << 4 | low);
			i += 2;
		} else {
			copy[len++] = c == '\\' && text->data[i] == 'n' ? '\n' : text->data[i];
		}
	}
	if (list && i == text->len)
		return false;
	*out = ox_slice(copy, len);
	*text = ox_slice(text->data + i + list, text->len - i - list);
	return true;
}

static int read_list(struct ox_pack_config *c, const char *name, struct ox_slice text, struct ox_err *err)
{
	size_t most = 0, count = 0;
	for (size_t i = 0; i < text.len; i++)
		most += text.data[i] == ',';
	struct ox_slice *items = ox_arena_array(c->arena, most + 1, sizeof *items);
	if (!items)
		return ox_fail_nomem(err, name);
	while (text.len)
		if (!read_escaped(&text, true, c->arena, &items[count++]))
			return ox_fail(err, OX_ECORRUPT, "configuration: bad list %s", name);
	return ox_pack_config_set_list(c, name, items, count, err);
}

static int read_int(struct ox_pack_config *c, const char *name, struct ox_slice text, struct ox_err *err)
{
	char digits[24], *end = digits;
	if (text.len && text.len < sizeof digits) {
		memcpy(digits, text.data, text.len);
		digits[text.len] = '\0';
		errno = 0;
		int64_t value = strtoll(digits, &end, 10);
		if (*end == '\0' && errno == 0)
			return ox_pack_config_set_int(c, name, value, err);
	}
	return ox_fail(err, OX_ECORRUPT, "configuration: bad integer %s", name);
}

static int read_value(struct ox_pack_config *c, const struct ox_config_field *field, struct ox_slice text,
		      struct ox_err *err)
{
	struct ox_slice value;
	switch (field->type) {
	case OX_CONFIG_BOOL:
		if (!ox_slice_eq_str(text, "true") && !ox_slice_eq_str(text, "false"))
			return ox_fail(err, OX_ECORRUPT, "configuration: bad bool %s", field->name);
		return ox_pack_config_set_bool(c, field->name, text.data[0] == 't', err);
	case OX_CONFIG_INT:
		return read_int(c, field->name, text, err);
	case OX_CONFIG_LIST:
		return read_list(c, field->name, text, err);
	default:
		if (!read_escaped(&text, false, c->arena, &value))
			return ox_fail(err, OX_ECORRUPT, "configuration: bad text %s", field->name);
		return ox_pack_config_set_str(c, field->name, value, err);
	}
}

static const struct ox_config_field *field_of_line(struct ox_slice name)
{
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (ox_slice_eq_str(name, ox_config_fields[i].name))
			return &ox_config_fields[i];
	return NULL;
}

int ox_pack_config_read(struct ox_slice text, struct ox_arena *arena, struct ox_pack_config **out, struct ox_err *err)
{
	struct ox_pack_config *c = ox_arena_alloc(arena, sizeof *c);
	if (!c)
		return ox_fail_nomem(err, "configuration");
	c->arena = arena;
	while (text.len) {
		const char *newline = memchr(text.data, '\n', text.len);
		size_t len = newline ? (size_t)(newline - text.data) : text.len;
		const char *equals = len ? memchr(text.data, '=', len) : NULL;
		if (!newline || !equals)
			return ox_fail(err, OX_ECORRUPT, "configuration: a line is not name=value");
		size_t name_len = (size_t)(equals - text.data);
		const struct ox_config_field *field = field_of_line(ox_slice(text.data, name_len));
		if (field && read_value(c, field, ox_slice(equals + 1, len - name_len - 1), err) < 0)
			return err && err->code == OX_EEXHAUSTED ? OX_EEXHAUSTED
				: ox_fail(err, OX_ECORRUPT, "configuration: bad value of %s", field->name);
		text = ox_slice(newline + 1, text.len - len - 1);
	}
	*out = c;
	return 0;
}

struct ox_pack_config *ox_pack_config_new(struct ox_arena *arena)
{
	struct ox_pack_config *c = ox_arena_alloc(arena, sizeof *c);
	if (!c)
		return NULL;
	c->arena = arena;
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const struct ox_config_field *field = &ox_config_fields[i];
		if (field->default_value && read_value(c, field, ox_slice_str(field->default_value), NULL) < 0)
			return NULL;
	}
	return c;
}
