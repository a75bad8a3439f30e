/* format.h - the payload inside an executable: what lies where.
 *
 * A payload is one head followed by any number of segments, and is used in place
 * from the executable's own mapping: nothing in it is parsed, unpacked or
 * copied at start. All integers are little-endian and unsigned; all offsets
 * count from the start of the structure that they stand in (head or segment), so that a
 * segment is the same bytes wherever it is placed. A slice is (offset, length), 4 bytes
 * each; offset 0 means "absent", which is not the same as empty (a package's
 * __init__.py often is).
 *
 * Head, at the start of the payload:
 *
 *   offset size
 *      0    8   magic "oxpaylod"
 *      8    4   version of this format (OX_PACK_VERSION)
 *     12    4   bytecode magic of the interpreter (importlib.util.MAGIC_NUMBER)
 *     16    8   size of the whole payload in bytes
 *     24    4   size of the head in bytes
 *     28    4   number of segments S
 *     32    4   offset of the segment table
 *     36    4   number of index entries E
 *     40    4   offset of the entries
 *     44    4   number of hash slots H, a power of two, at least 1 and more than E
 *     48    4   offset of the slots
 *     52    8   slice: configuration text (config.h)
 *     60    4   zero
 *     64        ...
 *
 * Segment table: S times 48 bytes: offset from the start of the payload (8, a multiple of
 * OX_PACK_ALIGN), size (8), SHA-256 of the segment's bytes (32; zero when the writer was
 * given none).
 *
 * Entries: E times 12 bytes: hash of the name (4), segment number (4), record number
 * (4; bit 31: the next entry has the same name). They are sorted by name in byte order,
 * so that the members of a package are one run. Among entries of one name, those with a role as
 * a module stand before those that only bring files; within each group a later
 * segment stands before an earlier one. The first entry therefore answers
 * "which module is this"; files are looked for in all of them.
 *
 * Slots: H times 8 bytes: hash (4), number of the first entry of that name plus one (4; 0: free).
 * The hash is the low half of ox_hash_bytes of the name (FNV-1a, folded). Probing is
 * linear from hash & (H - 1) and ends at a free slot; H is at least twice the number of
 * names, so a miss costs about one cache line.
 *
 * Segment:
 *
 *      0    8   magic "oxsegmnt"
 *      8    4   version (OX_PACK_VERSION)
 *     12    4   bytecode magic
 *     16    8   size of the segment in bytes; below 4 GiB
 *     24    4   number of records R
 *     28    4   offset of the table of what else is compiled: regular expressions, generated code (compiled.h); 0: none
 *     32        R records of 88 bytes
 *
 * Record:
 *
 *      0    8   slice: name ("a.b.c", or a library's SONAME)
 *      8    4   flags (enum ox_pack_flag)
 *     12    4   checksum of the shared library (sum.h)
 *     16    8   slice: source
 *     24   24   three slices: marshalled code at levels 0, 1, 2; the 4 bytes before each are its checksum
 *     48    8   slice: shared library; its offset is a multiple of OX_PACK_ALIGN
 *     56    8   table: names of needed libraries, each one slice
 *     64    8   table: package files, each two slices: name, data; sorted by name
 *     72    8   table: dist-info files, likewise
 *     80    8   slice: path relative to the executable's folder
 *
 * A table is (offset, count). After the records come the names and tables, that table, then the
 * code of all records in record order (the range that a start touches, kept
 * contiguous), then sources, files, and the libraries on pages of their own.
 *
 * The reader trusts nothing: each number is checked against its enclosing structure when
 * it is used, so that damage costs an error and never a stray access, and opening
 * touches the head only. Code and libraries, which would be run, are compared with their checksums when they
 * are loaded. */
#ifndef OX_PACK_FORMAT_H
#define OX_PACK_FORMAT_H

#define OX_PACK_MAGIC "oxpaylod"
#define OX_PACK_SEGMENT_MAGIC "oxsegmnt"

enum {
	OX_PACK_VERSION = 4,
	OX_PACK_ALIGN = 4096,
	OX_PACK_MAGIC_SIZE = 8,
	OX_PACK_HEAD_SIZE = 64,
	OX_PACK_SEGMENT_ENTRY_SIZE = 48,
	OX_PACK_ENTRY_SIZE = 12,
	OX_PACK_SLOT_SIZE = 8,
	OX_PACK_SEGMENT_HEAD_SIZE = 32,
	OX_PACK_RECORD_SIZE = 88,
	OX_PACK_SLICE_SIZE = 8,
	OX_PACK_SUM_SIZE = 4,
	OX_PACK_FILE_SIZE = 16,
};

/* Bit 31 of an entry's record number. */
#define OX_PACK_ENTRY_MORE 0x80000000u

/* Offsets in the head. */
enum ox_pack_head_at {
	OX_PACK_HEAD_VERSION = 8,
	OX_PACK_HEAD_BYTECODE = 12,
	OX_PACK_HEAD_TOTAL = 16,
	OX_PACK_HEAD_LENGTH = 24,
	OX_PACK_HEAD_SEGMENT_COUNT = 28,
	OX_PACK_HEAD_SEGMENTS = 32,
	OX_PACK_HEAD_ENTRY_COUNT = 36,
	OX_PACK_HEAD_ENTRIES = 40,
	OX_PACK_HEAD_SLOT_COUNT = 44,
	OX_PACK_HEAD_SLOTS = 48,
	OX_PACK_HEAD_CONFIG = 52,
};

/* Offsets in a segment's head. */
enum ox_pack_segment_at {
	OX_PACK_SEGMENT_VERSION = 8,
	OX_PACK_SEGMENT_BYTECODE = 12,
	OX_PACK_SEGMENT_LENGTH = 16,
	OX_PACK_SEGMENT_RECORD_COUNT = 24,
	OX_PACK_SEGMENT_COMPILED = 28,
};

/* Offsets in a record. */
enum ox_pack_record_at {
	OX_PACK_RECORD_NAME = 0,
	OX_PACK_RECORD_FLAGS = 8,
	OX_PACK_RECORD_LIBRARY_SUM = 12,
	OX_PACK_RECORD_SOURCE = 16,
	OX_PACK_RECORD_CODE = 24,
	OX_PACK_RECORD_LIBRARY = 48,
	OX_PACK_RECORD_NEEDS = 56,
	OX_PACK_RECORD_FILES = 64,
	OX_PACK_RECORD_DISTRIBUTION = 72,
	OX_PACK_RECORD_PATH = 80,
};

#endif
