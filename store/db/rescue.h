/* rescue.h - moving a damaged database out of the way. */
#ifndef OX_DB_RESCUE_H
#define OX_DB_RESCUE_H

#include "proto/base/err.h"

#include <sys/types.h>

/* Moves the database `path` and what belongs to it (-wal, -shm, -journal) to the
 * folder `quarantine` under names of their own, unless it is not `inode` any
 * more: then another process did that already. Processes that still have the
 * file open go on with the moved one. */
int ox_rescue_move_away(const char *path, const char *quarantine, ino_t inode, struct ox_err *err);

#endif
