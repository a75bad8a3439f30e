/* python_call.h - the executable asked to be an interpreter: EXE [OPTIONS] -c CODE or -m MODULE [ARGUMENTS].
 *
 * Libraries start sys.executable with such arguments as if it were python3, and would get
 * the application once more, which does the same, and so on. The setting `python_arguments` says who is answered:
 *
 *   child   (default) processes that run this same executable; from anybody else -c and -m are the
 *           application's own options
 *   always  anybody
 *   refuse  nobody: processes that run this executable get an error instead of the application
 *   never   nobody: all arguments are the application's
 *
 * Whatever it says, the application is not started with such arguments below too many of its own kind
 * (counted over the process's ancestors, so that what comes between, a shell say, does
 * not matter). What is answered imports as the application does, and also files of folders
 * that it puts on sys.path. OPTIONS are those of python3 that make sense with -c and -m. */
#ifndef OX_EMBED_PYTHON_CALL_H
#define OX_EMBED_PYTHON_CALL_H

#include "runtime/embed/program.h"

/* Sets p->call. Fails when the process must not go on. Needs no Python. */
int ox_python_call_decide(struct ox_program *p, struct ox_err *err);

/* What python3's command line says; OX_CALL_NOTHING when it is not one with -c or -m. *text points into argv. */
enum ox_call_kind ox_python_call_parse(int argc, char *const *argv, const char **text);

/* Once the interpreter is up: sys.path and sys.argv as python3 would have them; argv[0] of a module
 * names a file below the executable: EXE/a/b.py. -1 with an exception. */
int ox_python_call_prepare(const struct ox_program *p);

#endif
