#include "runtime/embed/script.h"

#include "runtime/importer/zip.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const mains[] = {"__main__.py", "__main__.pyc"};

static bool is_named_so(const char *path)
{
	static const char *const suffixes[] = {".py", ".pyc", ".pyw", ".pyz"};
	for (size_t i = 0; i < OX_COUNT(suffixes); i++)
		if (ox_slice_ends(ox_slice_str(path), ox_slice_str(suffixes[i])))
			return true;
	return false;
}

static bool is_program_folder(const char *path)
{
	bool found = false;
	for (size_t i = 0; i < OX_COUNT(mains) && !found; i++) {
		char full[PATH_MAX];
		int len = snprintf(full, sizeof full, "%s/%s", path, mains[i]);
		found = len > 0 && (size_t)len < sizeof full && access(full, F_OK) == 0;
	}
	return found;
}

bool ox_script_is_archive(const char *path)
{
	struct ox_zip zip;
	struct ox_err err = {0};
	bool found = false;
	if (ox_zip_open_file(&zip, path, &err) < 0)
		return false;
	if (ox_zip_index(&zip, &err) == 0)
		for (size_t i = 0; i < OX_COUNT(mains) && !found; i++)
			found = ox_zip_find(&zip, ox_slice_str(mains[i]));
	ox_zip_close(&zip);
	return found;
}

static bool has_first_line(const char *path)
{
	char line[256];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, line, sizeof line - 1);
	if (fd >= 0)
		close(fd);
	line[len > 0 ? len : 0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return line[0] == '#' && line[1] == '!' && strstr(line, "python");
}

bool ox_script_is(const char *path)
{
	struct stat info;
	if (is_named_so(path))
		return true;
	if (stat(path, &info) < 0)
		return false;
	if (S_ISDIR(info.st_mode))
		return is_program_folder(path);
	return S_ISREG(info.st_mode) && (has_first_line(path) || ox_script_is_archive(path));
}
