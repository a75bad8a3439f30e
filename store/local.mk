# The store: digest and fs at the bottom, codec and db, objects (cas), and what is known about them (index).
noinst_LIBRARIES += store/digest/libdigest.a
store_digest_libdigest_a_SOURCES = \
	store/digest/digest.c store/digest/digest.h
noinst_LIBRARIES += store/fs/libfs.a
store_fs_libfs_a_SOURCES = \
	store/fs/dir.c store/fs/dir.h \
	store/fs/file.c store/fs/file.h \
	store/fs/lock.c store/fs/lock.h store/fs/near.c store/fs/near.h
noinst_LIBRARIES += store/codec/libcodec.a
store_codec_libcodec_a_SOURCES = \
	store/codec/codec.c store/codec/codec.h
store_codec_libcodec_a_CPPFLAGS = $(AM_CPPFLAGS) $(ZSTD_CFLAGS)
noinst_LIBRARIES += store/db/libdb.a
store_db_libdb_a_SOURCES = store/db/seal.h \
	store/db/db.c store/db/db.h \
	store/db/records.c store/db/records.h \
	store/db/rescue.c store/db/rescue.h
store_db_libdb_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
noinst_LIBRARIES += store/cas/libcas.a
store_cas_libcas_a_SOURCES = \
	store/cas/default_dir.c store/cas/inside.h store/cas/space.h \
	store/cas/lease.c store/cas/lease.h \
	store/cas/loose.c store/cas/loose.h \
	store/cas/manifest.c store/cas/manifest.h \
	store/cas/partial.c store/cas/partial.h \
	store/cas/wheels.c store/cas/wheels.h \
	store/cas/seen.c store/cas/seen.h \
	store/cas/small.c store/cas/small.h \
	store/cas/store.c store/cas/store.h \
	store/cas/temp.c store/cas/temp.h \
	store/cas/tree.c store/cas/tree.h
store_cas_libcas_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
noinst_LIBRARIES += store/index/libindex.a
store_index_libindex_a_CPPFLAGS = $(AM_CPPFLAGS) $(SQLITE_CFLAGS)
store_index_libindex_a_SOURCES = \
	store/index/actions.c store/index/actions.h \
	store/index/files.c store/index/files.h \
	store/index/gc.c store/index/gc.h \
	store/index/index.c store/index/index.h \
	store/index/reader.h \
	store/index/roots.c store/index/roots.h \
	store/index/stats.c \
	store/index/sweep.c store/index/sweep.h \
	store/index/verify.c store/index/verify.h
DIGEST_LIBS = store/digest/libdigest.a $(BASE_LIBS) $(CRYPTO_LIBS)
FS_LIBS = store/fs/libfs.a $(BASE_LIBS)
CODEC_LIBS = store/codec/libcodec.a $(BASE_LIBS) $(ZSTD_LIBS)
DB_LIBS = store/db/libdb.a $(FS_LIBS) $(SQLITE_LIBS)
CAS_LIBS = store/cas/libcas.a store/codec/libcodec.a store/db/libdb.a store/fs/libfs.a $(DIGEST_LIBS) \
	$(SQLITE_LIBS) $(ZSTD_LIBS)
STORE_LIBS = store/index/libindex.a $(CAS_LIBS)

if HAVE_CMOCKA
STORE_TESTS = \
	tests/unit/store/base_test \
	tests/unit/store/cas_test \
	tests/unit/store/faults_test \
	tests/unit/store/index_test \
	tests/unit/store/robust_test
check_PROGRAMS += $(STORE_TESTS)
TESTS += $(STORE_TESTS)
tests_unit_store_base_test_SOURCES = tests/unit/store/base_test.c tests/unit/store/scratch.h
tests_unit_store_base_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_store_base_test_LDADD = $(CAS_LIBS) $(CMOCKA_LIBS)
tests_unit_store_cas_test_SOURCES = tests/unit/store/cas_test.c
tests_unit_store_cas_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_store_cas_test_LDADD = $(CAS_LIBS) $(CMOCKA_LIBS)
tests_unit_store_faults_test_SOURCES = tests/unit/store/faults_test.c
tests_unit_store_faults_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_store_faults_test_LDFLAGS = -Wl,--wrap=write -Wl,--wrap=linkat -Wl,--wrap=renameat -Wl,--wrap=mkdirat \
	-Wl,--wrap=mkdir -Wl,--wrap=chmod -Wl,--wrap=fstat -Wl,--wrap=unlink -Wl,--wrap=flock
tests_unit_store_faults_test_LDADD = $(STORE_LIBS) $(CMOCKA_LIBS)
tests_unit_store_index_test_SOURCES = tests/unit/store/index_test.c
tests_unit_store_index_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_store_index_test_LDADD = $(STORE_LIBS) $(CMOCKA_LIBS)
tests_unit_store_robust_test_SOURCES = tests/unit/store/robust_test.c
tests_unit_store_robust_test_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_store_robust_test_LDADD = $(STORE_LIBS) $(CMOCKA_LIBS)
endif

