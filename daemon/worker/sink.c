#include "daemon/worker/sink.h"

#include "proto/base/clock.h"
#include "proto/base/map.h"

static const uint64_t progress_interval_ns = 100000000;

/* What a hit of the memo tells again: what a person must see, and what was made. */
static bool is_replayed(const struct ox_event *event)
{
	switch (event->type) {
	case OX_EVENT_LOG:
		return event->as.log.level <= OX_LEVEL_WARN || ox_slice_eq_str(event->as.log.source, "config");
	case OX_EVENT_DIAGNOSTIC:
	case OX_EVENT_TARGET:
	case OX_EVENT_ARTIFACT:
		return true;
	default:
		return false;
	}
}

static bool is_wanted(struct ox_worker_sink *s, const struct ox_event *event)
{
	if (event->type == OX_EVENT_LOG)
		return event->as.log.level <= s->level;
	if (event->type == OX_EVENT_STEP)
		return s->explain;
	if (event->type != OX_EVENT_PROGRESS || event->as.progress.finished)
		return true;
	uint64_t now = ox_clock_mono();
	uint64_t hash = ox_hash_bytes(event->as.progress.task.data, event->as.progress.task.len);
	if (hash == s->progress_hash && now - s->progress_at < progress_interval_ns)
		return false;
	s->progress_hash = hash;
	s->progress_at = now;
	return true;
}

static void emit(struct ox_sink *self, const struct ox_event *event)
{
	struct ox_worker_sink *s = (struct ox_worker_sink *)self;
	pthread_mutex_lock(&s->lock);
	if (s->memo && is_replayed(event))
		ox_memo_event(s->memo, event);
	if (is_wanted(s, event)) {
		struct ox_msg msg = {.kind = OX_MSG_EVENT, .request = s->request, .as.event = *event};
		msg.as.event.number = ++s->number;
		s->lost |= ox_channel_send(s->channel, &msg, NULL) == OX_EEXHAUSTED;
	}
	pthread_mutex_unlock(&s->lock);
}

void ox_worker_sink_init(struct ox_worker_sink *s, struct ox_channel *channel, uint64_t request)
{
	*s = (struct ox_worker_sink){
		.sink.emit = emit,
		.channel = channel,
		.request = request,
		.level = OX_LEVEL_INFO,
	};
	pthread_mutex_init(&s->lock, NULL);
}

void ox_worker_sink_end(struct ox_worker_sink *s)
{
	pthread_mutex_destroy(&s->lock);
}

enum ox_level ox_worker_level(uint32_t verbosity)
{
	static const enum ox_level levels[] = {OX_LEVEL_WARN, OX_LEVEL_INFO, OX_LEVEL_DEBUG, OX_LEVEL_TRACE};
	return levels[verbosity < OX_COUNT(levels) ? verbosity : OX_COUNT(levels) - 1];
}

static const char *category(int exit_code)
{
	static const char *const names[] = {"ok",          "build-failed", "configuration", "internal",  "policy",
					    "unreachable", "timeout",      "busy",          "exhausted", "remote"};
	return exit_code >= 0 && exit_code < (int)OX_COUNT(names) ? names[exit_code] : "cancelled";
}

void ox_worker_result(struct ox_worker_sink *s, int code, const struct ox_err *err, bool memoised, uint64_t nanoseconds)
{
	struct ox_err lost;
	if (code == 0 && s->lost) {
		code = ox_fail(&lost, OX_EEXHAUSTED, "something that was to be told is too large for a message");
		err = &lost;
	}
	int exit_code = ox_exit_code(code);
	ox_emit(&s->sink, &(struct ox_event){
				  .type = OX_EVENT_RESULT,
				  .as.result = {.exit_code = exit_code,
						.category = ox_slice_str(category(exit_code)),
						.message = ox_slice_str(code != 0 ? err->text : ""),
						.memoised = memoised,
						.nanoseconds = nanoseconds},
			  });
}
