"""`--optimize`: CPython compiled with what a training run showed (PGO), its core optimised as one program (LTO).

Every object stays machine code that any linker takes: the core's objects are compiled for link-time optimisation and
joined at once into one relocatable object, which takes their place in libpython and in PYTHON.json. Modules outside the
core keep objects of their own, since an executable takes only those that it wants.

The code is not position independent: what is linked from it has a fixed address, and its data need not be relocated,
and so copied, at each start.
"""

import os
import subprocess

import arranging
import describe
import tables
import training

CORE = "Python/core.o"
POSITION = "-fno-pie"
# Functions that the training leaves out are compiled as usual, not for size.
PROFILE = "-fprofile-use -fprofile-partial-training -fprofile-correction -Wno-missing-profile"
SECTIONS = "-ffunction-sections -fdata-sections"
# What freezes modules into C, and the C; made by the first compilation, and the same after the second one.
FROZEN = ("Programs/_freeze_module", "_bootstrap_python", "Python/deepfreeze/deepfreeze.c")
# It depends on all other objects, so that it is compiled last.
LAST = "Modules/getbuildinfo.o"
# What an executable's own runtime stands in for (the lines "# wrap" of runtime/sources.list) is defined in these; a
# linker replaces only what one object asks another for.
STOOD_IN_FOR = {"Modules/getpath.o", "Python/deepfreeze/deepfreeze.o", "Python/import.o", "Python/pathconfig.o",
                "Python/pythonrun.o", "Python/thread.o", "Python/traceback.o"}


def make(build):
    """Makes all that `make` makes, in three steps; what later calls of make are to be told is in build.settled."""
    flags = f"{POSITION} -fprofile-generate -fprofile-update=single"
    build.run("make", f"-j{build.jobs}", f"CFLAGS_NODIST={flags}", "LDFLAGS_NODIST=-no-pie -fprofile-generate")
    train(build)
    recompile(build)


def recompile(build):
    core, objects = core_objects(build), build.make_value("LIBRARY_OBJS")
    for path in files(build, ".o", ".a"):
        os.unlink(path)
    build.settled = [word for path in FROZEN for word in ("-o", path)]
    flags = f"{POSITION} {PROFILE} {SECTIONS}"
    build.run("make", *build.settled, f"-j{build.jobs}", f"CFLAGS_NODIST={flags} -flto", *core)
    join(build, core, flags)
    rest = [path for path in objects if os.path.normpath(path) not in core]
    build.settled += [f"CFLAGS_NODIST={flags}", "LIBRARY_OBJS=" + " ".join([CORE, *rest])]
    if not build.toolchain.static:  # Nothing can be loaded into a static program to watch it.
        arranging.arrange(build, [CORE, *sorted(STOOD_IN_FOR.intersection(rest))], fixed_addresses())
    build.settled += ["LDFLAGS_NODIST=-no-pie"]
    build.run("make", *build.settled, f"-j{build.jobs}")


def files(build, *suffixes):
    for folder, _, names in os.walk(build.tree):
        for name in names:
            if name.endswith(suffixes):
                yield os.path.join(folder, name)


def train(build):
    """Runs the training with the counting interpreter; what its own build counted is forgotten first."""
    for path in files(build, ".gcda"):
        os.unlink(path)
    # Bytecode is read from files as in ordinary use. Addresses are the same each time where the system allows it, and
    # the seed of hashes (build.env; -I would forget it), so that what is counted is the same too.
    start = ["env", "-u", "PYTHONDONTWRITEBYTECODE", *fixed_addresses(), "./python"]
    cache = ["-X", "pycache_prefix=" + os.path.join(build.folder, "pycache")]
    program = os.path.join(tables.HERE, "training.py")
    for _ in range(10):
        build.run(*start, "-s", "-S", "-c", "pass")
        build.run(*start, *cache, "-c", "pass")
    for part in ("imports", "imports", "imports", "code"):
        build.run(*start, *cache, program, part)
    for name in training.TESTS.split():
        build.run(*start, *cache, program, "test", name)


def fixed_addresses():
    command = ["setarch", "-R"]
    try:
        subprocess.run([*command, "true"], check=True, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return []
    return command


def core_objects(build):
    """The objects that become one: the core's, but for those that a linker replaces or that come last."""
    claimed = {path for variants in describe.extensions(build).values() for path in variants[0]["objs"]}
    apart = {"Modules/config.o", LAST} | STOOD_IN_FOR
    objects = [path[len("build/") :] for path in describe.core_objects(build, claimed)]
    return [path for path in objects if path not in apart]


def join(build, core, flags):
    """One object of machine code out of the core's objects."""
    words = build.make_value("PY_CFLAGS") + flags.split() + [f"-flto={build.jobs}"]
    build.run("gcc", *words, "-r", "-nostdlib", "-flinker-output=nolto-rel", "-o", CORE, *core)
