"""The order of the core's data: first what a start writes to, in the order of the first writes.

A page of a program's data is shared with all that run it until it is written to; then it is copied, which takes time and
memory at each start. CPython's data that are written to, reference counts above all, lie scattered among those that are
not: together they fill half as many pages.
"""

import bisect
import os
import re

import tables

# What is run: a bare start, then an ordinary one.
STARTS = (["-s", "-S", "-c", "pass"], ["-c", "import argparse, dataclasses, json, logging, pathlib, re, subprocess"])
PLACED = re.compile(r"^ (\.data\S*)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$", re.M)


def arrange(build, objects, runner):
    """Rewrites `objects`, each of whose data has a section of its own. `runner` are words before a program that is run."""
    build.run("make", *build.settled, f"-j{build.jobs}", "LDFLAGS_NODIST=-no-pie -Wl,-Map=python.map", "python")
    with open(os.path.join(build.tree, "python.map"), encoding="utf-8") as file:
        placed = sections(file.read())
    first = list(written(build, placed, runner))
    for path in objects:
        own = os.path.basename(path)
        names = [name for name, member in first if member == own]
        names += [name for _, _, name, member in placed if member == own]
        reorder(build, path, dict.fromkeys(names))


def sections(text):
    """(address, size, name, object) of each section of data that a linker's map lists, in order of addresses."""
    text = re.sub(r"^( \.data\S+)\n\s+0x", r"\1 0x", text, flags=re.M)  # A long name has a line of its own.
    found = [
        (int(address, 16), int(size, 16), name, re.split(r"[/(]", path.rstrip(")"))[-1])
        for name, address, size, path in PLACED.findall(text)
    ]
    return sorted(section for section in found if section[1])


def written(build, placed, runner):
    """(name, object) of the section of each word that is written to, the first one first."""
    library, output = (os.path.join(build.folder, name) for name in ("first_writes.so", "first_writes"))
    build.run("gcc", "-O2", "-shared", "-fPIC", "-o", library, os.path.join(tables.HERE, "first_writes.c"))
    starts = [section[0] for section in placed]
    end = placed[-1][0] + placed[-1][1]
    for arguments in STARTS:
        variables = [f"OX_FROM={starts[0]:x}", f"OX_TO={end:x}", f"OX_OUT={output}", f"LD_PRELOAD={library}"]
        build.run(*runner, "env", *variables, "./python", *arguments)
        with open(output, encoding="utf-8") as file:
            for line in file:
                address = int(line, 16)
                start, size, name, member = placed[max(bisect.bisect_right(starts, address) - 1, 0)]
                if start <= address < start + size:
                    yield name, member


def reorder(build, path, names):
    with open(os.path.join(build.tree, "order.ld"), "w", encoding="utf-8") as script:
        script.write("SECTIONS { .data : {\n" + "".join(f"*({name})\n" for name in names) + "*(.data)\n} }\n")
    build.run("ld", "-r", "-T", "order.ld", "-o", path + ".new", path)
    os.replace(os.path.join(build.tree, path + ".new"), os.path.join(build.tree, path))
