/* venv.h - the executable as a virtual environment's python: needs no Python.
 *
 * `venv` and its like make DIR/bin/python out of sys.executable, and DIR/bin/NAME with its own name, as links or as
 * copies, with DIR/pyvenv.cfg beside. Who runs these means an interpreter, never the application; a copy has no
 * ancestor to be known by. */
#ifndef OX_EMBED_VENV_H
#define OX_EMBED_VENV_H

#include "runtime/embed/program.h"

/* The absolute path (in the arena) by which such a python was started; NULL when this is none. */
const char *ox_venv_python(struct ox_program *p);

/* Whether the path, which names a folder too, is a python's in such an environment. Allowed between fork and exec. */
bool ox_venv_has(const char *path);

#endif
