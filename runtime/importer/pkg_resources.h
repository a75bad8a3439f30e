/* pkg_resources.h - what setuptools' pkg_resources needs to see packed distributions and resources.
 *
 * It asks a provider for each package whose loader it knows, and a function for the distributions of each entry
 * of sys.path whose finder it knows; both are registered when it is imported through a finder of ours, or
 * by register_pkg_resources(). setuptools 82 and later have no pkg_resources. */
#ifndef OX_IMPORTER_PKG_RESOURCES_H
#define OX_IMPORTER_PKG_RESOURCES_H

#include "runtime/importer/compat.h"

/* Imports pkg_resources and registers; `module` is oxidized_importer. -1 with an exception. */
int ox_register_pkg_resources(PyObject *module);

/* pkg_resources_find_distributions(importer, path_item, only) with checked arguments. */
PyObject *ox_find_pkg_distributions(PyObject *module, PyObject *importer, PyObject *path_item, bool only);

extern PyType_Spec ox_pkg_provider_spec;

/* Makes what is packed below `base` part of pkg_resources.working_set. -1 with an exception. */
int ox_add_to_working_set(PyObject *base);

#endif
