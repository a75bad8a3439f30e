/* collector.h - OxidizedResourceCollector: what was found becomes what a finder serves.
 *
 * A record is a dict from names of OxidizedResource's properties to values. What goes into
 * memory is there as the property takes it. What goes into a file is a tuple whose first
 * member is the prefix (str) and whose last is the content (bytes):
 *
 *   relative_path_module_source, ..._bytecode...    (prefix, content)
 *   relative_path_extension_module_shared_library   (prefix, suffix, content)
 *   relative_path_package_resources                 {name: (prefix, content)}
 *   relative_path_distribution_resources            {name: (prefix, folder, content)}
 */
#ifndef OX_IMPORTER_COLLECTOR_H
#define OX_IMPORTER_COLLECTOR_H

#include "runtime/importer/compat.h"

struct ox_state;

enum ox_location { OX_IN_MEMORY, OX_FILESYSTEM_RELATIVE, OX_LOCATIONS };

struct ox_collector {
	PyObject_HEAD
	PyObject *policy;  /* str; NULL when made with allowed_locations */
	PyObject *records; /* dict: name -> record */
	bool allows[OX_LOCATIONS];
	bool has_scanned_bytecode; /* so it is this interpreter's */
};

extern PyType_Spec ox_collector_spec;

/* The record of that name, made if need be; borrowed. NULL with an exception. */
PyObject *ox_record_of(PyObject *records, PyObject *name);
/* record[key] = value, which is taken; -1 with an exception, as for a NULL value that has one. */
int ox_record_put(PyObject *record, const char *key, PyObject *value);

/* What the bytecode of a level (0 to 2) is called in a record: "in_memory_bytecode_opt1" and the like. */
const char *ox_bytecode_key(int level, bool is_file);

/* (resources, files): a list of OxidizedResource and a list of (pathlib.Path, bytes, is executable), both in the
 * order of names. Packages around what was collected are completed, their bytecode compiled by `exe`, a
 * path as str or NULL for this interpreter. ValueError. The collector stays as it is. */
PyObject *ox_oxidize(const struct ox_collector *self, struct ox_state *state, PyObject *exe);

#endif
