/* resource.h - one resource as the payload holds it: what the writer takes and the
 * reader gives back.
 *
 * A resource has a name (dotted module name, or the top-level name that
 * package resources hang from) and any number of roles at once, as in PyOxidizer's
 * packed resources: Python module (source,
 * bytecode at three levels), extension module as a shared library, plain shared library,
 * package resources (files of a package), distribution resources (files of
 * NAME.dist-info). All slices are borrowed; one with data NULL is absent, one with
 * data and length 0 is present and empty (a package's __init__.py often is). */
#ifndef OX_PACK_RESOURCE_H
#define OX_PACK_RESOURCE_H

#include "proto/base/slice.h"

enum ox_pack_flag {
	OX_PACK_MODULE = 1 << 0,    /* a Python module */
	OX_PACK_PACKAGE = 1 << 1,   /* that is a package */
	OX_PACK_NAMESPACE = 1 << 2, /* that is a namespace package (no code) */
	OX_PACK_BUILTIN = 1 << 3,   /* extension linked into the stub */
	OX_PACK_FROZEN = 1 << 4,
	OX_PACK_EXTENSION = 1 << 5, /* extension as shared library: `library` */
	OX_PACK_LIBRARY = 1 << 6,   /* shared library others need: `library` */
	OX_PACK_STDLIB = 1 << 7,
	OX_PACK_NEEDS_FILE = 1 << 8, /* extension or library must be a real file (tier 3), not memory */
	OX_PACK_WANTS_FILE = 1 << 9, /* package that insists on __file__ and real files beside it */
	OX_PACK_PREFERS_FILE = 1 << 12, /* library that is better a file where others are extracted anyway */
	OX_PACK_MAY_BE_FILE = 1 << 13,  /* its package is given real files where somebody asks for a path to one */
	/* Only in packed resources (packed.h): an arbitrary file, whose name is a file name. */
	OX_PACK_FILE = 1 << 10,
	OX_PACK_EXECUTABLE = 1 << 11,
};

struct ox_pack_file {
	struct ox_slice name; /* path with '/' inside the package or dist-info */
	struct ox_slice data;
};

struct ox_pack_resource {
	struct ox_slice name; /* "a.b.c"; for a library its SONAME */
	uint32_t flags;       /* enum ox_pack_flag */
	struct ox_slice source;
	struct ox_slice bytecode[3]; /* marshalled code, levels 0, 1, 2; no pyc header */
	struct ox_slice library;     /* ELF bytes; page-aligned in the payload */
	/* SONAMEs of packed libraries to load first, in order. "a/b.abi3.so" is an extension module a.b that has to lie
	 * in such a file before; one that says so of itself is what the file is called. */
	struct ox_slice *needs;
	size_t need_count;
	struct ox_pack_file *files; /* package resources, sorted by name */
	size_t file_count;
	struct ox_pack_file *distribution; /* dist-info files, sorted by name */
	size_t distribution_count;
	/* Installed beside the executable instead of embedded (filesystem-relative):
	 * path relative to the executable's folder; empty when embedded. */
	struct ox_slice relative_path;
};

#endif
