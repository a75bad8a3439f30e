/* value.h - what the scanner finds: modules, resources and extension modules as objects.
 *
 * PythonModuleSource, PythonModuleBytecode, PythonPackageResource,
 * PythonPackageDistributionResource and PythonExtensionModule are one struct with five faces.
 * Content stays in its file until it is asked for, and is then kept. */
#ifndef OX_IMPORTER_VALUE_H
#define OX_IMPORTER_VALUE_H

#include "runtime/importer/compat.h"

#include <stdbool.h>

enum ox_value_kind {
	OX_VALUE_SOURCE,
	OX_VALUE_BYTECODE,
	OX_VALUE_RESOURCE,
	OX_VALUE_DISTRIBUTION,
	OX_VALUE_EXTENSION,
	OX_VALUE_KINDS,
};

struct ox_value {
	PyObject_HEAD
	enum ox_value_kind kind;
	PyObject *name;    /* str: of the module, or of the resource inside its package */
	PyObject *package; /* str, resources only: the package's or distribution's name */
	PyObject *version; /* str, distribution resources only */
	PyObject *suffix;  /* str, extension modules only: ".so" with its tag */
	PyObject *data;    /* bytes; NULL: still in the file */
	PyObject *path;    /* bytes: the file; NULL once the content has been replaced */
	int level;         /* bytecode only: 0 to 2 */
	bool is_package;
	bool is_egg;       /* distribution resources only: of an .egg-info folder */
};

/* One specification per kind. */
extern PyType_Spec ox_value_specs[OX_VALUE_KINDS];

/* An object whose name is set and everything else empty; the caller fills it in. */
struct ox_value *ox_value_new(PyTypeObject *type, enum ox_value_kind kind, PyObject *name, PyObject *path);

/* The content as bytes (a bytecode file's without its header), a new reference; ValueError when it cannot be read. */
PyObject *ox_value_data(struct ox_value *value);

/* A whole file as bytes, by its path as bytes or str; OSError. */
PyObject *ox_read_file(PyObject *path);

#endif
