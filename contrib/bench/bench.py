#!/usr/bin/env python3
"""make bench: the figures of the product, each beside its reference, in one run.

Every figure compares things measured alternately; what is printed is the median with
minimum and quartiles. A benchmark is not a test: the exit status is 0 whatever the
figures are. The table goes to standard output, the same as JSON to bench.json (or
the file named by --json). `bench.py R1 B2` measures only those.
"""
import argparse
import glob
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import distributions
import imports
from measure import OXC, PYTHON, TOP, Place, absolute, alternate, compare, compare_files, spawn, spread

OXIDIZERD = os.path.join(TOP, "daemon", "oxidizerd")
HELLO = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_command = "pass"
    return dist.to_python_executable(name="hello", config=config)

register_target("exe", make_exe)
resolve_targets()
"""
BIG = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_command = "pass"
    exe = dist.to_python_executable(name="big", config=config)
    exe.add_python_resources(exe.read_package_root(path=".", packages=["ballast"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
TOOL = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_command = "import sys; from pyflakes.api import main; import local; main()"
    exe = dist.to_python_executable(name="pyflakes", config=config)
    exe.add_python_resources(exe.pip_install(["pyflakes==3.2.0"]))
    exe.add_python_resources(exe.read_package_root(path=".", packages=["local"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""


def r1(place):
    place.write("hello/pyoxidizer.bzl", HELLO)
    hello = place.build("hello")
    ours, theirs = alternate(60, lambda: spawn([hello], place.env),
                             lambda: spawn([PYTHON, "-I", "-S", "-c", "pass"], place.env))
    return compare(ours, theirs, 0.80, "hello: start, pass, exit", "python3.11 -I -S -c pass")


def r3(place):
    place.write("hello/pyoxidizer.bzl", HELLO)
    hello = place.build("hello")
    place.write("big/pyoxidizer.bzl", BIG)
    place.write("big/ballast/__init__.py", "")
    for number in range(4):
        with open(place.path("big/ballast", f"part{number}.bin"), "wb") as part:
            block = os.urandom(1 << 20)
            for index in range(256):
                part.write(index.to_bytes(4, "little") + block[4:])
    big = place.build("big")
    result = compare_files(12, 12, big, hello, place.env, 1.02, "start with 1 GiB of payload never touched",
                           "the same without")
    result["bytes"] = os.path.getsize(big)
    return result


def system_calls(argv, env):
    with tempfile.NamedTemporaryFile() as log:
        subprocess.run(["strace", "-f", "-o", log.name, *argv], env=env, check=True, capture_output=True)
        lines = log.read().decode(errors="replace").splitlines()
    opened = [line for line in lines if re.search(r"\bopen(at)?\(", line) and "ENOENT" not in line]
    return len(lines), [re.search(r'"([^"]*)"', line).group(1) for line in opened]


def r5(place):
    place.write("hello/pyoxidizer.bzl", HELLO)
    hello = place.build("hello")
    ours, opened = system_calls([hello], place.env)
    theirs, _ = system_calls([PYTHON, "-I", "-S", "-c", "pass"], place.env)
    return {"what": "system calls, whole run", "value": ours, "reference_value": theirs, "ratio": ours / theirs,
            "reference_is": "python3.11 -I -S -c pass", "budget": 1.0, "met": ours < theirs, "opened": opened}


def tool_project(place, name):
    place.write(f"{name}/pyoxidizer.bzl", TOOL)
    place.write(f"{name}/local.py", "VALUE = 0\n")
    return name


def oxc_build(place, folder, *args):
    argv = [OXC, "build", "-q", "--path", place.path(folder), *args]
    return lambda: spawn(argv, place.env)


def b1(place):
    tool_project(place, "tool")
    place.build("tool")
    one, worker = alternate(60, oxc_build(place, "tool"), oxc_build(place, "tool", "--no-daemon"))
    many = []

    def client():
        many.extend(oxc_build(place, "tool")() for _ in range(25))

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = absolute(one, 10, "oxc build, nothing changed")
    result["eight_clients_p99"] = statistics.quantiles(many, n=100)[98]
    result["met"] = result["met"] and result["eight_clients_p99"] <= 30
    result["no_daemon"] = spread(worker)
    return result


def edited(place, folder, *args):
    count = [0]
    run = oxc_build(place, folder, *args)

    def action():
        count[0] += 1
        place.write(f"{folder}/local.py", f"VALUE = {count[0]}, {args!r}\n")
        return run()

    return action


def b2(place):
    tool_project(place, "tool")
    place.build("tool")
    daemon, worker = alternate(20, edited(place, "tool"), edited(place, "tool", "--no-daemon"))
    result = absolute(daemon, 100, "one module edited, executable written")
    result["no_daemon"] = spread(worker)
    return result


def first_build(*args):
    place = Place()
    try:
        tool_project(place, "tool")
        return oxc_build(place, "tool", *args)()
    finally:
        place.close()


def b3(_place):
    daemon, worker = alternate(4, first_build, lambda: first_build("--no-daemon"))
    result = absolute(daemon, 8000, "first build of the pyflakes program, empty store")
    result["no_daemon"] = spread(worker)
    return result


def b4(place):
    figures = [MEASURED.get(name) or FIGURES[name](place) for name in ("B1", "B2", "B3")]
    pairs = [(figure["ours"]["median"], figure["no_daemon"]["median"]) for figure in figures]
    ratios = [daemon / worker for daemon, worker in pairs]
    # "Never slower" allows for the noise of a first build, most of which is compilers and pip.
    return {"what": "daemon against --no-daemon on B1, B2, B3: " + ", ".join(f"{ratio:.2f}" for ratio in ratios),
            "ratios": ratios, "value": "", "budget": 1.0, "met": ratios[0] < 1 and ratios[1] < 1 and ratios[2] <= 1.03,
            "pairs": pairs}


def start_daemon(place):
    """Milliseconds until the daemon answered its first request, the client's own start included."""
    place.oxc("daemon", "stop", check=False)
    read_end, write_end = os.pipe()
    start = time.perf_counter_ns()
    child = subprocess.Popen([OXIDIZERD, "--foreground", "--ready-fd", str(write_end)], env=place.env,
                             pass_fds=[write_end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write_end)
    os.read(read_end, 1)
    os.close(read_end)
    spawn([OXC, "daemon", "status"], place.env)
    return child, (time.perf_counter_ns() - start) / 1e6


def b5(place):
    samples = []
    for _ in range(15):
        child, elapsed = start_daemon(place)
        samples.append(elapsed)
        child.terminate()
        child.wait()
    return absolute(samples, 20, "daemon start to first accepted request")


def b6(place):
    child, _ = start_daemon(place)
    tool_project(place, "tool")
    place.build("tool")
    time.sleep(2)

    def status(name):
        with open(f"/proc/{child.pid}/status", encoding="ascii") as text:
            return int(re.search(name + r":\s+(\d+)", text.read()).group(1))

    before = status("voluntary_ctxt_switches")
    time.sleep(5)
    wakeups = status("voluntary_ctxt_switches") - before
    resident = status("VmRSS") / 1024
    child.terminate()
    child.wait()
    result = absolute([resident], 20, "idle daemon, resident", unit="MB")
    result["wakeups_in_5_s"] = wakeups
    result["met"] = result["met"] and wakeups == 0
    return result


def daemons_of(place):
    """How many daemons serve this place."""
    count = 0
    for process in glob.glob("/proc/[0-9]*"):
        try:
            with open(process + "/environ", "rb") as environment:
                count += (os.path.realpath(process + "/exe") == os.path.realpath(OXIDIZERD)
                          and place.root.encode() in environment.read())
        except OSError:
            pass
    return count


def b7(place):
    place.oxc("daemon", "stop", check=False)
    start = time.perf_counter_ns()
    children = [subprocess.Popen([OXC, "store", "stats"], env=place.env, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(1000)]
    refused = sum(child.wait() != 0 for child in children)
    elapsed = (time.perf_counter_ns() - start) / 1e6
    count = daemons_of(place)
    return {"what": f"1,000 clients at once, none running before: refused; {count} daemon, all served in {elapsed:.0f} ms",
            "value": refused, "budget": 0, "met": refused == 0 and count == 1, "milliseconds": elapsed, "daemons": count}


def l1(place):
    folder = place.path("config")
    os.makedirs(folder)
    place.oxc("init-config-file", folder)
    program = os.path.join(TOP, "contrib", "bench", "evaluate_config")
    runs = [json.loads(subprocess.run([program, os.path.join(folder, "pyoxidizer.bzl")], env=place.env, check=True,
                                      capture_output=True, text=True).stdout) for _ in range(15)]
    result = absolute([run["first_ms"] for run in runs], 1, "generated template, text to registered targets, in-process")
    result["again_in_the_same_process"] = statistics.median(run["median_ms"] for run in runs)
    return result


MEASURED = {}  # the figures of this run so far, by name
FIGURES = {**imports.FIGURES, **distributions.FIGURES, "R1": r1, "R3": r3, "R5": r5, "B1": b1, "B2": b2, "B3": b3, "B4": b4, "B5": b5, "B6": b6,
           "B7": b7, "L1": l1}
FIGURES = dict(sorted(FIGURES.items(), key=lambda item: ("RBDLI".index(item[0][0]), item[0])))


def row(name, figure):
    if "error" in figure:
        return f"{name:3}  {'-':>10}  {'-':>10}  {'-':>7}  not measured: {figure['error']}"
    ours = figure.get("ours")
    left = f"{ours['median']:.2f} {ours['unit']}" if ours else str(figure.get("value", ""))
    if "reference" in figure:
        middle = f"{figure['reference']['median']:.2f} {figure['reference']['unit']}"
    else:
        middle = str(figure.get("reference_value", ""))
    ratio = f"{figure['ratio']:.3f}" if "ratio" in figure else ""
    extra = "".join(f"; {key.replace('_', ' ')} {value:.2f}" for key, value in figure.items()
                    if key in ("eight_clients_p99", "wakeups_in_5_s", "again_in_the_same_process", "of_processor_time",
                               "with_usual_collection", "by_importlib", "ratio_of_pyflakes", "ratio_of_black",
                               "megabytes_per_second", "warm", "second_build", "minimal_stripped", "specified_minimal",
                               "not_stripped", "ratios_q1", "ratios_q3"))
    if "no_daemon" in figure:
        extra += f"; without daemon {figure['no_daemon']['median']:.2f} ms"
    verdict = "" if figure["budget"] is None else "met" if figure["met"] else "MISSED"
    budget = "" if figure["budget"] is None else figure["budget"]
    return f"{name:3}  {left:>12}  {middle:>10}  {ratio:>6}  {budget:>6}  {verdict:6}  {figure['what']}{extra}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--json", default="bench.json", help="where the JSON goes (default: bench.json)")
    options = parser.parse_args()
    results = MEASURED
    place = Place()
    print(f"{'':3}  {'ours':>12}  {'reference':>10}  {'ratio':>6}  {'budget':>6}")
    try:
        for name in options.figures or FIGURES:
            try:
                results[name] = FIGURES[name](place)
            except (OSError, RuntimeError, subprocess.SubprocessError, StopIteration) as error:
                results[name] = {"error": str(error).strip().split("\n")[-1]}
            print(row(name, results[name]), flush=True)
    finally:
        place.close()
    with open(options.json, "w", encoding="utf-8") as out:
        json.dump({"schema": 1, "figures": results}, out, indent=1)
        out.write("\n")


if __name__ == "__main__":
    sys.exit(main())
