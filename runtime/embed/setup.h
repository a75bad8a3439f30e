/* setup.h - what every interpreter of the process gets, main and sub-interpreters alike:
 * our finder in the place of CPython's, and sys as the configuration wants it. */
#ifndef OX_EMBED_SETUP_H
#define OX_EMBED_SETUP_H

#include "runtime/embed/program.h"

/* Whether CPython can stop between core and main (PyConfig._init_main): not in 3.14. */
#define OX_HAS_CORE_PHASE (PY_VERSION_HEX < 0x030E0000 || PY_VERSION_HEX >= 0x030F0000)

/* A finder over the payload, in the current interpreter's sys.meta_path where those for builtin and frozen
 * modules stood, for which it answers too; a new reference, or NULL with an exception.
 * `what` tells which step failed. Call it when such modules can be imported and before any
 * other is: encodings come out of the payload. */
PyObject *ox_setup_finder(const struct ox_program *p, const char **what);

/* Does the program import from files and archives, too? */
bool ox_setup_imports_files(const struct ox_program *p);

/* Once CPython has added its own finders and hooks: keeps those that the configuration wants and fills sys and
 * builtins. `finder` may be NULL. -1 with an exception. */
int ox_setup_sys(const struct ox_program *p, PyObject *finder);

/* The program whose payload interpreters get from now on; NULL before the importer is in use.
 * CPython's start of an interpreter, which wrap_start.c stands in for, has no argument that could carry it. */
void ox_setup_remember(struct ox_program *p);
struct ox_program *ox_setup_program(void);

#endif
