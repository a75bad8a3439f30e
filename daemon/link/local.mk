# link: our runtime and a libpython become an executable without payload.
noinst_LIBRARIES += daemon/link/liblink.a
daemon_link_liblink_a_CPPFLAGS = $(AM_CPPFLAGS) \
	-DOX_SOURCE_DIR='"$(abs_top_srcdir)"' -DOX_PKGDATADIR='"$(pkgdatadir)"'
daemon_link_liblink_a_SOURCES = \
	daemon/link/elf_unique.c daemon/link/elf_unique.h \
	daemon/link/inittab.c daemon/link/inittab.h \
	daemon/link/libraries.c daemon/link/libraries.h \
	daemon/link/linked_modules.c daemon/link/linked_modules.h \
	daemon/link/linked_table.c daemon/link/linked_table.h \
	daemon/link/objects.c daemon/link/objects.h \
	daemon/link/package.c daemon/link/package.h \
	daemon/link/parts.c daemon/link/parts.h \
	daemon/link/sources.c daemon/link/sources.h \
	daemon/link/stub.c daemon/link/stub.h daemon/link/stub_module.h \
	daemon/link/toolchain.c daemon/link/toolchain.h
LINK_LIBS = daemon/link/liblink.a $(PYTHON_LIBS) $(LOOP_LIBS)

check_PROGRAMS += tests/unit/daemon/link/linked_modules_test
TESTS += tests/unit/daemon/link/linked_modules_test
tests_unit_daemon_link_linked_modules_test_SOURCES = tests/unit/daemon/link/linked_modules_test.c
tests_unit_daemon_link_linked_modules_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_link_linked_modules_test_LDADD = $(LINK_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/link/toolchain_test
TESTS += tests/unit/daemon/link/toolchain_test
tests_unit_daemon_link_toolchain_test_SOURCES = tests/unit/daemon/link/toolchain_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_link_toolchain_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_link_toolchain_test_LDADD = $(LINK_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/link/parts_test
TESTS += tests/unit/daemon/link/parts_test
tests_unit_daemon_link_parts_test_SOURCES = tests/unit/daemon/link/parts_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_link_parts_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_link_parts_test_LDADD = $(LINK_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/fuzz/capture_fuzz
TESTS += tests/fuzz/capture_fuzz
tests_fuzz_capture_fuzz_SOURCES = tests/fuzz/capture_fuzz.c tests/fuzz/replay.c
tests_fuzz_capture_fuzz_LDADD = daemon/link/liblink.a $(CAPTURE_LIBS)
EXTRA_DIST += tests/fuzz/seeds/capture
