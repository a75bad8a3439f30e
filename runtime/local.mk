# What ships inside every executable: the payload's format, writer and reader. The
# importer and the interpreter control are not built here: stubs compile them
# against each interpreter's headers (runtime/sources.list says which).
noinst_LIBRARIES += runtime/pack/libpack.a
runtime_pack_libpack_a_SOURCES = \
	runtime/pack/config.c runtime/pack/config.h runtime/pack/config_fields.def \
	runtime/pack/format.h runtime/pack/head.c runtime/pack/put.h \
	runtime/pack/packed.h runtime/pack/packed_fields.c runtime/pack/packed_fields.h \
	runtime/pack/packed_read.c runtime/pack/packed_write.c \
	runtime/pack/compiled.c runtime/pack/compiled.h runtime/pack/compiled_layout.h runtime/pack/compiled_write.c \
	runtime/pack/reader.c runtime/pack/reader.h \
	runtime/pack/resource.h runtime/pack/sum.c runtime/pack/sum.h \
	runtime/pack/writer.c runtime/pack/writer.h
PACK_LIBS = runtime/pack/libpack.a $(BASE_LIBS)

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/runtime/config_test tests/unit/runtime/packed_test tests/unit/runtime/compiled_test \
	tests/unit/runtime/payload_test
TESTS += tests/unit/runtime/config_test tests/unit/runtime/packed_test tests/unit/runtime/compiled_test \
	tests/unit/runtime/payload_test
tests_unit_runtime_compiled_test_SOURCES = tests/unit/runtime/compiled_test.c
tests_unit_runtime_compiled_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_runtime_compiled_test_LDADD = $(PACK_LIBS) $(CMOCKA_LIBS)
tests_unit_runtime_packed_test_SOURCES = tests/unit/runtime/packed_test.c
tests_unit_runtime_packed_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_runtime_packed_test_LDADD = $(PACK_LIBS) $(CMOCKA_LIBS)
tests_unit_runtime_config_test_SOURCES = tests/unit/runtime/config_test.c
tests_unit_runtime_config_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_runtime_config_test_LDADD = $(PACK_LIBS) $(CMOCKA_LIBS)
tests_unit_runtime_payload_test_SOURCES = tests/unit/runtime/payload_test.c
tests_unit_runtime_payload_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_runtime_payload_test_LDADD = $(PACK_LIBS) $(CMOCKA_LIBS)
endif

check_PROGRAMS += tests/fuzz/packed_resources_fuzz tests/fuzz/compiled_fuzz tests/fuzz/payload_fuzz
TESTS += tests/fuzz/packed_resources_fuzz tests/fuzz/compiled_fuzz tests/fuzz/payload_fuzz
tests_fuzz_compiled_fuzz_SOURCES = tests/fuzz/compiled_fuzz.c tests/fuzz/replay.c
tests_fuzz_compiled_fuzz_LDADD = $(PACK_LIBS)
tests_fuzz_packed_resources_fuzz_SOURCES = tests/fuzz/packed_resources_fuzz.c tests/fuzz/replay.c
tests_fuzz_packed_resources_fuzz_LDADD = $(PACK_LIBS)
tests_fuzz_payload_fuzz_SOURCES = tests/fuzz/payload_fuzz.c tests/fuzz/replay.c
tests_fuzz_payload_fuzz_LDADD = $(PACK_LIBS)
EXTRA_DIST += tests/fuzz/seeds/packed_resources tests/fuzz/seeds/compiled tests/fuzz/seeds/payload

check_PROGRAMS += tests/fuzz/zip_fuzz
TESTS += tests/fuzz/zip_fuzz
tests_fuzz_zip_fuzz_SOURCES = tests/fuzz/zip_fuzz.c tests/fuzz/replay.c runtime/importer/zip.c
tests_fuzz_zip_fuzz_LDADD = $(BASE_LIBS)
EXTRA_DIST += tests/fuzz/seeds/zip

if HAVE_CMOCKA
# The one part of the importer that needs no Python.
check_PROGRAMS += tests/unit/runtime/extract_test
TESTS += tests/unit/runtime/extract_test
tests_unit_runtime_extract_test_SOURCES = tests/unit/runtime/extract_test.c runtime/importer/extract.c
tests_unit_runtime_extract_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_runtime_extract_test_LDADD = $(BASE_LIBS) $(CMOCKA_LIBS)
endif

if HAVE_CMOCKA
check_PROGRAMS += tests/unit/runtime/hashes_test
TESTS += tests/unit/runtime/hashes_test
tests_unit_runtime_hashes_test_SOURCES = \
	tests/unit/runtime/hashes_test.c runtime/hashes/blake2.c runtime/hashes/folded.c runtime/hashes/hashes.h \
	runtime/hashes/md5_sha1.c runtime/hashes/sha2.c runtime/hashes/sha3.c runtime/hashes/words.h
tests_unit_runtime_hashes_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_runtime_hashes_test_LDADD = $(CRYPTO_LIBS) $(CMOCKA_LIBS)
endif

# The importer and the interpreter control, linked into a real executable.
check_PROGRAMS += tests/unit/runtime/packer
tests_unit_runtime_packer_SOURCES = tests/unit/runtime/packer.c
tests_unit_runtime_packer_LDADD = $(PACK_LIBS)
TESTS += \
	tests/unit/runtime/import_differential_test.py \
	tests/unit/runtime/interpreters_test.py tests/unit/runtime/python_call_test.py \
	tests/unit/runtime/threads_at_exit_test.py
EXTRA_DIST += \
	tests/unit/runtime/stub_test.py tests/unit/runtime/import_differential_test.py \
	tests/unit/runtime/import_scenarios.py tests/unit/runtime/interpreters_test.py tests/unit/runtime/python_call_test.py \
	tests/unit/runtime/python_call_table.py tests/unit/runtime/stubkit.py tests/unit/runtime/importerkit.py tests/unit/runtime/threads_at_exit_test.py
# Each with the importer alone, in the Python that runs the tests.
IMPORTER_TESTS = \
	tests/unit/runtime/importer_alone_test.py \
	tests/unit/runtime/importer_arguments_test.py \
	tests/unit/runtime/importer_collect_test.py \
	tests/unit/runtime/importer_files_test.py \
	tests/unit/runtime/importer_finder_test.py \
	tests/unit/runtime/importer_freeze_test.py \
	tests/unit/runtime/importer_load_test.py \
	tests/unit/runtime/importer_metadata_test.py \
	tests/unit/runtime/importer_pkg_resources_test.py \
	tests/unit/runtime/importer_resource_test.py \
	tests/unit/runtime/importer_rules_test.py \
	tests/unit/runtime/importer_scan_test.py \
	tests/unit/runtime/importer_zip_test.py
TESTS += $(IMPORTER_TESTS) tests/unit/runtime/versions_test.py tests/unit/runtime/sdist_test.py
EXTRA_DIST += $(IMPORTER_TESTS) tests/unit/runtime/versions_test.py tests/unit/runtime/sdist_test.py

# What stubs are compiled from, found below the prefix as in the tree.
nobase_dist_pkgdata_DATA = \
	runtime/sources.list \
	proto/base/arena.c proto/base/arena.h proto/base/buf.c proto/base/buf.h proto/base/clock.h \
	proto/base/digest_id.h proto/base/err.c proto/base/err.h proto/base/event.h proto/base/map.c \
	proto/base/map.h proto/base/platform.h proto/base/slice.h proto/base/vec.c proto/base/vec.h \
	runtime/embed/allocator.c runtime/embed/allocator.h runtime/embed/ancestry.c runtime/embed/ancestry.h \
	runtime/embed/arenas.c runtime/embed/arenas.h runtime/embed/builtins.c runtime/embed/builtins.h \
	runtime/embed/linked_modules.c runtime/embed/linked_modules.h \
	runtime/embed/exit_threads.c runtime/embed/exit_threads.h runtime/embed/heap.c runtime/embed/heap.h \
	runtime/embed/loaded.c runtime/embed/loaded.h \
	runtime/embed/internals.h runtime/embed/interpreter.c runtime/embed/interpreter.h runtime/embed/leave.c runtime/embed/leave.h \
	runtime/embed/live.c runtime/embed/live.h runtime/embed/suspects.c runtime/embed/suspects.h \
	runtime/embed/main.c runtime/embed/multiprocess.c \
	runtime/embed/multiprocess.h runtime/embed/payload.c runtime/embed/payload.h \
	runtime/embed/payload_section.c runtime/embed/program.c runtime/embed/program.h \
	runtime/embed/python_call.c runtime/embed/python_call.h runtime/embed/python_call_path.c \
	runtime/embed/run.c runtime/embed/run.h runtime/embed/exec.h runtime/embed/script.c runtime/embed/script.h \
	runtime/embed/wrap_exec.c runtime/embed/settings.c runtime/embed/settings.h runtime/embed/setup.c \
	runtime/embed/setup.h runtime/embed/terminfo.c \
	runtime/embed/terminfo.h runtime/embed/venv.c runtime/embed/venv.h \
	runtime/embed/wrap.h runtime/embed/wrap_dict.c runtime/embed/wrap_eval.c \
	runtime/embed/wrap_exit.c runtime/embed/wrap_frozen.c runtime/embed/wrap_path.c runtime/embed/wrap_start.c \
	runtime/embed/wrap_traceback.c \
	runtime/hashes/blake2.c runtime/hashes/folded.c runtime/hashes/hacl.c runtime/hashes/hashes.h runtime/hashes/md5_sha1.c \
	runtime/hashes/sha2.c runtime/hashes/sha3.c runtime/hashes/words.h \
	runtime/importer/arguments.c runtime/importer/arguments.h runtime/importer/collector.c \
	runtime/importer/collector.h runtime/importer/compile.c runtime/importer/compile.h \
	runtime/importer/failure.c runtime/importer/failure.h runtime/importer/oxidize.c \
	runtime/importer/parents.c runtime/importer/parents.h \
	runtime/importer/pkg_resources.c runtime/importer/pkg_resources.h \
	runtime/importer/compat.h runtime/importer/deferred_gc.c \
	runtime/importer/deferred_gc.h runtime/importer/distribution.c runtime/importer/distribution.h \
	runtime/importer/distribution_files.c runtime/importer/extension.c \
	runtime/importer/extension.h runtime/importer/extract.c runtime/importer/extract.h \
	runtime/importer/fast_import.c runtime/importer/fast_import.h runtime/importer/fast_load.c \
	runtime/importer/fast_load.h runtime/importer/import_lock.c runtime/importer/import_lock.h \
	runtime/importer/finder.h runtime/importer/finder.c runtime/importer/finder_data.c runtime/importer/finder_load.c \
	runtime/importer/finder_path.c runtime/importer/folder.c runtime/importer/packed_path.c \
	runtime/importer/code_check.c runtime/importer/code_check.h \
	runtime/importer/given_load.c runtime/importer/importer.h runtime/importer/index.c runtime/importer/index.h \
	runtime/importer/index_add.c runtime/importer/index_files.c runtime/importer/index_files.h \
	runtime/importer/index_members.c runtime/importer/index_view.c \
	runtime/importer/records.c runtime/importer/records.h \
	runtime/importer/certificates.c runtime/importer/linecache.c \
	runtime/importer/module.c runtime/importer/path_entry.c \
	runtime/importer/real_file.c runtime/importer/real_package.c runtime/importer/real_package.h \
	runtime/importer/resource.c runtime/importer/resource.h runtime/importer/resource_reader.c \
	runtime/importer/scan.c runtime/importer/scan.h runtime/importer/source.c runtime/importer/source.h runtime/importer/state.h \
	runtime/importer/generated.c runtime/importer/patterns.c runtime/importer/patterns.h \
	runtime/importer/teach.c runtime/importer/teach.h runtime/importer/traversable.c \
	runtime/importer/value.c runtime/importer/value.h runtime/importer/watch.c runtime/importer/watch.h \
	runtime/importer/zip.c runtime/importer/zip.h \
	runtime/importer/zip_finder.c \
	runtime/pack/config.c runtime/pack/config.h runtime/pack/config_fields.def runtime/pack/format.h \
	runtime/pack/packed.h runtime/pack/packed_fields.c runtime/pack/packed_fields.h \
	runtime/pack/packed_read.c runtime/pack/packed_write.c \
	runtime/pack/compiled.c runtime/pack/compiled.h runtime/pack/compiled_layout.h \
	runtime/pack/put.h runtime/pack/reader.c runtime/pack/reader.h runtime/pack/resource.h \
	runtime/pack/sum.c runtime/pack/sum.h runtime/pack/writer.h

# The importer for an ordinary Python: pip installs the folder, and what dist-importer writes.
EXTRA_DIST += \
	runtime/importer/README.md runtime/importer/build_backend.py runtime/importer/pyproject.toml \
	runtime/importer/stubs/__init__.pyi runtime/importer/stubs/py.typed
dist-importer:
	@$(PYTHON) $(srcdir)/runtime/importer/build_backend.py sdist .
.PHONY: dist-importer
