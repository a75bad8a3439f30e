/* probe.h - what an interpreter says about itself (probe.py's answer), as a step "probe".
 *
 * Keyed by the bytes of the interpreter, by its _sysconfigdata modules and by its path. */
#ifndef OX_PYTHON_PROBE_H
#define OX_PYTHON_PROBE_H

#include "daemon/python/distribution.h"

struct ox_probe {
	const char *python_exe; /* as it was asked */
	const char *implementation, *version, *cache_tag;
	uint32_t hexversion; /* orders versions */
	uint32_t magic;
	bool debug, free_threaded, shared;
	const char *multiarch, *gnu_type, *prefix, *stdlib, *dynload, *include, *confinclude, *libpl, *library;
	const char *ext_suffix, *libs;
	const struct ox_slice *builtins;
	size_t builtin_count;
	struct ox_digest exe_digest;
};

/* OX_EBUILD when it does not run; the message holds what it said. */
int ox_probe(struct ox_build_context *ctx, const char *python, struct ox_probe *out, struct ox_err *err);

/* Parses the answer; strings go to the arena. OX_ECORRUPT when something is missing. */
int ox_probe_parse(struct ox_arena *arena, struct ox_slice json, struct ox_probe *out, struct ox_err *err);

#endif
