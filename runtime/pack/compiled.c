#include "runtime/pack/compiled.h"

#include "runtime/pack/compiled_layout.h"
#include "runtime/pack/put.h"
#include "runtime/pack/sum.h"

bool ox_compiled_at(struct ox_slice segment, uint32_t offset, struct ox_slice *table)
{
	if (offset > segment.len || segment.len - offset < OX_COMPILED_HEAD)
		return false;
	const char *at = segment.data + offset;
	uint32_t size = ox_get_u32(at + OX_COMPILED_SIZE);
	uint32_t slots = ox_get_u32(at + OX_COMPILED_SLOTS);
	if (size < OX_COMPILED_HEAD || size > segment.len - offset || !slots || slots & (slots - 1) ||
	    slots > (size - OX_COMPILED_HEAD) / OX_COMPILED_SLOT)
		return false;
	*table = ox_slice(at, size);
	return true;
}

bool ox_compiled_fit(struct ox_slice table, uint32_t magic, uint32_t version)
{
	return ox_get_u32(table.data + OX_COMPILED_MAGIC) == magic && ox_compiled_fit_code(table, version);
}

bool ox_compiled_fit_code(struct ox_slice table, uint32_t version)
{
	return ox_get_u32(table.data + OX_COMPILED_VERSION) == version;
}

bool ox_compiled_bytes(struct ox_slice *body, uint32_t len, struct ox_slice *bytes)
{
	if (len > body->len)
		return false;
	*bytes = ox_slice(body->data, len);
	*body = ox_slice(body->data + len, body->len - len);
	return true;
}

bool ox_compiled_number(struct ox_slice *body, uint32_t *number)
{
	uint64_t value = 0;
	for (size_t i = 0; i < body->len && i < 5; i++) {
		unsigned char byte = (unsigned char)body->data[i];
		value |= (uint64_t)(byte & 127) << (7 * i);
		if (byte & 128)
			continue;
		*body = ox_slice(body->data + i + 1, body->len - i - 1);
		*number = (uint32_t)value;
		return value <= UINT32_MAX;
	}
	return false;
}

bool ox_compiled_next(struct ox_slice *list, struct ox_compiled *entry, struct ox_slice *whole)
{
	struct ox_slice left = *list, head, text, body;
	if (!ox_compiled_bytes(&left, OX_COMPILED_ENTRY_HEAD, &head) ||
	    !ox_compiled_bytes(&left, ox_get_u32(head.data + OX_COMPILED_TEXT_LEN), &text) ||
	    !ox_compiled_bytes(&left, ox_get_u32(head.data + OX_COMPILED_BODY_LEN), &body))
		return false;
	*entry = (struct ox_compiled){.text = text,
				     .kind = ox_get_u32(head.data + OX_COMPILED_KIND),
				     .flags = ox_get_u32(head.data + OX_COMPILED_FLAGS),
				     .final_flags = ox_get_u32(head.data + OX_COMPILED_FINAL),
				     .body = body};
	*whole = ox_slice(list->data, (size_t)(left.data - list->data));
	*list = left;
	return true;
}

/* The entry at an offset; false unless it is whole, as it was written, and what is wanted. */
static bool entry_at(struct ox_slice table, uint32_t offset, struct ox_compiled *wanted)
{
	struct ox_compiled found;
	struct ox_slice rest, sum, whole;
	if (offset > table.len)
		return false;
	rest = ox_slice(table.data + offset, table.len - offset);
	if (!ox_compiled_bytes(&rest, OX_COMPILED_SUM, &sum) || !ox_compiled_next(&rest, &found, &whole) ||
	    found.kind != wanted->kind || found.flags != wanted->flags ||
	    !ox_slice_eq(found.text, wanted->text) || ox_get_u32(sum.data) != ox_pack_sum(whole))
		return false;
	*wanted = found;
	return true;
}

bool ox_compiled_find(struct ox_slice table, struct ox_compiled *wanted)
{
	uint32_t hash = ox_compiled_hash(wanted), slots = ox_get_u32(table.data + OX_COMPILED_SLOTS);
	for (uint32_t i = 0, slot = hash & (slots - 1); i < slots; i++, slot = (slot + 1) & (slots - 1)) {
		const char *at = table.data + OX_COMPILED_HEAD + (size_t)slot * OX_COMPILED_SLOT;
		uint32_t offset = ox_get_u32(at + 4);
		if (!offset)
			break;
		if (ox_get_u32(at) == hash && entry_at(table, offset, wanted))
			return true;
	}
	return false;
}
