#include "daemon/rpc/log.h"

#include "proto/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOG_MAX = 4 << 20 };

static int open_file(int dir)
{
	return openat(dir, OX_LOG_NAME, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
}

/* Asks the file, not a counter: workers write to it too. */
static void rotate_when_large(struct ox_log_file *log)
{
	struct stat st;
	if (fstat(log->fd, &st) != 0 || st.st_size < LOG_MAX)
		return;
	renameat(log->dir, OX_LOG_NAME, log->dir, OX_LOG_NAME ".1");
	int fd = open_file(log->dir);
	if (fd < 0)
		return;
	dup3(fd, log->fd, O_CLOEXEC);
	close(fd);
}

int ox_log_open(struct ox_log_file *log, int dir, bool echo, struct ox_err *err)
{
	int fd = open_file(dir);
	if (fd < 0)
		return ox_fail_errno(err, errno, "cannot open the log file %s in the runtime folder", OX_LOG_NAME);
	*log = (struct ox_log_file){.dir = dir, .fd = fd, .echo = echo};
	rotate_when_large(log);
	return 0;
}

void ox_log_close(struct ox_log_file *log)
{
	if (log->fd >= 0)
		close(log->fd);
	log->fd = -1;
}

static void write_line(int fd, struct ox_slice line)
{
	while (line.len) {
		ssize_t n = write(fd, line.data, line.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		line = ox_slice(line.data + n, line.len - (size_t)n);
	}
}

static void OX_PRINTF(3, 0) add(struct ox_log_file *log, const char *severity, const char *fmt, va_list ap)
{
	struct ox_buf line = {0};
	struct timespec now;
	struct tm tm;
	char stamp[32] = "";
	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm))
		strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
	ox_buf_printf(&line, "%s.%03ldZ %s [%d] ", stamp, now.tv_nsec / 1000000, severity, (int)getpid());
	size_t start = line.len;
	ox_buf_vprintf(&line, fmt, ap);
	/* What a client sent may be part of the text: it must not look like lines of ours. */
	for (size_t i = start; i < line.len; i++)
		if ((unsigned char)line.data[i] < ' ')
			line.data[i] = '?';
	ox_buf_byte(&line, '\n');
	if (log->fd >= 0) {
		rotate_when_large(log);
		write_line(log->fd, ox_buf_view(&line));
	}
	if (log->echo)
		write_line(STDERR_FILENO, ox_buf_view(&line));
	ox_buf_free(&line);
}

void ox_log_info(struct ox_log_file *log, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(log, "info", fmt, ap);
	va_end(ap);
}

void ox_log_warn(struct ox_log_file *log, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(log, "warning", fmt, ap);
	va_end(ap);
}

void ox_log_error(struct ox_log_file *log, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(log, "error", fmt, ap);
	va_end(ap);
}
