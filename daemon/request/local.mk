# What daemon and worker have to read out of a request alike.
noinst_LIBRARIES += daemon/request/librequest.a
daemon_request_librequest_a_SOURCES = daemon/request/build_key.c daemon/request/build_key.h
