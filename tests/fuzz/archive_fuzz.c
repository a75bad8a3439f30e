/* Unpacking: whatever the bytes, nothing appears outside the folder, and what is accepted is described. */
#include "daemon/transfer/unpack.h"
#include "store/cas/manifest.h"
#include "store/fs/dir.h"

#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_manifest(struct ox_slice text, const char *folder)
{
	struct ox_tree_entry e;
	uint64_t bytes, entries, seen = 0;
	int rc = ox_manifest_head(&text, &bytes, &entries) ? 1 : -1;
	while (rc == 1 && (rc = ox_manifest_next(&text, &e)) == 1) {
		char path[4096];
		struct stat st;
		snprintf(path, sizeof path, "%s/%.*s", folder, OX_SLICE_ARG(e.path));
		if (lstat(path, &st) != 0)
			abort();
		seen++;
	}
	if (rc != 0 || seen != entries)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char top[64] = "/tmp/ox-archive-fuzz-XXXXXX", folder[80];
	struct ox_buf manifest = {0}, names = {0};
	struct ox_archive_unpack u = {.fd = -1,
				      .bytes = ox_slice(data, size),
				      .is_zip = size >= 2 && memcmp(data, "PK", 2) == 0,
				      .most_bytes = 1 << 20,
				      .most_members = 100};
	if (!mkdtemp(top))
		abort();
	snprintf(folder, sizeof folder, "%s/folder", top);
	if (mkdir(folder, 0700) != 0)
		abort();
	if (ox_archive_unpack(&u, folder, &manifest, NULL) == 0)
		check_manifest(ox_buf_view(&manifest), folder);
	if (ox_fs_list(top, &names, NULL) != 0 || !ox_slice_eq(ox_buf_view(&names), OX_SLICE("dfolder\0")))
		abort();
	if (ox_fs_remove_tree(top, NULL) != 0)
		abort();
	ox_buf_free(&names);
	ox_buf_free(&manifest);
	return 0;
}
