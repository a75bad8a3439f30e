/* capture.h - keeps what a shared library was linked from.
 *
 * Objects are joined into one (ld -r) while they are there: temporary objects, members of thin archives and the like
 * are gone when the package is built. Groups of sections are dissolved, so that making symbols local later cannot
 * leave references to sections that another module's copy replaced. Constructors of all
 * priorities stand in one section, in the order in which they run. */
#ifndef OX_CAPTURE_CAPTURE_H
#define OX_CAPTURE_CAPTURE_H

#include "daemon/capture/command.h"

struct ox_capture {
	const char *folder; /* where captures go: record.h */
	const char *ld;     /* the linker to join with */
	const char *driver; /* the compiler that called it, for what is compiled further when it is linked; or NULL */
};

/* After the link that `command` describes. What cannot be joined is recorded with its reason. */
int ox_capture_keep(const struct ox_capture *capture, struct ox_link_command *command, struct ox_arena *arena,
		    struct ox_err *err);

#endif
