#include "runtime/importer/state.h"

/* Does one of the first two lines say "coding"? Then the whole rule of PEP 263 applies. */
static bool has_cookie(struct ox_slice bytes)
{
	for (int line = 0; line < 2 && bytes.len; line++) {
		const char *end = memchr(bytes.data, '\n', bytes.len);
		size_t len = end ? (size_t)(end - bytes.data) : bytes.len;
		if (len && memmem(bytes.data, len, "coding", 6))
			return true;
		bytes = end ? ox_slice(end + 1, bytes.len - len - 1) : (struct ox_slice){0};
	}
	return false;
}

PyObject *ox_decode_source(struct ox_slice bytes)
{
	static const struct ox_slice mark = {"\xEF\xBB\xBF", 3};
	bool plain = !has_cookie(bytes) && (!bytes.len || !memchr(bytes.data, '\r', bytes.len));
	if (plain && ox_slice_starts(bytes, mark))
		bytes = ox_slice(bytes.data + mark.len, bytes.len - mark.len);
	if (plain)
		return PyUnicode_DecodeUTF8(bytes.data, (Py_ssize_t)bytes.len, NULL);
	PyObject *util = PyImport_ImportModule("importlib._bootstrap_external");
	PyObject *text = util ? PyObject_CallMethod(util, "decode_source", "y#", bytes.data, (Py_ssize_t)bytes.len) : NULL;
	Py_XDECREF(util);
	return text;
}
