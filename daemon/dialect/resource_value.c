#include "daemon/dialect/resource_value.h"

enum field { FIELD_NAME, FIELD_FILE, FIELD_SOURCE, FIELD_IS_PACKAGE, FIELD_IS_STDLIB, FIELD_IS_EXECUTABLE };
enum { OPTION_INCLUDE, OPTION_SOURCE, OPTION_LEVEL_ZERO, OPTION_LEVEL_ONE, OPTION_LEVEL_TWO };

const struct ox_star_type *const ox_resource_types[] = {
	&ox_module_source_type,
	&ox_package_resource_type,
	&ox_distribution_resource_type,
	&ox_extension_module_type,
	&ox_file_type,
	NULL,
};

struct ox_resource_value *ox_resource_value_of(ox_star_value v)
{
	for (size_t i = 0; ox_resource_types[i]; i++) {
		struct ox_resource_value *found = ox_star_native_user(v, ox_resource_types[i]);
		if (found)
			return found;
	}
	return NULL;
}

static struct ox_resource_value *self_of(ox_star_value self)
{
	return ox_star_native_user(self, NULL);
}

static ox_star_value get_source(struct ox_star *s, const struct ox_resource_value *v)
{
	struct ox_err err;
	struct ox_view view;
	struct ox_store *store = ox_actions_store(v->dialect->ctx->actions);
	if (ox_blob_view(store, &v->resource->blob, &view, &err) != 0)
		return ox_star_fail_err(s, &err);
	ox_star_value text = ox_star_slice(s, ox_slice(view.data, view.len));
	ox_view_release(&view);
	return text;
}

static ox_star_value get_field(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr)
{
	const struct ox_resource_value *v = self_of(self);
	switch ((enum field)attr->tag) {
	case FIELD_NAME:
		return ox_star_slice(s, v->resource->name);
	case FIELD_FILE:
		return ox_star_slice(s, v->resource->file);
	case FIELD_SOURCE:
		return get_source(s, v);
	case FIELD_IS_PACKAGE:
		return ox_star_bool(v->resource->is_package);
	case FIELD_IS_STDLIB:
		return ox_star_bool(v->resource->origin == OX_ORIGIN_STDLIB);
	case FIELD_IS_EXECUTABLE:
		return ox_star_bool(v->resource->is_executable);
	}
	return OX_STAR_NONE;
}

static bool *option_of(struct ox_resource_value *v, uintptr_t tag)
{
	if (tag == OPTION_INCLUDE)
		return &v->options.include;
	return tag == OPTION_SOURCE ? &v->options.source : &v->options.bytecode[tag - OPTION_LEVEL_ZERO];
}

static ox_star_value get_option(struct ox_star *s OX_UNUSED, ox_star_value self, const struct ox_star_attr_spec *attr)
{
	return ox_star_bool(*option_of(self_of(self), attr->tag));
}

static int set_option(struct ox_star *s OX_UNUSED, ox_star_value self, const struct ox_star_attr_spec *attr,
		      ox_star_value value)
{
	*option_of(self_of(self), attr->tag) = ox_star_truth(value);
	return 0;
}

static ox_star_value get_location(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED)
{
	struct ox_resource_value *v = self_of(self);
	return ox_star_string(s, ox_location_text(&v->options.location, v->dialect->ctx->arena));
}

static int set_location(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED,
			ox_star_value value)
{
	struct ox_err err;
	struct ox_resource_value *v = self_of(self);
	if (ox_location_parse(ox_star_text(value), v->dialect->ctx->arena, &v->options.location, &err) != 0) {
		ox_star_fail_err(s, &err);
		return -1;
	}
	v->unplaced = false;
	return 0;
}

static ox_star_value get_fallback(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED)
{
	struct ox_resource_value *v = self_of(self);
	if (!v->options.has_fallback)
		return OX_STAR_NONE;
	return ox_star_string(s, ox_location_text(&v->options.fallback, v->dialect->ctx->arena));
}

static int set_fallback(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr OX_UNUSED,
			ox_star_value value)
{
	struct ox_err err;
	struct ox_resource_value *v = self_of(self);
	if (ox_star_kind(value) == OX_STAR_T_NONE || ox_slice_eq_str(ox_star_text(value), "default")) {
		v->options.has_fallback = false;
		return 0;
	}
	if (ox_location_parse(ox_star_text(value), v->dialect->ctx->arena, &v->options.fallback, &err) != 0) {
		ox_star_fail_err(s, &err);
		return -1;
	}
	v->options.has_fallback = true;
	return 0;
}

static int repr(struct ox_star *s, ox_star_value self, struct ox_buf *out)
{
	const struct ox_resource *r = self_of(self)->resource;
	ox_buf_printf(out, "%s<", ox_star_type_name(s, self));
	if (r->kind == OX_RES_PACKAGE_FILE || r->kind == OX_RES_DIST_FILE)
		ox_buf_printf(out, "package=%.*s, name=%.*s>", OX_SLICE_ARG(r->name), OX_SLICE_ARG(r->file));
	else if (r->kind == OX_RES_FILE || r->kind == OX_RES_LIBRARY)
		ox_buf_printf(out, "path=%.*s>", OX_SLICE_ARG(r->file));
	else
		ox_buf_printf(out, "name=%.*s>", OX_SLICE_ARG(r->name));
	return 0;
}

/* The old generation knew source modules under another name, and scripts compare it. */
static const char *module_type_name(ox_star_value self)
{
	return self_of(self)->dialect->old_generation ? "PythonSourceModule" : NULL;
}

#define TEXT(name, field, doc)                                                                                         \
	{                                                                                                              \
		name, OX_STAR_T_STRING, get_field, NULL, doc, field                                                    \
	}
#define FLAG(name, field, doc)                                                                                         \
	{                                                                                                              \
		name, OX_STAR_T_BOOL, get_field, NULL, doc, field                                                      \
	}
#define IS_STDLIB FLAG("is_stdlib", FIELD_IS_STDLIB, "Whether it is of the standard library.")
#define OPTION(name, option, doc)                                                                                      \
	{                                                                                                              \
		name, OX_STAR_T_ANY, get_option, set_option, doc, option                                               \
	}
#define LEVEL(name, option, level) OPTION(name, option, "Whether bytecode of level " level " is packaged.")
#define OPTIONS                                                                                                        \
	OPTION("add_include", OPTION_INCLUDE, "Whether it is packaged at all."),                                       \
		OPTION("add_source", OPTION_SOURCE, "Whether source code is packaged."),                               \
		LEVEL("add_bytecode_optimization_level_zero", OPTION_LEVEL_ZERO, "0"),                                 \
		LEVEL("add_bytecode_optimization_level_one", OPTION_LEVEL_ONE, "1"),                                   \
		LEVEL("add_bytecode_optimization_level_two", OPTION_LEVEL_TWO, "2"),                                   \
		{"add_location",                                                                                       \
		 OX_STAR_T_STRING,                                                                                     \
		 get_location,                                                                                         \
		 set_location,                                                                                         \
		 "Where it is put: \"in-memory\" or \"filesystem-relative:PREFIX\".",                                  \
		 0},                                                                                                   \
	{                                                                                                              \
		"add_location_fallback", OX_STAR_T_STRING | OX_STAR_T_NONE, get_fallback, set_fallback,                \
			"Where it is put when it cannot be at add_location; None: nowhere.", 0                         \
	}

static const struct ox_star_attr_spec module_attrs[] = {
	TEXT("name", FIELD_NAME, "Its full name, with dots."),
	TEXT("source", FIELD_SOURCE, "Its source code."),
	FLAG("is_package", FIELD_IS_PACKAGE, "Whether it is a package."),
	IS_STDLIB,
	OPTIONS,
	{0},
};
static const struct ox_star_attr_spec package_attrs[] = {
	TEXT("package", FIELD_NAME, "The package that it belongs to."),
	TEXT("name", FIELD_FILE, "Its path below the package."),
	IS_STDLIB,
	OPTIONS,
	{0},
};
static const struct ox_star_attr_spec extension_attrs[] = {
	TEXT("name", FIELD_NAME, "Its full name, with dots."),
	IS_STDLIB,
	OPTIONS,
	{0},
};
static const struct ox_star_attr_spec file_attrs[] = {
	TEXT("path", FIELD_FILE, "Its relative path."),
	FLAG("is_executable", FIELD_IS_EXECUTABLE, "Whether it may be run."),
	OPTIONS,
	{0},
};

const struct ox_star_type ox_module_source_type = {
	.name = "PythonModuleSource",
	.attrs = module_attrs,
	.type_of = module_type_name,
	.repr = repr,
	.doc = "A Python module in source form.",
};
const struct ox_star_type ox_package_resource_type = {
	.name = "PythonPackageResource",
	.attrs = package_attrs,
	.repr = repr,
	.doc = "A file of a Python package that is no module.",
};
const struct ox_star_type ox_distribution_resource_type = {
	.name = "PythonPackageDistributionResource",
	.attrs = package_attrs,
	.repr = repr,
	.doc = "A file of a package's metadata (NAME.dist-info).",
};
const struct ox_star_type ox_extension_module_type = {
	.name = "PythonExtensionModule",
	.attrs = extension_attrs,
	.repr = repr,
	.doc = "A compiled Python module.",
};
const struct ox_star_type ox_file_type = {
	.name = "File",
	.attrs = file_attrs,
	.repr = repr,
	.doc = "A file that is installed as it is.",
};

static const struct ox_star_type *type_for(enum ox_resource_kind kind)
{
	switch (kind) {
	case OX_RES_MODULE:
		return &ox_module_source_type;
	case OX_RES_PACKAGE_FILE:
		return &ox_package_resource_type;
	case OX_RES_DIST_FILE:
		return &ox_distribution_resource_type;
	case OX_RES_EXTENSION:
		return &ox_extension_module_type;
	default:
		return &ox_file_type;
	}
}

ox_star_value ox_resource_value_new(struct ox_dialect *d, const struct ox_resource *resource,
				    const struct ox_options *options, bool unplaced)
{
	struct ox_resource_value *v = ox_star_alloc(d->star, sizeof *v);
	if (!v)
		return OX_STAR_FAILED;
	*v = (struct ox_resource_value){d, resource, *options, unplaced};
	return ox_star_new_native(d->star, type_for(resource->kind), v);
}
