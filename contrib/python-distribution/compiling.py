"""From CPython's sources to a built tree and an install tree."""

import os
import re
import shutil
import subprocess
import zipfile

import optimizing
import tables
from fetch import run

# What every object is dated, 2024-01-01.
EPOCH = 1704067200


class Build:
    """One build below `folder`: CPython's tree in `tree`, libraries in `deps`, what is installed in `install`.

    The toolchain's compiler is in the folder `programs`. `settled` is what each call of make is told once the tree has
    been compiled.
    """

    def __init__(self, folder, minor, jobs, toolchain, programs, optimize=False):
        self.folder, self.minor, self.jobs, self.toolchain = folder, minor, jobs, toolchain
        self.optimize, self.settled = optimize, []
        self.tree, self.deps = os.path.join(folder, "tree"), os.path.join(folder, "deps")
        self.root = os.path.join(folder, "root")
        self.sysroot = os.path.join(folder, "sysroot")  # when the toolchain has one
        self.install = os.path.join(self.root, "install")
        self.log = os.path.join(folder, "log")
        self.env = {
            "PATH": f"{programs}:{os.environ['PATH']}",
            "HOME": folder,
            "LC_ALL": "C.UTF-8",
            "PYTHONHASHSEED": "0",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": str(EPOCH),
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def run(self, *command, cwd=None, env=None):
        return run(list(command), cwd or self.tree, self.log, {**self.env, **(env or {})})

    def unpack(self, tarball, patches):
        """CPython's tarball, with Debian's mending patches when there are some; returns how many were applied."""
        os.makedirs(self.tree)
        self.run("tar", "-xf", tarball, "--strip-components=1", "-C", self.tree, cwd=self.folder)
        if not os.path.exists(os.path.join(self.tree, "configure")):
            raise tables.Problem(f"{tarball} is not a source tarball of CPython: it has no configure")
        if not patches:
            return 0
        self.run("tar", "-xf", patches, "-C", self.folder, cwd=self.folder)
        return self.patch(self.folder, self.tree, tables.patches())

    def patch(self, folder, tree, patterns):
        """Applies those of folder/debian/patches that are wanted to a source tree; returns how many."""
        folder = os.path.join(folder, "debian/patches")
        with open(os.path.join(folder, "series"), encoding="utf-8") as series:
            names = [line.split()[0] for line in series if line.strip() and not line.startswith("#")]
        wanted = tables.wanted(names, patterns)
        for name in wanted:
            path = os.path.join(folder, name)
            self.run("patch", "-p1", "--force", "--no-backup-if-mismatch", "-i", path, cwd=tree)
        return len(wanted)

    def change(self):
        """Makes our own changes to the source; returns the names of the patches that do not fit it."""
        left_out = []
        for name, place in tables.changes(self.minor):
            command = ["patch", "-p1", "--force", "--fuzz=0", "--no-backup-if-mismatch"]
            command += ["-i", os.path.join(tables.HERE, name)]
            try:
                self.run(*command, "--dry-run")
            except tables.Problem:
                left_out.append(name)
                continue
            self.run(*command)
            shutil.copyfile(os.path.join(tables.HERE, os.path.basename(place)), os.path.join(self.tree, place))
        return left_out

    def configure(self):
        deps_include, deps_lib = os.path.join(self.deps, "include"), os.path.join(self.deps, "lib")
        arguments = [
            "--prefix=/install",
            "--without-ensurepip",
            "--with-system-expat",
            "--with-readline=editline",
            "--with-dbmliborder=bdb",
            f"--with-openssl={self.deps}",
            "--disable-test-modules",
            f"CFLAGS={'' if self.optimize else self.toolchain.flags}",
            f"CPPFLAGS=-I{deps_include} -I{deps_include}/uuid",
            f"LDFLAGS=-L{deps_lib} {self.toolchain.ldflags}".rstrip(),
            "OPT=-DNDEBUG -fwrapv -O3 -Wall",
            "PKG_CONFIG=/bin/false",
            "MODULE_BUILDTYPE=static",
            # It is in the C library, and libbsd need not be linked for it.
            "ac_cv_lib_bsd_flock=no",
        ]
        arguments += tables.modules(self.minor)[2] + list(self.toolchain.configure)
        if not os.path.exists(os.path.join(self.tree, "Modules/Setup.stdlib.in")):
            # The readline module of those days looks for GNU's headers; libedit's say the same.
            os.symlink("editline", os.path.join(deps_include, "readline"))
        self.name_platform()
        # Modules of hashes share objects: from libraries each is taken once (configure lists the objects with each module).
        self.edit("configure", "^( +LIBHACL_LDEPS_LIBTYPE=)SHARED$", r"\1STATIC")
        self.run("./configure", *arguments)
        self.write_setup()

    def edit(self, name, pattern, replacement):
        path = os.path.join(self.tree, name)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(pattern, replacement, text, flags=re.M))

    def name_platform(self):
        """Before 3.13 configure takes every Linux on x86-64 for one with glibc; later it knows musl by what musl's stdarg.h
        defines, which gcc's own stands in front of."""
        self.edit("configure", r"^(\s+)x86_64-linux-gnu$", rf"\1{self.toolchain.multiarch}")
        if os.path.exists(os.path.join(self.tree, "Misc/platform_triplet.c")):
            self.edit("Misc/platform_triplet.c", "__DEFINED_va_list", "__linux__")

    def write_setup(self):
        """Modules/Setup.local: all that CPython's configure found, statically, and the lines of the table `modules`."""
        lines, disabled, _ = tables.modules(self.minor)
        absent = set(tables.libraries()) - set(self.toolchain.libraries())
        lines = [line for line in lines if not absent.intersection(re.findall(r"-l(\w+)", line))]
        taken = {line.split()[0] for line in lines} | set(disabled)
        stdlib = os.path.join(self.tree, "Modules/Setup.stdlib")
        if os.path.exists(stdlib):
            with open(stdlib, encoding="utf-8") as file:
                found = [line.strip() for line in file if re.match(r"\w", line)]
            lines += [line for line in found if line.split()[0] not in taken]
        self.edit("Modules/Setup", r"^(%s)\s.*" % "|".join(disabled), "")
        with open(os.path.join(self.tree, "Modules/Setup.local"), "w", encoding="utf-8") as file:
            file.write("\n".join(["*static*", *lines, "*disabled*", *disabled]) + "\n")

    def make(self):
        self.run("make", "Makefile")
        if self.optimize:
            optimizing.make(self)
        else:
            self.run("make", f"-j{self.jobs}")
        self.run("make", *self.settled, "altbininstall", "inclinstall", "libainstall", f"DESTDIR={self.root}")
        self.install_stdlib()
        self.make_relocatable()

    def make_value(self, variable):
        """What a variable of the Makefile expands to, as words."""
        return self.run("make", "-s", *self.settled, f"--eval=ox-print:;@echo $({variable})", "ox-print").split()

    def install_stdlib(self):
        """Lib/ as it is, what was generated, and pip from the wheel that CPython brings; no bytecode."""
        stdlib = os.path.join(self.install, "lib/python" + self.minor)
        shutil.copytree(
            os.path.join(self.tree, "Lib"), stdlib, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
        )
        with open(os.path.join(self.tree, "pybuilddir.txt"), encoding="utf-8") as file:
            generated = os.path.join(self.tree, file.read().strip())
        for name in os.listdir(generated):
            if name.startswith("_sysconfig"):
                shutil.copyfile(os.path.join(generated, name), os.path.join(stdlib, name))
        os.makedirs(os.path.join(stdlib, "lib-dynload"), exist_ok=True)
        with open(os.path.join(stdlib, "lib-dynload/.empty"), "w", encoding="utf-8"):
            pass  # Python warns when the folder is missing, and archives keep no empty one.
        if self.toolchain.static:
            self.mend_ctypes(os.path.join(stdlib, "ctypes/__init__.py"))
        self.install_pip(stdlib)
        for name in ("python3", "python"):
            os.symlink("python" + self.minor, os.path.join(self.install, "bin", name))

    def install_pip(self, stdlib):
        site = os.path.join(stdlib, "site-packages")
        bundled = os.path.join(stdlib, "ensurepip/_bundled")
        for name in sorted(os.listdir(bundled)):
            if name.endswith(".whl"):
                with zipfile.ZipFile(os.path.join(bundled, name)) as wheel:
                    wheel.extractall(site)
        if self.toolchain.glibc:
            # Asked by pip, which otherwise takes wheels for the glibc of the machine that it runs on (PEP 600).
            floor = tuple(int(part) for part in self.toolchain.glibc.split("."))
            with open(os.path.join(site, "_manylinux.py"), "w", encoding="utf-8") as file:
                file.write(f"def manylinux_compatible(major, minor, arch):\n    return (major, minor) <= {floor}\n")

    def mend_ctypes(self, path):
        """A static program cannot open itself: `import ctypes` is to work, pythonapi to know no function."""
        with open(path, encoding="utf-8") as file:
            text = file.read()
        line = "    pythonapi = PyDLL(None)\n"
        if text.count(line) != 1:
            raise tables.Problem(f"{path} does not open the program itself as before: compiling.py has to learn how")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text.replace(line, "    pythonapi = PyDLL(None, handle=0)\n"))

    def make_relocatable(self):
        """No text that is installed names this build's folders or its flags for finding libraries."""
        pattern = re.compile(rf"-[IL]{re.escape(self.folder)}[^\s'\"]*[ ]?")
        for folder, _, names in os.walk(self.install):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.islink(path):
                    continue
                with open(path, "rb") as file:
                    data = file.read()
                if self.folder.encode() not in data or b"\0" in data:
                    continue
                text = pattern.sub("", data.decode()).replace(self.folder, "/build")
                with open(path, "w", encoding="utf-8") as file:
                    file.write(text)

    def strip(self, paths):
        subprocess.run(["strip", "--strip-debug", "-D", *paths], check=True)
