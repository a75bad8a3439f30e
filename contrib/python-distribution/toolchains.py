"""What a distribution can be built for: the compiler is always Debian's, the C library is not.

Another C library than this machine's comes as a *sysroot*: its headers, the kernel's, start files and what is linked,
in one folder (sysroots.py). The archive carries it as build/sysroot, since whoever links an executable from the archive
has to compile against the same.
"""

import dataclasses
import os
import shlex
import shutil

import sysroots
import tables

COMMON = {
    "gcc": "gcc",
    "make": "make",
    "patch": "patch",
    "xz": "xz-utils",
    "zstd": "zstd",
    "readelf": "binutils",
    "dpkg-deb": "dpkg",
}
SOURCE = {"perl": "perl", "tclsh": "tcl"}
PIC, PIE = "-fPIC -fstack-protector -fno-omit-frame-pointer", "-fPIE -fstack-protector -fno-omit-frame-pointer"


@dataclasses.dataclass(frozen=True)
class Toolchain:
    """`flags` are the code model's; `tools` maps programs to the Debian packages that bring them; `tag` tells the
    archive's name apart from that of another with the same triple."""

    triple: str
    multiarch: str
    flags: str
    tools: dict
    sysroot: sysroots.Sysroot = None
    static: bool = False
    ldflags: str = ""
    configure: tuple = ()
    tag: str = ""
    glibc: str = ""  # the oldest version that suffices; empty: this machine's

    @property
    def from_source(self):
        """Debian's static libraries are for its own C library."""
        return self.sysroot is not None

    def libraries(self):
        return tables.libraries(self.from_source)

    def prepare(self, folder, files):
        """Makes the sysroot from `files` (sysroots.py) and a `gcc` that compiles for it, below `folder`, which is named
        /build in what is compiled. Returns the folder to be first in PATH: so no Makefile and no sysconfig records what
        only concerns this build."""
        words = [shutil.which("gcc"), f"-ffile-prefix-map={folder}=/build"]
        if self.sysroot:
            root = os.path.join(folder, "sysroot")
            self.sysroot.make(files, root)
            words += [f"--sysroot={root}", f"-B{root}/usr/lib/"]
        path = os.path.join(folder, "bin/gcc")
        os.makedirs(os.path.dirname(path))
        with open(path, "w", encoding="utf-8") as script:
            # CPython's configure compares this with what the preprocessor says; Debian's gcc answers for glibc.
            script.write(
                f'#!/bin/sh\n[ "$1" = --print-multiarch ] && echo {self.multiarch} && exit\n'
                f'exec {shlex.join(words)} "$@"\n'
            )
        os.chmod(path, 0o755)
        return os.path.dirname(path)


TARGETS = ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl")


def toolchain(target, glibc=None):
    """For one of TARGETS; with `glibc`, a version X.Y, for systems that have at least that one."""
    if target == "x86_64-unknown-linux-musl":
        return Toolchain(
            triple=target,
            multiarch="x86_64-linux-musl",
            flags=PIE,
            tools={**COMMON, **SOURCE},
            sysroot=sysroots.Musl(),
            static=True,
            ldflags="-static",
            # Nothing is loaded into the program, so it need not export anything.
            configure=("LINKFORSHARED= ",),
        )
    gnu = Toolchain(triple=target, multiarch="x86_64-linux-gnu", flags=PIC, tools=COMMON)
    if not glibc:
        return gnu
    tools = {**COMMON, **SOURCE, "pip3": "python3-pip"}
    return dataclasses.replace(gnu, tools=tools, sysroot=sysroots.Glibc(glibc), tag=f"+glibc{glibc}", glibc=glibc)
