#include "store/cas/manifest.h"

enum { MOST_FIELDS = 4 };

static int by_path(const void *a, const void *b)
{
	const struct ox_tree_entry *x = a, *y = b;
	return ox_slice_cmp(x->path, y->path);
}

static void write_entry(const struct ox_tree_entry *e, struct ox_buf *text)
{
	char hex[OX_DIGEST_HEX + 1];
	ox_buf_printf(text, "%c\t", e->kind);
	if (e->kind == 'l')
		ox_buf_printf(text, "%.*s\t", OX_SLICE_ARG(e->target));
	else if (e->kind != 'd')
		ox_buf_printf(text, "%llu\t%s\t", (unsigned long long)e->size, ox_digest_hex(&e->digest, hex));
	ox_buf_slice(text, e->path);
	ox_buf_byte(text, '\n');
}

int ox_manifest_write(struct ox_tree_entry *entries, size_t count, struct ox_buf *text, struct ox_err *err)
{
	uint64_t bytes = 0;
	if (count)
		qsort(entries, count, sizeof *entries, by_path);
	for (size_t i = 0; i < count; i++)
		bytes += entries[i].size;
	ox_buf_printf(text, "oxidizer tree 1\t%llu\t%zu\n", (unsigned long long)bytes, count);
	for (size_t i = 0; i < count; i++)
		write_entry(&entries[i], text);
	return ox_buf_ok(text, "list of a tree's files", err);
}

/* Splits the first line at its tabs; the number of fields, 0 when there is no whole line or too many. */
static size_t take_line(struct ox_slice *text, struct ox_slice fields[static MOST_FIELDS])
{
	const char *end = text->len ? memchr(text->data, '\n', text->len) : NULL;
	size_t count = 0;
	if (!end)
		return 0;
	for (const char *at = text->data; count < MOST_FIELDS;) {
		const char *tab = memchr(at, '\t', (size_t)(end - at));
		fields[count++] = ox_slice(at, (size_t)((tab ? tab : end) - at));
		if (!tab) {
			*text = ox_slice(end + 1, text->len - (size_t)(end + 1 - text->data));
			return count;
		}
		at = tab + 1;
	}
	return 0;
}

static bool take_number(struct ox_slice digits, uint64_t *out)
{
	uint64_t value = 0;
	for (size_t i = 0; i < digits.len; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9' || value > UINT64_MAX / 10 - 1)
			return false;
		value = value * 10 + (uint64_t)(digits.data[i] - '0');
	}
	*out = value;
	return digits.len > 0;
}

bool ox_manifest_head(struct ox_slice *text, uint64_t *bytes, uint64_t *entries)
{
	struct ox_slice fields[MOST_FIELDS];
	return take_line(text, fields) == 3 && ox_slice_eq_str(fields[0], "oxidizer tree 1") &&
	       take_number(fields[1], bytes) && take_number(fields[2], entries);
}

int ox_manifest_next(struct ox_slice *text, struct ox_tree_entry *entry)
{
	struct ox_slice fields[MOST_FIELDS];
	if (!text->len)
		return 0;
	size_t count = take_line(text, fields);
	if (count < 2 || fields[0].len != 1 || !fields[count - 1].len)
		return OX_ECORRUPT;
	*entry = (struct ox_tree_entry){.kind = fields[0].data[0], .path = fields[count - 1]};
	switch (entry->kind) {
	case 'd':
		return count == 2 ? 1 : OX_ECORRUPT;
	case 'l':
		entry->target = fields[1];
		return count == 3 ? 1 : OX_ECORRUPT;
	case 'f':
	case 'x':
		if (count == 4 && take_number(fields[1], &entry->size) && ox_digest_parse(fields[2], &entry->digest))
			return 1;
		return OX_ECORRUPT;
	default:
		return OX_ECORRUPT;
	}
}
