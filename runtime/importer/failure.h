/* failure.h - exceptions: raised with our words, replaced by one that says more, or set aside for a while. */
#ifndef OX_IMPORTER_FAILURE_H
#define OX_IMPORTER_FAILURE_H

#include "runtime/importer/compat.h"

/* An exception while it is set aside, so that other things can be done which may fail in their turn; all NULL when
 * none was set. Who takes it gives it back or drops it. */
struct ox_exception {
	PyObject *type, *value, *traceback;
};

static inline struct ox_exception ox_exception_take(void)
{
	struct ox_exception e;
	PyErr_Fetch(&e.type, &e.value, &e.traceback);
	return e;
}

/* It is set again, in the place of whatever is set now. */
static inline void ox_exception_give_back(struct ox_exception e)
{
	PyErr_Restore(e.type, e.value, e.traceback);
}

/* The same as ox_exception_take(), with the value as an instance that has its traceback, to be looked at. */
struct ox_exception ox_exception_take_whole(void);
void ox_exception_drop(struct ox_exception e);

/* Replaces the exception that is set by ValueError(text); the former becomes its __cause__. What is
 * no Exception (KeyboardInterrupt) and MemoryError stay as they are. Returns NULL. */
PyObject *ox_failed(const char *text);

/* The same with ": " and the former's text behind. */
PyObject *ox_failed_with(const char *text);

/* ImportError(text, name=name, path=path), path may be NULL. A text of NULL has left its exception, which stays.
 * Takes the text. Returns NULL. */
PyObject *ox_import_error(PyObject *text, PyObject *name, PyObject *path);

/* The same with an exception that was taken as its __cause__, which is taken, too. */
PyObject *ox_import_error_from(PyObject *text, PyObject *name, PyObject *path, struct ox_exception cause);

#endif
