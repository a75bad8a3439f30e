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
	struct ox_digest stub;
	struct ox_segment segments[OX_ORIGIN_APPLICATION]; /* stdlib, packages, application */
};

static int make_parts(struct ox_build_context *ctx, struct ox_compiler *compiler,
		      const struct ox_executable_spec *spec, struct parts *p, struct ox_err *err)
{
	uint64_t size;
	struct ox_stub_options stub = spec->stub;
	int rc = 0;
	if (spec->distribution->archive)
		rc = ox_linked_choose(ctx, spec->distribution, &p->tiers, &stub, err);
	if (!rc)
		rc = ox_linked_tell_licenses(ctx, &stub, err);
	if (!rc)
		rc = ox_stub_build(ctx, spec->distribution, &stub, &p->stub, &size, err);
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
		rc = ox_tiers_find(ctx, &p.set, spec->extract.never, &p.tiers, err);
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
