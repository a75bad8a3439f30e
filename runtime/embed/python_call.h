/* python_call.h - the executable asked to be an interpreter: EXE [OPTIONS] -c CODE, -m MODULE, FILE or - [ARGUMENTS],
 * and EXE OPTIONS with -i or -V.
 *
 * Libraries start sys.executable with such arguments as if it were python3, and would get
 * the application once more, which does the same, and so on. The setting `python_arguments` says who is answered:
 *
 *   child   (default) the application's own processes: started as sys.executable (argv[0] is its path, or a
 *           python's name), below a process of this executable (ancestry.h) or instead of one (exec.h);
 *           from anybody else these are the application's own arguments
 *   always  anybody
 *   refuse  nobody: the application's own processes get an error instead of the application
 *   never   nobody: all arguments are the application's
 *
 * FILE is what script.h says. When it is this executable, its own process means a restart: [sys.executable,
 * *sys.argv]; the application gets what follows. Arguments that all processes of this executable above have are a
 * restart, too. Whatever it says, the application is not started with such arguments below too many of its own kind,
 * nor with any others as sys.executable below far more of them, whatever terminals they have (those others: where one
 * of the two processes above is its own). OPTIONS are those of python3 that take no file: without anything else
 * they are the application's.
 *
 * What is answered is configured as python3 (settings.c), whatever the application is, but that it imports as the
 * application does before it looks into the folders of sys.path. The python of a virtual environment (venv.h) is an
 * interpreter for anybody. */
#ifndef OX_EMBED_PYTHON_CALL_H
#define OX_EMBED_PYTHON_CALL_H

#include "runtime/embed/program.h"

/* Sets p->call, and argc and argv for a restart. Fails when the process must not go on. Needs no Python. */
int ox_python_call_decide(struct ox_program *p, struct ox_err *err);

/* Once the interpreter is up: sys.path as python3 would have it for -c and -m. -1 with an exception. */
int ox_python_call_prepare(const struct ox_program *p);

/* Programs name themselves by sys.argv[0], and some by __file__: for a packed module that is a file below the
 * executable, EXE/a/b.py. Sets the former and returns it (a new reference); NULL with an exception. */
PyObject *ox_python_call_name(const struct ox_program *p, PyObject *name);

#endif
