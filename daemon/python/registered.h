/* registered.h - archives that the user registered in the store: `oxc python-distribution`.
 *
 * Each is a root (store/index/roots.h) named "python-distribution.NAME", which holds the digest of its tree, so that gc
 * keeps it; NAME is made of the archive's file name. A root "python-default.TRIPLE" holds the digest of the one that is
 * asked first for TRIPLE. Everything else is read from its PYTHON.json. */
#ifndef OX_PYTHON_REGISTERED_H
#define OX_PYTHON_REGISTERED_H

#include "daemon/python/archive.h"
#include "daemon/python/choose.h"
#include "proto/base/vec.h"

struct ox_registered {
	const char *name;
	struct ox_digest tree;
	const struct ox_python_json *json; /* NULL: its files are gone from the store, or cannot be read */
	const char *root;                  /* folder of its PYTHON.json; NULL with json */
	bool is_default;                   /* for its triple */
};

struct ox_registered_list {
	OX_VEC(struct ox_registered) v; /* by name; strings in the context's arena */
};

/* All of them; recorded in ctx->memo. Release with ox_vec_free. */
int ox_registered_read(struct ox_build_context *ctx, struct ox_registered_list *out, struct ox_err *err);

/* Unpacks the archive of that path and registers it, after all the checks of ox_distribution_archive. One that is
 * registered already is success, and keeps its name. OX_EUSAGE when the name is taken by another. */
int ox_registered_add(struct ox_build_context *ctx, const struct ox_archive *which, const char **name,
		      struct ox_err *err);

/* The one of that name, or the only one of which the name begins so; OX_EUSAGE lists what there is. */
int ox_registered_find(const struct ox_registered_list *list, const char *name, const struct ox_registered **out,
		       struct ox_err *err);

/* The default of the wanted triple, else the newest, of those that match; `minor`: 11 for "3.11", -1 for any. 1 taken,
 * 0 there is none, or an error. Those without files are warned about. */
int ox_registered_choose(struct ox_build_context *ctx, const struct ox_dist_wanted *wanted, int minor,
			 const struct ox_distribution **out, struct ox_err *err);

/* Its tree stays in the store until gc needs the room. */
int ox_registered_remove(struct ox_build_context *ctx, const struct ox_registered *which, struct ox_err *err);

/* OX_EUSAGE when its files are gone. */
int ox_registered_set_default(struct ox_build_context *ctx, const struct ox_registered *which, struct ox_err *err);

#endif
