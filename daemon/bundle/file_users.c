#include "daemon/bundle/file_users.h"

#include "proto/base/platform.h"
#include "proto/base/vec.h"

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
#define OX_COMPILED(package)
#include "daemon/bundle/wants_file.def"
#undef OX_COMPILED
#undef OX_TELLS
};

static const struct ox_slice adding[] = {
#define OX_ADDS(text) {text, sizeof(text) - 1},
#define OX_SEEKS(text)
#include "daemon/bundle/adds_folders.def"
#undef OX_ADDS
#undef OX_SEEKS
}, seeking[] = {
#define OX_ADDS(text)
#define OX_SEEKS(text) {text, sizeof(text) - 1},
#include "daemon/bundle/adds_folders.def"
#undef OX_ADDS
#undef OX_SEEKS
};

/* Whoever assigns to it adds to it. */
static const struct ox_slice search_path = {"sys.path", 8};

static bool mentions(struct ox_slice source, struct ox_slice text)
{
	return memmem(source.data, source.len, text.data, text.len);
}

static bool mentions_one(struct ox_slice source, const struct ox_slice *texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (mentions(source, texts[i]))
			return true;
	return false;
}

/* Most sources are done with this look. */
static bool mentions_any(struct ox_slice source)
{
	for (size_t i = 0; i < OX_COUNT(telling); i++)
		if (mentions(source, telling[i].name))
			return true;
	return mentions(source, search_path) || mentions_one(source, adding, OX_COUNT(adding)) ||
	       mentions_one(source, seeking, OX_COUNT(seeking));
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

/* Of all that is said of a package the most counts. */
static int note_both(struct ox_map *users, struct ox_slice package, enum ox_wants_file wants, bool adds_folders)
{
	void **slot = ox_map_put(users, package, NULL);
	if (!slot)
		return -1;
	enum ox_wants_file before = ox_file_wanted(*slot);
	uintptr_t noted = before > wants ? before : wants;
	if (adds_folders || ox_adds_folders(*slot))
		noted |= OX_NOTED_ADDS_FOLDERS;
	*slot = (void *)noted;
	return 0;
}

static int note(struct ox_map *users, struct ox_slice package, enum ox_wants_file wants)
{
	return note_both(users, package, wants, false);
}

/* What a word is to imports. */
enum statement {
	PLAIN,
	FROM,    /* behind "from", which may also be that of "yield" and "raise" */
	NAMES,   /* behind the "import" of "from a import b as c" */
	MODULES, /* behind the one of "import a.b as c, d" */
};

/* A name that the source imported, and the top level of where it is from. */
struct imported {
	struct ox_slice name, origin;
};

struct reading {
	struct ox_map *users;
	struct ox_slice package; /* that the source belongs to */
	OX_VEC(struct imported) imported;
	enum statement statement;
	struct ox_slice origin; /* of the statement; data NULL: none yet */
	int depth;              /* of parentheses */
	struct ox_slice head;   /* "a" of the "a.b.c" that is being read; empty elsewhere */
	char before;            /* the last character that is no space */
	enum ox_wants_file wants;
	bool adds_folders;
};

static int import_name(struct reading *r, struct ox_slice name)
{
	struct imported *slot = ox_vec_push(&r->imported);
	if (!slot)
		return -1;
	*slot = (struct imported){name, r->origin};
	if (r->statement == NAMES && ox_slice_eq_str(name, "__file__"))
		return note(r->users, r->origin, OX_WANTS_FILE);
	return 0;
}

/* A word of an import statement. */
static int read_import(struct reading *r, struct ox_slice word)
{
	bool is_attribute = r->before == '.', is_alias = ox_slice_eq_str(r->head, "as");
	if (r->statement == FROM) {
		if (ox_slice_eq_str(word, "import"))
			r->statement = NAMES;
		if (!r->origin.data) /* "from .a import b" and "from . import a" are of the package itself */
			r->origin = is_attribute || r->statement == NAMES ? r->package : word;
		return 0;
	}
	if (ox_slice_eq_str(word, "as") || (is_attribute && r->statement == MODULES))
		return 0;
	if (r->statement == MODULES && !is_alias)
		r->origin = word;
	return import_name(r, word);
}

/* "x.__file__" is read. Where x was not imported the code expects files of whatever modules it is given. */
static int read_file_of(struct reading *r)
{
	for (size_t i = r->imported.len; r->head.len && i-- > 0;)
		if (ox_slice_eq(r->imported.items[i].name, r->head))
			return note(r->users, r->imported.items[i].origin, OX_WANTS_FILE);
	r->wants = OX_WANTS_FILE;
	return 0;
}

/* Whether a value is assigned to what ends at `at`. */
static bool is_assigned(struct ox_slice s, size_t at)
{
	while (at < s.len && s.data[at] == ' ')
		at++;
	return at + 1 < s.len && s.data[at] == '=' && s.data[at + 1] != '=';
}

/* Whether what ends at `at` is changed: "= x", "+= x", "[i] = x", "[:0] = x". */
static bool is_changed(struct ox_slice s, size_t at)
{
	const char *close = at < s.len && s.data[at] == '[' ? memchr(s.data + at, ']', s.len - at) : NULL;
	if (close)
		at = (size_t)(close - s.data) + 1;
	while (at < s.len && (s.data[at] == ' ' || s.data[at] == '+'))
		at++;
	return is_assigned(s, at);
}

/* "a.b.c" is what was read up to the end of the word at `at`. */
static bool adds_here(const struct reading *r, struct ox_slice s, struct ox_slice word)
{
	if (r->before != '.' || !r->head.len)
		return false;
	const char *end = word.data + word.len;
	struct ox_slice whole = ox_slice(r->head.data, (size_t)(end - r->head.data));
	for (size_t i = 0; i < OX_COUNT(adding); i++)
		if (ox_slice_eq(whole, adding[i]))
			return true;
	return ox_slice_eq(whole, search_path) && is_changed(s, (size_t)(end - s.data));
}

static int read_word(struct reading *r, struct ox_slice word, bool is_target)
{
	bool is_attribute = r->before == '.';
	int rc = 0;
	if (r->statement != PLAIN) {
		rc = read_import(r, word);
		r->head = word;
		return rc;
	}
	enum ox_wants_file said = word_tells(word, is_attribute);
	r->wants = said > r->wants ? said : r->wants;
	if (is_attribute && !is_target && ox_slice_eq_str(word, "__file__"))
		rc = read_file_of(r);
	if (ox_slice_eq_str(word, "from") || ox_slice_eq_str(word, "import")) {
		r->statement = word.len == 4 ? FROM : MODULES;
		r->origin = (struct ox_slice){0};
	}
	if (!is_attribute)
		r->head = word;
	return rc;
}

/* Anything but words, strings and comments. */
static void read_mark(struct reading *r, char c)
{
	if (c == ' ' || c == '\t')
		return;
	if (c == '(' || c == '[' || c == '{')
		r->depth++;
	if ((c == ')' || c == ']' || c == '}') && r->depth)
		r->depth--;
	bool goes_on = c == '\n' && (r->depth || r->before == '\\');
	if ((c == '\n' && !goes_on) || c == ';')
		r->statement = PLAIN;
	if (c != '.')
		r->head = (struct ox_slice){0};
	if (!goes_on)
		r->before = c;
}

static int read_source(struct reading *r, struct ox_slice source);

/* Whether the string at the quote has an "f" before it, perhaps with an "r". */
static bool is_formatted(struct ox_slice s, size_t at)
{
	size_t start = at;
	while (start && strchr("fFrR", s.data[start - 1]))
		start--;
	bool is_prefix = at - start <= 2 && (!start || !is_word(s.data[start - 1]));
	return is_prefix && (memchr(s.data + start, 'f', at - start) || memchr(s.data + start, 'F', at - start));
}

/* The expressions in it: braces that are not doubled. What is a format behind one does no harm. */
static int read_formatted(struct reading *r, struct ox_slice s)
{
	int rc = 0;
	for (size_t i = 0; i < s.len && !rc; i++) {
		if (s.data[i] != '{')
			continue;
		const char *end = memchr(s.data + i, '}', s.len - i);
		if (!end)
			break;
		size_t len = (size_t)(end - (s.data + i)) - 1;
		if (len && s.data[i + 1] != '{')
			rc = read_source(r, ox_slice(s.data + i + 1, len));
		i += len + 1;
	}
	return rc;
}

static int read_source(struct reading *r, struct ox_slice source)
{
	int rc = 0;
	for (size_t i = 0; i < source.len && !rc;) {
		size_t start = i;
		char c = source.data[i];
		if (c == '#') {
			i = skip_comment(source, i);
		} else if (is_word(c)) {
			i = skip_word(source, i);
			struct ox_slice word = ox_slice(source.data + start, i - start);
			r->adds_folders = r->adds_folders || adds_here(r, source, word);
			rc = read_word(r, word, is_assigned(source, i));
			r->before = 'a';
		} else {
			bool is_string = c == '"' || c == '\'';
			i = is_string ? skip_string(source, i) : i + 1;
			read_mark(r, c);
			if (is_string && is_formatted(source, start))
				rc = read_formatted(r, ox_slice(source.data + start, i - start));
		}
	}
	return rc;
}

int ox_note_file_users(struct ox_map *users, struct ox_slice package, struct ox_slice source)
{
	if (!source.len || !mentions_any(source))
		return 0;
	struct reading r = {.users = users,
			    .package = package,
			    .before = '\n',
			    .adds_folders = mentions_one(source, seeking, OX_COUNT(seeking))};
	int rc = read_source(&r, source);
	if (!rc && (r.wants != OX_WANTS_NO_FILE || r.adds_folders))
		rc = note_both(users, package, r.wants, r.adds_folders);
	ox_vec_free(&r.imported);
	return rc;
}
