#include "store/index/actions.h"

#include "store/index/reader.h"

static void read_output(struct ox_reader *r, struct ox_action_output *output)
{
	output->name = ox_read_text(r);
	output->digest = ox_read_digest(r);
	output->size = ox_read_u64(r);
}

bool ox_action_decode(struct ox_slice bytes, struct ox_action_record *record)
{
	struct ox_reader r = ox_reader(bytes);
	struct ox_action_output output;
	record->cost = ox_read_u64(&r);
	record->count = ox_read_u32(&r);
	const unsigned char *start = r.at;
	for (uint32_t i = 0; i < record->count && !r.failed; i++)
		read_output(&r, &output);
	record->outputs = ox_slice(start, (size_t)(r.at - start));
	record->meta = ox_read_text(&r);
	return !r.failed && r.at == r.end;
}

bool ox_action_next(struct ox_action_record *record, struct ox_action_output *output)
{
	struct ox_reader r = ox_reader(record->outputs);
	if (record->outputs.len == 0)
		return false;
	read_output(&r, output);
	record->outputs = ox_slice(r.at, (size_t)(r.end - r.at));
	return !r.failed;
}

void ox_action_encode_begin(struct ox_buf *b, uint64_t cost, size_t count)
{
	ox_buf_u64(b, cost);
	ox_buf_u32(b, (uint32_t)count);
}

void ox_action_encode_output(struct ox_buf *b, const struct ox_action_output *output)
{
	ox_write_text(b, output->name);
	ox_buf_add(b, output->digest.bytes, OX_DIGEST_SIZE);
	ox_buf_u64(b, output->size);
}

void ox_action_encode_meta(struct ox_buf *b, struct ox_slice meta)
{
	ox_write_text(b, meta);
}
