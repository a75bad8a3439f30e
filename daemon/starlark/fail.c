/* The pending error: where it happened, how the program got there. */
#include "daemon/starlark/code.h"
#include "daemon/starlark/thread.h"

static struct ox_span frame_span(const struct ox_frame *f)
{
	const struct ox_insn *pc = f->pc;
	size_t i = pc > f->proto->code ? (size_t)(pc - f->proto->code) - 1 : 0;
	return f->proto->spans[i];
}

bool ox_current_place(struct ox_star *s, const struct ox_source **source, struct ox_span *span)
{
	if (s->frame_count == 0)
		return false;
	const struct ox_frame *f = &s->frames[s->frame_count - 1];
	*source = f->proto->source;
	*span = frame_span(f);
	return true;
}

/* One "file:line: in f" a line, innermost last; the middle of a long one left out. */
static char *call_stack(struct ox_star *s)
{
	enum { SHOWN = 12 };
	struct ox_buf out = {0};
	for (uint32_t i = 0; i < s->frame_count; i++) {
		if (s->frame_count > 2 * SHOWN && i == SHOWN) {
			ox_buf_printf(&out, "... %u more calls ...\n", s->frame_count - 2 * SHOWN);
			i = s->frame_count - SHOWN;
		}
		const struct ox_frame *f = &s->frames[i];
		struct ox_span span = frame_span(f);
		ox_buf_printf(&out, "%s%.*s:%u: in %.*s", i ? "\n" : "", OX_SLICE_ARG(f->proto->source->name),
			      ox_source_line_of(f->proto->source, span.start), OX_SLICE_ARG(f->proto->name));
	}
	return ox_buf_steal(&out);
}

/* Nobody reads a longer message. */
static void cut(struct ox_buf *text)
{
	enum { MESSAGE_MAX = 1 << 16 };
	if (text->failed || text->len <= MESSAGE_MAX)
		return;
	text->len = MESSAGE_MAX;
	while (text->len && ((unsigned char)text->data[text->len] & 0xC0) == 0x80)
		text->len--;
	memcpy(text->data + text->len, "...", 4);
	text->len += 3;
}

ox_star_value ox_failv(struct ox_star *s, int code, const char *id, const char *hint, const char *fmt, va_list ap)
{
	struct ox_failure *f = &s->failure;
	if (f->code)
		return OX_STAR_FAILED;
	struct ox_buf text = {0};
	ox_buf_vprintf(&text, fmt, ap);
	cut(&text);
	f->code = code;
	f->id = id;
	f->message = ox_buf_steal(&text);
	if (!f->message) { /* then that is what is wrong */
		f->code = OX_EEXHAUSTED;
		f->id = "memory-limit";
	}
	f->hint = hint ? strdup(hint) : NULL;
	f->notes = s->frame_count > 1 ? call_stack(s) : NULL;
	if (!ox_current_place(s, &f->source, &f->span))
		f->source = NULL;
	return OX_STAR_FAILED;
}

ox_star_value ox_fail_code(struct ox_star *s, int code, const char *id, const char *hint, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	ox_failv(s, code, id, hint, fmt, ap);
	va_end(ap);
	return OX_STAR_FAILED;
}

ox_star_value ox_star_fail(struct ox_star *s, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	ox_failv(s, OX_EUSAGE, "error", NULL, fmt, ap);
	va_end(ap);
	return OX_STAR_FAILED;
}

ox_star_value ox_star_fail_with(struct ox_star *s, const char *code, const char *hint, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	ox_failv(s, OX_EUSAGE, code ? code : "error", hint, fmt, ap);
	va_end(ap);
	return OX_STAR_FAILED;
}

ox_star_value ox_star_fail_err(struct ox_star *s, const struct ox_err *err)
{
	return ox_fail_code(s, err->code ? err->code : OX_EINTERNAL, "error", NULL, "%s", err->text);
}

ox_star_value ox_fail_memory(struct ox_star *s)
{
	return ox_fail_code(s, OX_EEXHAUSTED, "memory-limit", NULL, "the program needs more than %zu MiB of memory",
			    s->heap.limit >> 20);
}

void ox_blame_argument(struct ox_star *s, const struct ox_args *args, size_t i)
{
	if (args->shape && i < args->shape->named && s->failure.source)
		s->failure.span = args->shape->spans[i];
}

const char *ox_part(struct ox_star *s, const struct ox_buf *part)
{
	if (part->failed)
		ox_fail_memory(s);
	return ox_buf_text(part);
}

bool ox_star_failing(const struct ox_star *s)
{
	return s->failure.code != 0;
}

static void clear(struct ox_failure *f)
{
	free(f->message);
	free(f->hint);
	free(f->notes);
	*f = (struct ox_failure){0};
}

void ox_forget_failure(struct ox_star *s)
{
	clear(&s->failure);
}

int ox_report_failure(struct ox_star *s, struct ox_err *err)
{
	struct ox_failure *f = &s->failure;
	int code = f->code ? f->code : OX_EINTERNAL;
	const char *message = f->message ? f->message : "out of memory";
	struct ox_diagnostic d = {
	    .severity = OX_SEVERITY_ERROR,
	    .code = ox_slice_str(f->id),
	    .message = ox_slice_str(message),
	    .hint = ox_slice_str(f->hint),
	    .notes = ox_slice_str(f->notes),
	};
	if (f->source)
		ox_source_locate(f->source, f->span, &d);
	ox_emit(s->options.sink, &(struct ox_event){.type = OX_EVENT_DIAGNOSTIC, .as.diagnostic = d});
	if (f->source)
		ox_fail(err, code, "%.*s:%u:%u: %s", OX_SLICE_ARG(d.file), d.line, d.column, message);
	else
		ox_fail(err, code, "%s", message);
	clear(f);
	return code;
}

bool ox_star_where(struct ox_star *s, struct ox_slice *file, uint32_t *line, uint32_t *column)
{
	const struct ox_source *source;
	struct ox_span span;
	if (!ox_current_place(s, &source, &span))
		return false;
	*file = source->name;
	*line = ox_source_line_of(source, span.start);
	*column = ox_source_column_of(source, span.start);
	return true;
}

void ox_star_warn(struct ox_star *s, const char *code, const char *hint, const char *fmt, ...)
{
	struct ox_buf text = {0};
	va_list ap;
	va_start(ap, fmt);
	ox_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	cut(&text);
	struct ox_diagnostic d = {
	    .severity = OX_SEVERITY_WARNING,
	    .code = ox_slice_str(code ? code : "warning"),
	    .message = ox_buf_view(&text),
	    .hint = ox_slice_str(hint),
	};
	const struct ox_source *source;
	struct ox_span span;
	if (ox_current_place(s, &source, &span))
		ox_source_locate(source, span, &d);
	ox_emit(s->options.sink, &(struct ox_event){.type = OX_EVENT_DIAGNOSTIC, .as.diagnostic = d});
	ox_buf_free(&text);
}

void ox_reached_unknown(struct ox_star *s)
{
	const struct ox_source *source;
	struct ox_span span;
	if (!ox_current_place(s, &source, &span))
		return;
	for (size_t i = 0; i < s->unknown.len; i++) {
		struct ox_unknown_use *u = &s->unknown.items[i];
		if (u->source != source || u->span.start != span.start)
			continue;
		memmove(u, u + 1, (s->unknown.len - i - 1) * sizeof *u);
		s->unknown.len--;
		return;
	}
}

void ox_star_tell_unknown(struct ox_star *s)
{
	for (size_t i = 0; i < s->unknown.len; i++) {
		const struct ox_unknown_use *u = &s->unknown.items[i];
		struct ox_report report = {.sink = s->options.sink, .source = u->source};
		ox_report(&report,
			  &(struct ox_remark){.severity = OX_SEVERITY_WARNING,
					      .code = "unknown-name",
					      .span = u->span,
					      .hint = u->hint},
			  "unknown name '%.*s'", OX_SLICE_ARG(u->name));
	}
	s->unknown.len = 0;
}

const char *ox_star_nearest(struct ox_slice wanted, const char *const *candidates, size_t count)
{
	struct ox_nearest near = {.wanted = wanted};
	const char *best = NULL;
	for (size_t i = 0; i < count; i++) {
		const char *before = near.best.data;
		ox_nearest_offer(&near, ox_slice_str(candidates[i]));
		if (near.best.data != before)
			best = candidates[i];
	}
	return best;
}
