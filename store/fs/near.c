#include "store/fs/near.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

void ox_near_close(struct ox_near *n)
{
	if (n->fd >= 0)
		close(n->fd);
	*n = OX_NEAR_NONE;
}

static void open_folder(struct ox_near *n)
{
	char path[PATH_MAX];
	n->tried = true;
	if (n->dir.len == 0 || n->dir.len >= sizeof path)
		return;
	memcpy(path, n->dir.data, n->dir.len);
	path[n->dir.len] = '\0';
	n->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int ox_near_stat(struct ox_near *n, const char *path, struct stat *st)
{
	const char *slash = strrchr(path, '/');
	struct ox_slice dir = ox_slice(path, slash ? (size_t)(slash - path) : 0);
	if (!ox_slice_eq(dir, n->dir)) {
		ox_near_close(n);
		n->dir = dir;
		return stat(path, st);
	}
	if (!n->tried)
		open_folder(n);
	/* Without the folder, or for the folder itself, the path tells what is wrong. */
	return n->fd >= 0 && slash[1] ? fstatat(n->fd, slash + 1, st, 0) : stat(path, st);
}
