"""Small archives in the form of python-build-standalone: `archives.py FOLDER` writes one for each rule of
daemon/python/archive.h; as a module, Archive makes others. The interpreter inside is a script that runs the one
that runs this."""
import copy
import gzip
import importlib.util
import io
import json
import os
import sys
import sysconfig
import tarfile

XY = "%d.%d" % sys.version_info[:2]
LIB = "install/lib/python" + XY
INCLUDE = "install/include/python" + XY
EXE = "install/bin/python" + XY


def variant(objs=(), links=(), **more):
    return dict({"in_core": False, "init_fn": "PyInit_x", "variant": "default", "required": False,
                 "objs": list(objs), "links": list(links)}, **more)


EXTENSIONS = {
    "_io": [variant(["build/Modules/_io/fileio.o", "build/Modules/_io/bytesio.o"], required=True,
                    init_fn="PyInit__io")],
    "_ssl": [variant(["build/Modules/_ssl.o"], [
        {"name": "ssl", "path_static": "build/lib/libssl.a"}, {"name": "crypto", "path_static": "build/lib/libcrypto.a"},
        {"name": "dl", "system": True}], init_fn="PyInit__ssl", licenses=["Apache-2.0"],
        license_paths=["licenses/LICENSE.openssl-3.txt"])],
    "readline": [
        variant(["build/Modules/VARIANT-readline-default-readline.o"], [
            {"name": "readline", "path_static": "build/lib/libreadline.a"}], init_fn="PyInit_readline",
            licenses=["GPL-3.0-only"], license_paths=["licenses/LICENSE.readline.txt"]),
        variant(["build/Modules/VARIANT-readline-libedit-readline.o"], [
            {"name": "edit", "path_static": "build/lib/libedit.a"}], variant="libedit", init_fn="PyInit_readline",
            licenses=["BSD-3-Clause"], license_paths=["licenses/LICENSE.libedit.txt"])],
    "_sqlite3": [variant(["build/Modules/_sqlite/util.o"], [
        {"name": "sqlite3", "path_static": "build/lib/libsqlite3.a"}], init_fn="PyInit__sqlite3",
        license_public_domain=True)],
    "_crypt": [variant([], [{"name": "crypt", "system": True}], init_fn="PyInit__crypt",
                       shared_lib=LIB + "/lib-dynload/_crypt.so")],
    "builtins": [variant(in_core=True, required=True, init_fn="NULL")],
    "marshal": [variant(in_core=True, required=True, init_fn="PyMarshal_Init")],
}


def description():
    return {
        "version": "8",
        "target_triple": "x86_64-unknown-linux-gnu",
        "optimizations": "pgo",
        "build_options": "pgo",
        "python_tag": "cp" + XY.replace(".", ""),
        "python_abi_tag": "",
        "python_platform_tag": "linux-x86_64",
        "python_implementation_cache_tag": sys.implementation.cache_tag,
        "python_implementation_hex_version": sys.hexversion,
        "python_implementation_name": "cpython",
        "python_implementation_version": [str(x) for x in sys.version_info],
        "python_version": "%d.%d.%d" % sys.version_info[:3],
        "python_major_minor_version": XY,
        "python_paths": {"stdlib": LIB, "platstdlib": LIB, "include": INCLUDE, "platinclude": INCLUDE,
                         "purelib": LIB + "/site-packages", "platlib": LIB + "/site-packages",
                         "scripts": "install/bin", "data": "install"},
        "python_paths_abstract": {"stdlib": "{installed_base}/lib/python{py_version_short}"},
        "python_config_vars": {"ABIFLAGS": "", "Py_DEBUG": "0"},
        "python_exe": EXE,
        "python_stdlib_test_packages": ["json.tests", "test"],
        "python_suffixes": {"source": [".py"], "bytecode": [".pyc"], "debug_bytecode": [".pyc"],
                            "optimized_bytecode": [".pyc"],
                            "extension": [sysconfig.get_config_var("EXT_SUFFIX"), ".abi3.so", ".so"]},
        "python_bytecode_magic_number": importlib.util.MAGIC_NUMBER.hex(),
        "python_symbol_visibility": "global-default",
        "python_extension_module_loading": ["builtin", "shared-library"],
        "libpython_link_mode": "static",
        "crt_features": ["glibc-dynamic", "glibc-max-symbol-version:2.17"],
        "run_tests": "build/run_tests.py",
        "licenses": ["Python-2.0", "CNRI-Python"],
        "license_path": "licenses/LICENSE.cpython.txt",
        "tcl_library_path": "install/lib",
        "tcl_library_paths": ["tcl8.6", "tk8.6"],
        "build_info": {
            "core": {"objs": ["build/Modules/config.o", "build/Objects/abstract.o", "build/Python/ceval.o"],
                     "links": [{"name": "dl", "system": True}],
                     "static_lib": LIB + "/config-%s-x86_64-linux-gnu/libpython%s.a" % (XY, XY)},
            "extensions": copy.deepcopy(EXTENSIONS),
            "inittab_object": "build/Modules/config.o",
            "inittab_source": "build/Modules/config.c",
            "inittab_cflags": ["-std=c99", "-DNDEBUG", "-DPy_BUILD_CORE"],
            "object_file_format": "elf",
        },
    }


class Archive:
    """json: the description, to be changed; files: path below python/ -> (bytes, mode)."""

    def __init__(self):
        self.json = description()
        self.files = {}
        run = '#!/bin/sh\nexec "%s" "$@"\n' % sys.executable
        self.add(EXE, run, 0o755)
        for name in ("os.py", "json/__init__.py", "test/__init__.py", "json/tests/__init__.py", "lib-dynload/.empty",
                     "lib-dynload/_crypt.so"):
            self.add(LIB + "/" + name, "")
        self.add(INCLUDE + "/Python.h", "")
        self.add("build/Modules/config.c", "")
        self.add("licenses/LICENSE.cpython.txt", "PSF\n")
        self.add_named()

    def add(self, path, content, mode=0o644):
        self.files[path] = (content if isinstance(content, bytes) else content.encode(), mode)

    def add_named(self):
        """What the description names as objects and libraries."""
        info = self.json["build_info"]
        named = list(info["core"]["objs"])
        for variants in info["extensions"].values():
            for v in variants:
                named += v["objs"] + [link["path_static"] for link in v["links"] if "path_static" in link]
                named += v.get("license_paths", [])
        for path in named:
            self.files.setdefault(path, (b"", 0o644))

    def write(self, path, top="python/"):
        files = dict(self.files)
        if self.json is not None:
            files["PYTHON.json"] = (json.dumps(self.json, sort_keys=True).encode(), 0o644)
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for name in sorted(files, key=lambda n: (n != "PYTHON.json", n)):
                info = tarfile.TarInfo(top + name)
                info.size, info.mode = len(files[name][0]), files[name][1]
                archive.addfile(info, io.BytesIO(files[name][0]))
        with open(path, "wb") as f:
            f.write(gzip.compress(out.getvalue(), 6, mtime=0))


def older(archive, version):
    """The keys that came after `version` are left out."""
    archive.json["version"] = str(version)
    if version < 8:
        del archive.json["build_options"]
    if version < 6:
        del archive.json["python_paths_abstract"], archive.json["python_config_vars"]


def changes():
    def version(n):
        return lambda a: older(a, n)

    def put(**values):
        return lambda a: a.json.update(values)

    def info(**values):
        return lambda a: a.json["build_info"].update(values)

    def drop(key):
        return lambda a: a.json.pop(key)

    def install_only(a):
        a.json = None
        a.files = {"bin/python3": (b"", 0o755), "lib/os.py": (b"", 0o644)}

    def musl(a):
        a.json.update(target_triple="x86_64-unknown-linux-musl", crt_features=["static"],
                      python_extension_module_loading=["builtin"])
        a.json["build_info"]["extensions"].pop("_crypt")

    def broken_python(a):
        a.add(EXE, "#!/bin/sh\necho libcrypt.so.1: cannot open shared object file >&2\nexit 127\n", 0o755)

    def foreign_magic(a):
        broken_python(a)
        a.json["python_bytecode_magic_number"] = "01020304"

    def first_variant(**values):
        return lambda a: a.json["build_info"]["extensions"]["_ssl"][0].update(values)

    def of_version(minor):
        def change(a):
            a.json["python_implementation_hex_version"] = 0x030000f0 | minor << 16
            for name in ("atexit", "time"):
                a.json["build_info"]["extensions"][name] = [variant(["build/Modules/_ssl.o"])]
        return change

    return {
        "minor9": of_version(9), "minor11": of_version(11), "minor12": of_version(12),
        "v5": version(5), "v6": version(6), "v7": version(7), "v8": lambda a: None,
        "v4": put(version="4"), "v9": put(version="9"), "no-version": drop("version"), "version-number": put(version=8),
        "lto": lambda a: (put(optimizations="pgo+lto", build_options="pgo+lto")(a),
                          info(object_file_format="llvm-bitcode:%22.1.3")(a)),
        "mach-o": lambda a: (put(target_triple="aarch64-apple-darwin")(a), info(object_file_format="mach-o")(a)),
        "arm": put(target_triple="aarch64-unknown-linux-gnu"), "v3-cpu": put(target_triple="x86_64_v3-unknown-linux-gnu"),
        "musl": musl, "install-only": install_only, "broken-python": broken_python, "foreign-magic": foreign_magic,
        "py37": put(python_version="3.7.9", python_implementation_hex_version=0x030709f0),
        "free-threaded": put(python_abi_tag="t", build_options="freethreaded+pgo"),
        "pypy": put(python_implementation_name="pypy"), "no-triple": drop("target_triple"),
        "link-mode": put(libpython_link_mode="both"), "shared-without": put(libpython_link_mode="shared"),
        "path-out": info(inittab_source="../../etc/passwd"), "extensions-list": info(extensions=[]),
        "no-variants": info(extensions={"_io": []}), "empty-licenses": first_variant(licenses=[]),
        "missing-object": first_variant(objs=["build/Modules/gone.o"]), "objs-numbers": first_variant(objs=[1]),
        "foreign-file": lambda a: a.add("setup.exe", ""), "bad-magic": put(python_bytecode_magic_number="a70d"),
        "not-json": lambda a: a.files.update({"PYTHON.json": (b"{\n\"version\": ", 0o644)}) or setattr(a, "json", None),
    }


def write_all(folder):
    for name, change in changes().items():
        archive = Archive()
        change(archive)
        archive.write(os.path.join(folder, name + ".tar.gz"), "python/")


if __name__ == "__main__":
    write_all(sys.argv[1])
