/* arguments.h - what comes from Python: counted, named and converted by one set of rules.
 *
 * Every parameter may be passed by position or by name. Texts of TypeErrors are those of
 * functions written in Python, with the class in front of the function's name. A value
 * of the wrong type is named by its parameter; a property's value has none (NULL). */
#ifndef OX_IMPORTER_ARGUMENTS_H
#define OX_IMPORTER_ARGUMENTS_H

#include "proto/base/slice.h"
#include "runtime/importer/compat.h"

#include <stdbool.h>

enum { OX_MOST_PARAMETERS = 4 };

struct ox_signature {
	const char *function; /* "Class.method" */
	int required, count;
	const char *names[OX_MOST_PARAMETERS];
};

/* Fills values[count], borrowed, NULL for what was left out. For METH_FASTCALL | METH_KEYWORDS. */
bool ox_arguments(const struct ox_signature *s, PyObject *const *args, Py_ssize_t given, PyObject *kwnames,
		  PyObject **values);

/* The same for tp_new; kwargs may be NULL. */
bool ox_arguments_new(const struct ox_signature *s, PyObject *args, PyObject *kwargs, PyObject **values);

/* Each returns a new reference, or NULL (false) with an exception. */
PyObject *ox_text_from(PyObject *value, const char *parameter);  /* an exact str that is valid UTF-8 */
PyObject *ox_bytes_from(PyObject *value, const char *parameter); /* bytes of anything with a buffer of bytes */
PyObject *ox_path_from(PyObject *value);                         /* bytes, by os.fsencode's rules */
bool ox_bool_from(PyObject *value, const char *parameter, bool *out);

/* The UTF-8 of a str, which the object keeps; false with an exception. */
bool ox_utf8(PyObject *text, struct ox_slice *out);

/* What bytes hold. */
static inline struct ox_slice ox_bytes(PyObject *bytes)
{
	return ox_slice(PyBytes_AS_STRING(bytes), (size_t)PyBytes_GET_SIZE(bytes));
}

/* A buffer of bytes in one run; release it. Py_buffer must not be moved. It is that of bytes, bytearray and views of
 * them, and of anything else, which may be a mapping of a file that somebody cuts, a copy. ValueError when that was
 * done already. */
bool ox_buffer_from(PyObject *value, const char *parameter, Py_buffer *view);

/* TypeError: 'T' object cannot be converted to 'wanted'. Returns NULL. */
PyObject *ox_wrong_type(PyObject *value, const char *parameter, const char *wanted);

/* tp_new of types whose instances only come from us. */
PyObject *ox_no_constructor(PyTypeObject *type, PyObject *args, PyObject *kwargs);

/* tp_alloc of all our types, whose own code calls PyType_GenericAlloc: a class whose __new__ a program replaced or
 * deleted gets object's, and what that made would be empty. TypeError. */
PyObject *ox_no_allocation(PyTypeObject *type, Py_ssize_t items);

/* A docstring of which inspect.signature() reads the parameters, "($self, name)" or the like, and help() shows both. */
#define OX_DOC(name, parameters, doc) name parameters "\n--\n\n" doc

/* Rows of PyMethodDef. */
#define OX_FUNCTION(name, function, flags, parameters, doc)                                                            \
	{                                                                                                              \
		name, (PyCFunction)(void (*)(void))(function), flags, OX_DOC(name, parameters, doc)                    \
	}
#define OX_METHOD(name, function, parameters, doc)                                                                     \
	OX_FUNCTION(name, function, METH_FASTCALL | METH_KEYWORDS, parameters, doc)
#define OX_CLASS_METHOD(name, function, parameters, doc)                                                               \
	OX_FUNCTION(name, function, METH_FASTCALL | METH_KEYWORDS | METH_CLASS, parameters, doc)
#define OX_BARE_METHOD(name, function, doc) OX_FUNCTION(name, function, METH_NOARGS, "($self)", doc)

#endif
