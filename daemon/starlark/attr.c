/* Attributes and methods of built-in and native types. */
#include "daemon/starlark/thread.h"

static const struct ox_star_function *methods_of(ox_star_value v)
{
	if (!ox_is_object(v))
		return NULL;
	switch (ox_object(v)->kind) {
	case OX_OBJ_STRING:
		return ox_string_methods;
	case OX_OBJ_BYTES:
		return ox_bytes_methods;
	case OX_OBJ_LIST:
		return ox_list_methods;
	case OX_OBJ_DICT:
		return ox_dict_methods;
	case OX_OBJ_SET:
		return ox_set_methods;
	case OX_OBJ_NATIVE:
		return OX_AS(ox_native, v)->type->methods;
	default:
		return NULL;
	}
}

static size_t table_index(const struct ox_method_table *t, ox_star_value name)
{
	size_t at = (name.bits >> 3) * 0x9E3779B1u & t->mask;
	while (ox_star_ok(t->names[at]) && !ox_same(t->names[at], name))
		at = (at + 1) & t->mask;
	return at;
}

/* The json module is a native value, but not the embedder's. */
static bool foreign(ox_star_value v)
{
	const struct ox_star_type *type = ox_star_native_type(v);
	return type && type != &ox_json_module;
}

static struct ox_method_table *fill_table(struct ox_star *s, const struct ox_star_function *specs)
{
	struct ox_method_table t = {.specs = specs};
	size_t count = 0, size = 8;
	while (specs[count].name)
		count++;
	while (size < count * 2)
		size *= 2;
	t.mask = size - 1;
	t.names = ox_star_alloc(s, size * sizeof *t.names);
	t.values = ox_star_alloc(s, size * sizeof *t.values);
	if (!t.names || !t.values)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		ox_star_value name = ox_intern(s, ox_slice_str(specs[i].name));
		ox_star_value value = ox_star_ok(name) ? ox_star_new_function(s, &specs[i]) : OX_STAR_FAILED;
		if (!ox_star_ok(value))
			return NULL;
		size_t at = table_index(&t, name);
		t.names[at] = name;
		t.values[at] = value;
	}
	struct ox_method_table *place = ox_vec_push(&s->methods);
	if (!place) {
		ox_fail_memory(s);
		return NULL;
	}
	*place = t;
	return place;
}

/* The unbound method, or 0 when there is none (or failing). The name is interned. */
static ox_star_value find_method(struct ox_star *s, ox_star_value v, ox_star_value name)
{
	const struct ox_star_function *specs = methods_of(v);
	struct ox_method_table *t = NULL;
	if (!specs)
		return OX_STAR_FAILED;
	for (size_t i = 0; i < s->methods.len && !t; i++) {
		if (s->methods.items[i].specs == specs)
			t = &s->methods.items[i];
	}
	if (!t) {
		s->foreign = foreign(v);
		t = fill_table(s, specs);
		s->foreign = true;
	}
	if (!t)
		return OX_STAR_FAILED;
	return t->values[table_index(t, name)];
}

static const struct ox_star_attr_spec *find_attr(const struct ox_star_type *type, struct ox_slice name)
{
	for (const struct ox_star_attr_spec *a = type->attrs; a && a->name; a++) {
		if (ox_slice_eq_str(name, a->name))
			return a;
	}
	return NULL;
}

static void offer_names(ox_star_value v, struct ox_nearest *near, bool writable)
{
	const struct ox_star_function *methods = methods_of(v);
	const struct ox_star_type *type = ox_star_native_type(v);
	for (; !writable && methods && methods->name; methods++)
		ox_nearest_offer(near, ox_slice_str(methods->name));
	for (const struct ox_star_attr_spec *a = type ? type->attrs : NULL; a && a->name; a++) {
		if (writable ? a->set != NULL : a->get != NULL)
			ox_nearest_offer(near, ox_slice_str(a->name));
	}
}

static ox_star_value no_attribute(struct ox_star *s, ox_star_value v, struct ox_slice name, bool writable)
{
	struct ox_nearest near = {.wanted = name};
	char hint[160];
	offer_names(v, &near, writable);
	return ox_star_fail_with(s, "unknown-attribute", ox_nearest_hint(&near, hint), "%s has no %sattribute '%.*s'",
				 ox_star_type_name(s, v), writable ? "writable " : "", OX_SLICE_ARG(name));
}

static ox_star_value native_attr(struct ox_star *s, ox_star_value v, struct ox_slice name)
{
	const struct ox_star_type *type = OX_AS(ox_native, v)->type;
	const struct ox_star_attr_spec *a = find_attr(type, name);
	if (a && a->get)
		return a->get(s, v, a);
	if (a)
		return ox_star_fail_with(s, "unknown-attribute", NULL, "attribute '%s' of %s can only be set", a->name,
					 ox_star_type_name(s, v));
	ox_star_value other = type->get_other ? type->get_other(s, v, name) : OX_STAR_FAILED;
	if (ox_star_ok(other) || ox_star_failing(s))
		return other;
	return no_attribute(s, v, name, false);
}

static ox_star_value plain_attr(struct ox_star *s, ox_star_value v, ox_star_value name)
{
	if (ox_is(v, OX_OBJ_NATIVE))
		return native_attr(s, v, ox_text_of(name));
	return no_attribute(s, v, ox_text_of(name), false);
}

ox_star_value ox_attr_method(struct ox_star *s, ox_star_value v, ox_star_value name, ox_star_value *self)
{
	ox_star_value method = find_method(s, v, name);
	*self = OX_STAR_FAILED;
	if (ox_star_ok(method)) {
		*self = v;
		return method;
	}
	return ox_star_failing(s) ? OX_STAR_FAILED : plain_attr(s, v, name);
}

ox_star_value ox_attr_get(struct ox_star *s, ox_star_value v, ox_star_value name)
{
	ox_star_value self, found = ox_attr_method(s, v, name, &self);
	if (!ox_star_ok(found) || !ox_star_ok(self))
		return found;
	struct ox_builtin *bound = (struct ox_builtin *)ox_new_object(s, OX_OBJ_BUILTIN, sizeof *bound);
	if (!bound)
		return OX_STAR_FAILED;
	*bound = *OX_AS(ox_builtin, found);
	bound->self = self;
	return ox_from_object(bound);
}

static int wrong_type(struct ox_star *s, const struct ox_star_attr_spec *a, ox_star_value v)
{
	struct ox_buf want = {0};
	ox_types_text(a->types, &want);
	ox_star_fail_with(s, "type", NULL, "attribute '%s' takes %s, not %s", a->name, ox_part(s, &want),
			  ox_star_type_name(s, v));
	ox_buf_free(&want);
	return -1;
}

int ox_attr_set(struct ox_star *s, ox_star_value v, ox_star_value name_value, ox_star_value value)
{
	struct ox_slice name = ox_text_of(name_value);
	if (!ox_is(v, OX_OBJ_NATIVE)) {
		ox_star_fail_with(s, "unknown-attribute", NULL, "attributes of %s cannot be set",
				  ox_star_type_name(s, v));
		return -1;
	}
	if (ox_object(v)->frozen) {
		ox_star_fail_with(s, "frozen", NULL, "cannot set an attribute of a frozen %s", ox_star_type_name(s, v));
		return -1;
	}
	const struct ox_star_type *type = OX_AS(ox_native, v)->type;
	const struct ox_star_attr_spec *a = find_attr(type, name);
	if (a && a->set) {
		if (a->types != OX_STAR_T_ANY && !(ox_star_kind(value) & a->types))
			return wrong_type(s, a, value);
		return a->set(s, v, a, value);
	}
	int other = a || !type->set_other ? 1 : type->set_other(s, v, name, value);
	if (other <= 0)
		return other;
	if (a)
		ox_star_fail_with(s, "read-only", NULL, "attribute '%s' of %s is read-only", a->name,
				  ox_star_type_name(s, v));
	else
		no_attribute(s, v, name, true);
	return -1;
}

ox_star_value ox_star_attr(struct ox_star *s, ox_star_value v, const char *name)
{
	ox_star_value key = ox_intern(s, ox_slice_str(name));
	return ox_star_ok(key) && ox_star_ok(v) ? ox_attr_get(s, v, key) : OX_STAR_FAILED;
}

int ox_star_set_attr(struct ox_star *s, ox_star_value v, const char *name, ox_star_value value)
{
	ox_star_value key = ox_intern(s, ox_slice_str(name));
	return ox_star_ok(key) && ox_star_ok(v) && ox_star_ok(value) ? ox_attr_set(s, v, key, value) : -1;
}

const struct ox_star_function *ox_star_methods_of(const char *type_name)
{
	static const struct {
		const char *name;
		const struct ox_star_function *methods;
	} types[] = {
	    {"string", ox_string_methods}, {"bytes", ox_bytes_methods}, {"list", ox_list_methods},
	    {"dict", ox_dict_methods},     {"set", ox_set_methods},
	};
	for (size_t i = 0; i < OX_COUNT(types); i++) {
		if (strcmp(types[i].name, type_name) == 0)
			return types[i].methods;
	}
	return NULL;
}

static int by_text(const void *a, const void *b)
{
	return ox_slice_cmp(ox_text_of(*(const ox_star_value *)a), ox_text_of(*(const ox_star_value *)b));
}

ox_star_value ox_star_dir(struct ox_star *s, ox_star_value v)
{
	struct ox_list *l = ox_list_new(s, 0);
	const struct ox_star_type *type = ox_star_native_type(v);
	if (!l)
		return OX_STAR_FAILED;
	ox_star_value list = ox_from_object(l);
	for (const struct ox_star_function *m = methods_of(v); m && m->name; m++) {
		if (ox_star_append(s, list, ox_intern(s, ox_slice_str(m->name))) < 0)
			return OX_STAR_FAILED;
	}
	for (const struct ox_star_attr_spec *a = type ? type->attrs : NULL; a && a->name; a++) {
		if (ox_star_append(s, list, ox_intern(s, ox_slice_str(a->name))) < 0)
			return OX_STAR_FAILED;
	}
	if (l->len)
		qsort(l->items, l->len, sizeof *l->items, by_text);
	return list;
}
