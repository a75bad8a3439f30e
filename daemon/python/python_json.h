/* python_json.h - PYTHON.json, the description inside a python-build-standalone archive.
 *
 * Versions 5 to 8 are read, which differ by added keys only; unknown keys are ignored. The format is
 * documented in that project's docs/distributions.rst; what its writer really does counts where they differ. Paths are
 * relative to the archive's folder python/, checked to stay inside. Everything lives in the arena. */
#ifndef OX_PYTHON_PYTHON_JSON_H
#define OX_PYTHON_PYTHON_JSON_H

#include "proto/base/arena.h"
#include "proto/base/err.h"

struct ox_texts {
	const char *const *items;
	size_t count;
};

/* A library that is linked with objects. At most one of the paths; without one it is the system's or a framework. */
struct ox_python_link {
	const char *name;
	const char *path_static, *path_dynamic; /* NULL: none */
	bool system, framework;
};

struct ox_python_links {
	const struct ox_python_link *items;
	size_t count;
};

/* One way to build one extension module. */
struct ox_python_variant {
	struct ox_slice module;
	const char *variant;   /* "default" */
	const char *init_fn;   /* "PyInit__ssl"; NULL: there is none ("NULL" in the file) */
	bool in_core;          /* its code is among the core's objects */
	bool required;         /* no interpreter starts without it, or is linked without it */
	struct ox_texts objects;
	struct ox_python_links links;
	struct ox_texts licenses; /* SPDX ids, of the linked libraries; none: unknown */
	struct ox_texts license_paths;
	bool public_domain;
	const char *shared_lib; /* NULL: not built as one */
};

struct ox_python_json {
	int format; /* 5 to 8 */
	const char *triple, *options; /* "pgo+lto" */
	const char *implementation, *version, *cache_tag, *abi_tag; /* abi_tag: "", "d", "t", "td" */
	const char *platform_tag; /* "linux-x86_64" */
	uint32_t hexversion;
	uint32_t magic; /* of bytecode, little-endian */
	const char *python_exe, *stdlib, *include, *platinclude;
	struct ox_texts test_packages;
	struct ox_texts extension_suffixes;
	bool loads_shared;     /* extension modules that are shared libraries */
	bool libpython_shared; /* the interpreter uses a shared libpython */
	struct ox_texts crt_features;
	const char *object_format; /* "elf", "llvm-bitcode:22.1.3", ... */
	const char *inittab_object, *inittab_source;
	struct ox_texts inittab_cflags;
	struct ox_texts core_objects; /* with inittab_object */
	struct ox_python_links core_links;
	const char *static_lib, *shared_lib; /* libpython; NULL: none. The file may name one that is not there */
	struct ox_texts licenses;            /* CPython's */
	const char *license_path;            /* NULL: none */
	const char *tcl_library_path;        /* NULL: none */
	struct ox_texts tcl_library_paths;
	const struct ox_python_variant *variants; /* by module, the preferred one of each first */
	size_t variant_count;
};

/* Executables of it have the C library in them. */
bool ox_python_json_is_static(const struct ox_python_json *json);

/* OX_ECORRUPT: not well-formed, or a key is missing or of a wrong type; OX_EBUILD: of a version that is not read,
 * with what to use instead. */
int ox_python_json_parse(struct ox_arena *arena, struct ox_slice text, struct ox_python_json *out,
			 struct ox_err *err);

#endif
