"""The figures of Python distributions: D1 to D5, and R1, R2, R4, R6 with an interpreter that we built (R1o ...).

They need a full archive: the file that OX_BENCH_ARCHIVE names, else the newest that contrib/python-distribution/build
has made on this machine, optimised ones first. Without one they say so.
"""
import glob
import os
import re
import shutil
import subprocess
import time

import imports
from measure import OXC, PYTHON, Place, alternate, compare, compare_timed, spawn, spread, timed

PROGRAM = """
def make_exe():
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    policy.extension_module_filter = "{extensions}"
    config = dist.make_python_interpreter_config()
    config.run_command = {command!r}
    exe = dist.to_python_executable(name="program", packaging_policy=policy, config=config)
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
# Of the stripped executable without its payload, as the specification states them.
SPECIFIED = {"all": 17.9, "minimal": 5.3}
CACHED = "~/.cache/oxidizer/python-distribution/results/*/*-full.tar.zst"


def archive():
    named = os.environ.get("OX_BENCH_ARCHIVE")
    found = [named] if named else glob.glob(os.path.expanduser(CACHED))
    if not found:
        raise RuntimeError("no archive: contrib/python-distribution/build --optimize makes one, OX_BENCH_ARCHIVE names one")
    return max(found, key=lambda path: ("pgo" in os.path.basename(path), os.stat(path).st_mtime))


def with_archive(place, use="archive"):
    """A place of its own in which default_python_distribution() is the archive; kept for all figures of one use."""
    if use not in place.__dict__:
        path = archive()
        other = Place()
        place.others.append(other)
        del other.env["OXIDIZER_PYTHON"]
        other.oxc("python-distribution", "add", path)
        place.__dict__[use] = other
    return place.__dict__[use]


def unpacked(folder):
    return sum(os.lstat(os.path.join(top, name)).st_size for top, _, names in os.walk(folder) for name in names) / 1e6


def d1(place):
    path, into = archive(), place.path("unpacked")
    sizes = []

    def emptied(*argv):
        shutil.rmtree(into, ignore_errors=True)
        os.makedirs(os.path.dirname(into), exist_ok=True)
        elapsed = spawn(list(argv), place.env)
        sizes.append(unpacked(into))
        return elapsed

    def tar():
        shutil.rmtree(into, ignore_errors=True)
        os.makedirs(into)
        return spawn(["/usr/bin/tar", "--zstd", "-xf", path, "-C", into], place.env)

    ours, theirs = alternate(5, lambda: emptied(OXC, "python-distribution-extract", into, "--archive-path", path), tar)
    result = compare(ours, theirs, 1.0, "an archive unpacked, verified", "tar --zstd")
    result["megabytes_per_second"] = sizes[-1] / result["ours"]["median"] * 1e3
    return result


def steps(text):
    """What `oxc build --explain` tells of its steps: milliseconds by kind."""
    total = {}
    for kind, value, unit in re.findall(r"^ran (\w+) .*\((\d+(?:\.\d+)?) (ms|s)\)$", text, re.M):
        total[kind] = total.get(kind, 0) + float(value) * (1 if unit == "ms" else 1000)
    return total


def build(place, name, *args, extensions="all", command="pass"):
    """(seconds, steps, executable) of a build that this store has not seen."""
    place.write(f"{name}/pyoxidizer.bzl", PROGRAM.format(extensions=extensions, command=command))
    start = time.perf_counter()
    said = place.oxc("build", "--explain", "--path", place.path(name), *args).stderr
    elapsed = time.perf_counter() - start
    exe, = (path for path in glob.glob(place.path(name, "build/*/*/exe/*")) if os.access(path, os.X_OK))
    return elapsed, steps(said), exe


def first_build(place):
    """In a store that nothing else was built with."""
    if "first_build" not in place.__dict__:
        place.first_build = build(with_archive(place, "new_store"), "first")
    return place.first_build


def plain(what, value, unit, **more):
    """A figure without a budget."""
    return {"what": what, "ours": spread([value], unit), "budget": None, "met": True, **more}


def compiled_by_python(place):
    """The same modules' bytecode by CPython's own means, on two cores."""
    into = place.path("compiled")
    stdlib = subprocess.run([PYTHON, "-I", "-c", "import os; print(os.path.dirname(os.__file__))"], check=True,
                            capture_output=True, text=True).stdout.strip()
    shutil.copytree(stdlib, into, ignore=shutil.ignore_patterns("test", "tests", "__pycache__", "*-packages", "config-*"))
    return spawn([PYTHON, "-m", "compileall", "-q", "-j", "2", into], place.env)


def d2(place):
    """Cold: all of it; warm: a second program of the same store."""
    _, cold, _ = first_build(place)
    warm, again, _ = build(with_archive(place, "new_store"), "second", command="import os")
    result = plain("scan and bytecode of the standard library, cold", cold.get("scan", 0) + cold.get("bytecode", 0), "ms",
                   warm=again.get("scan", 0) + again.get("bytecode", 0), second_build=warm * 1e3)
    result["reference"] = spread([compiled_by_python(place)])
    result["reference_is"] = "python3.11 -m compileall -j 2"
    result["ratio"] = result["ours"]["median"] / result["reference"]["median"]
    return result


def d3(place):
    return plain("link of an executable with all extension modules", first_build(place)[1]["stub"], "ms")


def mapped(exe):
    """Megabytes of an executable without its payload."""
    sections = subprocess.run(["readelf", "-SW", exe], check=True, capture_output=True, text=True).stdout
    payload = int(re.search(r"\.oxpayload\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)", sections).group(1), 16)
    return (os.path.getsize(exe) - payload) / 1e6


def d4(place):
    """Executables without their payload: with debug symbols' names, and stripped (a release build)."""
    other = with_archive(place)
    sizes = {"all": mapped(first_build(place)[2])}
    for extensions in SPECIFIED:
        exe = build(other, f"release-{extensions}", "--release", extensions=extensions)[2]
        sizes[f"{extensions}_stripped"] = mapped(exe)
    return plain("executable with all extension modules, stripped, without payload", sizes["all_stripped"], "MB",
                 reference_value=f"{SPECIFIED['all']} MB", minimal_stripped=sizes["minimal_stripped"],
                 specified_minimal=SPECIFIED["minimal"], not_stripped=sizes["all"])


def d5(place):
    return plain("first build with a registered archive, empty store", first_build(place)[0], "s")


def r1o(place):
    other = with_archive(place)
    hello = build(other, "hello")[2]
    ours, theirs = alternate(60, lambda: timed([hello], other.env),
                             lambda: timed([PYTHON, "-I", "-S", "-c", "pass"], other.env))
    return compare_timed(ours, theirs, 0.65, "hello, from " + os.path.basename(archive()), "python3.11 -I -S -c pass")


def r2o(place):
    other = with_archive(place)
    names = imports.discover(PYTHON)
    other.write("shared/everything.py", "".join(f"try:\n import {name}\nexcept ImportError: pass\n" for name in names))
    folder = other.path("shared")
    other.write("everything/pyoxidizer.bzl", imports.EVERYTHING.format(fast=True, deferred=True))
    shutil.copy(os.path.join(folder, "everything.py"), other.path("everything"))
    exe = other.build("everything")
    python = [PYTHON, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {folder!r}); import everything"]
    ours, theirs = alternate(25, lambda: timed([exe], other.env), lambda: timed(python, other.env))
    return compare_timed(ours, theirs, 0.62, f"import of {len(names)} modules, from an archive of our own",
                         "python3.11 -I -S, warm .pyc files")


def own(figure):
    """An existing figure, with executables from the archive; its reference stays the machine's python3.11."""
    return lambda place: figure(with_archive(place))


FIGURES = {"R1o": r1o, "R2o": r2o, "R4o": own(imports.r4), "R6o": own(imports.r6), "D1": d1, "D2": d2, "D3": d3, "D4": d4, "D5": d5}
