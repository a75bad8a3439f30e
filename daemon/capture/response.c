#include "daemon/capture/response.h"

#include "store/fs/file.h"

#include <ctype.h>

enum { DEEPEST = 16 };

static int add(struct ox_words *out, const char *word, struct ox_err *err)
{
	const char **slot = word ? ox_vec_push(&out->v) : NULL;
	if (!slot)
		return ox_fail_nomem(err, "arguments of the linker");
	*slot = word;
	return 0;
}

/* Unquotes the next word in place; NULL at the end. */
static char *next_word(char **at)
{
	char *from = *at, quote = 0;
	while (isspace((unsigned char)*from))
		from++;
	if (!*from)
		return NULL;
	char *word = from, *to = from;
	for (; *from && (quote || !isspace((unsigned char)*from)); from++) {
		if (*from == quote)
			quote = 0;
		else if (!quote && (*from == '\'' || *from == '"'))
			quote = *from;
		else if (*from == '\\' && from[1])
			*to++ = *++from;
		else
			*to++ = *from;
	}
	*at = *from ? from + 1 : from;
	*to = '\0';
	return word;
}

static int expand_word(const char *word, int depth, struct ox_arena *arena, struct ox_words *out, struct ox_err *err);

static int expand_file(const char *word, int depth, struct ox_arena *arena, struct ox_words *out, struct ox_err *err)
{
	struct ox_buf text = {.limit = 64 << 20};
	if (depth == DEEPEST)
		return ox_fail(err, OX_EUSAGE, "files of arguments name each other without end");
	int rc = ox_fs_read_file(word + 1, &text, NULL);
	char *copy = rc ? NULL : ox_arena_str(arena, ox_buf_text(&text));
	ox_buf_free(&text);
	if (rc)
		return add(out, word, err);
	char *at = copy;
	while (!rc && at && (word = next_word(&at)))
		rc = expand_word(word, depth + 1, arena, out, err);
	return copy ? rc : ox_fail_nomem(err, "arguments of the linker");
}

static int expand_word(const char *word, int depth, struct ox_arena *arena, struct ox_words *out, struct ox_err *err)
{
	return word[0] == '@' ? expand_file(word, depth, arena, out, err) : add(out, word, err);
}

int ox_response_expand(char *const *args, struct ox_arena *arena, struct ox_words *out, struct ox_err *err)
{
	int rc = 0;
	for (; !rc && *args; args++)
		rc = expand_word(*args, 0, arena, out, err);
	return rc;
}
