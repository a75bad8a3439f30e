/* index.h - what a finder can answer for: the payload's names, those of packed blobs and of
 * resources added from Python, and those that the interpreter itself brings (linked in or frozen).
 *
 * A lookup is one probe of the payload's hash index, in place; a miss
 * allocates nothing. Precedence is that of CPython: linked in, then frozen, then
 * packed. A record given at run time stands before the payload's of the same name, and holds
 * whatever of it was to be kept (index_add.c). */
#ifndef OX_IMPORTER_INDEX_H
#define OX_IMPORTER_INDEX_H

#include "runtime/importer/compat.h"
#include "runtime/importer/extension.h"
#include "runtime/importer/records.h"
#include "runtime/pack/reader.h"

enum ox_kind { OX_KIND_NONE, OX_KIND_BUILTIN, OX_KIND_FROZEN, OX_KIND_EXTENSION, OX_KIND_MODULE, OX_KIND_NAMESPACE };

struct ox_index {
	const struct ox_pack *pack; /* borrowed; NULL: nothing is packed */
	PyObject *builtins;         /* set of names; NULL: not answered for */
	PyObject *frozen;
	int optimize; /* sys.flags.optimize */
	struct ox_libraries libraries;
	struct ox_shared_libraries *shared; /* borrowed; NULL: no payload */
	struct ox_records *records; /* NULL: nothing was given at run time */
	bool has_extracted; /* some package has its real files: one more makes no difference to anybody */
};

struct ox_found {
	enum ox_kind kind;
	bool is_package;
	ox_pack_place place; /* OX_PACK_NOWHERE when the payload does not have it */
	/* What was given at run time has all of its fields in `given`, and those that a payload knows, as far as
	 * they are meant for memory and for the index's level, in `record` too. */
	struct ox_pack_record record;
	const struct ox_packed_resource *given; /* NULL: the payload's */
	PyObject *owner; /* borrowed: of what `given` points into; hold it while Python code may run (records.h) */
};

/* Fills builtins and frozen, the latter without what the payload has in its stead; -1 with an exception. */
int ox_index_add_interpreter(struct ox_index *index);
int ox_index_add_builtins(struct ox_index *index);
int ox_index_add_frozen(struct ox_index *index);

/* Packed resources; what they set is merged into what is known of a name. -1 with an exception. */
int ox_index_add_buffer(struct ox_index *index, PyObject *data);
int ox_index_add_file(struct ox_index *index, PyObject *path);
/* A copy of the resource, instead of everything known of its name. */
int ox_index_add_resource(struct ox_index *index, struct ox_state *state, const struct ox_resource *r);

/* Before the bytes of something that was given are looked at: records.h. An ImportError for `name`, or an OSError when
 * that is NULL; -1. */
int ox_index_load(const struct ox_index *index, struct ox_slice part, PyObject *name);

void ox_index_clear(struct ox_index *index);
int ox_index_traverse(const struct ox_index *index, visitproc visit, void *arg);

/* found->kind is OX_KIND_NONE when the name is unknown; -1 with an exception. */
int ox_index_find(const struct ox_index *index, PyObject *name, struct ox_found *found);

/* The same for packed names only, no Python objects involved. */
void ox_index_find_packed(const struct ox_index *index, struct ox_slice name, struct ox_found *found);

/* The record of a name as a shared library that others need; false when there is none. */
bool ox_index_find_library(const struct ox_index *index, struct ox_slice name, struct ox_found *found);

/* Whether a payload's extension module is linked into the executable. */
bool ox_index_is_linked(const struct ox_found *found);

/* What a record is imported as. */
enum ox_kind ox_index_kind_of(const struct ox_pack_record *r);
enum ox_kind ox_index_kind_of_given(const struct ox_index *index, const struct ox_packed_resource *r);

/* Does any packed module live below this package name? */
bool ox_index_has_members(const struct ox_index *index, struct ox_slice package);

/* The best bytecode of a record for the index's level; false when there is none. */
bool ox_index_bytecode(const struct ox_index *index, const struct ox_pack_record *record, struct ox_slice *code);

/* Direct members of a package ("" for the top level) as a list of (prefix + name,
 * is_package), sorted by name. */
PyObject *ox_index_members(const struct ox_index *index, struct ox_slice package, PyObject *prefix);

/* A record of the payload in full, in the arena. -1 with an exception. */
int ox_index_view_packed(const struct ox_index *index, ox_pack_place place, struct ox_arena *arena,
			 struct ox_packed_resource *out);

/* Everything as plain data sorted by name, in the arena. *held (a new reference) keeps alive what the data
 * points into. Names and flags only for what just the interpreter has. -1 with an exception. */
int ox_index_view(const struct ox_index *index, struct ox_arena *arena, PyObject **held,
		  struct ox_packed_resource **out, size_t *count);

/* A new list of OxidizedResource, sorted by name. */
PyObject *ox_index_resources(const struct ox_index *index, struct ox_state *state);

/* Version 3 packed resources as bytes. */
PyObject *ox_index_serialize(const struct ox_index *index, bool ignore_builtin, bool ignore_frozen);

#endif
