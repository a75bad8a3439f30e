/* near.h - examining many files, neighbours one after the other.
 *
 * Walking a long path costs more than the rest of a stat. From the second file of one folder in a row on,
 * files are looked up from an open folder. */
#ifndef OX_FS_NEAR_H
#define OX_FS_NEAR_H

#include "proto/base/slice.h"

#include <sys/stat.h>

struct ox_near {
	struct ox_slice dir; /* of the last path; borrowed from it */
	int fd;              /* of that folder; -1: not open */
	bool tried;          /* to open it */
};

#define OX_NEAR_NONE ((struct ox_near){.fd = -1})

/* As stat(path, st). The path must stay valid until the next call. */
int ox_near_stat(struct ox_near *n, const char *path, struct stat *st);
void ox_near_close(struct ox_near *n);

#endif
