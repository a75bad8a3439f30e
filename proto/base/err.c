#include "proto/base/err.h"

#include <errno.h>
#include <stdarg.h>

static void cut_mark(char *text)
{
	memcpy(text + OX_ERR_TEXT_MAX - 4, "...", 4);
}

static void OX_PRINTF(2, 0) set_text(struct ox_err *err, const char *fmt, va_list ap)
{
	int n = vsnprintf(err->text, sizeof err->text, fmt, ap);
	if (n < 0)
		err->text[0] = '\0';
	else if (n >= OX_ERR_TEXT_MAX)
		cut_mark(err->text);
}

int ox_fail(struct ox_err *err, int code, const char *fmt, ...)
{
	if (err) {
		va_list ap;
		va_start(ap, fmt);
		err->code = code;
		set_text(err, fmt, ap);
		va_end(ap);
	}
	return code;
}

static int code_of_errno(int errnum)
{
	switch (errnum) {
	case ENOENT:
	case ENOTDIR:
		return OX_ENOENT;
	case EACCES:
	case EPERM:
	case EROFS:
		return OX_EDENIED;
	case ENOSPC:
	case EDQUOT:
	case EFBIG:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
		return OX_EEXHAUSTED;
	default:
		return OX_ESYS;
	}
}

int ox_fail_errno(struct ox_err *err, int errnum, const char *fmt, ...)
{
	int code = code_of_errno(errnum);
	if (err) {
		va_list ap;
		va_start(ap, fmt);
		err->code = code;
		set_text(err, fmt, ap);
		va_end(ap);
		size_t used = strlen(err->text);
		int n = snprintf(err->text + used, sizeof err->text - used, ": %s", strerror(errnum));
		if (n >= (int)(sizeof err->text - used))
			cut_mark(err->text);
	}
	return code;
}

int ox_fail_nomem(struct ox_err *err, const char *what)
{
	return ox_fail(err, OX_EEXHAUSTED, "out of memory: %s", what);
}

int ox_wrap(struct ox_err *err, const char *fmt, ...)
{
	if (!err)
		return OX_EINTERNAL;
	char context[OX_ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(context, sizeof context - 2, fmt, ap);
	va_end(ap);
	if (n < 0)
		return err->code;
	size_t front = strlen(context);
	memcpy(context + front, ": ", 2);
	front += 2;
	size_t rest = strlen(err->text);
	if (front + rest >= sizeof err->text) {
		rest = sizeof err->text - front - 1;
		err->text[rest] = '\0';
	}
	memmove(err->text + front, err->text, rest + 1);
	memcpy(err->text, context, front);
	if (front + rest == sizeof err->text - 1)
		cut_mark(err->text);
	return err->code;
}

int ox_exit_code(int code)
{
	switch (code) {
	case OX_ENOENT:
	case OX_EDENIED:
		return -OX_EUSAGE;
	case OX_ECANCELLED:
		return 130;
	default:
		if (code >= OX_EREMOTE && code <= 0)
			return -code;
		return -OX_EINTERNAL;
	}
}
