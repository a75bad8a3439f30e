# python: describing interpreters, scanning, bytecode, pip.
noinst_LIBRARIES += daemon/python/libpython.a
daemon_python_libpython_a_CPPFLAGS = $(AM_CPPFLAGS) $(ELF_CFLAGS) $(JANSSON_CFLAGS)
daemon_python_libpython_a_SOURCES = \
	daemon/python/archive.c daemon/python/archive.h \
	daemon/python/archive_check.c daemon/python/archive_check.h \
	daemon/python/archive_report.c daemon/python/archive_report.h \
	daemon/python/archive_pic.c daemon/python/archive_pic.h \
	daemon/python/archive_prefix.c daemon/python/archive_prefix.h \
	daemon/python/blob.c \
	daemon/python/block.c daemon/python/block.h \
	daemon/python/bytecode.c daemon/python/bytecode.h \
	daemon/python/captured.c daemon/python/captured.h \
	daemon/python/candidates.c daemon/python/candidates.h \
	daemon/python/choose.c daemon/python/choose.h \
	daemon/python/child_env.c daemon/python/child_env.h \
	daemon/python/classify.c daemon/python/classify.h \
	daemon/python/compiled_list.c daemon/python/compiled_list.h \
	daemon/python/compiler_env.c daemon/python/compiler_env.h \
	daemon/python/compile_pool.c daemon/python/compile_pool.h \
	daemon/python/distribution.h daemon/python/host.c \
	daemon/python/extension.c daemon/python/extension.h \
	daemon/python/known.c daemon/python/known.h daemon/python/known_archives.def \
	daemon/python/license.c daemon/python/license.h daemon/python/spdx_ids.def \
	daemon/python/listing.c daemon/python/listing.h daemon/python/listing_digest.c \
	daemon/python/folders.c daemon/python/folders.h \
	daemon/python/host_describe.c daemon/python/host_describe.h \
	daemon/python/marshal_normal.c daemon/python/marshal_normal.h \
	daemon/python/pip.c daemon/python/pip.h \
	daemon/python/pip_inputs.c daemon/python/pip_inputs.h \
	daemon/python/pip_local.c daemon/python/pip_local.h \
	daemon/python/pip_tree.c daemon/python/pip_tree.h \
	daemon/python/probe.c daemon/python/probe.h \
	daemon/python/python_json.c daemon/python/python_json.h \
	daemon/python/reach.c daemon/python/reach.h \
	daemon/python/registered.c daemon/python/registered.h \
	daemon/python/registered_report.c daemon/python/registered_report.h \
	daemon/python/resource_report.c daemon/python/resource_report.h \
	daemon/python/resource.h daemon/python/scan.c daemon/python/stdlib.c \
	daemon/python/variants.c daemon/python/variants.h
PYTHON_LIBS = daemon/python/libpython.a runtime/pack/libpack.a daemon/capture/libcapture.a $(TRANSFER_LIBS) $(LOOP_LIBS) $(ELF_LIBS) $(JANSSON_LIBS)

# The scripts that interpreters are given, as C strings.
EXTRA_DIST += daemon/python/probe.py daemon/python/patterns.py daemon/python/generated.py daemon/python/pattern_list.py daemon/python/compile.py daemon/python/pip_run.py
BUILT_SOURCES += daemon/python/probe_script.h daemon/python/compile_script.h daemon/python/pip_run_script.h
CLEANFILES += daemon/python/probe_script.h daemon/python/compile_script.h daemon/python/pip_run_script.h
embed_script = { printf 'static const char ox_%s_script[] =\n' "$$name"; \
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/\t"/' -e 's/$$/\\n"/' $$from; printf '\t;\n'; }
daemon/python/probe_script.h: daemon/python/probe.py
	$(AM_V_GEN)$(MKDIR_P) $(@D); name=probe; from=$(srcdir)/daemon/python/probe.py; $(embed_script) >$@.tmp && mv $@.tmp $@
compile_parts = $(srcdir)/daemon/python/patterns.py $(srcdir)/daemon/python/generated.py $(srcdir)/daemon/python/pattern_list.py $(srcdir)/daemon/python/compile.py
daemon/python/compile_script.h: $(compile_parts)
	$(AM_V_GEN)$(MKDIR_P) $(@D); name=compile; from='$(compile_parts)'; $(embed_script) >$@.tmp && mv $@.tmp $@
daemon/python/pip_run_script.h: daemon/python/pip_run.py
	$(AM_V_GEN)$(MKDIR_P) $(@D); name=pip_run; from=$(srcdir)/daemon/python/pip_run.py; $(embed_script) >$@.tmp && mv $@.tmp $@
daemon/python/libpython_a-pip.$(OBJEXT): daemon/python/pip_run_script.h
daemon/python/libpython_a-probe.$(OBJEXT): daemon/python/probe_script.h
daemon/python/libpython_a-compile_pool.$(OBJEXT) daemon/python/libpython_a-bytecode.$(OBJEXT): \
	daemon/python/compile_script.h

check_PROGRAMS += tests/fuzz/marshal_fuzz
TESTS += tests/fuzz/marshal_fuzz
tests_fuzz_marshal_fuzz_SOURCES = tests/fuzz/marshal_fuzz.c tests/fuzz/replay.c
tests_fuzz_marshal_fuzz_LDADD = daemon/python/libpython.a $(BASE_LIBS)
EXTRA_DIST += tests/fuzz/seeds/marshal
check_PROGRAMS += tests/fuzz/python_json_fuzz
TESTS += tests/fuzz/python_json_fuzz
tests_fuzz_python_json_fuzz_SOURCES = tests/fuzz/python_json_fuzz.c tests/fuzz/replay.c
tests_fuzz_python_json_fuzz_LDADD = daemon/python/libpython.a $(BASE_LIBS) $(JANSSON_LIBS)
EXTRA_DIST += tests/fuzz/seeds/python_json tests/unit/daemon/python/archives.py
TESTS += tests/unit/daemon/python/generated_test.py tests/unit/daemon/python/patterns_test.py
EXTRA_DIST += tests/unit/daemon/python/generated_test.py tests/unit/daemon/python/patterns_test.py
if HAVE_CMOCKA
check_PROGRAMS += tests/unit/daemon/python/marshal_normal_test
TESTS += tests/unit/daemon/python/marshal_normal_test
tests_unit_daemon_python_marshal_normal_test_SOURCES = tests/unit/daemon/python/marshal_normal_test.c
tests_unit_daemon_python_marshal_normal_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_python_marshal_normal_test_LDADD = daemon/python/libpython.a $(BASE_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/python/compiled_list_test
TESTS += tests/unit/daemon/python/compiled_list_test
tests_unit_daemon_python_compiled_list_test_SOURCES = tests/unit/daemon/python/compiled_list_test.c
tests_unit_daemon_python_compiled_list_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_python_compiled_list_test_LDADD = daemon/python/libpython.a $(PACK_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/python/host_test
TESTS += tests/unit/daemon/python/host_test
tests_unit_daemon_python_host_test_SOURCES = tests/unit/daemon/python/host_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_python_host_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_python_host_test_LDADD = $(PYTHON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/python/archive_test
TESTS += tests/unit/daemon/python/archive_test
tests_unit_daemon_python_archive_test_SOURCES = tests/unit/daemon/python/archive_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_python_archive_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_python_archive_test_LDADD = $(PYTHON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/python/choose_test
TESTS += tests/unit/daemon/python/choose_test
tests_unit_daemon_python_choose_test_SOURCES = tests/unit/daemon/python/choose_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_python_choose_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_python_choose_test_LDADD = $(PYTHON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/python/registered_test
TESTS += tests/unit/daemon/python/registered_test
tests_unit_daemon_python_registered_test_SOURCES = tests/unit/daemon/python/registered_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_python_registered_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_python_registered_test_LDADD = $(PYTHON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/python/scan_test
TESTS += tests/unit/daemon/python/scan_test
tests_unit_daemon_python_scan_test_SOURCES = tests/unit/daemon/python/scan_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_python_scan_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_python_scan_test_LDADD = $(PYTHON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/python/bytecode_test
TESTS += tests/unit/daemon/python/bytecode_test
tests_unit_daemon_python_bytecode_test_SOURCES = tests/unit/daemon/python/bytecode_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_python_bytecode_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_python_bytecode_test_LDADD = $(PYTHON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/python/pip_test
TESTS += tests/unit/daemon/python/pip_test
tests_unit_daemon_python_pip_test_SOURCES = tests/unit/daemon/python/pip_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_python_pip_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_python_pip_test_LDADD = $(PYTHON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/python/variants_test
TESTS += tests/unit/daemon/python/variants_test
tests_unit_daemon_python_variants_test_SOURCES = tests/unit/daemon/python/variants_test.c
tests_unit_daemon_python_variants_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_python_variants_test_LDADD = $(PYTHON_LIBS) $(CMOCKA_LIBS)
endif
