# oxidizer-worker: one build from its request to its result.
noinst_LIBRARIES += daemon/worker/libworker.a
daemon_worker_libworker_a_SOURCES = \
	daemon/worker/build.c daemon/worker/build.h \
	daemon/worker/channel.c daemon/worker/channel.h \
	daemon/worker/distribution.c daemon/worker/distribution.h \
	daemon/worker/environment.c daemon/worker/environment.h \
	daemon/worker/evaluate.c \
	daemon/worker/format.c \
	daemon/worker/language.c daemon/worker/language.h \
	daemon/worker/lint.c \
	daemon/worker/sink.c daemon/worker/sink.h \
	daemon/worker/stores.c daemon/worker/stores.h \
	daemon/worker/workplace.c daemon/worker/workplace.h
WORKER_LIBS = daemon/worker/libworker.a daemon/request/librequest.a $(DIALECT_LIBS) $(WIRE_LIBS)

pkglibexec_PROGRAMS += daemon/oxidizer-worker
daemon_oxidizer_worker_SOURCES = daemon/worker/main.c
daemon_oxidizer_worker_LDADD = $(WORKER_LIBS) -lpthread

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/daemon/worker/worker_test
TESTS += tests/unit/daemon/worker/worker_test
tests_unit_daemon_worker_worker_test_SOURCES = tests/unit/daemon/worker/worker_test.c
tests_unit_daemon_worker_worker_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_daemon_worker_worker_test_LDADD = $(WORKER_LIBS) $(CMOCKA_LIBS) -lpthread
endif

# Configurations, rebuilds and outputs, with the programs as they are.
WORKER_WHOLE_TESTS = \
	tests/whole/build_linked_modules_test.py \
	tests/whole/build_dialects_test.py tests/whole/build_output_test.py tests/whole/build_rebuild_test.py \
	tests/whole/build_reproducible_test.py tests/whole/config_diagnostics_test.py \
	tests/whole/distribution_archive_test.py \
	tests/whole/distribution_commands_test.py \
	tests/whole/static_test.py \
	tests/whole/language_eval_test.py tests/whole/language_fmt_test.py \
	tests/whole/language_lint_test.py tests/whole/language_load_test.py \
	tests/whole/language_messages_test.py \
	tests/whole/machine_lacks_test.py tests/whole/man_pages_test.py
TESTS += $(WORKER_WHOLE_TESTS)
EXTRA_DIST += tests/data/extensions
EXTRA_DIST += $(WORKER_WHOLE_TESTS) tests/whole/class_slots.py tests/whole/oxdist.py tests/data/lint/configs.txt \
	tests/data/configs/black_files_old.bzl tests/data/configs/black_new.bzl tests/data/configs/callbacks_new.bzl \
	tests/data/configs/files_new.bzl tests/data/configs/parts_old.bzl tests/data/configs/pyflakes_new.bzl \
	tests/data/configs/pyflakes_old.bzl tests/data/configs/walkthrough_old.bzl
