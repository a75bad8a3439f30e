/* exit_threads.h - other threads when the interpreter ends, and after it.
 *
 * A library's thread that wants the GIL once the interpreter is ending can never have it. It is ended then
 * (wrap_exit.c), and its library may wait for ever, in a static destructor, for what the thread would have told it
 * next: Arrow's pools wait on a condition variable until each worker has signed off. So threads that are at work
 * get a moment to finish before the interpreter ends, and when that was not enough, an exit that waits for the
 * dead is cut short. */
#ifndef OX_EMBED_EXIT_THREADS_H
#define OX_EMBED_EXIT_THREADS_H

#include <stdbool.h>

/* Whether the process has more than one thread, whoever made them. False where /proc does not tell. */
bool ox_threads_are_several(void);

/* With the GIL, which is given up now and then: until no other thread runs or waits for its first turn, but no longer
 * than the time limits in exit_threads.c. */
void ox_threads_settle(void);

/* The same for CPython's own main loop: as the last of atexit's functions. -1 with an exception. */
int ox_threads_settle_at_exit(void);

/* Ends the calling thread without unwinding its stack: locks that it holds stay locked, and whoever joins it goes on.
 * Returns in the process's first thread. */
void ox_threads_end_this(void);

/* When the interpreter is gone: from now on the process exits with `status` as soon as its first thread, in an exit
 * function, waits for something that an ended thread will not do. Nothing happens when no thread was ended. */
void ox_threads_watch(int status);

#endif
