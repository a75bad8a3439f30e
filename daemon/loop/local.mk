# loop: starting programs, and libuv for the daemon.
noinst_LIBRARIES += daemon/loop/libloop.a
daemon_loop_libloop_a_CPPFLAGS = $(AM_CPPFLAGS) $(UV_CFLAGS)
daemon_loop_libloop_a_SOURCES = \
	daemon/loop/descendants.c daemon/loop/descendants.h \
	daemon/loop/helper.c \
	daemon/loop/line.c daemon/loop/line.h \
	daemon/loop/listener.c \
	daemon/loop/loop.c daemon/loop/loop.h daemon/loop/loop_private.h \
	daemon/loop/peer.c daemon/loop/peer.h \
	daemon/loop/process.c daemon/loop/process.h \
	daemon/loop/spawn.c daemon/loop/spawn.h
LOOP_LIBS = daemon/loop/libloop.a $(BASE_LIBS) $(UV_LIBS)

if HAVE_CMOCKA
LOOP_TESTS = tests/unit/daemon/loop/line_test tests/unit/daemon/loop/peer_test tests/unit/daemon/loop/process_test
check_PROGRAMS += $(LOOP_TESTS)
TESTS += $(LOOP_TESTS)
tests_unit_daemon_loop_line_test_SOURCES = tests/unit/daemon/loop/line_test.c
tests_unit_daemon_loop_line_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_loop_line_test_LDADD = $(LOOP_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_loop_peer_test_SOURCES = tests/unit/daemon/loop/peer_test.c
tests_unit_daemon_loop_peer_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_loop_peer_test_LDADD = $(LOOP_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_loop_process_test_SOURCES = tests/unit/daemon/loop/process_test.c
tests_unit_daemon_loop_process_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_loop_process_test_LDADD = $(LOOP_LIBS) $(CMOCKA_LIBS)
endif
