#include "daemon/action/step.h"

#include "store/index/reader.h"
#include "store/digest/digest.h"

enum { TEXT_KEPT = 100 };

struct ox_step *ox_step_new(struct ox_arena *arena, const char *kind, uint32_t kind_version, const char *subject)
{
	struct ox_step *s = ox_arena_alloc(arena, sizeof *s);
	if (!s)
		return NULL;
	s->arena = arena;
	s->kind_version = kind_version;
	s->kind = ox_arena_slice(arena, ox_slice_str(kind));
	s->subject = ox_arena_slice(arena, ox_slice_str(subject));
	s->failed = !s->kind.data || !s->subject.data;
	return s;
}

/* Room for one more; arenas do not grow in place, so the array is copied. */
static struct ox_step_input *add(struct ox_step *s, const char *name)
{
	if (s->count == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 8;
		struct ox_step_input *grown = ox_arena_array(s->arena, cap, sizeof *grown);
		if (!grown)
			return NULL;
		if (s->count)
			memcpy(grown, s->inputs, s->count * sizeof *grown);
		s->inputs = grown;
		s->cap = cap;
	}
	struct ox_step_input *in = &s->inputs[s->count];
	in->name = ox_arena_slice(s->arena, ox_slice_str(name));
	if (!in->name.data)
		return NULL;
	s->count++;
	return in;
}

void ox_step_digest(struct ox_step *s, const char *name, const struct ox_digest *digest)
{
	if (!s)
		return;
	struct ox_step_input *in = add(s, name);
	if (in)
		in->digest = *digest;
	else
		s->failed = true;
}

void ox_step_text(struct ox_step *s, const char *name, struct ox_slice text)
{
	if (!s)
		return;
	struct ox_step_input *in = add(s, name);
	if (!in || ox_digest_bytes(text, &in->digest, NULL) != 0) {
		s->failed = true;
		return;
	}
	if (text.len > TEXT_KEPT)
		text.len = TEXT_KEPT;
	in->is_text = true;
	in->text = ox_arena_slice(s->arena, text);
	s->failed |= !in->text.data;
}

void ox_step_renew(struct ox_step *s)
{
	if (s)
		s->renew = true;
}

int ox_step_key(const struct ox_step *s, struct ox_digest *key, struct ox_err *err)
{
	static const char format[] = "oxidizer action 1";
	struct ox_buf b = {0};
	if (!s || s->failed)
		return ox_fail_nomem(err, "inputs of a build step");
	ox_buf_add(&b, format, sizeof format);
	ox_write_text(&b, s->kind);
	ox_buf_u32(&b, s->kind_version);
	ox_buf_u32(&b, (uint32_t)s->count);
	for (size_t i = 0; i < s->count; i++) {
		ox_write_text(&b, s->inputs[i].name);
		ox_buf_add(&b, s->inputs[i].digest.bytes, OX_DIGEST_SIZE);
	}
	int rc = ox_buf_ok(&b, "inputs of a build step", err);
	if (rc == 0)
		rc = ox_digest_bytes(ox_buf_view(&b), key, err);
	ox_buf_free(&b);
	return rc;
}
