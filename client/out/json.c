#include "client/out/json.h"

static void open_object(struct ox_buf *out, const char *type)
{
	ox_buf_printf(out, "{\"schema\":%d,\"type\":\"%s\"", OX_JSON_SCHEMA, type);
}

static void close_object(struct ox_buf *out)
{
	ox_buf_str(out, "}\n");
}

static void add_text(struct ox_buf *out, const char *name, struct ox_slice text)
{
	ox_buf_printf(out, ",\"%s\":", name);
	ox_buf_json(out, text);
}

/* Left out when there is nothing to say. */
static void add_optional(struct ox_buf *out, const char *name, struct ox_slice text)
{
	if (text.len)
		add_text(out, name, text);
}

static void add_number(struct ox_buf *out, const char *name, uint64_t value)
{
	ox_buf_printf(out, ",\"%s\":%llu", name, (unsigned long long)value);
}

static void add_place(struct ox_buf *out, const char *name, uint32_t value)
{
	if (value)
		add_number(out, name, value);
}

static void add_bool(struct ox_buf *out, const char *name, bool value)
{
	ox_buf_printf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void add_digest(struct ox_buf *out, const char *name, const struct ox_digest *digest)
{
	char hex[OX_DIGEST_HEX + 1];
	if (!ox_digest_is_zero(digest))
		ox_buf_printf(out, ",\"%s\":\"%s\"", name, ox_digest_hex(digest, hex));
}

static void add_seconds(struct ox_buf *out, uint64_t nanoseconds)
{
	ox_buf_printf(out, ",\"seconds\":%llu.%09llu", (unsigned long long)(nanoseconds / 1000000000),
		      (unsigned long long)(nanoseconds % 1000000000));
}

static const char *name_of(const char *const *names, size_t count, unsigned value)
{
	return value < count && names[value] ? names[value] : "unknown";
}

static void add_log(struct ox_buf *out, const struct ox_log *log)
{
	static const char *const levels[] = {NULL, "error", "warning", "info", "debug", "trace"};
	open_object(out, "log");
	add_text(out, "level", ox_slice_str(name_of(levels, OX_COUNT(levels), log->level)));
	add_text(out, "source", log->source);
	add_text(out, "text", log->text);
}

static void add_progress(struct ox_buf *out, const struct ox_progress *progress)
{
	open_object(out, "progress");
	add_text(out, "task", progress->task);
	add_number(out, "done", progress->done);
	if (progress->total)
		add_number(out, "total", progress->total);
	add_optional(out, "unit", progress->unit);
	add_bool(out, "finished", progress->finished);
}

static void add_diagnostic(struct ox_buf *out, const struct ox_diagnostic *d)
{
	static const char *const severities[] = {NULL, "error", "warning", "note"};
	open_object(out, "diagnostic");
	add_text(out, "severity", ox_slice_str(name_of(severities, OX_COUNT(severities), d->severity)));
	add_text(out, "code", d->code);
	add_text(out, "message", d->message);
	add_optional(out, "file", d->file);
	add_place(out, "line", d->line);
	add_place(out, "column", d->column);
	add_place(out, "end_line", d->end_line);
	add_place(out, "end_column", d->end_column);
	add_optional(out, "source_line", d->source_line);
	add_optional(out, "hint", d->hint);
	add_optional(out, "notes", d->notes);
}

static void add_target(struct ox_buf *out, const struct ox_target *target)
{
	static const char *const states[] = {NULL, "registered", "started", "resolved", "built"};
	open_object(out, "target");
	add_text(out, "name", target->name);
	add_text(out, "state", ox_slice_str(name_of(states, OX_COUNT(states), target->state)));
	add_bool(out, "default", target->is_default);
}

static void add_step(struct ox_buf *out, const struct ox_step_report *step)
{
	open_object(out, "step");
	add_text(out, "action", step->action);
	add_text(out, "subject", step->subject);
	add_bool(out, "hit", step->hit);
	add_text(out, "reason", step->reason);
	add_optional(out, "changed_input", step->changed_input);
	add_digest(out, "old_digest", &step->old_digest);
	add_digest(out, "new_digest", &step->new_digest);
	add_seconds(out, step->nanoseconds);
}

static void add_artifact(struct ox_buf *out, const struct ox_artifact *artifact)
{
	open_object(out, "artifact");
	add_text(out, "target", artifact->target);
	add_text(out, "path", artifact->path);
	add_digest(out, "digest", &artifact->digest);
	add_number(out, "size", artifact->size);
	add_bool(out, "runnable", artifact->runnable);
	add_optional(out, "runs_on", artifact->runs_on);
}

static void add_result(struct ox_buf *out, const struct ox_result *result)
{
	open_object(out, "result");
	ox_buf_printf(out, ",\"exit_code\":%d", result->exit_code);
	add_text(out, "category", result->category);
	add_optional(out, "message", result->message);
	add_bool(out, "memoised", result->memoised);
	add_seconds(out, result->nanoseconds);
}

static void add_text_event(struct ox_buf *out, const struct ox_text *text)
{
	open_object(out, "text");
	add_optional(out, "file", text->file);
	add_text(out, "text", text->text);
	if (text->json.len) {
		ox_buf_str(out, ",\"value\":");
		ox_buf_slice(out, text->json);
	}
	add_bool(out, "changed", text->changed);
}

void ox_json_event(struct ox_buf *out, const struct ox_event *event)
{
	switch (event->type) {
	case OX_EVENT_LOG:
		add_log(out, &event->as.log);
		break;
	case OX_EVENT_PROGRESS:
		add_progress(out, &event->as.progress);
		break;
	case OX_EVENT_DIAGNOSTIC:
		add_diagnostic(out, &event->as.diagnostic);
		break;
	case OX_EVENT_TARGET:
		add_target(out, &event->as.target);
		break;
	case OX_EVENT_STEP:
		add_step(out, &event->as.step);
		break;
	case OX_EVENT_ARTIFACT:
		add_artifact(out, &event->as.artifact);
		break;
	case OX_EVENT_RESULT:
		add_result(out, &event->as.result);
		break;
	case OX_EVENT_TEXT:
		add_text_event(out, &event->as.text);
		break;
	default:
		return;
	}
	if (event->number)
		add_number(out, "number", event->number);
	close_object(out);
}

void ox_json_report(struct ox_buf *out, const struct ox_report *report)
{
	open_object(out, "report");
	ox_buf_str(out, ",\"items\":[");
	for (size_t i = 0; i < report->count; i++) {
		const struct ox_report_item *item = &report->items[i];
		ox_buf_printf(out, "%s{\"name\":", i ? "," : "");
		ox_buf_json(out, item->name);
		if (item->text.len)
			add_text(out, "text", item->text);
		else
			add_number(out, "number", item->number);
		add_optional(out, "unit", item->unit);
		ox_buf_byte(out, '}');
	}
	ox_buf_byte(out, ']');
	close_object(out);
}
