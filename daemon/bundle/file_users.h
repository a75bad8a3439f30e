/* file_users.h - what Python source says of packages that need real files, or import from folders.
 *
 * A scan by words: comments are left out, and strings but for the expressions in formatted
 * ones; imports are followed as far as names go, and nothing is evaluated. */
#ifndef OX_BUNDLE_FILE_USERS_H
#define OX_BUNDLE_FILE_USERS_H

#include "proto/base/map.h"
#include "proto/base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum ox_wants_file {
	OX_WANTS_NO_FILE,
	OX_WANTS_FILE_WITH_DATA, /* if its package has data files */
	OX_WANTS_FILE,
};

/* What is noted of a package, as a number in a map's pointer: one of these, and whether it imports from folders. */
enum { OX_NOTED_WANTS = 3, OX_NOTED_ADDS_FOLDERS = 4 };

static inline enum ox_wants_file ox_file_wanted(const void *noted)
{
	return (enum ox_wants_file)((uintptr_t)noted & OX_NOTED_WANTS);
}

static inline bool ox_adds_folders(const void *noted)
{
	return (uintptr_t)noted & OX_NOTED_ADDS_FOLDERS;
}

/* What source says by the names that it uses (wants_file.def): of the top-level package that it belongs to, and with
 * "x.__file__" of the package that x was imported from; where x is no imported name, the code expects files
 * of whatever modules it is given, and most often those are its own package's. What adds to sys.path
 * (adds_folders.def) wants to import from folders. Noted in `users` by top-level name; keys point into `package` and
 * `source`. -1: no memory. */
int ox_note_file_users(struct ox_map *users, struct ox_slice package, struct ox_slice source);

#endif
