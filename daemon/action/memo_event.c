#include "daemon/action/memo_event.h"

#include "store/index/reader.h"

static void write_log(struct ox_buf *b, const struct ox_log *e)
{
	ox_buf_u64(b, e->level);
	ox_write_text(b, e->source);
	ox_write_text(b, e->text);
}

static void write_diagnostic(struct ox_buf *b, const struct ox_diagnostic *e)
{
	ox_buf_u64(b, e->severity);
	ox_write_text(b, e->code);
	ox_write_text(b, e->message);
	ox_write_text(b, e->file);
	ox_buf_u64(b, e->line);
	ox_buf_u64(b, e->column);
	ox_buf_u64(b, e->end_line);
	ox_buf_u64(b, e->end_column);
	ox_write_text(b, e->source_line);
	ox_write_text(b, e->hint);
	ox_write_text(b, e->notes);
}

static void write_artifact(struct ox_buf *b, const struct ox_artifact *e)
{
	ox_write_text(b, e->target);
	ox_write_text(b, e->path);
	ox_buf_add(b, e->digest.bytes, OX_DIGEST_SIZE);
	ox_buf_u64(b, e->size);
	ox_buf_u64(b, e->runnable);
	ox_write_text(b, e->runs_on);
}

void ox_memo_write_event(struct ox_buf *b, const struct ox_event *event)
{
	struct ox_buf one = {0};
	ox_buf_u32(&one, event->type);
	switch (event->type) {
	case OX_EVENT_LOG:
		write_log(&one, &event->as.log);
		break;
	case OX_EVENT_DIAGNOSTIC:
		write_diagnostic(&one, &event->as.diagnostic);
		break;
	case OX_EVENT_TARGET:
		ox_write_text(&one, event->as.target.name);
		ox_buf_u64(&one, event->as.target.state);
		ox_buf_u64(&one, event->as.target.is_default);
		break;
	case OX_EVENT_ARTIFACT:
		write_artifact(&one, &event->as.artifact);
		break;
	default:
		ox_buf_free(&one);
		return;
	}
	b->failed |= one.failed;
	ox_write_text(b, ox_buf_view(&one));
	ox_buf_free(&one);
}

static void read_log(struct ox_reader *r, struct ox_log *e)
{
	e->level = (enum ox_level)ox_read_u64(r);
	e->source = ox_read_text(r);
	e->text = ox_read_text(r);
}

static void read_diagnostic(struct ox_reader *r, struct ox_diagnostic *e)
{
	e->severity = (enum ox_severity)ox_read_u64(r);
	e->code = ox_read_text(r);
	e->message = ox_read_text(r);
	e->file = ox_read_text(r);
	e->line = (uint32_t)ox_read_u64(r);
	e->column = (uint32_t)ox_read_u64(r);
	e->end_line = (uint32_t)ox_read_u64(r);
	e->end_column = (uint32_t)ox_read_u64(r);
	e->source_line = ox_read_text(r);
	e->hint = ox_read_text(r);
	e->notes = ox_read_text(r);
}

static void read_target(struct ox_reader *r, struct ox_target *e)
{
	e->name = ox_read_text(r);
	e->state = (enum ox_target_state)ox_read_u64(r);
	e->is_default = ox_read_u64(r) != 0;
}

static void read_artifact(struct ox_reader *r, struct ox_artifact *e)
{
	e->target = ox_read_text(r);
	e->path = ox_read_text(r);
	e->digest = ox_read_digest(r);
	e->size = ox_read_u64(r);
	e->runnable = ox_read_u64(r) != 0;
	e->runs_on = ox_read_text(r);
}

static bool read_event(struct ox_slice bytes, struct ox_event *event)
{
	struct ox_reader r = ox_reader(bytes);
	*event = (struct ox_event){.type = (enum ox_event_type)ox_read_u32(&r)};
	switch (event->type) {
	case OX_EVENT_LOG:
		read_log(&r, &event->as.log);
		break;
	case OX_EVENT_DIAGNOSTIC:
		read_diagnostic(&r, &event->as.diagnostic);
		break;
	case OX_EVENT_TARGET:
		read_target(&r, &event->as.target);
		break;
	case OX_EVENT_ARTIFACT:
		read_artifact(&r, &event->as.artifact);
		break;
	default:
		return false;
	}
	return !r.failed && r.at == r.end;
}

bool ox_memo_replay(struct ox_slice events, struct ox_sink *sink)
{
	struct ox_reader r = ox_reader(events);
	while (r.at != r.end) {
		struct ox_event event;
		if (!read_event(ox_read_text(&r), &event) || r.failed)
			return false;
		ox_emit(sink, &event);
	}
	return true;
}
