# bundle: resources become payload segments, and a stub becomes an executable.
noinst_LIBRARIES += daemon/bundle/libbundle.a
daemon_bundle_libbundle_a_CPPFLAGS = $(AM_CPPFLAGS) $(ELF_CFLAGS)
daemon_bundle_libbundle_a_SOURCES = \
	daemon/bundle/advice.c daemon/bundle/advice.h daemon/bundle/advice.def \
	daemon/bundle/assemble.c daemon/bundle/assemble.h \
	daemon/bundle/attach.c daemon/bundle/attach.h \
	daemon/bundle/beside.c daemon/bundle/beside.h \
	daemon/bundle/collect.c daemon/bundle/collect.h daemon/bundle/first_use.def \
	daemon/bundle/copy.c daemon/bundle/copy.h \
	daemon/bundle/elf.c daemon/bundle/elf.h \
	daemon/bundle/executable.c daemon/bundle/executable.h \
	daemon/bundle/file_users.c daemon/bundle/file_users.h daemon/bundle/adds_folders.def \
	daemon/bundle/hostlib.c daemon/bundle/hostlib.h \
	daemon/bundle/item.h \
	daemon/bundle/linked.c daemon/bundle/linked.h \
	daemon/bundle/publish.c \
	daemon/bundle/records.c daemon/bundle/records.h \
	daemon/bundle/runs_on.c daemon/bundle/runs_on.h daemon/bundle/glibc_releases.def \
	daemon/bundle/segment.c daemon/bundle/segment.h \
	daemon/bundle/tier.c daemon/bundle/tier.h \
	daemon/bundle/tree.c daemon/bundle/tree.h \
	daemon/bundle/wants_file.c daemon/bundle/wants_file.def daemon/bundle/wants_file.h
BUNDLE_LIBS = daemon/bundle/libbundle.a $(LINK_LIBS) $(PACK_LIBS) $(ELF_LIBS)

check_PROGRAMS += tests/unit/daemon/bundle/attach_test tests/fuzz/elf_fuzz
TESTS += tests/unit/daemon/bundle/attach_test tests/fuzz/elf_fuzz
tests_unit_daemon_bundle_attach_test_SOURCES = \
	tests/unit/daemon/bundle/attach_test.c tests/unit/daemon/bundle/command.h
tests_unit_daemon_bundle_attach_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_bundle_attach_test_LDADD = daemon/bundle/libbundle.a $(DIGEST_LIBS) $(ELF_LIBS) $(CMOCKA_LIBS)
tests_fuzz_elf_fuzz_SOURCES = tests/fuzz/elf_fuzz.c tests/fuzz/replay.c
tests_fuzz_elf_fuzz_LDADD = daemon/bundle/libbundle.a $(BASE_LIBS) $(ELF_LIBS)
EXTRA_DIST += tests/fuzz/seeds/elf

check_PROGRAMS += tests/unit/daemon/bundle/executable_test
TESTS += tests/unit/daemon/bundle/executable_test
tests_unit_daemon_bundle_executable_test_SOURCES = \
	tests/unit/daemon/bundle/executable_test.c tests/unit/daemon/bundle/command.h \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_bundle_executable_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_bundle_executable_test_LDADD = $(BUNDLE_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/bundle/tree_test
TESTS += tests/unit/daemon/bundle/tree_test
tests_unit_daemon_bundle_tree_test_SOURCES = tests/unit/daemon/bundle/tree_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_bundle_tree_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_bundle_tree_test_LDADD = $(BUNDLE_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/bundle/tier_test
TESTS += tests/unit/daemon/bundle/tier_test
tests_unit_daemon_bundle_tier_test_SOURCES = tests/unit/daemon/bundle/tier_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_bundle_tier_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_bundle_tier_test_LDADD = $(BUNDLE_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/bundle/linked_test
TESTS += tests/unit/daemon/bundle/linked_test
tests_unit_daemon_bundle_linked_test_SOURCES = tests/unit/daemon/bundle/linked_test.c \
	tests/unit/daemon/python/fixture.c tests/unit/daemon/python/fixture.h
tests_unit_daemon_bundle_linked_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_bundle_linked_test_LDADD = $(BUNDLE_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/bundle/wants_file_test
TESTS += tests/unit/daemon/bundle/wants_file_test
tests_unit_daemon_bundle_wants_file_test_SOURCES = tests/unit/daemon/bundle/wants_file_test.c
tests_unit_daemon_bundle_wants_file_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_bundle_wants_file_test_LDADD = daemon/bundle/libbundle.a $(BASE_LIBS) $(CMOCKA_LIBS)
