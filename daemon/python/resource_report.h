/* resource_report.h - what find-resources tells: each resource as a TEXT event, in PyOxidizer's lines and as JSON. */
#ifndef OX_PYTHON_RESOURCE_REPORT_H
#define OX_PYTHON_RESOURCE_REPORT_H

#include "daemon/python/distribution.h"

struct ox_resource_question {
	bool classify; /* tell what files mean */
	bool files;    /* tell files as they are */
};

/* The distribution's standard library and extension modules. */
int ox_report_distribution_resources(struct ox_build_context *ctx, const struct ox_distribution *dist,
				     struct ox_err *err);

/* A folder, or a wheel (.whl). Any other file is warned about. OX_EUSAGE when there is none. */
int ox_report_path_resources(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *path,
			     const struct ox_resource_question *question, struct ox_err *err);

#endif
