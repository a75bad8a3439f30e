#include "daemon/bundle/executable.h"

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
	int rc = 0;
	for (int origin = OX_ORIGIN_STDLIB; !rc && origin <= OX_ORIGIN_APPLICATION; origin++)
		rc = ox_segment_build(ctx, compiler, spec->distribution, (enum ox_resource_origin)origin, &p->set,
				      &p->tiers, &spec->extract, &p->segments[origin - 1], err);
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
	rc = make_parts(ctx, compiler, spec, &p, err);
	if (!rc) {
		struct ox_assembly assembly = {.name = spec->name,
					       .stub = p.stub,
					       .segments = p.segments,
					       .segment_count = OX_COUNT(p.segments),
					       .config = spec->config};
		rc = ox_assemble(ctx, &assembly, &out->file.blob, err);
	}
	if (!rc)
		rc = ox_beside_add(ctx, compiler, spec->distribution, &p.set, &out->beside, err);
	if (!rc)
		rc = find_runs_on(ctx, &p, &out->runs_on, err);
	ox_tiers_free(&p.tiers);
	return rc;
}
