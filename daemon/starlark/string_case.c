/* Methods of strings that look at single characters. */
#include "daemon/starlark/string_methods.h"

#include <locale.h>
#include <wctype.h>

#define METHOD(name)                                                                                                   \
	ox_star_value name(struct ox_star *s, ox_star_value self, OX_UNUSED const ox_star_value *args,                 \
			   OX_UNUSED void *data)

static ox_star_value view(struct ox_star *s, ox_star_value self, enum ox_view_mode mode)
{
	struct ox_view *v = (struct ox_view *)ox_new_object(s, OX_OBJ_VIEW, sizeof *v);
	if (!v)
		return OX_STAR_FAILED;
	v->mode = mode;
	v->text = OX_AS(ox_string, self);
	return ox_from_object(v);
}

METHOD(ox_str_elems)
{
	return view(s, self, OX_VIEW_ELEMS);
}

METHOD(ox_str_elem_ords)
{
	return view(s, self, OX_VIEW_ELEM_ORDS);
}

METHOD(ox_str_codepoints)
{
	return view(s, self, OX_VIEW_CODEPOINTS);
}

METHOD(ox_str_codepoint_ords)
{
	return view(s, self, OX_VIEW_CODEPOINT_ORDS);
}

/* ---- code points, one by one ---- */

struct walk {
	struct ox_slice text;
	size_t at;
};

static bool next(struct walk *w, uint32_t *c)
{
	if (w->at >= w->text.len)
		return false;
	size_t width = ox_utf8_width(w->text.data + w->at, w->text.len - w->at);
	*c = ox_utf8_decode(w->text.data + w->at, &width);
	w->at += width;
	return true;
}

static void put(struct ox_buf *out, uint32_t c)
{
	char text[4];
	ox_buf_add(out, text, ox_utf8_encode(c, text));
}

/* ---- classes: the C library's, but for numbers that it takes for letters ---- */

/* The zeros of Unicode 15's decimal digits: nine more follow each. */
static const uint32_t zeros[] = {
    0x30,	 0x660,   0x6F0,   0x7C0,   0x966,   0x9E6,   0xA66,   0xAE6,   0xB66,   0xBE6,   0xC66,   0xCE6,
    0xD66,   0xDE6,   0xE50,   0xED0,   0xF20,   0x1040,  0x1090,  0x17E0,  0x1810,  0x1946,  0x19D0,  0x1A80,
    0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,
    0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0,
    0x11730, 0x118E0, 0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8,
    0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E950, 0x1FBF0,
};

/* Numerals such as the Roman ones, and letters in circles and squares: neither letter nor digit. */
static const uint32_t numerals[][2] = {
    {0x16EE, 0x16F0},   {0x2160, 0x2182},   {0x2185, 0x2188},	{0x24B6, 0x24E9},   {0x3007, 0x3007},
    {0x3021, 0x3029},   {0x3038, 0x303A},   {0xA6E6, 0xA6EF},	{0x10140, 0x10174}, {0x10341, 0x10341},
    {0x1034A, 0x1034A}, {0x103D1, 0x103D5}, {0x12400, 0x1246E}, {0x1F130, 0x1F189},
};

static int is_digit(wint_t c, OX_UNUSED locale_t locale)
{
	for (size_t i = 0; i < OX_COUNT(zeros) && zeros[i] <= c; i++) {
		if (c - zeros[i] < 10)
			return 1;
	}
	return 0;
}

static int is_letter(wint_t c, locale_t locale)
{
	for (size_t i = 0; i < OX_COUNT(numerals) && numerals[i][0] <= c; i++) {
		if (c <= numerals[i][1])
			return 0;
	}
	return iswalpha_l(c, locale) && !is_digit(c, locale);
}

static int is_letter_or_digit(wint_t c, locale_t locale)
{
	return is_letter(c, locale) || is_digit(c, locale);
}

enum change { TO_LOWER, TO_UPPER, TO_CAPITALIZED, TO_TITLE };

static uint32_t upper(struct ox_star *s, uint32_t c)
{
	return c < 128 ? (c >= 'a' && c <= 'z' ? c - 32 : c) : (uint32_t)towupper_l(c, s->unicode);
}

static uint32_t lower(struct ox_star *s, uint32_t c)
{
	return c < 128 ? (c >= 'A' && c <= 'Z' ? c + 32 : c) : (uint32_t)towlower_l(c, s->unicode);
}

/* What begins a word in a title: one letter for two has a form of its own for that. */
static uint32_t title(struct ox_star *s, uint32_t c)
{
	wctrans_t form = c < 128 ? (wctrans_t)0 : wctrans_l("totitle", s->unicode);
	return form ? (uint32_t)towctrans_l(c, form, s->unicode) : upper(s, c);
}

static bool ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The same for text of ASCII only, which keeps its length. */
static ox_star_value change_ascii(struct ox_star *s, struct ox_slice text, enum change change)
{
	char *out;
	struct ox_string *str = ox_string_new(s, OX_OBJ_STRING, text.len, &out);
	bool in_word = false;
	if (!str)
		return OX_STAR_FAILED;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];
		bool raise = change == TO_UPPER || (!in_word && change != TO_LOWER);
		bool letter = ascii_letter(c);
		in_word = change == TO_CAPITALIZED || letter;
		out[i] = !letter ? c : (char)(raise ? c & ~0x20 : c | 0x20);
	}
	return ox_from_object(str);
}

static bool is_ascii(struct ox_slice text)
{
	unsigned char all = 0;
	for (size_t i = 0; i < text.len; i++)
		all |= (unsigned char)text.data[i];
	return all < 0x80;
}

static ox_star_value change_case(struct ox_star *s, ox_star_value self, enum change change)
{
	struct walk w = {.text = ox_text_of(self)};
	struct ox_buf out = {.limit = s->heap.limit};
	bool in_word = false;
	uint32_t c;
	if (!ox_charge(s, w.text.len))
		return OX_STAR_FAILED;
	if (is_ascii(w.text))
		return change_ascii(s, w.text, change);
	while (next(&w, &c)) {
		bool first = !in_word;
		bool raise = change == TO_UPPER || (first && change != TO_LOWER);
		in_word = change == TO_CAPITALIZED || iswalpha_l(c, s->unicode);
		put(&out, !raise ? lower(s, c) : change == TO_UPPER ? upper(s, c) : title(s, c));
	}
	return ox_string_of_buf(s, &out);
}

METHOD(ox_str_lower)
{
	return change_case(s, self, TO_LOWER);
}

METHOD(ox_str_upper)
{
	return change_case(s, self, TO_UPPER);
}

METHOD(ox_str_capitalize)
{
	return change_case(s, self, TO_CAPITALIZED);
}

METHOD(ox_str_title)
{
	return change_case(s, self, TO_TITLE);
}

typedef int character_class(wint_t c, locale_t locale);

static ox_star_value all_are(struct ox_star *s, ox_star_value self, character_class *is)
{
	struct walk w = {.text = ox_text_of(self)};
	uint32_t c;
	if (!ox_charge(s, w.text.len))
		return OX_STAR_FAILED;
	while (next(&w, &c)) {
		if (!is(c, s->unicode))
			return OX_STAR_FALSE;
	}
	return ox_star_bool(w.text.len != 0);
}

METHOD(ox_str_isalpha)
{
	return all_are(s, self, is_letter);
}

METHOD(ox_str_isalnum)
{
	return all_are(s, self, is_letter_or_digit);
}

METHOD(ox_str_isdigit)
{
	return all_are(s, self, is_digit);
}

METHOD(ox_str_isspace)
{
	return all_are(s, self, iswspace_l);
}

/* No letter of the other case, and at least one of this. */
static ox_star_value cased(struct ox_star *s, ox_star_value self, character_class *is, character_class *is_not)
{
	struct walk w = {.text = ox_text_of(self)};
	bool any = false;
	uint32_t c;
	if (!ox_charge(s, w.text.len))
		return OX_STAR_FAILED;
	while (next(&w, &c)) {
		if (is_not(c, s->unicode))
			return OX_STAR_FALSE;
		any |= is(c, s->unicode) != 0;
	}
	return ox_star_bool(any);
}

METHOD(ox_str_islower)
{
	return cased(s, self, iswlower_l, iswupper_l);
}

METHOD(ox_str_isupper)
{
	return cased(s, self, iswupper_l, iswlower_l);
}

/* One letter for two, of which the first is in upper case. */
static bool is_title_letter(struct ox_star *s, uint32_t c)
{
	return c >= 128 && title(s, c) == c && lower(s, c) != c && upper(s, c) != c;
}

METHOD(ox_str_istitle)
{
	struct walk w = {.text = ox_text_of(self)};
	bool in_word = false, any = false;
	uint32_t c;
	if (!ox_charge(s, w.text.len))
		return OX_STAR_FAILED;
	while (next(&w, &c)) {
		bool up = iswupper_l(c, s->unicode) || is_title_letter(s, c), down = !up && iswlower_l(c, s->unicode);
		if ((up && in_word) || (down && !in_word))
			return OX_STAR_FALSE;
		any |= up;
		in_word = up || down;
	}
	return ox_star_bool(any);
}
