# Checks that read the tree; scripts for people.
TESTS += contrib/check-layers.py contrib/check-style.py contrib/check-spec.py
EXTRA_DIST += \
	contrib/check contrib/check-headers.sh contrib/check-layers.py contrib/check-style.py contrib/check-spec.py \
	contrib/debian-packages contrib/importer-matrix contrib/importer-matrix-suite contrib/layers contrib/long-functions contrib/packages-try contrib/packages/list contrib/packages/results.md \
	contrib/quickstart contrib/setup
EXTRA_DIST += contrib/bench/bench.py contrib/bench/imports.py contrib/bench/measure.py \
	contrib/bench/starlark.py contrib/bench/starlark_diff.py contrib/bench/starlark_random.py \
	contrib/bench/fmt_diff.py contrib/bench/distributions.py
EXTRA_DIST += \
	contrib/python-distribution/arranging.py contrib/python-distribution/build contrib/python-distribution/changes \
	contrib/python-distribution/check contrib/python-distribution/class_slots.c \
	contrib/python-distribution/class_slots-3.9.diff contrib/python-distribution/class_slots-3.11.diff \
	contrib/python-distribution/class_slots-3.13.diff \
	contrib/python-distribution/compiling.py contrib/python-distribution/depend.py \
	contrib/python-distribution/describe.py contrib/python-distribution/fetch.py \
	contrib/python-distribution/first_writes.c contrib/python-distribution/libraries \
	contrib/python-distribution/library-sources contrib/python-distribution/matrix \
	contrib/python-distribution/modules \
	contrib/python-distribution/optimizing.py contrib/python-distribution/pack.py \
	contrib/python-distribution/patches contrib/python-distribution/recipes.py \
	contrib/python-distribution/sources contrib/python-distribution/sysroots.py \
	contrib/python-distribution/tables.py contrib/python-distribution/toolchains.py \
	contrib/python-distribution/training.py contrib/python-distribution/ziglang

# The figures of the product beside their references: a table, and bench.json.
bench: all contrib/bench/evaluate_config
	OX_BUILDDIR='$(abs_top_builddir)' $(PYTHON) $(srcdir)/contrib/bench/bench.py
	$(MAKE) $(AM_MAKEFLAGS) bench-starlark

# The language beside starlark-go and CPython, part of bench; bench-starlark.json.
bench-starlark: all contrib/bench/starlark_phases
	OX_BUILDDIR='$(abs_top_builddir)' $(PYTHON) $(srcdir)/contrib/bench/starlark.py
.PHONY: bench bench-starlark
CLEANFILES += bench.json bench-starlark.json contrib/bench/evaluate_config contrib/bench/starlark_phases
EXTRA_PROGRAMS += contrib/bench/starlark_phases
contrib_bench_starlark_phases_SOURCES = contrib/bench/starlark_phases.c
contrib_bench_starlark_phases_LDADD = $(STARLARK_LIBS)
EXTRA_PROGRAMS += contrib/bench/evaluate_config
contrib_bench_evaluate_config_SOURCES = contrib/bench/evaluate_config.c
contrib_bench_evaluate_config_LDADD = $(DIALECT_LIBS)
