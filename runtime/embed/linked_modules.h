/* linked_modules.h - extension modules of packages that are linked into the executable.
 *
 * The table is generated when an executable is linked with such modules (daemon/link/linked_modules.h); the empty one
 * of the runtime stands for it otherwise. CPython is told of them as of modules that it has built in, since it knows
 * how to make those once and again, in one interpreter and in several; but they are not named in
 * sys.builtin_module_names, and the importer alone finds them. This header needs nothing of Python. */
#ifndef OX_EMBED_LINKED_MODULES_H
#define OX_EMBED_LINKED_MODULES_H

#include <pthread.h>

struct _object; /* PyObject */

typedef struct _object *ox_linked_init(void);

/* What a shared library's loader would run, with the program's arguments. */
typedef void ox_linked_constructor(int argc, char **argv, char **environment);

struct ox_linked_start {
	ox_linked_constructor *const *begin, *const *end;
	pthread_mutex_t lock;
	int done;
};

struct ox_linked_module {
	const char *name;      /* "package._module"; NULL ends the table */
	ox_linked_init *init;  /* the module's own PyInit_ function */
	ox_linked_init *enter; /* what CPython calls: ox_linked_enter with this entry */
	struct ox_linked_start *start; /* NULL: there is nothing to run before the first import */
};

extern const struct ox_linked_module ox_linked_modules[];

/* Before the first interpreter starts. -1 when memory ran out. */
int ox_linked_register(void);

/* In each interpreter: takes their names out of sys.builtin_module_names. -1 with an exception. */
int ox_linked_hide(void);

/* Runs the constructors, once in the process, and calls the init function in such a way that a module made in one step
 * gets its full name. */
struct _object *ox_linked_enter(const struct ox_linked_module *module);

#endif
