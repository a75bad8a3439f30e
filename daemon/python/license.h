/* license.h - what an SPDX expression says about copyleft.
 *
 * Identifiers are those of the SPDX list (spdx_ids.def). Copyleft are, strong and weak alike, the families that the
 * crate "spdx", which PyOxidizer asks, counts: AGPL, GPL, LGPL, GFDL, MPL, EUPL, CDDL, CPL, CECILL, OSL, NPL, the
 * ShareAlike ones of Creative Commons, and a few by name. */
#ifndef OX_PYTHON_LICENSE_H
#define OX_PYTHON_LICENSE_H

#include "proto/base/slice.h"

enum ox_license {
	OX_LICENSE_UNKNOWN,    /* an identifier that is none, or no identifier at all */
	OX_LICENSE_COPYLEFT,   /* at least one of them is */
	OX_LICENSE_PERMISSIVE, /* none of them is */
};

/* "MIT", "Apache-2.0 WITH LLVM-exception OR (MIT AND Zlib)": how the identifiers are joined does not matter. */
enum ox_license ox_license_judge(struct ox_slice expression);

#endif
