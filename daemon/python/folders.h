/* folders.h - what each folder below an import root is (see classify.h for the rules). */
#ifndef OX_PYTHON_FOLDERS_H
#define OX_PYTHON_FOLDERS_H

#include "daemon/python/listing.h"
#include "proto/base/map.h"

enum ox_folder_kind {
	OX_FOLDER_ROOT = 1,
	OX_FOLDER_PACKAGE,   /* has an __init__ */
	OX_FOLDER_NAMESPACE, /* leads to modules */
	OX_FOLDER_DATA,
	OX_FOLDER_METADATA, /* *.dist-info, *.egg-info and what is below */
	OX_FOLDER_LIBRARIES, /* *.libs and what is below */
};

struct ox_folder {
	enum ox_folder_kind kind;
	const struct ox_folder *parent; /* NULL for the outermost root */
	struct ox_slice path;           /* empty for the outermost root */
	struct ox_slice module;         /* dotted name, of packages and what may become one */
	const struct ox_folder *top;    /* of metadata: the *.dist-info folder itself */
	struct ox_slice dist_name, dist_version; /* of metadata tops */
	bool may_import;                /* its name and all above it can be part of a module's name */
};

struct ox_folders {
	struct ox_map by_path; /* struct ox_folder *, in the order of the files */
};

/* Everything lives in `arena` but the map: release with ox_map_free. */
int ox_folders_find(struct ox_arena *arena, const struct ox_distribution *dist, const struct ox_listing *files,
		    struct ox_folders *out, struct ox_err *err);

/* The folder that holds the file or folder `path`. */
struct ox_folder *ox_folder_of(const struct ox_folders *folders, struct ox_slice path);

struct ox_slice ox_path_parent(struct ox_slice path);
struct ox_slice ox_path_name(struct ox_slice path);

/* The stem of a file that holds a module ("mod" of "pkg/mod.py"), or empty. */
struct ox_slice ox_module_stem(const struct ox_distribution *dist, struct ox_slice path, bool *is_extension);

#endif
