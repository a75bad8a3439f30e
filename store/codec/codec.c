#include "store/codec/codec.h"

#include <zstd.h>

enum { LEVEL = 3 };

struct ox_codec {
	ZSTD_CCtx *pack;
	ZSTD_DCtx *unpack;
};

int ox_codec_new(struct ox_codec **out, struct ox_err *err)
{
	struct ox_codec *c = calloc(1, sizeof *c);
	if (c) {
		c->pack = ZSTD_createCCtx();
		c->unpack = ZSTD_createDCtx();
	}
	if (!c || !c->pack || !c->unpack) {
		ox_codec_free(c);
		return ox_fail_nomem(err, "zstd");
	}
	*out = c;
	return 0;
}

void ox_codec_free(struct ox_codec *c)
{
	if (!c)
		return;
	ZSTD_freeCCtx(c->pack);
	ZSTD_freeDCtx(c->unpack);
	free(c);
}

int ox_codec_pack(struct ox_codec *c, struct ox_slice bytes, struct ox_buf *out, struct ox_err *err)
{
	size_t most = ZSTD_compressBound(bytes.len);
	char *room = ZSTD_isError(most) ? NULL : ox_buf_reserve(out, most);
	if (!room)
		return ox_fail_nomem(err, "packing an object");
	size_t n = ZSTD_compressCCtx(c->pack, room, most, bytes.data, bytes.len, LEVEL);
	if (ZSTD_isError(n))
		return ox_fail(err, OX_EEXHAUSTED, "zstd cannot pack %zu bytes: %s", bytes.len, ZSTD_getErrorName(n));
	ox_buf_commit(out, n);
	return 0;
}

int ox_codec_unpack(struct ox_codec *c, struct ox_slice packed, size_t size, struct ox_buf *out, struct ox_err *err)
{
	char *room = ox_buf_reserve(out, size);
	if (!room)
		return ox_buf_ok(out, "unpacking an object", err);
	size_t n = ZSTD_decompressDCtx(c->unpack, room, size, packed.data, packed.len);
	if (ZSTD_isError(n))
		return ox_fail(err, OX_ECORRUPT, "zstd data is damaged: %s", ZSTD_getErrorName(n));
	if (n != size)
		return ox_fail(err, OX_ECORRUPT, "zstd data unpacks to %zu bytes instead of %zu", n, size);
	ox_buf_commit(out, n);
	return 0;
}
