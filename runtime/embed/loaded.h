/* loaded.h - a file with the names of all modules that a run imported.
 *
 * If the environment variable that write_modules_directory_env names is set, the run's
 * end writes the sorted keys of sys.modules, one a line, to a new file modules-XXXXXX in
 * the folder that it names. */
#ifndef OX_EMBED_LOADED_H
#define OX_EMBED_LOADED_H

#include "runtime/embed/program.h"

/* Registers with atexit, so that it happens however the run ends. -1 with an exception. */
int ox_loaded_register(struct ox_program *p);

#endif
