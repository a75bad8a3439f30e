/* multiprocess.h - the executable as multiprocessing's helper.
 *
 * multiprocessing starts sys.executable again for its children: as
 * "EXE --multiprocessing-fork key=value..." when sys.frozen is set, otherwise, and always for
 * its resource tracker and fork server, as "EXE FLAGS -c 'from multiprocessing.X import ...'".
 * Such a process must do that and not run the application once more. */
#ifndef OX_EMBED_MULTIPROCESS_H
#define OX_EMBED_MULTIPROCESS_H

#include "runtime/embed/program.h"

/* Whether this is such a process and the configuration wants it served. */
bool ox_multiprocess_is_helper(const struct ox_program *p);

/* The Python code to run instead of the application, or NULL. Sets sys.argv to what that
 * code expects. */
const char *ox_multiprocess_command(const struct ox_program *p);

#endif
