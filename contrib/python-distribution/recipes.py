"""How each library is built from source, whatever the compiler: shell commands in the unpacked source.

The environment has CC, AR, RANLIB, CFLAGS (optimisation and code model), CPPFLAGS and LDFLAGS (the libraries built
before), JOBS, and DESTDIR, below which /usr/include and /usr/lib are filled. The order is that of the table below.
"""

CONFIGURE = "./configure --prefix=/usr --libdir=/usr/lib --disable-shared --enable-static"
MAKE = "make -s -j$JOBS"
# Said to make itself: a Makefile's own DESTDIR (OpenSSL has one) would win against the environment.
MAKE_INSTALL = f'{MAKE} DESTDIR="$DESTDIR"'
INSTALL = 'install -Dm644 -t "$DESTDIR/usr/%s"'
LIB, INCLUDE = INSTALL % "lib", INSTALL % "include"
TERMINFO = "/etc/terminfo:/lib/terminfo:/usr/share/terminfo"
SQLITE = "COLUMN_METADATA DBSTAT_VTAB FTS3 FTS3_PARENTHESIS FTS3_TOKENIZER FTS4 FTS5 GEOPOLY MATH_FUNCTIONS RTREE"

RECIPES = {
    "zlib": ["./configure --static --prefix=/usr", f"{MAKE} libz.a", f"{LIB} libz.a", f"{INCLUDE} zlib.h zconf.h"],
    "bzip2": [
        f'{MAKE} libbz2.a CC="$CC" AR="$AR" RANLIB="$RANLIB" CFLAGS="$CFLAGS -D_FILE_OFFSET_BITS=64"',
        f"{LIB} libbz2.a",
        f"{INCLUDE} bzlib.h",
    ],
    "xz-utils": [
        # Its patches touch what autotools would make anew.
        f"{CONFIGURE} --disable-xz --disable-xzdec --disable-lzmadec --disable-lzmainfo --disable-lzma-links"
        " --disable-scripts --disable-doc --disable-nls --disable-dependency-tracking",
        f"{MAKE_INSTALL} -C src/liblzma install",
    ],
    "libzstd": [
        f'{MAKE} -C lib libzstd.a ZSTD_LEGACY_SUPPORT=0 CC="$CC" AR="$AR" CFLAGS="$CFLAGS"',
        f"{LIB} lib/libzstd.a",
        f"{INCLUDE} lib/zstd.h lib/zstd_errors.h lib/zdict.h",
    ],
    "libffi": [
        f"{CONFIGURE} --disable-docs --disable-multi-os-directory --disable-dependency-tracking",
        f"{MAKE_INSTALL} install",
    ],
    # Of util-linux only libuuid. What is patched is newer than configure, and must not make it run again.
    "util-linux": [
        f"{CONFIGURE} --disable-all-programs --enable-libuuid --disable-nls --disable-dependency-tracking",
        f"{MAKE_INSTALL} install ACLOCAL=: AUTOCONF=: AUTOMAKE=: AUTOHEADER=:",
    ],
    "ncurses": [
        f"./configure --prefix=/usr --enable-widec --without-ada --without-cxx --without-cxx-binding --without-debug"
        " --without-manpages --without-progs --without-shared --without-tests --disable-db-install --disable-stripping"
        f" --with-default-terminfo-dir=/usr/share/terminfo --with-terminfo-dirs={TERMINFO}",
        f"{MAKE} libs",
        f"{MAKE_INSTALL} install.libs install.includes",
        # libedit looks for the library of narrow characters only.
        'ln -s libncursesw.a "$DESTDIR/usr/lib/libncurses.a"',
    ],
    # Without the define, on musl, its configure believes that wchar_t is not Unicode.
    "libedit": [
        f'CFLAGS="$CFLAGS -D__STDC_ISO_10646__=201706L" {CONFIGURE} --disable-examples --disable-dependency-tracking',
        f"{MAKE_INSTALL} -C src install",
    ],
    # Its own build systems are not part of Debian's tarball, or fail on the patched source: three files and a header.
    "expat": [
        'printf "#define %s\\n" "BYTEORDER 1234" "HAVE_SYSCALL_GETRANDOM" "XML_CONTEXT_BYTES 1024" "XML_DEV_URANDOM"'
        ' "XML_DTD 1" "XML_GE 1" "XML_NS 1" > expat/lib/expat_config.h',
        "cd expat/lib && for file in xmlparse xmlrole xmltok; do $CC $CFLAGS -I. -c $file.c; done",
        'cd expat/lib && "$AR" rcs libexpat.a xmlparse.o xmlrole.o xmltok.o',
        f"{LIB} expat/lib/libexpat.a",
        f"{INCLUDE} expat/lib/expat.h expat/lib/expat_external.h",
    ],
    "sqlite3": [
        f"{CONFIGURE} --disable-tcl --disable-readline",
        f"{MAKE} sqlite3.c",
        "$CC $CFLAGS -DSQLITE_THREADSAFE=1 -DHAVE_USLEEP=1 -DHAVE_FDATASYNC=1 -DHAVE_GMTIME_R=1 -DHAVE_LOCALTIME_R=1 "
        + " ".join("-DSQLITE_ENABLE_" + name for name in SQLITE.split())
        + " -c sqlite3.c",
        '"$AR" rcs libsqlite3.a sqlite3.o',
        f"{LIB} libsqlite3.a",
        f"{INCLUDE} sqlite3.h src/sqlite3ext.h",
    ],
    # The legacy provider is part of the library (no-module): a program of one file has nowhere to load it from.
    # A -static in LDFLAGS would be taken for the wish to do without threads.
    "openssl": [
        "CPPFLAGS= LDFLAGS= ./Configure linux-x86_64 no-shared no-module no-tests no-async no-engine no-afalgeng"
        " --prefix=/usr --libdir=lib --openssldir=/etc/ssl",
        f"{MAKE} build_libs",
        f"{MAKE_INSTALL} install_dev",
    ],
}
