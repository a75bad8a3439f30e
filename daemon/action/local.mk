# Build steps: keyed, run once, remembered; whole builds remembered.
noinst_LIBRARIES += daemon/action/libaction.a
daemon_action_libaction_a_SOURCES = \
	daemon/action/action.c daemon/action/action.h daemon/action/inside.h \
	daemon/action/batch.c \
	daemon/action/explain.c daemon/action/explain.h \
	daemon/action/memo.h \
	daemon/action/memo_check.c \
	daemon/action/memo_event.c daemon/action/memo_event.h \
	daemon/action/memo_form.c daemon/action/memo_form.h \
	daemon/action/memo_record.c \
	daemon/action/memo_restore.c daemon/action/memo_restore.h \
	daemon/action/outcome.c daemon/action/outcome.h \
	daemon/action/step.c daemon/action/step.h
ACTION_LIBS = daemon/action/libaction.a $(STORE_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/daemon/action/action_test tests/unit/daemon/action/memo_test
TESTS += tests/unit/daemon/action/action_test tests/unit/daemon/action/memo_test
tests_unit_daemon_action_action_test_SOURCES = tests/unit/daemon/action/action_test.c
tests_unit_daemon_action_action_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_action_action_test_LDADD = $(ACTION_LIBS) $(CMOCKA_LIBS)
tests_unit_daemon_action_memo_test_SOURCES = tests/unit/daemon/action/memo_test.c
tests_unit_daemon_action_memo_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_action_memo_test_LDADD = $(ACTION_LIBS) $(CMOCKA_LIBS)
endif
