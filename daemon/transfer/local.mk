# transfer: downloads, archives.
noinst_LIBRARIES += daemon/transfer/libtransfer.a
daemon_transfer_libtransfer_a_CPPFLAGS = $(AM_CPPFLAGS) $(CURL_CFLAGS) $(ARCHIVE_CFLAGS)
daemon_transfer_libtransfer_a_SOURCES = \
	daemon/transfer/curl.c daemon/transfer/curl.h \
	daemon/transfer/deliver.c daemon/transfer/deliver.h \
	daemon/transfer/extract.c daemon/transfer/extract.h \
	daemon/transfer/fetch.c daemon/transfer/fetch.h \
	daemon/transfer/http.c daemon/transfer/http.h \
	daemon/transfer/libarchive.c daemon/transfer/libarchive.h \
	daemon/transfer/library.c daemon/transfer/library.h \
	daemon/transfer/members.c daemon/transfer/members.h \
	daemon/transfer/unpack.c daemon/transfer/unpack.h
TRANSFER_LIBS = daemon/transfer/libtransfer.a $(ACTION_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/daemon/transfer/fetch_test
TESTS += tests/unit/daemon/transfer/fetch_test
tests_unit_daemon_transfer_fetch_test_SOURCES = tests/unit/daemon/transfer/fetch_test.c
tests_unit_daemon_transfer_fetch_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_transfer_fetch_test_LDADD = $(TRANSFER_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/daemon/transfer/extract_test
TESTS += tests/unit/daemon/transfer/extract_test
tests_unit_daemon_transfer_extract_test_SOURCES = tests/unit/daemon/transfer/extract_test.c
tests_unit_daemon_transfer_extract_test_CPPFLAGS = $(UNIT_CPPFLAGS) $(ZSTD_CFLAGS)
tests_unit_daemon_transfer_extract_test_LDADD = $(TRANSFER_LIBS) $(CMOCKA_LIBS)
endif
check_PROGRAMS += tests/fuzz/archive_fuzz
TESTS += tests/fuzz/archive_fuzz
tests_fuzz_archive_fuzz_SOURCES = tests/fuzz/archive_fuzz.c tests/fuzz/replay.c
tests_fuzz_archive_fuzz_LDADD = $(TRANSFER_LIBS)
EXTRA_DIST += tests/fuzz/seeds/archive tests/unit/daemon/transfer/hostile.py
EXTRA_DIST += tests/unit/daemon/transfer/badserver.py
