/* importer.h - the extension module `oxidized_importer`, as its embedder sees it.
 *
 * The module is linked in: put PyInit_oxidized_importer into the table of built-in
 * modules before the interpreter starts. Once the core is up (before encodings are
 * imported), import it and make a finder over the payload; put that on sys.meta_path. */
#ifndef OX_IMPORTER_IMPORTER_H
#define OX_IMPORTER_IMPORTER_H

#include "runtime/importer/compat.h"
#include "runtime/importer/extension.h"
#include "runtime/pack/reader.h"

PyMODINIT_FUNC PyInit_oxidized_importer(void);

struct ox_finder_options {
	const struct ox_pack *pack;  /* borrowed: must live as long as the process */
	struct ox_shared_libraries *libraries; /* borrowed, likewise */
	const char *exe;             /* path of the executable: base of virtual paths */
	const char *origin;          /* its folder: base of relative paths */
	const char *mp_start_method; /* set when multiprocessing is imported; NULL: leave it */
	const char *command;         /* source of "<string>", for tracebacks; borrowed; may be NULL */
};

/* A new OxidizedFinder that answers for the payload and for the interpreter's own
 * modules. `module` is oxidized_importer. NULL with an exception. */
PyObject *ox_finder_new(PyObject *module, const struct ox_finder_options *options);

/* The first one on this interpreter's sys.meta_path (borrowed), or NULL. */
PyObject *ox_finder_current(void);

/* The packed source of a code object's file name (a module's name); false when there is none. */
bool ox_finder_source_bytes(PyObject *finder, PyObject *co_filename, struct ox_slice *source);

/* What compile(text, "<string>", "eval" or "exec") gives, when the build has compiled that text; NULL without an
 * exception when it has not. */
PyObject *ox_finder_generated(PyObject *finder, struct ox_slice text, bool is_expression);

/* The code object of a packed module as the finder would run it, with the spec
 * that describes it; 0 when the finder has no code for the name, -1 with an exception. */
int ox_finder_main_code(PyObject *finder, PyObject *name, PyObject **spec, PyObject **code);

/* Extracts what wheels put into folders of sys.prefix (share/jupyter, bin/ruff) into the extraction cache, and sets
 * sys.prefix and sys.exec_prefix to where it lies, in a virtual environment those of the base. Does nothing when
 * nothing of the kind is packed. -1 with an exception. */
int ox_finder_set_prefix(PyObject *finder);

/* Where the standard library lies beside the executable, frozen modules have a __file__ there, as CPython gives them
 * from 3.11 on. -1 with an exception. */
int ox_finder_set_library(PyObject *finder);

/* Tells a module of the standard library about packed modules, when it is one that reasons about files: for those that
 * the finder does not load itself, because CPython has them frozen. -1 with an exception. */
int ox_finder_teach(PyObject *finder, PyObject *module);

#endif
