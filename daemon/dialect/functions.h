/* functions.h - the global functions about targets and folders. */
#ifndef OX_DIALECT_FUNCTIONS_H
#define OX_DIALECT_FUNCTIONS_H

#include "daemon/starlark/starlark.h"

/* register_target, resolve_target, resolve_targets, set_build_path, can_prompt; ended by a zeroed entry. */
extern const struct ox_star_function ox_dialect_functions[];

#endif
