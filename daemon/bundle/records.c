#include "daemon/bundle/records.h"

#include "daemon/bundle/beside.h"
#include "daemon/bundle/wants_file.h"
#include "runtime/pack/compiled.h"

/* A module's sources waiting for their code, one job per level. */
struct jobs {
	OX_VEC(struct ox_compile_job) v;
	OX_VEC(size_t) records; /* index of the record of job i */
};

struct maker {
	const struct ox_segment_plan *plan;
	struct ox_records *out;
	struct jobs jobs;
	struct ox_map file_users; /* what was noted of top-level packages (file_users.h) */
};

static int borrow(struct maker *m, const struct ox_blob *blob, struct ox_slice *bytes, struct ox_err *err)
{
	struct ox_view *view = ox_vec_push(&m->out->views);
	if (!view)
		return ox_fail_nomem(err, "contents of resources");
	if (blob->size == 0) {
		*bytes = OX_SLICE(""); /* present and empty */
		return 0;
	}
	int rc = ox_blob_view(ox_actions_store(m->plan->ctx->actions), blob, view, err);
	if (rc)
		m->out->views.len--;
	else
		*bytes = ox_slice(view->data, view->len);
	return rc;
}

static int add_job(struct maker *m, const struct ox_resource *r, int level, size_t record, struct ox_err *err)
{
	struct ox_compile_job *job = ox_vec_push(&m->jobs.v);
	size_t *index = job ? ox_vec_push(&m->jobs.records) : NULL;
	if (!index)
		return ox_fail_nomem(err, "modules to compile");
	*index = record;
	*job = (struct ox_compile_job){
		.module = r->name, .is_package = r->is_package, .level = level, .source = r->blob};
	return 0;
}

static int note_file_user(struct maker *m, const struct ox_resource *r, struct ox_slice source, struct ox_err *err)
{
	if (ox_note_file_users(&m->file_users, ox_top_level(r->name), source) < 0)
		return ox_fail_nomem(err, "packages");
	return 0;
}

static int add_module(struct maker *m, const struct ox_bundle_item *item, size_t record, struct ox_err *err)
{
	const struct ox_resource *r = item->resource;
	struct ox_pack_resource *p = &m->out->v.items[record];
	int rc = 0;
	p->flags |= OX_PACK_MODULE | (r->is_package ? OX_PACK_PACKAGE : 0) | (r->is_namespace ? OX_PACK_NAMESPACE : 0);
	if (r->is_namespace)
		return 0;
	if (item->prefix) {
		p->relative_path = ox_beside_path(m->plan->ctx->arena, m->plan->dist, item);
		return p->relative_path.data ? 0 : ox_fail_nomem(err, "paths");
	}
	struct ox_slice source;
	rc = borrow(m, &r->blob, &source, err);
	if (!rc)
		rc = note_file_user(m, r, source, err);
	if (!rc && item->add_source)
		p->source = source;
	for (int level = 0; !rc && level < 3; level++)
		if (item->add_bytecode[level])
			rc = add_job(m, r, level, record, err);
	return rc;
}

static int add_extension(struct maker *m, const struct ox_bundle_item *item, size_t record, struct ox_err *err)
{
	const struct ox_extension_tier *t = ox_map_get(&m->plan->tiers->extensions, item->resource->name);
	struct ox_pack_resource *p = &m->out->v.items[record];
	if (!t)
		return ox_fail(err, OX_EINTERNAL, "an extension module has no tier");
	if (t->tier == OX_TIER_LINKED) {
		p->flags |= OX_PACK_BUILTIN;
		if (item->resource->captured) /* the importer's to find (runtime/embed/linked_modules.h) */
			p->flags |= OX_PACK_EXTENSION | (item->resource->is_package ? OX_PACK_PACKAGE : 0);
		return 0;
	}
	p->flags |= OX_PACK_EXTENSION | (t->tier == OX_TIER_EXTRACTED ? OX_PACK_NEEDS_FILE : 0);
	p->flags |= item->resource->is_package ? OX_PACK_PACKAGE : 0;
	p->needs = t->needs.names;
	p->need_count = t->needs.count;
	if (!item->prefix)
		return borrow(m, &item->resource->blob, &p->library, err);
	p->flags |= OX_PACK_MODULE; /* to the importer one more file beside the executable */
	p->relative_path = ox_beside_path(m->plan->ctx->arena, m->plan->dist, item);
	return p->relative_path.data ? 0 : ox_fail_nomem(err, "paths");
}

/* Adds one file to a table that has room for it. */
static int add_file(struct maker *m, const struct ox_bundle_item *item, struct ox_pack_file *files, size_t *count,
		    uint32_t *flags, struct ox_err *err)
{
	if (item->prefix)
		return 0; /* lies beside the executable and is found there */
	struct ox_pack_file *f = &files[*count];
	f->name = ox_beside_file_name(item->resource);
	int rc = borrow(m, &item->resource->blob, &f->data, err);
	if (!rc)
		(*count)++;
	const struct ox_extract_rules *rules = m->plan->extract;
	if (item->resource->is_installed && ox_extract_choose(rules, item->resource->name, !rules->never))
		*flags |= OX_PACK_WANTS_FILE;
	return rc;
}

/* What a package that is an extension module needs is its own. */
static void add_inner_needs(const struct maker *m, struct ox_slice package, struct ox_pack_resource *p)
{
	const struct ox_needs *needs = ox_map_get(&m->plan->tiers->inner_needs, package);
	if (!needs || p->flags & OX_PACK_EXTENSION)
		return;
	p->needs = needs->names;
	p->need_count = needs->count;
}

static int compare_files(const void *left, const void *right)
{
	const struct ox_pack_file *a = left, *b = right;
	return ox_slice_cmp(a->name, b->name);
}

static int add_entry(struct maker *m, const struct ox_bundle_item *item, size_t record, struct ox_err *err)
{
	struct ox_pack_resource *p = &m->out->v.items[record];
	switch (item->resource->kind) {
	case OX_RES_MODULE:
		return add_module(m, item, record, err);
	case OX_RES_EXTENSION:
		return add_extension(m, item, record, err);
	case OX_RES_DIST_FILE:
		return add_file(m, item, p->distribution, &p->distribution_count, &p->flags, err);
	case OX_RES_LIBRARY:
		add_inner_needs(m, item->resource->name, p);
		return add_file(m, item, p->files, &p->file_count, &p->flags, err);
	case OX_RES_PACKAGE_FILE:
		return add_file(m, item, p->files, &p->file_count, &p->flags, err);
	case OX_RES_FILE:
		break; /* belongs to no package: beside the executable or nowhere */
	}
	return 0;
}

/* One record from the run of entries that share a name. */
static int add_record(struct maker *m, const struct ox_bundle_entry *entries, size_t count, struct ox_err *err)
{
	struct ox_pack_resource *p = ox_vec_push(&m->out->v);
	struct ox_pack_file *files = ox_arena_array(m->plan->ctx->arena, 2 * count, sizeof(*files));
	if (!p || !files)
		return ox_fail_nomem(err, "records");
	size_t record = m->out->v.len - 1;
	p->name = entries[0].item->resource->name;
	p->flags = m->plan->origin == OX_ORIGIN_STDLIB ? OX_PACK_STDLIB : 0;
	p->files = files;
	p->distribution = files + count;
	int rc = 0;
	for (size_t i = 0; !rc && i < count; i++)
		rc = add_entry(m, entries[i].item, record, err);
	p = &m->out->v.items[record];
	qsort(p->files, p->file_count, sizeof(*p->files), compare_files);
	qsort(p->distribution, p->distribution_count, sizeof(*p->distribution), compare_files);
	if (!(p->flags & ~(unsigned)OX_PACK_STDLIB) && !p->file_count && !p->distribution_count)
		m->out->v.len--; /* nothing of it is packed */
	return rc;
}

static int add_library(struct maker *m, const struct ox_packed_library *lib, struct ox_err *err)
{
	struct ox_pack_resource *p = ox_vec_push(&m->out->v);
	if (!p)
		return ox_fail_nomem(err, "records");
	p->name = lib->name;
	p->flags = OX_PACK_LIBRARY | (lib->needs_file ? OX_PACK_NEEDS_FILE : 0) |
		   (lib->prefers_file ? OX_PACK_PREFERS_FILE : 0);
	p->needs = lib->needs.names;
	p->need_count = lib->needs.count;
	return borrow(m, &lib->blob, &p->library, err);
}

/* A source that does not compile stays a source: importing it is the same SyntaxError as anywhere. */
static int keep_source(struct maker *m, size_t job, struct ox_err *err)
{
	struct ox_pack_resource *p = &m->out->v.items[m->jobs.records.items[job]];
	return p->source.data ? 0 : borrow(m, &m->jobs.v.items[job].source, &p->source, err);
}

static int compile(struct maker *m, struct ox_err *err)
{
	if (!m->jobs.v.len)
		return 0;
	int rc = ox_compile(m->plan->compiler, m->jobs.v.items, m->jobs.v.len, err);
	for (size_t i = 0; !rc && i < m->jobs.v.len; i++) {
		const struct ox_compile_job *job = &m->jobs.v.items[i];
		struct ox_pack_resource *p = &m->out->v.items[m->jobs.records.items[i]];
		rc = job->failed ? keep_source(m, i, err) : borrow(m, &job->code, &p->bytecode[job->level], err);
	}
	return rc;
}

static int make_compiled(struct maker *m, struct ox_err *err)
{
	struct ox_slice *lists = ox_arena_array(m->plan->ctx->arena, m->jobs.v.len + 1, sizeof *lists);
	size_t count = 0;
	int rc = lists ? 0 : ox_fail_nomem(err, "compiled texts");
	for (size_t i = 0; !rc && i < m->jobs.v.len; i++)
		if (m->jobs.v.items[i].compiled.size)
			rc = borrow(m, &m->jobs.v.items[i].compiled, &lists[count++], err);
	return rc ? rc : ox_compiled_write(lists, count, &m->out->compiled, err);
}

static bool has_record(const struct ox_records *records, struct ox_slice top)
{
	for (size_t i = 0; i < records->v.len; i++)
		if (ox_slice_eq(ox_top_level(records->v.items[i].name), top))
			return true;
	return false;
}

/* Packages of other segments of whose files the sources speak: a record each that only says so. */
static int mark_elsewhere(struct maker *m, struct ox_err *err)
{
	const struct ox_extract_rules *rules = m->plan->extract;
	for (size_t i = 0; i < m->file_users.len; i++) {
		const struct ox_map_entry *e = &m->file_users.entries[i];
		if (ox_file_wanted(e->value) != OX_WANTS_FILE || ox_slice_eq_str(e->key, "os") ||
		    !ox_extract_choose(rules, e->key, true) || has_record(m->out, e->key))
			continue;
		struct ox_pack_resource *p = ox_vec_push(&m->out->v);
		if (!p)
			return ox_fail_nomem(err, "records");
		*p = (struct ox_pack_resource){.name = e->key, .flags = OX_PACK_WANTS_FILE};
	}
	return 0;
}

/* In the modules' order. */
static void list_adding(struct maker *m)
{
	struct ox_buf *names = &m->out->adds_folders;
	for (size_t i = 0; i < m->file_users.len; i++) {
		const struct ox_map_entry *e = &m->file_users.entries[i];
		if (!ox_adds_folders(e->value))
			continue;
		ox_buf_str(names, names->len ? ", " : "");
		ox_buf_slice(names, e->key);
	}
}

static bool same_name(const struct ox_bundle_entry *a, const struct ox_bundle_entry *b)
{
	return ox_slice_eq(a->item->resource->name, b->item->resource->name);
}

int ox_records_make(const struct ox_segment_plan *plan, struct ox_records *out, struct ox_err *err)
{
	struct maker m = {.plan = plan, .out = out};
	int rc = 0;
	for (size_t i = 0, end; !rc && i < plan->entry_count; i = end) {
		for (end = i + 1; end < plan->entry_count && same_name(&plan->entries[i], &plan->entries[end]);)
			end++;
		if (plan->entries[i].item->resource->name.len)
			rc = add_record(&m, &plan->entries[i], end - i, err);
	}
	for (size_t i = 0; !rc && i < plan->library_count; i++)
		rc = add_library(&m, plan->libraries[i], err);
	if (!rc)
		rc = compile(&m, err);
	if (!rc)
		rc = make_compiled(&m, err);
	if (!rc && ox_mark_wants_file(out->v.items, out->v.len, &m.file_users, plan->origin == OX_ORIGIN_STDLIB,
				      plan->extract, &out->wants_file) < 0)
		rc = ox_fail_nomem(err, "packages");
	if (!rc && plan->origin != OX_ORIGIN_STDLIB && !plan->extract->never)
		rc = mark_elsewhere(&m, err);
	if (!rc && plan->origin != OX_ORIGIN_STDLIB)
		list_adding(&m);
	ox_map_free(&m.file_users);
	ox_vec_free(&m.jobs.v);
	ox_vec_free(&m.jobs.records);
	return rc;
}

void ox_records_free(struct ox_records *r)
{
	for (size_t i = 0; i < r->views.len; i++)
		ox_view_release(&r->views.items[i]);
	ox_vec_free(&r->views);
	ox_buf_free(&r->compiled);
	ox_buf_free(&r->wants_file);
	ox_buf_free(&r->adds_folders);
	ox_vec_free(&r->v);
}
