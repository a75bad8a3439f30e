/* archive_report.h - what an archive has, told as TEXT events: blocks of lines, each with the same as JSON. */
#ifndef OX_PYTHON_ARCHIVE_REPORT_H
#define OX_PYTHON_ARCHIVE_REPORT_H

#include "daemon/python/distribution.h"

/* What it is for; each extension module's variants; the names of modules and resources. */
int ox_archive_report_info(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_err *err);

/* The distribution's own licences; then for each variant that links libraries which, and under which licences. */
int ox_archive_report_licenses(struct ox_build_context *ctx, const struct ox_distribution *dist, struct ox_err *err);

#endif
