/* space.h - what index.db holds. The numbers are part of the format. */
#ifndef OX_CAS_SPACE_H
#define OX_CAS_SPACE_H

enum ox_space {
	OX_SPACE_OBJECT = 1, /* object digest -> size, boot, signature (cas/seen.h) */
	OX_SPACE_ACTION = 2, /* action key -> outputs, meta, cost (index/actions.h) */
	OX_SPACE_RUN = 3,    /* digest of (scope, kind, subject) -> inputs of the last run */
	OX_SPACE_FILE = 4,   /* path -> signature, digest (index/files.h) */
	OX_SPACE_MEMO = 5,   /* request key -> recorded build (daemon/action/memo.h) */
};

#endif
