#include "runtime/importer/source.h"

#include <ctype.h>
#include <strings.h>

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-_.", c));
}

/* The encoding that a comment declares (PEP 263): the first word behind "coding:" or "coding=", "" when there
 * is none. */
static struct ox_slice declared(struct ox_slice line)
{
	static const size_t len = sizeof "coding" - 1;
	const char *end = line.data + line.len, *at = line.data;
	while ((at = memmem(at, (size_t)(end - at), "coding", len))) {
		at += len;
		const char *word = at + 1;
		if (at == end || (*at != ':' && *at != '='))
			continue;
		while (word < end && (*word == ' ' || *word == '\t'))
			word++;
		const char *stop = word;
		while (stop < end && is_word(*stop))
			stop++;
		if (stop > word)
			return ox_slice(word, (size_t)(stop - word));
	}
	return (struct ox_slice){0};
}

/* Does this line declare an encoding other than UTF-8? */
static bool has_cookie(struct ox_slice line)
{
	size_t i = 0;
	while (i < line.len && strchr(" \t\f", line.data[i]))
		i++;
	if (i == line.len || line.data[i] != '#')
		return false;
	struct ox_slice name = declared(line);
	return name.len && (name.len != 5 || strncasecmp(name.data, "utf-8", 5) != 0);
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
	if (!bytes.len)
		return PyUnicode_FromString("");
	size_t skip = ox_slice_starts(bytes, mark) ? mark.len : 0;
	bool plain = is_utf8(ox_slice(bytes.data + skip, bytes.len - skip)) &&
		     !memchr(bytes.data, '\r', bytes.len);
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
