#include "daemon/python/archive_check.h"

#include "daemon/python/distribution.h"
#include "proto/base/buf.h"
#include "store/fs/dir.h"

#include <sys/stat.h>

static bool exists(const char *top, const char *name)
{
	struct ox_buf path = {0};
	struct stat st;
	ox_buf_printf(&path, "%s/%s", top, name);
	bool there = !path.failed && lstat(path.data, &st) == 0;
	ox_buf_free(&path);
	return there;
}

/* The first name in `folder` that is not among the known; empty when there is none. */
static int find_other(const char *folder, const char *const *known, struct ox_buf *other, struct ox_err *err)
{
	struct ox_buf names = {0};
	int rc = ox_fs_list(folder, &names, err);
	for (size_t at = 0; !rc && !other->len && at < names.len; at += strlen(names.data + at) + 1) {
		const char *name = names.data + at + 1;
		size_t i = 0;
		while (known[i] && strcmp(known[i], name) != 0)
			i++;
		ox_buf_str(other, known[i] ? "" : name);
	}
	ox_buf_free(&names);
	return rc;
}

static int check_folder(const char *folder, const char *const *known, struct ox_err *err)
{
	struct ox_buf other = {0};
	int rc = find_other(folder, known, &other, err);
	if (!rc && other.len)
		rc = ox_fail(err, OX_EUSAGE,
			     "it has %s, which a python-build-standalone archive has not: use one named "
			     "cpython-...-full.tar.zst",
			     other.data);
	ox_buf_free(&other);
	return rc;
}

int ox_archive_check_layout(const char *top, struct ox_err *err)
{
	static const char *const outside[] = {"python", NULL};
	static const char *const inside[] = {"build", "install", "lib", "licenses", "LICENSE.rst", "PYTHON.json", NULL};
	struct ox_buf python = {0};
	if (!exists(top, "python/PYTHON.json") && (exists(top, "python/bin") || exists(top, "python/lib")))
		return ox_fail(err, OX_EUSAGE,
			       "it is an install_only archive, which has no objects to link: use the archive of the "
			       "same release that is named ...-full.tar.zst");
	if (!exists(top, "python/PYTHON.json"))
		return ox_fail(err, OX_EUSAGE,
			       "it has no python/PYTHON.json: use an archive of python-build-standalone named "
			       "cpython-...-full.tar.zst");
	int rc = check_folder(top, outside, err);
	ox_buf_printf(&python, "%s/python", top);
	if (!rc)
		rc = ox_buf_ok(&python, "file name", err);
	if (!rc)
		rc = check_folder(python.data, inside, err);
	ox_buf_free(&python);
	return rc;
}

static int check_objects(const struct ox_python_json *json, struct ox_err *err)
{
	if (strncmp(json->object_format, "llvm-bitcode", 12) == 0)
		return ox_fail(err, OX_EUSAGE,
			       "its objects are LLVM bitcode (built with %s), which only that LLVM can link: use one "
			       "of the same version without lto in its name: -pgo-full, -noopt-full or -debug-full",
			       json->options);
	if (strcmp(json->object_format, "elf") != 0)
		return ox_fail(err, OX_EUSAGE,
			       "its objects are %s, for %s: executables are built for Linux, so use an archive "
			       "named ...-linux-gnu-... or ...-linux-musl-...",
			       json->object_format, json->triple);
	return 0;
}

static int check_python(const struct ox_python_json *json, struct ox_err *err)
{
	int major = (int)(json->hexversion >> 24), minor = (int)(json->hexversion >> 16 & 0xff);
	if (strcmp(json->implementation, "cpython") != 0)
		return ox_fail(err, OX_EUSAGE, "it is %s: use one of CPython", json->implementation);
	if (major != 3 || minor < OX_OLDEST_MINOR || minor > OX_NEWEST_MINOR)
		return ox_fail(err, OX_EUSAGE, "it is CPython %s: use one of 3.%d to 3.%d", json->version,
			       OX_OLDEST_MINOR, OX_NEWEST_MINOR);
	if (strchr(json->abi_tag, 't') || strstr(json->options, "freethreaded"))
		return ox_fail(err, OX_EUSAGE,
			       "it is a free-threaded build: use one without freethreaded in its name");
	return 0;
}

bool ox_archive_is_for(const char *archive, const char *triple)
{
	size_t cpu = strcspn(triple, "-");
	if (strcmp(archive, triple) == 0)
		return true;
	return strncmp(triple, "x86_64-", 7) == 0 && strncmp(archive, "x86_64_v", 8) == 0 && archive[8] >= '2' &&
	       archive[8] <= '4' && strcmp(archive + 9, triple + cpu) == 0;
}

int ox_archive_check_kind(const struct ox_python_json *json, const char *triple, struct ox_err *err)
{
	int rc = check_objects(json, err);
	if (!rc)
		rc = check_python(json, err);
	if (!rc && strstr(json->triple, "-musl") && !ox_python_json_is_static(json))
		rc = ox_fail(err, OX_EUSAGE,
			     "its executables need musl's loader wherever they run: use one that is linked statically, "
			     "with +static in its name (those of 2024 and before all are)");
	if (!rc && triple && !ox_archive_is_for(json->triple, triple))
		rc = ox_fail(err, OX_EUSAGE, "it is for %s, and this build is for %s: use the archive of that name, or "
					     "build with --target-triple %s", json->triple, triple, json->triple);
	return rc;
}

static int check_file(const char *root, const char *path, struct ox_err *err)
{
	if (exists(root, path))
		return 0;
	return ox_fail(err, OX_EUSAGE, "its PYTHON.json names %s, which it does not have: it was not packed whole, so "
				       "get it again", path);
}

static int check_texts(const char *root, struct ox_texts list, struct ox_err *err)
{
	int rc = 0;
	for (size_t i = 0; !rc && i < list.count; i++)
		rc = check_file(root, list.items[i], err);
	return rc;
}

static int check_variant(const char *root, const struct ox_python_variant *v, struct ox_err *err)
{
	int rc = check_texts(root, v->objects, err);
	for (size_t i = 0; !rc && i < v->links.count; i++)
		if (v->links.items[i].path_static)
			rc = check_file(root, v->links.items[i].path_static, err);
	if (!rc && v->shared_lib)
		rc = check_file(root, v->shared_lib, err);
	return rc;
}

/* The static libpython is not asked for: archives for musl name one that they do not have. */
int ox_archive_check_files(const struct ox_python_json *json, const char *root, struct ox_err *err)
{
	const char *const single[] = {json->python_exe, json->stdlib, json->include, json->inittab_source};
	int rc = check_texts(root, json->core_objects, err);
	for (size_t i = 0; !rc && i < OX_COUNT(single); i++)
		rc = check_file(root, single[i], err);
	for (size_t i = 0; !rc && i < json->variant_count; i++)
		rc = check_variant(root, &json->variants[i], err);
	return rc;
}
