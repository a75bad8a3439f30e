/* temp.h - the folder below tmp/ that a handle writes in.
 *
 * It is flocked while the handle lives; whoever gets the lock knows that the
 * owner is gone and may remove it. */
#ifndef OX_CAS_TEMP_H
#define OX_CAS_TEMP_H

#include "store/cas/store.h"

/* A path for a new file or folder; nothing is made. */
int ox_temp_name(struct ox_store *s, struct ox_buf *path, struct ox_err *err);
/* A new empty file, open for writing and reading. */
int ox_temp_file(struct ox_store *s, struct ox_buf *path, int *fd, struct ox_err *err);
/* Removes the handle's folder. */
void ox_temp_close(struct ox_store *s);
/* Removes what dead processes left; *count is how many folders. With dry_run, counts only. */
int ox_temp_sweep(struct ox_store *s, bool dry_run, size_t *count, struct ox_err *err);

#endif
