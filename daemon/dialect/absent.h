/* absent.h - what PyOxidizer has and this program does not: each call says what to use instead.
 *
 * A file may name all of it in functions that are never reached, as the
 * generated templates of other platforms do. */
#ifndef OX_DIALECT_ABSENT_H
#define OX_DIALECT_ABSENT_H

#include "daemon/starlark/starlark.h"

/* Makes the functions known to an evaluation; -1: memory ran out. */
int ox_absent_define(struct ox_star *s);

extern const struct ox_star_param ox_absent_params[];
ox_star_native ox_absent_setup_py_install, ox_absent_wix, ox_absent_cargo_licensing;

#define OX_ABSENT_METHOD(method, fn, hint)                                                                             \
	{                                                                                                              \
		.name = method, .params = ox_absent_params, .call = fn, .doc = hint                                    \
	}

/* What to do in their place. */
#define OX_ABSENT_SETUP_HINT     "use pip_install([PATH]), which builds the same package"
#define OX_ABSENT_INSTALLER_HINT "build a FileManifest and package it with the tools of that system"
#define OX_ABSENT_CARGO_HINT     "remove the call: no Rust crates are linked"

/* Rows for the methods of executables. */
#define OX_ABSENT_EXECUTABLE_METHODS                                                                                   \
	OX_ABSENT_METHOD("setup_py_install", ox_absent_setup_py_install, OX_ABSENT_SETUP_HINT),                        \
		OX_ABSENT_METHOD("to_wix_msi_builder", ox_absent_wix, OX_ABSENT_INSTALLER_HINT),                       \
		OX_ABSENT_METHOD("to_wix_bundle_builder", ox_absent_wix, OX_ABSENT_INSTALLER_HINT),                    \
		OX_ABSENT_METHOD("add_cargo_manifest_licensing", ox_absent_cargo_licensing, OX_ABSENT_CARGO_HINT)

#endif
