#include "daemon/dialect/executable_value.h"

#include "daemon/dialect/absent.h"
#include "daemon/dialect/discover.h"
#include "daemon/dialect/embedded_value.h"
#include "daemon/dialect/executable_add.h"
#include "daemon/dialect/executable_filter.h"
#include "daemon/dialect/manifest_value.h"

struct ox_exe_value *ox_exe_value_of(ox_star_value v)
{
	return ox_star_native_user(v, &ox_executable_type);
}

static void finalize(void *user)
{
	struct ox_exe_value *exe = user;
	ox_collector_free(&exe->resources);
}

/* ---- attributes; those of Windows are kept and checked, and change nothing here ---- */

static ox_star_value get_text(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr)
{
	const char *base = (const char *)ox_exe_value_of(self);
	struct ox_slice text;
	memcpy(&text, base + attr->tag, sizeof text);
	return ox_star_slice(s, text);
}

static int set_text(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr, ox_star_value value)
{
	struct ox_slice text = ox_star_text(value);
	bool is_mode = strcmp(attr->name, "packed_resources_load_mode") == 0;
	if (is_mode && !(text.len > 9 && memcmp(text.data, "embedded:", 9) == 0))
		ox_star_warn(s, "load-mode", NULL, "resources stay inside the executable: '%.*s' is not supported",
			     OX_SLICE_ARG(text));
	memcpy((char *)ox_exe_value_of(self) + attr->tag, &text, sizeof text);
	return 0;
}

static ox_star_value get_value(struct ox_star *s OX_UNUSED, ox_star_value self, const struct ox_star_attr_spec *attr)
{
	ox_star_value value;
	memcpy(&value, (const char *)ox_exe_value_of(self) + attr->tag, sizeof value);
	return value;
}

static int set_value(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr, ox_star_value value)
{
	if (ox_star_kind(value) != OX_STAR_T_NONE)
		ox_star_warn(s, "no-effect", NULL, "%s has no effect: no such files are written", attr->name);
	memcpy((char *)ox_exe_value_of(self) + attr->tag, &value, sizeof value);
	return 0;
}

static ox_star_value get_name(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED)
{
	return ox_star_slice(s, ox_exe_value_of(self)->name);
}

#define TEXT(attribute, field, doc)                                                                                    \
	{                                                                                                              \
		attribute, OX_STAR_T_STRING, get_text, set_text, doc, offsetof(struct ox_exe_value, field)             \
	}
#define VALUE(attribute, field, doc)                                                                                   \
	{                                                                                                              \
		attribute, OX_STAR_T_STRING | OX_STAR_T_NONE, get_value, set_value, doc,                               \
			offsetof(struct ox_exe_value, field)                                                           \
	}

static const struct ox_star_attr_spec attrs[] = {
	{"name", OX_STAR_T_STRING, get_name, NULL, "The file name.", 0},
	VALUE("licenses_filename", licenses_filename,
	      "A file for the licences of everything inside, or None; no such file is written yet."),
	TEXT("packed_resources_load_mode", load_mode,
	     "Where packed resources are: \"embedded:NAME\"; other values give a warning."),
	VALUE("tcl_files_path", tcl_files_path, "A folder for Tcl's files, or None; none are written yet."),
	TEXT("windows_runtime_dlls_mode", windows_runtime_dlls_mode, "Of use on Windows only."),
	TEXT("windows_subsystem", windows_subsystem, "Of use on Windows only."),
	{0},
};

/* ---- finding resources ---- */

static struct ox_discovery finder(ox_star_value self)
{
	struct ox_exe_value *exe = ox_exe_value_of(self);
	return (struct ox_discovery){exe->dist, exe->policy, false};
}

static ox_star_value pip_install(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	struct ox_discovery who = finder(self);
	return ox_discover_pip(ox_dialect_of(s), &who, NULL, args[0], args[1]);
}

/* Wheels for the machine that runs the result, which is this one: what pip installs, from wheels alone. */
static ox_star_value pip_download(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				  void *data OX_UNUSED)
{
	struct ox_discovery who = finder(self);
	return ox_discover_pip(ox_dialect_of(s), &who, "--only-binary=:all:", args[0], ox_star_dict(s));
}

static ox_star_value read_package_root(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				       void *data OX_UNUSED)
{
	struct ox_discovery who = finder(self);
	return ox_discover_packages(ox_dialect_of(s), &who, args[0], args[1]);
}

static ox_star_value read_virtualenv(struct ox_star *s, ox_star_value self, const ox_star_value *args,
				     void *data OX_UNUSED)
{
	struct ox_discovery who = finder(self);
	return ox_discover_virtualenv(ox_dialect_of(s), &who, args[0]);
}

static ox_star_value make_module(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	struct ox_err err;
	struct ox_dialect *d = ox_dialect_of(s);
	struct ox_resource *r = ox_arena_alloc(d->ctx->arena, sizeof *r);
	if (!r)
		return ox_star_fail(s, "out of memory for a module");
	r->kind = OX_RES_MODULE;
	r->origin = OX_ORIGIN_APPLICATION;
	r->name = ox_arena_slice(d->ctx->arena, ox_star_text(args[0]));
	r->is_package = ox_star_truth(args[2]);
	if (ox_dialect_text_blob(d, ox_star_text(args[1]), &r->blob, &err) != 0)
		return ox_star_fail_err(s, &err);
	return ox_policy_resource(d, ox_exe_value_of(self)->policy, r);
}

/* ---- turning it into something else ---- */

static ox_star_value to_embedded(struct ox_star *s, ox_star_value self, const ox_star_value *args OX_UNUSED,
				 void *data OX_UNUSED)
{
	return ox_embedded_value_new(ox_dialect_of(s), self);
}

static ox_star_value to_manifest(struct ox_star *s, ox_star_value self, const ox_star_value *args, void *data OX_UNUSED)
{
	struct ox_err err;
	ox_star_value manifest = ox_manifest_value_new(ox_dialect_of(s));
	struct ox_manifest_value *m = ox_manifest_value_of(manifest);
	if (!m)
		return OX_STAR_FAILED;
	if (ox_manifest_add_executable(m, ox_star_text(args[0]), ox_exe_value_of(self), &err) != 0)
		return ox_star_fail_err(s, &err);
	return manifest;
}

/* ---- the tables ---- */

static const struct ox_star_param args_params[] = {
	{.name = "args",
	 .types = OX_STAR_T_LIST | OX_STAR_T_TUPLE,
	 .item_types = OX_STAR_T_STRING,
	 .doc = "what pip is to download: requirements, options"},
	{0},
};
static const struct ox_star_param module_params[] = {
	{.name = "name", .types = OX_STAR_T_STRING, .doc = "the full name of the module, with dots"},
	{.name = "source", .types = OX_STAR_T_STRING, .doc = "its source code"},
	{.name = "is_package", .kind = OX_STAR_OPTIONAL, .fallback = "False", .doc = "whether the module is a package"},
	{0},
};
static const struct ox_star_param prefix_params[] = {{.name = "prefix",
						      .types = OX_STAR_T_STRING,
						      .doc = "the folder in the manifest; \".\" is its root"}, {0}};

#define METHOD(method, parameters, fn, result, text)                                                                   \
	{                                                                                                              \
		.name = method, .params = parameters, .call = fn, .returns = result, .doc = text                       \
	}
#define ADD(family, kind, parameters)                                                                                  \
	METHOD(#family "_" #kind, parameters, ox_##family##_##kind, OX_STAR_T_NONE,                                    \
	       "Adds what its name says, in the manner of old configurations.")
#define ADD_KINDS(family, at)                                                                                          \
	ADD(family, module_source, ox_add_one##at##params), ADD(family, module_bytecode, ox_add_bytecode##at##params), \
		ADD(family, package_resource, ox_add_one##at##params),                                                 \
		ADD(family, package_distribution_resource, ox_add_one##at##params),                                    \
		ADD(family, extension_module, ox_add_one##at##params)
#define ADD_FAMILY(family, at)                                                                                         \
	ADD_KINDS(family, at), ADD(family, python_resource, ox_add_resource##at##params),                              \
		ADD(family, python_resources, ox_add_resources##at##params)

static const struct ox_star_function methods[] = {
	METHOD("add_python_resource", ox_add_resource_params, ox_add_python_resource, OX_STAR_T_NONE,
	       "Adds a resource, where its attributes say."),
	METHOD("add_python_resources", ox_add_resources_params, ox_add_python_resources, OX_STAR_T_NONE,
	       "Adds many resources, each where its attributes say."),
	ADD_KINDS(add, _),
	ADD_FAMILY(add_in_memory, _),
	ADD_FAMILY(add_filesystem_relative, _at_),
	METHOD("filter_resources_from_files", ox_filter_params, ox_filter_from_files, OX_STAR_T_NONE,
	       "Keeps only resources whose names stand in the given files."),
	METHOD("filter_from_files", ox_old_filter_params, ox_filter_from_files, OX_STAR_T_NONE,
	       "Old name of filter_resources_from_files."),
	METHOD("make_python_module_source", module_params, make_module, OX_STAR_T_NATIVE, "A module from text."),
	METHOD("pip_download", args_params, pip_download, OX_STAR_T_LIST, "The resources of wheels that pip finds."),
	METHOD("pip_install", ox_pip_params, pip_install, OX_STAR_T_LIST, "The resources that pip installs."),
	METHOD("read_package_root", ox_package_root_params, read_package_root, OX_STAR_T_LIST,
	       "The named packages of a folder."),
	METHOD("read_virtualenv", ox_virtualenv_params, read_virtualenv, OX_STAR_T_LIST,
	       "The packages of a virtualenv."),
	METHOD("to_embedded_resources", NULL, to_embedded, OX_STAR_T_NATIVE, "What is embedded, without the program."),
	METHOD("to_embedded_data", NULL, to_embedded, OX_STAR_T_NATIVE, "Old name of to_embedded_resources."),
	METHOD("to_file_manifest", prefix_params, to_manifest, OX_STAR_T_NATIVE,
	       "Builds, and gives the executable and what stands beside it as files."),
	OX_ABSENT_EXECUTABLE_METHODS,
	{0},
};

static int repr(struct ox_star *s OX_UNUSED, ox_star_value self, struct ox_buf *out)
{
	ox_buf_printf(out, "PythonExecutable<name=%.*s>", OX_SLICE_ARG(ox_exe_value_of(self)->name));
	return 0;
}

const struct ox_star_type ox_executable_type = {
	.name = "PythonExecutable",
	.attrs = attrs,
	.methods = methods,
	.repr = repr,
	.finalize = finalize,
	.doc = "An executable with a Python interpreter and the resources it needs.",
};
