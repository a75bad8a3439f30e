"""The archive: python/PYTHON.json first, then all else in order of names; the same bytes wherever it was built."""

import io
import json
import os
import shutil
import subprocess
import tarfile

import tables
from compiling import EPOCH

SOURCES = (
    "Modules/config.c",
    "Modules/config.c.in",
    "Modules/Setup",
    "Modules/Setup.local",
    "Modules/Setup.bootstrap",
    "Modules/Setup.stdlib",
    "Python/frozen.c",
)
# run_tests of PYTHON.json: CPython's own tests in this distribution's interpreter.
RUN_TESTS = """import os, subprocess, sys
here = os.path.dirname(os.path.abspath(__file__))
python = os.path.join(here, "..", "install", "bin", "python3")
sys.exit(subprocess.call([python, "-m", "test", *sys.argv[1:]]))
"""


def collect(build, description):
    """Lays out what the archive holds below build.folder/python; returns that folder."""
    top = os.path.join(build.folder, "python")
    objects = set(description["build_info"]["core"]["objs"]) | {"build/Modules/config.o"}
    libraries, licences = set(), set()
    for (variant,) in description["build_info"]["extensions"].values():
        objects.update(variant["objs"])
        libraries.update(link["path_static"] for link in variant["links"] if "path_static" in link)
        licences.update(variant.get("license_paths", []))
    copies = {path: os.path.join(build.tree, path[len("build/") :]) for path in objects}
    copies.update({"build/" + path: os.path.join(build.tree, path) for path in SOURCES})
    copies.update({path: os.path.join(build.deps, "archives", os.path.basename(path)) for path in libraries})
    copies.update({path: os.path.join(build.deps, "licences", os.path.basename(path)) for path in licences})
    copies["licenses/LICENSE.cpython.txt"] = os.path.join(build.tree, "LICENSE")
    for path, source in copies.items():
        if os.path.exists(source) or path not in {"build/" + name for name in SOURCES}:
            os.makedirs(os.path.dirname(os.path.join(top, path)), exist_ok=True)
            shutil.copyfile(source, os.path.join(top, path))
    build.strip([os.path.join(top, path) for path in sorted(objects)])
    shutil.copytree(build.install, os.path.join(top, "install"), symlinks=True)
    strip_installed(build, top, description)
    if build.toolchain.sysroot:
        copy_sysroot(build, top)
    write(os.path.join(top, "build/run_tests.py"), RUN_TESTS)
    write(os.path.join(top, "PYTHON.json"), json.dumps(description, indent=1, sort_keys=True) + "\n")
    return top


def copy_sysroot(build, top):
    sysroot = build.sysroot
    shutil.copytree(os.path.join(sysroot, "usr"), os.path.join(top, "build/sysroot/usr"), symlinks=True)
    shutil.copytree(os.path.join(sysroot, "licences"), os.path.join(top, "licenses"), dirs_exist_ok=True)


def strip_installed(build, top, description):
    installed = [description["python_exe"], description["build_info"]["core"]["static_lib"]]
    build.strip([os.path.join(top, path) for path in installed])


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def members(top):
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != "__pycache__"]
        for name in names + [name for name in folders if os.path.islink(os.path.join(folder, name))]:
            yield os.path.relpath(os.path.join(folder, name), top)


def member(top, path, forbidden):
    """The tar header and the content of one file; refuses one that names the folder it was built in."""
    info = tarfile.TarInfo("python/" + path)
    info.mtime, info.uname, info.gname = EPOCH, "root", "root"
    source = os.path.join(top, path)
    if os.path.islink(source):
        info.type, info.linkname, info.mode = tarfile.SYMTYPE, os.readlink(source), 0o777
        return info, b""
    with open(source, "rb") as file:
        data = file.read()
    if forbidden in data:
        raise tables.Problem(
            f"{path} names the folder that it was built in, {forbidden.decode()}: that would differ each time"
        )
    info.size, info.mode = len(data), 0o775 if os.access(source, os.X_OK) else 0o664
    return info, data


def pack(top, target, forbidden, level):
    """Writes the archive to `target`, which is whole or not there."""
    partial = target + ".part"
    try:
        with open(partial, "wb") as output, zstd(output, level) as process:
            with tarfile.open(fileobj=process.stdin, mode="w|", format=tarfile.GNU_FORMAT) as archive:
                for path in sorted(members(top), key=lambda name: (name != "PYTHON.json", name)):
                    info, data = member(top, path, forbidden.encode())
                    archive.addfile(info, io.BytesIO(data))
        if process.returncode:
            raise tables.Problem(f"zstd failed while writing {partial}: is the disk full?")
        os.replace(partial, target)
    finally:
        if os.path.exists(partial):
            os.unlink(partial)


def zstd(output, level):
    return subprocess.Popen(["zstd", "-q", "-T2", f"-{level}"], stdin=subprocess.PIPE, stdout=output)
