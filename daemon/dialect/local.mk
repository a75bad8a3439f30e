# The configuration language: its types and functions over the packaging model.
noinst_LIBRARIES += daemon/dialect/libdialect.a
daemon_dialect_libdialect_a_SOURCES = \
	daemon/dialect/absent.c daemon/dialect/absent.h \
	daemon/dialect/build.c \
	daemon/dialect/collector.c daemon/dialect/collector.h \
	daemon/dialect/config_old.c \
	daemon/dialect/config_doc.def \
	daemon/dialect/config_value.c daemon/dialect/config_value.h \
	daemon/dialect/content_value.c daemon/dialect/content_value.h \
	daemon/dialect/dialect.c daemon/dialect/dialect.h \
	daemon/dialect/discover.c daemon/dialect/discover.h \
	daemon/dialect/distribution_value.c daemon/dialect/distribution_value.h \
	daemon/dialect/embedded_value.c daemon/dialect/embedded_value.h \
	daemon/dialect/executable_add.c daemon/dialect/executable_add.h \
	daemon/dialect/executable_build.c daemon/dialect/executable_create.c \
	daemon/dialect/executable_filter.c daemon/dialect/executable_filter.h \
	daemon/dialect/executable_value.c daemon/dialect/executable_value.h \
	daemon/dialect/expression.c \
	daemon/dialect/facts.c daemon/dialect/facts.h \
	daemon/dialect/functions.c daemon/dialect/functions.h \
	daemon/dialect/glob.c daemon/dialect/glob.h \
	daemon/dialect/layout.c daemon/dialect/layout.h \
	daemon/dialect/lint.c daemon/dialect/lint.h \
	daemon/dialect/limits.c daemon/dialect/limits.h \
	daemon/dialect/load.c daemon/dialect/load.h \
	daemon/dialect/manifest_glob.c daemon/dialect/manifest_python.c \
	daemon/dialect/manifest_value.c daemon/dialect/manifest_value.h \
	daemon/dialect/manual.c daemon/dialect/manual.h \
	daemon/dialect/path.c daemon/dialect/path.h \
	daemon/dialect/policy_value.c daemon/dialect/policy_value.h \
	daemon/dialect/resource_value.c daemon/dialect/resource_value.h \
	daemon/dialect/rules.c daemon/dialect/rules.h \
	daemon/dialect/session.c daemon/dialect/session.h \
	daemon/dialect/targets.c daemon/dialect/targets.h
DIALECT_LIBS = daemon/dialect/libdialect.a daemon/starlark/liblint.a daemon/starlark/liblayout.a $(STARLARK_LIBS) $(BUNDLE_LIBS)

if HAVE_CMOCKA
DIALECT_TESTS = \
	tests/unit/daemon/dialect/evaluate_test tests/unit/daemon/dialect/facts_test \
	tests/unit/daemon/dialect/glob_test tests/unit/daemon/dialect/manual_test \
	tests/unit/daemon/dialect/rules_test
check_PROGRAMS += $(DIALECT_TESTS)
TESTS += $(DIALECT_TESTS)
tests_unit_daemon_dialect_evaluate_test_SOURCES = tests/unit/daemon/dialect/evaluate_test.c
tests_unit_daemon_dialect_evaluate_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_dialect_evaluate_test_LDADD = $(DIALECT_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_dialect_facts_test_SOURCES = tests/unit/daemon/dialect/facts_test.c
tests_unit_daemon_dialect_facts_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_dialect_facts_test_LDADD = $(DIALECT_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_dialect_glob_test_SOURCES = tests/unit/daemon/dialect/glob_test.c
tests_unit_daemon_dialect_glob_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_dialect_glob_test_LDADD = $(DIALECT_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_dialect_manual_test_SOURCES = tests/unit/daemon/dialect/manual_test.c
tests_unit_daemon_dialect_manual_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_dialect_manual_test_LDADD = $(DIALECT_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_dialect_rules_test_SOURCES = tests/unit/daemon/dialect/rules_test.c
tests_unit_daemon_dialect_rules_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_dialect_rules_test_LDADD = $(DIALECT_LIBS) $(CMOCKA_LIBS)
endif

check_PROGRAMS += tests/fuzz/lint_fuzz
TESTS += tests/fuzz/lint_fuzz
tests_fuzz_lint_fuzz_SOURCES = tests/fuzz/lint_fuzz.c tests/fuzz/replay.c
tests_fuzz_lint_fuzz_LDADD = $(DIALECT_LIBS) -lpthread
EXTRA_DIST += tests/fuzz/seeds/lint
