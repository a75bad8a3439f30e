/* writer.h - writing payload segments and the payload's head.
 *
 * A segment is self-contained: it holds its resources' records and bytes with
 * offsets relative to its own start, and is the same bytes wherever it is placed,
 * so that a stdlib segment is made once and shared by every build. The head, made at
 * assembly, lists the segments, carries the configuration and the hash index over all names.
 * The format is described in format.h. Output is deterministic: the caller's
 * order of resources is kept (sort them, or order them by first use). */
#ifndef OX_PACK_WRITER_H
#define OX_PACK_WRITER_H

#include "proto/base/buf.h"
#include "proto/base/digest_id.h"
#include "runtime/pack/config.h"
#include "runtime/pack/resource.h"

/* Appends a whole segment to out. `compiled` is what ox_compiled_write made, or empty; the magic is the interpreter's
 * bytecode magic number. Two resources of one name are merged by the caller: OX_EUSAGE. A segment is
 * limited to 4 GiB: OX_EEXHAUSTED. */
int ox_pack_write_segment(const struct ox_pack_resource *resources, size_t count, struct ox_slice compiled,
			  uint32_t bytecode_magic, struct ox_buf *out, struct ox_err *err);

/* The same into memory that `room` gives once the size is known: that many zero bytes, a mapped
 * file for instance. NULL, with *err filled, fails the writing. */
typedef char *ox_pack_room_fn(void *ctx, size_t size, struct ox_err *err);
int ox_pack_write_segment_at(const struct ox_pack_resource *resources, size_t count, struct ox_slice compiled,
			     uint32_t bytecode_magic, ox_pack_room_fn *room, void *ctx, struct ox_err *err);

/* Plans a payload made of segments: what must be written where. */
struct ox_pack_segment_ref {
	struct ox_slice bytes;    /* the whole segment; only index parts are read */
	struct ox_digest digest; /* SHA-256 of bytes, for later checks; zero: not known */
};

/* Appends the head to out. Segments follow it in order, each at the next multiple of
 * OX_PACK_ALIGN after the previous end, which offsets[i] tells; *total is the size of the
 * whole payload. All segments must be for one bytecode magic (OX_EUSAGE).
 * A name that stands in several segments: the later segment wins for modules,
 * files are united (stdlib, then packages, then application is the caller's order). */
int ox_pack_write_head(const struct ox_pack_segment_ref *segments, size_t count, const struct ox_pack_config *config,
		       struct ox_buf *out, uint64_t *offsets, uint64_t *total, struct ox_err *err);

#endif
