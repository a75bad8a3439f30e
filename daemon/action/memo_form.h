/* memo_form.h - the record of a remembered build.
 *
 *     header  "oxmemo1\0", last use u64 (s), items u32, environment names u32
 *     items   kind u32, detail u32, signature 40 bytes, checked u64 (ns), digest 32 bytes,
 *             path: u32 length, bytes, NUL
 *     names   flag u32 (1: set), digest of the value 32 bytes, name: u32 length, bytes
 *     events  u32 length and event each, to the end (memo_event.h)
 *
 * Integers are little-endian. Items are in the order of their kinds, so that outputs are looked at
 * when all inputs were found unchanged, and folders of outputs when their files are in place;
 * those of a kind in the order of their paths, so that files of one folder are neighbours (fs/near.h). `detail` is the
 * mode of an output, the error number of an absent input, of a listing which entries count. A signature is
 * trusted if it was not racy when it was checked. An environment variable's value is not kept: it may be a password. */
#ifndef OX_ACTION_MEMO_FORM_H
#define OX_ACTION_MEMO_FORM_H

#include "daemon/action/memo.h"
#include "store/index/reader.h"
#include "store/fs/file.h"

enum ox_memo_kind {
	OX_MEMO_FILE = 1,
	OX_MEMO_ABSENT,
	OX_MEMO_LISTING,
	OX_MEMO_OUTPUT,
	OX_MEMO_OUTPUT_DIR,
};

struct ox_memo_item {
	enum ox_memo_kind kind;
	uint32_t detail;
	struct ox_signature signature;
	uint64_t checked;
	struct ox_digest digest;
	const char *path; /* NUL-terminated */
};

struct ox_memo_header {
	uint64_t used;
	uint32_t items, names;
};

void ox_memo_write_header(struct ox_buf *b, const struct ox_memo_header *h);
void ox_memo_write_item(struct ox_buf *b, const struct ox_memo_item *item);
/* False when the record is not of this form. */
bool ox_memo_read_header(struct ox_reader *r, struct ox_memo_header *h);
bool ox_memo_read_item(struct ox_reader *r, struct ox_memo_item *item);

/* In place, into the record that a reader goes through: `at` is where the item began. */
void ox_memo_patch_signature(char *at, const struct ox_signature *signature, uint64_t checked);
void ox_memo_patch_used(char *record, uint64_t used);

/* The digest of the names and kinds of those entries of a folder that count. */
int ox_memo_digest_listing(const char *path, enum ox_memo_entries entries, struct ox_digest *digest,
			   struct ox_err *err);
/* The digest of a variable's value; zero when unset. */
struct ox_digest ox_memo_digest_value(const char *value);

#endif
