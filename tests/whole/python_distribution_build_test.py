#!/usr/bin/env python3
"""contrib/python-distribution without a build: its tables, what it refuses, and that archives are the same twice."""

import dataclasses
import hashlib
import os
import re
import runpy
import subprocess
import sys
import tarfile
import tempfile
import types
import unittest
import zipfile

TOP = os.environ.get("OX_SRCDIR") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(TOP, "contrib/python-distribution")
sys.path.insert(0, FOLDER)
# pylint: disable=wrong-import-position
import arranging
import compiling
import depend
import describe
import pack
import recipes
import tables
import toolchains

RULE = "Modules/{0}$(EXT_SUFFIX):  {1}; $(BLDSHARED)  {1}  {2}  -o Modules/{0}$(EXT_SUFFIX)\n"
MAKEFILE = """MODULE_ZLIB_LDFLAGS=-lz
MODULE__DECIMAL_LDFLAGS=-lm $(HELPER)
HELPER= Modules/help/libhelp.a
""" + "".join(
    RULE.format(*words)
    for words in (
        ("zlib", "Modules/zlibmodule.o", "$(MODULE_ZLIB_LDFLAGS)"),
        ("readline", "Modules/readline.o", "-ledit"),
        ("_decimal", "Modules/d/d.o", "$(MODULE__DECIMAL_LDFLAGS)"),
        ("absent", "Modules/absent.o", ""),
    )
)
CONFIG = """    {"zlib", PyInit_zlib},
    {"readline", PyInit_readline},
    {"_decimal", PyInit__decimal},
    {"marshal", PyMarshal_Init},
    {"sys", NULL},
    {0, 0}
"""


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


class Temporary(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name


class Tables(unittest.TestCase):
    def test_each_source_names_its_digests(self):
        for minor, source in tables.sources().items():
            self.assertTrue(source.version.startswith(minor + "."), source)
            for digest in (source.tarball_sha256, source.patches_sha256):
                self.assertRegex(digest, "^[0-9a-f]{64}$")

    def test_each_library_has_a_licence_and_known_needs(self):
        for known in (tables.libraries(), tables.libraries(from_source=True)):
            for library in known.values():
                self.assertRegex(library.licences, r"^[A-Za-z0-9.+-]+$")
                self.assertLessEqual(set(library.needs), set(known) | {"m", "dl", "pthread"})

    def test_each_library_source_has_digests_and_a_recipe(self):
        sources = tables.library_sources()
        self.assertEqual({library.source for library in tables.libraries(from_source=True).values()}, set(sources))
        self.assertEqual(set(recipes.RECIPES), set(sources))
        for source in sources.values():
            for digest in (source.tarball_sha256, source.patches_sha256):
                self.assertRegex(digest, "^[0-9a-f]{64}$")

    def test_libraries_are_installed_nowhere_else(self):
        for command in (command for commands in recipes.RECIPES.values() for command in commands):
            if re.match(r"install |make .*\binstall", command):
                self.assertIn("$DESTDIR", command)

    def test_each_module_line_links_known_libraries(self):
        for minor in tables.sources():
            lines, disabled, _ = tables.modules(minor)
            for line in lines:
                self.assertLessEqual(set(re.findall(r"-l(\w+)", line)), set(tables.libraries()) | {"m", "dl", "rt"}, line)
                self.assertNotIn(line.split()[0], disabled)

    def test_each_file_is_in_a_release(self):
        with open(os.path.join(TOP, "contrib/local.mk"), encoding="utf-8") as file:
            listed = set(re.findall(r"contrib/python-distribution/(\S+)", file.read()))
        self.assertEqual(listed, {name for name in os.listdir(FOLDER) if name != "__pycache__"})

    def test_packaging_patches_are_left_out(self):
        names = ["distutils-install-layout.diff", "CVE-2025-8194.patch"]
        self.assertEqual(tables.wanted(names, tables.patches()), names[1:])

    def test_needs_come_with_a_library(self):
        self.assertEqual(tables.closure(["edit"], tables.libraries()), ["edit", "tinfo", "bsd", "md"])
        self.assertEqual(tables.closure(["edit"], tables.libraries(from_source=True)), ["edit", "ncursesw"])


class Changes(Temporary):
    def patched(self, minor, edit=lambda text: text):
        """(what was left out, the lines that the patch adds, file) after the changes to a source that has the patch's
        own lines."""
        (name, place), = tables.changes(minor)
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            lines = file.readlines()
        path = os.path.join(self.folder, re.search("^--- a/(.*)$", "".join(lines), re.M)[1])
        old = [line[1:] if line[0] in " -" else "\n" * 5 for line in lines[2:] if line[0] in " -@"]
        self.build = compiling.Build(self.folder, minor, 1, toolchains.toolchain(toolchains.TARGETS[0]), "/usr/bin")
        self.build.tree = self.folder
        write(path, edit("".join(old)))
        left_out = self.build.change()
        with open(path, encoding="utf-8") as file:
            text = file.read()
        return left_out, [line[1:] for line in lines[2:] if line[0] == "+"], text, os.path.join(self.folder, place)

    def test_each_is_made_to_its_version(self):
        for minor in ("3.9", "3.11", "3.13"):
            left_out, added, text, place = self.patched(minor)
            self.assertEqual(left_out, [])
            self.assertEqual([line for line in added if line not in text], [])
            self.assertIn(f'#include "{os.path.basename(place)}"\n', added)
            self.assertTrue(os.path.exists(place))
            os.unlink(place)

    def test_a_source_that_it_does_not_fit_stays_as_it_is(self):
        altered = lambda text: text.replace("update_one_slot", "update_slot_of")
        left_out, _, text, place = self.patched("3.11", altered)
        self.assertEqual(left_out, ["class_slots-3.11.diff"])
        self.assertNotIn("class_slots.c", text)
        self.assertFalse(os.path.exists(place))

    def test_other_versions_have_none(self):
        self.assertEqual(tables.changes("3.15"), [])


class Description(Temporary):
    def setUp(self):
        super().setUp()
        write(os.path.join(self.folder, "Makefile"), MAKEFILE)
        write(os.path.join(self.folder, "Modules/config.c"), CONFIG)
        self.build = types.SimpleNamespace(
            tree=self.folder,
            run=lambda *command: "one.o\ntwo.o\n",
            toolchain=toolchains.toolchain("x86_64-unknown-linux-gnu"),
        )
        self.found = {name: variants[0] for name, variants in describe.extensions(self.build).items()}

    def test_what_is_in_no_inittab_is_no_module(self):
        self.assertEqual(sorted(self.found), ["_decimal", "marshal", "readline", "sys", "zlib"])

    def test_a_module_without_a_rule_is_in_the_core(self):
        self.assertEqual([name for name, variant in self.found.items() if variant["in_core"]], ["marshal", "sys"])
        self.assertEqual([self.found[name]["init_fn"] for name in ("marshal", "sys")], ["PyMarshal_Init", "NULL"])

    def test_links_are_whole_and_licensed(self):
        readline = self.found["readline"]
        self.assertEqual([link["name"] for link in readline["links"]], ["edit", "tinfo", "bsd", "md"])
        self.assertEqual(len(readline["license_paths"]), 4)
        self.assertIn("X11", readline["licenses"])
        self.assertEqual(self.found["zlib"]["links"], [{"name": "z", "path_static": "build/lib/libz.a"}])

    def test_helper_archives_are_told_as_their_objects(self):
        decimal = self.found["_decimal"]
        self.assertEqual(decimal["objs"], [f"build/Modules/{name}.o" for name in ("d/d", "help/one", "help/two")])
        self.assertEqual(decimal["links"], [{"name": "m", "system": True}])
        self.assertNotIn("licenses", decimal)


class FakeSysroot:
    def make(self, files, root):
        os.makedirs(os.path.join(root, "usr/include"))
        os.makedirs(os.path.join(root, "usr/lib"))
        write(os.path.join(root, "usr/include/here.h"), "".join(files))


class Toolchains(Temporary):
    def compile(self, toolchain, *arguments):
        path = toolchain.prepare(self.folder, ["#define HERE 1\n"])
        environment = {"PATH": path + ":" + os.environ["PATH"]}
        return subprocess.run(
            ["gcc", *arguments], env=environment, cwd=self.folder, stdout=subprocess.PIPE, text=True, check=True
        ).stdout

    def test_the_compiler_takes_the_sysroot_and_does_not_name_the_folder(self):
        write(os.path.join(self.folder, "a.c"), '#include <here.h>\nconst char *name = HERE ? __FILE__ : "";\n')
        musl = dataclasses.replace(toolchains.toolchain("x86_64-unknown-linux-musl"), sysroot=FakeSysroot())
        assembly = self.compile(musl, "-g0", "-S", "-o-", os.path.join(self.folder, "a.c"))
        self.assertIn('"/build/a.c"', assembly)
        self.assertNotIn(self.folder, assembly)

    def test_the_compiler_answers_for_its_c_library(self):
        musl = dataclasses.replace(toolchains.toolchain("x86_64-unknown-linux-musl"), sysroot=FakeSysroot())
        self.assertEqual(self.compile(musl, "--print-multiarch"), "x86_64-linux-musl\n")

    def test_an_older_glibc_has_a_name_of_its_own_and_libraries_from_source(self):
        usual, older = (toolchains.toolchain("x86_64-unknown-linux-gnu", glibc) for glibc in (None, "2.17"))
        self.assertEqual((usual.tag, older.tag), ("", "+glibc2.17"))
        self.assertEqual((usual.from_source, older.from_source), (False, True))
        self.assertEqual(usual.triple, older.triple)

    def test_the_linker_finds_what_a_library_needs(self):
        toolchain = types.SimpleNamespace(libraries=lambda: tables.libraries(from_source=True))
        depend.offer(toolchain, self.folder)
        with open(os.path.join(self.folder, "lib/libssl.a"), encoding="utf-8") as script:
            self.assertEqual(
                script.read(),
                f"GROUP ( {self.folder}/archives/libssl.a {self.folder}/archives/libcrypto.a -ldl -lpthread )\n",
            )
        self.assertEqual(os.readlink(os.path.join(self.folder, "lib/libz.a")), self.folder + "/archives/libz.a")


class Stdlib(Temporary):
    def test_pip_is_told_which_glibc_is_meant(self):
        bundled = os.path.join(self.folder, "ensurepip/_bundled")
        os.makedirs(bundled)
        with zipfile.ZipFile(os.path.join(bundled, "pip-1-py3-none-any.whl"), "w") as wheel:
            wheel.writestr("pip/__init__.py", "")
        older = types.SimpleNamespace(toolchain=toolchains.toolchain("x86_64-unknown-linux-gnu", "2.17"))
        compiling.Build.install_pip(older, self.folder)
        self.assertTrue(os.path.exists(os.path.join(self.folder, "site-packages/pip/__init__.py")))
        found = runpy.run_path(os.path.join(self.folder, "site-packages/_manylinux.py"))["manylinux_compatible"]
        self.assertEqual([found(2, minor, "x86_64") for minor in (5, 17, 28)], [True, True, False])

    def test_a_static_program_does_not_open_itself(self):
        path = os.path.join(self.folder, "__init__.py")
        write(path, "if True:\n    pythonapi = PyDLL(None)\n")
        compiling.Build.mend_ctypes(None, path)
        with open(path, encoding="utf-8") as file:
            self.assertIn("PyDLL(None, handle=0)", file.read())
        with self.assertRaisesRegex(tables.Problem, "does not open the program itself"):
            compiling.Build.mend_ctypes(None, path)


class Archives(Temporary):
    def packed(self, name):
        top = os.path.join(self.folder, name)
        for path in (
            "install/bin/python3.11",
            "PYTHON.json",
            "build/Objects/a.o",
            "install/lib/b.py",
            "install/__pycache__/c.pyc",
        ):
            write(os.path.join(top, path), path)
        os.chmod(os.path.join(top, "install/bin/python3.11"), 0o700)
        os.symlink("python3.11", os.path.join(top, "install/bin/python"))
        target = os.path.join(self.folder, name + ".tar.zst")
        pack.pack(top, target, self.folder, 3)
        return target

    def test_the_same_files_make_the_same_bytes(self):
        digests = set()
        for name in ("one", "two"):
            with open(self.packed(name), "rb") as file:
                digests.add(hashlib.sha256(file.read()).hexdigest())
        self.assertEqual(len(digests), 1)

    def test_members_are_in_order_and_without_bytecode(self):
        with subprocess.Popen(["zstd", "-dcq", self.packed("one")], stdout=subprocess.PIPE) as zstd:
            with tarfile.open(fileobj=zstd.stdout, mode="r|") as archive:
                found = [(info.name, info.mode) for info in archive]
        self.assertEqual(
            found,
            [
                ("python/PYTHON.json", 0o664),
                ("python/build/Objects/a.o", 0o664),
                ("python/install/bin/python", 0o777),
                ("python/install/bin/python3.11", 0o775),
                ("python/install/lib/b.py", 0o664),
            ],
        )

    def test_a_file_that_names_its_folder_is_refused(self):
        write(os.path.join(self.folder, "top/PYTHON.json"), "in " + self.folder)
        target = os.path.join(self.folder, "x.tar.zst")
        with self.assertRaisesRegex(tables.Problem, "PYTHON.json names the folder"):
            pack.pack(os.path.join(self.folder, "top"), target, self.folder, 3)
        self.assertFalse(os.path.exists(target))


class Refusals(Temporary):
    def build(self, *arguments):
        command = [
            sys.executable,
            os.path.join(FOLDER, "build"),
            "--cache",
            os.path.join(self.folder, "cache"),
            *arguments,
        ]
        return subprocess.run(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False
        )

    def refused(self, text, *words):
        path = os.path.join(self.folder, "source.tar.gz")
        write(path, text)
        digest = hashlib.sha256(text.encode()).hexdigest()
        done = self.build("--source", path, "--sha256", digest)
        self.assertEqual(done.returncode, 1, done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_what_is_no_archive(self):
        self.refused("nothing of the sort", "cannot be read")

    def test_another_digest(self):
        path = os.path.join(self.folder, "source.tar.gz")
        write(path, "x")
        done = self.build("--source", path, "--sha256", "0" * 64)
        self.assertEqual(done.returncode, 1)
        self.assertIn("not " + "0" * 64, done.stderr)

    def refused_tarball(self, member, text, *words):
        path, content = os.path.join(self.folder, "source.tar"), os.path.join(self.folder, "content")
        write(content, text)
        with tarfile.open(path, "w") as archive:
            archive.add(content, member)
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        done = self.build("--source", path, "--sha256", digest)
        self.assertEqual(done.returncode, 1)
        for word in words:
            self.assertIn(word, done.stderr)

    def test_a_tarball_of_something_else(self):
        self.refused_tarball("other-1.0/README", "", "not a source tarball of CPython")

    def test_a_version_that_no_table_has(self):
        text = "#define PY_MAJOR_VERSION 2\n#define PY_MINOR_VERSION 7\n"
        self.refused_tarball("Python-2.7/Include/patchlevel.h", text, "is CPython 2.7", "3.11")

    def test_musl_has_no_version_of_glibc(self):
        self.assertEqual(self.build("--target", "x86_64-unknown-linux-musl", "--glibc", "2.17").returncode, 2)
        self.assertEqual(self.build("--glibc", "old").returncode, 2)

    def test_only_what_the_cache_has(self):
        done = self.build("--only-cached", "--target", "x86_64-unknown-linux-musl")
        self.assertEqual(done.returncode, 1)
        self.assertIn("has no such archive: run this without --only-cached", done.stderr)
        self.assertEqual(os.listdir(os.path.join(self.folder, "cache")), [])

    def test_a_source_needs_its_digest(self):
        self.assertEqual(self.build("--source", "x").returncode, 2)


class Arranging(Temporary):
    def test_what_is_written_to_first_comes_first(self):
        """With a compiler and a linker of its own: two data in an object change places."""
        source, target = os.path.join(self.folder, "x.c"), os.path.join(self.folder, "x.o")
        write(source, "int first[4] = {1, 2}; int second[4] = {3}; int *third = second;\n")
        subprocess.run(["gcc", "-fdata-sections", "-fno-pie", "-c", source, "-o", target], check=True)
        build = types.SimpleNamespace(tree=self.folder, run=lambda *words: subprocess.run(words, cwd=self.folder, check=True))
        arranging.reorder(build, "x.o", [".data.third", ".data.second", ".data.first"])
        names = subprocess.run(["nm", "-n", target], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[2::3]
        self.assertEqual(names, ["third", "second", "first"])

    def test_a_map_of_the_linker_is_read(self):
        text = """
 .data.long_name_of_something
                0x0000000000601020       0x10 libpython3.11.a(core.o)
 .data.b        0x0000000000601000        0x8 Python/core.o
 .data          0x0000000000601040        0x0 /usr/lib/crt1.o
"""
        self.assertEqual(
            arranging.sections(text),
            [(0x601000, 8, ".data.b", "core.o"), (0x601020, 16, ".data.long_name_of_something", "core.o")],
        )

    def test_writes_are_recorded_in_their_order(self):
        program, library = os.path.join(self.folder, "program"), os.path.join(self.folder, "first_writes.so")
        write(
            program + ".c",
            """#include <stdio.h>
static volatile long data[2048] __attribute__((aligned(4096))) = {1};
int main(int count, char **arguments)
{
	if (count < 2)
		return printf("%lx %lx", (unsigned long)data, (unsigned long)(data + 2048)) < 0;
	data[1023] = 1, data[7] = 2, data[1023] = 3;
	__builtin_memset((char *)(data + 511) + 4, 1, 8);
	return arguments[0] == NULL;
}
""",
        )
        first_writes = os.path.join(FOLDER, "first_writes.c")
        subprocess.run(["gcc", "-O1", "-no-pie", "-fno-pie", program + ".c", "-o", program], check=True)
        subprocess.run(["gcc", "-O2", "-Wall", "-Werror", "-shared", "-fPIC", first_writes, "-o", library], check=True)
        start, end = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        output = os.path.join(self.folder, "writes")
        env = {"LD_PRELOAD": library, "OX_FROM": start, "OX_TO": end, "OX_OUT": output}
        subprocess.run([program, "write"], env=env, check=True)
        with open(output, encoding="utf-8") as file:
            words = [(int(line, 16) - int(start, 16)) // 8 for line in file]
        self.assertEqual(words[:3], [1023, 7, 511])


@unittest.skipUnless(os.environ.get("OX_PYTHON_SOURCE"), "OX_PYTHON_SOURCE names no tarball of CPython: it takes minutes")
class Whole(Temporary):
    def test_a_given_tarball_becomes_an_archive_that_works(self):
        tarball = os.environ["OX_PYTHON_SOURCE"]
        with open(tarball, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()
        build = [os.path.join(FOLDER, "build"), "--source", tarball, "--sha256", digest, "--level", "3"]
        subprocess.run([sys.executable, *build, "--output", self.folder], check=True)
        (archive,) = [name for name in os.listdir(self.folder) if name.endswith("-full.tar.zst")]
        subprocess.run([sys.executable, os.path.join(FOLDER, "check"), os.path.join(self.folder, archive)], check=True)


if __name__ == "__main__":
    unittest.main()
