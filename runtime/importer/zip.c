#include "runtime/importer/zip.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { END = 22, END64 = 56, LOCATOR = 20, ENTRY = 46, LOCAL = 30, COMMENT_MOST = 65535 };

static uint16_t u16(const char *p)
{
	const unsigned char *b = (const unsigned char *)p;
	return (uint16_t)(b[0] | b[1] << 8);
}

static uint32_t u32(const char *p)
{
	return u16(p) | (uint32_t)u16(p + 2) << 16;
}

static uint64_t u64(const char *p)
{
	return u32(p) | (uint64_t)u32(p + 4) << 32;
}

int ox_zip_open_memory(struct ox_zip *z, struct ox_slice data, struct ox_err *err)
{
	(void)err;
	*z = (struct ox_zip){.fd = -1, .data = data, .size = data.len};
	return 0;
}

int ox_zip_open_file(struct ox_zip *z, const char *path, struct ox_err *err)
{
	struct stat info;
	*z = (struct ox_zip){.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)}; /* not waiting at a pipe */
	if (z->fd < 0)
		return ox_fail_errno(err, errno, "cannot open %s", path);
	int rc = fstat(z->fd, &info) < 0 ? ox_fail_errno(err, errno, "cannot examine %s", path) : 0;
	if (rc == 0 && !S_ISREG(info.st_mode))
		rc = ox_fail(err, OX_EUSAGE, "%s is not a file", path);
	z->size = rc == 0 ? (uint64_t)info.st_size : 0;
	if (rc < 0)
		ox_zip_close(z);
	return rc;
}

void ox_zip_close(struct ox_zip *z)
{
	free(z->members);
	free(z->directory);
	if (z->fd >= 0)
		close(z->fd);
	*z = (struct ox_zip){.fd = -1};
}

int ox_zip_read(const struct ox_zip *z, uint64_t offset, void *to, size_t len, struct ox_err *err)
{
	if (offset > z->size || len > z->size - offset)
		return ox_fail(err, OX_ECORRUPT, "something lies outside of the archive");
	if (z->fd < 0) {
		memcpy(to, z->data.data + offset, len);
		return 0;
	}
	while (len) {
		ssize_t got = pread(z->fd, to, len, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ox_fail_errno(err, errno, "cannot read the archive");
		if (got == 0)
			return ox_fail(err, OX_ECORRUPT, "the archive has become shorter");
		to = (char *)to + got;
		offset += (uint64_t)got;
		len -= (size_t)got;
	}
	return 0;
}

/* The directory's place. */
struct extent {
	uint64_t start, size, count;
	uint64_t shift; /* length of the junk in front: what offsets do not count */
};

/* Fills *where from the directory's size and offset and from where the record behind it begins. */
static int place_directory(struct extent *where, uint64_t end, uint64_t size, uint64_t offset, struct ox_err *err)
{
	if (size > end || offset > end - size)
		return ox_fail(err, OX_ECORRUPT, "the central directory lies outside of the archive");
	where->size = size;
	where->start = end - size;
	where->shift = where->start - offset;
	return 0;
}

/* The 64-bit record, right in front of its locator. */
static int read_end64(const struct ox_zip *z, uint64_t at, struct extent *where, struct ox_err *err)
{
	char record[END64 + LOCATOR];
	if (at < sizeof record)
		return ox_fail(err, OX_ECORRUPT, "the 64-bit end record is missing");
	int rc = ox_zip_read(z, at - sizeof record, record, sizeof record, err);
	if (rc == 0 && (memcmp(record, "PK\6\6", 4) != 0 || memcmp(record + END64, "PK\6\7", 4) != 0))
		rc = ox_fail(err, OX_ECORRUPT, "the 64-bit end record is missing");
	if (rc < 0)
		return rc;
	where->count = u64(record + 32);
	return place_directory(where, at - sizeof record, u64(record + 40), u64(record + 48), err);
}

static int read_end(const struct ox_zip *z, uint64_t at, const char *record, struct extent *where, struct ox_err *err)
{
	uint32_t size = u32(record + 12), offset = u32(record + 16);
	where->count = u16(record + 10);
	if (where->count == UINT16_MAX || size == UINT32_MAX || offset == UINT32_MAX)
		return read_end64(z, at, where, err);
	return place_directory(where, at, size, offset, err);
}

/* The end record is the last one that fits: a comment of up to 64 KiB may follow it. */
static int find_end(const struct ox_zip *z, struct extent *where, struct ox_err *err)
{
	size_t len = z->size < END + COMMENT_MOST ? (size_t)z->size : END + COMMENT_MOST;
	uint64_t start = z->size - len;
	if (len < END)
		return ox_fail(err, OX_ECORRUPT, "it is too short for a zip archive");
	char *tail = malloc(len);
	int rc = tail ? ox_zip_read(z, start, tail, len, err) : ox_fail_nomem(err, "the end of a zip archive");
	size_t at = len - END + 1;
	while (rc == 0 && at > 0) {
		at--;
		if (memcmp(tail + at, "PK\5\6", 4) == 0 && u16(tail + at + 20) <= len - END - at)
			break;
		if (at == 0)
			rc = ox_fail(err, OX_ECORRUPT, "it has no end record: it is no zip archive, or cut short");
	}
	if (rc == 0)
		rc = read_end(z, start + at, tail + at, where, err);
	free(tail);
	return rc;
}

static bool is_safe(struct ox_slice name)
{
	if (!name.len || name.data[0] == '/' || name.data[name.len - 1] == '/' || memchr(name.data, '\0', name.len))
		return false;
	while (name.len) {
		const char *slash = memchr(name.data, '/', name.len);
		struct ox_slice part = ox_slice(name.data, slash ? (size_t)(slash - name.data) : name.len);
		if (ox_slice_eq_str(part, ".."))
			return false;
		name = slash ? ox_slice(slash + 1, name.len - part.len - 1) : (struct ox_slice){0};
	}
	return true;
}

/* What did not fit into 32 bits stands in the extra field of kind 1, in this order. */
static int widen(struct ox_zip_member *m, struct ox_slice extra, struct ox_err *err)
{
	uint64_t *const fields[] = {&m->size, &m->packed, &m->offset};
	while (extra.len >= 4) {
		uint16_t kind = u16(extra.data), len = u16(extra.data + 2);
		struct ox_slice value = ox_slice(extra.data + 4, extra.len - 4);
		if (len > value.len)
			break;
		extra = ox_slice(value.data + len, value.len - len);
		value.len = len;
		for (size_t i = 0; kind == 1 && i < OX_COUNT(fields); i++) {
			if (*fields[i] != UINT32_MAX)
				continue;
			if (value.len < 8)
				return ox_fail(err, OX_ECORRUPT, "a 64-bit size is missing");
			*fields[i] = u64(value.data);
			value = ox_slice(value.data + 8, value.len - 8);
		}
		if (kind == 1)
			break;
	}
	return 0;
}

/* One entry at the front of `text`; returns its length, or a negative code. */
static int64_t read_entry(struct ox_zip_member *m, struct ox_slice text, uint64_t shift, struct ox_err *err)
{
	if (text.len < ENTRY || memcmp(text.data, "PK\1\2", 4) != 0)
		return ox_fail(err, OX_ECORRUPT, "the central directory is damaged");
	size_t name = u16(text.data + 28), extra = u16(text.data + 30), comment = u16(text.data + 32);
	if (name + extra + comment > text.len - ENTRY)
		return ox_fail(err, OX_ECORRUPT, "the central directory is cut short");
	*m = (struct ox_zip_member){
		.name = ox_slice(text.data + ENTRY, name),
		.is_encrypted = u16(text.data + 8) & 1,
		.method = u16(text.data + 10),
		.crc = u32(text.data + 16),
		.packed = u32(text.data + 20),
		.size = u32(text.data + 24),
		.offset = u32(text.data + 42),
	};
	int rc = widen(m, ox_slice(text.data + ENTRY + name, extra), err);
	if (rc < 0)
		return rc;
	if (m->offset > UINT64_MAX - shift)
		return ox_fail(err, OX_ECORRUPT, "a member lies outside of the archive");
	m->offset += shift;
	return (int64_t)(ENTRY + name + extra + comment);
}

/* By name; those of one name in the order of the directory. */
static int by_name(const void *left, const void *right)
{
	const struct ox_zip_member *a = left, *b = right;
	int c = ox_slice_cmp(a->name, b->name);
	return c ? c : (a->name.data > b->name.data) - (a->name.data < b->name.data);
}

static void keep_last_of_each_name(struct ox_zip *z)
{
	size_t kept = 0;
	if (z->count)
		qsort(z->members, z->count, sizeof *z->members, by_name);
	for (size_t i = 0; i < z->count; i++) {
		bool repeats = i + 1 < z->count && ox_slice_eq(z->members[i].name, z->members[i + 1].name);
		if (!repeats)
			z->members[kept++] = z->members[i];
	}
	z->count = kept;
}

static int read_directory(struct ox_zip *z, const struct extent *where, struct ox_err *err)
{
	if (where->count > where->size / ENTRY)
		return ox_fail(err, OX_ECORRUPT, "the central directory is shorter than its number of members");
	z->directory = malloc(where->size + 1);
	z->members = calloc(where->count + 1, sizeof *z->members);
	if (!z->directory || !z->members)
		return ox_fail_nomem(err, "the directory of a zip archive");
	int rc = ox_zip_read(z, where->start, z->directory, where->size, err);
	struct ox_slice left = ox_slice(z->directory, where->size);
	for (uint64_t i = 0; rc == 0 && i < where->count; i++) {
		struct ox_zip_member *m = &z->members[z->count];
		int64_t used = read_entry(m, left, where->shift, err);
		if (used < 0) {
			rc = (int)used;
			break;
		}
		left = ox_slice(left.data + used, left.len - (size_t)used);
		z->count += is_safe(m->name);
	}
	return rc;
}

int ox_zip_index(struct ox_zip *z, struct ox_err *err)
{
	struct extent where = {0};
	int rc = find_end(z, &where, err);
	if (rc == 0)
		rc = read_directory(z, &where, err);
	if (rc == 0)
		keep_last_of_each_name(z);
	else
		ox_zip_close(z);
	return rc;
}

static int name_order(const void *key, const void *member)
{
	return ox_slice_cmp(*(const struct ox_slice *)key, ((const struct ox_zip_member *)member)->name);
}

const struct ox_zip_member *ox_zip_find(const struct ox_zip *z, struct ox_slice name)
{
	return z->count ? bsearch(&name, z->members, z->count, sizeof *z->members, name_order) : NULL;
}

int ox_zip_locate(const struct ox_zip *z, const struct ox_zip_member *m, uint64_t *offset, struct ox_err *err)
{
	enum { RATIO_MOST = 1032 }; /* of deflate: 258 bytes from 2 bits */
	char local[LOCAL];
	if (m->is_encrypted)
		return ox_fail(err, OX_ECORRUPT, "it is encrypted");
	if (m->method != OX_ZIP_STORED && m->method != OX_ZIP_DEFLATED)
		return ox_fail(err, OX_ECORRUPT, "its compression method %d is not supported", m->method);
	if (m->method == OX_ZIP_STORED ? m->size != m->packed : m->size / RATIO_MOST > m->packed)
		return ox_fail(err, OX_ECORRUPT, "its size cannot be right");
	int rc = ox_zip_read(z, m->offset, local, sizeof local, err);
	if (rc == 0 && memcmp(local, "PK\3\4", 4) != 0)
		rc = ox_fail(err, OX_ECORRUPT, "it is not where the directory says");
	if (rc < 0)
		return rc;
	*offset = m->offset + LOCAL + u16(local + 26) + u16(local + 28);
	if (*offset > z->size || m->packed > z->size - *offset)
		return ox_fail(err, OX_ECORRUPT, "it is cut short");
	return 0;
}

/* The polynomial of zip, four bits at a time. */
uint32_t ox_zip_crc(const void *data, size_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
		0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C,
	};
	const unsigned char *byte = data;
	uint32_t crc = UINT32_MAX;
	for (size_t i = 0; i < len; i++) {
		crc = table[(crc ^ byte[i]) & 15] ^ crc >> 4;
		crc = table[(crc ^ byte[i] >> 4) & 15] ^ crc >> 4;
	}
	return ~crc;
}
