# oxidizer-worker: one build from its request to its result.
noinst_LIBRARIES += daemon/worker/libworker.a
daemon_worker_libworker_a_SOURCES = \
	daemon/worker/build.c daemon/worker/build.h \
	daemon/worker/channel.c daemon/worker/channel.h \
	daemon/worker/environment.c daemon/worker/environment.h \
	daemon/worker/sink.c daemon/worker/sink.h \
	daemon/worker/stores.c daemon/worker/stores.h
WORKER_LIBS = daemon/worker/libworker.a $(DIALECT_LIBS) $(WIRE_LIBS)
