#include "daemon/bundle/attach.h"

#include "daemon/bundle/copy.h"
#include "daemon/bundle/elf.h"

#include <elf.h>
#include <errno.h>
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

static int write_headers(struct ox_slice stub, const struct ox_elf_place *place, uint64_t size, uint64_t delta, int out,
			 struct ox_err *err)
{
	Elf64_Ehdr header;
	memcpy(&header, stub.data, sizeof(header));
	header.e_shoff += delta;
	int rc = ox_write_at(out, &header, sizeof(header), 0, err);
	if (rc)
		return rc;
	Elf64_Phdr segment;
	memcpy(&segment, stub.data + place->phdr_offset, sizeof(segment));
	segment.p_filesz = segment.p_memsz = size;
	return ox_write_at(out, &segment, sizeof(segment), place->phdr_offset, err);
}

static int write_pieces(const struct ox_attach_piece *pieces, size_t count, uint64_t at, int out, struct ox_err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct ox_attach_piece *p = &pieces[i];
		int rc = p->bytes ? ox_write_at(out, p->bytes, p->size, at + p->offset, err)
				  : ox_copy_at(p->fd, 0, out, at + p->offset, p->size, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int attach(int stub_fd, struct ox_slice stub, const struct ox_attach_piece *pieces, size_t count, int out,
		  uint64_t *total, struct ox_err *err)
{
	struct ox_elf_place place;
	uint64_t size;
	int rc = payload_size(pieces, count, &size, err);
	if (rc)
		return rc;
	rc = ox_elf_find_place(stub, &place, err);
	if (rc)
		return ox_wrap(err, "the linked stub cannot take a payload");
	if (size < place.size)
		size = place.size;
	uint64_t delta = (size - place.size + TAIL_ALIGN - 1) / TAIL_ALIGN * TAIL_ALIGN;
	char *tail = NULL;
	size_t tail_len = 0;
	rc = moved_tail(stub, &place, size, delta, &tail, &tail_len, err);
	if (!rc)
		rc = ox_copy_at(stub_fd, 0, out, 0, place.offset, err);
	if (!rc)
		rc = write_headers(stub, &place, size, delta, out, err);
	if (!rc)
		rc = write_pieces(pieces, count, place.offset, out, err);
	if (!rc)
		rc = ox_write_at(out, tail, tail_len, place.offset + place.size + delta, err);
	if (!rc)
		*total = stub.len + delta;
	free(tail);
	return rc;
}

int ox_attach(int stub, const struct ox_attach_piece *pieces, size_t count, int out, uint64_t *size, struct ox_err *err)
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
	int rc = attach(stub, ox_slice(map, len), pieces, count, out, size, err);
	munmap(map, len);
	return rc;
}
