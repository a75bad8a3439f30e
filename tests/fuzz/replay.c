/* main() for a fuzz target without a fuzzer: feeds it every committed seed, so that
 * `make check` keeps what fuzzing once found. The seeds' folder is
 * $OX_SRCDIR/tests/fuzz/seeds/NAME for a program called NAME_fuzz. */
#ifndef OX_FUZZING
#include "proto/base/platform.h"

#include <dirent.h>
#include <stdint.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	if (!f || fstat(fileno(f), &st) != 0) {
		perror(path);
		exit(1);
	}
	int is_seed = S_ISREG(st.st_mode);
	if (is_seed) {
		size_t size = (size_t)st.st_size;
		uint8_t *bytes = malloc(size ? size : 1);
		if (!bytes || fread(bytes, 1, size, f) != size) {
			perror(path);
			exit(1);
		}
		LLVMFuzzerTestOneInput(bytes, size);
		free(bytes);
	}
	fclose(f);
	return is_seed;
}

int main(int argc, char **argv)
{
	(void)argc;
	const char *slash = strrchr(argv[0], '/');
	const char *name = slash ? slash + 1 : argv[0];
	const char *suffix = strstr(name, "_fuzz");
	const char *root = getenv("OX_SRCDIR");
	char folder[4096], path[8192];
	snprintf(folder, sizeof folder, "%s/tests/fuzz/seeds/%.*s", root ? root : ".",
		 (int)(suffix ? (size_t)(suffix - name) : strlen(name)), name);
	DIR *dir = opendir(folder);
	if (!dir) {
		perror(folder);
		return 1;
	}
	int count = 0;
	for (struct dirent *e; (e = readdir(dir));) {
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		count += replay(path);
	}
	closedir(dir);
	printf("%d seeds replayed\n", count);
	return count ? 0 : 1;
}
#else
typedef int ox_fuzzer_has_a_main; /* a file must not be empty */
#endif
