/* scratch.h - a store in a folder of the test's own. */
#ifndef OX_TESTS_STORE_SCRATCH_H
#define OX_TESTS_STORE_SCRATCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/cas/store.h"
#include "store/fs/dir.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct scratch {
	char dir[64];   /* of the test */
	char store[80]; /* of the store below it */
	struct ox_store *s;
	struct ox_err err;
};

/* rc == 0, or a failed test with the message. */
#define assert_ok(sc, rc)                                                                                              \
	do {                                                                                                           \
		int rc_ = (rc);                                                                                        \
		if (rc_ < 0)                                                                                           \
			print_error("%s\n", (sc)->err.text);                                                           \
		assert_true(rc_ >= 0);                                                                                 \
	} while (0)

static inline int scratch_setup(void **state)
{
	struct scratch *sc = calloc(1, sizeof *sc);
	const char *tmp = getenv("TMPDIR");
	snprintf(sc->dir, sizeof sc->dir, "%.40s/ox-test-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(sc->dir))
		return -1;
	snprintf(sc->store, sizeof sc->store, "%s/store", sc->dir);
	*state = sc;
	return ox_store_open(sc->store, &sc->s, &sc->err);
}

static inline int scratch_teardown(void **state)
{
	struct scratch *sc = *state;
	ox_store_close(sc->s);
	int rc = ox_fs_remove_tree(sc->dir, NULL);
	free(sc);
	return rc;
}

static inline void scratch_reopen(struct scratch *sc)
{
	ox_store_close(sc->s);
	sc->s = NULL;
	assert_ok(sc, ox_store_open(sc->store, &sc->s, &sc->err));
}

static inline const char *scratch_path(const struct scratch *sc, const char *name, char room[static 256])
{
	snprintf(room, 256, "%s/%s", sc->dir, name);
	return room;
}

/* Bytes that do not compress and differ by seed. */
static inline char *scratch_bytes(size_t len, unsigned seed)
{
	char *p = malloc(len ? len : 1);
	uint64_t x = seed * 2654435761u + 88172645463325252u;
	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (char)x;
	}
	return p;
}

static inline void scratch_write(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	close(fd);
}

/* Changes one byte of a file; returns false when it is too short. */
static inline bool scratch_flip(const char *path, off_t at)
{
	char c;
	chmod(path, 0600);
	int fd = open(path, O_RDWR | O_CLOEXEC);
	bool done = fd >= 0 && pread(fd, &c, 1, at) == 1;
	if (done) {
		c ^= 0x10;
		done = pwrite(fd, &c, 1, at) == 1;
	}
	if (fd >= 0)
		close(fd);
	return done;
}

static inline void scratch_pause(long milliseconds)
{
	struct timespec ts = {.tv_nsec = milliseconds * 1000000};
	nanosleep(&ts, NULL);
}

#endif
