/* err.h - errors: a negative code for the program, a message for the person.
 *
 * A function that can fail returns 0 (or a count) on success and one of the
 * negative codes below on failure, and then has filled *err with the same code
 * and a message. The message is a chain read from the outside in, built with
 * ox_wrap: "cannot build target exe: cannot read app.py: No such file".
 * struct ox_err owns no memory: it lives on the caller's stack, needs no
 * release, and works when memory has run out. A message longer than the text
 * is cut and ends in "...". An err pointer may be NULL: then only the code is
 * reported. Libraries never print; programs do, once. */
#ifndef OX_BASE_ERR_H
#define OX_BASE_ERR_H

#include "proto/base/platform.h"

/* Codes -1 to -9 are the exit codes of oxc, negated (see oxc(1)); the others
 * are for callers that react to them and become one of the former otherwise. */
enum ox_code {
	OX_OK = 0,
	OX_EBUILD = -1,       /* a build step failed */
	OX_EUSAGE = -2,       /* command line or configuration is wrong */
	OX_EINTERNAL = -3,    /* a promise of our own is broken */
	OX_EPOLICY = -4,      /* refused: hash, licence, ownership */
	OX_EUNREACHABLE = -5, /* daemon cannot be reached or started */
	OX_ETIMEOUT = -6,
	OX_EBUSY = -7,
	OX_EEXHAUSTED = -8, /* memory, disk space, descriptors, limits */
	OX_EREMOTE = -9,    /* remote cache required but absent */
	OX_ENOENT = -20,    /* the thing asked for does not exist */
	OX_ECORRUPT = -21,  /* data is not what it should be */
	OX_ESYS = -22,      /* a system call failed; the message says how */
	OX_ECANCELLED = -23,
	OX_EEOF = -24,      /* the peer closed the connection */
	OX_EDENIED = -25,   /* no permission */
};

enum { OX_ERR_TEXT_MAX = 2048 };

struct ox_err {
	int code;                  /* enum ox_code; 0 when nothing went wrong */
	char text[OX_ERR_TEXT_MAX]; /* NUL-terminated, no trailing newline */
};

/* Set the error; returns code. Replaces what was there. */
int ox_fail(struct ox_err *err, int code, const char *fmt, ...) OX_PRINTF(3, 4);

/* The same with ": <text of errnum>" appended. The code is derived from errnum
 * (ENOENT, EACCES, ENOSPC, ENOMEM and the like have codes of their own). */
int ox_fail_errno(struct ox_err *err, int errnum, const char *fmt, ...) OX_PRINTF(3, 4);

/* Out of memory while doing `what`; returns OX_EEXHAUSTED. */
int ox_fail_nomem(struct ox_err *err, const char *what);

/* Put "context: " in front of the message; returns the code that was there. */
int ox_wrap(struct ox_err *err, const char *fmt, ...) OX_PRINTF(2, 3);

/* The exit code of oxc for an error code: 0 to 9, or 130 for a cancelled build. */
int ox_exit_code(int code);

#endif
