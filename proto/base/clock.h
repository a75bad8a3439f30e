/* clock.h - time: nanoseconds from the monotonic clock for durations, from the
 * real one for comparison with file times. Never part of a build's output. */
#ifndef OX_BASE_CLOCK_H
#define OX_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t ox_clock_read(clockid_t id)
{
	struct timespec ts;
	if (clock_gettime(id, &ts) != 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static inline uint64_t ox_clock_mono(void)
{
	return ox_clock_read(CLOCK_MONOTONIC);
}

static inline uint64_t ox_clock_real(void)
{
	return ox_clock_read(CLOCK_REALTIME);
}

#endif
