/* parsed.h - a text on its way through parser and later steps, for tests of the language.
 * Give it back with release(). */
#ifndef OX_TESTS_STARLARK_PARSED_H
#define OX_TESTS_STARLARK_PARSED_H

#include "daemon/starlark/parse.h"
#include "tests/unit/daemon/starlark/collect.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct parsed {
	struct ox_arena arena;
	struct ox_source source;
	struct collect collect;
	struct ox_report report;
	struct ox_node *tree;
	int status;
};

static inline void parse(struct parsed *p, const char *text, bool expression)
{
	struct ox_parse_options options = {.nesting_limit = 100};
	memset(p, 0, sizeof *p);
	p->collect.sink.emit = collect_emit;
	assert_int_equal(0, ox_source_init(&p->source, &p->arena, OX_SLICE("t"), ox_slice_str(text), NULL));
	p->report = (struct ox_report){.sink = &p->collect.sink, .source = &p->source, .limit = 20};
	p->status = expression ? ox_parse_expression(&p->source, &p->arena, &p->report, &options, &p->tree)
			       : ox_parse_file(&p->source, &p->arena, &p->report, &options, &p->tree);
}

static inline void release(struct parsed *p)
{
	ox_arena_free(&p->arena);
	ox_buf_free(&p->collect.text);
}

#endif
