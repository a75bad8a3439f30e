/* program.h - one run of a produced executable, from main's arguments to its exit
 * status: what the parts of libpyembed hand to each other. */
#ifndef OX_EMBED_PROGRAM_H
#define OX_EMBED_PROGRAM_H

#include "proto/base/arena.h"
#include "proto/base/err.h"
#include "runtime/importer/importer.h"
#include "runtime/pack/config.h"
#include "runtime/pack/reader.h"

/* What the command line asks of an interpreter; see python_call.h. */
enum ox_call_kind {
	OX_CALL_NOTHING,
	OX_CALL_COMMAND, /* -c */
	OX_CALL_MODULE,  /* -m */
	OX_CALL_FILE,    /* a script, or a folder or an archive with a __main__ */
	OX_CALL_OTHER,   /* a program from standard input, the interactive loop, the version */
};

struct ox_program {
	int argc;
	char **argv;
	struct ox_arena arena; /* config, exe and origin live here */
	struct ox_pack *pack;
	struct ox_pack_config *config;
	enum ox_call_kind call; /* instead of the application */
	const char *call_text;  /* code, module or file, in argv */
	char call_letters[24];  /* options before it that stand alone, each once */
	const char *exe;    /* absolute path of the executable */
	const char *origin; /* its folder */
	const char *venv_python; /* see venv.h; NULL in most runs */
	struct ox_finder_options finder_options; /* of the finders of all interpreters */
	struct ox_shared_libraries libraries;
	PyObject *finder; /* on the main interpreter's sys.meta_path; NULL when not used */
	long frozen_at_start; /* see live.h */
};

/* Opens the payload and works out where the executable is. What it allocates lives as long as the process. */
int ox_program_load(struct ox_program *p, struct ox_slice payload, struct ox_err *err);

/* A bool field; `otherwise` when it is unset. */
bool ox_program_flag(const struct ox_program *p, const char *name, bool otherwise);
/* A text field with $ORIGIN replaced, NUL-terminated in the arena; NULL when unset. */
const char *ox_program_text(struct ox_program *p, const char *name);
/* Whether a text field is set, to that value. */
bool ox_program_is(const struct ox_program *p, const char *name, const char *value);
/* Whether a path's last part is python, python3, python3.11 or the like. */
bool ox_program_named_python(const char *path);
/* A text of the configuration with $ORIGIN replaced, likewise; NULL when memory ran out. */
char *ox_program_expand(struct ox_program *p, struct ox_slice text);

#endif
