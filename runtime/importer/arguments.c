#include "runtime/importer/arguments.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Memory is copied through a pipe in pieces of what one holds. */
enum { PIECE = 65536 };

PyObject *ox_wrong_type(PyObject *value, const char *parameter, const char *wanted)
{
	const char *type = Py_TYPE(value)->tp_name;
	if (parameter)
		return PyErr_Format(PyExc_TypeError, "argument '%s': '%.200s' object cannot be converted to '%s'",
				    parameter, type, wanted);
	return PyErr_Format(PyExc_TypeError, "'%.200s' object cannot be converted to '%s'", type, wanted);
}

static bool too_many(const struct ox_signature *s, Py_ssize_t given)
{
	const char *verb = given == 1 ? "was" : "were";
	if (s->required == s->count)
		PyErr_Format(PyExc_TypeError, "%s() takes %d positional argument%s but %zd %s given", s->function,
			     s->count, s->count == 1 ? "" : "s", given, verb);
	else
		PyErr_Format(PyExc_TypeError, "%s() takes from %d to %d positional arguments but %zd %s given",
			     s->function, s->required, s->count, given, verb);
	return false;
}

static bool by_name(const struct ox_signature *s, PyObject *key, PyObject *value, PyObject **values)
{
	int i = 0;
	while (i < s->count && PyUnicode_CompareWithASCIIString(key, s->names[i]) != 0)
		i++;
	if (i < s->count && !values[i]) {
		values[i] = value;
		return true;
	}
	if (i == s->count)
		PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%U'", s->function, key);
	else
		PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%s'", s->function, s->names[i]);
	return false;
}

static bool all_there(const struct ox_signature *s, PyObject *const *values)
{
	char text[256] = "";
	int missing = 0, left;
	for (int i = 0; i < s->required; i++)
		missing += !values[i];
	if (!missing)
		return true;
	left = missing;
	for (int i = 0; i < s->required; i++) {
		size_t used = strlen(text);
		const char *joint = left == missing ? "" : left > 1 ? ", " : missing > 2 ? ", and " : " and ";
		if (values[i])
			continue;
		snprintf(text + used, sizeof text - used, "%s'%s'", joint, s->names[i]);
		left--;
	}
	PyErr_Format(PyExc_TypeError, "%s() missing %d required positional argument%s: %s", s->function, missing,
		     missing == 1 ? "" : "s", text);
	return false;
}

bool ox_arguments(const struct ox_signature *s, PyObject *const *args, Py_ssize_t given, PyObject *kwnames,
		  PyObject **values)
{
	Py_ssize_t named = kwnames ? PyTuple_GET_SIZE(kwnames) : 0;
	if (given > s->count)
		return too_many(s, given);
	for (int i = 0; i < s->count; i++)
		values[i] = i < given ? args[i] : NULL;
	for (Py_ssize_t k = 0; k < named; k++)
		if (!by_name(s, PyTuple_GET_ITEM(kwnames, k), args[given + k], values))
			return false;
	return all_there(s, values);
}

bool ox_arguments_new(const struct ox_signature *s, PyObject *args, PyObject *kwargs, PyObject **values)
{
	Py_ssize_t given = PyTuple_GET_SIZE(args), at = 0;
	PyObject *key, *value;
	if (given > s->count)
		return too_many(s, given);
	for (int i = 0; i < s->count; i++)
		values[i] = i < given ? PyTuple_GET_ITEM(args, i) : NULL;
	while (kwargs && PyDict_Next(kwargs, &at, &key, &value)) {
		if (!PyUnicode_Check(key)) {
			PyErr_Format(PyExc_TypeError, "%s() keywords must be strings", s->function);
			return false;
		}
		if (!by_name(s, key, value, values))
			return false;
	}
	return all_there(s, values);
}

PyObject *ox_text_from(PyObject *value, const char *parameter)
{
	if (!PyUnicode_Check(value))
		return ox_wrong_type(value, parameter, "PyString");
	return PyUnicode_AsUTF8(value) ? PyUnicode_FromObject(value) : NULL;
}

bool ox_utf8(PyObject *text, struct ox_slice *out)
{
	Py_ssize_t len;
	const char *data = PyUnicode_AsUTF8AndSize(text, &len);
	*out = ox_slice(data, data ? (size_t)len : 0);
	return data;
}

/* "B" and "c", whatever byte order is put in front. */
static bool holds_bytes(const Py_buffer *view)
{
	const char *format = view->format ? view->format : "B";
	if (strchr("@=<>!", *format))
		format++;
	return view->itemsize == 1 && (strcmp(format, "B") == 0 || strcmp(format, "c") == 0);
}

/* Memory of Python's own, which no file's end takes away. */
static bool is_plain_memory(const Py_buffer *view)
{
	PyObject *owner = view->obj;
	if (owner && PyMemoryView_Check(owner))
		owner = PyMemoryView_GET_BASE(owner);
	return owner && (PyBytes_Check(owner) || PyByteArray_Check(owner));
}

static int read_whole(int fd, char *to, size_t size)
{
	while (size) {
		ssize_t n = read(fd, to, size);
		if (n == 0 || (n < 0 && errno != EINTR))
			return -1;
		to += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Through the kernel, which fails with EFAULT where reading would kill us; -1 with errno. */
static int copy_through_pipe(char *to, const char *from, size_t size)
{
	int ends[2], rc = 0;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	while (size && !rc) {
		ssize_t n = write(ends[1], from, size < PIECE ? size : PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		rc = n < 0 ? -1 : read_whole(ends[0], to, (size_t)n);
		from += n > 0 ? n : 0;
		to += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	int errnum = errno;
	close(ends[0]);
	close(ends[1]);
	errno = errnum;
	return rc;
}

/* The view becomes one of a copy. */
static bool copy_memory(PyObject *value, Py_buffer *view)
{
	PyObject *copy = PyBytes_FromStringAndSize(NULL, view->len);
	bool ok = copy != NULL;
	if (copy && copy_through_pipe(PyBytes_AS_STRING(copy), view->buf, (size_t)view->len) < 0) {
		ok = false;
		if (errno == EFAULT)
			PyErr_Format(PyExc_ValueError,
				     "the memory of '%s' cannot be read: the file behind it is shorter now",
				     Py_TYPE(value)->tp_name);
		else
			PyErr_SetFromErrno(PyExc_OSError);
	}
	PyBuffer_Release(view);
	ok = ok && PyObject_GetBuffer(copy, view, PyBUF_SIMPLE) == 0;
	Py_XDECREF(copy);
	return ok;
}

bool ox_buffer_from(PyObject *value, const char *parameter, Py_buffer *view)
{
	if (!PyObject_CheckBuffer(value)) {
		ox_wrong_type(value, parameter, "PyBuffer");
		return false;
	}
	if (PyObject_GetBuffer(value, view, PyBUF_ND | PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
		return false;
	if (holds_bytes(view))
		return is_plain_memory(view) || copy_memory(value, view);
	PyErr_Format(PyExc_BufferError, "buffer of '%s' has items that are not unsigned bytes",
		     Py_TYPE(value)->tp_name);
	PyBuffer_Release(view);
	return false;
}

PyObject *ox_bytes_from(PyObject *value, const char *parameter)
{
	Py_buffer view;
	if (PyBytes_CheckExact(value))
		return Py_NewRef(value);
	if (!ox_buffer_from(value, parameter, &view))
		return NULL;
	PyObject *bytes = PyBytes_CheckExact(view.obj) && PyBytes_GET_SIZE(view.obj) == view.len
				  ? Py_NewRef(view.obj)
				  : PyBytes_FromStringAndSize(view.buf, view.len);
	PyBuffer_Release(&view);
	return bytes;
}

PyObject *ox_path_from(PyObject *value)
{
	PyObject *bytes = NULL;
	return PyUnicode_FSConverter(value, &bytes) ? bytes : NULL;
}

bool ox_bool_from(PyObject *value, const char *parameter, bool *out)
{
	if (!PyBool_Check(value)) {
		ox_wrong_type(value, parameter, "PyBool");
		return false;
	}
	*out = value == Py_True;
	return true;
}

PyObject *ox_no_constructor(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
	(void)type;
	(void)args;
	(void)kwargs;
	PyErr_SetString(PyExc_TypeError, "No constructor defined");
	return NULL;
}

PyObject *ox_no_allocation(PyTypeObject *type, Py_ssize_t items)
{
	(void)items;
	return PyErr_Format(PyExc_TypeError, "%s objects are not made by object.__new__", type->tp_name);
}
