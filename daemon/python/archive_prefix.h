/* archive_prefix.h - what an archive says of its own folder, made true of the folder that it is unpacked into.
 *
 * Distributions are configured for the prefix /install, and their _sysconfigdata_*.py and config-X.Y-* Makefile
 * name it: whoever compiles an extension with their interpreter is sent to headers that are not there. A few lines at
 * the end of these files put the folder in its place when they are read, so that a tree of the store means the same
 * wherever it lies. */
#ifndef OX_PYTHON_ARCHIVE_PREFIX_H
#define OX_PYTHON_ARCHIVE_PREFIX_H

#include "daemon/transfer/unpack.h"

extern const struct ox_archive_appendix ox_archive_prefix;

#endif
