# The Starlark language in steps, each a library that links only what is above it here:
# text, tokens, tree, names; values and what native functions do with them; code from a tree;
# the machine that runs code; the embedding interface.
noinst_LIBRARIES += daemon/starlark/libsource.a daemon/starlark/libscan.a daemon/starlark/libparse.a \
	daemon/starlark/libresolve.a daemon/starlark/liblint.a daemon/starlark/liblayout.a daemon/starlark/libvalues.a \
	daemon/starlark/libcompile.a daemon/starlark/libvm.a daemon/starlark/libstarlark.a
daemon_starlark_libsource_a_SOURCES = daemon/starlark/source.c daemon/starlark/source.h
daemon_starlark_libscan_a_SOURCES = \
	daemon/starlark/scan.c daemon/starlark/scan.h \
	daemon/starlark/scan_string.c \
	daemon/starlark/token.h
daemon_starlark_libparse_a_SOURCES = \
	daemon/starlark/ast.h \
	daemon/starlark/parse.c daemon/starlark/parse.h \
	daemon/starlark/parse_expr.c daemon/starlark/parse_impl.h
daemon_starlark_libresolve_a_SOURCES = daemon/starlark/resolve.c daemon/starlark/resolve.h
daemon_starlark_liblint_a_SOURCES = \
	daemon/starlark/lint.c daemon/starlark/lint.h \
	daemon/starlark/lint_flow.c daemon/starlark/lint_impl.h \
	daemon/starlark/lint_names.c daemon/starlark/lint_types.c daemon/starlark/lint_uses.c
daemon_starlark_liblayout_a_SOURCES = \
	daemon/starlark/ast_same.c daemon/starlark/ast_same.h \
	daemon/starlark/layout.c daemon/starlark/layout.h \
	daemon/starlark/layout_block.c daemon/starlark/layout_impl.h \
	daemon/starlark/layout_bracket.c daemon/starlark/layout_load.c \
	daemon/starlark/layout_read.c daemon/starlark/layout_text.c \
	daemon/starlark/layout_write.c
daemon_starlark_libvalues_a_SOURCES = \
	daemon/starlark/attr.c \
	daemon/starlark/call.c \
	daemon/starlark/code.h \
	daemon/starlark/compare.c \
	daemon/starlark/containers.c \
	daemon/starlark/dict.c \
	daemon/starlark/fail.c \
	daemon/starlark/format.c \
	daemon/starlark/freeze.c \
	daemon/starlark/heap.c \
	daemon/starlark/index.c \
	daemon/starlark/int.c \
	daemon/starlark/iterate.c \
	daemon/starlark/json.c \
	daemon/starlark/json_text.c daemon/starlark/json_text.h \
	daemon/starlark/limits.c \
	daemon/starlark/list.c \
	daemon/starlark/methods.c \
	daemon/starlark/ops.c \
	daemon/starlark/print.c \
	daemon/starlark/scratch.c daemon/starlark/scratch.h \
	daemon/starlark/star.c daemon/starlark/starlark.h \
	daemon/starlark/string.c \
	daemon/starlark/string_case.c \
	daemon/starlark/string_methods.c daemon/starlark/string_methods.h \
	daemon/starlark/thread.h \
	daemon/starlark/universal.c \
	daemon/starlark/value.h
daemon_starlark_libcompile_a_SOURCES = \
	daemon/starlark/compile.c daemon/starlark/compile.h \
	daemon/starlark/compile_expr.c daemon/starlark/compile_impl.h \
	daemon/starlark/dump.c daemon/starlark/dump.h
daemon_starlark_libvm_a_SOURCES = \
	daemon/starlark/frame.c daemon/starlark/frame.h \
	daemon/starlark/vm.c daemon/starlark/vm_impl.h \
	daemon/starlark/vm_slow.c
daemon_starlark_libstarlark_a_SOURCES = daemon/starlark/module.c
SOURCE_LIBS = daemon/starlark/libsource.a $(BASE_LIBS)
SCAN_LIBS = daemon/starlark/libscan.a $(SOURCE_LIBS)
PARSE_LIBS = daemon/starlark/libparse.a $(SCAN_LIBS)
RESOLVE_LIBS = daemon/starlark/libresolve.a $(SOURCE_LIBS)
SYNTAX_LIBS = daemon/starlark/libresolve.a $(PARSE_LIBS)
LINT_LIBS = daemon/starlark/liblint.a $(SYNTAX_LIBS)
LAYOUT_LIBS = daemon/starlark/liblayout.a $(PARSE_LIBS)
VALUES_LIBS = daemon/starlark/libvalues.a $(RESOLVE_LIBS) $(GMP_LIBS) -lm
VM_LIBS = daemon/starlark/libvm.a $(VALUES_LIBS)
COMPILE_LIBS = daemon/starlark/libcompile.a daemon/starlark/libvalues.a $(SYNTAX_LIBS) $(GMP_LIBS) -lm
STARLARK_LIBS = daemon/starlark/libstarlark.a daemon/starlark/libvm.a $(COMPILE_LIBS)

noinst_PROGRAMS += daemon/starlark/star-eval
daemon_starlark_star_eval_SOURCES = daemon/starlark/star-eval.c
daemon_starlark_star_eval_LDADD = $(STARLARK_LIBS)

STARLARK_TESTS = \
	tests/unit/daemon/starlark/scanner_test \
	tests/unit/daemon/starlark/parser_test \
	tests/unit/daemon/starlark/resolver_test \
	tests/unit/daemon/starlark/lint_test \
	tests/unit/daemon/starlark/layout_test tests/unit/daemon/starlark/layout_memory_test \
	tests/unit/daemon/starlark/scratch_test \
	tests/unit/daemon/starlark/embedding_test \
	tests/unit/daemon/starlark/limits_test \
	tests/unit/daemon/starlark/conformance_test \
	tests/fuzz/scanner_fuzz tests/fuzz/parser_fuzz tests/fuzz/layout_fuzz tests/fuzz/starlark_eval_fuzz \
	tests/fuzz/json_decode_fuzz
STARLARK_TESTS += tests/unit/daemon/starlark/allocation_test
STARLARK_TESTS += tests/unit/daemon/starlark/compiler_test tests/unit/daemon/starlark/machine_test
tests_unit_daemon_starlark_compiler_test_SOURCES = \
	tests/unit/daemon/starlark/compiler_test.c tests/unit/daemon/starlark/parsed.h
tests_unit_daemon_starlark_compiler_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_compiler_test_LDADD = $(COMPILE_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_machine_test_SOURCES = tests/unit/daemon/starlark/machine_test.c \
	tests/unit/daemon/starlark/collect.h
tests_unit_daemon_starlark_machine_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_machine_test_LDADD = $(VM_LIBS) $(CMOCKA_LIBS)
STARLARK_TESTS += tests/unit/daemon/starlark/values_test tests/unit/daemon/starlark/evaluations_test
tests_unit_daemon_starlark_values_test_SOURCES = tests/unit/daemon/starlark/values_test.c
tests_unit_daemon_starlark_values_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_values_test_LDADD = $(VALUES_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_evaluations_test_SOURCES = tests/unit/daemon/starlark/evaluations_test.c
tests_unit_daemon_starlark_evaluations_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_evaluations_test_LDADD = $(STARLARK_LIBS) $(CMOCKA_LIBS) -lpthread
# heap.c once more, with a block for each allocation.
tests_unit_daemon_starlark_allocation_test_SOURCES = tests/unit/daemon/starlark/allocation_test.c \
	tests/unit/daemon/starlark/chunk.c tests/unit/daemon/starlark/chunk.h daemon/starlark/heap.c
tests_unit_daemon_starlark_allocation_test_CPPFLAGS = $(AM_CPPFLAGS) -DOX_HEAP_EXACT
tests_unit_daemon_starlark_allocation_test_LDFLAGS = -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc \
	-Wl,--wrap=strdup -Wl,--wrap=strndup
tests_unit_daemon_starlark_allocation_test_LDADD = $(STARLARK_LIBS)
check_PROGRAMS += $(STARLARK_TESTS)
TESTS += $(STARLARK_TESTS)
tests_unit_daemon_starlark_scanner_test_SOURCES = \
	tests/unit/daemon/starlark/scanner_test.c tests/unit/daemon/starlark/collect.h
tests_unit_daemon_starlark_scanner_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_scanner_test_LDADD = $(SCAN_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_parser_test_SOURCES = \
	tests/unit/daemon/starlark/parser_test.c tests/unit/daemon/starlark/parsed.h
tests_unit_daemon_starlark_parser_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_parser_test_LDADD = $(PARSE_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_resolver_test_SOURCES = \
	tests/unit/daemon/starlark/resolver_test.c tests/unit/daemon/starlark/parsed.h
tests_unit_daemon_starlark_resolver_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_resolver_test_LDADD = $(SYNTAX_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_lint_test_SOURCES = tests/unit/daemon/starlark/lint_test.c
tests_unit_daemon_starlark_lint_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_lint_test_LDADD = $(LINT_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_lint_test_LDFLAGS = \
	-Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
tests_unit_daemon_starlark_layout_test_SOURCES = \
	tests/unit/daemon/starlark/layout_test.c tests/unit/daemon/starlark/layout_check.h \
	tests/unit/daemon/starlark/comments.h tests/unit/daemon/starlark/random_program.h
tests_unit_daemon_starlark_layout_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_layout_test_LDADD = $(LAYOUT_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_scratch_test_SOURCES = tests/unit/daemon/starlark/scratch_test.c
tests_unit_daemon_starlark_scratch_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_scratch_test_LDFLAGS = -Wl,--wrap=malloc -Wl,--wrap=realloc
tests_unit_daemon_starlark_scratch_test_LDADD = daemon/starlark/libvalues.a $(CMOCKA_LIBS) $(GMP_LIBS)
tests_unit_daemon_starlark_layout_memory_test_SOURCES = tests/unit/daemon/starlark/layout_memory_test.c
tests_unit_daemon_starlark_layout_memory_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_layout_memory_test_LDFLAGS = -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc
tests_unit_daemon_starlark_layout_memory_test_LDADD = $(LAYOUT_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_embedding_test_SOURCES = \
	tests/unit/daemon/starlark/embedding_test.c tests/unit/daemon/starlark/collect.h
tests_unit_daemon_starlark_embedding_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_embedding_test_LDADD = $(STARLARK_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_limits_test_SOURCES = \
	tests/unit/daemon/starlark/limits_test.c tests/unit/daemon/starlark/collect.h
tests_unit_daemon_starlark_limits_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_starlark_limits_test_LDADD = $(STARLARK_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_starlark_conformance_test_SOURCES = tests/unit/daemon/starlark/conformance_test.c \
	tests/unit/daemon/starlark/chunk.c tests/unit/daemon/starlark/chunk.h
tests_unit_daemon_starlark_conformance_test_LDADD = $(STARLARK_LIBS)
tests_fuzz_scanner_fuzz_SOURCES = tests/fuzz/scanner_fuzz.c tests/fuzz/replay.c
tests_fuzz_scanner_fuzz_LDADD = $(SCAN_LIBS)
tests_fuzz_parser_fuzz_SOURCES = tests/fuzz/parser_fuzz.c tests/fuzz/replay.c
tests_fuzz_parser_fuzz_LDADD = $(SYNTAX_LIBS)
tests_fuzz_layout_fuzz_SOURCES = tests/fuzz/layout_fuzz.c tests/fuzz/replay.c
tests_fuzz_layout_fuzz_LDADD = $(LAYOUT_LIBS)
tests_fuzz_starlark_eval_fuzz_SOURCES = tests/fuzz/starlark_eval_fuzz.c tests/fuzz/replay.c
tests_fuzz_starlark_eval_fuzz_LDADD = $(STARLARK_LIBS)
tests_fuzz_json_decode_fuzz_SOURCES = tests/fuzz/json_decode_fuzz.c tests/fuzz/replay.c
tests_fuzz_json_decode_fuzz_LDADD = $(STARLARK_LIBS)
EXTRA_DIST += tests/data/lint/language.txt tests/unit/daemon/starlark/testdata \
	tests/fuzz/seeds/scanner tests/fuzz/seeds/parser tests/fuzz/seeds/layout \
	tests/fuzz/seeds/starlark_eval tests/fuzz/seeds/json_decode
