/* linked_modules.h - extension modules of packages, captured when pip built them, on their way into a stub.
 *
 * Each module is one relocatable object (daemon/python/captured.h). Its PyInit_ function gets a name of its own and
 * every other symbol becomes local, so that neither two modules called _ext nor helpers of one name in two modules
 * clash. Its constructors (of C++'s static objects) wait for its first import, as those of a shared library do: at the
 * program's start there is no interpreter that they could use. A generated table (runtime/embed/linked_modules.h)
 * tells the runtime of all this. Libraries that modules ask for are linked in as archives, but for the glibc
 * family: the distribution's own, else the one beside the shared library that the module was linked with; where there
 * was none, what the compiler finds.
 *
 * A module that cannot be linked in is no error: it is left out and says why, and travels as a shared library. That is
 * known beforehand (an archive is missing) or from the linker's complaints (an undefined symbol). */
#ifndef OX_LINK_LINKED_MODULES_H
#define OX_LINK_LINKED_MODULES_H

#include "daemon/link/libraries.h"
#include "daemon/link/stub_module.h"
#include "proto/base/vec.h"

struct ox_linked_item {
	struct ox_stub_module *module;
	const char *symbol;   /* its init function in the stub */
	const char *original; /* in its object: "PyInit__module" */
	const struct ox_link_library *libraries;
	size_t library_count;
	const char *path;      /* of the object to link, once written */
	bool has_constructors; /* likewise */
};

struct ox_linked_set {
	struct ox_build_context *ctx;
	const struct ox_toolchain *toolchain;
	const struct ox_distribution *dist;
	const char *objcopy;
	OX_VEC(struct ox_linked_item) items; /* those that may be linked in */
};

/* What is known beforehand: sets left_out of the others. Release with ox_linked_set_free, also after a failure. */
int ox_linked_set_find(struct ox_build_context *ctx, const struct ox_toolchain *t, const struct ox_distribution *dist,
		       struct ox_stub_module *modules, size_t count, struct ox_linked_set *out, struct ox_err *err);
void ox_linked_set_free(struct ox_linked_set *set);

void ox_linked_set_add_inputs(const struct ox_linked_set *set, struct ox_step *step);

/* Writes the modules' objects below `dir`. */
int ox_linked_set_write(struct ox_linked_set *set, const char *dir, struct ox_err *err);

/* Writes the table of those that are not left out and appends what is to be linked, `root` being the folder of the
 * runtime's sources. With none left nothing is appended. */
struct ox_link_args {
	OX_VEC(const char *) v;
};
int ox_linked_set_args(const struct ox_linked_set *set, const char *dir, const char *root, struct ox_link_args *args,
		       struct ox_err *err);

/* Leaves out the modules that the linker complains about; how many that were, or an error. */
int ox_linked_set_blame(struct ox_linked_set *set, struct ox_slice complaint, struct ox_err *err);

/* Those left out while linking as text for a step's result, and back. */
void ox_linked_set_describe(const struct ox_linked_set *set, struct ox_buf *out);
int ox_linked_set_recall(struct ox_linked_set *set, struct ox_slice text, struct ox_err *err);

#endif
