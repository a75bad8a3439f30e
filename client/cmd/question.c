#include "client/cmd/question.h"

#include "client/cmd/config.h"
#include "client/cmd/order.h"
#include "client/conn/paths.h"
#include "proto/wire/frame.h"

#include <errno.h>
#include <unistd.h>

int ox_question_make(struct ox_question *q, const struct ox_options *options, enum ox_language_verb verb,
		     struct ox_err *err)
{
	struct ox_language *l = &q->msg.as.language;
	struct ox_buf store = {0};
	*q = (struct ox_question){.msg.kind = OX_MSG_LANGUAGE};
	*l = (struct ox_language){
		.verb = verb,
		.expressions = options->expressions.items,
		.expression_count = options->expressions.len,
		.vars = options->vars.items,
		.var_count = options->vars.len,
		.offline = options->offline,
		.verbosity = options->verbosity,
	};
	char *cwd = getcwd(NULL, 0);
	int code = cwd ? ox_store_path(&store, err) : ox_fail_errno(err, errno, "cannot find out the current folder");
	if (!code) {
		l->cwd = ox_arena_slice(&q->arena, ox_slice_str(cwd));
		l->store = ox_arena_slice(&q->arena, ox_buf_view(&store));
		code = l->cwd.data && l->store.data ? 0 : ox_fail_nomem(err, "a request");
	}
	if (!code)
		code = ox_order_environment(&q->arena, &l->environment, &l->environment_count, err);
	free(cwd);
	ox_buf_free(&store);
	return code;
}

static int read_standard_input(struct ox_buf *text, struct ox_err *err)
{
	enum { PIECE = 65536 };
	for (;;) {
		char *at = text->len < OX_FRAME_MAX ? ox_buf_reserve(text, PIECE) : NULL;
		ssize_t n = at ? read(STDIN_FILENO, at, PIECE) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return ox_fail_errno(err, errno, "cannot read standard input");
		if (n == 0)
			return ox_buf_ok(text, "standard input", err);
		ox_buf_commit(text, (size_t)n);
	}
}

static int add_source(struct ox_question *q, const char *word, struct ox_err *err)
{
	struct ox_language *l = &q->msg.as.language;
	struct ox_source_text *source = &l->sources[l->source_count];
	struct ox_buf found = {0};
	bool given = strcmp(word, "-") == 0;
	int code = given ? read_standard_input(&found, err) : ox_config_named(word, &found, err);
	struct ox_slice kept = code ? OX_SLICE("") : ox_arena_slice(&q->arena, ox_buf_view(&found));
	if (!code && !kept.data)
		code = ox_fail_nomem(err, "a file");
	*source = given ? (struct ox_source_text){.path = OX_SLICE("<stdin>"), .text = kept, .given = true}
			: (struct ox_source_text){.path = kept};
	l->source_count += code ? 0 : 1;
	ox_buf_free(&found);
	return code;
}

static int add_default(struct ox_question *q, const char *path, struct ox_err *err)
{
	struct ox_language *l = &q->msg.as.language;
	struct ox_buf found = {0};
	int code = ox_config_find(path, &found, err);
	if (!code) {
		l->sources[0].path = ox_arena_slice(&q->arena, ox_buf_view(&found));
		l->source_count = 1;
		code = l->sources[0].path.data ? 0 : ox_fail_nomem(err, "a path");
	}
	ox_buf_free(&found);
	return code;
}

int ox_question_sources(struct ox_question *q, char *const *words, size_t count, const char *path, struct ox_err *err)
{
	struct ox_language *l = &q->msg.as.language;
	l->sources = ox_arena_array(&q->arena, count + 1, sizeof *l->sources);
	if (!l->sources)
		return ox_fail_nomem(err, "a request");
	int code = count == 0 ? add_default(q, path, err) : 0;
	for (size_t i = 0; !code && i < count; i++)
		code = add_source(q, words[i], err);
	return code;
}

void ox_question_free(struct ox_question *q)
{
	ox_arena_free(&q->arena);
}
