#include "runtime/importer/real_package.h"

#include "runtime/importer/index.h"

static struct ox_slice top_level(struct ox_slice name)
{
	const char *dot = memchr(name.data, '.', name.len);
	return dot ? ox_slice(name.data, (size_t)(dot - name.data)) : name;
}

/* What is known only from code of another segment stands in a record of that segment which holds nothing else. */
bool ox_wants_file(const struct ox_pack *pack, const struct ox_pack_record *r)
{
	struct ox_pack_record top;
	if (!pack || r->flags & OX_PACK_WANTS_FILE)
		return pack && r->flags & OX_PACK_WANTS_FILE;
	ox_pack_place place = ox_pack_find(pack, top_level(r->name));
	for (; place != OX_PACK_NOWHERE; place = ox_pack_more(pack, place))
		if (ox_pack_get(pack, place, &top, NULL) == 0 && top.flags & OX_PACK_WANTS_FILE)
			return true;
	return false;
}

/* Whether anything of the place is ever extracted. */
static bool has_content(const struct ox_pack *pack, ox_pack_place place)
{
	struct ox_pack_record r;
	return ox_pack_get(pack, place, &r, NULL) == 0 &&
	       (ox_index_kind_of(&r) != OX_KIND_NONE || r.files.count || r.library.len);
}

/* The segment that a place is in, as a bit; of more than 64 the rest counts as the last. */
static uint64_t segment_bit(const struct ox_pack *pack, ox_pack_place place)
{
	uint32_t number = ox_pack_place_segment(pack, place);
	return UINT64_C(1) << (number < 63 ? number : 63);
}

/* The segments that a place's top-level package has parts in. */
static uint64_t segments_of(const struct ox_pack *pack, ox_pack_place place)
{
	struct ox_pack_record r, own;
	uint64_t seen = segment_bit(pack, place);
	if (ox_pack_get(pack, place, &own, NULL) < 0)
		return seen;
	struct ox_slice top = top_level(own.name);
	for (ox_pack_place at = ox_pack_lower_bound(pack, top); at < ox_pack_place_count(pack); at++) {
		uint64_t bit = segment_bit(pack, at);
		/* Of a segment that was seen only every 64th record is read, to see whether the package goes on. */
		if (seen & bit && (at & 63))
			continue;
		if (ox_pack_get(pack, at, &r, NULL) < 0)
			continue;
		if (!ox_slice_starts(r.name, top))
			break;
		if (ox_slice_eq(top_level(r.name), top) && has_content(pack, at))
			seen |= bit;
	}
	return seen;
}

void ox_extract_key_of(const struct ox_pack *pack, ox_pack_place place, char key[static OX_EXTRACT_KEY])
{
	struct ox_slice segment = {0};
	struct ox_digest digest, all = {{0}};
	uint64_t segments = segments_of(pack, place);
	for (uint32_t number = 0; number < 64; number++) {
		if (!(segments >> number & 1) || !ox_pack_segment(pack, number, &segment, &digest))
			continue;
		for (size_t i = 0; i < sizeof all.bytes; i++)
			all.bytes[i] = (unsigned char)(all.bytes[i] * 31 + digest.bytes[i]);
	}
	ox_extract_key(all.bytes, segment, key);
}
