"""Sources and static libraries from Debian's archive, through an apt of our own.

The apt has its own lists and sources below `folder`, so that nothing on the machine is set up or changed and no root
is needed; the mirror is the one that the machine's apt uses. Packages are not installed: their archives are opened.
"""

import functools
import glob
import hashlib
import os
import re
import shutil
import subprocess

import tables

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LIBRARY_SUITE = "bookworm"


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as data:
        for block in iter(lambda: data.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def run(command, cwd, log=None, env=None):
    """Runs a program; what it printed is told only when it fails."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if log:
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(command)}\n{done.stdout}\n")
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-25:])
        raise tables.Problem(
            f"{command[0]} failed ({done.returncode}) in {cwd}:\n{tail}" + (f"\nThe whole log is {log}" if log else "")
        )
    return done.stdout


def require_tools(tools):
    """What a build runs, {program: Debian package}; installs what is missing where that is allowed, and otherwise says
    what to install."""
    missing = sorted({package for tool, package in tools.items() if not shutil.which(tool)})
    if not missing:
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise tables.Problem(f"missing on this machine: {' '.join(missing)}. Install them, then run this again")
    run(["apt-get", "update", "-q"], "/")
    run(
        ["apt-get", "install", "-qy", "--no-install-recommends", *missing],
        "/",
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )


@functools.lru_cache(maxsize=None)
def mirror():
    """The Debian mirror that the machine's apt is configured with."""
    for wanted in (["Origin: Debian", "Label: Debian"], []):  # who a source is by is known after apt-get update
        try:
            listing = subprocess.run(
                ["apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                check=False,
            ).stdout
        except FileNotFoundError:
            raise tables.Problem(
                "there is no apt-get here: give the source with --source and --sha256 on a Debian system"
            ) from None
        if listing.split():
            return listing.split()[0]
    raise tables.Problem("apt has no sources here: list a Debian mirror in /etc/apt/sources.list")


class Archive:
    """Debian's archive as one suite has it."""

    def __init__(self, folder, suite):
        self.folder, self.suite = os.path.join(folder, "apt-" + suite), suite
        for part in ("lists/partial", "cache/archives/partial", "files"):
            os.makedirs(os.path.join(self.folder, part), exist_ok=True)
        with open(os.path.join(self.folder, "sources.list"), "w", encoding="utf-8") as file:
            for kind in ("deb", "deb-src"):
                file.write(f"{kind} [signed-by={KEYRING}] {mirror()} {suite} main\n")
        self.files = os.path.join(self.folder, "files")
        with open(os.path.join(self.folder, "status"), "w", encoding="utf-8"):
            pass  # As if nothing were installed: otherwise apt wants the versions that are.
        self.updated = False

    def apt(self, *arguments, program="apt-get"):
        options = {
            "Dir::Etc::sourcelist": "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State::lists": "lists",
            "Dir::State::status": "status",
            "Dir::Cache": "cache",
        }
        command = [program, "-q", "-o", "APT::Sandbox::User=", "-o", "Acquire::Retries=3"]
        for name, value in options.items():
            command += ["-o", f"{name}={value if value[0] == '/' else os.path.join(self.folder, value)}"]
        return run(command + list(arguments), self.files)

    def update(self):
        if not self.updated:
            self.apt("update")
            self.updated = True

    def source(self, source):
        """The upstream tarball and Debian's patches of one line of a table of sources, with the digests there."""
        version = source.version.split(":")[-1]
        patterns = {
            f"{source.package}_{version.rsplit('-', 1)[0]}.orig.tar.*z*": source.tarball_sha256,
            f"{source.package}_{version}.debian.tar.*z*": source.patches_sha256,
        }
        found = [self.find(pattern, digest) for pattern, digest in patterns.items()]
        if not all(found):
            self.update()
            try:
                self.apt("source", "--download-only", f"{source.package}={source.version}")
            except tables.Problem as problem:
                raise tables.Problem(
                    f"{source.package} {source.version} could not be had from {self.suite} ({mirror()}). If the suite "
                    f"has moved on, put its version and digests into the tables in {tables.HERE}"
                    f"{self.offered(source)}, or give a tarball with --source FILE --sha256 DIGEST.\n{problem}"
                ) from None
            found = [self.find(pattern, digest, must=True) for pattern, digest in patterns.items()]
        return found

    def offered(self, source):
        """What else the suite's signed index has, as the tables want it, in half a sentence; may be empty."""
        lines = []
        for text in self.apt("showsrc", "--only-source", source.package, program="apt-cache").split("\n\n"):
            version = re.search(r"^Version: (\S+)", text, re.M)
            tar, patches = (
                re.search(rf"^ ([0-9a-f]{{64}}) \d+ \S+\.{kind}\.tar\.[gx]z$", text, re.M) for kind in ("orig", "debian")
            )
            if version and tar and patches and version[1] != source.version:
                lines.append(f"{version[1]} {tar[1]} {patches[1]}")
        return f" (it has: {'; '.join(lines)})" if lines else ""

    def find(self, pattern, digest, must=False):
        for path in glob.glob(os.path.join(self.files, glob.escape(pattern).replace("[*]", "*"))):
            if path.endswith(".asc"):
                continue
            if sha256(path) == digest:
                return path
            if must:
                raise tables.Problem(f"{path} is not what the table says: SHA-256 {sha256(path)} instead of {digest}")
        if must:
            raise tables.Problem(f"{self.suite} has no {pattern}")
        return None

    def packages(self, names):
        """The .deb files of packages, as paths in order of the names; what is there is not fetched again."""
        have = {name: sorted(glob.glob(os.path.join(self.files, name + "_*.deb"))) for name in names}
        if not all(have.values()):
            self.update()
            self.apt("download", *[name for name in names if not have[name]])
            have = {name: sorted(glob.glob(os.path.join(self.files, name + "_*.deb"))) for name in names}
        return [have[name][-1] for name in names]
