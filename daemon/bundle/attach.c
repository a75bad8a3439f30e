#include "daemon/bundle/attach.h"

#include "daemon/bundle/copy.h"
#include "daemon/bundle/elf.h"
#include "store/digest/digest.h"

#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TAIL_ALIGN = 64 }; /* keeps the alignment of everything behind the payload */

static int payload_size(const struct ox_attach_piece *pieces, size_t count, uint64_t *size, struct ox_err *err)
{
	*size = 0;
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].offset < *size || pieces[i].size > INT64_MAX / 2 - pieces[i].offset)
			return ox_fail(err, OX_EINTERNAL, "pieces of a payload overlap");
		*size = pieces[i].offset + pieces[i].size;
	}
	return 0;
}

/* A run of the output: where it lies, what is in it, and where it can be copied from. What lies
 * between runs is zero. */
struct run {
	uint64_t offset;
	struct ox_slice bytes;
	int fd; /* -1: from memory */
	uint64_t fd_offset;
};

struct output {
	struct ox_slice stub;
	struct ox_elf_place place; /* of the payload in the stub */
	uint64_t size;             /* of the payload's section and segment: what is in it, at least what the stub had */
	uint64_t delta;            /* by how much everything behind it moves */
	char *head, *tail;
	size_t head_len, tail_len;
	struct run *runs;
	size_t count;
	struct ox_digest digest;
	int hash_rc;
	struct ox_err hash_err;
};

/* What is not loaded, with its section headers pointing to where they will lie. */
static int move_tail(struct output *o, struct ox_err *err)
{
	uint64_t end = o->place.offset + o->place.size;
	o->tail_len = o->stub.len - end;
	o->tail = malloc(o->tail_len ? o->tail_len : 1);
	if (!o->tail)
		return ox_fail_nomem(err, "section headers");
	memcpy(o->tail, o->stub.data + end, o->tail_len);
	char *headers = o->tail + (o->place.shoff - end);
	for (size_t i = 0; i < o->place.section_count; i++) {
		Elf64_Shdr header;
		memcpy(&header, headers + i * sizeof(header), sizeof(header));
		if (i == o->place.section)
			header.sh_size = o->size;
		else if (header.sh_offset >= end)
			header.sh_offset += o->delta;
		memcpy(headers + i * sizeof(header), &header, sizeof(header));
	}
	return 0;
}

/* The file's start up to the program header that changes, changed. */
static int change_head(struct output *o, struct ox_err *err)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	o->head_len = o->place.phdr_offset + sizeof(segment);
	o->head = o->head_len >= sizeof(header) ? malloc(o->head_len) : NULL;
	if (!o->head)
		return ox_fail_nomem(err, "ELF header");
	memcpy(o->head, o->stub.data, o->head_len);
	memcpy(&header, o->head, sizeof(header));
	memcpy(&segment, o->head + o->place.phdr_offset, sizeof(segment));
	header.e_shoff += o->delta;
	segment.p_filesz = segment.p_memsz = o->size;
	memcpy(o->head, &header, sizeof(header));
	memcpy(o->head + o->place.phdr_offset, &segment, sizeof(segment));
	return 0;
}

static void add_run(struct output *o, uint64_t offset, struct ox_slice bytes, int fd, uint64_t fd_offset)
{
	if (bytes.len)
		o->runs[o->count++] = (struct run){offset, bytes, fd, fd_offset};
}

static int write_runs(const struct output *o, int out, struct ox_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < o->count; i++) {
		const struct run *r = &o->runs[i];
		rc = r->fd < 0 ? ox_write_at(out, r->bytes.data, r->bytes.len, r->offset, err)
			       : ox_copy_at(r->fd, r->fd_offset, out, r->offset, r->bytes.len, err);
	}
	return rc;
}

static int hash_zeros(struct ox_hasher *h, uint64_t count, struct ox_err *err)
{
	static const char zeros[4096];
	int rc = 0;
	while (!rc && count) {
		size_t n = count < sizeof(zeros) ? (size_t)count : sizeof(zeros);
		rc = ox_hasher_add(h, zeros, n, err);
		count -= n;
	}
	return rc;
}

static void *hash_runs(void *arg)
{
	struct output *o = arg;
	struct ox_hasher *h = NULL;
	uint64_t at = 0;
	int rc = ox_hasher_new(&h, &o->hash_err);
	for (size_t i = 0; !rc && i < o->count; i++) {
		const struct run *r = &o->runs[i];
		rc = hash_zeros(h, r->offset - at, &o->hash_err);
		if (!rc)
			rc = ox_hasher_add(h, r->bytes.data, r->bytes.len, &o->hash_err);
		at = r->offset + r->bytes.len;
	}
	if (!rc)
		rc = ox_hasher_finish(h, &o->digest, &o->hash_err);
	ox_hasher_free(h);
	o->hash_rc = rc;
	return NULL;
}

static int write_and_hash(struct output *o, int out, struct ox_digest *digest, struct ox_err *err)
{
	pthread_t hasher;
	bool parallel = pthread_create(&hasher, NULL, hash_runs, o) == 0;
	int rc = write_runs(o, out, err);
	if (parallel)
		pthread_join(hasher, NULL);
	else
		hash_runs(o);
	if (!rc && o->hash_rc) {
		rc = o->hash_rc;
		if (err)
			*err = o->hash_err;
	}
	*digest = o->digest;
	return rc;
}

/* Where the parts of a stub come to lie around a payload of that size. */
static int plan(struct output *o, uint64_t payload, struct ox_err *err)
{
	int rc = ox_elf_find_place(o->stub, &o->place, err);
	if (rc)
		return ox_wrap(err, "the linked stub cannot take a payload");
	o->size = payload < o->place.size ? o->place.size : payload;
	o->delta = (o->size - o->place.size + TAIL_ALIGN - 1) / TAIL_ALIGN * TAIL_ALIGN;
	rc = move_tail(o, err);
	return rc ? rc : change_head(o, err);
}

static int add_runs(struct output *o, int stub_fd, const struct ox_attach_piece *pieces, size_t count,
		    struct ox_err *err)
{
	uint64_t start = o->place.offset;
	o->runs = calloc(count + 3, sizeof(*o->runs));
	if (!o->runs)
		return ox_fail_nomem(err, "executable");
	add_run(o, 0, ox_slice(o->head, o->head_len), -1, 0);
	add_run(o, o->head_len, ox_slice(o->stub.data + o->head_len, start - o->head_len), stub_fd, o->head_len);
	for (size_t i = 0; i < count; i++)
		add_run(o, start + pieces[i].offset, ox_slice(pieces[i].bytes, pieces[i].size), pieces[i].fd, 0);
	add_run(o, start + o->place.size + o->delta, ox_slice(o->tail, o->tail_len), -1, 0);
	return 0;
}

static void free_output(struct output *o)
{
	free(o->head);
	free(o->tail);
	free(o->runs);
}

static int map_stub(int stub, struct ox_slice *bytes, struct ox_err *err)
{
	struct stat st;
	if (fstat(stub, &st) != 0)
		return ox_fail_errno(err, errno, "cannot read the linked stub");
	if (st.st_size <= 0 || !S_ISREG(st.st_mode))
		return ox_fail(err, OX_ECORRUPT, "the linked stub is empty");
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, stub, 0);
	if (map == MAP_FAILED)
		return ox_fail_errno(err, errno, "cannot map the linked stub");
	*bytes = ox_slice(map, (size_t)st.st_size);
	return 0;
}

int ox_attach(int stub, const struct ox_attach_piece *pieces, size_t count, int out, uint64_t *size,
	      struct ox_digest *digest, struct ox_err *err)
{
	struct output o = {0};
	uint64_t payload;
	int rc = payload_size(pieces, count, &payload, err);
	if (!rc)
		rc = map_stub(stub, &o.stub, err);
	if (rc)
		return rc;
	rc = plan(&o, payload, err);
	if (!rc)
		rc = add_runs(&o, stub, pieces, count, err);
	if (!rc)
		rc = write_and_hash(&o, out, digest, err);
	if (!rc)
		*size = o.stub.len + o.delta;
	free_output(&o);
	munmap((void *)(uintptr_t)o.stub.data, o.stub.len);
	return rc;
}
