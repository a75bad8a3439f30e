"""Other C libraries than this machine's, each as a folder for gcc's --sysroot, with which -B<folder>/usr/lib/ goes: gcc
looks for start files and libraries at its own place first.

The headers of the kernel are part of it. Nothing in it names where it was made.
"""

import dataclasses
import glob
import os
import re
import shutil
import subprocess
import zipfile

import fetch
import tables

# What runs before and after main in a program; _init and _fini, of which the compiler's objects hold the middle.
CRTI = """.section .init,"ax",@progbits
.globl _init
.hidden _init
.type _init,@function
_init: subq $8,%rsp
.section .fini,"ax",@progbits
.globl _fini
.hidden _fini
.type _fini,@function
_fini: subq $8,%rsp
.section .note.GNU-stack,"",@progbits
"""
CRTN = """.section .init,"ax",@progbits
addq $8,%rsp
ret
.section .fini,"ax",@progbits
addq $8,%rsp
ret
.section .note.GNU-stack,"",@progbits
"""


class Sysroot:
    """fetch(cache) gives the files that make(files, root) needs; these are also what the result depends on."""


@dataclasses.dataclass(frozen=True)
class Musl(Sysroot):
    """musl as Debian has it."""

    def fetch(self, cache):
        return fetch.Archive(cache, fetch.LIBRARY_SUITE).packages(["musl-dev", "linux-libc-dev"])

    def make(self, files, root):
        opened = root + ".packages"
        for deb in files:
            fetch.run(["dpkg-deb", "-x", deb, opened], "/")
        include, lib = os.path.join(root, "usr/include"), os.path.join(root, "usr/lib")
        shutil.copytree(os.path.join(opened, "usr/include/x86_64-linux-musl"), include)
        for name in ("linux", "asm-generic", "x86_64-linux-gnu/asm"):
            target = os.path.join(include, os.path.basename(name))
            shutil.copytree(os.path.join(opened, "usr/include", name), target)
        os.makedirs(lib)
        for path in glob.glob(os.path.join(opened, "usr/lib/x86_64-linux-musl/*.[ao]")):
            shutil.copy(path, lib)
        for package in ("musl-dev", "linux-libc-dev"):
            copy_text(os.path.join(opened, "usr/share/doc", package, "copyright"), root, package)
        strip(root)


@dataclasses.dataclass(frozen=True)
class Glibc(Sysroot):
    """glibc's interface as it was in an older version, out of the zig compiler: headers that know since when there is
    what, start files, and libraries that have the names and versions of the symbols, and no code."""

    version: str

    def fetch(self, cache):
        """zig's wheel from the package index that pip is configured with, by the digest in the table `ziglang`."""
        folder = os.path.join(cache, "ziglang")
        os.makedirs(folder, exist_ok=True)
        requirement = os.path.join(tables.HERE, "ziglang")
        ((wanted, hashed),) = tables.rows("ziglang")
        name = wanted.replace("==", "-") + "-*.whl"
        for path in glob.glob(os.path.join(folder, name)):
            if fetch.sha256(path) == hashed.split(":")[1]:
                return [path]
        command = ["pip3", "download", "-q", "--no-deps", "--only-binary=:all:", "--require-hashes"]
        fetch.run([*command, "-r", requirement, "-d", folder], "/")
        return glob.glob(os.path.join(folder, name))

    def make(self, files, root):
        zig = self.unpack(files[0], root + ".zig")
        include = os.path.join(root, "usr/include")
        for name in ("any-linux-any", "x86-linux-any", "generic-glibc", "x86-linux-gnu"):
            shutil.copytree(os.path.join(zig, "lib/libc/include", name), include, dirs_exist_ok=True)
        self.pin_version(os.path.join(include, "features.h"))
        lib = os.path.join(root, "usr/lib")
        os.makedirs(lib)
        self.make_libraries(os.path.join(zig, "zig"), root + ".zig", lib)
        make_start_files(lib)
        make_libgcc_s(lib)
        copy_text(os.path.join(zig, "lib/libc/glibc/LICENSES"), root, "glibc")
        strip(root)

    def unpack(self, wheel, folder):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        zig = os.path.join(folder, "ziglang")
        os.chmod(os.path.join(zig, "zig"), 0o755)
        return zig

    def pin_version(self, path):
        """zig passes the version with each call; here the header says it, as glibc's own does."""
        with open(path, encoding="utf-8") as file:
            text = file.read()
        text, count = re.subn(
            r"^(#\s*define\s+__GLIBC__\s+2)$", rf"\1\n#define __GLIBC_MINOR__ {self.minor()}", text, flags=re.M
        )
        if count != 1:
            raise tables.Problem(f"{path} does not define __GLIBC__ in one place: sysroots.py has to learn the new one")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def minor(self):
        return self.version.split(".")[1]

    def make_libraries(self, zig, folder, lib):
        """Links an empty program with zig, and takes what zig made for that out of its cache."""
        cache, source = os.path.join(folder, "cache"), os.path.join(folder, "empty.c")
        with open(source, "w", encoding="utf-8") as file:
            file.write("int main(void) { return 0; }\n")
        environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}
        for mode in ("-pie", "-no-pie"):
            command = [zig, "cc", "-target", f"x86_64-linux-gnu.{self.version}", mode, source, "-o", source + ".out"]
            fetch.run(command, folder, env=environment)
        for path in glob.glob(os.path.join(cache, "o/*/*")):
            name = os.path.basename(path)
            if re.fullmatch(r"S?crt1\.o|lib\w+\.so\.\d+", name):
                shutil.copy(path, os.path.join(lib, name.replace("libld.so", "ld-linux-x86-64.so")))
            elif name == "libc_nonshared.a":
                copy_archive(path, folder, os.path.join(lib, name))
        with open(os.path.join(lib, "libc.so"), "w", encoding="utf-8") as script:
            script.write("GROUP ( libc.so.6 libc_nonshared.a AS_NEEDED ( ld-linux-x86-64.so.2 ) )\n")
        for path in glob.glob(os.path.join(lib, "lib*.so.*")):
            name = os.path.basename(path)
            if not name.startswith("libc."):
                os.symlink(name, os.path.join(lib, name[: name.rindex(".")]))


def copy_archive(source, folder, target):
    """An archive of zig's, whose members are named by the paths that they have, relative to where it ran."""
    objects = fetch.run(["ar", "t", source], folder).split()
    fetch.run(["ar", "rcsD", target, *sorted(objects, key=os.path.basename)], folder)


def assemble(text, target):
    subprocess.run(["gcc", "-c", "-x", "assembler", "-", "-o", target], input=text, text=True, check=True)


def make_start_files(lib):
    """Those that zig does without."""
    for name, text in (("crti.o", CRTI), ("crtn.o", CRTN)):
        assemble(text, os.path.join(lib, name))


def make_libgcc_s(lib):
    """The machine's libgcc_s wants a newer glibc itself: one with the same symbols and versions, and no code."""
    path = fetch.run(["gcc", "-print-file-name=libgcc_s.so.1"], "/").strip()
    listed = fetch.run(["nm", "-D", "--defined-only", "--with-symbol-versions", path], "/")
    versions = {}
    for name, version in re.findall(r" [TW] (\w+)@@?(GCC_[\d.]+)$", listed, re.M):
        versions.setdefault(version, set()).add(name)
    names = sorted(set().union(*versions.values()))
    source, script = os.path.join(lib, "libgcc_s.o"), os.path.join(lib, "libgcc_s.map")
    assemble("".join(f".globl {name}\n.type {name},@function\n{name}:\n" for name in names) + "ret\n", source)
    with open(script, "w", encoding="utf-8") as file:
        for version in sorted(versions):
            file.write(f"{version} {{ {' '.join(name + ';' for name in sorted(versions[version]))} }};\n")
    command = ["ld", "-shared", "-soname=libgcc_s.so.1", f"--version-script={script}", source]
    fetch.run([*command, "-o", os.path.join(lib, "libgcc_s.so.1")], lib)
    os.symlink("libgcc_s.so.1", os.path.join(lib, "libgcc_s.so"))
    os.unlink(source)
    os.unlink(script)


def copy_text(source, root, name):
    os.makedirs(os.path.join(root, "licences"), exist_ok=True)
    shutil.copyfile(source, os.path.join(root, "licences", f"LICENSE.{name}.txt"))


def strip(root):
    """Objects and archives without what was only there for a debugger, dates and owners among it."""
    for path in sorted(glob.glob(os.path.join(root, "usr/lib/*.[ao]"))):
        if os.path.getsize(path) > 8:  # an archive without members is its magic only
            fetch.run(["strip", "--strip-debug", "-D", path], "/")
