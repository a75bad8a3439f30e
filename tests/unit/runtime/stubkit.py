"""A stub linked from runtime/sources.list against Debian's Python, and executables made of it.

Stands in for the build's own link and bundle steps, so that the runtime can be tested alone.
"""
import fcntl
import hashlib
import importlib.util
import marshal
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sysconfig

PYTHON = os.environ.get("OX_STUB_PYTHON") or os.path.realpath("/usr/bin/python3")  # contrib/importer-matrix names others
SANITIZERS = os.environ.get("OX_STUB_SANITIZERS")  # as configured
SRCDIR = pathlib.Path(os.environ["OX_SRCDIR"])
PACKER = pathlib.Path(os.environ["OX_BUILDDIR"]) / "tests/unit/runtime/packer"
STUBS = pathlib.Path(os.environ["OX_BUILDDIR"]) / "build/stubs"
PAGE = 4096
PATIENCE = 600  # seconds after which something is taken to hang
MULTIARCH = sysconfig.get_config_var("MULTIARCH") or "x86_64-linux-gnu"
DEFAULTS = {
    "config_profile": "isolated", "configure_locale": "true", "sys_frozen": "true", "oxidized_importer": "true",
    "filesystem_importer": "false", "multiprocessing_auto_dispatch": "true", "multiprocessing_start_method": "auto",
    "terminfo_resolution": "dynamic",
}
GLIBC = ("libc.so", "libm.so", "libdl.so", "libpthread.so", "librt.so", "ld-linux", "libresolv.so", "libutil.so")
# What libpython was built with and without: an archive of its build folder is not installed.
INSTALLED = re.compile(r"-.*|/.*")
STATIC = {"-lz": "-l:libz.a", "-lexpat": "-l:libexpat.a"}
WANTS_FILE, NEEDS_FILE, STDLIB, PREFERS_FILE = 512, 256, 128, 4096
PATTERNS = {}  # the script that finds a source's regular expressions, as interpreters of a build are given it
for part in ("patterns.py", "generated.py", "pattern_list.py"):
    exec((SRCDIR / "daemon/python" / part).read_text(), PATTERNS)
SKIPPED = {"test", "tests", "idlelib", "lib2to3", "ensurepip", "lib-dynload", "__pycache__", "turtledemo"}


def ask_python(code):
    return subprocess.run([PYTHON, "-I", "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def run(*command, **options):
    options.setdefault("timeout", PATIENCE)
    return subprocess.run(command, capture_output=True, text=True, **options)


def sanitizer_flags(folder):
    """(to compile, to link). What CPython itself never frees, and a table that its posix module sorts in each interpreter,
    are not looked for."""
    if not SANITIZERS:
        return [], []
    options = folder / "options.c"
    options.write_text('const char *__asan_default_options(void);\n'
                       'const char *__asan_default_options(void)\n{\n\treturn "detect_leaks=0";\n}\n'
                       'const char *__tsan_default_suppressions(void);\n'
                       'const char *__tsan_default_suppressions(void)\n{\n\treturn "race:setup_confname_table";\n}\n')
    flags = [f"-fsanitize={SANITIZERS}", "-fno-sanitize-recover=all"]
    return flags, [*flags, options]


def digest_of_inputs():
    """Of all that a stub is made of but settings."""
    digest = hashlib.sha256(subprocess.run(["cc", "--version"], check=True, capture_output=True).stdout)
    files = [path for folder in ("runtime", "proto/base") for kind in ("*.[ch]", "*.def")
             for path in (SRCDIR / folder).rglob(kind)]
    for path in [pathlib.Path(__file__), SRCDIR / "runtime/sources.list", *sorted(files)]:
        digest.update(f"{path}\n".encode() + path.read_bytes())
    library = os.stat(ask_python("import sysconfig as s; v = s.get_config_var; "
                                 "print(v('LIBPL') + '/libpython' + v('LDVERSION') + '.a')"))
    return f"{digest.hexdigest()} {library.st_size} {library.st_mtime_ns}"


def stub_for(folder, sanitize):
    """A stub in `folder`; it is made once for all tests of one build folder, which may run at once."""
    settings = repr((PYTHON, sanitize and SANITIZERS, *map(os.environ.get, ("OX_STUB_CFLAGS", "OX_STUB_LDFLAGS"))))
    kept = STUBS / hashlib.sha256(settings.encode()).hexdigest()[:16]
    kept.mkdir(parents=True, exist_ok=True)
    with open(kept / "made-of", "a+", encoding="ascii") as made_of:
        fcntl.flock(made_of, fcntl.LOCK_EX)
        made_of.seek(0)
        digest = digest_of_inputs()
        if made_of.read() != digest:
            made_of.truncate(0)
            link_stub(kept, sanitize)
            made_of.write(digest)
        return pathlib.Path(shutil.copy(kept / "stub", folder))


def link_stub(folder, sanitize):
    """Compiles and links as the comment in sources.list says."""
    to_compile, to_link = sanitizer_flags(folder) if sanitize else ([], [])
    lines = (SRCDIR / "runtime/sources.list").read_text().splitlines()
    sources = [line for line in lines if line and not line.startswith("#")]
    include, library, libraries = ask_python(
        "import sysconfig as s; v = s.get_config_var; print(s.get_path('include')); "
        "print(v('LIBPL') + '/libpython' + v('LDVERSION') + '.a'); print(v('LIBS'), v('MODLIBS'))").split("\n")
    objects, jobs = [], []
    for source in sources:
        objects.append(str(folder / (source.replace("/", "_") + ".o")))
        jobs.append(subprocess.Popen(
            ["cc", "-O1", "-g", "-std=c17", "-D_GNU_SOURCE", "-fno-pie", "-Wall", "-Wextra", "-Werror", f"-I{SRCDIR}",
             *to_compile, *os.environ.get("OX_STUB_CFLAGS", "").split(), "-isystem", include, "-c", SRCDIR / source,
             "-o", objects[-1]]))
        if len(jobs) % 2 == 0:
            jobs[-2].wait()
    if any(job.wait() for job in jobs):
        raise RuntimeError("the runtime does not compile")
    wraps = re.findall(r"^# wrap (\S+)", "\n".join(lines), re.M)
    (folder / "exports").write_text("{ Py*; _Py*; };")
    subprocess.run(
        ["cc", "-no-pie", "-o", folder / "stub", *objects, "-Wl,--whole-archive", library, "-Wl,--no-whole-archive",
         *[STATIC.get(word, word) for word in libraries.split() if INSTALLED.fullmatch(word)], "-lm",
         *to_link, *os.environ.get("OX_STUB_LDFLAGS", "").split(), f"-Wl,--dynamic-list={folder}/exports",
         "-Wl,--section-start=.oxpayload=0x10000000", *[f"-Wl,--wrap={name}" for name in wrapped(wraps, objects)]], check=True)


def wrapped(names, objects):
    """Those that an object stands in for: which ones depends on the version of CPython."""
    content = [pathlib.Path(path).read_bytes() for path in objects]
    return [name for name in names if any(f"__wrap_{name}\0".encode() in one for one in content)]


class Listing:
    """Lines for the packer (see packer.c)."""

    def __init__(self, cache):
        self.lines, self.cache, self.libraries = [], cache, set()

    def add(self, kind, name, text="-"):
        self.lines.append(f"{kind}\t{name}\t{text}\n")

    def add_module(self, name, path, is_package=False):
        source = path.read_bytes()
        cached = self.cache / f"{name}-{hash(source):x}.code"
        try:
            code = compile(source, name, "exec", dont_inherit=True)
        except SyntaxError:
            return
        cached.write_bytes(marshal.dumps(code))
        self.add("package" if is_package else "module", name)
        self.add("source", name, path)
        self.add("code0", name, cached)
        patterns = PATTERNS["harvest"](source, name)
        if patterns:
            cached.with_suffix(".patterns").write_bytes(patterns)
            self.add("compiled", name, cached.with_suffix(".patterns"))

    def add_folder(self, folder, package=""):
        dotted = package + "." if package else ""
        for path in sorted(folder.iterdir()):
            if path.suffix == ".dist-info":
                for file in sorted(path.rglob("*")):
                    self.add("dist", path.name.split("-")[0], f"{file.relative_to(path)}={file}")
            elif path.is_dir():
                if path.name not in SKIPPED and path.name.isidentifier():
                    self.add_folder(path, dotted + path.name)
            elif path.name == "__init__.py":
                self.add_module(package, path, True)
            elif path.suffix == ".py" and path.stem != "sitecustomize":
                self.add_module(dotted + path.stem, path)
            elif path.suffix == ".so":
                self.add_extension(dotted + path.name.split(".")[0], path)
            elif package:
                self.add("file", package, f"{path.name}={path}")

    def add_extension(self, name, path):
        self.add("library", name, path)
        for soname in self.needs(path):
            self.add_library(soname)
            self.add("need", name, soname)

    def add_library(self, soname):
        if soname in self.libraries:
            return
        self.libraries.add(soname)
        path = next(pathlib.Path(d) / soname for d in (f"/lib/{MULTIARCH}", f"/usr/lib/{MULTIARCH}")
                    if (pathlib.Path(d) / soname).exists())
        needs = self.needs(path)
        for other in needs:
            self.add_library(other)
        self.add("soname", soname, path)
        for other in needs:
            self.add("need", soname, other)

    @staticmethod
    def needs(path):
        headers = subprocess.run(["objdump", "-p", path], check=True, capture_output=True, text=True).stdout
        return [n for n in re.findall(r"NEEDED\s+(\S+)", headers) if not n.startswith(GLIBC)]


def pack(listing, settings):
    for name, value in {**DEFAULTS, **settings}.items():
        escaped = value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\x09")
        listing.add("config", name, escaped)
    magic = str(int.from_bytes(importlib.util.MAGIC_NUMBER, "little"))
    return subprocess.run([PACKER, magic], input="".join(listing.lines).encode(), check=True,
                          stdout=subprocess.PIPE).stdout


def attach(stub, payload, path):
    """Replaces the content of the last PT_LOAD, which is the section .oxpayload."""
    image = bytearray(stub.read_bytes())
    phoff, shoff = struct.unpack_from("<QQ", image, 32)
    phsize, phcount, shsize, shcount = struct.unpack_from("<HHHH", image, 54)
    last = max(i for i in range(phcount) if struct.unpack_from("<I", image, phoff + i * phsize)[0] == 1)
    header = phoff + last * phsize
    offset, = struct.unpack_from("<Q", image, header + 8)
    size, = struct.unpack_from("<Q", image, header + 32)
    payload += b"\0" * (-len(payload) % PAGE)
    grown = len(payload) - size
    for i in range(shcount):
        at = shoff + i * shsize + 24
        where, = struct.unpack_from("<Q", image, at)
        if where == offset:
            struct.pack_into("<Q", image, at + 8, len(payload))
        elif where > offset:
            struct.pack_into("<Q", image, at, where + grown)
    struct.pack_into("<QQ", image, header + 32, len(payload), len(payload))
    struct.pack_into("<Q", image, 40, shoff + grown)
    path.write_bytes(image[:offset] + payload + image[offset + size:])
    path.chmod(0o755)


class Kit:
    """One stub, one packed standard library, any number of executables."""

    def __init__(self, folder, sanitize=True):
        self.folder = pathlib.Path(folder)
        self.stub = stub_for(self.folder, sanitize)
        (self.folder / "code").mkdir()
        base = Listing(self.folder / "code")
        stdlib = pathlib.Path(sysconfig.get_path("stdlib"))
        base.add_folder(stdlib)
        for kind, name, _ in [line.split("\t") for line in base.lines]:
            if kind in ("module", "package"):
                base.add("flag", name, STDLIB)
        suffix = sysconfig.get_config_var("EXT_SUFFIX")  # a debug build's modules may lie beside them
        extensions = [(p.name.split(".")[0], p) for p in sorted((stdlib / "lib-dynload").glob("*" + suffix))]
        for name, path in extensions:
            if not Listing.needs(path):
                base.add_extension(name, path)
        base.add("segment", "-")
        self.base = list(base.lines)
        for name, path in extensions:
            if Listing.needs(path):
                base.add_extension(name, path)
        base.add("segment", "-")
        self.base_with_libraries = base.lines
        self.count = 0

    def build(self, folder=None, flags=(), extra=(), with_libraries=True, **settings):
        """An executable with the modules of `folder` (may be None) and these settings."""
        self.count += 1
        listing = Listing(self.folder / "code")
        listing.lines = list(self.base_with_libraries if with_libraries else self.base)
        if folder:
            listing.add_folder(pathlib.Path(folder))
        for name, bits in flags:
            listing.add("flag", name, bits)
        for line in extra:
            listing.add(*line)
        path = self.folder / f"exe{self.count}"
        attach(self.stub, pack(listing, settings), path)
        return path
