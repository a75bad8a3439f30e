#!/usr/bin/env python3
"""`oxc fmt` and buildifier on the same texts: where do they differ?

The texts are buildifier's own test inputs, the committed configurations, a generated one, the examples of the layout's
tests and the programs of the conformance tests: those that are programs for both. Where the results differ, buildifier
gets ours: it may leave that as it is, as it does where we only wrote a long line over several. Other differences that are
decided are listed in DECIDED with their reason; any other one is printed, and the exit status is 1. Needs go.
"""
import difflib
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from starlark import TOP, go_environment  # noqa: E402

VERSION = "v0.0.0-20240918101019-be1c24cc9a44"
BUILDTOOLS = "github.com/bazelbuild/buildtools"
OXC = os.path.join(os.environ.get("OX_BUILDDIR", TOP), "client", "oxc")
LOADS = "load statements stay as many as they are and where they are, and so do names with comments"
COMMENTS = "comments keep their place: before else, behind parameters, behind the colon of an entry"
NUMBERS = "buildifier takes 1e-7 for a subtraction"
DECIDED = {
    "buildifier 055.in": LOADS, "buildifier 072.in": LOADS, "buildifier 074.in": LOADS, "buildifier 075.in": LOADS,
    "loads have an empty line around them": LOADS, "the names of a load with comments are not": LOADS,
    "the names of a load are sorted": LOADS, "spec_names.star 7": LOADS, "spec_statements.star 27": LOADS,
    "syntax.star 21": LOADS,
    "buildifier 056.in": COMMENTS, "comments in expressions": COMMENTS, "comments in parameters": COMMENTS,
    "comments before elif and else": COMMENTS,
    "buildifier 059.in": "docstrings are strings and stay as they are",
    "buildifier 062.in": "lists are never sorted",
    "json.star 1": NUMBERS, "numbers.star 3": NUMBERS,
    "spec_expressions.star 6": "no parentheses are added",
    "numbers.star 1": "numbers stay as they are written",
}


def install():
    """The buildifier program, and the folder of its test inputs."""
    env = go_environment()
    subprocess.run(["go", "install", f"{BUILDTOOLS}/buildifier@{VERSION}"], env=env, check=True)
    return (os.path.join(env["GOBIN"], "buildifier"),
            os.path.join(env["GOPATH"], "pkg", "mod", f"{BUILDTOOLS}@{VERSION}", "build", "testdata"))


def read(path):
    with open(path, encoding="utf-8") as text:
        return text.read()


def texts(testdata):
    """(name, text) of everything that is compared."""
    for path in sorted(glob.glob(os.path.join(testdata, "*.in"))):
        yield "buildifier " + os.path.basename(path), read(path)
    for path in sorted(glob.glob(os.path.join(TOP, "tests", "data", "configs", "*.bzl"))):
        yield os.path.basename(path), read(path)
    ours = os.path.join(TOP, "tests", "unit", "daemon", "starlark", "testdata")
    for example in read(os.path.join(ours, "layout.txt")).split("=== ")[1:]:
        name, text = example.split("\n", 1)
        yield name, text.split("--->\n")[0]
    for path in sorted(glob.glob(os.path.join(ours, "*.star"))):
        for number, chunk in enumerate(read(path).split("\n---\n"), 1):
            yield f"{os.path.basename(path)} {number}", chunk
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([OXC, "-q", "init-config-file", folder], check=True)
        yield "a generated configuration", read(os.path.join(folder, "pyoxidizer.bzl"))


def formatted(command, text):
    """What a program makes of a text; None when it is no program for it."""
    result = subprocess.run(command, input=text.encode(), capture_output=True, check=False)
    return result.stdout.decode() if result.returncode == 0 else None


def main():
    buildifier, testdata = install()
    same, stable, decided, unknown = 0, 0, 0, []
    for name, text in texts(testdata):
        theirs = formatted([buildifier, "-type=bzl", "-lint=off"], text)
        ours = theirs and formatted([OXC, "fmt", "--no-daemon", "-"], text)
        if not ours:
            continue
        if ours == theirs:
            same += 1
        elif formatted([buildifier, "-type=bzl", "-lint=off"], ours) == ours:
            stable += 1
        elif name in DECIDED:
            decided += 1
        else:
            unknown.append(name)
            print(f"## {name}")
            print("\n".join(difflib.unified_diff(theirs.split("\n"), ours.split("\n"), "buildifier", "oxc", "", "", 1, "")))
    print(f"{same} texts the same, {stable} that buildifier leaves as ours, {decided} with a decided difference, "
          f"{len(unknown)} with another one")
    return 1 if unknown else 0


if __name__ == "__main__":
    sys.exit(main())
