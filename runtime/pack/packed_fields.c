#include "runtime/pack/packed_fields.h"

#define FLAG(id, since, flag) {id, since, OX_PACKED_IS_FLAG, 0, 0, flag, false, NULL, NULL, NULL}
#define BLOB(id, since, width, blob, error) {id, since, OX_PACKED_IS_BLOB, width, 0, blob, false, error, NULL, NULL}

static const char name_length[] = "failed reading resource name length";
static const char bytecode_length[] = "failed reading bytecode length";

const struct ox_packed_field ox_packed_fields[] = {
	{0x03, 1, OX_PACKED_IS_NAME, 2, 0, 0, true, name_length, NULL, NULL},
	FLAG(0x04, 1, OX_PACK_PACKAGE),
	FLAG(0x05, 1, OX_PACK_NAMESPACE),
	BLOB(0x06, 1, 4, OX_PACKED_SOURCE, "failed reading source length"),
	BLOB(0x07, 1, 4, OX_PACKED_BYTECODE, bytecode_length),
	BLOB(0x08, 1, 4, OX_PACKED_BYTECODE_OPT1, bytecode_length),
	BLOB(0x09, 1, 4, OX_PACKED_BYTECODE_OPT2, bytecode_length),
	BLOB(0x0a, 1, 4, OX_PACKED_EXTENSION, "failed reading extension module length"),
	{0x0b, 1, OX_PACKED_IS_TABLE, 4, 8, OX_PACKED_RESOURCES, false, "failed reading resources length",
	 "failed reading resource name", "failed reading resource length"},
	{0x0c, 1, OX_PACKED_IS_TABLE, 4, 8, OX_PACKED_METADATA, false, "failed reading package distribution length",
	 "failed reading distribution metadata name", "failed reading package distribution resource length"},
	BLOB(0x0d, 1, 8, OX_PACKED_LIBRARY, "failed reading in-memory shared library length"),
	{0x0e, 1, OX_PACKED_IS_NAMES, 2, 0, 0, true, "failed reading shared library dependency names length",
	 "failed reading shared library dependency name length", NULL},
	BLOB(0x0f, 1, 4, OX_PACKED_SOURCE_PATH, "failed reading Python module relative path length"),
	BLOB(0x10, 1, 4, OX_PACKED_BYTECODE_PATH, "failed reading Python module bytecode relative path length"),
	BLOB(0x11, 1, 4, OX_PACKED_BYTECODE_OPT1_PATH,
	     "failed reading Python module bytecode opt 1 relative path length"),
	BLOB(0x12, 1, 4, OX_PACKED_BYTECODE_OPT2_PATH,
	     "failed reading Python module bytecode opt 2 relative path length"),
	BLOB(0x13, 1, 4, OX_PACKED_EXTENSION_PATH,
	     "failed reading Python extension module shared library relative path length"),
	{0x14, 1, OX_PACKED_IS_TABLE, 4, 4, OX_PACKED_RESOURCE_PATHS, false,
	 "failed reading package resources relative path item count", "failed reading resource name",
	 "failed reading resource path length"},
	{0x15, 1, OX_PACKED_IS_TABLE, 4, 4, OX_PACKED_METADATA_PATHS, false,
	 "failed reading package distribution relative path item count",
	 "failed reading package distribution metadata name", "failed reading package distribution path length"},
	FLAG(0x16, 2, OX_PACK_MODULE),
	FLAG(0x17, 2, OX_PACK_BUILTIN),
	FLAG(0x18, 2, OX_PACK_FROZEN),
	FLAG(0x19, 2, OX_PACK_EXTENSION),
	FLAG(0x1a, 2, OX_PACK_LIBRARY),
	FLAG(0x1b, 3, OX_PACK_FILE),
	FLAG(0x1c, 3, OX_PACK_EXECUTABLE),
	BLOB(0x1d, 3, 8, OX_PACKED_FILE_DATA, "failed reading embedded file data length"),
	{0x1e, 3, OX_PACKED_IS_BLOB, 4, 0, OX_PACKED_FILE_PATH, true, "failed reading file data relative path length",
	 NULL, NULL},
	{0},
};

enum { FIRST_ID = 0x03, LAST_ID = 0x1e };

const struct ox_packed_field *ox_packed_field(unsigned char id, int version)
{
	if (id < FIRST_ID || id > LAST_ID)
		return NULL;
	const struct ox_packed_field *field = &ox_packed_fields[id - FIRST_ID]; /* no id is left out */
	return field->since <= version ? field : NULL;
}

/* Names of one table lie in one section in the order in which they were written, so their
 * addresses tell which of two equal ones is the later. */
static int compare_items(const void *a, const void *b)
{
	const struct ox_pack_file *x = a, *y = b;
	int order = ox_slice_cmp(x->name, y->name);
	if (order)
		return order;
	return (x->name.data > y->name.data) - (x->name.data < y->name.data);
}

void ox_packed_sort(struct ox_packed_items *table)
{
	size_t kept = 0;
	bool sorted = true;
	for (size_t i = 1; i < table->count && sorted; i++)
		sorted = ox_slice_cmp(table->items[i - 1].name, table->items[i].name) < 0;
	if (sorted)
		return;
	qsort(table->items, table->count, sizeof *table->items, compare_items);
	for (size_t i = 0; i < table->count; i++) {
		if (kept && ox_slice_eq(table->items[kept - 1].name, table->items[i].name))
			kept--;
		table->items[kept++] = table->items[i];
	}
	table->count = kept;
}

const struct ox_pack_file *ox_packed_find(const struct ox_packed_items *table, struct ox_slice name)
{
	size_t low = 0, high = table->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = ox_slice_cmp(table->items[middle].name, name);
		if (order == 0)
			return &table->items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int ox_packed_merge(struct ox_packed_resource *base, const struct ox_packed_resource *more, struct ox_err *err)
{
	if (!ox_slice_eq(base->name, more->name))
		return ox_fail(err, OX_EUSAGE, "resource names must be identical to perform a merge");
	base->flags |= more->flags;
	for (int i = 0; i < OX_PACKED_BLOBS; i++)
		if (more->blobs[i].data)
			base->blobs[i] = more->blobs[i];
	for (int i = 0; i < OX_PACKED_TABLES; i++)
		if (more->tables[i].items)
			base->tables[i] = more->tables[i];
	if (more->needs) {
		base->needs = more->needs;
		base->need_count = more->need_count;
	}
	return 0;
}
