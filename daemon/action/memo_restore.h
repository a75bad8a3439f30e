/* memo_restore.h - an output that is not as it was left. */
#ifndef OX_ACTION_MEMO_RESTORE_H
#define OX_ACTION_MEMO_RESTORE_H

#include "daemon/action/memo_form.h"
#include "store/cas/store.h"

/* Makes the file at the output's path what it was: nothing but its mode is
 * touched if its bytes are right; otherwise it is replaced atomically, missing folders are
 * made. OX_ENOENT when the store does not have the content any more, OX_EUSAGE when something is in the
 * way that is not removed for it (a folder, no permission). *found is the file's signature afterwards. */
int ox_memo_restore(struct ox_store *store, const struct ox_memo_item *item, struct ox_signature *found,
		    struct ox_err *err);

#endif
