# transfer: downloads.
noinst_LIBRARIES += daemon/transfer/libtransfer.a
daemon_transfer_libtransfer_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS)
daemon_transfer_libtransfer_a_SOURCES = \
	daemon/transfer/curl.c daemon/transfer/curl.h \
	daemon/transfer/fetch.c daemon/transfer/fetch.h \
	daemon/transfer/http.c daemon/transfer/http.h \
	daemon/transfer/library.c daemon/transfer/library.h
TRANSFER_LIBS = daemon/transfer/libtransfer.a $(ACTION_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/daemon/transfer/fetch_test
TESTS += tests/unit/daemon/transfer/fetch_test
tests_unit_daemon_transfer_fetch_test_SOURCES = tests/unit/daemon/transfer/fetch_test.c
tests_unit_daemon_transfer_fetch_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_transfer_fetch_test_LDADD = $(TRANSFER_LIBS) $(CMOCKA_LIBS)
endif
EXTRA_DIST += tests/unit/daemon/transfer/badserver.py
