"""The figures of starting and importing: R2, R4, R6, and our importer beside PyOxidizer's own (I1 to I3)."""
import glob
import json
import os
import re
import statistics
import subprocess

from measure import PYTHON, alternate, compare, compare_timed, timed

SOURCE = os.environ.get("OX_SRCDIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Prints the modules of the standard library that this Python can import one after another in one process.
DISCOVER = """
import os, sys
skip = {"test", "tests", "idlelib", "lib2to3", "ensurepip", "turtledemo", "antigravity", "this", "tkinter", "turtle",
        "distutils", "site", "sitecustomize", "usercustomize", "venv", "__main__", "__init__", "__phello__"}
def walk(folder, prefix):
    for entry in sorted(os.listdir(folder)):
        name, path = entry.split(".")[0], os.path.join(folder, entry)
        if name in skip or not name.isidentifier():
            continue
        if os.path.exists(os.path.join(path, "__init__.py")):
            yield prefix + name
            yield from walk(path, prefix + name + ".")
        elif entry.endswith(".py"):
            yield prefix + name
for name in list(walk(os.path.dirname(os.__file__), "")):
    try:
        __import__(name)
    except BaseException:
        continue
    sys.__stdout__.write(name + "\\n")
"""
EVERYTHING = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_command = "import everything"
    config.fast_import = {fast}
    config.deferred_collection = {deferred}
    exe = dist.to_python_executable(name="everything", config=config)
    exe.add_python_resources(exe.read_package_root(path=".", packages=["everything"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
TOOL = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_command = "{command}"
    exe = dist.to_python_executable(name="{name}", config=config)
    exe.add_python_resources(exe.pip_install(["{requirement}"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
TOOLS = {"pyflakes": ("pyflakes==4.1.0", "from pyflakes.api import main; main()"),
         "black": ("black==26.10.1", "import black; black.patched_main()")}
# Runs in the reference's Python with one of the two importers on its path: {task} is prepare or run.
IMPORTER = """
import gc, json, sys, time
sys.path.insert(0, sys.argv[2])
import oxidized_importer as o
blob = sys.argv[3]
if sys.argv[1] == "prepare":
    collector = o.OxidizedResourceCollector(allowed_locations=["in-memory"])
    for resource in o.find_resources_in_path(sys.argv[4]):
        try:
            collector.add_in_memory(resource)
        except (TypeError, ValueError):
            pass
    finder = o.OxidizedFinder()
    finder.add_resources(collector.oxidize()[0])
    with open(blob, "wb") as out:
        out.write(finder.serialize_indexed_resources())
    sys.exit()
with open(blob, "rb") as source:
    data = source.read()
finder = o.OxidizedFinder()
start = time.perf_counter()
finder.index_bytes(data)
indexed, used = time.perf_counter(), time.process_time()
sys.meta_path.insert(0, finder)
ours = 0
for name in sys.argv[4].split():
    module = __import__(name)
    ours += sys.modules[name].__spec__.loader is finder
end, used_end = time.perf_counter(), time.process_time()
with open("/proc/self/smaps_rollup") as rollup:
    memory = next(int(line.split()[1]) for line in rollup if line.startswith("Anonymous:"))
sys.__stdout__.write(json.dumps({"index": (indexed - start) * 1e3, "import": (end - indexed) * 1e3,
                                 "processor": (used_end - used) * 1e3, "memory": memory / 1024,
                                 "served": ours, "resources": len(finder.indexed_resources())}) + "\\n")
"""
MEMORY = "print(next(l.split()[1] for l in open('/proc/self/smaps_rollup') if l.startswith('Anonymous:')))"


def discover(python):
    return subprocess.run([python, "-I", "-S", "-c", DISCOVER], stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=True).stdout.split()


def everything(place, names, fast, deferred):
    folder = f"everything-{fast}-{deferred}"
    place.write(f"{folder}/pyoxidizer.bzl", EVERYTHING.format(fast=fast, deferred=deferred))
    place.write(f"{folder}/everything.py", "".join(f"import {name}\n" for name in names))
    return place.build(folder), place.path(folder)


def r2(place):
    names = discover(PYTHON)
    ours, folder = everything(place, names, True, True)
    collecting, _ = everything(place, names, True, False)
    slow, _ = everything(place, names, False, False)
    python = [PYTHON, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {folder!r}); import everything"]
    for command in ([ours], [collecting], [slow], python):
        subprocess.run(command, env=place.env, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    commands = ([ours], python, [collecting], [slow])
    samples = alternate(25, *[lambda argv=argv: timed(argv, place.env) for argv in commands])
    result = compare_timed(samples[0], samples[1], 0.75, f"import of {len(names)} modules of the standard library",
                           "python3.11 -I -S, warm .pyc files")
    for name, other in (("with_usual_collection", samples[2]), ("by_importlib", samples[3])):
        result[name] = statistics.median(wall for wall, _ in other) / result["reference"]["median"]
    return result


def tool(place, name):
    requirement, command = TOOLS[name]
    place.write(f"r4-{name}/pyoxidizer.bzl", TOOL.format(name=name, requirement=requirement, command=command))
    exe = place.build(f"r4-{name}")
    venv = place.path(f"venv-{name}")
    subprocess.run([PYTHON, "-m", "venv", venv], env=place.env, check=True, capture_output=True)
    subprocess.run([venv + "/bin/pip", "install", "-q", requirement], env=place.env, check=True, capture_output=True)
    ours, theirs = alternate(25, lambda: timed([exe, "--version"], place.env),
                             lambda: timed([f"{venv}/bin/{name}", "--version"], place.env))
    return compare_timed(ours, theirs, 0.6, f"{name} --version", "the same from a virtual environment")


def r4(place):
    """The slower of the two; the other one's ratio beside it."""
    figures = {name: tool(place, name) for name in TOOLS}
    worst = max(figures, key=lambda name: figures[name]["ratio"])
    result = figures[worst]
    for name in figures:
        result[f"ratio_of_{name}"] = figures[name]["ratio"]
    result["figures"] = {name: dict(figure) for name, figure in figures.items() if name != worst}
    return result


def r6(place):
    place.write("memory/pyoxidizer.bzl", TOOL.replace('"{command}"', repr(MEMORY)).replace(
        '    exe.add_python_resources(exe.pip_install(["{requirement}"]))\n', "").format(name="memory"))
    exe = place.build("memory")

    def anonymous(*command):
        return int(subprocess.run(command, env=place.env, check=True, capture_output=True, text=True).stdout) / 1024

    ours, theirs = alternate(9, lambda: anonymous(exe), lambda: anonymous(PYTHON, "-I", "-S", "-c", MEMORY))
    result = compare(ours, theirs, 1.0, "anonymous memory of a hello at its end", "python3.11 -I -S")
    result["ours"]["unit"] = result["reference"]["unit"] = "MB"
    return result


def python39():
    for pattern in ("~/.pyenv/versions/3.9.*/bin/python3.9", "/usr/bin/python3.9", "/usr/local/bin/python3.9"):
        for path in sorted(glob.glob(os.path.expanduser(pattern))):
            return path
    raise RuntimeError("no CPython 3.9, for which the last oxidized_importer wheel was made")


def importers(place):
    """Samples of both importers on the same packed standard library: what each run of IMPORTER printed."""
    if "importers" in place.__dict__:
        return place.importers
    python = python39()
    pip = [python, "-m", "pip", "install", "-q", "--no-deps", "--target"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([*pip, place.path("theirs"), "oxidized_importer==0.6.0"], check=True, capture_output=True, env=env)
    subprocess.run([*pip, place.path("ours"), os.path.join(SOURCE, "runtime", "importer")], check=True,
                   capture_output=True, env=env)
    blob, names = place.path("stdlib.packed"), discover(python)
    place.write("importer.py", IMPORTER)
    command = [python, "-I", "-S", place.path("importer.py")]
    stdlib = re.sub(r"/os\.py$", "", subprocess.run([python, "-c", "import os; print(os.__file__)"], check=True,
                                                    capture_output=True, text=True).stdout.strip())
    subprocess.run([*command, "prepare", place.path("theirs"), blob, stdlib], check=True, capture_output=True)

    def run(which):
        p = subprocess.run([*command, "run", place.path(which), blob, " ".join(names)], check=True, capture_output=True,
                           text=True, stdin=subprocess.DEVNULL)
        return json.loads(p.stdout.splitlines()[-1])

    place.importers = alternate(15, lambda: run("ours"), lambda: run("theirs"))
    return place.importers


def beside_wheel(place, key, what, unit):
    ours, theirs = importers(place)
    count = ours[0]["resources"] if key == "index" else ours[0]["served"]
    result = compare([run[key] for run in ours], [run[key] for run in theirs], 1.0, what.format(count),
                     "oxidized_importer 0.6.0 from PyPI, CPython 3.9, the same packed data")
    result["ours"]["unit"] = result["reference"]["unit"] = unit
    if key == "import":
        result["of_processor_time"] = statistics.median(run["processor"] for run in ours) / statistics.median(
            run["processor"] for run in theirs)
    result["served"] = [ours[0]["served"], theirs[0]["served"]]
    result["met"] = result["met"] and result["served"][0] == result["served"][1]
    return result


FIGURES = {
    "R2": r2, "R4": r4, "R6": r6,
    "I1": lambda place: beside_wheel(place, "index", "oxidized_importer: index of {} resources", "ms"),
    "I2": lambda place: beside_wheel(place, "import", "oxidized_importer: import of {} modules", "ms"),
    "I3": lambda place: beside_wheel(place, "memory", "oxidized_importer: anonymous memory with {} modules", "MB"),
}
