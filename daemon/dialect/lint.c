#include "daemon/dialect/lint.h"

#include "daemon/dialect/absent.h"
#include "daemon/dialect/dialect.h"
#include "daemon/dialect/session.h"
#include "daemon/starlark/source.h"
#include "proto/base/map.h"
#include "proto/base/vec.h"

/* The template of old generations ends with these. */
static const char *const kept[] = {"PYOXIDIZER_VERSION", "PYOXIDIZER_COMMIT", NULL};

/* The predeclared names of an evaluation that never runs anything. */
struct names {
	struct ox_map functions;                   /* name -> descriptor, or NULL for what is no function */
	OX_VEC(const struct ox_star_type *) types; /* the dialect's and those of predeclared values; NULL at the end */
};

static int add_type(struct names *names, const struct ox_star_type *type, struct ox_err *err)
{
	const struct ox_star_type **slot = ox_vec_push(&names->types);
	if (slot)
		*slot = type;
	return slot ? 0 : ox_fail_nomem(err, "the types of the dialect");
}

static int list_names(struct names *names, struct ox_star *s, struct ox_err *err)
{
	const char *name;
	ox_star_value v;
	int rc = 0;
	for (size_t i = 0; rc == 0 && ox_dialect_types[i]; i++)
		rc = add_type(names, ox_dialect_types[i], err);
	for (size_t i = 0; rc == 0 && (name = ox_star_name_at(s, i, &v)); i++) {
		void **slot = ox_map_put(&names->functions, ox_slice_str(name), NULL);
		if (!slot)
			return ox_fail_nomem(err, "the names of the dialect");
		*slot = (void *)(uintptr_t)ox_star_function_spec(v);
		if (ox_star_native_type(v))
			rc = add_type(names, ox_star_native_type(v), err);
	}
	return rc == 0 ? add_type(names, NULL, err) : rc;
}

static bool find(void *user, struct ox_slice name, const struct ox_star_function **function)
{
	struct names *names = user;
	void **slot = ox_map_find(&names->functions, name);
	*function = slot ? *slot : NULL;
	return slot != NULL;
}

static void each(void *user, struct ox_nearest *nearest)
{
	const struct names *names = user;
	for (size_t i = 0; i < names->functions.len; i++)
		ox_nearest_offer(nearest, names->functions.entries[i].key);
}

int ox_dialect_lint(struct ox_slice path, struct ox_slice text, struct ox_sink *sink, size_t *findings,
		    struct ox_err *err)
{
	struct names names = {0};
	struct ox_arena arena = {0};
	struct ox_build_context context = {.arena = &arena, .cwd = "/", .triple = ""};
	struct ox_dialect_options options = {.context = &context, .config_path = ""};
	struct ox_lint_tables tables = {
	    .find = find,
	    .each = each,
	    .user = &names,
	    .methods_of = ox_star_methods_of,
	    .facts = ox_dialect_facts,
	    .refused = ox_absent_params,
	    .registers = "register_target",
	    .kept = kept,
	};
	struct ox_dialect *d = NULL;
	int rc = ox_dialect_new(&options, &d, err);
	if (rc == 0)
		rc = list_names(&names, d->star, err);
	tables.types = names.types.items;
	if (rc == 0)
		rc = ox_lint(path, text, &tables, sink, findings, err);
	ox_map_free(&names.functions);
	ox_vec_free(&names.types);
	ox_dialect_free(d);
	ox_arena_free(&arena);
	return rc;
}
