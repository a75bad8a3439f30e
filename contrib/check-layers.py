#!/usr/bin/env python3
"""Compare the #include lines of the tree with contrib/layers.

Fails when a file includes from a folder that its own folder may not use, when the
allowed edges have a cycle, when a folder with sources has no line, and when the headers of
one folder include each other in a circle (so that each folder has an order in which it can be read).
"""
import os
import re
import sys

TOP = os.environ.get("OX_SRCDIR") or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
ROOTS = ("proto", "runtime", "store", "client", "daemon")


def read_layers():
    edges = {}
    with open(os.path.join(TOP, "contrib/layers"), encoding="utf-8") as lines:
        for line in lines:
            line = line.split("#")[0].strip()
            if line:
                folder, _, allowed = line.partition(":")
                edges[folder.strip()] = allowed.split()
    return edges


def closure(edges):
    """Folder -> every folder it may use; exits on a cycle or an unknown name."""
    done = {}

    def visit(folder, path):
        if folder in path:
            sys.exit("layers: cycle: " + " -> ".join(path[path.index(folder):] + [folder]))
        if folder not in edges:
            sys.exit(f"layers: {path[-1]} names {folder}, which has no line")
        if folder not in done:
            below = {folder}
            for lower in edges[folder]:
                below |= visit(lower, path + [folder])
            done[folder] = below
        return done[folder]

    for folder in edges:
        visit(folder, [])
    return done


def sources():
    for root in ROOTS:
        for folder, _, files in os.walk(os.path.join(TOP, root)):
            for name in sorted(files):
                if name.endswith((".c", ".h", ".def")) and ".pb." not in name:
                    yield os.path.relpath(os.path.join(folder, name), TOP)


def circles(headers):
    """Circles among headers, each as the list of its members."""
    found = []

    def visit(name, path, seen):
        if name in path:
            found.append(path[path.index(name):] + [name])
            return
        if name not in seen:
            seen.add(name)
            for lower in sorted(headers.get(name, ())):
                visit(lower, path + [name], seen)

    seen = set()
    for name in sorted(headers):
        visit(name, [], seen)
    return found


def main():
    edges = read_layers()
    allowed = closure(edges)
    problems, inside, count = [], {}, 0
    for path in sources():
        folder = os.path.dirname(path)
        count += 1
        if folder not in allowed:
            problems.append(f"{path}: contrib/layers has no line for {folder}")
            continue
        with open(os.path.join(TOP, path), encoding="utf-8") as text:
            for target in INCLUDE.findall(text.read()):
                lower = os.path.dirname(target)
                if lower not in allowed[folder]:
                    problems.append(f"{path}: may not include {target} ({folder} does not stand above {lower})")
                elif lower == folder and path.endswith(".h"):
                    inside.setdefault(path, set()).add(target)
    for circle in circles(inside):
        problems.append("headers include each other in a circle: " + " -> ".join(circle))
    for problem in problems:
        print(problem)
    print(f"layers: {count} files, {len(problems)} problems")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
