#!/usr/bin/env python3
"""The measurable part of the style: lengths, white space, no unfinished marks.

Functions of over 60 lines fail unless they are on the list below with a reason; files of over
900 lines and lines of over 120 columns fail.
"""
import os
import re
import sys

TOP = os.environ.get("OX_SRCDIR") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOTS = ("proto", "runtime", "store", "client", "daemon", "tests")
MOST_FUNCTION, MOST_FILE, MOST_COLUMNS = 60, 900, 120
# Opcode loops and tables, which are one thing however long they are.
LONG_FUNCTIONS = {line.split()[0] for line in open(os.path.join(TOP, "contrib/long-functions"), encoding="utf-8")
                  if line.strip() and not line.startswith("#")}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
GENERATED = re.compile(r"\.pb\.|_script\.h$")  # by make
HEADING = re.compile(r"^[A-Za-z_].*\b(\w+)\(")


def functions(lines):
    """(name, first line, length) of each function definition in K&R style."""
    name, heading, start = None, None, None
    for number, line in enumerate(lines, 1):
        match = HEADING.match(line)
        if match and start is None:
            name = re.match(r"^[^(]*?(\w+)\s*\(", line).group(1)
        if line == "{" and name:
            start = number
        elif line.startswith("}") and start:
            yield name, start, number - start - 1
            name, start = None, None


def check(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as text:
        lines = text.read().split("\n")
    if len(lines) > MOST_FILE:
        yield f"{path}: {len(lines)} lines (at most {MOST_FILE})"
    for number, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > MOST_COLUMNS:
            yield f"{path}:{number}: wider than {MOST_COLUMNS} columns"
        if line != line.rstrip():
            yield f"{path}:{number}: white space at the end"
        if UNFINISHED.search(line):
            yield f"{path}:{number}: unfinished: {line.strip()}"
    if path.endswith(".c"):
        for name, start, length in functions(lines):
            if length > MOST_FUNCTION and name not in LONG_FUNCTIONS:
                yield f"{path}:{start}: {name} has {length} lines (at most {MOST_FUNCTION})"


def main():
    problems, count = [], 0
    for root in ROOTS:
        for folder, folders, files in os.walk(os.path.join(TOP, root)):
            if folder == os.path.join(TOP, "tests"):
                folders[:] = [name for name in folders if name != "store"]  # what tests built and unpacked
            for name in sorted(files):
                if name.endswith((".c", ".h", ".def")) and not GENERATED.search(name):
                    count += 1
                    problems += check(os.path.relpath(os.path.join(folder, name), TOP))
    print("\n".join(problems))
    print(f"style: {count} files, {len(problems)} problems")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
