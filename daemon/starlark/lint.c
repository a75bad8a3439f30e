#include "daemon/starlark/lint_impl.h"
#include "daemon/starlark/parse.h"

enum { NESTING_LIMIT = 200, ERRORS_TOLD = 20, MEMORY_LIMIT = 256 << 20 };

const struct ox_lint_code ox_lint_codes[] = {
    {"comparison", "a comparison whose outcome is fixed, or of a type's name with a function"},
    {"deprecated", "a name, attribute or argument of an older generation; the hint says what is written today"},
    {"duplicate-key", "a key that is twice in one dict"},
    {"no-effect", "a statement that computes something and drops it"},
    {"not-available", "a call of something that this program does not have"},
    {"read-only", "an assignment to an attribute that can only be read"},
    {"rebound-global", "a global name that is bound again, without its old value being looked at"},
    {"shadowed-name", "a name of the language or the dialect that is bound to something else"},
    {"unknown-argument", "a keyword that the function does not take"},
    {"unknown-attribute", "an attribute or method that the value does not have"},
    {"unknown-name", "a name that is bound nowhere"},
    {"unreachable", "statements after one that never goes on"},
    {"unused-global", "a global that nothing uses, in a file that others do not load or with a private name"},
    {"unused-load", "a loaded name that nothing uses"},
    {"unused-parameter", "a parameter that the function does not use, of a function that is only called by name"},
    {"unused-value", "a call that is made for its result, which is dropped"},
    {"unused-variable", "a local variable that nothing reads"},
    {"wrong-arguments", "too many or too few arguments"},
    {"wrong-type", "a value of a type that is not taken there"},
    {0},
};

struct finding {
	struct ox_diagnostic d;
	size_t order;
};

/* Keeps what is told until all is known, to sort it. */
struct collector {
	struct ox_sink sink;
	struct ox_arena *arena;
	OX_VEC(struct finding) list;
	bool exhausted;
};

static void keep(struct ox_sink *self, const struct ox_event *event)
{
	struct collector *c = (struct collector *)self;
	struct finding *f = ox_vec_push(&c->list);
	if (f) {
		f->d = event->as.diagnostic;
		f->order = c->list.len;
		f->d.message = ox_arena_slice(c->arena, f->d.message);
		f->d.hint = ox_arena_slice(c->arena, f->d.hint);
		f->d.notes = ox_arena_slice(c->arena, f->d.notes);
	}
	if (!f || !f->d.message.data || !f->d.hint.data || !f->d.notes.data)
		c->exhausted = true;
}

static int compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	if (x->d.line != y->d.line)
		return x->d.line < y->d.line ? -1 : 1;
	if (x->d.column != y->d.column)
		return x->d.column < y->d.column ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* What follows "# lint: disable=" on the line; `alone`: only when nothing stands before it. */
static struct ox_slice disabled_on(const struct ox_source *source, uint32_t line, bool alone)
{
	static const char mark[] = "# lint: disable=";
	struct ox_slice text = line > 0 ? ox_source_line(source, line) : OX_SLICE("");
	for (size_t i = 0; i + sizeof mark - 1 < text.len; i++) {
		if (memcmp(text.data + i, mark, sizeof mark - 1) == 0)
			return ox_slice(text.data + i + sizeof mark - 1, text.len - i - sizeof mark + 1);
		if (alone && text.data[i] != ' ' && text.data[i] != '\t')
			break;
	}
	return OX_SLICE("");
}

static bool has_code(struct ox_slice list, struct ox_slice code)
{
	while (list.len > 0) {
		size_t n = 0;
		while (n < list.len && list.data[n] != ',' && list.data[n] != ' ' && list.data[n] != '\t')
			n++;
		struct ox_slice word = ox_slice(list.data, n);
		if (ox_slice_eq(word, code) || ox_slice_eq_str(word, "all"))
			return true;
		if (n < list.len && list.data[n] != ',')
			break; /* a remark follows */
		n += n < list.len;
		list = ox_slice(list.data + n, list.len - n);
	}
	return false;
}

static bool is_disabled(const struct ox_source *source, const struct ox_diagnostic *d)
{
	return d->severity != OX_SEVERITY_ERROR && (has_code(disabled_on(source, d->line, false), d->code) ||
						    has_code(disabled_on(source, d->line - 1, true), d->code));
}

static void emit_sorted(const struct ox_source *source, struct collector *c, struct ox_sink *sink, size_t *findings)
{
	if (c->list.len > 0)
		qsort(c->list.items, c->list.len, sizeof *c->list.items, compare);
	for (size_t i = 0; i < c->list.len; i++) {
		const struct ox_diagnostic *d = &c->list.items[i].d;
		if (is_disabled(source, d))
			continue;
		*findings += d->severity != OX_SEVERITY_ERROR;
		ox_emit(sink, &(struct ox_event){.type = OX_EVENT_DIAGNOSTIC, .as.diagnostic = *d});
	}
}

void ox_lint_tell(struct ox_lint *l, const char *code, struct ox_span span, const char *hint, const char *fmt, ...)
{
	struct ox_buf text = {0};
	va_list ap;
	va_start(ap, fmt);
	ox_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	struct ox_remark remark = {.severity = OX_SEVERITY_WARNING, .code = code, .hint = hint, .span = span};
	ox_report(&l->report, &remark, "%s", ox_buf_text(&text));
	l->exhausted |= text.failed;
	ox_buf_free(&text);
}

static bool is_predeclared(void *user, struct ox_slice name)
{
	const struct ox_lint_tables *t = user;
	const struct ox_star_function *ignored;
	return t->find(t->user, name, &ignored);
}

static void each_predeclared(void *user, struct ox_nearest *nearest)
{
	const struct ox_lint_tables *t = user;
	t->each(t->user, nearest);
}

static int check(struct ox_lint *l, struct ox_err *err)
{
	struct ox_node *tree = NULL;
	struct ox_parse_options parse = {.nesting_limit = NESTING_LIMIT};
	struct ox_resolve_options resolve = {
	    .unknown = OX_UNKNOWN_LATER,
	    .predeclared = is_predeclared,
	    .each = each_predeclared,
	    .user = (void *)(uintptr_t)l->tables,
	};
	int rc = ox_parse_file(&l->source, &l->arena, &l->report, &parse, &tree);
	if (rc == 0)
		rc = ox_resolve(tree, false, &l->globals, &l->arena, &l->report, &resolve, &l->resolution);
	if (rc == OX_EUSAGE)
		return ox_fail(err, rc, "%s", l->report.first.text);
	if (rc == 0) {
		l->function = l->resolution.top;
		ox_lint_collect(l, tree);
		ox_lint_names(l);
		ox_lint_flow(l, tree);
	}
	return rc != 0 || l->exhausted ? ox_fail_nomem(err, "the remarks on a file") : 0;
}

int ox_lint(struct ox_slice name, struct ox_slice text, const struct ox_lint_tables *tables, struct ox_sink *sink,
	    size_t *findings, struct ox_err *err)
{
	struct ox_lint l = {.tables = tables, .arena.limit = MEMORY_LIMIT};
	struct collector c = {.sink.emit = keep, .arena = &l.arena};
	l.report = (struct ox_report){.sink = &c.sink, .source = &l.source, .limit = ERRORS_TOLD};
	int rc = ox_source_init(&l.source, &l.arena, name, text, err);
	if (rc == 0)
		rc = check(&l, err);
	if (c.exhausted)
		rc = ox_fail_nomem(err, "the remarks on a file");
	if (rc == 0 || rc == OX_EUSAGE)
		emit_sorted(&l.source, &c, sink, findings);
	ox_vec_free(&c.list);
	ox_vec_free(&l.targets);
	ox_map_free(&l.names);
	ox_resolution_free(&l.resolution);
	ox_globals_free(&l.globals);
	ox_arena_free(&l.arena);
	return rc;
}
