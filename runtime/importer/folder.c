/* Which package a folder stands for.
 *
 * Three kinds of folders are a package's: the virtual one below the executable, which packages in memory have in
 * __path__; the real one in the extraction cache, which packages that want files have in front of it; and lib/ beside
 * the executable, where cx_Freeze puts modules, so that code which sees sys.frozen looks there. */
#include "runtime/importer/arguments.h"
#include "runtime/importer/finder.h"

#include <sys/stat.h>

/* "a/b" as "a.b"; false for what cannot be a package's folder. */
static bool package_of(struct ox_slice rest, struct ox_buf *out)
{
	char last = '/';
	for (size_t i = 0; i < rest.len; i++) {
		char c = rest.data[i] == '\\' ? '/' : rest.data[i];
		bool at_edge = last == '/' || i + 1 == rest.len || rest.data[i + 1] == '/';
		if ((c == '/' && last == '/') || (c == '.' && (last == '.' || at_edge)))
			return false;
		ox_buf_byte(out, c == '/' ? '.' : c);
		last = c;
	}
	return rest.len == 0 || last != '/';
}

/* What of the path lies behind the base and one separator; a new reference to bytes. NULL without an exception when the
 * path is not below the base. */
static PyObject *rest_of(PyObject *path, PyObject *base)
{
	Py_ssize_t len = PyUnicode_GET_LENGTH(path), skip = PyUnicode_GET_LENGTH(base);
	Py_ssize_t match = PyUnicode_Tailmatch(path, base, 0, len, -1);
	if (match <= 0)
		return NULL;
	if (len > skip) {
		Py_UCS4 separator = PyUnicode_READ_CHAR(path, skip);
		if (separator != '/' && separator != '\\')
			return NULL;
		skip++;
	}
	PyObject *rest = PyUnicode_Substring(path, skip, len);
	PyObject *bytes = rest ? PyUnicode_AsEncodedString(rest, "utf-8", "replace") : NULL;
	Py_XDECREF(rest);
	return bytes;
}

/* A folder below the executable, whatever is there: that is for whoever asks to find out. */
static enum ox_folder virtual_folder(const struct ox_finder *self, PyObject *path, struct ox_buf *package)
{
	PyObject *rest = rest_of(path, self->base);
	if (!rest)
		return PyErr_Occurred() ? OX_FOLDER_FAILED : OX_FOLDER_FOREIGN;
	bool fits = package_of(ox_bytes(rest), package);
	Py_DECREF(rest);
	return fits ? OX_FOLDER_PACKAGE : OX_FOLDER_NO_PACKAGE;
}

static bool is_packed_package(const struct ox_finder *self, struct ox_slice rest, struct ox_buf *package)
{
	struct ox_found found;
	while (rest.len && rest.data[rest.len - 1] == '/')
		rest.len--;
	if (!rest.len || !package_of(rest, package) || package->failed)
		return false;
	ox_index_find_packed(&self->index, ox_buf_view(package), &found);
	return found.is_package;
}

/* Whether sys.path_hooks has others, such as importlib's for folders. */
static bool has_other_hooks(void)
{
	PyObject *hooks = PySys_GetObject("path_hooks"); /* borrowed */
	return hooks && PyList_Check(hooks) && PyList_GET_SIZE(hooks) > 1;
}

/* Where files are imported too a folder that exists is left to those: they see all that lies there, and a program may
 * have put it on sys.path for what it holds. */
static bool is_left_to_others(const char *path)
{
	struct stat st;
	return has_other_hooks() && stat(path, &st) == 0;
}

bool ox_finder_behind_cache(const struct ox_finder *self, struct ox_slice path, struct ox_slice *rest)
{
	struct ox_slice root = ox_buf_view(&self->folders.root);
	size_t skip = root.len + 1 + OX_EXTRACT_KEY;
	if (!root.len || path.len <= skip || !ox_slice_starts(path, root) || path.data[root.len] != '/' ||
	    path.data[skip - 1] != '/')
		return false;
	*rest = ox_slice(path.data + skip, path.len - skip);
	return true;
}

/* What of the path lies behind lib/ beside the executable. */
static bool behind_lib(const struct ox_finder *self, struct ox_slice path, struct ox_slice *rest)
{
	static const struct ox_slice lib = {"lib/", 4};
	struct ox_slice below;
	if (!ox_path_below(path, self->origin, &below) || !ox_slice_starts(below, lib))
		return false;
	*rest = ox_slice(below.data + lib.len, below.len - lib.len);
	return true;
}

enum ox_folder ox_finder_folder(const struct ox_finder *self, PyObject *path, struct ox_buf *package)
{
	struct ox_slice text, rest;
	ox_buf_clear(package);
	enum ox_folder kind = virtual_folder(self, path, package);
	if (kind != OX_FOLDER_FOREIGN)
		return kind;
	if (!ox_utf8(path, &text)) {
		if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
			return OX_FOLDER_FAILED;
		PyErr_Clear(); /* no text: no folder of ours */
		return OX_FOLDER_FOREIGN;
	}
	if ((ox_finder_behind_cache(self, text, &rest) || behind_lib(self, text, &rest)) &&
	    is_packed_package(self, rest, package) && !is_left_to_others(text.data))
		return OX_FOLDER_PACKAGE;
	return OX_FOLDER_FOREIGN;
}
