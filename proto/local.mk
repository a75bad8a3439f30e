# base: the vocabulary. schema and wire: the conversation.
noinst_LIBRARIES += proto/base/libbase.a
proto_base_libbase_a_SOURCES = \
	proto/base/arena.c proto/base/arena.h \
	proto/base/buf.c proto/base/buf.h \
	proto/base/clock.h \
	proto/base/digest_id.c proto/base/digest_id.h \
	proto/base/err.c proto/base/err.h \
	proto/base/event.c proto/base/event.h \
	proto/base/map.c proto/base/map.h \
	proto/base/platform.h proto/base/slice.h \
	proto/base/vec.c proto/base/vec.h
BASE_LIBS = proto/base/libbase.a
