/* files.h - digests of users' files, remembered by their signatures. */
#ifndef OX_INDEX_FILES_H
#define OX_INDEX_FILES_H

#include "store/cas/store.h"
#include "store/fs/file.h"

/* The digest of a regular file's bytes, without reading them when its signature
 * (device, inode, size, mtime, ctime) is the remembered one and old enough to be trusted.
 * OX_EUSAGE when it is no regular file. *signature (may be NULL) is the one that
 * belongs to the digest. OX_EBUSY when the file keeps changing while it is read. */
int ox_files_digest(struct ox_store *s, const char *path, struct ox_digest *digest, struct ox_signature *signature,
		    struct ox_err *err);

#endif
