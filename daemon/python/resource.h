/* resource.h - a Python resource found by scanning: not yet compiled or packed. */
#ifndef OX_PYTHON_RESOURCE_H
#define OX_PYTHON_RESOURCE_H

#include "daemon/python/distribution.h"
#include "daemon/python/variants.h"
#include "proto/base/vec.h"

/* Content: in the store, or a file of which the digest is known. */
struct ox_blob {
	struct ox_digest digest;
	uint64_t size;
	const char *path; /* NULL: the store has it */
};

enum ox_resource_kind {
	OX_RES_MODULE = 1,   /* a module's source: name, is_package */
	OX_RES_PACKAGE_FILE, /* package: name; file: path inside it */
	OX_RES_DIST_FILE,    /* name: distribution name; version; file: METADATA */
	OX_RES_EXTENSION,    /* shared library: name; is_builtin when there is none */
	OX_RES_LIBRARY,      /* a shared library vendored in a wheel: file: its path */
	OX_RES_FILE,         /* anything else: file: path below the scanned root */
};

enum ox_resource_origin { OX_ORIGIN_STDLIB = 1, OX_ORIGIN_PACKAGE, OX_ORIGIN_APPLICATION };

struct ox_captured; /* captured.h */

struct ox_resource {
	enum ox_resource_kind kind;
	enum ox_resource_origin origin;
	struct ox_slice name, file, version;
	bool is_package, is_namespace, is_test, is_builtin, is_executable;
	bool is_installed; /* a package file that lies below sys.prefix elsewhere: name: share; file: jupyter/... */
	struct ox_blob blob;
	const struct ox_variants *variants; /* of an archive's extension module: all of it, */
	const struct ox_python_variant *variant; /* and the one that this is; each is a resource of its own */
	const struct ox_captured *captured; /* what an extension was linked from; NULL: not known */
};

/* An extension module that is part of the interpreter in any case. */
static inline bool ox_resource_is_inherent(const struct ox_resource *r)
{
	return r->variant ? ox_variant_is_required(r->variant) : r->is_builtin;
}

struct ox_resources {
	OX_VEC(struct ox_resource) v;
};

/* The bytes of a blob, checked against its digest: OX_EBUILD when the file
 * changed since it was scanned. */
int ox_blob_view(struct ox_store *store, const struct ox_blob *blob, struct ox_view *view, struct ox_err *err);

/* Everything below a folder by the rules of classify.h. Hidden folders and __pycache__ are skipped.
 * Listings and files are recorded in ctx->memo. In the order of paths; appends to `out`. */
int ox_scan_folder(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *root,
		   enum ox_resource_origin origin, struct ox_resources *out, struct ox_err *err);

/* The same for a folder that holds other things as well (a project): only what
 * belongs to the named packages, modules or distributions ("app", "app.sub") is looked at.
 * OX_ENOENT when the folder has none of one of them. */
int ox_scan_packages(struct ox_build_context *ctx, const struct ox_distribution *dist, const char *root,
		     const struct ox_slice *packages, size_t package_count, enum ox_resource_origin origin,
		     struct ox_resources *out, struct ox_err *err);

/* The distribution's standard library: modules, files, extensions (shared and built in). Its packages of tests are half
 * of its files and seldom wanted: without `tests` they are neither looked at nor recorded (some modules that count as
 * tests are given all the same). */
int ox_scan_stdlib(struct ox_build_context *ctx, const struct ox_distribution *dist, bool tests,
		   struct ox_resources *out, struct ox_err *err);

#endif
