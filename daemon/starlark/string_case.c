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

enum change { TO_LOWER, TO_UPPER, TO_CAPITALIZED, TO_TITLE };

static uint32_t upper(struct ox_star *s, uint32_t c)
{
	return c < 128 ? (c >= 'a' && c <= 'z' ? c - 32 : c) : (uint32_t)towupper_l(c, s->unicode);
}

static uint32_t lower(struct ox_star *s, uint32_t c)
{
	return c < 128 ? (c >= 'A' && c <= 'Z' ? c + 32 : c) : (uint32_t)towlower_l(c, s->unicode);
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
		put(&out, raise ? upper(s, c) : lower(s, c));
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
	return all_are(s, self, iswalpha_l);
}

METHOD(ox_str_isalnum)
{
	return all_are(s, self, iswalnum_l);
}

METHOD(ox_str_isdigit)
{
	return all_are(s, self, iswdigit_l);
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

METHOD(ox_str_istitle)
{
	struct walk w = {.text = ox_text_of(self)};
	bool in_word = false, any = false;
	uint32_t c;
	if (!ox_charge(s, w.text.len))
		return OX_STAR_FAILED;
	while (next(&w, &c)) {
		bool up = iswupper_l(c, s->unicode), down = iswlower_l(c, s->unicode);
		if ((up && in_word) || (down && !in_word))
			return OX_STAR_FALSE;
		any |= up;
		in_word = up || down;
	}
	return ox_star_bool(any);
}
