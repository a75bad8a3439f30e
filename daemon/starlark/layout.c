#include "daemon/starlark/layout.h"

#include "daemon/starlark/ast_same.h"
#include "daemon/starlark/layout_impl.h"

enum { ERRORS_TOLD = 20, MEMORY_LIMIT = 256 << 20 };

static const struct ox_parse_options parse_options = {.nesting_limit = 200};

int ox_layout_exhausted(struct ox_err *err)
{
	return ox_fail(err, OX_EEXHAUSTED, "the text is too large to be formatted, or memory ran out");
}

/* A name at the very start that begins like a byte order mark would be taken for one. */
static bool begins_with_mark(const struct ox_layout *l)
{
	return !ox_has_comments(l, 1) && ox_slice_starts(l->pieces.items[1].text, OX_SLICE("\xEF\xBB\xBF"));
}

static int render(struct ox_layout *l, struct ox_buf *out, struct ox_err *err)
{
	struct ox_writer w = {.layout = l, .out = out};
	for (uint32_t i = 1; i < l->pieces.len; i++) {
		if (l->pieces.items[i - 1].kind == OX_TOK_LOAD && !ox_layout_sort_load(l, i))
			return ox_layout_exhausted(err);
	}
	if (begins_with_mark(l))
		ox_buf_str(out, "\xEF\xBB\xBF");
	ox_write_file(&w);
	return ox_buf_ok(out, "the formatted text", err);
}

/* A promise that is cheap to keep: a file is never replaced by one that means something else. */
static int verify(const struct ox_node *tree, struct ox_slice text, struct ox_arena *arena, struct ox_err *err)
{
	struct ox_source source;
	struct ox_node *again = NULL;
	int status = ox_source_init(&source, arena, OX_SLICE("the formatted text"), text, err);
	if (status < 0)
		return status;
	struct ox_report report = {.source = &source, .limit = 1};
	status = ox_parse_file(&source, arena, &report, &parse_options, &again);
	if (status == OX_EEXHAUSTED)
		return ox_layout_exhausted(err);
	if (status < 0 || !ox_ast_same(tree, again, arena))
		return ox_fail(err, OX_EINTERNAL, "the formatted text would mean something else; it is not used");
	return 0;
}

static int parse(const struct ox_source *source, struct ox_arena *arena, struct ox_report *report,
		 struct ox_node **tree, struct ox_err *err)
{
	int status = ox_parse_file(source, arena, report, &parse_options, tree);
	if (status == OX_EEXHAUSTED)
		return ox_layout_exhausted(err);
	if (status < 0 && err)
		*err = report->first;
	return status;
}

int ox_layout(struct ox_slice name, struct ox_slice text, struct ox_sink *sink, struct ox_buf *out, struct ox_err *err)
{
	struct ox_arena arena = {.limit = MEMORY_LIMIT};
	struct ox_layout l = {.arena = &arena};
	struct ox_buf result = {.limit = OX_LAYOUT_MAX_BYTES};
	struct ox_source source;
	struct ox_report report = {.sink = sink, .source = &source, .limit = ERRORS_TOLD};
	struct ox_node *tree = NULL;
	int status = ox_source_init(&source, &arena, name, text, err);
	if (status == 0)
		status = parse(&source, &arena, &report, &tree, err);
	if (status == 0)
		status = ox_layout_read(&l, &source, &report, parse_options.nesting_limit, err);
	if (status == 0)
		status = render(&l, &result, err);
	if (status == 0)
		status = verify(tree, ox_slice(ox_buf_text(&result), result.len), &arena, err);
	if (status == 0) {
		ox_buf_slice(out, ox_buf_view(&result));
		status = ox_buf_ok(out, "the formatted text", err);
	}
	ox_buf_free(&result);
	ox_vec_free(&l.comments);
	ox_vec_free(&l.pieces);
	ox_arena_free(&arena);
	return status;
}
