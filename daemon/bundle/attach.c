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

/* What is not loaded, with its section headers pointing to where they will lie. */
static int moved_tail(struct ox_slice stub, const struct ox_elf_place *place, uint64_t size, uint64_t delta,
		      char **tail, size_t *len, struct ox_err *err)
{
	uint64_t end = place->offset + place->size;
	*len = stub.len - end;
	*tail = malloc(*len ? *len : 1);
	if (!*tail)
		return ox_fail_nomem(err, "section headers");
	memcpy(*tail, stub.data + end, *len);
	char *headers = *tail + (place->shoff - end);
	for (size_t i = 0; i < place->section_count; i++) {
		Elf64_Shdr header;
		memcpy(&header, headers + i * sizeof(header), sizeof(header));
		if (i == place->section)
			header.sh_size = size;
		else if (header.sh_offset >= end)
			header.sh_offset += delta;
		memcpy(headers + i * sizeof(header), &header, sizeof(header));
	}
	return 0;
}

/* The file's start up to the program header that changes, changed. */
static int changed_head(struct ox_slice stub, const struct ox_elf_place *place, uint64_t size, uint64_t delta,
			char **head, size_t *len, struct ox_err *err)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;
	*len = place->phdr_offset + sizeof(segment);
	*head = *len >= sizeof(header) ? malloc(*len) : NULL;
	if (!*head)
		return ox_fail_nomem(err, "ELF header");
	memcpy(*head, stub.data, *len);
	memcpy(&header, *head, sizeof(header));
	memcpy(&segment, *head + place->phdr_offset, sizeof(segment));
	header.e_shoff += delta;
	segment.p_filesz = segment.p_memsz = size;
	memcpy(*head, &header, sizeof(header));
	memcpy(*head + place->phdr_offset, &segment, sizeof(segment));
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
	struct run *runs;
	size_t count;
	struct ox_digest digest;
	int hash_rc;
	struct ox_err hash_err;
};

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

static int attach(int stub_fd, struct ox_slice stub, const struct ox_attach_piece *pieces, size_t count, int out,
		  uint64_t *total, struct ox_digest *digest, struct ox_err *err)
{
	struct ox_elf_place place;
	struct output o = {.runs = calloc(count + 3, sizeof(*o.runs))};
	char *head = NULL, *tail = NULL;
	size_t head_len = 0, tail_len = 0;
	uint64_t size = 0, delta = 0;
	int rc = o.runs ? payload_size(pieces, count, &size, err) : ox_fail_nomem(err, "executable");
	if (!rc && (rc = ox_elf_find_place(stub, &place, err)))
		ox_wrap(err, "the linked stub cannot take a payload");
	if (!rc) {
		size = size < place.size ? place.size : size;
		delta = (size - place.size + TAIL_ALIGN - 1) / TAIL_ALIGN * TAIL_ALIGN;
		rc = moved_tail(stub, &place, size, delta, &tail, &tail_len, err);
	}
	if (!rc)
		rc = changed_head(stub, &place, size, delta, &head, &head_len, err);
	if (!rc) {
		add_run(&o, 0, ox_slice(head, head_len), -1, 0);
		add_run(&o, head_len, ox_slice(stub.data + head_len, place.offset - head_len), stub_fd, head_len);
		for (size_t i = 0; i < count; i++)
			add_run(&o, place.offset + pieces[i].offset, ox_slice(pieces[i].bytes, pieces[i].size),
				pieces[i].fd, 0);
		add_run(&o, place.offset + place.size + delta, ox_slice(tail, tail_len), -1, 0);
		rc = write_and_hash(&o, out, digest, err);
		*total = stub.len + delta;
	}
	free(head);
	free(tail);
	free(o.runs);
	return rc;
}

int ox_attach(int stub, const struct ox_attach_piece *pieces, size_t count, int out, uint64_t *size,
	      struct ox_digest *digest, struct ox_err *err)
{
	struct stat st;
	if (fstat(stub, &st) != 0)
		return ox_fail_errno(err, errno, "cannot read the linked stub");
	if (st.st_size <= 0 || !S_ISREG(st.st_mode))
		return ox_fail(err, OX_ECORRUPT, "the linked stub is empty");
	size_t len = (size_t)st.st_size;
	void *map = mmap(NULL, len, PROT_READ, MAP_PRIVATE, stub, 0);
	if (map == MAP_FAILED)
		return ox_fail_errno(err, errno, "cannot map the linked stub");
	int rc = attach(stub, ox_slice(map, len), pieces, count, out, size, digest, err);
	munmap(map, len);
	return rc;
}
