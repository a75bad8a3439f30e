"""Makes `import oxidized_importer` work in a test, for whichever Python runs it.

A test says `import importerkit` first. OX_IMPORTER names a folder that has the module already
(contrib/importer-matrix installs the wheel there); otherwise it is compiled from the tree, once for each
version of CPython and of the sources, below the build folder. A Python without headers skips the test.
"""
import fcntl
import os
import pathlib
import sys
import sysconfig

ROOT = pathlib.Path(os.environ.get("OX_SRCDIR") or pathlib.Path(__file__).resolve().parents[3])
BUILD = pathlib.Path(os.environ.get("OX_BUILDDIR") or ROOT)
SKIPPED = 77  # what automake takes as "skipped"

sys.path.insert(0, str(ROOT / "runtime/importer"))
import build_backend  # noqa: E402
del sys.path[0]


def is_current(module):
    names = build_backend.sources(ROOT) + build_backend.headers(ROOT)
    return module.exists() and all((ROOT / name).stat().st_mtime <= module.stat().st_mtime for name in names)


def build():
    """The folder of a module that is as new as its sources."""
    folder = BUILD / "build/importer" / sysconfig.get_config_var("SOABI")
    folder.mkdir(parents=True, exist_ok=True)
    module = folder / (build_backend.NAME + sysconfig.get_config_var("EXT_SUFFIX"))
    with open(str(folder / "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_current(module):
            fresh = folder / "fresh.so"
            build_backend.compile_extension(ROOT, fresh)
            fresh.replace(module)
    return folder


if not (pathlib.Path(sysconfig.get_paths()["include"]) / "Python.h").exists() and "OX_IMPORTER" not in os.environ:
    print(f"SKIPPING: no headers of Python {sysconfig.get_python_version()}", file=sys.stderr)
    sys.exit(SKIPPED)
sys.path.insert(0, os.environ.get("OX_IMPORTER") or str(build()))


def resource(name, *flags, **values):
    """An OxidizedResource with is_FLAG set for each flag, and these properties."""
    import oxidized_importer
    r = oxidized_importer.OxidizedResource()
    r.name = name
    for flag in flags:
        setattr(r, "is_" + flag, True)
    for attribute, value in values.items():
        setattr(r, attribute, value)
    return r


def finder(*resources, **arguments):
    """An OxidizedFinder(**arguments) that has these resources."""
    import oxidized_importer
    f = oxidized_importer.OxidizedFinder(**arguments)
    f.add_resources(resources)
    return f
