/* script.h - whether a path names something that python3 runs: needs no Python. */
#ifndef OX_EMBED_SCRIPT_H
#define OX_EMBED_SCRIPT_H

#include <stdbool.h>

/* By its name (.py, .pyc, .pyw, .pyz; the file may be absent), or by what it is: a folder or a zip archive with a
 * __main__.py (or .pyc), or a file whose "#!" line names a python. */
bool ox_script_is(const char *path);

/* A zip archive with a __main__.py (or .pyc). */
bool ox_script_is_archive(const char *path);

#endif
