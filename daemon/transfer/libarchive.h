/* libarchive.h - libarchive, loaded when the first archive is unpacked (see curl.h for why). */
#ifndef OX_TRANSFER_LIBARCHIVE_H
#define OX_TRANSFER_LIBARCHIVE_H

#include "proto/base/err.h"

#include <archive.h>
#include <archive_entry.h>

struct ox_libarchive {
	__typeof__(archive_read_new) *read_new;
	__typeof__(archive_read_free) *read_free;
	__typeof__(archive_read_support_filter_zstd) *read_support_filter_zstd;
	__typeof__(archive_read_support_filter_gzip) *read_support_filter_gzip;
	__typeof__(archive_read_support_filter_xz) *read_support_filter_xz;
	__typeof__(archive_read_support_format_tar) *read_support_format_tar;
	__typeof__(archive_read_support_format_zip) *read_support_format_zip;
	__typeof__(archive_read_open_fd) *read_open_fd;
	__typeof__(archive_read_open_memory) *read_open_memory;
	__typeof__(archive_read_next_header) *read_next_header;
	__typeof__(archive_read_data) *read_data;
	__typeof__(archive_error_string) *error_string;
	__typeof__(archive_filter_bytes) *filter_bytes;
	__typeof__(archive_entry_pathname) *entry_pathname;
	__typeof__(archive_entry_pathname_utf8) *entry_pathname_utf8;
	__typeof__(archive_entry_hardlink) *entry_hardlink;
	__typeof__(archive_entry_hardlink_utf8) *entry_hardlink_utf8;
	__typeof__(archive_entry_symlink) *entry_symlink;
	__typeof__(archive_entry_symlink_utf8) *entry_symlink_utf8;
	__typeof__(archive_entry_filetype) *entry_filetype;
	__typeof__(archive_entry_perm) *entry_perm;
};

/* OX_EBUILD when it is not installed. It stays loaded for the life of the process. */
int ox_libarchive_load(struct ox_libarchive *out, struct ox_err *err);

#endif
