#include "daemon/bundle/wants_file.h"

static bool is_word(char c)
{
	return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (unsigned char)c >= 0x80;
}

/* Behind the string that starts at `at` with a quote. */
static size_t skip_string(struct ox_slice s, size_t at)
{
	char quote = s.data[at];
	bool triple = at + 2 < s.len && s.data[at + 1] == quote && s.data[at + 2] == quote;
	for (at += triple ? 3 : 1; at < s.len; at++) {
		if (s.data[at] == '\\')
			at++;
		else if (s.data[at] == '\n' && !triple)
			return at; /* not closed: the compiler will say so */
		else if (s.data[at] == quote && !triple)
			return at + 1;
		else if (s.data[at] == quote && at + 2 < s.len && s.data[at + 1] == quote && s.data[at + 2] == quote)
			return at + 3;
	}
	return s.len;
}

static size_t skip_comment(struct ox_slice s, size_t at)
{
	const char *end = memchr(s.data + at, '\n', s.len - at);
	return end ? (size_t)(end - s.data) : s.len;
}

bool ox_source_uses_file(struct ox_slice source)
{
	static const struct ox_slice name = {"__file__", 8};
	char before = '\n'; /* the last character that is no space */
	if (!source.len || !memmem(source.data, source.len, name.data, name.len))
		return false;
	for (size_t i = 0; i < source.len;) {
		char c = source.data[i];
		size_t start = i;
		if (c == '#') {
			i = skip_comment(source, i);
			continue;
		}
		if (c == '"' || c == '\'') {
			i = skip_string(source, i);
		} else if (is_word(c)) {
			while (i < source.len && is_word(source.data[i]))
				i++;
			if (before != '.' && ox_slice_eq(ox_slice(source.data + start, i - start), name))
				return true;
		} else {
			i++;
		}
		if (c != ' ' && c != '\t')
			before = c;
	}
	return false;
}

struct ox_slice ox_top_level(struct ox_slice name)
{
	const char *dot = name.len ? memchr(name.data, '.', name.len) : NULL;
	return dot ? ox_slice(name.data, (size_t)(dot - name.data)) : name;
}

/* Whether any record of the package brings data files. */
static bool has_files(const struct ox_pack_resource *records, size_t count, struct ox_slice top)
{
	for (size_t i = 0; i < count; i++)
		if (records[i].file_count && ox_slice_eq(ox_top_level(records[i].name), top))
			return true;
	return false;
}

void ox_mark_wants_file(struct ox_pack_resource *records, size_t count, const struct ox_map *users, bool is_stdlib,
			struct ox_buf *names)
{
	bool any = false;
	for (size_t u = 0; u < users->len; u++) {
		struct ox_slice top = users->entries[u].key;
		if (is_stdlib && !has_files(records, count, top))
			continue;
		any = true;
		ox_buf_str(names, names->len ? ", " : "");
		ox_buf_slice(names, top);
		for (size_t i = 0; i < count; i++)
			if (!(records[i].flags & OX_PACK_LIBRARY) && ox_slice_eq(ox_top_level(records[i].name), top))
				records[i].flags |= OX_PACK_WANTS_FILE;
	}
	for (size_t i = 0; any && i < count; i++)
		if (records[i].flags & OX_PACK_EXTENSION && ox_slice_ends(records[i].name, OX_SLICE("__mypyc")))
			records[i].flags |= OX_PACK_WANTS_FILE;
}
