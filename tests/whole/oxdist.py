"""A real Python distribution for whole-program tests: built once by contrib/python-distribution, then kept in its
cache by the digest of all that it is made of.

OX_DISTRIBUTION names a folder of archives that are used as they are, instead of building any."""
import functools
import glob
import hashlib
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import unittest

import oxtest

BUILD = os.path.join(oxtest.SRCDIR, "contrib", "python-distribution", "build")


def _skip(why):
    print(f"SKIPPING what needs a Python distribution: {why}", file=sys.stderr, flush=True)
    raise unittest.SkipTest(why)


def _build(version, options, allowed_by):
    """Its path, below a folder that is removed when this process ends. Without the variable `allowed_by` it is only looked
    for in the cache, where an ordinary call of the script may have left it."""
    folder = tempfile.TemporaryDirectory(prefix="oxdist-")
    only_cached = allowed_by and not os.environ.get(allowed_by)
    more = ["--only-cached"] if only_cached else [] if allowed_by else ["--level", "3"]
    command = [sys.executable, BUILD, "--python-version", version, "--output", folder.name, *more, *options]
    print(f"building CPython {version}, or taking it from the cache ...", file=sys.stderr, flush=True)
    made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    archives = glob.glob(os.path.join(folder.name, "*.tar.zst"))
    if made.returncode or not archives:
        folder.cleanup()
        if only_cached:
            _skip(f"{made.stderr.strip()[-500:]}\nBuilding it takes minutes: {allowed_by}=1 has it done, once")
        _skip(f"{' '.join(command)} failed (it needs Debian and a mirror): {made.stderr.strip()[-500:]}")
    return folder, archives[0]


class Archive:
    """path, sha256 and json (PYTHON.json) of a distribution; kept as long as this object."""

    def __init__(self, version, options, triple, allowed_by):
        given = os.environ.get("OX_DISTRIBUTION")
        if given:
            found = sorted(glob.glob(os.path.join(given, f"cpython-{version}.*-{triple}-*-full.tar.zst")))
            self.path = found[-1] if found else _skip(f"{given} has no CPython {version} for {triple}")
        else:
            self.folder, self.path = _build(version, options, allowed_by)
        self.sha256 = sha256_of(self.path)
        self.json = _description(self.path)


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _description(path):
    """The first member."""
    with subprocess.Popen(["zstd", "-dcq", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as unpacked:
        with tarfile.open(fileobj=unpacked.stdout, mode="r|") as archive:
            for member in archive:
                if member.name == "python/PYTHON.json":
                    description = json.load(archive.extractfile(member))
                    unpacked.kill()
                    return description
    raise ValueError(f"{path} has no PYTHON.json")


@functools.lru_cache(maxsize=None)
def archive(version, *options, triple="x86_64-unknown-linux-gnu", allowed_by=None):
    """The distribution; skips the calling test loudly where it cannot be had. `options` go to contrib's script, which
    builds what the cache does not have only if the variable `allowed_by`, where one is given, is set."""
    return Archive(version, options, triple, allowed_by)
