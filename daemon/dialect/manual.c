#include "daemon/dialect/manual.h"

#include "daemon/dialect/absent.h"
#include "daemon/dialect/config_value.h"
#include "daemon/dialect/facts.h"
#include "daemon/dialect/session.h"

struct page {
	struct ox_buf *out;
	struct ox_dialect *dialect;
	struct ox_star *plain; /* an evaluation without the dialect */
};

/* ---- text as roff ---- */

static void add_text(struct ox_buf *out, struct ox_slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		if (c == '\\')
			ox_buf_str(out, "\\e");
		else if (c == '-')
			ox_buf_str(out, "\\-");
		else
			ox_buf_byte(out, c);
	}
}

static void add_str(struct ox_buf *out, const char *text)
{
	add_text(out, ox_slice_str(text));
}

static bool ends_sentence(const char *text)
{
	size_t len = strlen(text);
	return len > 0 && strchr(".?!", text[len - 1]);
}

/* A line that begins with a capital and ends like a sentence. */
static void add_sentence(struct ox_buf *out, const char *text)
{
	char first[] = {text[0] >= 'a' && text[0] <= 'z' ? (char)(text[0] - 'a' + 'A') : text[0], '\0'};
	if (!*text)
		return;
	/* A control character of roff would begin a request. */
	if (first[0] == '.' || first[0] == '\'')
		ox_buf_str(out, "\\&");
	add_str(out, first);
	add_str(out, text + 1);
	ox_buf_str(out, ends_sentence(text) ? "\n" : ".\n");
}

/* ---- types ---- */

static const struct {
	uint32_t kind;
	const char *name;
} kinds[] = {
	{OX_STAR_T_BOOL, "bool"},   {OX_STAR_T_INT, "int"},       {OX_STAR_T_FLOAT, "float"},
	{OX_STAR_T_STRING, "string"}, {OX_STAR_T_BYTES, "bytes"}, {OX_STAR_T_LIST, "list"},
	{OX_STAR_T_TUPLE, "tuple"}, {OX_STAR_T_DICT, "dict"},     {OX_STAR_T_SET, "set"},
	{OX_STAR_T_RANGE, "range"}, {OX_STAR_T_FUNCTION, "function"}, {OX_STAR_T_OTHER, "iterable"},
};

struct alternatives {
	struct ox_buf *out;
	size_t count;
};

static void add_alternative(struct alternatives *a, const char *name)
{
	ox_buf_printf(a->out, "%s%s", a->count++ ? " or " : "", name);
}

/* "string or None"; `natives` may be NULL, then `native` (or nothing) stands for them. */
static void add_types(struct ox_buf *out, uint32_t mask, const struct ox_star_type *const *natives, const char *native)
{
	struct alternatives a = {.out = out};
	for (size_t i = 0; natives && natives[i]; i++)
		add_alternative(&a, natives[i]->name);
	if (!natives && mask & OX_STAR_T_NATIVE)
		add_alternative(&a, native ? native : "value");
	for (size_t i = 0; i < OX_COUNT(kinds); i++) {
		if (mask & kinds[i].kind)
			add_alternative(&a, kinds[i].name);
	}
	if (mask & OX_STAR_T_NONE)
		add_alternative(&a, "None");
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

/* `argument` NULL: about the name itself. */
static const struct ox_lint_fact *fact_about(const char *type, const char *name, const char *argument)
{
	for (const struct ox_lint_fact *f = ox_dialect_facts; f->name; f++) {
		if (same(type, f->type) && same(argument, f->argument) && strcmp(name, f->name) == 0)
			return f;
	}
	return NULL;
}

static void add_modern(struct page *p, const struct ox_lint_fact *fact)
{
	if (!fact || !fact->modern)
		return;
	ox_buf_str(p->out, "Of an older generation: use ");
	add_str(p->out, fact->modern);
	ox_buf_str(p->out, ".\n");
}

/* ---- functions ---- */

/* f(x, /, y=1, *, z): what stands before "/" has no name for callers, what stands after "*" needs one. */
static void add_signature(struct ox_buf *out, const struct ox_star_function *f)
{
	bool positional = false, star = false, first = true;
	ox_buf_str(out, "\\fB");
	add_str(out, f->name);
	ox_buf_str(out, "\\fR(");
	for (const struct ox_star_param *param = f->params; param && param->name; param++) {
		uint32_t kind = param->kind & OX_STAR_KIND_MASK;
		bool only = param->kind & OX_STAR_POSITIONAL_ONLY;
		if (positional && !only)
			ox_buf_str(out, ", /");
		if (param->kind & OX_STAR_NAMED_ONLY && !star)
			ox_buf_str(out, first ? "*, " : ", *");
		star |= kind == OX_STAR_REST || param->kind & OX_STAR_NAMED_ONLY;
		positional = only;
		ox_buf_str(out, first ? "" : ", ");
		ox_buf_str(out, kind == OX_STAR_REST ? "*" : kind == OX_STAR_NAMED_REST ? "**" : "");
		ox_buf_str(out, "\\fI");
		add_str(out, param->name);
		ox_buf_str(out, "\\fR");
		if (kind == OX_STAR_OPTIONAL) {
			ox_buf_byte(out, '=');
			if (param->fallback && strchr(param->fallback, '\t'))
				add_str(out, "\"\\t\"");
			else
				add_str(out, param->fallback ? param->fallback : "...");
		}
		first = false;
	}
	ox_buf_str(out, positional ? ", /)" : ")");
}

/* "name (type)" */
static void add_param_name(struct ox_buf *out, const char *name)
{
	ox_buf_str(out, ".br\n\\fI");
	add_str(out, name);
	ox_buf_str(out, "\\fR");
}

static const struct ox_star_param *param_named(const struct ox_star_function *f, const char *name)
{
	const struct ox_star_param *param = f->params;
	while (param && param->name && strcmp(param->name, name) != 0)
		param++;
	return param && param->name ? param : NULL;
}

static void add_param(struct page *p, const char *type, const struct ox_star_function *f,
		      const struct ox_star_param *param)
{
	struct ox_buf *out = p->out;
	const char *doc = param->doc ? param->doc : "";
	const struct ox_lint_fact *fact = fact_about(type, f->name, param->name);
	add_param_name(out, param->name);
	if (param->types) {
		ox_buf_str(out, " (");
		add_types(out, param->types, param->natives, NULL);
		ox_buf_byte(out, ')');
	}
	ox_buf_str(out, ": ");
	add_str(out, doc);
	if (fact && fact->modern) {
		ox_buf_str(out, "; of an older generation: use ");
		add_str(out, doc = fact->modern);
	}
	ox_buf_str(out, ends_sentence(doc) ? "\n" : ".\n");
}

/* Old names that a function takes among its **kwargs. */
static void add_old_arguments(struct page *p, const char *type, const struct ox_star_function *f)
{
	for (const struct ox_lint_fact *fact = ox_dialect_facts; fact->name; fact++) {
		if (!fact->argument || fact_about(type, f->name, fact->argument) != fact ||
		    param_named(f, fact->argument))
			continue;
		add_param_name(p->out, fact->argument);
		ox_buf_str(p->out, ": of an older generation: use ");
		add_str(p->out, fact->modern);
		ox_buf_str(p->out, ".\n");
	}
}

static void add_function(struct page *p, const char *type, const struct ox_star_function *f)
{
	struct ox_buf *out = p->out;
	const struct ox_lint_fact *fact = fact_about(type, f->name, NULL);
	ox_buf_str(out, ".TP\n");
	add_signature(out, f);
	if (f->returns) {
		ox_buf_str(out, " \\(-> ");
		add_types(out, f->returns, NULL, fact ? fact->result : NULL);
	}
	ox_buf_byte(out, '\n');
	add_sentence(out, f->doc ? f->doc : "");
	add_modern(p, fact);
	for (const struct ox_star_param *param = f->params; param && param->name; param++)
		add_param(p, type, f, param);
	add_old_arguments(p, type, f);
}

static void add_methods(struct page *p, const char *type, const struct ox_star_function *methods, bool absent)
{
	for (; methods && methods->name; methods++) {
		if ((methods->params == ox_absent_params) == absent)
			add_function(p, type, methods);
	}
}

/* ---- attributes ---- */

static void add_choices(struct ox_buf *out, const char *choices)
{
	ox_buf_str(out, "One of ");
	for (const char *at = choices; *at; at++) {
		if (*at == '|')
			ox_buf_str(out, ", ");
		else
			add_text(out, ox_slice(at, 1));
	}
	ox_buf_str(out, ".\n");
}

static void add_attribute(struct page *p, const char *type, const struct ox_star_attr_spec *attr)
{
	struct ox_buf *out = p->out;
	ox_buf_str(out, ".TP\n\\fB");
	add_str(out, attr->name);
	ox_buf_str(out, "\\fR");
	const struct ox_config_field *field =
		strcmp(type, ox_config_type_spec.name) == 0 ? ox_config_field_find(attr->name) : NULL;
	uint32_t types = attr->types ? attr->types : OX_STAR_T_BOOL;
	ox_buf_str(out, " (");
	add_types(out, types, NULL, NULL);
	ox_buf_str(out, attr->set ? ")\n" : ", cannot be set)\n");
	add_sentence(out, attr->doc ? attr->doc : "");
	if (field && field->choices)
		add_choices(out, field->choices);
	if (field && field->default_value) {
		ox_buf_str(out, "Default: ");
		add_str(out, field->default_value);
		ox_buf_str(out, ".\n");
	}
	add_modern(p, fact_about(type, attr->name, NULL));
}

static void add_type(struct page *p, const struct ox_star_type *type)
{
	ox_buf_str(p->out, ".SS ");
	add_str(p->out, type->name);
	ox_buf_byte(p->out, '\n');
	add_sentence(p->out, type->doc ? type->doc : "");
	for (const struct ox_star_attr_spec *attr = type->attrs; attr && attr->name; attr++)
		add_attribute(p, type->name, attr);
	add_methods(p, type->name, type->methods, false);
}

/* ---- the sections ---- */

static bool is_plain(const struct page *p, const char *name)
{
	const char *found;
	ox_star_value v;
	for (size_t i = 0; (found = ox_star_name_at(p->plain, i, &v)); i++) {
		if (strcmp(found, name) == 0)
			return true;
	}
	return false;
}

/* Predeclared functions: the language's, or those that the dialect adds. */
static void add_functions(struct page *p, bool plain, bool absent)
{
	struct ox_star *s = plain ? p->plain : p->dialect->star;
	const char *name;
	ox_star_value v;
	for (size_t i = 0; (name = ox_star_name_at(s, i, &v)); i++) {
		const struct ox_star_function *f = ox_star_function_spec(v);
		if (f && is_plain(p, name) == plain && (f->params == ox_absent_params) == absent)
			add_function(p, NULL, f);
	}
}

static int add_methods_of(struct page *p, const char *type, struct ox_err *err)
{
	const struct ox_star_function *methods = ox_star_methods_of(type);
	const char *name;
	ox_star_value v;
	for (size_t i = 0; !methods && (name = ox_star_name_at(p->plain, i, &v)); i++) {
		if (strcmp(name, type) == 0 && ox_star_native_type(v))
			methods = ox_star_native_type(v)->methods;
	}
	if (!methods)
		return ox_fail(err, OX_EUSAGE, "the type %s has no methods", type);
	add_methods(p, type, methods, false);
	return 0;
}

static void add_absent(struct page *p)
{
	add_functions(p, false, true);
	for (size_t i = 0; ox_dialect_types[i]; i++)
		add_methods(p, ox_dialect_types[i]->name, ox_dialect_types[i]->methods, true);
}

static void add_limits(struct page *p)
{
	const struct ox_star_options *o = ox_star_options(p->dialect->star);
	ox_buf_printf(p->out,
		      ".IP \\(bu 2\n%llu seconds of a processor's time; "
		      "what pip, compilers and the like take is not counted\n"
		      ".IP \\(bu 2\n%llu steps: turns of loops, calls and other work\n"
		      ".IP \\(bu 2\n%zu MiB of values\n"
		      ".IP \\(bu 2\n%u calls inside each other\n"
		      ".IP \\(bu 2\n%u brackets and blocks inside each other\n",
		      (unsigned long long)(o->time_limit_ms / 1000), (unsigned long long)o->step_limit,
		      o->memory_limit >> 20, o->depth_limit, o->nesting_limit);
}

static void add_codes(struct page *p)
{
	for (const struct ox_lint_code *c = ox_lint_codes; c->code; c++) {
		ox_buf_str(p->out, ".TP\n.B ");
		add_str(p->out, c->code);
		ox_buf_byte(p->out, '\n');
		add_sentence(p->out, c->doc);
	}
}

static int add_section(struct page *p, struct ox_slice line, struct ox_err *err)
{
	char type[32];
	char request[64];
	snprintf(request, sizeof request, "%.*s", OX_SLICE_ARG(line));
	if (strcmp(request, "@functions") == 0)
		add_functions(p, true, false);
	else if (strcmp(request, "@dialect") == 0)
		add_functions(p, false, false);
	else if (strcmp(request, "@absent") == 0)
		add_absent(p);
	else if (strcmp(request, "@limits") == 0)
		add_limits(p);
	else if (strcmp(request, "@lint") == 0)
		add_codes(p);
	else if (sscanf(request, "@methods %31s", type) == 1)
		return add_methods_of(p, type, err);
	else if (strcmp(request, "@types") != 0)
		return ox_fail(err, OX_EUSAGE, "the line %s stands for nothing", request);
	for (size_t i = 0; strcmp(request, "@types") == 0 && ox_dialect_types[i]; i++)
		add_type(p, ox_dialect_types[i]);
	return 0;
}

static int add_lines(struct page *p, struct ox_slice text, struct ox_err *err)
{
	int rc = 0;
	for (size_t at = 0; rc == 0 && at < text.len;) {
		const char *end = memchr(text.data + at, '\n', text.len - at);
		size_t len = end ? (size_t)(end - text.data) - at : text.len - at;
		struct ox_slice line = ox_slice(text.data + at, len);
		at += len + 1;
		if (len > 0 && line.data[0] == '@') {
			rc = add_section(p, line, err);
		} else {
			ox_buf_slice(p->out, line);
			ox_buf_byte(p->out, '\n');
		}
	}
	return rc;
}

int ox_dialect_manual(struct ox_slice text, struct ox_buf *out, struct ox_err *err)
{
	struct ox_arena arena = {0};
	struct ox_build_context context = {.arena = &arena, .cwd = "/", .triple = ""};
	struct ox_dialect_options options = {.context = &context, .config_path = ""};
	struct page p = {.out = out, .plain = ox_star_new(NULL)};
	int rc = p.plain ? ox_dialect_new(&options, &p.dialect, err) : ox_fail_nomem(err, "the manual");
	if (rc == 0)
		rc = add_lines(&p, text, err);
	if (rc == 0)
		rc = ox_buf_ok(out, "the manual", err);
	ox_dialect_free(p.dialect);
	ox_star_free(p.plain);
	ox_arena_free(&arena);
	return rc;
}
