# oxc. It starts in about a millisecond: the C library and nanopb, nothing else.
noinst_LIBRARIES += client/conn/libconn.a client/out/libout.a client/cmd/libcmd.a
client_conn_libconn_a_SOURCES = \
	client/conn/conn.c client/conn/conn.h \
	client/conn/paths.c client/conn/paths.h \
	client/conn/request.c client/conn/request.h \
	client/conn/spawn.c client/conn/spawn.h \
	client/conn/start.c client/conn/start.h
client_conn_libconn_a_CPPFLAGS = $(AM_CPPFLAGS) -DOX_PKGLIBEXECDIR='"$(pkglibexecdir)"'
CONN_LIBS = client/conn/libconn.a $(WIRE_LIBS)

client_out_libout_a_SOURCES = \
	client/out/json.c client/out/json.h \
	client/out/output.c client/out/output.h \
	client/out/text.c client/out/text.h
OUT_LIBS = client/out/libout.a $(WIRE_LIBS)

client_cmd_libcmd_a_SOURCES = \
	client/cmd/build.c client/cmd/command.h client/cmd/commands.c \
	client/cmd/config.c client/cmd/config.h \
	client/cmd/daemon.c client/cmd/eval.c \
	client/cmd/file.c client/cmd/file.h client/cmd/fmt.c \
	client/cmd/help.c client/cmd/init_config_file.c \
	client/cmd/distribution.c client/cmd/lint.c client/cmd/list_targets.c \
	client/cmd/options.c client/cmd/options.h \
	client/cmd/order.c client/cmd/order.h \
	client/cmd/question.c client/cmd/question.h \
	client/cmd/run.c client/cmd/store.c \
	client/cmd/template.c client/cmd/template.h

bin_PROGRAMS += client/oxc
client_oxc_SOURCES = client/cmd/main.c
client_oxc_LDADD = client/cmd/libcmd.a client/out/libout.a $(CONN_LIBS)

# PyOxidizer's name, for scripts that call it.
install-oxc-hook:
	cd $(DESTDIR)$(bindir) && rm -f pyoxidizer$(EXEEXT) && $(LN_S) oxc$(EXEEXT) pyoxidizer$(EXEEXT)
uninstall-oxc-hook:
	rm -f $(DESTDIR)$(bindir)/pyoxidizer$(EXEEXT)
INSTALL_EXEC_HOOKS += install-oxc-hook
UNINSTALL_HOOKS += uninstall-oxc-hook

CLIENT_TESTS = \
	tests/unit/client/cmd_test tests/unit/client/conn_test tests/unit/client/file_test tests/unit/client/out_test
check_PROGRAMS += $(CLIENT_TESTS)
TESTS += $(CLIENT_TESTS)
tests_unit_client_file_test_SOURCES = tests/unit/client/file_test.c
tests_unit_client_file_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_client_file_test_LDADD = client/cmd/libcmd.a $(WIRE_LIBS) $(CMOCKA_LIBS)
tests_unit_client_cmd_test_SOURCES = tests/unit/client/cmd_test.c
tests_unit_client_cmd_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_client_cmd_test_LDADD = client/cmd/libcmd.a client/out/libout.a $(CONN_LIBS) $(CMOCKA_LIBS)
tests_unit_client_conn_test_SOURCES = tests/unit/client/conn_test.c
tests_unit_client_conn_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_client_conn_test_LDADD = $(CONN_LIBS) $(CMOCKA_LIBS)
tests_unit_client_out_test_SOURCES = tests/unit/client/out_test.c
tests_unit_client_out_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_client_out_test_LDADD = $(OUT_LIBS) $(CMOCKA_LIBS)

TESTS += \
	tests/whole/client_build_test.py \
	tests/whole/client_connection_test.py tests/whole/client_output_test.py tests/whole/client_usage_test.py
EXTRA_DIST += \
	tests/whole/client_build_test.py \
	tests/whole/client_connection_test.py tests/whole/client_output_test.py tests/whole/client_usage_test.py \
	tests/whole/fakepeer.py
