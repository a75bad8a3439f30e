/* index_files.h - the files of packages and of distributions' metadata, whatever brought them. */
#ifndef OX_IMPORTER_INDEX_FILES_H
#define OX_IMPORTER_INDEX_FILES_H

#include "proto/base/buf.h"
#include "runtime/importer/index.h"

enum ox_files { OX_PACKAGE_FILES, OX_METADATA_FILES };

struct ox_file {
	struct ox_slice name;
	struct ox_slice data; /* content, or a path below the finder's origin */
	bool is_path;
	PyObject *owner; /* borrowed, as in ox_found */
};

/* Appends "a/b" for the module a.b, and "a.b" for the folder a/b. */
void ox_add_folder(struct ox_buf *out, struct ox_slice module);
void ox_add_module(struct ox_buf *out, struct ox_slice folder);

/* Calls `visit` with each file until it returns true, which is then the result. Names of several payload segments
 * may come more than once; those given at run time come sorted. Files in memory come before files on disk. */
bool ox_index_each_file(const struct ox_index *index, enum ox_files which, struct ox_slice name,
			bool (*visit)(const struct ox_file *file, void *arg), void *arg);

/* One file; of several payload segments the last one's, and one in memory before one on disk. */
bool ox_index_file(const struct ox_index *index, enum ox_files which, struct ox_slice package, struct ox_slice name,
		   struct ox_file *out);

/* The same, only in memory or only on disk. */
bool ox_index_file_at(const struct ox_index *index, enum ox_files which, struct ox_slice package,
		      struct ox_slice name, bool on_disk, struct ox_file *out);

/* Whether the name has any such file. */
bool ox_index_has_files(const struct ox_index *index, enum ox_files which, struct ox_slice name);

/* The source of a packed module by its place in a folder: "a/b.py", "a/__init__.py". */
bool ox_index_source_file(const struct ox_index *index, struct ox_slice path, struct ox_file *out);

/* Whether files lie in the folder that a name stands for, without a module of that name: "a.b" for the file b/x.txt
 * of a. */
bool ox_index_is_folder(const struct ox_index *index, struct ox_slice name);

/* Names with metadata, that of a distribution each, sorted; a new list of str. */
PyObject *ox_index_distributions(const struct ox_index *index);

#endif
