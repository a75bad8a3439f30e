# The Starlark language. libsyntax is what needs no values: text, tokens, tree, names.
noinst_LIBRARIES += daemon/starlark/libsyntax.a daemon/starlark/libstarlark.a
daemon_starlark_libsyntax_a_SOURCES = \
	daemon/starlark/ast.h \
	daemon/starlark/parse.c daemon/starlark/parse.h \
	daemon/starlark/parse_expr.c daemon/starlark/parse_impl.h \
	daemon/starlark/resolve.c daemon/starlark/resolve.h \
	daemon/starlark/scan.c daemon/starlark/scan.h \
	daemon/starlark/scan_string.c \
	daemon/starlark/source.c daemon/starlark/source.h \
	daemon/starlark/token.h
daemon_starlark_libstarlark_a_SOURCES = \
	daemon/starlark/attr.c \
	daemon/starlark/call.c \
	daemon/starlark/code.h \
	daemon/starlark/compare.c \
	daemon/starlark/compile.c daemon/starlark/compile.h \
	daemon/starlark/compile_expr.c daemon/starlark/compile_impl.h \
	daemon/starlark/containers.c \
	daemon/starlark/dict.c \
	daemon/starlark/fail.c \
	daemon/starlark/format.c \
	daemon/starlark/frame.c daemon/starlark/frame.h \
	daemon/starlark/freeze.c \
	daemon/starlark/heap.c \
	daemon/starlark/index.c \
	daemon/starlark/int.c \
	daemon/starlark/iterate.c \
	daemon/starlark/list.c \
	daemon/starlark/methods.c \
	daemon/starlark/module.c \
	daemon/starlark/ops.c \
	daemon/starlark/print.c \
	daemon/starlark/star.c daemon/starlark/starlark.h \
	daemon/starlark/string.c \
	daemon/starlark/string_case.c \
	daemon/starlark/string_methods.c daemon/starlark/string_methods.h \
	daemon/starlark/thread.h \
	daemon/starlark/universal.c \
	daemon/starlark/value.h \
	daemon/starlark/vm.c daemon/starlark/vm_impl.h \
	daemon/starlark/vm_slow.c
SYNTAX_LIBS = daemon/starlark/libsyntax.a $(BASE_LIBS)
STARLARK_LIBS = daemon/starlark/libstarlark.a $(SYNTAX_LIBS) $(GMP_LIBS) -lm

noinst_PROGRAMS += daemon/starlark/star-eval
daemon_starlark_star_eval_SOURCES = daemon/starlark/star-eval.c
daemon_starlark_star_eval_LDADD = $(STARLARK_LIBS)

STARLARK_TESTS = \
	tests/unit/daemon/starlark/scanner_test \
	tests/unit/daemon/starlark/parser_test \
	tests/unit/daemon/starlark/embedding_test \
	tests/unit/daemon/starlark/conformance_test \
	tests/fuzz/scanner_fuzz tests/fuzz/parser_fuzz tests/fuzz/starlark_eval_fuzz
check_PROGRAMS += $(STARLARK_TESTS)
TESTS += $(STARLARK_TESTS)
tests_unit_daemon_starlark_scanner_test_SOURCES = \
	tests/unit/daemon/starlark/scanner_test.c tests/unit/daemon/starlark/collect.h
tests_unit_daemon_starlark_scanner_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_scanner_test_LDADD = $(SYNTAX_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_parser_test_SOURCES = \
	tests/unit/daemon/starlark/parser_test.c tests/unit/daemon/starlark/collect.h
tests_unit_daemon_starlark_parser_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_parser_test_LDADD = $(SYNTAX_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_embedding_test_SOURCES = \
	tests/unit/daemon/starlark/embedding_test.c tests/unit/daemon/starlark/collect.h
tests_unit_daemon_starlark_embedding_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_embedding_test_LDADD = $(STARLARK_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_conformance_test_SOURCES = tests/unit/daemon/starlark/conformance_test.c
tests_unit_daemon_starlark_conformance_test_LDADD = $(STARLARK_LIBS)
tests_fuzz_scanner_fuzz_SOURCES = tests/fuzz/scanner_fuzz.c tests/fuzz/replay.c
tests_fuzz_scanner_fuzz_LDADD = $(SYNTAX_LIBS)
tests_fuzz_parser_fuzz_SOURCES = tests/fuzz/parser_fuzz.c tests/fuzz/replay.c
tests_fuzz_parser_fuzz_LDADD = $(SYNTAX_LIBS)
tests_fuzz_starlark_eval_fuzz_SOURCES = tests/fuzz/starlark_eval_fuzz.c tests/fuzz/replay.c
tests_fuzz_starlark_eval_fuzz_LDADD = $(STARLARK_LIBS)
EXTRA_DIST += tests/unit/daemon/starlark/testdata \
	tests/fuzz/seeds/scanner tests/fuzz/seeds/parser tests/fuzz/seeds/starlark_eval
