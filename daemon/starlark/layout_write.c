/* Expressions: which bracket stays on its line, and what stands between two pieces. */
#include "daemon/starlark/layout_impl.h"

enum { INDENT_BRACKET = 4, INDENT_PARAMS = 8, INDENT_DOT = 4 };

static void put(struct ox_writer *w, struct ox_slice text)
{
	const char *start = text.data;
	ox_buf_slice(w->out, text);
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n')
			start = text.data + i + 1;
	}
	if (start != text.data)
		w->column = 0;
	for (; start < text.data + text.len; start++)
		w->column += ((unsigned char)*start & 0xC0) != 0x80;
}

void ox_write_line_end(struct ox_writer *w, uint32_t indent)
{
	ox_buf_byte(w->out, '\n');
	for (uint32_t i = 0; i < indent; i++)
		ox_buf_byte(w->out, ' ');
	w->column = indent;
}

void ox_write_comment(struct ox_writer *w, uint32_t comment)
{
	ox_buf_slice(w->out, w->layout->comments.items[comment].text);
}

static bool space_between(const struct ox_piece *a, const struct ox_piece *b)
{
	if (ox_piece_opens(a) || ox_piece_closes(b) || b->kind == OX_TOK_COMMA || b->kind == OX_TOK_COLON)
		return false;
	if (b->kind == OX_TOK_DOT)
		return a->kind == OX_TOK_INT; /* 1.real would be a float */
	if (a->kind == OX_TOK_DOT || a->role == OX_ROLE_PREFIX || a->role == OX_ROLE_SLICE_COLON)
		return false;
	return !(b->role == OX_ROLE_CALL || b->role == OX_ROLE_PARAMS || b->role == OX_ROLE_INDEX);
}

/* Columns up to the end or the first line end. */
static uint32_t first_line_width(struct ox_slice text)
{
	uint32_t width = 0;
	for (size_t i = 0; i < text.len && text.data[i] != '\n'; i++)
		width += ((unsigned char)text.data[i] & 0xC0) != 0x80;
	return width;
}

static bool is_empty_bracket(const struct ox_layout *l, uint32_t opener)
{
	return l->pieces.items[opener].partner == opener + 1 && !ox_has_comments(l, opener + 1);
}

/* Does the line go on behind piece i, which is outside of the bracket that is being measured? */
static bool line_may_end_behind(const struct ox_layout *l, uint32_t i)
{
	const struct ox_piece *p = &l->pieces.items[i];
	if (p->role == OX_ROLE_SEPARATOR)
		return l->pieces.items[p->parent].over_lines;
	if (ox_piece_opens(p))
		return p->role != OX_ROLE_INDEX && !is_empty_bracket(l, i);
	return p->role == OX_ROLE_BLOCK_COLON;
}

/* Does the line end before piece i, if the bracket that is being measured stays on its line? */
static bool line_ends_before(const struct ox_layout *l, uint32_t i, uint32_t closer)
{
	const struct ox_piece *p = &l->pieces.items[i];
	if (p->kind == OX_TOK_NEWLINE || p->kind == OX_TOK_SEMI || p->breaks_before || ox_has_comments(l, i))
		return true;
	return i > closer && ox_piece_closes(p) && l->pieces.items[p->partner].over_lines &&
	       l->pieces.items[p->partner].role != OX_ROLE_PARAMS;
}

/* Can the bracket whose opener was just written go on in this line? True when breaking it would not help. */
static bool fits(const struct ox_writer *w, uint32_t opener)
{
	const struct ox_layout *l = w->layout;
	const struct ox_piece *items = l->pieces.items;
	uint32_t column = w->column, closer = items[opener].partner, i = opener + 1;
	if (column > OX_LAYOUT_WIDTH || items[opener].role == OX_ROLE_INDEX)
		return true;
	for (; column <= OX_LAYOUT_WIDTH && !line_ends_before(l, i, closer); i++) {
		column += space_between(&items[i - 1], &items[i]) + first_line_width(items[i].text);
		if (ox_piece_closes(&items[i]))
			column += items[items[i].partner].last_comma == OX_COMMA_ALWAYS;
		if (memchr(items[i].text.data, '\n', items[i].text.len))
			break;
		if (i < closer ? items[i].over_lines : i > closer && line_may_end_behind(l, i))
			break;
	}
	if (i > closer && ox_piece_closes(&items[i]) && items[items[i].partner].last_comma != OX_COMMA_NEVER)
		column++; /* the comma that will be written behind */
	return column <= OX_LAYOUT_WIDTH;
}

static uint32_t element_end(const struct ox_piece *items, uint32_t at, uint32_t closer)
{
	for (uint32_t i = at; i < closer; i++) {
		if (i > at && items[i].starts_element)
			return i;
		if (ox_piece_opens(&items[i]))
			i = items[i].partner;
	}
	return closer;
}

/* A bracket round nothing but what ends in another one: f(g([...])). Can it stay on its line, up to the inner
 * opener, and leave it to that one to be written over several lines? */
static bool leaves_it_to_inner(const struct ox_writer *w, uint32_t opener)
{
	const struct ox_layout *l = w->layout;
	const struct ox_piece *items = l->pieces.items;
	uint32_t column = w->column, closer = items[opener].partner, inner = items[closer - 1].partner;
	if (!ox_piece_closes(&items[closer - 1]) || items[inner].role == OX_ROLE_INDEX || is_empty_bracket(l, inner) ||
	    items[opener].role == OX_ROLE_PARAMS || element_end(items, opener + 1, closer) != closer)
		return false;
	for (uint32_t i = opener + 1; i <= inner && column <= OX_LAYOUT_WIDTH; i++) {
		if (line_ends_before(l, i, closer) || memchr(items[i].text.data, '\n', items[i].text.len))
			return false;
		column += space_between(&items[i - 1], &items[i]) + first_line_width(items[i].text);
	}
	return column <= OX_LAYOUT_WIDTH;
}

/* Comments inside of an expression, and the line's end behind them. */
static void write_inner_comments(struct ox_writer *w, uint32_t at, uint32_t indent)
{
	const struct ox_layout *l = w->layout;
	uint32_t first = ox_comments_first(l, at);
	for (uint32_t i = first; i < l->pieces.items[at].comments_end; i++) {
		if (i == first && !l->comments.items[i].own_line)
			ox_buf_str(w->out, "  ");
		else
			ox_write_line_end(w, indent);
		ox_write_comment(w, i);
	}
	ox_write_line_end(w, indent);
}

/* What follows begins the part of the line that further lines are aligned with. */
static bool resets_anchor(const struct ox_piece *p)
{
	switch (p->kind) {
	case OX_TOK_EQ:
	case OX_TOK_COLON:
	case OX_TOK_IF:
	case OX_TOK_ELIF:
	case OX_TOK_ELSE:
	case OX_TOK_RETURN:
		return true;
	default:
		return p->role == OX_ROLE_SEPARATOR || p->role == OX_ROLE_FOR_IN ||
		       (p->kind >= OX_TOK_PLUS_EQ && p->kind <= OX_TOK_GTGT_EQ);
	}
}

/* The line's end, or the space, between piece i and what was written before it on this line. */
static void write_gap(struct ox_writer *w, uint32_t i)
{
	const struct ox_layout *l = w->layout;
	const struct ox_piece *p = &l->pieces.items[i];
	uint32_t indent = p->kind == OX_TOK_DOT ? w->margin + INDENT_DOT : w->anchor;
	if (indent == UINT32_MAX)
		indent = w->margin + INDENT_BRACKET;
	if (ox_has_comments(l, i)) {
		write_inner_comments(w, i, indent);
	} else if (p->breaks_before) {
		if (!p->parent)
			ox_buf_str(w->out, " \\");
		ox_write_line_end(w, indent);
	} else if (space_between(p - 1, p)) {
		put(w, OX_SLICE(" "));
	}
}

/* Comments before an element (or the closer) of a bracket over several lines. The one behind the previous
 * element, on its line, stays there. */
static void write_element_comments(struct ox_writer *w, uint32_t at, bool is_first)
{
	const struct ox_layout *l = w->layout;
	uint32_t first = ox_comments_first(l, at), above = l->pieces.items[at - 1].last;
	for (uint32_t i = first; i < l->pieces.items[at].comments_end; i++) {
		const struct ox_comment *c = &l->comments.items[i];
		if (i == first && !c->own_line && !is_first) {
			ox_buf_str(w->out, "  ");
		} else {
			if (c->line > above + 1)
				ox_buf_byte(w->out, '\n');
			ox_write_line_end(w, w->margin);
		}
		ox_write_comment(w, i);
		above = c->line;
	}
}

static void write_bracket(struct ox_writer *w, uint32_t opener);

/* Is one of the operators, up to where the anchor is set anew, followed by a line end? */
static bool has_break(const struct ox_piece *items, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to && !resets_anchor(&items[i]); i++) {
		if (i > from && items[i].breaks_before && items[i].kind != OX_TOK_DOT)
			return true;
		if (ox_piece_opens(&items[i]))
			i = items[i].partner;
	}
	return false;
}

void ox_write_pieces(struct ox_writer *w, uint32_t from, uint32_t to)
{
	const struct ox_piece *items = w->layout->pieces.items;
	uint32_t margin = w->margin;
	w->anchor = UINT32_MAX;
	for (uint32_t i = from; i < to; i++) {
		if (i > from)
			write_gap(w, i);
		if (w->anchor == UINT32_MAX) {
			w->anchor = w->column;
			w->margin = has_break(items, i, to) ? w->column : margin;
		}
		put(w, items[i].text);
		if (resets_anchor(&items[i])) {
			w->anchor = UINT32_MAX;
			w->margin = margin;
		}
		if (ox_piece_opens(&items[i])) {
			write_bracket(w, i);
			i = items[i].partner;
		}
	}
	w->margin = margin;
}

/* One element a line. */
static void write_over_lines(struct ox_writer *w, uint32_t opener)
{
	struct ox_layout *l = w->layout;
	struct ox_piece *items = l->pieces.items;
	uint32_t closer = items[opener].partner, outer = w->margin;
	items[opener].over_lines = true;
	w->margin += items[opener].role == OX_ROLE_PARAMS ? INDENT_PARAMS : INDENT_BRACKET;
	for (uint32_t at = opener + 1, end; at < closer; at = end) {
		end = element_end(items, at, closer);
		write_element_comments(w, at, at == opener + 1);
		ox_write_line_end(w, w->margin);
		ox_write_pieces(w, at, end);
	}
	if (items[opener].last_comma != OX_COMMA_NEVER)
		put(w, OX_SLICE(","));
	write_element_comments(w, closer, closer == opener + 1);
	w->margin = outer;
	if (items[opener].role != OX_ROLE_PARAMS || ox_has_comments(l, closer))
		ox_write_line_end(w, outer);
}

/* The opener was written: the rest up to the closer. */
static void write_bracket(struct ox_writer *w, uint32_t opener)
{
	const struct ox_piece *items = w->layout->pieces.items;
	uint32_t closer = items[opener].partner, anchor = w->anchor;
	if (!is_empty_bracket(w->layout, opener)) {
		if (items[opener].over_lines || !(fits(w, opener) || leaves_it_to_inner(w, opener))) {
			write_over_lines(w, opener);
		} else {
			ox_write_pieces(w, opener + 1, closer);
			if (items[opener].last_comma == OX_COMMA_ALWAYS)
				put(w, OX_SLICE(","));
		}
	}
	put(w, items[closer].text);
	w->anchor = anchor;
}
