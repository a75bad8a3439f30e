/* finder.h - OxidizedFinder between its files: what each of them does for the others.
 *
 * Names are str objects, checked by whoever takes them from Python; a struct ox_found is what the index says of one.
 * Functions that return objects give new references, or NULL with an exception unless something else is said. */
#ifndef OX_IMPORTER_FINDER_H
#define OX_IMPORTER_FINDER_H

#include "runtime/importer/extract.h"
#include "runtime/importer/index_files.h"
#include "runtime/importer/patterns.h"
#include "runtime/importer/state.h"

struct ox_finder {
	PyObject_HEAD
	struct ox_index index;
	PyObject *origin;          /* str */
	PyObject *base;            /* str: the executable, base of virtual paths */
	PyObject *mp_start_method; /* str or NULL */
	PyObject *path_type;       /* packed_path.c; NULL: not asked for yet */
	PyObject *real_roots;      /* package -> folder that it was extracted to; NULL: nothing yet */
	struct ox_extract_folders folders; /* where that lies */
	const char *command;       /* source of "<string>", or NULL */
	struct ox_patterns patterns;
};

/* finder_load.c: importing. The spec is None for a name that is not indexed. */
PyObject *ox_finder_spec_of(struct ox_finder *self, PyObject *name, PyObject *path, PyObject *target);
/* "a.b.__init__" is another name of "a.b". A new reference, and its UTF-8. */
PyObject *ox_plain_name(PyObject *name, struct ox_slice *utf8);
/* create_module() and exec_module(): the module is None for what importlib makes by itself. */
PyObject *ox_finder_create(struct ox_finder *self, PyObject *spec);
int ox_finder_exec(struct ox_finder *self, PyObject *module);
/* The spec of what the payload holds: a module, a package, a namespace. */
PyObject *ox_finder_packed_spec(struct ox_finder *self, PyObject *name, struct ox_slice utf8,
				const struct ox_found *found);
/* Executes a module that was found, its code through run_code(context, code, module). */
typedef int ox_run_code(void *context, PyObject *code, PyObject *module);
int ox_finder_exec_found(struct ox_finder *self, PyObject *module, PyObject *name, const struct ox_found *found,
			 ox_run_code *run_code, void *context);
/* A code object; NULL without an exception when there is none. */
PyObject *ox_finder_code(struct ox_finder *self, const struct ox_found *found, PyObject *name);

/* Marshalled code, or an ImportError. */
PyObject *ox_unmarshal(struct ox_slice bytes, PyObject *name);

/* Raises ImportError: "bytecode of NAME WHAT". NULL. */
PyObject *ox_bad_bytecode(PyObject *name, const char *what);

/* given_load.c: the same for records that were given at run time (found->given), whose owner the caller holds. */
int ox_given_describe(struct ox_finder *self, PyObject *spec, const struct ox_found *found, struct ox_slice name);
/* NULL without an exception when there is none. */
PyObject *ox_given_source(struct ox_finder *self, const struct ox_found *found);
PyObject *ox_given_bytecode(struct ox_finder *self, const struct ox_found *found, PyObject *name);
/* A file below the origin: opened (io.FileIO), or its content (bytes). */
PyObject *ox_finder_open(struct ox_finder *self, struct ox_slice relative);
PyObject *ox_finder_read(struct ox_finder *self, struct ox_slice relative);

/* finder_data.c: what lies beside the code. The source is NULL without an exception when there is none. */
PyObject *ox_finder_source(struct ox_finder *self, const struct ox_found *found);
PyObject *ox_finder_data(struct ox_finder *self, PyObject *path);
/* The content of a file that the index named (index_files.h), as bytes. */
PyObject *ox_finder_file(struct ox_finder *self, const struct ox_file *file);
PyObject *ox_finder_distributions(struct ox_finder *self, PyObject *context);
/* A distribution's name as PEP 503 compares names: in lower case, runs of "-", "_" and "." as one "-". */
PyObject *ox_normalized_name(PyObject *name);
/* base + "/a/b" for "a.b". */
PyObject *ox_finder_virtual_path(const struct ox_finder *self, struct ox_slice name);
/* The real path of `relative` below the executable's folder. */
PyObject *ox_finder_relative_path(const struct ox_finder *self, struct ox_slice relative);

/* packed_path.c: a path as a pathlib.Path that reads what is packed there. */
PyObject *ox_finder_path(struct ox_finder *self, PyObject *path);

/* folder.c: the package that a folder stands for. */
enum ox_folder {
	OX_FOLDER_FOREIGN,    /* none of ours */
	OX_FOLDER_PACKAGE,    /* *package is its name, "" for the top level */
	OX_FOLDER_NO_PACKAGE, /* below the executable, but no package can have that name */
	OX_FOLDER_FAILED,     /* with an exception */
};
enum ox_folder ox_finder_folder(const struct ox_finder *self, PyObject *path, struct ox_buf *package);
/* What of the path lies behind ROOT/KEY/ of the extraction cache; false when it is not there. */
bool ox_finder_behind_cache(const struct ox_finder *self, struct ox_slice path, struct ox_slice *rest);
/* What of the path lies behind the folder; false when it is not below it. */
bool ox_path_below(struct ox_slice path, PyObject *folder, struct ox_slice *rest);

/* finder_path.c: the module that a package has under the last component of `name`; None when there is none. */
PyObject *ox_finder_spec_in(struct ox_finder *self, PyObject *name, struct ox_slice package);
/* The same along a path; NULL without an exception when no folder of it is a package's. */
PyObject *ox_finder_spec_on(struct ox_finder *self, PyObject *name, PyObject *path);
PyObject *ox_finder_spec_on_sys_path(struct ox_finder *self, PyObject *name);
/* A package's module of the package's own name, when its folder is on sys.path; NULL without an exception
 * when there is none. */
PyObject *ox_finder_spec_in_itself(struct ox_finder *self, PyObject *name);
/* What the index calls the module of a spec (NULL: none) that has `name`. A new reference. */
PyObject *ox_finder_own_name(const struct ox_finder *self, PyObject *spec, PyObject *name);
/* The same of a module by its name, when it is imported. */
PyObject *ox_finder_imported_name(const struct ox_finder *self, PyObject *name);
/* Whether another loader made the module's parent: where its folders are none of ours, neither are its modules
 * (distutils, when it is setuptools' that lies in a folder). Not of what was given at run time, nor where the folder is
 * the one that the package was extracted to. */
bool ox_finder_is_others(const struct ox_finder *self, PyObject *name);

/* real_file.c: a file for a module whose package insists on one; NULL without an exception when it does not. Of an
 * extension module that is linked in there is only the path: what its code looks for lies beside it. */
PyObject *ox_finder_real_file(struct ox_finder *self, const struct ox_found *found);
/* The same for a path below an import root ("a/data/x"), whatever is there. */
PyObject *ox_finder_real_path(struct ox_finder *self, struct ox_slice path);
/* The same of a package that may be given files when somebody asks for a path. */
PyObject *ox_finder_path_asked(struct ox_finder *self, struct ox_slice package, struct ox_slice path);
/* The folder in which the module's package is, with all that lies below it; for packages that want files. */
PyObject *ox_finder_real_root(struct ox_finder *self, const struct ox_found *found);

/* path_entry.c, resource_reader.c, traversable.c, distribution.c: one object each. */
PyObject *ox_path_entry_new(struct ox_state *state, PyObject *finder, PyObject *package, PyObject *path);
/* What an entry finder was made from; borrowed. */
struct ox_path_entry_parts {
	PyObject *finder, *package, *path; /* package is "" for the top level */
};
void ox_path_entry_parts(PyObject *entry, struct ox_path_entry_parts *out);
PyObject *ox_path_hook(struct ox_finder *self, PyObject *path);
PyObject *ox_resource_reader_new(struct ox_state *state, PyObject *finder, PyObject *package);
PyObject *ox_traversable_new(struct ox_state *state, PyObject *finder, PyObject *package, PyObject *path);
PyObject *ox_distribution_new(struct ox_state *state, PyObject *finder, PyObject *name);

#endif
