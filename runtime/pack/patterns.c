#include "runtime/pack/patterns.h"

#include "runtime/pack/patterns_layout.h"
#include "runtime/pack/put.h"
#include "runtime/pack/sum.h"

bool ox_patterns_at(struct ox_slice segment, uint32_t offset, struct ox_slice *table)
{
	if (offset > segment.len || segment.len - offset < OX_PATTERNS_HEAD)
		return false;
	const char *at = segment.data + offset;
	uint32_t size = ox_get_u32(at + OX_PATTERNS_SIZE);
	uint32_t slots = ox_get_u32(at + OX_PATTERNS_SLOTS);
	if (size < OX_PATTERNS_HEAD || size > segment.len - offset || !slots || slots & (slots - 1) ||
	    slots > (size - OX_PATTERNS_HEAD) / OX_PATTERNS_SLOT)
		return false;
	*table = ox_slice(at, size);
	return true;
}

bool ox_patterns_fit(struct ox_slice table, uint32_t magic, uint32_t version)
{
	return ox_get_u32(table.data + OX_PATTERNS_MAGIC) == magic && ox_patterns_fit_code(table, version);
}

bool ox_patterns_fit_code(struct ox_slice table, uint32_t version)
{
	return ox_get_u32(table.data + OX_PATTERNS_VERSION) == version;
}

bool ox_patterns_bytes(struct ox_slice *body, uint32_t len, struct ox_slice *bytes)
{
	if (len > body->len)
		return false;
	*bytes = ox_slice(body->data, len);
	*body = ox_slice(body->data + len, body->len - len);
	return true;
}

bool ox_patterns_number(struct ox_slice *body, uint32_t *number)
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

bool ox_patterns_next(struct ox_slice *list, struct ox_pattern *entry, struct ox_slice *whole)
{
	struct ox_slice left = *list, head, text, body;
	if (!ox_patterns_bytes(&left, OX_PATTERNS_ENTRY_HEAD, &head) ||
	    !ox_patterns_bytes(&left, ox_get_u32(head.data + OX_PATTERNS_TEXT_LEN), &text) ||
	    !ox_patterns_bytes(&left, ox_get_u32(head.data + OX_PATTERNS_BODY_LEN), &body))
		return false;
	*entry = (struct ox_pattern){.text = text,
				     .kind = ox_get_u32(head.data + OX_PATTERNS_KIND),
				     .flags = ox_get_u32(head.data + OX_PATTERNS_FLAGS),
				     .final_flags = ox_get_u32(head.data + OX_PATTERNS_FINAL),
				     .body = body};
	*whole = ox_slice(list->data, (size_t)(left.data - list->data));
	*list = left;
	return true;
}

/* The entry at an offset; false unless it is whole, as it was written, and what is wanted. */
static bool entry_at(struct ox_slice table, uint32_t offset, struct ox_pattern *wanted)
{
	struct ox_pattern found;
	struct ox_slice rest, sum, whole;
	if (offset > table.len)
		return false;
	rest = ox_slice(table.data + offset, table.len - offset);
	if (!ox_patterns_bytes(&rest, OX_PATTERNS_SUM, &sum) || !ox_patterns_next(&rest, &found, &whole) ||
	    found.kind != wanted->kind || found.flags != wanted->flags ||
	    !ox_slice_eq(found.text, wanted->text) || ox_get_u32(sum.data) != ox_pack_sum(whole))
		return false;
	*wanted = found;
	return true;
}

bool ox_patterns_find(struct ox_slice table, struct ox_pattern *wanted)
{
	uint32_t hash = ox_patterns_hash(wanted), slots = ox_get_u32(table.data + OX_PATTERNS_SLOTS);
	for (uint32_t i = 0, slot = hash & (slots - 1); i < slots; i++, slot = (slot + 1) & (slots - 1)) {
		const char *at = table.data + OX_PATTERNS_HEAD + (size_t)slot * OX_PATTERNS_SLOT;
		uint32_t offset = ox_get_u32(at + 4);
		if (!offset)
			break;
		if (ox_get_u32(at) == hash && entry_at(table, offset, wanted))
			return true;
	}
	return false;
}
