/* What bounds a program: steps, time, and that somebody wants it to end. */
#include "daemon/starlark/thread.h"

#include "proto/base/clock.h"

/* The thread's own: on a busy machine the same program takes no more of it. */
static uint64_t processor_time(void)
{
	return ox_clock_read(CLOCK_THREAD_CPUTIME_ID);
}

bool ox_time_go(struct ox_star *s)
{
	if (s->time_since)
		return false;
	s->time_since = processor_time();
	return true;
}

static uint64_t time_used(const struct ox_star *s)
{
	return s->time_used + (s->time_since ? processor_time() - s->time_since : 0);
}

bool ox_time_stop(struct ox_star *s)
{
	if (!s->time_since)
		return false;
	s->time_used = time_used(s);
	s->time_since = 0;
	return true;
}

bool ox_out_of_steps(struct ox_star *s)
{
	const struct ox_star_options *o = &s->options;
	s->steps += (uint64_t)(OX_POLL_STEPS - s->fuel);
	s->fuel = OX_POLL_STEPS;
	if (o->cancelled && o->cancelled(o->user))
		ox_fail_code(s, OX_ECANCELLED, "cancelled", NULL, "cancelled");
	else if (s->steps > o->step_limit)
		ox_fail_code(s, OX_EEXHAUSTED, "step-limit", "is there a loop that never ends?",
			     "the program needs more than %llu steps", (unsigned long long)o->step_limit);
	else if (time_used(s) / 1000000 >= o->time_limit_ms)
		ox_fail_code(s, OX_ETIMEOUT, "time-limit", "is there a loop that never ends?",
			     "the program needs more than %g second%s", (double)o->time_limit_ms / 1000,
			     o->time_limit_ms == 1000 ? "" : "s");
	return ox_star_failing(s);
}
