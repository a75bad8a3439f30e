"""The static libraries that extension modules link, below one folder: `include`, `archives`, `licences`, and `lib`, which
is what the linker is shown. They come out of Debian's binary packages, or are built from source for each C library.
"""

import glob
import hashlib
import os
import shutil

import fetch
import recipes
import tables


def fetch_all(toolchain, cache):
    """The files that the libraries come out of: Debian's packages, or the two files of each source in turn."""
    if toolchain.from_source:
        sources = tables.library_sources().values()
        return [path for source in sources for path in fetch.Archive(cache, source.suite).source(source)]
    wanted = {name for library in toolchain.libraries().values() for name in (library.package, library.copyright)}
    return fetch.Archive(cache, fetch.LIBRARY_SUITE).packages(sorted(wanted))


def provide(build, cache, files):
    """Fills the build's folder `deps`."""
    os.makedirs(build.deps)
    if build.toolchain.from_source:
        from_source(build, cache, files)
    else:
        from_packages(build.toolchain, files, build.deps)
    offer(build.toolchain, build.deps)


def from_packages(toolchain, debs, target):
    """Opens Debian's packages, which are not installed."""
    root = os.path.join(target, "root")
    for deb in debs:
        fetch.run(["dpkg-deb", "-x", deb, root], target)
    include, archives, licences = folders(target)
    shutil.copytree(
        os.path.join(root, "usr/include"), include, symlinks=True, ignore=shutil.ignore_patterns(toolchain.multiarch)
    )
    machine = os.path.join(root, "usr/include", toolchain.multiarch)
    shutil.copytree(machine, include, symlinks=True, dirs_exist_ok=True)
    for library in toolchain.libraries().values():
        archive = os.path.join(root, "usr/lib", toolchain.multiarch, library.archive)
        shutil.copyfile(archive, os.path.join(archives, f"lib{library.name}.a"))
        copy_licence(os.path.join(root, "usr/share/doc", library.copyright, "copyright"), library, licences)


def folders(target):
    for name in ("archives", "licences"):
        os.makedirs(os.path.join(target, name))
    return [os.path.join(target, name) for name in ("include", "archives", "licences")]


def copy_licence(path, library, licences):
    if not os.path.exists(path):
        raise tables.Problem(
            f"there is no licence text for lib{library.name} in Debian's package; "
            f"name another one in {os.path.join(tables.HERE, 'libraries')}"
        )
    shutil.copyfile(path, os.path.join(licences, f"LICENSE.{library.name}.txt"))


def offer(toolchain, target):
    """Makes `lib`: where an archive needs others, -lNAME finds a script for the linker that names them all, so that
    configure's detection and CPython's link need not know."""
    lib = os.path.join(target, "lib")
    os.makedirs(lib)
    known = toolchain.libraries()
    for library in known.values():
        archive = os.path.join(target, "archives", f"lib{library.name}.a")
        path = os.path.join(lib, f"lib{library.name}.a")
        if not library.needs:
            os.symlink(archive, path)
            continue
        words = [archive] + [
            os.path.join(target, "archives", f"lib{name}.a") if name in known else "-l" + name
            for name in tables.closure(library.needs, known)
        ]
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"GROUP ( {' '.join(words)} )\n")


def c_library(build):
    """The digest of what every library built from source depends on: compiler, C library, code model."""
    toolchain = build.toolchain
    told = [toolchain.triple, toolchain.flags, toolchain.ldflags, fetch.run(["gcc", "--version"], "/")]
    digest = hashlib.sha256("\n".join(told).encode())
    for folder, folders, names in os.walk(build.sysroot):
        folders.sort()
        for name in sorted(names):
            digest.update(f"{name} {fetch.sha256(os.path.join(folder, name))}\n".encode())
    return digest.hexdigest()


def key(base, package, files):
    """The digest of what one library depends on; `base` is that of c_library. Of the libraries that it needs only the
    headers are used, in ways that do not change."""
    told = [tables.library_sources()[package], recipes.RECIPES[package], *map(fetch.sha256, files)]
    return hashlib.sha256("\n".join([base, *map(str, told)]).encode()).hexdigest()[:32]


def from_source(build, cache, files):
    """Builds what the cache does not have, each library into a folder of its own there, and puts all together."""
    stage, base = os.path.join(build.folder, "stage"), c_library(build)
    sources = dict(zip(tables.library_sources(), zip(files[::2], files[1::2])))
    include, archives, licences = folders(build.deps)
    for package in recipes.RECIPES:
        kept = os.path.join(cache, "libraries", f"{package}-{key(base, package, sources[package])}")
        if not os.path.isdir(kept):
            build_one(build, package, sources[package], stage, kept)
        shutil.copytree(kept, stage, symlinks=True, dirs_exist_ok=True)
        for library in build.toolchain.libraries().values():
            if library.source == package:
                name = f"lib{library.name}.a"
                shutil.copyfile(os.path.join(kept, "usr/lib", name), os.path.join(archives, name))
                copy_licence(os.path.join(kept, "copyright"), library, licences)
    shutil.copytree(os.path.join(stage, "usr/include"), include)


def build_one(build, package, files, stage, target):
    """Unpacks one source, patches it as the table says, runs its recipe; `stage` has the libraries that were built
    before. `target` is whole or not there."""
    tree, made = (os.path.join(build.folder, name) for name in (package, package + ".made"))
    os.makedirs(tree)
    build.run("tar", "-xf", files[0], "--strip-components=1", "-C", tree, cwd=tree)
    build.run("tar", "-xf", files[1], "-C", tree, cwd=tree)
    build.patch(tree, tree, tables.library_sources()[package].patches)
    environment = {
        "CC": "gcc",
        "AR": "ar",
        "RANLIB": "ranlib",
        "JOBS": str(build.jobs),
        "CFLAGS": "-O2 " + build.toolchain.flags,
        "DESTDIR": made,
        "CPPFLAGS": f"-I{stage}/usr/include",
        "LDFLAGS": f"-L{stage}/usr/lib {build.toolchain.ldflags}",
    }
    for command in recipes.RECIPES[package]:
        build.run("sh", "-ec", command, cwd=tree, env=environment)
    for path in glob.glob(os.path.join(made, "usr/lib/*")):
        if path.endswith(".la"):
            os.unlink(path)
        elif path.endswith(".a") and not os.path.islink(path):
            build.strip([path])
    shutil.copyfile(os.path.join(tree, "debian/copyright"), os.path.join(made, "copyright"))
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        os.rename(made, target)
    except OSError:
        if not os.path.isdir(target):  # otherwise another build was faster
            raise
