#include "daemon/dialect/config_value.h"

struct ox_config_value *ox_config_value_of(ox_star_value v)
{
	return ox_star_native_user(v, &ox_config_type_spec);
}

ox_star_value ox_config_value_new(struct ox_dialect *d)
{
	struct ox_config_value *v = ox_star_alloc(d->star, sizeof *v);
	if (!v)
		return OX_STAR_FAILED;
	v->config = ox_pack_config_new(d->ctx->arena);
	if (!v->config)
		return ox_star_fail(d->star, "out of memory for an interpreter configuration");
	return ox_star_new_native(d->star, &ox_config_type_spec, v);
}

static ox_star_value list_value(struct ox_star *s, const struct ox_slice *items, size_t count)
{
	ox_star_value list = ox_star_list(s, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		if (ox_star_append(s, list, ox_star_slice(s, items[i])) != 0)
			return OX_STAR_FAILED;
	}
	/* A copy: appending to it would be lost, so it is an error. */
	return ox_star_freeze(s, list) == 0 ? list : OX_STAR_FAILED;
}

static ox_star_value get(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr)
{
	const struct ox_pack_config *config = ox_config_value_of(self)->config;
	const struct ox_slice *items;
	struct ox_slice text;
	size_t count;
	int64_t number;
	bool flag;
	switch (ox_config_field_find(attr->name)->type) {
	case OX_CONFIG_BOOL:
		return ox_pack_config_bool(config, attr->name, &flag) ? ox_star_bool(flag) : OX_STAR_NONE;
	case OX_CONFIG_INT:
		return ox_pack_config_int(config, attr->name, &number) ? ox_star_int(s, number) : OX_STAR_NONE;
	case OX_CONFIG_STR:
		return ox_pack_config_str(config, attr->name, &text) ? ox_star_slice(s, text) : OX_STAR_NONE;
	case OX_CONFIG_LIST:
		return ox_pack_config_list(config, attr->name, &items, &count) ? list_value(s, items, count)
									       : OX_STAR_NONE;
	}
	return OX_STAR_NONE;
}

static int set_list(struct ox_dialect *d, struct ox_pack_config *config, const char *name, ox_star_value value,
		    struct ox_err *err)
{
	struct ox_slice *items;
	size_t count;
	if (ox_dialect_strings(d, value, &items, &count) != 0)
		return -1;
	int rc = ox_pack_config_set_list(config, name, items, count, err);
	/* Paths are of use only to the importer that looks at them. */
	if (rc == 0 && count > 0 && strcmp(name, "module_search_paths") == 0)
		rc = ox_pack_config_set_bool(config, "filesystem_importer", true, err);
	if (rc != 0)
		ox_star_fail_err(d->star, err);
	return rc;
}

/* Who writes that files are not imported means all of them. */
static int set_bool(struct ox_pack_config *config, const char *name, bool value, struct ox_err *err)
{
	bool decided;
	int rc = ox_pack_config_set_bool(config, name, value, err);
	if (rc == 0 && !value && strcmp(name, "filesystem_importer") == 0 &&
	    !ox_pack_config_bool(config, "import_added_folders", &decided))
		rc = ox_pack_config_set_bool(config, "import_added_folders", false, err);
	return rc;
}

int ox_config_value_set(struct ox_dialect *d, struct ox_pack_config *config, const char *name, ox_star_value value)
{
	struct ox_err err;
	int64_t number = 0;
	int rc;
	enum ox_config_type type = ox_config_field_find(name)->type;
	if (ox_star_kind(value) == OX_STAR_T_NONE && strcmp(name, "terminfo_resolution") == 0)
		rc = ox_pack_config_set_str(config, name, OX_SLICE("none"), &err);
	else if (ox_star_kind(value) == OX_STAR_T_NONE)
		rc = ox_pack_config_unset(config, name, &err);
	else if (type == OX_CONFIG_LIST)
		return set_list(d, config, name, value, &err) == 0 ? 0 : -1;
	else if (type == OX_CONFIG_BOOL)
		rc = set_bool(config, name, ox_star_truth(value), &err);
	else if (type == OX_CONFIG_STR)
		rc = ox_pack_config_set_str(config, name, ox_star_text(value), &err);
	else if (ox_star_to_int(value, &number))
		rc = ox_pack_config_set_int(config, name, number, &err);
	else
		rc = ox_fail(&err, OX_EUSAGE, "%s: the number is too large", name);
	if (rc != 0)
		ox_star_fail_err(d->star, &err);
	return rc == 0 ? 0 : -1;
}

static int set(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr, ox_star_value value)
{
	return ox_config_value_set(ox_dialect_of(s), ox_config_value_of(self)->config, attr->name, value);
}

/* Names of 0.8 and 0.9 that ended: run_mode, raw_allocator and the like. */
static int set_old(struct ox_star *s, ox_star_value self, const struct ox_star_attr_spec *attr, ox_star_value value)
{
	return ox_old_config_set(ox_dialect_of(s), ox_config_value_of(self)->config, attr->name, value) < 0 ? -1 : 0;
}

static ox_star_value get_none(struct ox_star *s OX_UNUSED, ox_star_value self OX_UNUSED,
			      const struct ox_star_attr_spec *attr OX_UNUSED)
{
	return OX_STAR_NONE;
}

#define ACCEPTS_BOOL                      OX_STAR_T_ANY
#define ACCEPTS_INT                       (OX_STAR_T_INT | OX_STAR_T_NONE)
#define ACCEPTS_STR                       (OX_STAR_T_STRING | OX_STAR_T_NONE)
#define ACCEPTS_LIST                      (OX_STAR_T_LIST | OX_STAR_T_TUPLE | OX_STAR_T_NONE)
#define FIELD(name, type, choices, value) {#name, ACCEPTS_##type, get, set, doc_##name, 0},
#define DOC(name, text)                   static const char doc_##name[] = text;
#include "daemon/dialect/config_doc.def"

static const struct ox_star_attr_spec attrs[] = {
#include "runtime/pack/config_fields.def"
	{"raw_allocator", ACCEPTS_STR, get_none, set_old, "Old name of allocator_backend.", 0},
	{"run_mode", ACCEPTS_STR, get_none, set_old,
	 "Old: \"eval:CODE\", \"file:PATH\", \"module:NAME\", \"repl\", \"noop\".", 0},
	{"sys_paths", ACCEPTS_LIST, get_none, set_old, "Old name of module_search_paths.", 0},
	{0},
};

const struct ox_star_type ox_config_type_spec = {
	.name = "PythonInterpreterConfig",
	.attrs = attrs,
	.doc = "How the executable starts its interpreter, and what it runs.",
};
