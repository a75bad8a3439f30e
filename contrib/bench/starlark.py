#!/usr/bin/env python3
"""make bench-starlark: our Starlark beside starlark-go and CPython, in one run.

The same programs run alternately, each as a whole process; what is printed is the
median in milliseconds, less the median of an empty program (the start). starlark-go
comes through the Go module proxy into a folder of its own; without go its column is
left out. Then the steps from text to code are measured apart, in one process
(starlark_phases.c says what each is). A benchmark is not a test: the exit status is 0
whatever the figures are.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TOP = os.environ.get("OX_BUILDDIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OURS = os.path.join(TOP, "daemon", "starlark", "star-eval")
PHASES = os.path.join(TOP, "contrib", "bench", "starlark_phases")
OXC = os.path.join(TOP, "client", "oxc")
CONFIGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tests", "data", "configs")
GO_PACKAGE = "go.starlark.net/cmd/starlark@latest"

PROGRAMS = {
    "loops and arithmetic": """
def main():
    total = 0
    for i in range(2000000):
        total = (total * 3 + i) % 1000003
        if i & 1:
            total += i // 7
    return total
""",
    "string building": """
def main():
    parts = []
    for i in range(200000):
        parts.append("%d:%s" % (i, "item"))
        parts.append("{}-{}".format(i, "x").upper())
    return len(",".join(parts).replace("ITEM", "").split(","))
""",
    "dicts and lists": """
def main():
    d = {}
    order = []
    for i in range(300000):
        key = "k" + str(i % 5000)
        d[key] = d.get(key, 0) + i
        order.append(i)
    total = 0
    for k, v in d.items():
        total += v + len(k)
    for i in order[::3]:
        total += order[i]
    return total
""",
    "function calls": """
def add(a, b = 1, *rest):
    return a + b + len(rest)

def twice(f, x):
    return f(f(x))

def main():
    total = 0
    for i in range(300000):
        total = add(total, b = i) + add(i) - twice(lambda x: x + 1, i)
    return total
""",
    "sorting": """
def main():
    xs = []
    x = 12345
    for i in range(150000):
        x = (x * 1103515245 + 12345) % 2147483648
        xs.append(x)
    return [sorted(xs)[0], sorted(xs, key = lambda v: -v)[0], int(sorted([str(v) for v in xs])[0])]
""",
    "comprehensions": """
def main():
    n = 0
    for i in range(20):
        a = [x * x for x in range(20000) if x % 3 == 0]
        b = {x: x + 1 for x in a}
        n += len(b) + len([(p, q) for p in range(100) for q in range(100) if p < q])
    return n
""",
}


# The dialect's names as plain functions and dicts, so that all three can run it.
STUBS = """
TARGETS = {}
VARS = {"VERSION": "1.2", "build": "release"}
CWD = "/src/app"

def default_python_distribution(flavor = "standalone", python_version = "3.11"):
    return {"flavor": flavor, "version": python_version}

def make_policy(dist):
    return {"distribution": dist, "callbacks": [], "resources_location": "in-memory"}

def make_config(dist):
    return {"distribution": dist, "run_command": None, "module_search_paths": []}

def to_python_executable(dist, name, packaging_policy = None, config = None):
    return {"name": name, "policy": packaging_policy, "config": config, "resources": []}

def pip_install(exe, args, extra_envs = {}):
    return [{"name": a.split("==")[0], "type": "PythonModuleSource", "is_stdlib": False} for a in args]

def read_package_root(exe, path, packages):
    return [{"name": p, "type": "PythonModuleSource", "path": path + "/" + p} for p in packages]

def add_python_resources(exe, resources):
    for resource in resources:
        for callback in exe["policy"]["callbacks"]:
            callback(exe["policy"], resource)
        exe["resources"].append(resource)

def register_target(name, make, depends = [], default = False, default_build_script = False):
    TARGETS[name] = (make, depends)

def resolve_targets():
    made = {}
    for name, (make, depends) in TARGETS.items():
        made[name] = make(*[made[d] for d in depends])
    return made
"""

# One application of a repository that packages many.
APPLICATION = """
# Application {n}: what it runs, what it is made of.
def decide_{n}(policy, resource):
    # The library stays inside; what has data files goes beside the executable.
    if resource["type"] in ("PythonModuleSource", "PythonPackageResource"):
        resource["add_location"] = "filesystem-relative:lib" if resource["name"].startswith("plugin") else "in-memory"
        resource["add_include"] = not resource["name"].endswith("_test")

def make_exe_{n}():
    dist = default_python_distribution(flavor = "standalone_static")

    # The policy decides, for every module and file, whether and where it is packaged.
    policy = make_policy(dist)
    policy["extension_module_filter"] = "all"
    policy["include_distribution_sources"] = False
    policy["bytecode_optimize_level_two"] = True
    # policy["resources_location_fallback"] = "filesystem-relative:lib"
    policy["callbacks"].append(decide_{n})

    config = make_config(dist)
    config["run_command"] = "from app{n}.cli import main; main()"
    config["module_search_paths"] = ["$ORIGIN/lib", "$ORIGIN/../share/app{n}"]

    exe = to_python_executable(
        dist,
        name = "app{n}",
        packaging_policy = policy,
        config = config,
    )
    add_python_resources(exe, pip_install(exe, ["click==8.1.{n}", "rich==13.7.1", "plugin{n}==2.0"]))
    add_python_resources(exe, read_package_root(exe, path = CWD + "/src", packages = ["app{n}", "app{n}_test"]))
    for resource in exe["resources"]:
        if resource.get("is_stdlib", False) and not resource["name"].startswith("encodings"):
            continue
        resource["label"] = "%s:%s" % (exe["name"], resource["name"])
    return exe

def make_install_{n}(exe):
    files = {{"prefix": ".", "entries": [exe]}}
    for name, text in {{"VERSION": VARS["VERSION"], "LICENSE": "see https://example.org/{n}"}}.items():
        files["entries"].append({{"path": "share/{{}}/{{}}".format(exe["name"], name), "content": text + "\\n"}})
    return files

register_target("exe{n}", make_exe_{n}, default = True)
register_target("install{n}", make_install_{n}, depends = ["exe{n}"], default_build_script = True)
"""


def real_config():
    """A repository of 400 applications, each as real configs package one, resolved too."""
    parts = [STUBS] + [APPLICATION.format(n=i) for i in range(400)]
    return "\n".join(parts) + """
def main():
    made = resolve_targets()
    return "%d %s %s" % (len(made), made["install7"]["entries"][1]["path"], made["exe399"]["resources"][4]["label"])
"""


def definitions():
    """Many functions, calls, lists and dicts, without a comment."""
    lines = []
    for i in range(4000):
        lines.append(f"def make_{i}(arch = 'x86_64', flags = ['-O2', '-g']):")
        lines.append(f"    resources = {{'name': 'pkg{i}', 'files': ['a{i}.py', 'b{i}.py'], 'size': {i} * 3}}")
        lines.append("    if arch == 'x86_64' and len(flags) > 1:")
        lines.append("        resources['flags'] = ' '.join(flags)")
        lines.append("    return resources")
        lines.append(f"target_{i} = make_{i}(arch = 'aarch64' if {i} % 2 else 'x86_64')")
    return "\n".join(lines) + "\ndef main():\n    return len(target_7)\n"


def go_environment():
    """Where go keeps what it fetches for us."""
    home = os.environ.get("OX_BENCH_GOPATH") or os.path.join(tempfile.gettempdir(), f"ox-bench-go-{os.getuid()}")
    return dict(os.environ, GOPATH=home, GOCACHE=os.path.join(home, "cache"), GOBIN=os.path.join(home, "bin"),
                GOFLAGS="-modcacherw")


def install_go():
    """The path of starlark-go and its version, or two times None."""
    go = shutil.which("go")
    if not go:
        print("starlark-go: no go on this machine, its column is left out")
        return None, None
    env = go_environment()
    done = subprocess.run([go, "install", GO_PACKAGE], env=env, capture_output=True, text=True, check=False)
    binary = os.path.join(env["GOBIN"], "starlark")
    if done.returncode != 0 or not os.path.exists(binary):
        print(f"starlark-go: cannot be installed, its column is left out: {done.stderr.strip()[-200:]}")
        return None, None
    shown = subprocess.run([go, "version", "-m", binary], capture_output=True, text=True, check=False).stdout
    found = [line.split()[2] for line in shown.splitlines() if line.split()[:2] == ["mod", "go.starlark.net"]]
    return binary, found[0] if found else "?"


def timed(command):
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    spent = (time.perf_counter() - start) * 1000
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr[-500:]}")
    return spent, done.stdout + done.stderr


def measure(engines, path, runs):
    """Milliseconds of each engine, alternately; all must print the same."""
    spent = {name: [] for name in engines}
    texts = {}
    for _ in range(runs):
        for name, command in engines.items():
            ms, texts[name] = timed(command + [path])
            spent[name].append(ms)
    if len(set(texts.values())) != 1:
        sys.exit(f"{path}: the results differ: {texts}")
    return {name: statistics.median(ms) for name, ms in spent.items()}


def print_table(rows, engines, title):
    start = rows[0]["ms"]
    head = list(engines) + [f"{e} / ours" for e in engines if e != "ours"]
    print(title)
    print(f"{'program':24}" + "".join(f"{h:>20}" for h in head))
    for row in rows:
        net = row["ms"] if row is rows[0] else {e: max(ms - start[e], 0.001) for e, ms in row["ms"].items()}
        row["net_ms"] = net
        row["ratio"] = {e: ms / net["ours"] for e, ms in net.items() if e != "ours"}
        cells = [f"{net[e]:.1f}" for e in engines] + [f"{r:.2f}" for r in row["ratio"].values()]
        print(f"{row['program']:24}" + "".join(f"{c:>20}" for c in cells))


def template():
    """What `oxc init-config-file` writes."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([OXC, "init-config-file", folder], check=True, capture_output=True)
        with open(os.path.join(folder, "pyoxidizer.bzl"), encoding="utf-8") as f:
            return f.read()


def real_configs():
    """Those that the tests build, one after the other."""
    texts = []
    for name in sorted(os.listdir(CONFIGS)):
        if name.endswith(".bzl"):
            with open(os.path.join(CONFIGS, name), encoding="utf-8") as f:
                texts.append(f.read())
    return "".join(texts)


def phases(folder):
    """Megabytes a second of each step from text to code, for texts small and large."""
    texts = {"template": template(), "template x100": template() * 100, "real configs": real_configs(),
             "real configs x70": real_configs() * 70, "a large real config": real_config(),
             "4000 definitions": definitions()}
    steps = ["check", "scan", "parse", "resolve", "compile", "text_to_tree", "text_to_code"]
    rows = []
    print("\nMB of text a second, each step alone (parse scans too), best of one second's rounds")
    print(f"{'text':24}{'bytes':>10}" + "".join(f"{s:>14}" for s in steps))
    for name, text in texts.items():
        path = os.path.join(folder, "text.star")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        done = subprocess.run([PHASES, path], capture_output=True, text=True, check=True)
        row = dict(json.loads(done.stdout), file=name)
        rows.append(row)
        print(f"{name:24}{row['bytes']:>10}" + "".join(f"{row[s]:>14.1f}" for s in steps))
    return rows


def main():
    parser = argparse.ArgumentParser(description="our Starlark beside starlark-go and CPython")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", default="bench-starlark.json")
    args = parser.parse_args()
    engines = {"ours": [OURS]}
    binary, version = install_go()
    if binary:
        engines["starlark-go"] = [binary]
    engines["cpython"] = [sys.executable, "-S"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "program.star")
        programs = {"(empty)": "def main():\n    return 0\n", **PROGRAMS, "a large real config": real_config(),
                    "4000 definitions": definitions()}
        for name, text in programs.items():
            with open(path, "w", encoding="utf-8") as f:
                f.write(text + "\nprint(main())\n")
            rows.append({"program": name, "ms": measure(engines, path, args.runs)})
        print_table(rows, engines, f"median of {args.runs} runs in ms, less the start; starlark-go {version}, "
                    f"CPython {sys.version.split()[0]}")
        texts = phases(folder)
    with open(args.json, "w", encoding="utf-8") as f:
        json.dump({"runs": args.runs, "starlark_go": version, "cpython": sys.version.split()[0], "rows": rows,
                   "phases": texts}, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    main()
