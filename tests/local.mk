# Unit tests (cmocka) mirror the tree below tests/unit; whole-program tests in tests/whole drive the
# real binaries; tests/fuzz holds one target per parser, replayed over its seeds.
AM_TESTS_ENVIRONMENT = \
	OX_BUILDDIR='$(abs_top_builddir)' OX_SRCDIR='$(abs_top_srcdir)' PYTHON='$(PYTHON)' \
	PYTHONPATH='$(abs_top_srcdir)/tests/whole' PYTHONDONTWRITEBYTECODE=1 OX_STUB_SANITIZERS='$(STUB_SANITIZERS)'; \
	export OX_BUILDDIR OX_SRCDIR PYTHON PYTHONPATH PYTHONDONTWRITEBYTECODE OX_STUB_SANITIZERS;
TEST_EXTENSIONS = .py .sh
PY_LOG_COMPILER = $(PYTHON)
SH_LOG_COMPILER = $(SHELL)
UNIT_CPPFLAGS = $(AM_CPPFLAGS) $(CMOCKA_CFLAGS)

check_PROGRAMS += tests/unit/proto/base_test
tests_unit_proto_base_test_SOURCES = tests/unit/proto/base_test.c
tests_unit_proto_base_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_proto_base_test_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)

# Whole-program tests: the real programs, each test with its own store and socket. The longest first.
TESTS += \
	tests/whole/cpython_suite_test.py \
	tests/whole/distribution_link_test.py \
	tests/unit/runtime/stub_test.py \
	tests/whole/store_damage_test.py \
	tests/whole/store_crash_test.py \
	contrib/check-headers.sh \
	tests/whole/packages_behaviour_test.py tests/whole/pip_inside_test.py \
	tests/whole/executable_behaviour_test.py \
	tests/whole/python_distribution_build_test.py \
	tests/whole/patterns_test.py \
	tests/whole/executable_alone_test.py \
	tests/unit/proto/base_test
EXTRA_DIST += \
	tests/data/cpython/excluded-3.11.txt tests/data/cpython/excluded-3.13.txt \
	tests/data/cpython/modules.txt tests/data/cpython/pyoxidizer.bzl \
	tests/whole/cpython_suite_test.py \
	tests/whole/executable_alone_test.py \
	tests/whole/distribution_link_test.py \
	tests/whole/executable_behaviour_test.py \
	tests/whole/packages_behaviour_test.py tests/whole/pip_inside_test.py \
	tests/whole/patterns_test.py \
	tests/whole/python_distribution_build_test.py \
	tests/whole/store_crash_test.py tests/whole/store_damage_test.py \
	tests/whole/oxtest.py \
	tests/data/patterns/generated.py tests/data/patterns/scenarios.py tests/data/patterns/shapes.py \
	tests/data/behaviour/behaviour/__init__.py \
	tests/data/behaviour/behaviour/__main__.py \
	tests/data/behaviour/behaviour/data.txt \
	tests/data/behaviour/behaviour/cases.py
clean-local:
	rm -rf tests/store build/quickstart build/importer build/importer-matrix build/stubs
