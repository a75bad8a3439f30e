#include "runtime/importer/records.h"

#include "proto/base/map.h"
#include "proto/base/vec.h"
#include "runtime/importer/arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files are read in pieces of this size. */
enum { CHUNK = 16384 };

struct blob {
	Py_buffer view; /* obj NULL: it is a file */
	char *content;  /* NULL: it is none */
	size_t size;
	int fd;
	unsigned char *is_read; /* a bit for each chunk */
	struct ox_arena arena; /* what was parsed out of it */
};

struct ox_records {
	struct ox_map by_name;   /* to struct ox_record in the arena, with a strong owner */
	struct ox_arena arena;
	OX_VEC(struct blob *) blobs;
	struct ox_slice *sorted; /* names; out of date when there are fewer than in the map */
	size_t sorted_count;
};

struct ox_records *ox_records_new(void)
{
	struct ox_records *t = calloc(1, sizeof *t);
	if (!t)
		PyErr_NoMemory();
	return t;
}

static void release_blob(struct blob *b)
{
	if (b->view.obj)
		PyBuffer_Release(&b->view);
	if (b->content) {
		munmap(b->content, b->size);
		close(b->fd);
	}
	free(b->is_read);
	ox_arena_free(&b->arena);
	free(b);
}

void ox_records_free(struct ox_records *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->by_name.len; i++)
		Py_CLEAR(((struct ox_record *)t->by_name.entries[i].value)->owner);
	for (size_t i = 0; i < t->blobs.len; i++)
		release_blob(t->blobs.items[i]);
	ox_vec_free(&t->blobs);
	ox_map_free(&t->by_name);
	ox_arena_free(&t->arena);
	free(t->sorted);
	free(t);
}

int ox_records_traverse(struct ox_records *t, visitproc visit, void *arg)
{
	for (size_t i = 0; t && i < t->by_name.len; i++)
		Py_VISIT(((struct ox_record *)t->by_name.entries[i].value)->owner);
	for (size_t i = 0; t && i < t->blobs.len; i++)
		Py_VISIT(t->blobs.items[i]->view.obj);
	return 0;
}

bool ox_records_find(const struct ox_records *t, struct ox_slice name, struct ox_record *out)
{
	const struct ox_record *found = ox_map_get(&t->by_name, name);
	if (found)
		*out = *found;
	return found;
}

static int compare_names(const void *a, const void *b)
{
	return ox_slice_cmp(*(const struct ox_slice *)a, *(const struct ox_slice *)b);
}

static bool sort_names(struct ox_records *t)
{
	if (t->sorted_count == t->by_name.len)
		return true;
	struct ox_slice *sorted = realloc(t->sorted, t->by_name.len * sizeof *sorted);
	if (!sorted)
		return false;
	bool in_order = true; /* as packed resources usually are */
	for (size_t i = 0; i < t->by_name.len; i++) {
		sorted[i] = t->by_name.entries[i].key;
		in_order = in_order && (!i || ox_slice_cmp(sorted[i - 1], sorted[i]) < 0);
	}
	if (!in_order)
		qsort(sorted, t->by_name.len, sizeof *sorted, compare_names);
	t->sorted = sorted;
	t->sorted_count = t->by_name.len;
	return true;
}

struct ox_slice *ox_records_names(struct ox_records *t, size_t *count)
{
	*count = sort_names(t) ? t->sorted_count : 0;
	return t->sorted;
}

size_t ox_records_lower_bound(struct ox_records *t, struct ox_slice name)
{
	size_t low = 0, high;
	const struct ox_slice *names = ox_records_names(t, &high);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ox_slice_cmp(names[middle], name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int ox_records_put(struct ox_records *t, const struct ox_packed_resource *r, PyObject *owner)
{
	struct ox_record *record = ox_map_get(&t->by_name, r->name);
	if (!record) {
		struct ox_slice key = owner ? ox_arena_slice(&t->arena, r->name) : r->name;
		record = key.data ? ox_arena_alloc(&t->arena, sizeof *record) : NULL;
		void **slot = record ? ox_map_put(&t->by_name, key, NULL) : NULL;
		if (!slot) {
			PyErr_NoMemory();
			return -1;
		}
		*slot = record;
	}
	PyObject *old = record->owner;
	*record = (struct ox_record){r, Py_XNewRef(owner)};
	Py_XDECREF(old);
	return 0;
}

int ox_records_hold(const struct ox_records *t, PyObject *list)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < t->by_name.len; i++) {
		const struct ox_record *record = t->by_name.entries[i].value;
		rc = record->owner ? PyList_Append(list, record->owner) : 0;
	}
	return rc;
}

struct ox_arena *ox_records_arena(struct ox_records *t)
{
	return &t->arena;
}

/* Reads `size` bytes at `at`; less is an error. */
static int read_piece(const struct blob *b, size_t at, size_t size, struct ox_err *err)
{
	while (size) {
		ssize_t n = pread(b->fd, b->content + at, size, (off_t)at);
		if (n == 0)
			return ox_fail(err, OX_ESYS,
				       "the file of packed resources is shorter than when it was indexed");
		if (n < 0 && errno != EINTR)
			return ox_fail_errno(err, errno, "cannot read packed resources");
		at += n > 0 ? (size_t)n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* For ox_packed_read, too. */
static int load_part(void *arg, struct ox_slice part, struct ox_err *err)
{
	struct blob *b = arg;
	size_t start = (size_t)(part.data - b->content);
	for (size_t i = start / CHUNK; part.len && i <= (start + part.len - 1) / CHUNK; i++) {
		size_t at = i * CHUNK;
		if (b->is_read[i / 8] >> (i % 8) & 1)
			continue;
		int rc = read_piece(b, at, b->size - at < CHUNK ? b->size - at : CHUNK, err);
		if (rc < 0)
			return rc;
		b->is_read[i / 8] |= (unsigned char)(1 << i % 8);
	}
	return 0;
}

int ox_records_load(struct ox_records *t, struct ox_slice part, struct ox_err *err)
{
	for (size_t i = 0; t && part.len && i < t->blobs.len; i++) {
		struct blob *b = t->blobs.items[i];
		if (b->content && part.data >= b->content && part.data < b->content + b->size)
			return load_part(b, part, err);
	}
	return 0;
}

/* Parses and keeps the blob, or releases it. */
static int take_in(struct ox_records *t, struct blob *b, struct ox_slice bytes, const struct ox_packed_resource **out,
		   size_t *count)
{
	const struct ox_packed_loader loader = {load_part, b};
	struct ox_packed_resource *resources;
	struct ox_err err = {0};
	int rc = ox_packed_read(bytes, b->content ? &loader : NULL, &b->arena, &resources, count, &err);
	struct blob **slot = rc < 0 ? NULL : ox_vec_push(&t->blobs);
	if (slot) {
		*slot = b;
		*out = resources;
		return 0;
	}
	release_blob(b);
	if (rc < 0 && rc != OX_EEXHAUSTED)
		PyErr_SetString(PyExc_ValueError, err.text);
	else
		PyErr_NoMemory();
	return -1;
}

static struct blob *new_blob(void)
{
	struct blob *b = calloc(1, sizeof *b);
	if (!b)
		PyErr_NoMemory();
	return b;
}

int ox_records_read_buffer(struct ox_records *t, PyObject *data, const struct ox_packed_resource **out, size_t *count)
{
	struct blob *b = new_blob();
	if (b && ox_buffer_from(data, "data", &b->view))
		return take_in(t, b, ox_slice(b->view.buf, (size_t)b->view.len), out, count);
	free(b);
	return -1;
}

/* Room for the file's content, of which nothing is read yet. 0, or an errno; an empty file takes none. */
static int reserve(int fd, struct blob *b)
{
	struct stat st;
	if (fstat(fd, &st) < 0)
		return errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? EISDIR : ESPIPE;
	size_t size = (size_t)st.st_size;
	if (!size) {
		close(fd);
		return 0;
	}
	void *content = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	b->is_read = calloc(size / CHUNK / 8 + 1, 1);
	if (content == MAP_FAILED || !b->is_read) {
		if (content != MAP_FAILED)
			munmap(content, size);
		return ENOMEM;
	}
	b->content = content;
	b->size = size;
	b->fd = fd;
	return 0;
}

static int open_content(const char *path, struct blob *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* nobody may ever write to a pipe */
	int failed = fd < 0 ? errno : reserve(fd, b);
	if (failed && fd >= 0)
		close(fd);
	return failed;
}

int ox_records_read_file(struct ox_records *t, PyObject *path, const struct ox_packed_resource **out, size_t *count)
{
	int failed;
	PyObject *bytes = ox_path_from(path);
	struct blob *b = bytes ? new_blob() : NULL;
	if (!b) {
		Py_XDECREF(bytes);
		return -1;
	}
	Py_BEGIN_ALLOW_THREADS;
	failed = open_content(PyBytes_AS_STRING(bytes), b);
	Py_END_ALLOW_THREADS;
	Py_DECREF(bytes);
	if (!failed)
		return take_in(t, b, ox_slice(b->content, b->size), out, count);
	release_blob(b);
	PyErr_Format(PyExc_ValueError, "cannot read packed resources from %R: %s", path, strerror(failed));
	return -1;
}
