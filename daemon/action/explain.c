#include "daemon/action/explain.h"

#include "store/index/reader.h"
#include "proto/base/map.h"
#include "store/digest/digest.h"
#include "store/index/index.h"

enum { SHORT_HEX = 12 };

static int subject_key(const char *scope, const struct ox_step *step, struct ox_digest *key)
{
	struct ox_buf b = {0};
	ox_write_text(&b, ox_slice_str(scope));
	ox_write_text(&b, step->kind);
	ox_write_text(&b, step->subject);
	int rc = ox_buf_ok(&b, "name of a step", NULL);
	if (rc == 0)
		rc = ox_digest_bytes(ox_buf_view(&b), key, NULL);
	ox_buf_free(&b);
	return rc;
}

void ox_explain_remember(struct ox_store *s, const char *scope, const struct ox_step *step, const struct ox_digest *key)
{
	struct ox_digest name;
	if (subject_key(scope, step, &name) != 0)
		return;
	struct ox_buf b = {0};
	ox_buf_add(&b, key->bytes, OX_DIGEST_SIZE);
	ox_buf_u32(&b, (uint32_t)step->count);
	for (size_t i = 0; i < step->count; i++) {
		const struct ox_step_input *in = &step->inputs[i];
		ox_write_text(&b, in->name);
		ox_buf_add(&b, in->digest.bytes, OX_DIGEST_SIZE);
		ox_buf_byte(&b, in->is_text);
		ox_write_text(&b, in->text);
	}
	if (!b.failed)
		(void)ox_index_put(s, OX_SPACE_RUN, ox_slice(name.bytes, OX_DIGEST_SIZE), ox_buf_view(&b), NULL);
	ox_buf_free(&b);
}

/* The inputs of the last run, in arena memory that points into `record`. */
static size_t read_inputs(struct ox_reader *r, struct ox_arena *arena, struct ox_step_input **inputs)
{
	size_t count = ox_read_u32(r);
	if (r->failed || count > (size_t)(r->end - r->at))
		return 0;
	*inputs = ox_arena_array(arena, count ? count : 1, sizeof **inputs);
	for (size_t i = 0; *inputs && i < count; i++) {
		struct ox_step_input *in = &(*inputs)[i];
		in->name = ox_read_text(r);
		in->digest = ox_read_digest(r);
		in->is_text = ox_read_int(r, 1) != 0;
		in->text = ox_read_text(r);
	}
	return *inputs && !r->failed ? count : 0;
}

struct change {
	const struct ox_step_input *before, *after; /* NULL: absent */
	size_t more;
};

static void note_change(struct change *c, const struct ox_step_input *before, const struct ox_step_input *after)
{
	if (c->before || c->after)
		c->more++;
	else
		*c = (struct change){before, after, 0};
}

/* Of several inputs with one name, the first is compared with the first, and so on. */
static struct change compare(const struct ox_step_input *old, size_t old_count, const struct ox_step *step)
{
	struct change c = {0};
	struct ox_map by_name = {0}; /* name -> the first old input of it that was not compared yet */
	const struct ox_step_input **next = calloc(old_count + 1, sizeof *next); /* with the same name */
	for (size_t i = old_count; next && i-- > 0;) {
		void **slot = ox_map_put(&by_name, old[i].name, NULL);
		if (!slot)
			continue;
		next[i] = *slot;
		*slot = (void *)(uintptr_t)&old[i];
	}
	for (size_t i = 0; i < step->count; i++) {
		void **slot = ox_map_find(&by_name, step->inputs[i].name);
		const struct ox_step_input *before = slot ? *slot : NULL;
		if (before)
			*slot = (void *)(uintptr_t)next[before - old];
		if (!before || !ox_digest_eq(&before->digest, &step->inputs[i].digest))
			note_change(&c, before, &step->inputs[i]);
	}
	for (size_t i = by_name.len; i-- > 0;) {
		for (const struct ox_step_input *gone = by_name.entries[i].value; gone; gone = next[gone - old])
			note_change(&c, gone, NULL);
	}
	ox_map_free(&by_name);
	free(next);
	return c;
}

static void add_value(struct ox_buf *b, const struct ox_step_input *in)
{
	char hex[OX_DIGEST_HEX + 1];
	if (in->is_text)
		ox_buf_json(b, in->text);
	else
		ox_buf_add(b, ox_digest_hex(&in->digest, hex), SHORT_HEX);
}

static void say_change(const struct change *c, struct ox_buf *b)
{
	const struct ox_step_input *any = c->after ? c->after : c->before;
	ox_buf_printf(b, "%.*s ", OX_SLICE_ARG(any->name));
	if (c->before && c->after) {
		ox_buf_str(b, "changed from ");
		add_value(b, c->before);
		ox_buf_str(b, " to ");
		add_value(b, c->after);
	} else {
		ox_buf_str(b, c->after ? "is new: " : "is gone, it was ");
		add_value(b, any);
	}
	if (c->more)
		ox_buf_printf(b, ", and %zu more input%s", c->more, c->more == 1 ? "" : "s");
}

static void say_why(const struct change *c, bool same_key, struct ox_slice lost, struct ox_buf *b)
{
	if (c->before || c->after)
		say_change(c, b);
	else if (same_key && lost.len)
		ox_buf_printf(b, "its output %.*s is not in the store any more", OX_SLICE_ARG(lost));
	else if (same_key)
		ox_buf_str(b, "its result is not in the store any more");
	else
		ox_buf_str(b, "its inputs are in another order, or this oxidizer does it differently");
}

static void say(struct ox_explanation *e, const struct ox_step *step, const struct change *c, bool same_key,
		struct ox_slice lost)
{
	struct ox_buf text = {0};
	say_why(c, same_key, lost, &text);
	e->reason = ox_arena_slice(step->arena, ox_buf_view(&text));
	e->changed = (struct ox_slice){0};
	if (c->before || c->after)
		e->changed = ox_arena_slice(step->arena, (c->after ? c->after : c->before)->name);
	if (c->before)
		e->old_digest = c->before->digest;
	if (c->after)
		e->new_digest = c->after->digest;
	ox_buf_free(&text);
}

struct ox_explanation ox_explain(struct ox_store *s, const char *scope, const struct ox_step *step,
				 const struct ox_digest *key, bool hit, struct ox_slice lost)
{
	struct ox_explanation e = {.reason = hit ? OX_SLICE("its result is known")
						 : OX_SLICE("it was not built here before")};
	struct ox_buf record = {0};
	struct ox_digest name;
	if (subject_key(scope, step, &name) != 0)
		return e;
	struct ox_slice found = ox_slice(name.bytes, OX_DIGEST_SIZE);
	bool known = ox_index_get(s, OX_SPACE_RUN, found, &record, NULL) == 1;
	struct ox_reader r = ox_reader(ox_buf_view(&record));
	struct ox_digest last = ox_read_digest(&r);
	bool same_key = known && ox_digest_eq(&last, key);
	if (known && !hit) {
		struct ox_arena scratch = {0};
		struct ox_step_input *old = NULL;
		size_t count = read_inputs(&r, &scratch, &old);
		struct change c = compare(old, count, step);
		say(&e, step, &c, same_key, lost);
		ox_arena_free(&scratch);
	}
	e.is_new = !same_key;
	ox_buf_free(&record);
	return e;
}
