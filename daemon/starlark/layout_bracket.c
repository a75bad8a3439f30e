/* What each piece is, and how brackets are written. */
#include "daemon/starlark/layout_impl.h"

bool ox_piece_opens(const struct ox_piece *p)
{
	return p->kind == OX_TOK_LPAREN || p->kind == OX_TOK_LBRACK || p->kind == OX_TOK_LBRACE;
}

bool ox_piece_closes(const struct ox_piece *p)
{
	return p->kind == OX_TOK_RPAREN || p->kind == OX_TOK_RBRACK || p->kind == OX_TOK_RBRACE;
}

bool ox_piece_ends_operand(const struct ox_piece *p)
{
	return (p->kind >= OX_TOK_IDENT && p->kind <= OX_TOK_BYTES) || ox_piece_closes(p);
}

static bool begins_statement(const struct ox_piece *p)
{
	return p[-1].kind == OX_TOK_EOF || p[-1].kind == OX_TOK_NEWLINE || p[-1].kind == OX_TOK_INDENT ||
	       p[-1].kind == OX_TOK_OUTDENT || p[-1].kind == OX_TOK_SEMI || p[-1].role == OX_ROLE_BLOCK_COLON;
}

static enum ox_piece_role role_of_opener(const struct ox_piece *p)
{
	bool suffix = ox_piece_ends_operand(&p[-1]);
	if (p->kind == OX_TOK_LBRACE)
		return OX_ROLE_DICT;
	if (p->kind == OX_TOK_LBRACK)
		return suffix ? OX_ROLE_INDEX : OX_ROLE_LIST;
	if (p[-1].kind == OX_TOK_IDENT && p[-2].kind == OX_TOK_DEF)
		return OX_ROLE_PARAMS;
	return suffix || p[-1].kind == OX_TOK_LOAD ? OX_ROLE_CALL : OX_ROLE_PAREN;
}

static enum ox_piece_role role_of_colon(const struct ox_reader *r, struct ox_open *open)
{
	if (open->lambdas) {
		open->lambdas--;
		return OX_ROLE_LAMBDA_COLON;
	}
	if (!r->depth)
		return OX_ROLE_BLOCK_COLON;
	return r->layout->pieces.items[open->piece].role == OX_ROLE_INDEX ? OX_ROLE_SLICE_COLON : OX_ROLE_NONE;
}

static enum ox_piece_role role_of_comma(const struct ox_reader *r, struct ox_open *open)
{
	struct ox_piece *opener = &r->layout->pieces.items[open->piece];
	if (!r->depth || open->lambdas || open->in_for || opener->role == OX_ROLE_INDEX)
		return OX_ROLE_NONE;
	if (opener->role == OX_ROLE_PAREN)
		opener->role = OX_ROLE_TUPLE;
	open->separators++;
	return OX_ROLE_SEPARATOR;
}

static enum ox_piece_role role_of_in(struct ox_open *open)
{
	enum ox_piece_role role = open->in_for ? OX_ROLE_FOR_IN : OX_ROLE_BINARY;
	open->in_for = false;
	return role;
}

static enum ox_piece_role role_of_operator(const struct ox_piece *p)
{
	bool binary = ox_piece_ends_operand(&p[-1]);
	if (p->kind >= OX_TOK_PLUS && p->kind <= OX_TOK_GTGT)
		return binary ? OX_ROLE_BINARY : OX_ROLE_PREFIX;
	if (p->kind == OX_TOK_TILDE || p->kind == OX_TOK_STARSTAR)
		return OX_ROLE_PREFIX;
	if (p->kind >= OX_TOK_EQEQ && p->kind <= OX_TOK_GE)
		return OX_ROLE_BINARY;
	if (p->kind == OX_TOK_AND || p->kind == OX_TOK_OR || (p->kind == OX_TOK_NOT && binary))
		return OX_ROLE_BINARY;
	return OX_ROLE_NONE;
}

/* The comma before a closer goes: whether one is written follows from the layout. */
static void drop_last_comma(struct ox_reader *r, struct ox_open *open)
{
	struct ox_piece *closer = &r->layout->pieces.items[r->layout->pieces.len - 1];
	if (closer[-1].role != OX_ROLE_SEPARATOR)
		return;
	open->separators--;
	closer[-1] = *closer;
	r->layout->pieces.len--;
}

/* In a comprehension: clauses begin elements; an `if` that belongs to an `else` is no clause. */
static void mark_clauses(struct ox_layout *l, uint32_t opener, uint32_t closer)
{
	struct ox_piece *items = l->pieces.items;
	uint32_t elses = 0;
	for (uint32_t i = closer - 1; i > opener; i--) {
		if (ox_piece_closes(&items[i]))
			i = items[i].partner;
		else if (items[i].kind == OX_TOK_ELSE)
			elses++;
		else if (items[i].kind == OX_TOK_FOR)
			items[i].starts_element = true;
		else if (items[i].kind == OX_TOK_IF && elses)
			elses--;
		else if (items[i].kind == OX_TOK_IF)
			items[i].starts_element = true;
	}
}

/* Was an element (or the closer) written on another line than what is before it? */
static bool written_over_lines(const struct ox_layout *l, uint32_t opener, uint32_t closer)
{
	const struct ox_piece *items = l->pieces.items;
	if (items[opener].role == OX_ROLE_INDEX)
		return ox_has_comments(l, opener + 1) || ox_has_comments(l, closer);
	uint32_t line = items[opener].last;
	for (uint32_t i = opener + 1; i < closer; i++) {
		if (items[i].starts_element && items[i].line > line)
			return true;
		if (ox_piece_opens(&items[i]))
			i = items[i].partner;
		if (items[i].role != OX_ROLE_SEPARATOR)
			line = items[i].last;
	}
	return (closer > opener + 1 || ox_has_comments(l, closer)) && items[closer].line > line;
}

/* Is the last argument *args or **kwargs? buildifier writes no comma behind those. */
static bool ends_with_star(const struct ox_piece *items, uint32_t closer)
{
	uint32_t at = closer - 1;
	while (!items[at].starts_element)
		at = ox_piece_closes(&items[at]) ? items[at].partner : at - 1;
	return items[at].role == OX_ROLE_PREFIX && (items[at].kind == OX_TOK_STAR || items[at].kind == OX_TOK_STARSTAR);
}

static enum ox_last_comma last_comma(const struct ox_layout *l, const struct ox_open *open)
{
	const struct ox_piece *items = l->pieces.items;
	switch (items[open->piece].role) {
	case OX_ROLE_TUPLE:
		return open->separators ? OX_COMMA_OVER_LINES : OX_COMMA_ALWAYS;
	case OX_ROLE_LIST:
	case OX_ROLE_DICT:
		return open->comprehension ? OX_COMMA_NEVER : OX_COMMA_OVER_LINES;
	case OX_ROLE_CALL:
		return ends_with_star(items, items[open->piece].partner) ? OX_COMMA_NEVER : OX_COMMA_OVER_LINES;
	default:
		return OX_COMMA_NEVER;
	}
}

static void enter(struct ox_reader *r, uint32_t at)
{
	struct ox_piece *p = &r->layout->pieces.items[at];
	p->role = (uint8_t)role_of_opener(p);
	r->open[++r->depth] = (struct ox_open){.piece = at};
}

static void leave(struct ox_reader *r)
{
	struct ox_layout *l = r->layout;
	struct ox_open *open = &r->open[r->depth--];
	drop_last_comma(r, open);
	uint32_t at = (uint32_t)l->pieces.len - 1;
	struct ox_piece *opener = &l->pieces.items[open->piece], *closer = &l->pieces.items[at];
	opener->partner = at;
	closer->partner = open->piece;
	closer->parent = opener->parent;
	closer->starts_element = false;
	if (at == open->piece + 1 && !ox_has_comments(l, at))
		return;
	if (open->comprehension)
		mark_clauses(l, open->piece, at);
	opener->over_lines = written_over_lines(l, open->piece, at);
	opener->last_comma = at == open->piece + 1 ? OX_COMMA_NEVER : (uint8_t)last_comma(l, open);
}

void ox_layout_classify(struct ox_reader *r, uint32_t at)
{
	struct ox_piece *p = &r->layout->pieces.items[at];
	struct ox_open *open = &r->open[r->depth];
	p->parent = r->depth ? open->piece : 0;
	p->starts_element = r->depth && (at == open->piece + 1 || p[-1].role == OX_ROLE_SEPARATOR);
	if (!r->depth && begins_statement(p))
		*open = (struct ox_open){0};
	if (ox_piece_opens(p))
		enter(r, at);
	else if (ox_piece_closes(p) && r->depth)
		leave(r);
	else if (p->kind == OX_TOK_COLON)
		p->role = (uint8_t)role_of_colon(r, open);
	else if (p->kind == OX_TOK_COMMA)
		p->role = (uint8_t)role_of_comma(r, open);
	else if (p->kind == OX_TOK_IN)
		p->role = (uint8_t)role_of_in(open);
	else
		p->role = (uint8_t)role_of_operator(p);
	open->lambdas += p->kind == OX_TOK_LAMBDA;
	open->in_for |= p->kind == OX_TOK_FOR;
	open->comprehension |= p->kind == OX_TOK_FOR;
}
