/* From text to a module: the phases in order; load(); freezing. */
#include "daemon/starlark/compile.h"
#include "daemon/starlark/parse.h"

#include "daemon/starlark/thread.h"

enum { ERRORS_TOLD = 20, SOURCE_COPIES = 64 /* tree bytes per source byte, at most */ };

/* One text on its way to code. */
struct job {
	struct ox_star *s;
	struct ox_star_module *module;
	struct ox_source *source; /* in the heap: code refers to it */
	struct ox_arena tree;
	struct ox_report report;
	bool expression;
};

static bool is_predeclared(void *user, struct ox_slice name)
{
	const struct job *j = user;
	return ox_star_ok(ox_predeclared_get(j->s, name));
}

static void each_predeclared(void *user, struct ox_nearest *near)
{
	const struct ox_star *s = ((const struct job *)user)->s;
	for (size_t i = 0; i < s->predeclared.len; i++)
		ox_nearest_offer(near, s->predeclared.entries[i].key);
}

static void keep_unknown(void *user, struct ox_span span, struct ox_slice name, const char *hint)
{
	struct job *j = user;
	struct ox_slice kept = hint ? ox_star_copy(j->s, ox_slice_str(hint)) : ox_slice(NULL, 0);
	struct ox_unknown_use *u = ox_vec_push(&j->s->unknown);
	if (u)
		*u = (struct ox_unknown_use){j->source, span, name, kept.data};
	else
		ox_fail_memory(j->s);
}

static int prepare(struct job *j, struct ox_slice name, struct ox_slice text, struct ox_err *err)
{
	struct ox_star *s = j->s;
	struct ox_slice kept_name = ox_star_copy(s, name), kept = ox_star_copy(s, text);
	j->source = ox_star_alloc(s, sizeof *j->source);
	if (!j->source || !kept.data || !kept_name.data)
		return ox_report_failure(s, err);
	j->report = (struct ox_report){.sink = s->options.sink, .source = j->source, .limit = ERRORS_TOLD};
	j->tree.limit = s->options.memory_limit;
	/* Line starts outlive the tree. */
	return ox_source_init(j->source, &j->module->arena, kept_name, kept, err);
}

static int told(const struct job *j, int code, struct ox_err *err)
{
	if (code == OX_EEXHAUSTED)
		return ox_fail(err, code, "%.*s: the file needs too much memory", OX_SLICE_ARG(j->source->name));
	return ox_fail(err, OX_EUSAGE, "%s", j->report.first.text);
}

static int parse(struct job *j, struct ox_node **tree)
{
	struct ox_parse_options options = {.nesting_limit = j->s->options.nesting_limit};
	if (j->expression)
		return ox_parse_expression(j->source, &j->tree, &j->report, &options, tree);
	return ox_parse_file(j->source, &j->tree, &j->report, &options, tree);
}

static int resolve(struct job *j, struct ox_node *tree, struct ox_resolution *names)
{
	const struct ox_star_options *o = &j->s->options;
	bool late = o->names == OX_STAR_NAMES_LATE && !j->expression;
	struct ox_resolve_options options = {
	    .unknown = late ? OX_UNKNOWN_LATER : OX_UNKNOWN_ERROR,
	    .spec_top_level = o->spec_top_level,
	    .predeclared = is_predeclared,
	    .each = each_predeclared,
	    .later = keep_unknown,
	    .user = j,
	};
	int status = ox_resolve(tree, j->expression, &j->module->names, &j->module->arena, &j->report, &options, names);
	if (status == 0 && ox_star_failing(j->s)) { /* in keep_unknown */
		ox_forget_failure(j->s);
		ox_resolution_free(names);
		status = OX_EEXHAUSTED;
	}
	return status;
}

/* Text to code. 0 and *code, or reported. */
static int translate(struct job *j, const struct ox_proto **code, struct ox_err *err)
{
	struct ox_node *tree = NULL;
	struct ox_resolution names = {0};
	int status = parse(j, &tree);
	if (status == 0)
		status = resolve(j, tree, &names);
	if (status < 0)
		return told(j, status, err);
	*code = ox_compile_module(j->s, &names, tree, j->expression, j->source, &j->report);
	ox_resolution_free(&names);
	if (*code)
		return 0;
	return ox_star_failing(j->s) ? ox_report_failure(j->s, err) : told(j, OX_EUSAGE, err);
}

static int grow_globals(struct ox_star_module *m)
{
	while (m->values.len < m->names.list.len) {
		if (!ox_vec_push(&m->values))
			return -1;
	}
	return 0;
}

static struct ox_star_module *new_module(struct ox_star *s, struct ox_slice name)
{
	struct ox_star_module *m = calloc(1, sizeof *m);
	struct ox_slice kept = m ? ox_star_copy(s, name) : ox_slice(NULL, 0);
	if (!kept.data) {
		free(m);
		ox_fail_memory(s);
		return NULL;
	}
	m->name = kept;
	m->arena.limit = s->options.memory_limit;
	m->older = s->modules;
	s->modules = m;
	return m;
}

/* Compile and run in a module; *result is what an expression gives. */
static int run_text(struct ox_star *s, struct ox_star_module *m, struct ox_slice text, bool expression,
		    ox_star_value *result, struct ox_err *err)
{
	struct job j = {.s = s, .module = m, .expression = expression};
	const struct ox_proto *code = NULL;
	int status = prepare(&j, m->name, text, err);
	if (status == 0)
		status = translate(&j, &code, err);
	ox_arena_free(&j.tree);
	if (status < 0)
		return status;
	bool started = ox_time_go(s);
	*result = grow_globals(m) == 0 ? ox_run_toplevel(s, code, m) : ox_fail_memory(s);
	if (started)
		ox_time_stop(s);
	return ox_star_failing(s) ? s->failure.code : 0;
}

int ox_star_eval(struct ox_star *s, const char *file, struct ox_slice text, struct ox_star_module **module,
		 struct ox_err *err)
{
	struct ox_star_module *m = new_module(s, ox_slice_str(file));
	ox_star_value ignored;
	if (!m)
		return ox_report_failure(s, err);
	void **entry = ox_map_put(&s->loaded, m->name, NULL);
	if (entry)
		*entry = m; /* so that a load() that comes back is seen as a cycle */
	m->state = OX_MODULE_LOADING;
	int status = run_text(s, m, text, false, &ignored, err);
	m->state = status < 0 ? OX_MODULE_FAILED : OX_MODULE_READY;
	if (ox_star_failing(s))
		status = ox_report_failure(s, err);
	if (module && status == 0)
		*module = m;
	return status;
}

int ox_star_eval_expr(struct ox_star *s, const char *file, struct ox_slice text, struct ox_star_module *module,
		      ox_star_value *result, struct ox_err *err)
{
	struct ox_star_module *m = module ? module : new_module(s, ox_slice_str(file));
	ox_star_value v = OX_STAR_FAILED;
	if (!m)
		return ox_report_failure(s, err);
	struct ox_slice name = m->name;
	m->name = ox_star_copy(s, ox_slice_str(file));
	int status = m->name.data ? run_text(s, m, text, true, &v, err) : OX_EEXHAUSTED;
	m->name = name;
	if (ox_star_failing(s))
		return ox_report_failure(s, err);
	if (status == 0)
		*result = v;
	return status;
}

int ox_star_check(struct ox_star *s, const char *file, struct ox_slice text, struct ox_err *err)
{
	struct ox_star_module *m = new_module(s, ox_slice_str(file));
	if (!m)
		return ox_report_failure(s, err);
	struct job j = {.s = s, .module = m};
	struct ox_node *tree = NULL;
	struct ox_resolution names = {0};
	int status = prepare(&j, m->name, text, err);
	if (status == 0) {
		status = parse(&j, &tree);
		if (status == 0)
			status = resolve(&j, tree, &names);
		if (status < 0)
			status = told(&j, status, err);
		ox_resolution_free(&names);
	}
	ox_arena_free(&j.tree);
	ox_star_tell_unknown(s);
	return status;
}

ox_star_value ox_star_global(const struct ox_star_module *module, struct ox_slice name)
{
	const struct ox_binding *b = ox_map_get(&module->names.map, name);
	return b && b->slot < module->values.len ? module->values.items[b->slot] : OX_STAR_FAILED;
}

bool ox_star_global_at(const struct ox_star_module *module, size_t i, struct ox_slice *name, ox_star_value *v)
{
	if (i >= module->values.len)
		return false;
	*name = module->names.list.items[i]->name;
	*v = module->values.items[i];
	return true;
}

/* ---- load ---- */

/* "a.bzl -> b.bzl -> a.bzl" */
static void cycle(struct ox_star *s, const struct ox_star_module *from)
{
	struct ox_buf chain = {0};
	const struct ox_star_module *path[OX_NATIVE_DEPTH_MAX];
	size_t n = 0;
	/* Modules are listed newest first, and those still loading are the path here. */
	for (const struct ox_star_module *m = s->modules; m && n < OX_COUNT(path); m = m->older) {
		if (m->state == OX_MODULE_LOADING)
			path[n++] = m;
		if (m == from)
			break;
	}
	while (n--)
		ox_buf_printf(&chain, "%.*s -> ", OX_SLICE_ARG(path[n]->name));
	ox_star_fail_with(s, "load-cycle", NULL, "files load each other: %s%.*s", ox_part(s, &chain),
			  OX_SLICE_ARG(from->name));
	ox_buf_free(&chain);
}

static int fetch(struct ox_star *s, struct ox_slice wanted, const struct ox_star_module *from,
		 struct ox_star_source *source)
{
	struct ox_err err = {0};
	if (!s->options.load) {
		ox_star_fail_with(s, "load", NULL, "load is not available here");
		return -1;
	}
	if (s->options.load(s->options.user, s, from->name, wanted, source, &err) == 0 && !ox_star_failing(s))
		return 0;
	if (!ox_star_failing(s))
		ox_fail_code(s, OX_EUSAGE, "load", NULL, "cannot load \"%.*s\": %s", OX_SLICE_ARG(wanted), err.text);
	return -1;
}

static struct ox_star_module *run_loaded(struct ox_star *s, const struct ox_star_source *source)
{
	struct ox_star_module *m = new_module(s, source->name);
	void **entry = m ? ox_map_put(&s->loaded, m->name, NULL) : NULL;
	struct ox_err err = {0};
	ox_star_value ignored;
	if (!entry) {
		ox_fail_memory(s);
		return NULL;
	}
	*entry = m;
	m->state = OX_MODULE_LOADING;
	int status = run_text(s, m, source->text, false, &ignored, &err);
	m->state = OX_MODULE_FAILED;
	if (status < 0) {
		/* What is wrong was told at its place. */
		if (!ox_star_failing(s))
			ox_fail_code(s, status, "load", NULL, "cannot load %.*s: %s", OX_SLICE_ARG(source->name),
				     status == OX_EUSAGE ? "it has errors" : err.text);
		return NULL;
	}
	m->state = OX_MODULE_READY;
	for (size_t i = 0; i < m->values.len; i++) {
		if (ox_star_ok(m->values.items[i]) && ox_star_freeze(s, m->values.items[i]) < 0)
			return NULL;
	}
	return m;
}

static struct ox_star_module *load_module(struct ox_star *s, struct ox_slice wanted, struct ox_star_module *from)
{
	struct ox_star_source source = {0};
	if (fetch(s, wanted, from, &source) < 0)
		return NULL;
	struct ox_star_module *m = ox_map_get(&s->loaded, source.name);
	if (!m) {
		if (s->native_depth < OX_NATIVE_DEPTH_MAX / 2)
			return run_loaded(s, &source);
		ox_fail_code(s, OX_EEXHAUSTED, "depth-limit", NULL, "files load each other too deeply");
	} else if (m->state == OX_MODULE_READY) {
		return m;
	} else if (m->state == OX_MODULE_LOADING) {
		cycle(s, m);
	} else {
		ox_star_fail_with(s, "load", NULL, "cannot load %.*s: it has an error", OX_SLICE_ARG(source.name));
	}
	return NULL;
}

struct ox_star *ox_star_new(const struct ox_star_options *options)
{
	static const struct ox_machine machine = {ox_run_closure, load_module};
	return ox_thread_new(options, &machine);
}
