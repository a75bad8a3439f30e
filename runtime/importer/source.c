#include "runtime/importer/state.h"

#include <ctype.h>
#include <strings.h>

/* Does this line declare an encoding other than UTF-8 (PEP 263)? */
static bool has_cookie(struct ox_slice line)
{
	size_t i = 0;
	while (i < line.len && strchr(" \t\f", line.data[i]))
		i++;
	if (i == line.len || line.data[i] != '#')
		return false;
	const char *word = memmem(line.data + i, line.len - i, "coding", 6);
	size_t left = word ? line.len - (size_t)(word - line.data) : 0;
	if (left <= 7 || (word[6] != ':' && word[6] != '='))
		return false;
	for (word += 7, left -= 7; left && (*word == ' ' || *word == '\t'); left--)
		word++;
	/* "utf-80" is another, and unknown, one. */
	bool ends = left == 5 || (left > 5 && !isalnum((unsigned char)word[5]) && !strchr("-_.", word[5]));
	return !ends || strncasecmp(word, "utf-8", 5) != 0;
}

/* A declaration counts in the first two lines. */
static bool is_utf8(struct ox_slice bytes)
{
	for (int line = 0; line < 2 && bytes.len; line++) {
		const char *end = memchr(bytes.data, '\n', bytes.len);
		size_t len = end ? (size_t)(end - bytes.data) : bytes.len;
		if (has_cookie(ox_slice(bytes.data, len)))
			return false;
		bytes = end ? ox_slice(end + 1, bytes.len - len - 1) : (struct ox_slice){0};
	}
	return true;
}

PyObject *ox_decode_source(struct ox_slice bytes)
{
	static const struct ox_slice mark = {"\xEF\xBB\xBF", 3};
	bool plain = is_utf8(bytes) && (!bytes.len || !memchr(bytes.data, '\r', bytes.len));
	size_t skip = ox_slice_starts(bytes, mark) ? mark.len : 0;
	PyObject *decoded = NULL;
	if (plain)
		decoded = PyUnicode_DecodeUTF8(bytes.data + skip, (Py_ssize_t)(bytes.len - skip), NULL);
	if (decoded || (plain && !PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)))
		return decoded;
	PyErr_Clear(); /* importlib finds the right words for what is wrong */
	PyObject *util = PyImport_ImportModule("importlib._bootstrap_external");
	PyObject *text = NULL;
	if (util)
		text = PyObject_CallMethod(util, "decode_source", "y#", bytes.data, (Py_ssize_t)bytes.len);
	Py_XDECREF(util);
	return text;
}
