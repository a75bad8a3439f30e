/* memo.h - a whole build remembered: what it read, and what it said and made.
 *
 * While a build runs, everything that could change its outcome is recorded in
 * an ox_memo: files read (by digest), files looked for and absent, folders listed
 * (globbed or scanned), environment names that were looked up, tools and static
 * libraries. The request itself (config, targets, variables, triple, flags)
 * is the key. ox_memo_check decides, without a worker, whether the recorded
 * outcome still stands: signatures first (size, inode, mtime, ctime), digests
 * when a signature is too young to be trusted or differs. Outputs are checked
 * against their recorded digests too, and restored from the store when they were
 * altered or deleted. A hit replays the recorded events (warnings, diagnostics,
 * print output, artifacts).
 *
 * A memo is one record of index.db (daemon/action/memo_form.h says how it looks);
 * a check stats every recorded path and decodes without allocating. */
#ifndef OX_ACTION_MEMO_H
#define OX_ACTION_MEMO_H

#include "proto/base/arena.h"
#include "proto/base/event.h"
#include "store/cas/store.h"

struct ox_memo;

/* A recorder. It is a passive object: layers below the worker get it through
 * their context and call ox_memo_* for what they read. NULL is accepted and
 * records nothing. */
struct ox_memo *ox_memo_new(void);
void ox_memo_free(struct ox_memo *m);

/* Paths are absolute. Of several records of one path the first counts. */
void ox_memo_file(struct ox_memo *m, const char *path);   /* content matters; absent is recorded as absent */
void ox_memo_listing(struct ox_memo *m, const char *dir); /* names and kinds of entries in one folder matter */
/* Only some entries matter to who looks for Python modules: an interpreter that runs a program leaves
 * __pycache__ folders; beside chosen packages only their metadata counts. */
enum ox_memo_entries {
	OX_MEMO_ALL = 0,
	OX_MEMO_NO_PYCACHE = 1,
	OX_MEMO_METADATA = 2, /* *.dist-info and *.egg-info */
};
void ox_memo_listing_of(struct ox_memo *m, const char *dir, enum ox_memo_entries entries);
void ox_memo_env(struct ox_memo *m, const char *name);    /* the client's variable was looked up */
/* The recorded digest was already known to the caller: saves reading the file again. */
void ox_memo_file_digest(struct ox_memo *m, const char *path, const struct ox_digest *digest);

/* An output below the project: path (absolute), its content in the store, mode. */
void ox_memo_output(struct ox_memo *m, const char *path, const struct ox_digest *digest, uint64_t size, unsigned mode);
/* An output folder: exactly these entries are expected in it. */
void ox_memo_output_dir(struct ox_memo *m, const char *path);
/* An event to replay on a hit: logs, diagnostics, targets, artifacts; others are ignored. */
void ox_memo_event(struct ox_memo *m, const struct ox_event *event);

/* Reads one variable of the client's environment; NULL when unset. */
struct ox_env {
	const char *(*get)(void *ctx, const char *name);
	void *ctx;
};

/* Remember under key, after the outputs are in place. Nothing is stored, and 0 returned,
 * when an input changed since it was recorded (the build raced with an edit), an
 * output is not what was recorded, or an input cannot be remembered (a FIFO). */
int ox_memo_commit(struct ox_memo *m, struct ox_store *store, const struct ox_digest *key, const struct ox_env *env,
		   struct ox_err *err);

/* 1: the recorded build stands; its events went to sink and its outputs are in
 * place. 0: not known, or something changed (*why says what, when not NULL).
 * Errors are those of writing outputs that had to be restored. */
int ox_memo_check(struct ox_store *store, const struct ox_digest *key, const struct ox_env *env, struct ox_sink *sink,
		  struct ox_buf *why, struct ox_err *err);

#endif
