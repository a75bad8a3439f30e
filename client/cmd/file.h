/* file.h - writing files that are people's work. */
#ifndef OX_CMD_FILE_H
#define OX_CMD_FILE_H

#include "proto/base/err.h"
#include "proto/base/slice.h"

#include <sys/stat.h>

/* Makes a file. One that is there stays, and OX_EUSAGE says so. */
int ox_file_create(const char *path, struct ox_slice text, struct ox_err *err);

/* A file whose text will be replaced by one that was made from it. */
struct ox_file_watch {
	char *path; /* owned; without symbolic links, so that a link stays one */
	struct stat seen;
};

/* Looks at the file, before it is read. OX_EUSAGE when its text cannot be replaced: it is no regular file, may not be
 * written, or has several names, of which the others would keep the old text. */
int ox_file_watch(const char *path, struct ox_file_watch *watch, struct ox_err *err);

/* Replaces the text, with all or nothing to see at any time; mode and owner stay. OX_EUSAGE when the file has been
 * changed since it was looked at; it stays then. */
int ox_file_replace(const struct ox_file_watch *watch, struct ox_slice text, struct ox_err *err);

void ox_file_forget(struct ox_file_watch *watch);

#endif
