/* records.h - what a finder was given while it ran: resources out of packed blobs and those added
 * from Python, by name.
 *
 * A record borrows its bytes either from a blob, which the table keeps as long as itself, or from an
 * OxidizedResource (its owner), which goes when another record takes the name. So whoever uses a
 * record while Python code may run (unmarshalling raises audit events, an allocation may
 * collect garbage) holds its owner. Names, and records out of blobs, live as long as the table. */
#ifndef OX_IMPORTER_RECORDS_H
#define OX_IMPORTER_RECORDS_H

#include "runtime/importer/resource.h"

struct ox_records;

struct ox_record {
	const struct ox_packed_resource *r;
	PyObject *owner; /* borrowed; NULL for what lives as long as the table */
};

struct ox_records *ox_records_new(void); /* NULL with an exception */
void ox_records_free(struct ox_records *t); /* NULL is fine */
int ox_records_traverse(struct ox_records *t, visitproc visit, void *arg);

/* False when there is none of that name. */
bool ox_records_find(const struct ox_records *t, struct ox_slice name, struct ox_record *out);

/* All names in byte order; the array is valid until a record is put under a new name. Empty when memory ran out. */
struct ox_slice *ox_records_names(struct ox_records *t, size_t *count);

/* The number of the first name that is not less than `name`; may be the count. */
size_t ox_records_lower_bound(struct ox_records *t, struct ox_slice name);

/* Takes the record in under its name, instead of one that is there. The owner gets a new reference;
 * without owner, *r and what it points to must live as long as the table (ox_records_arena). */
int ox_records_put(struct ox_records *t, const struct ox_packed_resource *r, PyObject *owner);

/* Adds all owners to a list, to hold them. -1 with an exception. */
int ox_records_hold(const struct ox_records *t, PyObject *list);

/* Memory that lives as long as the table. */
struct ox_arena *ox_records_arena(struct ox_records *t);

/* Parses packed resources and keeps what they lie in, an object with a buffer (ox_buffer_from) or a file; the records
 * are not put into the table. -1 with an exception: ValueError, or TypeError for no buffer.
 *
 * A file stays open, and its content is read when it is used, into memory that is reserved for all of it: see
 * ox_records_load. Mapping the file would do the same with less code, but a mapping is only good as long as nobody cuts
 * the file: touching a page behind its new end kills the process with SIGBUS, and no check before use closes that
 * gap. */
int ox_records_read_buffer(struct ox_records *t, PyObject *data, const struct ox_packed_resource **out, size_t *count);
int ox_records_read_file(struct ox_records *t, PyObject *path, const struct ox_packed_resource **out, size_t *count);

/* To be called before the bytes of a record are looked at (its names are always there): reads those that lie in a file
 * and were not read before. OX_ESYS when the file is shorter by now. */
int ox_records_load(struct ox_records *t, struct ox_slice part, struct ox_err *err);

#endif
