/* index.h - what a finder can answer for: the payload's names, and those that the
 * interpreter itself brings (linked in or frozen).
 *
 * A lookup is one probe of the payload's hash index, in place; a miss
 * allocates nothing. Precedence is that of CPython: linked in, then frozen, then
 * packed. */
#ifndef OX_IMPORTER_INDEX_H
#define OX_IMPORTER_INDEX_H

#include "runtime/importer/compat.h"
#include "runtime/importer/extension.h"
#include "runtime/pack/reader.h"

enum ox_kind { OX_KIND_NONE, OX_KIND_BUILTIN, OX_KIND_FROZEN, OX_KIND_EXTENSION, OX_KIND_MODULE, OX_KIND_NAMESPACE };

struct ox_index {
	const struct ox_pack *pack; /* borrowed; NULL: nothing is packed */
	PyObject *builtins;         /* frozenset of names; NULL: not answered for */
	PyObject *frozen;
	int optimize; /* sys.flags.optimize */
	struct ox_libraries libraries;
};

struct ox_found {
	enum ox_kind kind;
	bool is_package;
	ox_pack_place place; /* OX_PACK_NOWHERE when only the interpreter has it */
	struct ox_pack_record record;
};

/* Fills builtins and frozen; -1 with an exception. */
int ox_index_add_interpreter(struct ox_index *index);

/* found->kind is OX_KIND_NONE when the name is unknown; -1 with an exception. */
int ox_index_find(const struct ox_index *index, PyObject *name, struct ox_found *found);

/* The same for packed names only, no Python objects involved. */
void ox_index_find_packed(const struct ox_index *index, struct ox_slice name, struct ox_found *found);

/* Does any packed module live below this package name? */
bool ox_index_has_members(const struct ox_index *index, struct ox_slice package);

/* A file of a package, looked for in every segment that has the name. */
bool ox_index_file(const struct ox_index *index, struct ox_slice package, struct ox_slice name,
		   struct ox_pack_file *out);

/* The best bytecode of a record for the index's level; false when there is none. */
bool ox_index_bytecode(const struct ox_index *index, const struct ox_pack_record *record, struct ox_slice *code);

/* Direct members of a package ("" for the top level) as a list of (prefix + name,
 * is_package), sorted by name. */
PyObject *ox_index_members(const struct ox_index *index, struct ox_slice package, PyObject *prefix);

/* UTF-8 of a str; false with an exception. */
bool ox_utf8(PyObject *text, struct ox_slice *out);

#endif
