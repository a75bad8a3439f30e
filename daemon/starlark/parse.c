/* Statements, and what all of the parser uses. */
#include "daemon/starlark/parse_impl.h"

#include "proto/base/buf.h"

static struct ox_node *block(struct ox_parser *p, const char *owner);

void ox_p_advance(struct ox_parser *p)
{
	p->last_end = p->tok.span.end;
	ox_scan_next(&p->sc, &p->tok);
	while (p->tok.kind == OX_TOK_BAD) {
		p->failed = true; /* it was reported: what follows from it need not be */
		ox_scan_next(&p->sc, &p->tok);
	}
}

bool ox_p_take(struct ox_parser *p, enum ox_token_kind kind)
{
	if (p->failed || p->tok.kind != kind)
		return false;
	ox_p_advance(p);
	return true;
}

void ox_p_error(struct ox_parser *p, struct ox_span span, const char *hint, const char *fmt, ...)
{
	if (p->failed)
		return;
	p->failed = true;
	struct ox_buf text = {0};
	va_list ap;
	va_start(ap, fmt);
	ox_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	ox_report(p->sc.report,
		  &(struct ox_remark){.severity = OX_SEVERITY_ERROR, .code = "syntax", .span = span, .hint = hint},
		  "%s", ox_buf_text(&text));
	ox_buf_free(&text);
}

/* What the next token is, for a person. */
static const char *describe(const struct ox_parser *p, char out[static 64])
{
	const struct ox_token *t = &p->tok;
	if (t->kind == OX_TOK_IDENT || t->kind == OX_TOK_RESERVED || t->kind == OX_TOK_INT || t->kind == OX_TOK_FLOAT)
		snprintf(out, 64, "'%.*s'", (int)(t->text.len < 40 ? t->text.len : 40), t->text.data);
	else if (t->kind <= OX_TOK_BYTES)
		snprintf(out, 64, "%s", ox_token_text(t->kind));
	else
		snprintf(out, 64, "'%s'", ox_token_text(t->kind));
	return out;
}

/* The innermost open bracket explains most surprises on a later line. */
static void opener_hint(const struct ox_parser *p, char out[static 96])
{
	out[0] = '\0';
	if (p->sc.depth == 0)
		return;
	const struct ox_scan_bracket *b = &p->sc.brackets[p->sc.depth - 1];
	uint32_t line = ox_source_line_of(p->sc.source, b->offset);
	if (line != ox_source_line_of(p->sc.source, p->tok.span.start))
		snprintf(out, 96, "is a closing bracket missing? '%c' on line %u is still open", b->opener, line);
}

/* At the end of the file, a bracket that is still open is what is wrong. */
static bool never_closed(struct ox_parser *p)
{
	if (p->failed || p->tok.kind != OX_TOK_EOF || p->sc.depth == 0)
		return false;
	const struct ox_scan_bracket *b = &p->sc.brackets[p->sc.depth - 1];
	ox_p_error(p, (struct ox_span){b->offset, b->offset + 1}, NULL, "'%c' is never closed: '%c' is missing",
		   b->opener,
		   b->opener == '('   ? ')'
		   : b->opener == '[' ? ']'
				      : '}');
	return true;
}

void ox_p_unexpected(struct ox_parser *p, const char *wanted)
{
	char what[64], hint[96];
	if (never_closed(p))
		return;
	opener_hint(p, hint);
	const char *more = p->tok.kind == OX_TOK_INDENT ? "remove the blanks at the start of the line" : hint;
	ox_p_error(p, p->tok.span, *more ? more : NULL, "got %s where %s should be", describe(p, what), wanted);
}

bool ox_p_expect(struct ox_parser *p, enum ox_token_kind kind, const char *where)
{
	if (ox_p_take(p, kind))
		return true;
	if (p->failed || never_closed(p))
		return false;
	char what[64], hint[96];
	opener_hint(p, hint);
	const char *quote = kind <= OX_TOK_BYTES ? "" : "'";
	ox_p_error(p, p->tok.span, *hint ? hint : NULL, "got %s where %s%s%s should be %s", describe(p, what), quote,
		   ox_token_text(kind), quote, where);
	return false;
}

bool ox_p_close(struct ox_parser *p, enum ox_token_kind closer, struct ox_span opener)
{
	if (ox_p_take(p, closer))
		return true;
	if (p->failed)
		return false;
	const struct ox_source *src = p->sc.source;
	uint32_t line = ox_source_line_of(src, opener.start);
	char open = src->text.data[opener.start], what[64];
	if (never_closed(p))
		return false;
	if (line == ox_source_line_of(src, p->tok.span.start))
		ox_p_error(p, p->tok.span, NULL, "got %s where ',' or '%s' should be", describe(p, what),
			   ox_token_text(closer));
	else
		ox_p_error(p, p->tok.span, NULL, "got %s where ',' or '%s' should be, to close the '%c' on line %u",
			   describe(p, what), ox_token_text(closer), open, line);
	return false;
}

bool ox_p_enter(struct ox_parser *p)
{
	if (p->nesting >= p->nesting_limit * 2) {
		ox_p_error(p, p->tok.span, NULL, "this is nested too deeply (limit %u)", p->nesting_limit);
		p->sc.at = p->sc.len; /* going on would only repeat it */
		return false;
	}
	p->nesting++;
	return true;
}

void ox_p_leave(struct ox_parser *p)
{
	p->nesting--;
}

static uint16_t chain_depth(const struct ox_node *n)
{
	uint16_t depth = 0;
	for (; n; n = n->next)
		depth = n->depth > depth ? n->depth : depth;
	return depth;
}

/* Of no kind: ox_p_append passes over it. */
static struct ox_node *spare(struct ox_parser *p)
{
	p->failed = p->exhausted = true;
	p->sc.at = p->sc.len;
	memset(&p->spare, 0, sizeof p->spare);
	return &p->spare;
}

struct ox_node *ox_p_node(struct ox_parser *p, enum ox_node_kind kind, uint32_t start, struct ox_node *a,
			  struct ox_node *b, struct ox_node *c)
{
	struct ox_node *n = ox_arena_alloc(p->sc.arena, sizeof *n);
	if (!n)
		return spare(p);
	uint16_t depth = chain_depth(a), second = chain_depth(b), third = chain_depth(c);
	depth = depth > second ? depth : second;
	depth = depth > third ? depth : third;
	n->kind = (uint8_t)kind;
	n->span = n->point = (struct ox_span){start, p->last_end};
	n->a = a;
	n->b = b;
	n->c = c;
	n->depth = depth + 1;
	if (n->depth > OX_TREE_DEPTH_MAX) {
		ox_p_error(p, n->span, "split it into several statements",
			   "this expression is too long or nested too deeply");
		p->sc.at = p->sc.len;
	}
	return n;
}

void ox_p_append(struct ox_chain *chain, struct ox_node *node)
{
	if (!node || !node->kind)
		return;
	if (!chain->last)
		chain->last = &chain->first;
	*chain->last = node;
	while (node->next)
		node = node->next;
	chain->last = &node->next;
}

static struct ox_node *param(struct ox_parser *p, enum ox_token_kind closer)
{
	uint32_t start = p->tok.span.start;
	enum ox_token_kind op = p->tok.kind;
	struct ox_node *name = NULL, *value = NULL;
	if (op == OX_TOK_STAR || op == OX_TOK_STARSTAR)
		ox_p_advance(p);
	else
		op = OX_TOK_EOF;
	bool bare = op == OX_TOK_STAR && (p->tok.kind == OX_TOK_COMMA || p->tok.kind == closer);
	if (!bare)
		name = ox_p_ident(p);
	if (!p->failed && op == OX_TOK_EOF && ox_p_take(p, OX_TOK_EQ))
		value = ox_p_test(p);
	struct ox_node *n = ox_p_node(p, OX_NODE_PARAM, start, name, value, NULL);
	n->op = (uint8_t)op;
	return n;
}

static void check_param(struct ox_parser *p, const struct ox_node *params, const struct ox_node *last)
{
	bool star = false, optional = false, starstar = false;
	int count = 0;
	for (const struct ox_node *n = params; n != last; n = n->next) {
		if (++count == OX_NAMED_MAX)
			ox_p_error(p, last->span, NULL, "a function may have at most %d parameters", OX_NAMED_MAX);
		if (n->a && last->a && ox_slice_eq(n->a->text, last->a->text))
			ox_p_error(p, last->span, NULL, "parameter '%.*s' is there twice", OX_SLICE_ARG(n->a->text));
		star |= n->op == OX_TOK_STAR;
		starstar |= n->op == OX_TOK_STARSTAR;
		optional |= n->op == 0 && n->b;
	}
	if (starstar)
		ox_p_error(p, last->span, NULL, "no parameter may follow **kwargs");
	else if (star && last->op == OX_TOK_STAR)
		ox_p_error(p, last->span, NULL, "a function may have only one *");
	else if (!star && optional && last->op == 0 && !last->b)
		ox_p_error(p, last->span, NULL, "a parameter without default may not follow one with a default");
}

struct ox_node *ox_p_params(struct ox_parser *p, enum ox_token_kind closer)
{
	struct ox_chain chain = {0};
	while (!p->failed && p->tok.kind != closer) {
		struct ox_node *n = param(p, closer);
		if (p->failed)
			break;
		ox_p_append(&chain, n);
		check_param(p, chain.first, n);
		if (!ox_p_take(p, OX_TOK_COMMA))
			break;
	}
	if (!p->failed && chain.first) {
		struct ox_node *n = chain.first;
		while (n->next)
			n = n->next;
		if (n->op == OX_TOK_STAR && !n->a)
			ox_p_error(p, n->span, NULL, "a parameter must follow the bare *");
	}
	return chain.first;
}

static struct ox_node *def_statement(struct ox_parser *p)
{
	uint32_t start = p->tok.span.start;
	ox_p_advance(p);
	struct ox_node *name = ox_p_ident(p);
	struct ox_span open = p->tok.span;
	if (!ox_p_expect(p, OX_TOK_LPAREN, "after the function's name"))
		return NULL;
	struct ox_node *params = ox_p_params(p, OX_TOK_RPAREN);
	ox_p_close(p, OX_TOK_RPAREN, open);
	ox_p_expect(p, OX_TOK_COLON, "after the parameters");
	struct ox_node *body = block(p, "def");
	struct ox_node *n = ox_p_node(p, OX_NODE_DEF, start, name, params, body);
	if (name)
		n->point = name->span;
	return n;
}

static struct ox_node *if_statement(struct ox_parser *p)
{
	uint32_t start = p->tok.span.start;
	if (!ox_p_enter(p))
		return NULL;
	ox_p_advance(p);
	struct ox_node *cond = ox_p_test(p), *body, *other = NULL;
	ox_p_expect(p, OX_TOK_COLON, "after the condition");
	body = block(p, "if");
	if (p->tok.kind == OX_TOK_ELIF && !p->failed) {
		other = if_statement(p);
	} else if (ox_p_take(p, OX_TOK_ELSE)) {
		ox_p_expect(p, OX_TOK_COLON, "after else");
		other = block(p, "else");
	}
	ox_p_leave(p);
	return ox_p_node(p, OX_NODE_IF, start, cond, body, other);
}

static struct ox_node *for_statement(struct ox_parser *p)
{
	uint32_t start = p->tok.span.start;
	ox_p_advance(p);
	struct ox_node *vars = ox_p_loop_variables(p);
	ox_p_expect(p, OX_TOK_IN, "after the loop variables");
	struct ox_node *in = ox_p_expression(p);
	ox_p_expect(p, OX_TOK_COLON, "after what is looped over");
	struct ox_node *body = block(p, "for");
	return ox_p_node(p, OX_NODE_FOR, start, vars, in, body);
}

/* One of: "name", local = "name". */
static struct ox_node *load_name(struct ox_parser *p)
{
	uint32_t start = p->tok.span.start;
	struct ox_token tok = p->tok;
	struct ox_node *local = NULL;
	if (tok.kind == OX_TOK_IDENT) {
		local = ox_p_ident(p);
		ox_p_expect(p, OX_TOK_EQ, "after the local name");
		tok = p->tok;
	}
	if (!ox_p_expect(p, OX_TOK_STRING, "for a name to load"))
		return NULL;
	if (!local) {
		local = ox_p_node(p, OX_NODE_IDENT, start, NULL, NULL, NULL);
		local->text = tok.text;
	}
	struct ox_node *n = ox_p_node(p, OX_NODE_LOAD_NAME, start, local, NULL, NULL);
	n->text = tok.text;
	n->point = tok.span;
	if (!ox_scan_is_name(tok.text))
		ox_p_error(p, tok.span, NULL, "'%.*s' is no name", OX_SLICE_ARG(tok.text));
	else if (tok.text.data[0] == '_')
		ox_p_error(p, tok.span, NULL, "'%.*s' is private to its file: it begins with _",
			   OX_SLICE_ARG(tok.text));
	return n;
}

static struct ox_node *load_statement(struct ox_parser *p)
{
	struct ox_span at = p->tok.span;
	ox_p_advance(p);
	struct ox_span open = p->tok.span;
	if (!ox_p_expect(p, OX_TOK_LPAREN, "after load"))
		return NULL;
	struct ox_token file = p->tok;
	if (!ox_p_expect(p, OX_TOK_STRING, "as the first argument of load"))
		return NULL;
	struct ox_node *module = ox_p_node(p, OX_NODE_STRING, file.span.start, NULL, NULL, NULL);
	module->text = file.text;
	struct ox_chain names = {0};
	while (!p->failed && ox_p_take(p, OX_TOK_COMMA) && p->tok.kind != OX_TOK_RPAREN)
		ox_p_append(&names, load_name(p));
	ox_p_close(p, OX_TOK_RPAREN, open);
	if (!names.first && !p->failed)
		ox_p_error(p, at, "load(\"file.bzl\", \"name\")", "load needs at least one name");
	struct ox_node *n = ox_p_node(p, OX_NODE_LOAD, at.start, module, names.first, NULL);
	n->point = file.span;
	return n;
}

static bool check_target(struct ox_parser *p, const struct ox_node *t, bool augmented)
{
	if (!t || p->failed)
		return false;
	switch (t->kind) {
	case OX_NODE_IDENT:
	case OX_NODE_DOT:
	case OX_NODE_INDEX:
		return true;
	case OX_NODE_LIST:
	case OX_NODE_TUPLE:
		for (const struct ox_node *n = t->a; n && !augmented; n = n->next) {
			if (!check_target(p, n, false))
				return false;
		}
		if (!augmented)
			return true;
		break;
	default:
		break;
	}
	ox_p_error(p, t->span, NULL, "this cannot be assigned to");
	return false;
}

static struct ox_node *simple_expression(struct ox_parser *p)
{
	uint32_t start = p->tok.span.start;
	struct ox_node *x = ox_p_expression(p);
	struct ox_span at = p->tok.span;
	enum ox_token_kind op = p->tok.kind;
	if (p->failed)
		return NULL;
	if (op == OX_TOK_EQ) {
		check_target(p, x, false);
		ox_p_take(p, OX_TOK_EQ);
		struct ox_node *value = ox_p_expression(p);
		if (p->tok.kind == OX_TOK_EQ)
			ox_p_error(p, p->tok.span, NULL, "only one assignment per statement");
		struct ox_node *n = ox_p_node(p, OX_NODE_ASSIGN, start, x, value, NULL);
		n->point = x->span;
		return n;
	}
	if (op >= OX_TOK_PLUS_EQ && op <= OX_TOK_GTGT_EQ) {
		check_target(p, x, true);
		ox_p_take(p, op);
		struct ox_node *n = ox_p_node(p, OX_NODE_AUGMENTED, start, x, ox_p_expression(p), NULL);
		n->op = (uint8_t)(op - OX_TOK_PLUS_EQ + OX_TOK_PLUS);
		n->point = at;
		return n;
	}
	return ox_p_node(p, OX_NODE_EXPR, start, x, NULL, NULL);
}

static struct ox_node *keyword_statement(struct ox_parser *p, enum ox_node_kind kind)
{
	uint32_t start = p->tok.span.start;
	ox_p_advance(p);
	struct ox_node *value = NULL;
	enum ox_token_kind k = p->tok.kind;
	if (kind == OX_NODE_RETURN && k != OX_TOK_NEWLINE && k != OX_TOK_SEMI && k != OX_TOK_EOF)
		value = ox_p_expression(p);
	return ox_p_node(p, kind, start, value, NULL, NULL);
}

static struct ox_node *small_statement(struct ox_parser *p)
{
	switch (p->tok.kind) {
	case OX_TOK_RETURN:
		return keyword_statement(p, OX_NODE_RETURN);
	case OX_TOK_BREAK:
		return keyword_statement(p, OX_NODE_BREAK);
	case OX_TOK_CONTINUE:
		return keyword_statement(p, OX_NODE_CONTINUE);
	case OX_TOK_PASS:
		return keyword_statement(p, OX_NODE_PASS);
	case OX_TOK_LOAD:
		return load_statement(p);
	default:
		return simple_expression(p);
	}
}

/* small { ';' small } NEWLINE */
static struct ox_node *statement_line(struct ox_parser *p)
{
	struct ox_chain chain = {0};
	do {
		if (p->tok.kind == OX_TOK_NEWLINE && chain.first)
			break;
		ox_p_append(&chain, small_statement(p));
	} while (ox_p_take(p, OX_TOK_SEMI));
	if (!p->failed && p->tok.kind != OX_TOK_EOF && p->tok.kind != OX_TOK_NEWLINE) {
		char what[64];
		const char *hint =
		    p->tok.kind == OX_TOK_COLON ? "a block begins with def, if, elif, else or for" : NULL;
		ox_p_error(p, p->tok.span, hint, "got %s after the end of a statement", describe(p, what));
	}
	ox_p_take(p, OX_TOK_NEWLINE);
	return chain.first;
}

static struct ox_node *statement(struct ox_parser *p)
{
	switch (p->tok.kind) {
	case OX_TOK_DEF:
		return def_statement(p);
	case OX_TOK_IF:
		return if_statement(p);
	case OX_TOK_FOR:
		return for_statement(p);
	default:
		return statement_line(p);
	}
}

static void recover(struct ox_parser *p)
{
	p->failed = p->exhausted;
	if (p->tok.kind == OX_TOK_NEWLINE) {
		ox_p_advance(p);
		return;
	}
	if (p->tok.kind == OX_TOK_EOF || p->tok.kind == OX_TOK_OUTDENT)
		return;
	ox_scan_recover(&p->sc);
	p->failed = false;
	ox_p_advance(p);
	p->failed = p->exhausted;
}

/* Statements up to `end` (OUTDENT or EOF), which is not consumed. */
static struct ox_node *statements(struct ox_parser *p, enum ox_token_kind end)
{
	struct ox_chain chain = {0};
	while (p->tok.kind != end && p->tok.kind != OX_TOK_EOF && !p->exhausted) {
		if (p->tok.kind == OX_TOK_NEWLINE || p->tok.kind == OX_TOK_OUTDENT) {
			ox_p_advance(p);
			continue;
		}
		if (p->tok.kind == OX_TOK_INDENT && p->sc.report->errors)
			ox_p_advance(p); /* what follows a broken line */
		struct ox_node *n = statement(p);
		if (p->failed)
			recover(p);
		else
			ox_p_append(&chain, n);
	}
	return chain.first;
}

static void no_block(struct ox_parser *p, const char *owner)
{
	ox_p_error(p, p->tok.span, "write pass for a block that does nothing", "%s needs an indented block", owner);
}

static struct ox_node *block(struct ox_parser *p, const char *owner)
{
	if (p->failed)
		return NULL;
	if (p->tok.kind != OX_TOK_NEWLINE)
		return statement_line(p);
	ox_p_advance(p);
	if (p->tok.kind != OX_TOK_INDENT) {
		no_block(p, owner);
		return NULL;
	}
	if (!ox_p_enter(p))
		return NULL;
	ox_p_advance(p);
	struct ox_node *body = statements(p, OX_TOK_OUTDENT);
	ox_p_leave(p);
	if (!body && !p->exhausted && !p->sc.report->errors)
		no_block(p, owner); /* nothing but joined lines */
	if (p->tok.kind == OX_TOK_OUTDENT)
		ox_p_advance(p);
	return body;
}

static int finish(struct ox_parser *p)
{
	if (p->exhausted || p->sc.out_of_memory)
		return OX_EEXHAUSTED;
	return p->sc.report->errors ? OX_EUSAGE : 0;
}

static bool start(struct ox_parser *p, const struct ox_source *source, struct ox_arena *arena, struct ox_report *report,
		  const struct ox_parse_options *options)
{
	memset(p, 0, offsetof(struct ox_parser, tok));
	p->failed = p->exhausted = false;
	p->nesting = 0;
	p->nesting_limit = options->nesting_limit;
	p->tok.span.end = p->last_end = 0;
	if (!ox_scan_init(&p->sc, source, arena, report, options->nesting_limit))
		return false;
	ox_p_advance(p);
	return true;
}

int ox_parse_file(const struct ox_source *source, struct ox_arena *arena, struct ox_report *report,
		  const struct ox_parse_options *options, struct ox_node **tree)
{
	struct ox_parser p;
	if (!start(&p, source, arena, report, options))
		return OX_EUSAGE;
	struct ox_node *n = statements(&p, OX_TOK_EOF);
	int code = finish(&p);
	if (code == 0)
		*tree = n;
	return code;
}

int ox_parse_expression(const struct ox_source *source, struct ox_arena *arena, struct ox_report *report,
			const struct ox_parse_options *options, struct ox_node **tree)
{
	struct ox_parser p;
	if (!start(&p, source, arena, report, options))
		return OX_EUSAGE;
	struct ox_node *n = ox_p_expression(&p);
	ox_p_take(&p, OX_TOK_NEWLINE);
	if (!p.failed && p.tok.kind != OX_TOK_EOF)
		ox_p_unexpected(&p, "the end of the expression");
	int code = finish(&p);
	if (code == 0)
		*tree = n;
	return code;
}
