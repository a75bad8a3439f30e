# What ships inside every executable: the payload's format, writer and reader. The
# importer and the interpreter control are not built here: stubs compile them
# against each interpreter's headers (runtime/sources.list says which).
noinst_LIBRARIES += runtime/pack/libpack.a
runtime_pack_libpack_a_SOURCES = \
	runtime/pack/config.c runtime/pack/config.h runtime/pack/config_fields.def \
	runtime/pack/format.h runtime/pack/head.c runtime/pack/put.h \
	runtime/pack/reader.c runtime/pack/reader.h \
	runtime/pack/resource.h \
	runtime/pack/writer.c runtime/pack/writer.h
PACK_LIBS = runtime/pack/libpack.a $(BASE_LIBS)

check_PROGRAMS += tests/unit/runtime/config_test tests/unit/runtime/payload_test tests/fuzz/payload_fuzz
TESTS += tests/unit/runtime/config_test tests/unit/runtime/payload_test tests/fuzz/payload_fuzz
tests_unit_runtime_config_test_SOURCES = tests/unit/runtime/config_test.c
tests_unit_runtime_config_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_runtime_config_test_LDADD = $(PACK_LIBS) $(CMOCKA_LIBS)
tests_unit_runtime_payload_test_SOURCES = tests/unit/runtime/payload_test.c
tests_unit_runtime_payload_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_runtime_payload_test_LDADD = $(PACK_LIBS) $(CMOCKA_LIBS)
tests_fuzz_payload_fuzz_SOURCES = tests/fuzz/payload_fuzz.c tests/fuzz/replay.c
tests_fuzz_payload_fuzz_LDADD = $(PACK_LIBS)
EXTRA_DIST += tests/fuzz/seeds/payload

# The importer and the interpreter control, linked into a real executable.
check_PROGRAMS += tests/unit/runtime/packer
tests_unit_runtime_packer_SOURCES = tests/unit/runtime/packer.c
tests_unit_runtime_packer_LDADD = $(PACK_LIBS)
TESTS += tests/unit/runtime/stub_test.py
EXTRA_DIST += tests/unit/runtime/stub_test.py tests/unit/runtime/stubkit.py
