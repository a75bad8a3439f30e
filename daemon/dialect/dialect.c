#include "daemon/dialect/dialect.h"

#include "daemon/dialect/absent.h"
#include "daemon/dialect/config_value.h"
#include "daemon/dialect/content_value.h"
#include "daemon/dialect/distribution_value.h"
#include "daemon/dialect/functions.h"
#include "daemon/dialect/limits.h"
#include "daemon/dialect/load.h"
#include "daemon/dialect/manifest_value.h"
#include "daemon/dialect/path.h"
#include "daemon/dialect/session.h"
#include "daemon/python/child_env.h"

static bool cancelled(void *user)
{
	struct ox_dialect *d = user;
	return d->ctx->actions && ox_actions_check_cancel(d->ctx->actions, NULL) != 0;
}

static void print(void *user, struct ox_slice file OX_UNUSED, uint32_t line OX_UNUSED, struct ox_slice text)
{
	struct ox_dialect *d = user;
	ox_emit(d->ctx->sink, &(struct ox_event){
				      .type = OX_EVENT_LOG,
				      .as.log = {.level = OX_LEVEL_INFO, .source = OX_SLICE("config"), .text = text},
			      });
}

/* The names that every file sees; those that describe the request are for the main file only. */
static int define_names(struct ox_dialect *d)
{
	struct ox_star *s = d->star;
	ox_star_value vars = ox_star_dict(s);
	int rc = ox_star_set_function(s, &ox_default_distribution_function) |
		 ox_star_set_function(s, &ox_archive_function) |
		 ox_star_set_function(s, &ox_old_config_function) | ox_star_set_function(s, &ox_manifest_function) |
		 ox_star_set_function(s, &ox_content_function) | ox_star_set_function(s, &ox_glob_function) |
		 ox_absent_define(s);
	for (size_t i = 0; rc == 0 && ox_dialect_functions[i].name; i++)
		rc = ox_star_set_function(s, &ox_dialect_functions[i]);
	for (size_t i = 0; rc == 0 && i < d->options.var_count; i++) {
		const struct ox_dialect_var *var = &d->options.vars[i];
		rc = ox_star_put(s, vars, ox_star_slice(s, var->name),
				 var->unset ? OX_STAR_NONE : ox_star_slice(s, var->value));
	}
	if (rc != 0)
		return rc;
	return ox_star_set(s, "VARS", vars) | ox_star_set(s, "CWD", ox_star_string(s, d->ctx->cwd)) |
	       ox_star_set(s, "CONFIG_PATH", ox_star_string(s, d->options.config_path)) |
	       ox_star_set(s, "BUILD_TARGET_TRIPLE", ox_star_string(s, d->ctx->triple));
}

int ox_dialect_new(const struct ox_dialect_options *options, struct ox_dialect **out, struct ox_err *err)
{
	struct ox_dialect *d = calloc(1, sizeof *d);
	if (!d)
		return ox_fail_nomem(err, "the configuration");
	d->options = *options;
	d->ctx = options->context;
	d->build_path = ox_path_absolute(d->ctx->arena, d->ctx->cwd, OX_SLICE("build"));
	struct ox_star_options star = {
		.names = OX_STAR_NAMES_LATE,
		.sink = d->ctx->sink,
		.user = d,
		.cancelled = cancelled,
		.print = print,
		.load = ox_dialect_load,
	};
	int rc = ox_dialect_limits(ox_client_env(d->ctx, "OXIDIZER_CONFIG_LIMITS"), &star, err);
	if (rc < 0) {
		ox_dialect_free(d);
		return rc;
	}
	d->star = ox_star_new(&star);
	if (!d->build_path || !d->star || define_names(d) != 0) {
		ox_dialect_free(d);
		return ox_fail_nomem(err, "the configuration");
	}
	*out = d;
	return 0;
}

void ox_dialect_free(struct ox_dialect *d)
{
	if (!d)
		return;
	ox_star_free(d->star);
	ox_targets_free(&d->targets);
	ox_vec_free(&d->distributions);
	free(d);
}

static void tell_targets(struct ox_dialect *d)
{
	const struct ox_target_entry *preferred = ox_targets_default(&d->targets);
	for (size_t i = 0; i < d->targets.v.len; i++) {
		const struct ox_target_entry *entry = &d->targets.v.items[i];
		ox_emit(d->ctx->sink, &(struct ox_event){
					      .type = OX_EVENT_TARGET,
					      .as.target = {.name = entry->name,
							    .state = OX_TARGET_REGISTERED,
							    .is_default = entry == preferred},
				      });
	}
}

int ox_dialect_evaluate(struct ox_dialect *d, struct ox_err *err)
{
	struct ox_buf text = {.limit = OX_CONFIG_SIZE_MAX};
	const struct ox_slice *given = d->options.text;
	int rc = given ? 0 : ox_config_file_read(d->ctx, d->options.config_path, &text, err);
	if (rc == 0)
		rc = ox_star_eval(d->star, d->options.config_path, given ? *given : ox_buf_view(&text), &d->module,
				  err);
	ox_buf_free(&text);
	if (rc == 0 && d->options.list_only)
		tell_targets(d);
	/* A file need not call resolve_targets(): what was asked for is resolved in any case. */
	if (rc == 0)
		rc = ox_dialect_resolve_requested(d, err);
	ox_star_tell_unknown(d->star);
	return rc;
}
