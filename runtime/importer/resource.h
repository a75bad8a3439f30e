/* resource.h - OxidizedResource: one indexed thing as Python code sees it and makes it.
 *
 * The object owns Python objects only of exact built-in types, so that letting go of one runs no code
 * of others. Its C side is this struct: fill it with the ox_resource_set functions (they check and
 * copy as the Python properties do) or read the fields directly. NULL is None.
 *
 * What the file fields of the packed format (names 0x1b to 0x1e) hold has no Python property, but is kept. */
#ifndef OX_IMPORTER_RESOURCE_H
#define OX_IMPORTER_RESOURCE_H

#include "runtime/importer/compat.h"
#include "runtime/pack/packed.h"

struct ox_state;

struct ox_resource {
	PyObject_HEAD
	PyObject *name;                      /* str; never NULL */
	uint32_t flags;                      /* enum ox_pack_flag */
	PyObject *blobs[OX_PACKED_BLOBS];    /* bytes; paths as the kernel takes them */
	PyObject *tables[OX_PACKED_TABLES];  /* dict of str to bytes (resources, metadata) or bytes (paths) */
	PyObject *needs;                     /* tuple of str */
	struct ox_arena arena;               /* of the view */
	struct ox_packed_resource *view;     /* NULL until sealed */
};

/* A new one: name "", nothing set. */
struct ox_resource *ox_resource_new(struct ox_state *state);

/* NULL without an exception when the object is none. Borrowed. */
struct ox_resource *ox_resource_check(struct ox_state *state, PyObject *object);

/* A copy that changes of the original do not reach. */
struct ox_resource *ox_resource_copy(struct ox_state *state, const struct ox_resource *r);

/* Setters; -1 with an exception (TypeError for the wrong type), then nothing is changed. None unsets. */
int ox_resource_set_name(struct ox_resource *r, PyObject *name);
int ox_resource_set_blob(struct ox_resource *r, enum ox_packed_blob which, PyObject *bytes_like_or_path);
int ox_resource_set_table(struct ox_resource *r, enum ox_packed_table which, PyObject *dict);
int ox_resource_set_needs(struct ox_resource *r, PyObject *names);
/* Adds one item to a table, which is made when it is not set. */
int ox_resource_add_item(struct ox_resource *r, enum ox_packed_table which, PyObject *name, PyObject *value);

/* The resource as plain bytes. The slices point into r's objects and are valid until r is changed or goes;
 * tables and needs are in the arena. -1 with an exception. */
int ox_resource_view(const struct ox_resource *r, struct ox_arena *arena, struct ox_packed_resource *out);

/* The view kept in the object and living as long as it, which from now on must not be changed. NULL with an
 * exception. */
const struct ox_packed_resource *ox_resource_seal(struct ox_resource *r);

/* A new OxidizedResource with copies of everything. */
struct ox_resource *ox_resource_from(struct ox_state *state, const struct ox_packed_resource *p);

extern PyType_Spec ox_resource_spec;

#endif
