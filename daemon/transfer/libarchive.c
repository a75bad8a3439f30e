#include "daemon/transfer/libarchive.h"

#include "daemon/transfer/library.h"

#define SYMBOL(field)                                                                                                  \
	{                                                                                                              \
		"archive_" #field, offsetof(struct ox_libarchive, field)                                               \
	}

int ox_libarchive_load(struct ox_libarchive *out, struct ox_err *err)
{
	static const char *const names[] = {"libarchive.so.13", NULL};
	static const struct ox_symbol symbols[] = {
		SYMBOL(read_new),
		SYMBOL(read_free),
		SYMBOL(read_support_filter_zstd),
		SYMBOL(read_support_filter_gzip),
		SYMBOL(read_support_filter_xz),
		SYMBOL(read_support_format_tar),
		SYMBOL(read_support_format_zip),
		SYMBOL(read_open_fd),
		SYMBOL(read_open_memory),
		SYMBOL(read_next_header),
		SYMBOL(read_data),
		SYMBOL(error_string),
		SYMBOL(filter_bytes),
		SYMBOL(entry_pathname),
		SYMBOL(entry_pathname_utf8),
		SYMBOL(entry_hardlink),
		SYMBOL(entry_hardlink_utf8),
		SYMBOL(entry_symlink),
		SYMBOL(entry_symlink_utf8),
		SYMBOL(entry_filetype),
		SYMBOL(entry_perm),
	};
	return ox_library_load(names, "libarchive13", symbols, OX_COUNT(symbols), out, err);
}
