/* failure.h - a ValueError that says what was being done, with the exception behind it as its cause. */
#ifndef OX_IMPORTER_FAILURE_H
#define OX_IMPORTER_FAILURE_H

#include "runtime/importer/compat.h"

/* Replaces the exception that is set by ValueError(text); the former becomes its __cause__. What is
 * no Exception (KeyboardInterrupt) and MemoryError stay as they are. Returns NULL. */
PyObject *ox_failed(const char *text);

/* The same with ": " and the former's text behind. */
PyObject *ox_failed_with(const char *text);

#endif
