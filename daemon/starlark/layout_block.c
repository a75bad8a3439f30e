/* Lines: statements, blocks, and the comments and empty lines between them. */
#include "daemon/starlark/layout_impl.h"

enum { INDENT_BLOCK = 4, LEVELS = OX_SCAN_INDENT_MAX + 2 };

enum line_kind { LINE_OTHER, LINE_LOAD, LINE_DEF };

/* Where the writing of a file is. */
struct file {
	struct ox_writer *w;
	const struct ox_layout *l;
	uint32_t columns[LEVELS]; /* indentation of the open blocks in the source */
	uint8_t last[LEVELS];     /* enum line_kind of the last statement of each open block */
	uint32_t level;
	uint32_t written;  /* the level of what was written last */
	uint32_t line;     /* of the source: where that ends */
	bool begins_block; /* nothing was written in this block (or file) */
	bool at_start;     /* of the file */
};

static void begin_line(struct file *f, uint32_t level, bool empty_line)
{
	if (!f->at_start) {
		if (empty_line)
			ox_buf_byte(f->w->out, '\n');
		ox_write_line_end(f->w, level * INDENT_BLOCK);
	}
	f->at_start = f->begins_block = false;
	f->written = level;
}

static enum line_kind kind_of_line(const struct ox_piece *p)
{
	return p->kind == OX_TOK_LOAD ? LINE_LOAD : p->kind == OX_TOK_DEF ? LINE_DEF : LINE_OTHER;
}

/* Is there an empty line between two statements of a block, between which `written` says that there was one? */
static bool empty_line_between(enum line_kind a, enum line_kind b, bool written)
{
	if (a == LINE_LOAD && b == LINE_LOAD)
		return false;
	return a != LINE_OTHER || b != LINE_OTHER || written;
}

/* The block that a comment belongs to: the innermost one that its column reaches. */
static uint32_t level_of_comment(const struct file *f, uint32_t comment, uint32_t highest, uint32_t lowest)
{
	uint32_t level = highest;
	while (level > lowest && f->l->comments.items[comment].column < f->columns[level])
		level--;
	return level;
}

/* Where the comments end that stand on lines next to each other and belong to the same block. */
static uint32_t group_end(const struct file *f, uint32_t at, uint32_t end, uint32_t level, uint32_t lowest)
{
	const struct ox_comment *c = f->l->comments.items;
	uint32_t i = at + 1;
	while (i < end && c[i].line == c[i - 1].line + 1 && level_of_comment(f, i, level, lowest) == level)
		i++;
	return i;
}

static bool is_clause(const struct ox_piece *p)
{
	return p->kind == OX_TOK_ELSE || p->kind == OX_TOK_ELIF;
}

/* Does an empty line stand before a group of comments? `heads`: what follows them is on the next line. */
static bool empty_line_before(const struct file *f, uint32_t line, uint32_t level, const struct ox_piece *next,
			      bool heads)
{
	bool written = line > f->line + 1;
	if (f->begins_block || (is_clause(next) && level == f->level))
		return false;
	if (f->written > level)
		return true;
	return written || (heads && level == f->level);
}

/* The comments [first, end), behind blocks up to level `highest`, before `next`, whose block is at f->level. */
static void write_comments(struct file *f, uint32_t first, uint32_t end, uint32_t highest, const struct ox_piece *next)
{
	const struct ox_comment *items = f->l->comments.items;
	while (first < end) {
		highest = level_of_comment(f, first, highest, f->level);
		uint32_t group = group_end(f, first, end, highest, f->level);
		bool heads = group == end && next->kind != OX_TOK_EOF && next->line == items[group - 1].line + 1;
		bool empty = empty_line_before(f, items[first].line, highest, next, heads);
		for (; first < group; first++) {
			begin_line(f, highest, empty);
			ox_write_comment(f->w, first);
			empty = false;
		}
		f->line = items[group - 1].line;
	}
}

/* Where the line that begins at `from` ends: its line end, a semicolon, or behind the colon of a block. */
static uint32_t line_end(const struct file *f, uint32_t from)
{
	const struct ox_piece *items = f->l->pieces.items;
	uint32_t i = from;
	while (items[i].kind != OX_TOK_NEWLINE && items[i].kind != OX_TOK_SEMI) {
		if (items[i].role == OX_ROLE_BLOCK_COLON)
			return i + 1;
		i = ox_piece_opens(&items[i]) ? items[i].partner + 1 : i + 1;
	}
	return i;
}

/* One statement, or the head of a block; returns where the next one begins. */
static uint32_t write_line(struct file *f, uint32_t at, uint32_t level, bool empty_line)
{
	const struct ox_piece *items = f->l->pieces.items;
	uint32_t end = line_end(f, at);
	if (!is_clause(&items[at]))
		f->last[level] = (uint8_t)kind_of_line(&items[at]);
	begin_line(f, level, empty_line);
	f->w->margin = level * INDENT_BLOCK;
	ox_write_pieces(f->w, at, end);
	f->begins_block = items[end - 1].role == OX_ROLE_BLOCK_COLON;
	f->line = items[end - 1].last;
	if (items[end].kind == OX_TOK_NEWLINE && ox_has_comments(f->l, end)) {
		ox_buf_str(f->w->out, "  ");
		ox_write_comment(f->w, ox_comments_first(f->l, end));
		f->line = items[end].last;
	}
	return items[end].kind == OX_TOK_NEWLINE || items[end].kind == OX_TOK_SEMI ? end + 1 : end;
}

/* What stands on one line of the source; returns what follows its line end. */
static uint32_t write_statements(struct file *f, uint32_t at, bool empty_line)
{
	const struct ox_piece *items = f->l->pieces.items;
	uint32_t level = f->level;
	do {
		at = write_line(f, at, level, empty_line);
		level += items[at - 1].role == OX_ROLE_BLOCK_COLON;
		empty_line = !f->begins_block && empty_line_between(f->last[level], kind_of_line(&items[at]), false);
	} while (items[at - 1].kind != OX_TOK_NEWLINE);
	return at;
}

/* Enter and leave blocks; returns the piece behind. */
static uint32_t change_level(struct file *f, uint32_t at)
{
	const struct ox_piece *p = f->l->pieces.items + at;
	for (; p->kind == OX_TOK_INDENT || p->kind == OX_TOK_OUTDENT; p++, at++) {
		if (p->kind == OX_TOK_OUTDENT) {
			f->level--;
		} else {
			f->columns[++f->level] = p->column;
			f->last[f->level] = LINE_OTHER;
		}
	}
	return at;
}

/* Is there an empty line between what was written last, which may be a comment, and the statement at `at`? */
static bool empty_line_above(const struct file *f, uint32_t at, bool commented)
{
	const struct ox_piece *p = &f->l->pieces.items[at];
	bool written = p->line > f->line + 1;
	if (f->begins_block || is_clause(p))
		return false;
	return commented ? written : empty_line_between(f->last[f->level], kind_of_line(p), written);
}

void ox_write_file(struct ox_writer *w)
{
	const struct ox_layout *l = w->layout;
	struct file f = {.w = w, .l = l, .begins_block = true, .at_start = true};
	for (uint32_t at = 1;;) {
		uint32_t comments = ox_comments_first(l, at), highest = f.level;
		at = change_level(&f, at);
		const struct ox_piece *next = &l->pieces.items[at];
		uint32_t end = next->comments_end;
		highest = highest > f.level ? highest : f.level;
		/* A comment of a block that was left says nothing about what follows it. */
		bool commented = comments < end && level_of_comment(&f, end - 1, highest, f.level) == f.level;
		write_comments(&f, comments, end, highest, next);
		if (next->kind == OX_TOK_EOF)
			break;
		at = write_statements(&f, at, empty_line_above(&f, at, commented));
	}
	if (!f.at_start)
		ox_buf_byte(w->out, '\n');
}
