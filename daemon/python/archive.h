/* archive.h - a python-build-standalone archive as a distribution.
 *
 * Fetched, unpacked into the store once, described from its PYTHON.json. Accepted are full archives for Linux whose
 * objects are machine code; every other is refused with what to use instead. The interpreter that runs here (for
 * bytecode, pip) is its own, or, when that cannot run, an installed one that writes the same bytecode. */
#ifndef OX_PYTHON_ARCHIVE_H
#define OX_PYTHON_ARCHIVE_H

#include "daemon/python/distribution.h"
#include "daemon/python/python_json.h"

struct ox_archive {
	const char *location; /* address or absolute path */
	struct ox_digest sha256;
	const struct ox_digest *tree; /* unpacked already: location only names it, sha256 does not count; NULL: not */
	const char *triple; /* what it must be for; NULL: any */
	const char *reason; /* why it was chosen, half a sentence for the origin; may be NULL */
	bool look_only;     /* nothing is run: it gets no python_exe, and may be of any platform */
};

/* OX_EPOLICY: wrong digest, or a hostile archive; OX_EBUILD: it cannot be had; OX_EUSAGE: it is had, and cannot
 * be used: the message says what to use instead. Says through the sink which was taken. */
int ox_distribution_archive(struct ox_build_context *ctx, const struct ox_archive *which,
			    const struct ox_distribution **out, struct ox_err *err);

#endif
