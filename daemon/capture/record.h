/* record.h - what is kept of one shared library that was linked: its objects joined into one, and
 * the libraries that it asked for.
 *
 * A folder of captures has one folder per shared library, named by its build id (40 hexadecimal
 * digits, elf_facts.h), which whatever a wheel's tools do to the file afterwards leaves alone:
 *
 *     <build id>/object   a relocatable object; absent when there is a reason
 *     <build id>/record   lines:  oxidizer capture 1
 *                                 reason TEXT            why there is no object
 *                                 library NAME ARCHIVE   "-lNAME" was asked for; ARCHIVE: the static
 *                                                        library beside the shared one, "-" when there is none
 */
#ifndef OX_CAPTURE_RECORD_H
#define OX_CAPTURE_RECORD_H

#include "proto/base/arena.h"
#include "proto/base/buf.h"

struct ox_capture_library {
	const char *name;    /* "z" */
	const char *archive; /* an absolute path, or NULL */
};

struct ox_capture_record {
	const char *reason; /* NULL: there is an object */
	const struct ox_capture_library *libraries; /* in the order of the command */
	size_t library_count;
};

void ox_capture_record_write(const struct ox_capture_record *record, struct ox_buf *out);

/* Strings are copied into the arena. OX_ECORRUPT for anything but what is above. */
int ox_capture_record_read(struct ox_slice text, struct ox_arena *arena, struct ox_capture_record *out,
			   struct ox_err *err);

#endif
