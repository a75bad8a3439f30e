/* settings.h - the payload's configuration as CPython's PyPreConfig and PyConfig.
 *
 * A field that is unset keeps the profile's value, with these exceptions, which make an
 * isolated program behave as `python3` does where a user would notice: signal
 * handlers are installed, a C locale is coerced or put into UTF-8 mode, and C's streams are set up. `site` is not
 * imported unless asked for. */
#ifndef OX_EMBED_SETTINGS_H
#define OX_EMBED_SETTINGS_H

#include "runtime/embed/program.h"

PyStatus ox_settings_preconfig(struct ox_program *p, PyPreConfig *pre);

/* After pre-initialisation. The caller clears config, also on failure. */
PyStatus ox_settings_config(struct ox_program *p, PyConfig *config);

#endif
