/* wrap.h - standing in for a function of CPython's (the linker's --wrap=NAME).
 *
 * Calls of NAME that one object makes to another come to our __wrap_NAME instead; __real_NAME is the function itself,
 * which ours passes on to unless there is something better to do. The lines "# wrap" of runtime/sources.list are the
 * table of all of them: which file stands in, for which versions, and what for. A wrapper is compiled only for the
 * versions that it is meant for, and the linker is told only of those that were compiled. */
#ifndef OX_EMBED_WRAP_H
#define OX_EMBED_WRAP_H

/* Declares both. Weak: a later release may lack the function, which is no reason not to link. */
#define OX_WRAP(type, name, ...) \
	type __real_##name(__VA_ARGS__) __attribute__((weak)); \
	type __wrap_##name(__VA_ARGS__)

/* The same for a function of the C library. Not weak: out of a static library the linker takes only what somebody
 * needs. */
#define OX_WRAP_LIBC(type, name, ...) \
	type __real_##name(__VA_ARGS__); \
	type __wrap_##name(__VA_ARGS__)

#endif
