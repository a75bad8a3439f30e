/* distribution.h - OxidizedDistribution, between its two files. */
#ifndef OX_IMPORTER_DISTRIBUTION_H
#define OX_IMPORTER_DISTRIBUTION_H

#include "runtime/importer/finder.h"

/* A metadata file as text with plain line ends; None when there is none; NULL with an exception. */
PyObject *ox_distribution_text(PyObject *self, struct ox_slice file);

/* distribution_files.c: a list of importlib.metadata.PackagePath, or None. */
PyObject *ox_distribution_files(PyObject *self);

extern PyGetSetDef ox_distribution_properties[];

#endif
