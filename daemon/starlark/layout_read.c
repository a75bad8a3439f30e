/* From text to pieces and comments. */
#include "daemon/starlark/layout_impl.h"

static struct ox_piece *last_piece(struct ox_reader *r)
{
	return &r->layout->pieces.items[r->layout->pieces.len - 1];
}

/* Does a new statement begin behind this piece? */
static bool between_lines(const struct ox_piece *p)
{
	return p->kind == OX_TOK_NEWLINE || p->kind == OX_TOK_INDENT || p->kind == OX_TOK_OUTDENT ||
	       p->kind == OX_TOK_EOF;
}

/* The column of what stands at `at`, behind nothing but blanks: as the scanner counts. */
static uint32_t indentation(const struct ox_scanner *sc, uint32_t at)
{
	uint32_t start = at, column = 0;
	while (start > 0 && memchr(" \t\r\f", sc->text[start - 1], 4))
		start--;
	for (; start < at; start++) {
		char c = sc->text[start];
		if (c == ' ')
			column++;
		else if (c == '\t')
			column = column / 8 * 8 + 8;
		else if (c == '\f')
			column = 0;
	}
	return column;
}

static bool add_comment(struct ox_reader *r, uint32_t at, uint32_t end, bool own_line)
{
	struct ox_comment *c = ox_vec_push(&r->layout->comments);
	if (!c)
		return false;
	c->line = r->line;
	c->own_line = own_line;
	c->column = own_line ? indentation(&r->sc, at) : 0;
	while (end > at && memchr(" \t\r\f\v", r->sc.text[end - 1], 5))
		end--;
	c->text = ox_slice(r->sc.text + at, end - at);
	return true;
}

/* Blanks, joined lines and comments up to the next token. */
static bool read_gap(struct ox_reader *r, uint32_t start)
{
	bool own_line = between_lines(last_piece(r));
	const char *text = r->sc.text;
	for (uint32_t at = r->end; at < start; at++) {
		if (text[at] == '\n') {
			r->line++;
			own_line = true;
		} else if (text[at] == '#') {
			const char *nl = memchr(text + at, '\n', start - at);
			uint32_t end = nl ? (uint32_t)(nl - text) : start;
			if (!add_comment(r, at, end, own_line))
				return false;
			at = end - 1;
		}
	}
	return true;
}

/* What goes to the left of a comment rather than to its right: it has to stay on the line of what it follows.
 * (A dot goes to the right.) */
static bool comes_before_comments(const struct ox_piece *p)
{
	return p->role == OX_ROLE_BINARY || p->kind == OX_TOK_COMMA || p->kind == OX_TOK_COLON || p->kind == OX_TOK_EQ;
}

/* A line end beside a binary operator is kept behind it, one beside a dot before that. */
static void keep_breaks(struct ox_reader *r, uint32_t at)
{
	struct ox_piece *p = r->layout->pieces.items + at;
	if (p[-1].role == OX_ROLE_BINARY)
		p->breaks_before = p->line > p[-2].last;
	else if (p->kind == OX_TOK_DOT)
		p->breaks_before = p->line > p[-1].last;
	else if (p[-1].kind == OX_TOK_DOT && p->line > p[-1].last)
		p[-1].breaks_before = true;
}

static bool take_piece(struct ox_reader *r, const struct ox_token *tok)
{
	struct ox_layout *l = r->layout;
	struct ox_piece *p = l->pieces.len < OX_LAYOUT_PIECES_MAX ? ox_vec_push(&l->pieces) : NULL;
	if (!p)
		return false;
	uint32_t at = (uint32_t)l->pieces.len - 1;
	p->kind = (uint8_t)tok->kind;
	p->line = r->line;
	p->text = ox_layout_token_text(l->arena, tok,
				       ox_slice(r->sc.text + tok->span.start, tok->span.end - tok->span.start));
	p->comments_end = (uint32_t)l->comments.len;
	for (uint32_t i = tok->span.start; i < tok->span.end; i++)
		r->line += r->sc.text[i] == '\n';
	p->last = tok->kind == OX_TOK_NEWLINE ? p->line : r->line;
	if (tok->kind == OX_TOK_INDENT)
		p->column = indentation(&r->sc, tok->span.start);
	ox_layout_classify(r, at);
	p = &l->pieces.items[l->pieces.len - 1];
	if (r->depth && comes_before_comments(p))
		p->comments_end = p[-1].comments_end;
	if (p[-1].kind == OX_TOK_DOT)
		p[-1].comments_end = p->comments_end;
	keep_breaks(r, (uint32_t)l->pieces.len - 1);
	return p->text.data != NULL;
}

/* `not in` is one operator. */
static bool joins_not(struct ox_reader *r, const struct ox_token *tok)
{
	struct ox_piece *p = last_piece(r);
	if (tok->kind != OX_TOK_IN || p->kind != OX_TOK_NOT || p->role != OX_ROLE_BINARY)
		return false;
	p->text = OX_SLICE("not in");
	p->last = r->line;
	return true;
}

static bool take(struct ox_reader *r, const struct ox_token *tok)
{
	struct ox_layout *l = r->layout;
	if (!read_gap(r, tok->span.start))
		return false;
	r->end = tok->span.end;
	if (joins_not(r, tok))
		return true;
	if (tok->kind == OX_TOK_NEWLINE) {
		if (last_piece(r)->kind == OX_TOK_SEMI)
			l->pieces.len--;
		if (between_lines(last_piece(r))) {
			r->line += tok->span.end > tok->span.start;
			return true;
		}
	}
	return take_piece(r, tok);
}

static int read_tokens(struct ox_reader *r, struct ox_err *err)
{
	struct ox_token tok;
	r->end = r->sc.at; /* behind a byte order mark */
	r->line = 1;
	do {
		ox_scan_next(&r->sc, &tok);
		if (!take(r, &tok))
			return ox_layout_exhausted(err);
	} while (tok.kind != OX_TOK_EOF);
	return 0;
}

int ox_layout_read(struct ox_layout *l, const struct ox_source *source, struct ox_report *report,
		   uint32_t nesting_limit, struct ox_err *err)
{
	struct ox_reader *r = ox_arena_alloc(l->arena, sizeof *r);
	if (!r || !ox_vec_push(&l->pieces))
		return ox_layout_exhausted(err);
	r->layout = l;
	r->open = ox_arena_array(l->arena, OX_SCAN_BRACKET_MAX + 1, sizeof *r->open);
	if (!r->open)
		return ox_layout_exhausted(err);
	if (!ox_scan_init(&r->sc, source, l->arena, report, nesting_limit))
		return ox_fail(err, OX_EUSAGE, "the text is not UTF-8");
	return read_tokens(r, err);
}
