#include "proto/base/event.h"

#include "proto/base/buf.h"

void ox_emit(struct ox_sink *sink, const struct ox_event *event)
{
	if (sink)
		sink->emit(sink, event);
}

void ox_emit_log(struct ox_sink *sink, enum ox_level level, const char *source, const char *fmt, ...)
{
	if (!sink)
		return;
	struct ox_buf text = {0};
	va_list ap;
	va_start(ap, fmt);
	ox_buf_vprintf(&text, fmt, ap);
	va_end(ap);
	ox_emit(sink, &(struct ox_event){
			      .type = OX_EVENT_LOG,
			      .as.log = {.level = level, .source = ox_slice_str(source), .text = ox_buf_view(&text)},
		      });
	ox_buf_free(&text);
}

void ox_emit_progress(struct ox_sink *sink, const char *task, uint64_t done, uint64_t total, const char *unit)
{
	ox_emit(sink, &(struct ox_event){
			      .type = OX_EVENT_PROGRESS,
			      .as.progress = {.task = ox_slice_str(task),
					      .done = done,
					      .total = total,
					      .unit = ox_slice_str(unit),
					      .finished = total && done == total},
		      });
}
