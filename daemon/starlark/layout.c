#include "daemon/starlark/layout.h"

#include "daemon/starlark/ast_same.h"
#include "daemon/starlark/layout_impl.h"

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
			return ox_fail_nomem(err, "formatting");
	}
	if (begins_with_mark(l))
		ox_buf_str(out, "\xEF\xBB\xBF");
	ox_write_file(&w);
	return ox_buf_ok(out, "the formatted text", err);
}

/* A promise that is cheap to keep: a file is never replaced by one that means something else. */
static int verify(const struct ox_node *tree, struct ox_slice name, struct ox_slice text, struct ox_arena *arena,
		  const struct ox_parse_options *options, struct ox_err *err)
{
	struct ox_source source;
	struct ox_node *again = NULL;
	int status = ox_source_init(&source, arena, name, text, err);
	if (status < 0)
		return status;
	struct ox_report report = {.source = &source, .limit = 1};
	status = ox_parse_file(&source, arena, &report, options, &again);
	if (status == OX_EEXHAUSTED)
		return ox_fail_nomem(err, "formatting");
	if (status < 0 || !ox_ast_same(tree, again, arena))
		return ox_fail(err, OX_EINTERNAL, "the formatted text would mean something else; it is not used");
	return 0;
}

int ox_layout(const struct ox_source *source, struct ox_arena *arena, struct ox_report *report,
	      const struct ox_parse_options *options, struct ox_buf *out, struct ox_err *err)
{
	struct ox_layout l = {.arena = arena};
	struct ox_buf text = {.limit = OX_LAYOUT_MAX_BYTES};
	struct ox_node *tree = NULL;
	int status = ox_parse_file(source, arena, report, options, &tree);
	if (status == OX_EEXHAUSTED)
		ox_fail_nomem(err, "formatting");
	else if (status < 0 && err)
		*err = report->first;
	if (status == 0)
		status = ox_layout_read(&l, source, report, options->nesting_limit, err);
	if (status == 0)
		status = render(&l, &text, err);
	if (status == 0)
		status = verify(tree, source->name, ox_slice(ox_buf_text(&text), text.len), arena, options, err);
	if (status == 0) {
		ox_buf_slice(out, ox_buf_view(&text));
		status = ox_buf_ok(out, "the formatted text", err);
	}
	ox_buf_free(&text);
	ox_vec_free(&l.comments);
	ox_vec_free(&l.pieces);
	return status;
}
