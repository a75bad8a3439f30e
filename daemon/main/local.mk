# oxidizerd. It is found beside oxc, so it is installed there.
bin_PROGRAMS += daemon/oxidizerd
daemon_oxidizerd_SOURCES = daemon/main/main.c
daemon_oxidizerd_LDADD = $(RPC_LIBS)
dist_man_MANS += man/oxidizerd.8

TESTS += tests/whole/daemon_start_test.py tests/whole/daemon_builds_test.py tests/whole/daemon_autostart_test.py \
	tests/whole/daemon_kill_test.py
EXTRA_DIST += \
	tests/whole/daemon_autostart_test.py tests/whole/daemon_kill_test.py \
	tests/whole/daemon_builds_test.py tests/whole/daemon_fake_worker.py tests/whole/daemon_start_test.py \
	tests/whole/oxdaemon.py tests/whole/oxproto.py
