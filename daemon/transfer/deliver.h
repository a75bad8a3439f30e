/* deliver.h - an archive's files into a folder of the user's, writable. */
#ifndef OX_TRANSFER_DELIVER_H
#define OX_TRANSFER_DELIVER_H

#include "daemon/transfer/fetch.h"

/* Makes the folder if need be. Nothing that is there is replaced (OX_EUSAGE), and after a failure nothing is
 * left. Other errors are those of ox_fetch and ox_archive_unpack. */
int ox_archive_deliver(struct ox_actions *actions, struct ox_arena *arena, const struct ox_fetch *from,
		       const char *folder, struct ox_err *err);

#endif
