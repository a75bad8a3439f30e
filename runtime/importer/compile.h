/* compile.h - bytecode for another interpreter, or for this one.
 *
 * Another interpreter is asked by running a script in it, once for all modules: it
 * reads what to compile from standard input and answers on standard output, both marshalled in the
 * form that every version reads. This interpreter, and an executable that has no other, compiles
 * by itself. */
#ifndef OX_IMPORTER_COMPILE_H
#define OX_IMPORTER_COMPILE_H

#include "runtime/importer/compat.h"

struct ox_compiled {
	PyObject *magic; /* bytes: what bytecode files of the interpreter begin with */
	PyObject *tag;   /* str: what they have in their names */
	PyObject *codes; /* list of (bytes, bytes): marshalled code, and the 8 bytes that stand for its source */
};

void ox_compiled_free(struct ox_compiled *c);

/* Compiles a list of (name, source, level); code objects are called `name`. `exe` (str) is the interpreter,
 * NULL this one; `folder` (str) takes the script. -1 with ValueError. */
int ox_compile(PyObject *exe, PyObject *folder, PyObject *requests, struct ox_compiled *out);

#endif
