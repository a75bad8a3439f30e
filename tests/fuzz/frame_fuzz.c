/* What a peer can send: a stream of frames, each decoded as a message and, when
 * it is one, encoded again. */
#include "proto/wire/frame.h"
#include "proto/wire/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_message(struct ox_slice body)
{
	struct ox_arena arena = {.limit = 1 << 20};
	struct ox_err err;
	struct ox_msg msg;
	struct ox_buf again = {0};
	if (ox_msg_decode(body, &arena, &msg, &err) == 0 && ox_msg_encode(&msg, &again, &err) != 0)
		abort();
	ox_buf_free(&again);
	ox_arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ox_frame_reader reader = {.max = 1 << 16};
	struct ox_err err;
	int found = 0;
	while (size > 0 && found >= 0) {
		size_t room = size;
		char *place = ox_frame_reader_room(&reader, &room);
		if (!place)
			break;
		if (room > size)
			room = size;
		memcpy(place, data, room);
		ox_frame_reader_filled(&reader, room);
		data += room;
		size -= room;
		struct ox_slice body;
		while ((found = ox_frame_reader_next(&reader, &body, &err)) == 1)
			try_message(body);
	}
	ox_frame_reader_free(&reader);
	return 0;
}
