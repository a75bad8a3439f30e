/* extension.h - shared libraries out of the payload: from memory, or by way of a file.
 *
 * From memory means memfd and /proc/self/fd/N. Each descriptor stays open
 * (close-on-exec) for the life of the process: the dynamic loader
 * remembers libraries by path, and a reused number would silently give back an earlier
 * one. A library goes through the extraction cache instead when its record says
 * that it needs to be a file, when its package wants files, or when /proc is not
 * there. Libraries that it needs are loaded before it, in the recorded order; the loader
 * matches DT_NEEDED against the DT_SONAME of what is already there, which local scope does
 * not prevent. Extension modules that others need are files beside each other, under the names that
 * those ask for (resource.h): no name of theirs but the file's is known to the loader. */
#ifndef OX_IMPORTER_EXTENSION_H
#define OX_IMPORTER_EXTENSION_H

#include "proto/base/vec.h"
#include "runtime/importer/compat.h"
#include "runtime/importer/extract.h"
#include "runtime/pack/reader.h"

#include <pthread.h>

struct ox_found;
struct ox_index;

/* One library that has a path of its own in this process. */
struct ox_library {
	const char *content; /* what it is known by: the same bytes in memory are the same library */
	PyObject *owner;     /* holds the content; NULL when it lives as long as the index */
	char *path;          /* /proc/self/fd/N, or a file in the cache */
	bool is_file;
	bool is_ready;  /* what it needs is loaded, or being loaded: libraries may need each other */
	bool is_loaded; /* dlopen succeeded; for libraries that others need */
};

struct ox_libraries {
	OX_VEC(struct ox_library) v;
};

/* The paths of a payload's libraries, one for the process and all its interpreters: under another path the
 * dynamic loader takes the same bytes for another library, with variables of its own. */
struct ox_shared_libraries {
	pthread_mutex_t lock;
	struct ox_libraries made;
	struct ox_extract_folders folders; /* where those lie that are files */
};

/* A file in memory, to be closed by the caller; -1 with errno. glibc has a name for it since 2.27, and executables for
 * older ones are made, too. */
int ox_memory_file(const char *name);

/* Only the table: descriptors and loaded libraries stay. */
void ox_libraries_free(struct ox_libraries *l);
int ox_libraries_traverse(const struct ox_libraries *l, visitproc visit, void *arg);

/* A path that the dynamic loader can open, with everything it needs loaded; valid until
 * the next call, the string itself as long as the table. */
int ox_library_path(struct ox_index *index, const struct ox_found *found, const char **path, bool *is_file,
		    struct ox_err *err);

/* Loads what an extension module in a file of its own needs and the index has. */
int ox_library_load_needs(struct ox_index *index, const struct ox_found *found, struct ox_err *err);

#endif
