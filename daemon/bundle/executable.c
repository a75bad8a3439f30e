#include "daemon/bundle/executable.h"

#include "daemon/bundle/advice.h"
#include "daemon/bundle/assemble.h"
#include "daemon/bundle/beside.h"
#include "daemon/bundle/linked.h"
#include "daemon/bundle/runs_on.h"
#include "daemon/bundle/segment.h"
#include "daemon/bundle/tree.h"

struct parts {
	struct ox_bundle_set set;
	struct ox_tiers tiers;
	struct ox_stub_options options;
	struct ox_digest stub;
	struct ox_segment segments[OX_ORIGIN_APPLICATION]; /* stdlib, packages, application */
	const struct ox_pack_config *config;
};

/* Which modules can be linked in is known once it was tried. */
static int link_stub(struct ox_build_context *ctx, const struct ox_executable_spec *spec, struct parts *p,
		     struct ox_err *err)
{
	uint64_t size;
	int rc = 0;
	p->options = spec->stub;
	if (!spec->keep_shared)
		rc = ox_linked_collect(ctx, &p->set, &p->options, err);
	if (!rc && spec->distribution->archive)
		rc = ox_linked_choose(ctx, spec->distribution, &p->set, &p->options, err);
	if (!rc)
		rc = ox_linked_tell_licenses(ctx, &p->options, err);
	if (!rc)
		rc = ox_stub_build(ctx, spec->distribution, &p->options, &p->stub, &size, err);
	struct ox_tier_rules rules = {.never_extract = spec->extract.never,
				      .is_static = spec->distribution->is_static,
				      .modules = p->options.modules,
				      .module_count = p->options.module_count};
	return rc ? rc : ox_tiers_find(ctx, &p->set, &rules, &p->tiers, err);
}

static int make_parts(struct ox_build_context *ctx, struct ox_compiler *compiler,
		      const struct ox_executable_spec *spec, struct parts *p, struct ox_err *err)
{
	const struct ox_segment_inputs in = {.compiler = compiler,
					     .dist = spec->distribution,
					     .set = &p->set,
					     .tiers = &p->tiers,
					     .extract = &spec->extract};
	int rc = 0;
	for (int origin = OX_ORIGIN_STDLIB; !rc && origin <= OX_ORIGIN_APPLICATION; origin++)
		rc = ox_segment_build(ctx, &in, (enum ox_resource_origin)origin, &p->segments[origin - 1], err);
	return rc;
}

/* Whether the process has its sys.path from the executable alone, and nothing of the machine's. */
static bool is_isolated(const struct ox_pack_config *config)
{
	struct ox_slice profile = {0};
	bool isolated = true;
	ox_pack_config_bool(config, "isolated", &isolated);
	return isolated && ox_pack_config_str(config, "config_profile", &profile) &&
	       ox_slice_eq_str(profile, "isolated");
}

/* import_added_folders, unless the configuration says something of it, is what the packed code wants. */
static int find_config(struct ox_build_context *ctx, const struct ox_pack_config *given, struct parts *p,
		       struct ox_err *err)
{
	struct ox_buf names = {0};
	bool imports_files = false, wanted = true;
	p->config = given;
	if (ox_pack_config_bool(given, "filesystem_importer", &imports_files) && imports_files)
		return 0;
	for (size_t i = 0; i < OX_COUNT(p->segments); i++)
		if (p->segments[i].adds_folders.len)
			ox_buf_printf(&names, "%s%.*s", names.len ? ", " : "",
				      OX_SLICE_ARG(p->segments[i].adds_folders));
	int rc = ox_buf_ok(&names, "configuration", err);
	bool decided = ox_pack_config_bool(given, "import_added_folders", &wanted);
	if (!rc && names.len && !decided && is_isolated(given)) {
		struct ox_pack_config *config = ox_pack_config_copy(ctx->arena, given);
		rc = config ? ox_pack_config_set_bool(config, "import_added_folders", true, err)
			    : ox_fail_nomem(err, "configuration");
		p->config = config;
		decided = true;
	}
	if (!rc && names.len && decided)
		ox_emit_log(ctx->sink, OX_LEVEL_INFO, "build",
			    wanted ? "modules are imported from the folders that these add to sys.path: %s"
				   : "modules are not imported from the folders that these add to sys.path: %s; "
				     "config.import_added_folders = True changes that",
			    ox_buf_text(&names));
	ox_buf_free(&names);
	return rc;
}

static int find_runs_on(struct ox_build_context *ctx, const struct parts *p, const char **line, struct ox_err *err)
{
	struct ox_elf_needs stub;
	struct ox_glibc_version needed = p->tiers.glibc;
	struct ox_blob blob = {.digest = p->stub};
	int rc = ox_elf_read_blob(ctx, &blob, &stub, err);
	if (rc)
		return rc;
	if (ox_glibc_less(needed, stub.glibc))
		needed = stub.glibc;
	*line = ox_runs_on(ctx->arena, needed);
	return *line ? 0 : ox_fail_nomem(err, "executable");
}

int ox_executable_build(struct ox_build_context *ctx, struct ox_compiler *compiler,
			const struct ox_executable_spec *spec, struct ox_executable *out, struct ox_err *err)
{
	struct parts p = {0};
	*out = (struct ox_executable){.file = {.path = spec->name, .mode = 0755}};
	int rc = ox_bundle_collect(ctx->arena, spec->items, spec->item_count, &p.set, err);
	if (!rc)
		rc = link_stub(ctx, spec, &p, err);
	if (rc)
		return rc;
	ox_advise(ctx->sink, &p.set);
	rc = make_parts(ctx, compiler, spec, &p, err);
	if (!rc)
		rc = find_config(ctx, spec->config, &p, err);
	if (!rc) {
		struct ox_assembly assembly = {.name = spec->name,
					       .stub = p.stub,
					       .segments = p.segments,
					       .segment_count = OX_COUNT(p.segments),
					       .config = p.config};
		rc = ox_assemble(ctx, &assembly, &out->file.blob, err);
	}
	if (!rc)
		rc = ox_beside_add(ctx, compiler, spec->distribution, &p.set, &out->beside, err);
	if (!rc)
		rc = find_runs_on(ctx, &p, &out->runs_on, err);
	ox_tiers_free(&p.tiers);
	return rc;
}
