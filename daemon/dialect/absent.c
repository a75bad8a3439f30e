#include "daemon/dialect/absent.h"

const struct ox_star_param ox_absent_params[] = {
	{.name = "args", .kind = OX_STAR_REST, .doc = "taken and ignored"},
	{.name = "kwargs", .kind = OX_STAR_NAMED_REST, .doc = "taken and ignored"},
	{0},
};

ox_star_value ox_absent_setup_py_install(struct ox_star *s, ox_star_value self OX_UNUSED,
					 const ox_star_value *args OX_UNUSED, void *data OX_UNUSED)
{
	return ox_star_fail_with(s, "not-available", OX_ABSENT_SETUP_HINT,
				 "setup_py_install is not available");
}

ox_star_value ox_absent_wix(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args OX_UNUSED,
			    void *data OX_UNUSED)
{
	return ox_star_fail_with(s, "not-available", OX_ABSENT_INSTALLER_HINT, "Windows installers are not available");
}

ox_star_value ox_absent_cargo_licensing(struct ox_star *s, ox_star_value self OX_UNUSED,
					const ox_star_value *args OX_UNUSED, void *data OX_UNUSED)
{
	return ox_star_fail_with(s, "not-available", OX_ABSENT_CARGO_HINT,
				 "add_cargo_manifest_licensing is not available");
}

static ox_star_value global(struct ox_star *s, ox_star_value self OX_UNUSED, const ox_star_value *args OX_UNUSED,
			    void *data)
{
	const struct ox_star_function *f = data;
	return ox_star_fail_with(s, "not-available", f->doc, "%s is not available", f->name);
}

#define ABSENT(function, hint)                                                                                         \
	{                                                                                                              \
		.name = function, .params = ox_absent_params, .call = global, .doc = hint                              \
	}
#define SIGNING "sign the built files with the tools of that system"

static const struct ox_star_function functions[] = {
	ABSENT("AppleUniversalBinary", OX_ABSENT_INSTALLER_HINT),
	ABSENT("MacOsApplicationBundleBuilder", OX_ABSENT_INSTALLER_HINT),
	ABSENT("PythonWheelBuilder", "build wheels with pip or build"),
	ABSENT("Snap", OX_ABSENT_INSTALLER_HINT),
	ABSENT("SnapApp", OX_ABSENT_INSTALLER_HINT),
	ABSENT("SnapPart", OX_ABSENT_INSTALLER_HINT),
	ABSENT("SnapcraftBuilder", OX_ABSENT_INSTALLER_HINT),
	ABSENT("WiXBundleBuilder", OX_ABSENT_INSTALLER_HINT),
	ABSENT("WiXInstaller", OX_ABSENT_INSTALLER_HINT),
	ABSENT("WiXMSIBuilder", OX_ABSENT_INSTALLER_HINT),
	ABSENT("code_signer_from_pfx_file", SIGNING),
	ABSENT("code_signer_from_windows_store_auto", SIGNING),
	ABSENT("code_signer_from_windows_store_sha1_thumbprint", SIGNING),
	ABSENT("code_signer_from_windows_store_subject", SIGNING),
	ABSENT("prompt_confirm", "give the answer with --var NAME VALUE and read VARS"),
	ABSENT("prompt_input", "give the answer with --var NAME VALUE and read VARS"),
	ABSENT("prompt_password", "give the answer with --var-env NAME ENV and read VARS"),
};

int ox_absent_define(struct ox_star *s)
{
	for (size_t i = 0; i < OX_COUNT(functions); i++) {
		ox_star_value v = ox_star_closure(s, &functions[i], (void *)(uintptr_t)&functions[i]);
		if (ox_star_set(s, functions[i].name, v) != 0)
			return -1;
	}
	return 0;
}
