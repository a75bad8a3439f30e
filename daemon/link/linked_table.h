/* linked_table.h - the C source that tells the runtime which modules are linked in (runtime/embed/linked_modules.h). */
#ifndef OX_LINK_LINKED_TABLE_H
#define OX_LINK_LINKED_TABLE_H

#include "daemon/link/linked_modules.h"

/* Of the modules that are not left out, in the order of the set. */
void ox_linked_table_write(const struct ox_linked_set *set, struct ox_buf *out);

#endif
