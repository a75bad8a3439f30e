/* layout_impl.h - what the parts of the layout share. Private.
 *
 * layout_read.c turns a text into pieces (tokens that will be written, with what was learned about each) and
 * comments; layout_bracket.c decides about brackets while they are read; layout_write.c writes expressions and
 * layout_block.c lines and blocks. */
#ifndef OX_STARLARK_LAYOUT_IMPL_H
#define OX_STARLARK_LAYOUT_IMPL_H

#include "daemon/starlark/layout.h"
#include "daemon/starlark/parse.h"
#include "daemon/starlark/scan.h"
#include "proto/base/vec.h"

enum ox_piece_role {
	OX_ROLE_NONE,
	OX_ROLE_BINARY,
	OX_ROLE_PREFIX,      /* + - ~ of one operand, * and ** before an argument or parameter */
	OX_ROLE_BLOCK_COLON, /* ends the head of a block */
	OX_ROLE_LAMBDA_COLON,
	OX_ROLE_SLICE_COLON,
	OX_ROLE_FOR_IN,
	OX_ROLE_SEPARATOR, /* a comma between elements of a bracket */
	/* Openers. */
	OX_ROLE_PAREN, /* round one expression */
	OX_ROLE_TUPLE,
	OX_ROLE_LIST, /* or comprehension */
	OX_ROLE_DICT, /* or comprehension */
	OX_ROLE_INDEX,
	OX_ROLE_CALL,
	OX_ROLE_PARAMS,
};

/* 48 bytes each: a bound on what a hostile text can take. */
enum { OX_LAYOUT_PIECES_MAX = 1 << 22 };

/* Whether a comma goes behind a bracket's last element. */
enum ox_last_comma { OX_COMMA_NEVER, OX_COMMA_OVER_LINES, OX_COMMA_ALWAYS };

struct ox_comment {
	struct ox_slice text; /* from the #, without blanks at its end */
	uint32_t line, column;
	bool own_line;
};

struct ox_piece {
	struct ox_slice text;  /* as it is written */
	uint32_t line, last;   /* of the source, from 1 */
	uint32_t comments_end; /* the comments before it: from where the previous piece's end to here */
	uint32_t column;       /* of INDENT: the block's indentation in the source */
	uint32_t partner;      /* of a bracket: its other end */
	uint32_t parent;       /* the innermost bracket around; 0: none, since no opener is the first piece of all */
	uint8_t kind;          /* enum ox_token_kind */
	uint8_t role;          /* enum ox_piece_role */
	uint8_t last_comma;    /* of an opener: enum ox_last_comma */
	bool over_lines;       /* of an opener: one element a line */
	bool starts_element;
	bool breaks_before; /* a line end inside an expression that is kept */
};

struct ox_layout {
	struct ox_arena *arena;
	OX_VEC(struct ox_piece) pieces; /* the first is no token, the last EOF */
	OX_VEC(struct ox_comment) comments;
};

/* A bracket (or, at the bottom, a statement) that is being read. */
struct ox_open {
	uint32_t piece;
	uint32_t lambdas; /* whose colon is still to come */
	uint32_t separators;
	bool in_for; /* between for and in */
	bool comprehension;
};

struct ox_reader {
	struct ox_layout *layout;
	struct ox_scanner sc;
	uint32_t end, line; /* where the last token ended */
	struct ox_open *open;
	uint32_t depth;
};

/* OX_EEXHAUSTED: a limit or memory; which of them is the same to people. */
int ox_layout_exhausted(struct ox_err *err);
int ox_layout_read(struct ox_layout *l, const struct ox_source *source, struct ox_report *report,
		   uint32_t nesting_limit, struct ox_err *err);
/* The token as it is written: quotes chosen, line ends normalised. .data NULL when memory ran out. */
struct ox_slice ox_layout_token_text(struct ox_arena *arena, const struct ox_token *tok, struct ox_slice raw);

/* Classify the piece just read; openers and closers also enter and leave r->open. */
void ox_layout_classify(struct ox_reader *r, uint32_t at);
/* Sort the names of the load whose opener this is, unless there are comments among them. False when memory
 * ran out. */
bool ox_layout_sort_load(struct ox_layout *l, uint32_t opener);

struct ox_writer {
	struct ox_layout *layout;
	struct ox_buf *out;
	uint32_t column;
	uint32_t margin; /* indentation of the lines of the block or bracket */
	uint32_t anchor; /* column for the further lines of an element or statement; UINT32_MAX: of the next piece */
};

/* The comments before a piece: indices [first, end). */
static inline uint32_t ox_comments_first(const struct ox_layout *l, uint32_t at)
{
	return at ? l->pieces.items[at - 1].comments_end : 0;
}

static inline bool ox_has_comments(const struct ox_layout *l, uint32_t at)
{
	return ox_comments_first(l, at) < l->pieces.items[at].comments_end;
}

bool ox_piece_opens(const struct ox_piece *p);
bool ox_piece_closes(const struct ox_piece *p);
bool ox_piece_ends_operand(const struct ox_piece *p);

void ox_write_line_end(struct ox_writer *w, uint32_t indent); /* and the blanks of the next line */
void ox_write_comment(struct ox_writer *w, uint32_t comment);
/* Pieces [from, to) on lines that begin at the margin. */
void ox_write_pieces(struct ox_writer *w, uint32_t from, uint32_t to);
void ox_write_file(struct ox_writer *w);

#endif
