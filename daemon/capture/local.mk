# capture: the linker that stands in front of the real one while packages are built.
noinst_LIBRARIES += daemon/capture/libcapture.a
daemon_capture_libcapture_a_CPPFLAGS = $(AM_CPPFLAGS) $(ELF_CFLAGS)
daemon_capture_libcapture_a_SOURCES = \
	daemon/capture/capture.c daemon/capture/capture.h \
	daemon/capture/command.c daemon/capture/command.h \
	daemon/capture/elf_facts.c daemon/capture/elf_facts.h \
	daemon/capture/record.c daemon/capture/record.h \
	daemon/capture/response.c daemon/capture/response.h \
	daemon/capture/run.c daemon/capture/run.h
CAPTURE_LIBS = daemon/capture/libcapture.a $(FS_LIBS) $(ELF_LIBS)

pkglibexec_PROGRAMS += daemon/oxidizer-linker
daemon_oxidizer_linker_SOURCES = daemon/capture/main.c
daemon_oxidizer_linker_LDADD = $(CAPTURE_LIBS)

# The folder that compilers are told to look into, in the build tree and below the prefix: next to the worker.
LINKER_NAMES = ld ld.bfd ld.gold ld.lld ld.mold
daemon/linkers/stamp: daemon/oxidizer-linker$(EXEEXT)
	$(AM_V_GEN)$(MKDIR_P) $(@D) && \
	for name in $(LINKER_NAMES); do ln -sf ../oxidizer-linker$(EXEEXT) $(@D)/$$name || exit 1; done && touch $@
noinst_DATA += daemon/linkers/stamp
CLEANFILES += daemon/linkers/*
install-linkers-hook:
	$(MKDIR_P) '$(DESTDIR)$(pkglibexecdir)/linkers'
	for name in $(LINKER_NAMES); do \
		ln -sf ../oxidizer-linker$(EXEEXT) "$(DESTDIR)$(pkglibexecdir)/linkers/$$name" || exit 1; done
uninstall-linkers-hook:
	rm -rf '$(DESTDIR)$(pkglibexecdir)/linkers'
INSTALL_EXEC_HOOKS += install-linkers-hook
UNINSTALL_HOOKS += uninstall-linkers-hook

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/daemon/capture/capture_test
TESTS += tests/unit/daemon/capture/capture_test
tests_unit_daemon_capture_capture_test_SOURCES = tests/unit/daemon/capture/capture_test.c
tests_unit_daemon_capture_capture_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_capture_capture_test_LDADD = $(CAPTURE_LIBS) $(CMOCKA_LIBS)
endif
