"""PYTHON.json, version 8, of a finished build: from its Makefile, its config.c and the running interpreter."""

import json
import os
import re
import subprocess

import tables

# What an interpreter needs to start. atexit is the core's own need since 3.10: it calls into it.
REQUIRED = {"_codecs", "_io", "_signal", "_thread", "_tracemalloc", "_weakref", "atexit", "faulthandler", "posix"}
TEST_PACKAGES = [
    "bsddb.test",
    "ctypes.test",
    "distutils.tests",
    "email.test",
    "idlelib.idle_test",
    "json.tests",
    "lib-tk.test",
    "lib2to3.tests",
    "sqlite3.test",
    "test",
    "tkinter.test",
    "unittest.test",
]
RULE = re.compile(r"^Modules/(\w+)\$\(EXT_SUFFIX\):([^;]*); *\$\(BLDSHARED\) (.*?) -o ", re.M)
# Run in the built interpreter; what only it knows.
ASK = """
import importlib.machinery as m, importlib.util as u, json, sys, sysconfig
s = m.SOURCE_SUFFIXES
paths = sysconfig.get_paths()
print(json.dumps({
    "python_abi_tag": sys.abiflags, "python_tag": "cp%d%d" % sys.version_info[:2],
    "python_platform_tag": sysconfig.get_platform(), "python_implementation_cache_tag": sys.implementation.cache_tag,
    "python_implementation_hex_version": sys.implementation.hexversion,
    "python_implementation_name": sys.implementation.name,
    "python_implementation_version": [str(part) for part in sys.implementation.version],
    "python_version": sys.version.split()[0].rstrip("+"), "python_major_minor_version": "%d.%d" % sys.version_info[:2],
    "python_paths_abstract": sysconfig.get_paths(expand=False), "python_paths": paths, "prefix": sys.prefix,
    "python_config_vars": {name: str(value) for name, value in sysconfig.get_config_vars().items()},
    "python_bytecode_magic_number": u.MAGIC_NUMBER.hex(),
    "python_suffixes": {"source": s, "bytecode": m.BYTECODE_SUFFIXES, "debug_bytecode": m.DEBUG_BYTECODE_SUFFIXES,
                        "optimized_bytecode": m.OPTIMIZED_BYTECODE_SUFFIXES, "extension": m.EXTENSION_SUFFIXES}}))
"""


def ask(build):
    """The interpreter's answers, its own folder taken out of every path."""
    exe = os.path.join(build.install, "bin/python" + build.minor)
    text = subprocess.run(
        [exe, "-I", "-S", "-c", ASK], stdout=subprocess.PIPE, text=True, check=True, env=build.env
    ).stdout
    answer = json.loads(text)
    prefix = answer.pop("prefix")
    answer["python_paths"] = {name: "install" + path[len(prefix) :] for name, path in answer["python_paths"].items()}
    answer["python_config_vars"] = {
        name: value.replace(prefix, "/install").replace(build.folder, "/build")
        for name, value in sorted(answer["python_config_vars"].items())
    }
    return answer


def read(build, name):
    with open(os.path.join(build.tree, name), encoding="utf-8") as file:
        return file.read()


def modules(build):
    """{name: (objects, linked libraries)} of the modules that the Makefile has rules for and config.c names."""
    text = read(build, "Makefile").replace("\\\n", " ")
    values = dict(re.findall(r"^(\w+)=[ \t]*(.*?)[ \t]*$", text, re.M))
    inittab = {name for name, _ in inittab_of(build)}
    found = {}
    for name, objects, command in RULE.findall(text):
        if name not in inittab:
            continue
        words = expand(command, values).split()
        archives = [word for word in words if word.startswith("Modules/") and word.endswith(".a")]
        objects = [os.path.normpath(word) for word in objects.split() if word.endswith(".o")]
        for archive in archives:
            objects += members(build, archive)
        named = dict.fromkeys(word[2:] for word in words if word.startswith("-l"))
        libraries = tables.closure(named, build.toolchain.libraries())
        found[name] = (sorted(set(objects)), libraries)
    return found


def expand(text, values):
    for _ in range(8):
        text = re.sub(r"\$\((\w+)\)", lambda match: values.get(match[1], ""), text)
    return text


def members(build, archive):
    """The objects that CPython's Makefile put into one of its helper archives; they lie beside it."""
    names = build.run("ar", "t", archive).split()
    return [os.path.join(os.path.dirname(archive), name) for name in names]


def inittab_of(build):
    """(name, init function) of each entry of config.c."""
    return re.findall(r'^\s*\{"(\w+)", *(\w+)\}', read(build, "Modules/config.c"), re.M)


def link(build, name):
    if name in build.toolchain.libraries():
        return {"name": name, "path_static": f"build/lib/lib{name}.a"}
    return {"name": name, "system": True}


def extension(build, name, init, objects, libraries):
    """One module's only variant, with the licences of what it links."""
    table = build.toolchain.libraries()
    known = [table[library] for library in libraries if library in table]
    variant = {
        "in_core": objects is None,
        "init_fn": init,
        "variant": "default",
        "required": name in REQUIRED,
        "objs": ["build/" + path for path in objects or []],
        "links": [link(build, library) for library in libraries],
    }
    licences = sorted({licence for library in known for licence in library.licences.split("+")} - {"public-domain"})
    if licences:
        variant["licenses"] = licences
    elif known:
        variant["license_public_domain"] = True
    if known:
        variant["license_paths"] = [f"licenses/LICENSE.{library.name}.txt" for library in known]
    return variant


def extensions(build):
    rules, found = modules(build), {}
    for name, init in inittab_of(build):
        objects, libraries = rules.get(name, (None, []))
        found[name] = [extension(build, name, init, objects, libraries)]
    return dict(sorted(found.items()))


def core_objects(build, claimed):
    """libpython's own objects: without those of modules, and without the twin of getpath.o that only tools use."""
    objects = {os.path.normpath(path) for path in build.make_value("LIBRARY_OBJS") if path.endswith(".o")}
    return sorted("build/" + path for path in objects if "build/" + path not in claimed and "getpath_noop" not in path)


def glibc_needed(build):
    """The newest version of glibc's symbols that the interpreter asks for."""
    exe = os.path.join(build.install, "bin/python" + build.minor)
    text = subprocess.run(
        ["readelf", "-W", "--version-info", exe], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    versions = [[int(part) for part in match.split(".")] for match in re.findall(r"Name: GLIBC_([0-9.]+)", text)]
    return ".".join(str(part) for part in max(versions))


def crt_features(build):
    if build.toolchain.static:
        return ["static"]
    return ["glibc-dynamic", "glibc-max-symbol-version:" + glibc_needed(build)]


def describe(build):
    toolchain = build.toolchain
    found = extensions(build)
    claimed = {path for variants in found.values() for path in variants[0]["objs"]}
    links = [word[2:] for word in build.make_value("LIBS") if word.startswith("-l")]
    answer = ask(build)
    options = ("pgo+lto" if build.optimize else "noopt") + ("+static" if toolchain.static else "")
    stdlib = answer["python_paths"]["stdlib"]
    config = f"{stdlib}/config-{build.minor}-{toolchain.multiarch}"
    return {
        "version": "8",
        "target_triple": toolchain.triple,
        "optimizations": options,
        "build_options": options,
        **answer,
        "python_exe": "install/bin/python" + build.minor,
        "python_stdlib_platform_config": config,
        "python_stdlib_test_packages": TEST_PACKAGES,
        "python_symbol_visibility": "global-default",
        "python_extension_module_loading": ["builtin"] if toolchain.static else ["builtin", "shared-library"],
        "libpython_link_mode": "static",
        "crt_features": crt_features(build),
        "run_tests": "build/run_tests.py",
        "licenses": ["Python-2.0", "CNRI-Python"],
        "license_path": "licenses/LICENSE.cpython.txt",
        "build_info": {
            "core": {
                "objs": core_objects(build, claimed),
                "static_lib": f"{config}/libpython{build.minor}.a",
                "links": [{"name": name, "system": True} for name in dict.fromkeys(links + ["m"])],
            },
            "extensions": found,
            "inittab_object": "build/Modules/config.o",
            "inittab_source": "build/Modules/config.c",
            "inittab_cflags": ["-std=c99", "-DNDEBUG", "-DPy_BUILD_CORE"],
            "object_file_format": "elf",
        },
    }
