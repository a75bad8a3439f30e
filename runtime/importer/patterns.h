/* patterns.h - regular expressions that the payload holds compiled, served to module re.
 *
 * re keeps what it has compiled in a dictionary, which it asks first (re._cache; re._cache2 from 3.12 on). Once re
 * has run, that dictionary is one of ours, whose __missing__ looks for the pattern in the payload and gives
 * _sre.compile what re's parser and compiler, which are written in Python, would have given it; it then enters the
 * result as re itself does. So whatever a program can ask of re, patterns and their order in the caches included, is
 * as ever; only the type of that dictionary could tell.
 *
 * Whatever is not in the payload, as the same pattern with the same flags, takes re's way. So does everything while
 * a trace or profile function or sys.monitoring looks on, which would miss re's calls, and once anything has been
 * changed in the modules that would have done the work (watch.h). A program that says `re._cache = {}` has re as
 * it is without this. */
#ifndef OX_IMPORTER_PATTERNS_H
#define OX_IMPORTER_PATTERNS_H

#include "runtime/importer/compat.h"
#include "proto/base/slice.h"

struct ox_finder;

/* What a finder knows of re while its modules load: watches of them. */
struct ox_patterns {
	PyObject *parser, *compiler;
};

int ox_patterns_traverse(const struct ox_patterns *p, visitproc visit, void *arg);
void ox_patterns_clear(struct ox_patterns *p);

/* To be called once the module `name` has run; does nothing unless it is re or one that works for it, out of the
 * packed standard library. -1 with an exception. */
int ox_patterns_teach(struct ox_finder *self, PyObject *module, struct ox_slice name);

extern PyType_Spec ox_pattern_cache_spec;

#endif
