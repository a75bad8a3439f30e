/* archive_check.h - can this archive be built with? */
#ifndef OX_PYTHON_ARCHIVE_CHECK_H
#define OX_PYTHON_ARCHIVE_CHECK_H

#include "daemon/python/python_json.h"

/* The unpacked files below `top`: a full archive has nothing beside python/, and only known names in it. OX_EUSAGE. */
int ox_archive_check_layout(const char *top, struct ox_err *err);

/* An archive for "x86_64_v3-unknown-linux-gnu" is linked like one for "x86_64-...": it runs where its authors say. */
bool ox_archive_is_for(const char *archive, const char *triple);

/* What it was built for and how; `triple` may be NULL. OX_EUSAGE. */
int ox_archive_check_kind(const struct ox_python_json *json, const char *triple, struct ox_err *err);

/* The files that it names are there, below `root`. OX_EUSAGE. */
int ox_archive_check_files(const struct ox_python_json *json, const char *root, struct ox_err *err);

#endif
