/* reader.h - a payload, read in place.
 *
 * The bytes are borrowed and must stay mapped and unchanged as long as the
 * reader and whatever was got from it. They are not trusted: anything that does not
 * fit reads as absent (find, iterate) or as OX_ECORRUPT (open, record). Reading allocates nothing
 * and holds no state, so any number of threads may share a reader. The layout is
 * described in format.h. */
#ifndef OX_PACK_READER_H
#define OX_PACK_READER_H

#include "proto/base/digest_id.h"
#include "proto/base/err.h"
#include "runtime/pack/resource.h"

struct ox_pack;

/* Checks the head. OX_ECORRUPT says what is wrong. */
int ox_pack_open(struct ox_slice bytes, struct ox_pack **out, struct ox_err *err);
void ox_pack_close(struct ox_pack *p); /* NULL is fine */

uint32_t ox_pack_bytecode_magic(const struct ox_pack *p);
struct ox_slice ox_pack_config_text(const struct ox_pack *p);

/* For whoever checks a payload as a whole; false past the end or when damaged. */
bool ox_pack_segment(const struct ox_pack *p, uint32_t index, struct ox_slice *bytes, struct ox_digest *digest);

/* What else a segment has compiled (compiled.h); false when that is nothing. */
bool ox_pack_compiled(const struct ox_pack *p, uint32_t segment, struct ox_slice *table);
uint32_t ox_pack_segment_count(const struct ox_pack *p);

/* How many records a segment says that it has; 0 when there is no such segment. */
uint32_t ox_pack_record_count(const struct ox_pack *p, uint32_t segment);

/* A name's place in the index. Places are ordered by name; several in a row may carry one
 * name (one per segment that has it), the first of them speaks for the module. */
typedef uint32_t ox_pack_place;
#define OX_PACK_NOWHERE UINT32_MAX

/* The first place of a name. */
ox_pack_place ox_pack_find(const struct ox_pack *p, struct ox_slice name);
/* The first place whose name is not less than `name`; may be the end. */
ox_pack_place ox_pack_lower_bound(const struct ox_pack *p, struct ox_slice name);
/* The next place of the same name, or OX_PACK_NOWHERE. */
ox_pack_place ox_pack_more(const struct ox_pack *p, ox_pack_place place);
/* The first place of the next name; start with 0; OX_PACK_NOWHERE at the end. */
ox_pack_place ox_pack_next(const struct ox_pack *p, ox_pack_place place);
/* The segment a place lies in, for ox_pack_segment. */
uint32_t ox_pack_place_segment(const struct ox_pack *p, ox_pack_place place);
/* How many places there are. */
uint32_t ox_pack_place_count(const struct ox_pack *p);

/* A sorted run of names or files inside a record. */
struct ox_pack_table {
	struct ox_slice segment;
	uint32_t offset, count;
};

struct ox_pack_record {
	struct ox_slice name;
	uint32_t flags; /* enum ox_pack_flag */
	struct ox_slice source, bytecode[3], library, relative_path;
	bool has_source, has_bytecode[3]; /* an empty source is a source */
	struct ox_pack_table needs, files, distribution;
	uint32_t library_sum;
};

/* All slices checked to lie in their segment. */
int ox_pack_get(const struct ox_pack *p, ox_pack_place place, struct ox_pack_record *out, struct ox_err *err);

/* Whether the code (of a payload's record, for its checksum stands before it) or the library is what was written. */
bool ox_pack_code_intact(struct ox_slice code);
bool ox_pack_library_intact(const struct ox_pack_record *r);

bool ox_pack_need(const struct ox_pack_table *t, uint32_t index, struct ox_slice *name);
bool ox_pack_file_at(const struct ox_pack_table *t, uint32_t index, struct ox_pack_file *out);
bool ox_pack_file_find(const struct ox_pack_table *t, struct ox_slice name, struct ox_pack_file *out);

#endif
