/* distribution.h - a Python distribution: what every source of one is described as.
 *
 * Sources: a CPython installed on this machine ("host"), and python-build-standalone archives
 * (daemon/python/archive.h). All strings live in the arena that the describing function was given. */
#ifndef OX_PYTHON_DISTRIBUTION_H
#define OX_PYTHON_DISTRIBUTION_H

#include "daemon/action/action.h"
#include "daemon/action/memo.h"
#include "proto/base/arena.h"

/* Versions 3.x that the runtime is compiled for. */
enum { OX_OLDEST_MINOR = 9, OX_NEWEST_MINOR = 15 };

/* What the layers from here up share during one build. */
struct ox_build_context {
	struct ox_actions *actions;
	struct ox_memo *memo; /* may be NULL */
	struct ox_sink *sink;
	struct ox_env env;    /* the client's environment */
	const char *const *environ; /* the same as NAME=VALUE, NULL-terminated */
	struct ox_arena *arena; /* lives as long as the build */
	const char *cwd;
	const char *host_triple; /* this machine's */
	const char *triple;      /* what is built for */
	bool release, offline, refresh;
};

/* An extension module that the interpreter brings as a shared library. */
struct ox_dist_extension {
	struct ox_slice name; /* "_ssl" */
	const char *path;     /* lib-dynload/_ssl.cpython-311-x86_64-linux-gnu.so */
};

/* What only an archive has. */
struct ox_python_json;
struct ox_dist_archive {
	const char *root;      /* folder of PYTHON.json, which its paths are relative to */
	struct ox_digest tree; /* store/cas/tree.h */
	const char *sysroot;   /* headers and libraries of the C library that it was built with; NULL: not there */
	const struct ox_python_json *json;
};

struct ox_distribution {
	const char *flavor;     /* "host" or "standalone" */
	const char *origin;     /* one sentence for people: which, and why it was chosen */
	const char *python_exe; /* absolute path of the interpreter that runs here; an archive's own, or one like it */
	const char *version;    /* "3.11.2" */
	int major, minor;
	const char *triple;     /* "x86_64-unknown-linux-gnu" */
	const char *cache_tag;  /* "cpython-311" */
	const char *ext_suffix; /* ".cpython-311-x86_64-linux-gnu.so" */
	uint32_t magic;         /* importlib.util.MAGIC_NUMBER, little-endian */
	const char *stdlib;     /* /usr/lib/python3.11 */
	const char *include;    /* folder of Python.h */
	const char *platinclude; /* folder of pyconfig.h's architecture part, may equal include */
	const char *libpython;  /* static archive; NULL: of an archive the objects are linked */
	bool position_independent; /* its objects are PIC */
	bool is_static;            /* executables have the C library in them, and load no shared libraries */
	const char *const *link_libraries; /* names for -l as sysconfig LIBS/SYSLIBS/MODLIBS say ("m", "z", "expat") */
	size_t link_library_count;
	/* Of an archive its description tells: */
	const struct ox_slice *builtins; /* sys.builtin_module_names */
	size_t builtin_count;
	const struct ox_dist_extension *extensions;
	size_t extension_count;
	struct ox_digest digest; /* over the interpreter executable, libpython, pyconfig.h and this description */
	const struct ox_dist_archive *archive; /* NULL: it is installed here */
};

/* The newest interpreter that qualifies (static libpython, headers, runs) among
 * those on PATH, pyenv's and /usr/bin; `version` ("3.11", may be NULL): the nearest to it, with a warning.
 * OXIDIZER_PYTHON names one outright. OX_ENOENT says what each candidate lacked
 * and which Debian package to install. Says which was taken through the sink. */
int ox_distribution_host(struct ox_build_context *ctx, const char *version, const struct ox_distribution **out,
			 struct ox_err *err);

#endif
