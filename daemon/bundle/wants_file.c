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

enum where { IN_CODE, ANYWHERE };
enum { ALWAYS = OX_WANTS_FILE, WITH_DATA = OX_WANTS_FILE_WITH_DATA };

static const struct telling {
	struct ox_slice name;
	enum where where;
	enum ox_wants_file wants;
} telling[] = {
#define OX_TELLS(name, where, when) {{name, sizeof(name) - 1}, where, (enum ox_wants_file)when},
#include "daemon/bundle/wants_file.def"
#undef OX_TELLS
};

/* Most sources are done with this look. */
static bool mentions_any(struct ox_slice source)
{
	for (size_t i = 0; i < OX_COUNT(telling); i++)
		if (memmem(source.data, source.len, telling[i].name.data, telling[i].name.len))
			return true;
	return false;
}

static enum ox_wants_file word_tells(struct ox_slice word, bool is_attribute)
{
	for (size_t i = 0; i < OX_COUNT(telling); i++)
		if ((!is_attribute || telling[i].where == ANYWHERE) && ox_slice_eq(word, telling[i].name))
			return telling[i].wants;
	return OX_WANTS_NO_FILE;
}

static size_t skip_word(struct ox_slice s, size_t at)
{
	while (at < s.len && is_word(s.data[at]))
		at++;
	return at;
}

static int note(struct ox_map *users, struct ox_slice package, enum ox_wants_file wants)
{
	void **slot = ox_map_put(users, package, NULL);
	if (slot && (uintptr_t)*slot < wants)
		*slot = (void *)(uintptr_t)wants;
	return slot ? 0 : -1;
}

struct reading {
	struct ox_map *users;
	struct ox_slice head; /* "a" of the "a.b.c" that is being read; empty elsewhere */
	char before;          /* the last character that is no space */
	enum ox_wants_file wants;
};

static int read_word(struct reading *r, struct ox_slice word)
{
	bool is_attribute = r->before == '.';
	enum ox_wants_file said = word_tells(word, is_attribute);
	r->wants = said > r->wants ? said : r->wants;
	if (!is_attribute)
		r->head = word;
	else if (r->head.len && ox_slice_eq_str(word, "__file__"))
		return note(r->users, r->head, OX_WANTS_FILE);
	return 0;
}

int ox_note_file_users(struct ox_map *users, struct ox_slice package, struct ox_slice source)
{
	struct reading r = {.users = users, .before = '\n'};
	int rc = 0;
	if (!source.len || !mentions_any(source))
		return 0;
	for (size_t i = 0, start; i < source.len && !rc;) {
		char c = source.data[start = i];
		if (c == '#') {
			i = skip_comment(source, i);
			continue;
		}
		if (is_word(c)) {
			i = skip_word(source, i);
			rc = read_word(&r, ox_slice(source.data + start, i - start));
		} else {
			i = c == '"' || c == '\'' ? skip_string(source, i) : i + 1;
		}
		if (c == ' ' || c == '\t')
			continue;
		if (!is_word(c) && c != '.')
			r.head = (struct ox_slice){0};
		r.before = c;
	}
	return rc || r.wants == OX_WANTS_NO_FILE ? rc : note(users, package, r.wants);
}

struct ox_slice ox_top_level(struct ox_slice name)
{
	const char *dot = name.len ? memchr(name.data, '.', name.len) : NULL;
	return dot ? ox_slice(name.data, (size_t)(dot - name.data)) : name;
}

/* Whether any record of the package brings data files; marks for type checkers are none. */
static bool has_data(const struct ox_pack_resource *records, size_t count, struct ox_slice top)
{
	for (size_t i = 0; i < count; i++) {
		if (!ox_slice_eq(ox_top_level(records[i].name), top))
			continue;
		for (size_t f = 0; f < records[i].file_count; f++)
			if (!ox_slice_eq_str(records[i].files[f].name, "py.typed") &&
			    !ox_slice_ends(records[i].files[f].name, OX_SLICE(".pyi")))
				return true;
	}
	return false;
}

bool ox_extract_choose(const struct ox_extract_rules *rules, struct ox_slice package, bool scanned)
{
	for (size_t i = 0; i < rules->choice_count; i++)
		if (ox_slice_eq(rules->choices[i].package, package))
			return rules->choices[i].files;
	return scanned;
}

/* In the standard library the use of __file__ alone says nothing. */
static bool scan_says(const struct ox_pack_resource *records, size_t count, const struct ox_map *users, bool is_stdlib,
		      struct ox_slice top)
{
	enum ox_wants_file wants = (enum ox_wants_file)(uintptr_t)ox_map_get(users, top);
	if (wants == OX_WANTS_FILE && !is_stdlib)
		return true;
	return wants != OX_WANTS_NO_FILE && has_data(records, count, top);
}

int ox_mark_wants_file(struct ox_pack_resource *records, size_t count, const struct ox_map *users, bool is_stdlib,
		       const struct ox_extract_rules *rules, struct ox_buf *names)
{
	struct ox_map seen = {0}; /* top-level name -> whether it is marked */
	bool any = false;
	int rc = 0;
	for (size_t i = 0; i < count; i++) {
		bool added;
		struct ox_slice top = ox_top_level(records[i].name);
		if (records[i].flags & OX_PACK_LIBRARY)
			continue;
		void **slot = ox_map_put(&seen, top, &added);
		if (!slot) {
			rc = -1;
			break;
		}
		if (added && ox_extract_choose(rules, top, scan_says(records, count, users, is_stdlib, top))) {
			*slot = &seen;
			ox_buf_str(names, names->len ? ", " : "");
			ox_buf_slice(names, top);
		}
		if (*slot)
			records[i].flags |= OX_PACK_WANTS_FILE;
		any = any || *slot;
	}
	for (size_t i = 0; any && i < count; i++)
		if (records[i].flags & OX_PACK_EXTENSION && ox_slice_ends(records[i].name, OX_SLICE("__mypyc")))
			records[i].flags |= OX_PACK_WANTS_FILE;
	ox_map_free(&seen);
	return rc;
}
