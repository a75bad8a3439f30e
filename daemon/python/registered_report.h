/* registered_report.h - what is registered, told as TEXT events. */
#ifndef OX_PYTHON_REGISTERED_REPORT_H
#define OX_PYTHON_REGISTERED_REPORT_H

#include "daemon/python/registered.h"

/* One TEXT for each, in columns; the default of a platform is marked. With `defaults_only` the others are left out. */
int ox_registered_report(struct ox_build_context *ctx, const struct ox_registered_list *list, bool defaults_only,
			 struct ox_err *err);

#endif
