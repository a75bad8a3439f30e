"""PEP 517 backend: compiles the importer with the C compiler and packs wheel and sdist.

It needs nothing but the standard library, so that a machine without a package index can build. Sources are those
that runtime/sources.list names for stubs, without the interpreter control (runtime/embed). They lie two folders
up in oxidizer's tree, and beside this file in an sdist; what is compiled is the same in both.

Environment: CC, CFLAGS, CPPFLAGS, LDFLAGS as usual, SOURCE_DATE_EPOCH for the archives' times.
"""
import base64
import concurrent.futures
import gzip
import hashlib
import io
import os
import pathlib
import re
import shlex
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import time
import zipfile

NAME = "oxidized_importer"
HERE = pathlib.Path(__file__).resolve().parent
OWN_FILES = ("pyproject.toml", "build_backend.py", "README.md", "stubs/__init__.pyi", "stubs/py.typed")
LEFT_OUT = ("runtime/embed/", "runtime/hashes/")


def source_root():
    root = HERE if (HERE / "runtime/sources.list").exists() else HERE.parent.parent
    if not (root / "runtime/sources.list").exists():
        raise SystemExit(f"{HERE} was copied without the sources around it: install from the sdist that "
                         "`make dist-importer` writes, or with pip 21.3 or newer")
    return root


def sources(root):
    lines = (root / "runtime/sources.list").read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", *LEFT_OUT))]


def headers(root):
    folders = sorted({pathlib.PurePosixPath(name).parent for name in sources(root)})
    found = (p for folder in folders for p in (root / folder).iterdir() if p.suffix in (".h", ".def"))
    return sorted(p.relative_to(root).as_posix() for p in found)


def version(root):
    for name, pattern in (("PKG-INFO", r"^Version: (.+)$"), ("configure.ac", r"^AC_INIT\(\[\w+\], \[([^]]+)\]")):
        path = root / name
        if path.exists():
            return re.search(pattern, path.read_text(), re.M).group(1)
    raise SystemExit(f"{root} has neither PKG-INFO nor configure.ac to tell the version")


def metadata(root):
    project = (HERE / "pyproject.toml").read_text()
    lines = ["Metadata-Version: 2.1", f"Name: {NAME}", f"Version: {version(root)}", "License: Apache-2.0"]
    lines.append("Summary: " + re.search(r'^description = "(.*)"$', project, re.M).group(1))
    lines += ["Classifier: " + c for c in re.findall(r'^    "(.* :: .*)",$', project, re.M)]
    lines += ["Requires-Python: " + re.search(r'^requires-python = "(.*)"$', project, re.M).group(1),
              "License-File: LICENSE", "Description-Content-Type: text/markdown", ""]
    return "\n".join(lines) + "\n" + (HERE / "README.md").read_text()


def archive_time():
    """Seconds; archives of the same content are the same bytes."""
    return max(int(os.environ.get("SOURCE_DATE_EPOCH", 0)), 315532800)  # zip begins with 1980


def flags_of(name):
    return shlex.split(os.environ.get(name, ""))


def run(command):
    done = subprocess.run([str(word) for word in command])
    if done.returncode != 0:
        raise SystemExit(f"failed with status {done.returncode}: {' '.join(map(str, command))}")


def compile_extension(root, output):
    """Only the init function is visible, whatever other libraries in the process are called."""
    paths = sysconfig.get_paths()
    if not (pathlib.Path(paths["include"]) / "Python.h").exists():
        raise SystemExit(f"Python.h is not in {paths['include']}: install the headers of "
                         f"Python {sysconfig.get_python_version()} (python3-dev)")
    compiler = shlex.split(os.environ.get("CC", "cc"))
    includes = [f"-I{path}" for path in (root, paths["include"], paths["platinclude"])]
    common = ["-O2", "-std=c17", "-D_GNU_SOURCE", "-fPIC", f"-ffile-prefix-map={root}=.", *includes]
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = [f"{folder}/{name.replace('/', '-')}.o" for name in sources(root)]
        jobs = [pool.submit(run, [*compiler, *common, *flags_of("CPPFLAGS"), *flags_of("CFLAGS"), "-c", root / name,
                                  "-o", target]) for name, target in zip(sources(root), objects)]
        for job in jobs:
            job.result()
        exports = pathlib.Path(folder, "exports")
        exports.write_text("{ global: PyInit_%s; local: *; };" % NAME)
        run([*compiler, "-shared", *flags_of("CFLAGS"), *flags_of("LDFLAGS"), *objects,
             f"-Wl,--version-script={exports}", "-ldl", "-lpthread", "-o", output])


def wheel_tag():
    platform = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    python = "cp%d%d" % sys.version_info[:2]
    abi = python + re.sub(r"[^a-z]", "", getattr(sys, "abiflags", ""))
    return f"{python}-{abi}-{platform}"


def wheel_files(root, folder):
    """name in the wheel: content, in the order of the archive."""
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    compile_extension(root, folder / "module.so")
    info = f"{NAME}-{version(root)}.dist-info"
    licence = HERE / "LICENSE" if (HERE / "LICENSE").exists() else root / "LICENSE"
    return {
        NAME + suffix: (folder / "module.so").read_bytes(),
        # A module that is one shared library has no folder for py.typed: its stubs are a package (PEP 561).
        f"{NAME}-stubs/__init__.pyi": (HERE / "stubs/__init__.pyi").read_bytes(),
        f"{NAME}-stubs/py.typed": (HERE / "stubs/py.typed").read_bytes(),
        f"{info}/LICENSE": licence.read_bytes(),
        f"{info}/METADATA": metadata(root).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: false\n"
                         f"Tag: {wheel_tag()}\n".encode(),
        f"{info}/top_level.txt": f"{NAME}\n".encode(),
    }


def record(files, name):
    rows = [f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},"
            f"{len(data)}\n" for path, data in files.items()]
    return "".join(rows + [f"{name},,\n"]).encode()


def write_zip(path, files):
    when = time.gmtime(archive_time())[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, when)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = (0o755 if name.endswith(".so") else 0o644) << 16
            archive.writestr(member, data)


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    root = source_root()
    with tempfile.TemporaryDirectory() as folder:
        files = wheel_files(root, pathlib.Path(folder))
    record_name = f"{NAME}-{version(root)}.dist-info/RECORD"
    files[record_name] = record(files, record_name)
    name = f"{NAME}-{version(root)}-{wheel_tag()}.whl"
    write_zip(pathlib.Path(wheel_directory, name), files)
    return name


def build_sdist(sdist_directory, config_settings=None):
    root = source_root()
    names = {name: HERE / name for name in OWN_FILES}
    names.update((name, root / name) for name in ("LICENSE", "runtime/sources.list", *sources(root), *headers(root)))
    content = {name: path.read_bytes() for name, path in names.items()}
    content["PKG-INFO"] = metadata(root).encode()
    stem = f"{NAME}-{version(root)}"
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(content):
            member = tarfile.TarInfo(f"{stem}/{name}")
            member.size, member.mtime, member.mode = len(content[name]), archive_time(), 0o644
            archive.addfile(member, io.BytesIO(content[name]))
    with open(pathlib.Path(sdist_directory, stem + ".tar.gz"), "wb") as out, \
            gzip.GzipFile("", "wb", 9, out, archive_time()) as packed:
        packed.write(plain.getvalue())
    return stem + ".tar.gz"


if __name__ == "__main__":
    # What make and the tests use, where no pip is: build_backend.py wheel|sdist FOLDER
    print({"wheel": build_wheel, "sdist": build_sdist}[sys.argv[1]](sys.argv[2]))
