/* teach.h - functions of the standard library that are put behind ones which know packed modules. */
#ifndef OX_IMPORTER_TEACH_H
#define OX_IMPORTER_TEACH_H

#include "runtime/importer/finder.h"

/* To be called once the module `name` has run; does nothing for most. -1 with an exception. */
int ox_teach(struct ox_finder *self, PyObject *module, struct ox_slice name);

/* certificates.c: for the module ssl. Never leaves an exception. */
void ox_find_certificates(PyObject *ssl);

/* linecache.c */
extern PyMethodDef ox_linecache_updatecache;
int ox_linecache_remember_command(struct ox_finder *self, PyObject *module);

#endif
