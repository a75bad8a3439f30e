#!/usr/bin/env python3
"""Every code block and every stated result of the Starlark specification has a test.

testdata/specification.txt lists the specification's sections with the number of their code
blocks and of the results that they state. In testdata/spec_*.star a line "# spec: SECTION"
begins a section, and an assertion or expected error ends in a comment that names what it
tests: "# b1 r1-3" is the first block and the first three results. Fails when a number is
missing, there twice, beyond the count, or marks a line that asserts nothing, and when an
expected error would accept any text.
"""
import glob
import os
import re
import sys

TOP = os.environ.get("OX_SRCDIR") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(TOP, "tests", "unit", "daemon", "starlark", "testdata")
MARKS = re.compile(r" # ((?:[br]\d+(?:-\d+)?(?: |$))+)(?:###|$)")
ANY_TEXT = re.compile(r'assert_fails\(.*, r?"\.\*?"\)|### \.\*?$')


def listed():
    """{(section, "b" or "r"): how many}"""
    counts = {}
    with open(os.path.join(FOLDER, "specification.txt"), encoding="utf-8") as f:
        for line in f:
            if not line.startswith("#"):
                blocks, results, section = line.split(None, 2)
                counts[section.strip(), "b"] = int(blocks)
                counts[section.strip(), "r"] = int(results)
    return counts


def marks_of(text):
    """("b" or "r", number) of each mark in "b1 r2-4"."""
    for mark in text.split():
        first, _, last = mark[1:].partition("-")
        for number in range(int(first), int(last or first) + 1):
            yield mark[0], number


def check_file(path, counts, seen):
    problems = []
    section = statement = None
    with open(path, encoding="utf-8") as f:
        for at, line in enumerate(f.read().split("\n"), 1):
            where = f"{os.path.basename(path)}:{at}"
            statement = line if not line.startswith(" ") or "assert_" in line else statement
            if line.startswith("# spec: "):
                section = line[8:]
                if (section, "b") not in counts:
                    problems.append(f"{where}: specification.txt has no section '{section}'")
            if ANY_TEXT.search(line):
                problems.append(f"{where}: this expected error accepts any text")
            found = MARKS.search(line)
            if found and "assert_" not in statement and "###" not in line:
                problems.append(f"{where}: a mark on a line that asserts nothing")
            for mark in marks_of(found.group(1)) if found else ():
                key = (section, *mark)
                if key in seen:
                    problems.append(f"{where}: {mark[0]}{mark[1]} of '{section}' is marked at {seen[key]} already")
                elif mark[1] > counts.get((section, mark[0]), 0):
                    problems.append(f"{where}: '{section}' has no {mark[0]}{mark[1]}")
                seen[key] = where
    return problems


def main():
    counts, seen, problems = listed(), {}, []
    for path in sorted(glob.glob(os.path.join(FOLDER, "spec_*.star"))):
        problems += check_file(path, counts, seen)
    for (section, kind), count in counts.items():
        missing = [f"{kind}{n}" for n in range(1, count + 1) if (section, kind, n) not in seen]
        if missing:
            problems.append(f"'{section}': no test is marked {', '.join(missing)}")
    for problem in problems:
        print(problem)
    sections = len({section for section, _ in counts})
    blocks = sum(count for (_, kind), count in counts.items() if kind == "b")
    results = sum(count for (_, kind), count in counts.items() if kind == "r")
    print(f"specification: {sections} sections, {blocks} code blocks, {results} stated results, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
