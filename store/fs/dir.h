/* dir.h - folders: made, verified, removed. */
#ifndef OX_FS_DIR_H
#define OX_FS_DIR_H

#include "proto/base/buf.h"

/* Makes `path` and its missing parents. Already there is success. */
int ox_fs_mkdirs(const char *path, unsigned mode, struct ox_err *err);

/* The same, then checks that the last folder is a real folder of ours that others cannot
 * write to: OX_EPOLICY, saying what is wrong, otherwise. */
int ox_fs_own_dir(const char *path, struct ox_err *err);

/* Removes a file or a whole folder; never follows a symbolic link, makes
 * read-only folders writable on the way. Absent is success. */
int ox_fs_remove_tree(const char *path, struct ox_err *err);

/* Names and kinds of a folder's entries, sorted by name: one "<kind><name>\0"
 * each, kind being one of f(ile) d(irectory) l(ink) o(ther). */
int ox_fs_list(const char *path, struct ox_buf *out, struct ox_err *err);

#endif
