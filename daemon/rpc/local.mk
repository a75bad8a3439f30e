# rpc: the daemon: sessions, dispatch, scheduling.
noinst_LIBRARIES += daemon/rpc/librpc.a
daemon_rpc_librpc_a_CPPFLAGS = $(AM_CPPFLAGS) -DOX_LIBEXECDIR='"$(libexecdir)/oxidizer"'
daemon_rpc_librpc_a_SOURCES = \
	daemon/rpc/answer.c daemon/rpc/answer.h \
	daemon/rpc/background.c daemon/rpc/background.h \
	daemon/rpc/daemon.c daemon/rpc/daemon.h \
	daemon/rpc/dispatch.c daemon/rpc/dispatch.h \
	daemon/rpc/endpoint.c daemon/rpc/endpoint.h \
	daemon/rpc/history.c daemon/rpc/history.h \
	daemon/rpc/job.c daemon/rpc/job.h \
	daemon/rpc/log.c daemon/rpc/log.h \
	daemon/rpc/schedule.c daemon/rpc/schedule.h \
	daemon/rpc/server.h \
	daemon/rpc/session.c daemon/rpc/session.h \
	daemon/rpc/status.c daemon/rpc/status.h \
	daemon/rpc/stores.c daemon/rpc/stores.h \
	daemon/rpc/worker.c daemon/rpc/worker.h
RPC_LIBS = daemon/rpc/librpc.a daemon/request/librequest.a daemon/action/libaction.a $(WIRE_LIBS) $(STORE_LIBS) $(LOOP_LIBS)

if HAVE_CMOCKA
RPC_TESTS = tests/unit/daemon/rpc/answer_test tests/unit/daemon/rpc/endpoint_test \
	tests/unit/daemon/rpc/history_test tests/unit/daemon/rpc/log_test
check_PROGRAMS += $(RPC_TESTS)
TESTS += $(RPC_TESTS)
tests_unit_daemon_rpc_answer_test_SOURCES = tests/unit/daemon/rpc/answer_test.c
tests_unit_daemon_rpc_answer_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_rpc_answer_test_LDADD = $(RPC_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_rpc_endpoint_test_SOURCES = tests/unit/daemon/rpc/endpoint_test.c
tests_unit_daemon_rpc_endpoint_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_rpc_endpoint_test_LDADD = $(RPC_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_rpc_history_test_SOURCES = tests/unit/daemon/rpc/history_test.c
tests_unit_daemon_rpc_history_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_rpc_history_test_LDADD = $(RPC_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_rpc_log_test_SOURCES = tests/unit/daemon/rpc/log_test.c
tests_unit_daemon_rpc_log_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_rpc_log_test_LDADD = $(RPC_LIBS) $(CMOCKA_LIBS)
endif
