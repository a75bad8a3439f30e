"""sys.executable of an executable, called as libraries call python3: -c, -m and files are answered or belong to the
application, as the setting says, and the application never starts itself without end."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import unittest
import zipfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import python_call_table  # noqa: E402
import stubkit  # noqa: E402
from stubkit import run  # noqa: E402
if os.path.realpath(sys.executable) != os.path.realpath(stubkit.PYTHON):
    os.execv(stubkit.PYTHON, [stubkit.PYTHON, *sys.argv])  # bytecode is made by the interpreter that is linked

# Started by a user, the application runs the command line that it was given through sys.executable; when it is
# reached again it says so.
APPLICATION = """
import os, subprocess, sys
if __name__ == "__main__":
    if os.environ.get("STARTED"):
        print("application again:", sys.argv[1:])
    elif "--forward" in sys.argv:
        p = subprocess.run([sys.executable, *sys.argv[2:]], env={**os.environ, "STARTED": "1"})
        print("status", p.returncode)
    elif "--shell" in sys.argv:
        p = subprocess.run(["sh", "-c", '"$0" "$@"; exit $?', sys.executable, *sys.argv[2:]],
                           env={**os.environ, "STARTED": "1"})
        print("status", p.returncode)
    elif "--name" in sys.argv:
        p = subprocess.run(sys.argv[2:], executable=sys.executable, env={**os.environ, "STARTED": "1"})
        print("status", p.returncode)
    elif "--exec" in sys.argv:
        sys.stdout.flush()
        os.execve(sys.executable, [sys.executable, *sys.argv[2:]], {**os.environ, "STARTED": "1"})
    else:
        print("application:", sys.argv[1:])
"""
# Calls itself with -c, whatever it is asked.
LOOP = "import subprocess, sys\nprint('x', end='', flush=True)\n" \
       "sys.exit(subprocess.run([sys.executable, '-c', 'print(1)'], timeout=600).returncode)\n"
# What a library would do: through a shell that stays between.
WRAPPED_LOOP = "import subprocess, sys\nprint('x', end='', flush=True)\n" \
               "p = subprocess.run(['sh', '-c', '\"$0\" -c \"print(1)\"; exit $?', sys.executable], timeout=600)\n" \
               "sys.exit(p.returncode)\n"
# Starts all that it has, a few at a time, again and again, until somebody stops it; each start leaves a mark.
BOMB = """
import os, pathlib, subprocess, sys
marks = pathlib.Path(os.environ["MARKS"])
(marks / str(os.getpid())).touch()
if len(list(marks.iterdir())) < 40:
    for _ in range(2):
        subprocess.run(eval(os.environ["COMMAND"]), timeout=600)
"""
# Runs a table of command lines with its sys.executable.
COMPARED = """
import json, os, subprocess, sys
if os.environ.get("STARTED"):
    sys.exit("application again")
results = []
for arguments, variables, text in json.load(open(sys.argv[1])):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "LC_"))}
    p = subprocess.run([sys.executable, *arguments], env={**env, **variables, "STARTED": "1"}, input=text.encode(),
                       capture_output=True, timeout=600)
    results.append([p.returncode, p.stdout.decode(errors="replace"), p.stderr.decode(errors="replace")])
json.dump(results, open(sys.argv[2], "w"))
"""
MODULE = """
import argparse, sys
if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("word")
    print(parser.parse_args().word, __name__, sys.argv[0].startswith(sys.executable + "/"), sys.flags.dont_write_bytecode)
"""


def setUpModule():
    global KIT, FOLDER, SOURCES
    FOLDER = tempfile.TemporaryDirectory(prefix="ox-call-")
    KIT = stubkit.Kit(FOLDER.name)
    SOURCES = pathlib.Path(FOLDER.name, "sources")
    SOURCES.mkdir()
    for name, text in {"application": APPLICATION, "loop": LOOP, "wrapped": WRAPPED_LOOP, "tool": MODULE, "bomb": BOMB,
                       "compared": COMPARED}.items():
        (SOURCES / f"{name}.py").write_text(text)


def tearDownModule():
    FOLDER.cleanup()


def build(setting="child", module="application", **settings):
    return KIT.build(SOURCES, with_libraries=False, run_module=module, python_arguments=setting, **settings)


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.exe = build()

    def forward(self, *arguments, exe=None):
        p = run(exe or self.exe, "--forward", *arguments)
        self.assertEqual(p.stderr, "")
        return p.stdout

    def test_a_command_runs(self):
        self.assertEqual(self.forward("-c", "print(1)"), "1\nstatus 0\n")

    def test_a_command_has_pythons_argv_and_options(self):
        code = "import sys; print(sys.argv, sys.flags.optimize, sys._xoptions, sys.warnoptions, __name__)"
        self.assertEqual(self.forward("-OOX", "a=b", "-Wignore", "-c", code, "-x", "y"),
                         "['-c', '-x', 'y'] 2 {'a': 'b'} ['ignore'] __main__\nstatus 0\n")

    def test_options_may_be_joined(self):
        self.assertEqual(self.forward("-ISc", "print('joined')"), "joined\nstatus 0\n")
        self.assertEqual(self.forward("-cprint('joined')"), "joined\nstatus 0\n")

    def test_the_exit_status_is_the_codes(self):
        self.assertEqual(self.forward("-c", "import sys; sys.exit(7)"), "status 7\n")

    def test_a_packed_module_runs(self):
        self.assertEqual(self.forward("-B", "-m", "tool", "hello"), "hello __main__ True 1\nstatus 0\n")

    def test_a_module_of_the_standard_library_runs(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "mod.py").write_text("x = 1\n")
            self.assertEqual(self.forward("-m", "compileall", "-q", folder), "status 0\n")
            self.assertEqual(len(list(pathlib.Path(folder, "__pycache__").iterdir())), 1)
        self.assertIn("usage: ", self.forward("-m", "json.tool", "--help"))

    def test_an_absent_module_is_named(self):
        p = run(self.exe, "--forward", "-m", "absent_module")
        self.assertEqual((p.stdout, p.stderr.strip().split(": ", 1)[1]), ("status 1\n", "No module named absent_module"))

    def test_files_are_importable_from_folders_that_the_code_names(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "plugin.py").write_text("print('plugin', __file__ is not None)\n")
            code = f"import runpy, sys; sys.path.insert(0, {folder!r}); runpy.run_module('plugin')"  # as ensurepip does
            self.assertEqual(self.forward("-W", "ignore", "-c", code), "plugin True\nstatus 0\n")

    def test_what_is_packed_comes_first(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "tool.py").write_text("print('wrong')\n")
            code = f"import sys; sys.path.insert(0, {folder!r}); import tool; print(tool.argparse.__name__)"
            self.assertEqual(self.forward("-c", code), "argparse\nstatus 0\n")

    def test_the_python_profile_finds_files_in_the_current_folder(self):
        exe = build(config_profile="python", parse_argv="false", site_import="false", filesystem_importer="true",
                    pathconfig_warnings="false")
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "local.py").write_text("print('local')\n")
            for arguments in (["-m", "local"], ["-c", "import local"]):
                p = run(exe, "--forward", *arguments, cwd=folder)
                self.assertEqual((p.stdout, p.stderr), ("local\nstatus 0\n", ""))

    def test_another_pythons_home_is_ignored(self):
        env = {**os.environ, "PYTHONHOME": "/absent"}
        self.assertEqual(run(self.exe, "--forward", "-c", "import json, sys; print(sys.prefix)", env=env).stdout,
                         f"{os.path.dirname(self.exe)}\nstatus 0\n")

    def test_a_configured_isolation_stays(self):
        exe = build(isolated="true")
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "local.py").write_text("print('local')\n")
            for variables in ({}, {"PYTHONPATH": folder}):
                p = run(exe, "--forward", "-c", "import local", cwd=folder, env={**os.environ, **variables})
                self.assertIn("No module named 'local'", p.stderr)

    def test_answers_call_themselves_again(self):
        inner = "import subprocess, sys; print(subprocess.check_output([sys.executable, '-c', 'print(2)']))"
        self.assertEqual(self.forward("-c", inner), "b'2\\n'\nstatus 0\n")

    def test_users_options_are_the_applications(self):
        for arguments in (["-c", "print(1)"], ["-m", "tool"], ["-Wignore", "-c", "x"]):
            self.assertEqual(run(self.exe, *arguments).stdout, f"application: {arguments}\n")

    def test_what_is_no_call_of_python_is_the_applications(self):
        for arguments in ([], ["run", "-c", "x"], ["-c"], ["-m"], ["-z", "-c", "x"], ["--", "-c", "x"], ["-W"],
                          ["--color", "-c", "x"], ["-u"], ["-h"], ["/etc/passwd"], ["/etc"], ["-v", "absent"]):
            self.assertEqual(self.forward(*arguments), f"application again: {arguments}\nstatus 0\n")

    def test_always_answers_users_too(self):
        exe = build("always")
        self.assertEqual(run(exe, "-c", "print(1)").stdout, "1\n")
        self.assertEqual(run(exe, "-x", "print(1)").stdout, "application: ['-x', 'print(1)']\n")

    def test_never_passes_everything_on(self):
        self.assertEqual(self.forward("-c", "print(1)", exe=build("never")),
                         "application again: ['-c', 'print(1)']\nstatus 0\n")

    def test_refuse_tells_its_own_processes(self):
        exe = build("refuse")
        p = run(exe, "--forward", "-c", "print(1)")
        self.assertEqual(p.stdout, "status 1\n")
        self.assertIn("is not a Python interpreter, but was started as one by its own process (-c print(1))", p.stderr)
        self.assertEqual(run(exe, "-c", "x").stdout, "application: ['-c', 'x']\n")


class Scripts(unittest.TestCase):
    """EXE [OPTIONS] FILE and what else python3 takes, from the application's own processes."""

    @classmethod
    def setUpClass(cls):
        cls.exe = build()
        cls.folder = tempfile.TemporaryDirectory(prefix="ox-script-")
        cls.at = pathlib.Path(cls.folder.name).resolve()
        cls.script = str(cls.at / "script.py")
        text = "import sys, beside, json, tool\n" \
               "print(beside.WHO, sys.argv[1:], __name__, __file__ == sys.argv[0], sys.flags.optimize)\n"
        (cls.at / "beside.py").write_text("WHO = 'beside'\n")
        (cls.at / "script.py").write_text(text)
        (cls.at / "first-line").write_text(f"#!/usr/bin/env python3\n{text}")
        (cls.at / "program").mkdir()
        (cls.at / "program/__main__.py").write_text("import other, sys\nprint(other.WHO, sys.argv[1:])\n")
        (cls.at / "program/other.py").write_text("WHO = 'other'\n")
        with zipfile.ZipFile(cls.at / "archive", "w") as archive:
            for name in ("__main__.py", "other.py"):
                archive.write(cls.at / "program" / name, name)
        with zipfile.ZipFile(cls.at / "data.zip", "w") as archive:
            archive.writestr("a.txt", "a")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def output(self, *arguments, exe=None, **options):
        p = run(exe or self.exe, *arguments, **options)
        self.assertEqual(p.stderr, "")
        return p.stdout

    def test_a_file_runs_with_its_own_folder(self):
        for how in ("--forward", "--shell", "--exec"):
            for name in ("script.py", "first-line"):
                with self.subTest(how=how, name=name):
                    status = "" if how == "--exec" else "status 0\n"
                    self.assertEqual(self.output(how, "-OuB", str(self.at / name), "a", "-c"),
                                     f"beside ['a', '-c'] __main__ True 1\n{status}")

    def test_an_isolated_script_has_no_folder(self):
        p = run(self.exe, "--forward", "-I", self.script)
        self.assertIn("ModuleNotFoundError: No module named 'beside'", p.stderr)

    def test_a_prepared_environment_is_used(self):
        with tempfile.TemporaryDirectory() as folder:
            pathlib.Path(folder, "extra.py").write_text("print('extra')\n")
            pathlib.Path(folder, "sitecustomize.py").write_text("print('site')\n")
            env = {**os.environ, "PYTHONPATH": f"/absent:{folder}"}
            self.assertEqual(self.output("--forward", "-c", "import extra", env=env), "site\nextra\nstatus 0\n")
            self.assertEqual(self.output("--forward", "-S", "-c", "import extra", env=env), "extra\nstatus 0\n")
            for option in ("-E", "-I"):
                p = run(self.exe, "--forward", option, "-c", "import extra", env=env)
                self.assertIn("No module named 'extra'", p.stderr)
            self.assertEqual(self.output(env=env), "application: []\n")

    def test_a_folder_or_archive_with_a_main_runs(self):
        for name in ("program", "archive"):
            self.assertEqual(self.output("--forward", str(self.at / name), "x"), "other ['x']\nstatus 0\n")

    def test_data_is_the_applications(self):
        for name in ("data.zip", ""):
            path = str(self.at / name)
            self.assertEqual(self.output("--forward", path), f"application again: {[path]}\nstatus 0\n")

    def test_an_absent_script_is_pythons_error(self):
        p = run(self.exe, "--forward", "absent.py")
        self.assertEqual(p.stdout, "status 2\n")
        self.assertIn("can't open file", p.stderr)

    def test_a_program_on_standard_input_runs(self):
        self.assertEqual(self.output("--forward", "-", "x", input="import sys; print(sys.argv)"), "['-', 'x']\nstatus 0\n")

    def test_the_interactive_loop_runs(self):
        self.assertIn("42", run(self.exe, "--forward", "-qi", input="6 * 7\n").stdout)
        self.assertIn("42", run(self.exe, "--forward", "-qi", "-c", "x = 6", input="x * 7\n").stdout)

    def test_the_version_is_pythons(self):
        version = subprocess.check_output([stubkit.PYTHON, "-V"], text=True)
        for option in ("-V", "--version"):
            self.assertEqual(self.output("--forward", option), f"{version}status 0\n")

    def test_argv0_may_be_python_but_not_the_applications_name(self):
        self.assertEqual(self.output("--name", "python3.11", "-c", "print(1)"), "1\nstatus 0\n")
        for arguments in (["-c", "print(1)"], [self.script]):
            self.assertEqual(self.output("--name", "tool", *arguments), f"application again: {arguments}\nstatus 0\n")

    def test_users_files_are_the_applications(self):
        for arguments in ([self.script], ["-u", self.script], ["-"], ["-V"], ["-i"], ["--version"], [str(self.at / "program")]):
            self.assertEqual(self.output(*arguments), f"application: {arguments}\n")

    def test_exec_keeps_the_processes_name(self):
        code = "print(open('/proc/self/comm').read().strip(), __import__('sys').executable)"
        name = os.path.basename(self.exe)
        self.assertEqual(self.output("--exec", "-c", code), f"{name} {self.exe}\n")

    def test_exec_of_others_is_as_it_was(self):
        code = "import os; os.execvpe('echo', ['echo', 'others'], os.environ)"
        self.assertEqual(self.output("--forward", "-c", code), "others\nstatus 0\n")

    def test_always_runs_anybodys_files(self):
        exe = build("always")
        self.assertEqual(self.output(self.script, "x", exe=exe), "beside ['x'] __main__ True 0\n")
        self.assertEqual(self.output(str(self.at / "data.zip"), exe=exe), f"application: {[str(self.at / 'data.zip')]}\n")

    def test_never_and_refuse(self):
        self.assertEqual(self.output("--forward", self.script, exe=build("never")),
                         f"application again: {[self.script]}\nstatus 0\n")
        for how in ("--forward", "--shell"):
            p = run(build("refuse"), how, self.script)
            self.assertEqual(p.stdout, "status 1\n")
            self.assertIn(f"is not a Python interpreter, but was started as one by its own process ({self.script} )", p.stderr)


class Compared(unittest.TestCase):
    """The command lines of python_call_table.py, with the interpreter and with an executable."""

    @classmethod
    def setUpClass(cls):
        cls.exe = str(KIT.build(SOURCES, run_module="compared"))

    def results(self, table, *command):
        """[(status, output, errors)], with the paths that differ made equal."""
        with tempfile.TemporaryDirectory(prefix="ox-table-") as folder:
            at = pathlib.Path(folder).resolve()
            for name, text in python_call_table.FILES.items():
                (at / name).parent.mkdir(exist_ok=True)
                (at / name).write_text(text)
            (at / "table").write_text(json.dumps(table))
            subprocess.run([*command, at / "table", at / "results"], cwd=at, check=True, timeout=stubkit.PATIENCE)
            results = json.loads((at / "results").read_text())
        return [(status, *[self.plain(text.replace(str(at), "FOLDER")) for text in texts]) for status, *texts in results]

    def plain(self, text):
        """What is bound to differ: the executable's path, files of the library in tracebacks, addresses."""
        for path, name in ((self.exe, "PYTHON"), (stubkit.PYTHON, "PYTHON"), (sysconfig.get_path("stdlib"), "PYTHON")):
            text = text.replace(path, name)
        text = re.sub(r"0x[0-9a-f]+|[\d.]+ seconds|in [\d.]+s\b", "N", text)
        return re.sub(r'File "(?!FOLDER|<)(?:PYTHON/)?([\w./]+?)(?:\.py)?"', lambda m: m[1].replace("/", "."), text)

    def compare(self, rows):
        table = [row if isinstance(row, tuple) else (row, {}, "") for row in rows]
        # The user's site-packages are nothing to an executable.
        table = [(arguments, {"PYTHONNOUSERSITE": "1", **variables}, text) for arguments, variables, text in table]
        theirs = self.results(table, stubkit.PYTHON, str(SOURCES / "compared.py"))
        ours = self.results(table, self.exe)
        for row, expected, found in zip(table, theirs, ours):
            with self.subTest(row=row):
                self.assertEqual(expected, found)

    def test_options(self):
        self.compare(python_call_table.OPTIONS)

    def test_where_code_and_modules_come_from(self):
        self.compare(python_call_table.PLACES)

    def test_ends(self):
        self.compare(python_call_table.ENDS)

    def test_variables(self):
        self.compare(python_call_table.VARIABLES)

    def test_the_librarys_tools(self):
        self.compare(python_call_table.TOOLS)

    def test_processes(self):
        self.compare(python_call_table.PROCESSES)


class Environments(unittest.TestCase):
    """Virtual environments made with an executable, and pip's prepared folders."""

    @classmethod
    def setUpClass(cls):
        cls.exe = pathlib.Path(build())
        cls.folder = tempfile.TemporaryDirectory(prefix="ox-environment-")
        cls.at = pathlib.Path(cls.folder.name).resolve()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def make(self, name, place, exe=None):
        """As venv would, with links (os.symlink) or copies (shutil.copy); the packages' folder."""
        exe = exe or self.exe
        at = self.at / name
        packages = at / f"lib/python{'.'.join(map(str, sys.version_info[:2]))}/site-packages"
        packages.mkdir(parents=True)
        (at / "bin").mkdir()
        (at / "pyvenv.cfg").write_text(f"home = {exe.parent}\ninclude-system-site-packages = false\n")
        for program in ("python", "python3", exe.name):
            place(exe, at / "bin" / program)
        return packages

    def output(self, *command, **options):
        p = run(*command, **options)
        self.assertEqual((p.stderr, p.returncode), ("", 0))
        return p.stdout

    def test_an_environments_python_is_one_for_anybody(self):
        code = "import sys; print(sys.prefix, sys.executable, sys.base_prefix != sys.prefix)"
        for place in (os.symlink, shutil.copy):
            at = self.at / place.__name__
            self.make(place.__name__, place)
            for name in ("python", "python3", self.exe.name):
                with self.subTest(place=place, name=name):
                    self.assertEqual(self.output(at / "bin" / name, "-c", code), f"{at} {at}/bin/{name} True\n")
            (at / "bin/command").write_text(f"#!{at}/bin/{self.exe.name}\nimport sys\nprint(sys.prefix, sys.argv[1:])\n")
            (at / "bin/command").chmod(0o755)
            self.assertEqual(self.output(at / "bin/command", "install"), f"{at} ['install']\n")
            path = {**os.environ, "PATH": f"{at}/bin:{os.environ['PATH']}"}
            self.assertEqual(self.output("python", "-c", code, env=path), f"{at} {at}/bin/python True\n")
            self.assertEqual(self.output(at / "bin/python", input="print(6 * 7)"), "42\n")

    def test_what_an_environment_has_comes_before_what_is_packed(self):
        packages = self.make("own", os.symlink)
        (packages / "tool.py").write_text("WHERE = 'installed'\n")
        (packages / "hook.pth").write_text("import sys; sys.hooked = 1\n")
        code = "import sys, tool, json; print(tool.WHERE, sys.hooked)"
        self.assertEqual(self.output(self.at / "own/bin/python", "-c", code), "installed 1\n")
        code = f"import subprocess; subprocess.run(['python', '-c', {code!r}], check=True)"
        path = {**os.environ, "PATH": f"{self.at}/own/bin:{os.environ['PATH']}"}
        self.assertEqual(self.output(self.at / "own/bin/python", "-c", code, env=path), "installed 1\n")

    def test_an_application_in_an_environment_is_itself(self):
        at = self.at / "installed"
        (at / "bin").mkdir(parents=True)
        (at / "pyvenv.cfg").write_text("home = /usr/bin\n")
        shutil.copy(self.exe, at / "bin/app")
        self.assertEqual(self.output(at / "bin/app", "-c", "x"), "application: ['-c', 'x']\n")

    def test_environments_do_not_multiply_the_application(self):
        (SOURCES / "nested.py").write_text(
            "import os, pathlib, shutil, subprocess, sys\n"
            "(pathlib.Path(os.environ['MARKS']) / str(os.getpid())).touch()\n"
            "at = pathlib.Path(os.environ['MARKS'] + f'-{os.getpid()}') / 'bin'\n"
            "at.mkdir(parents=True)\n"
            "own = pathlib.Path(sys.executable)\n"
            "(at.parent / 'pyvenv.cfg').write_text(f'home = {own.parent}\\n')\n"
            "if len(os.listdir(os.environ['MARKS'])) < 8:\n"
            "    for name in ('python', own.name):\n"
            "        shutil.copy(own, at / name)\n"
            "        subprocess.run([at / name, '-m', 'json.tool', '--help'], stdout=subprocess.DEVNULL)\n")
        for setting in ("child", "never", "refuse"):
            marks = self.at / f"marks-{setting}"
            marks.mkdir()
            p = run(build(setting, "nested"), env={**os.environ, "MARKS": str(marks)})
            self.assertEqual((len(os.listdir(marks)), p.returncode), (1, 0))
            self.assertEqual("is not a Python interpreter" in p.stderr, setting != "child")

    def test_prepared_folders_of_a_build(self):
        """A sitecustomize adds a folder, whose .pth file puts a package of its own in the place of a packed one: as
        setuptools, in an isolated build of pip's, does with distutils."""
        site, extra = self.at / "site", self.at / "extra"
        (extra / "real/wsgiref").mkdir(parents=True)
        site.mkdir()
        (site / "sitecustomize.py").write_text(f"import site\nsite.addsitedir({str(extra)!r})\n")
        (extra / "shim.pth").write_text("import shim\n")
        for name in ("__init__", "util"):
            (extra / f"real/wsgiref/{name}.py").write_text("WHO = 'in a folder'\n")
        (extra / "shim.py").write_text(
            "import importlib.machinery, importlib.util, os, sys\n"
            "class Finder:\n    def find_spec(self, name, path=None, target=None):\n"
            "        at = os.path.join(os.path.dirname(__file__), 'real')\n"
            "        return importlib.machinery.PathFinder.find_spec(name, [at]) if name == 'wsgiref' else None\n"
            "sys.meta_path.insert(0, Finder())\n")
        (self.at / "hook.py").write_text("import json, wsgiref.util\nprint(wsgiref.util.WHO, __name__)\n")
        runner = "import subprocess, sys; subprocess.run([sys.executable, {!r}], check=True, env={{'PYTHONPATH': {!r}}})"
        (self.at / "runner.py").write_text(runner.format(str(self.at / "hook.py"), str(site)))
        self.assertEqual(self.output(self.exe, "--forward", self.at / "runner.py"), "in a folder __main__\nstatus 0\n")


class Restarts(unittest.TestCase):
    """[sys.executable, *sys.argv] and [sys.executable, *sys.argv[1:]] are the application again."""

    @classmethod
    def setUpClass(cls):
        SOURCES.joinpath("again.py").write_text(
            "import os, subprocess, sys\n"
            "print(sys.argv, flush=True)\n"
            "how = os.environ.pop('HOW', '')\n"
            "flags = subprocess._args_from_interpreter_flags() if 'flags' in how else []\n"
            "again = sys.argv[1:] if 'rest' in how else sys.argv\n"
            "if 'run' in how:\n    subprocess.run([sys.executable, *flags, *again])\n"
            "elif how:\n    os.execv(sys.executable, [sys.executable, *flags, *again])\n")
        cls.exe = build(module="again")

    def started(self, how, *arguments, name=None):
        folder, base = os.path.split(self.exe)
        env = {**os.environ, "HOW": how, "PATH": f"{folder}:{os.environ['PATH']}"}
        p = run(name or str(self.exe), *arguments, env=env, cwd=folder)
        self.assertEqual((p.stderr, p.returncode), ("", 0))
        return p.stdout.splitlines()

    def test_with_its_own_path(self):
        base = os.path.basename(self.exe)
        for how in ("exec", "run", "exec flags", "run flags"):
            for name in (str(self.exe), f"./{base}", base):
                with self.subTest(how=how, name=name):
                    self.assertEqual(self.started(how, "x.py", "-c", name=name), [str([name, "x.py", "-c"])] * 2)

    def test_with_the_arguments_alone(self):
        for how in ("exec rest", "run rest"):
            for arguments in (["x.py"], ["-c", "1/0"], ["-"], []):
                with self.subTest(how=how, arguments=arguments):
                    self.assertEqual(self.started(how, *arguments), [str([str(self.exe), *arguments])] * 2)


class Loops(unittest.TestCase):
    def test_an_application_that_calls_python_is_not_started_again(self):
        p = run(build(module="loop"))
        self.assertEqual((p.stdout, p.stderr, p.returncode), ("x1\n", "", 0))

    def test_what_stands_between_does_not_matter(self):
        p = run(build(module="wrapped"))
        self.assertEqual((p.stdout, p.stderr, p.returncode), ("x1\n", "", 0))
        p = run(build("refuse", "wrapped"))
        self.assertEqual((p.stdout, p.returncode), ("x", 1))

    def test_a_loop_ends_where_the_application_is_started_again(self):
        for module in ("loop", "wrapped"):
            with self.subTest(module=module):
                p = run(build("never", module))
                self.assertEqual((p.stdout, p.returncode), ("x" * 8, 1))
                self.assertIn("has started itself with -c more than 8 levels deep", p.stderr)

    def count(self, exe, command):
        """How often the application runs that starts this twice, whatever it is asked."""
        with tempfile.TemporaryDirectory() as marks:
            limit = "ulimit -u 4000; exec \"$0\""
            run("sh", "-c", limit, exe, env={**os.environ, "MARKS": marks, "COMMAND": command})
            return len(os.listdir(marks))

    def test_scripts_do_not_multiply(self):
        exe = build(module="bomb")
        with tempfile.TemporaryDirectory() as folder:
            script = pathlib.Path(folder, "script.py")
            script.write_text("pass\n")
            for command in (f"[sys.executable, '{script}']", f"[sys.executable, '-u', '{script}', 'x']",
                            "[sys.executable, '-']", "[sys.executable, '-V']", f"[sys.executable, '{folder}/absent.py']",
                            f"['sh', '-c', '$0 {script} && true', sys.executable]"):
                with self.subTest(command=command):
                    self.assertEqual(self.count(exe, command), 1)
                    self.assertEqual(self.count(build("refuse", "bomb"), command), 1)

    def test_a_chain_of_anything_ends(self):
        """Also one in which each has a terminal of its own, and where there is nothing but options."""
        starts = {"word": "subprocess.run([sys.executable, 'word']).returncode",
                  "--option": "os.system(sys.executable + ' --option; exit $?') >> 8",
                  "no arguments": "subprocess.run([sys.executable], stdin=subprocess.DEVNULL).returncode",
                  "other": "pty.spawn(['sh', '-c', sys.executable + ' other; exit $?']) >> 8"}
        for name, start in starts.items():
            with self.subTest(start=start), tempfile.TemporaryDirectory() as marks:
                (SOURCES / "chain.py").write_text(
                    "import os, pathlib, pty, subprocess, sys\nmarks = pathlib.Path(os.environ['MARKS'])\n"
                    "(marks / str(os.getpid())).touch()\n"
                    f"sys.exit({start} if len(list(marks.iterdir())) < 80 else 2)\n")
                exe = build(module="chain")
                p = run(exe, env={**os.environ, "MARKS": marks}, stdin=subprocess.DEVNULL)
                self.assertEqual((len(os.listdir(marks)), p.returncode), (64, 1))
                self.assertIn(f"has started itself with {name} more than 64 levels deep", p.stdout + p.stderr)

    def test_a_replaced_executable_is_still_the_same_one(self):
        exe = build()
        code = f"cp {exe} {exe}.new && mv {exe}.new {exe}"
        forward = f"import subprocess, sys; subprocess.run(['sh', '-c', {code!r}], check=True); " \
                  "subprocess.run([sys.executable, '-c', 'print(3)'])"
        p = subprocess.run([exe, "--forward", "-c", forward], capture_output=True, text=True, timeout=stubkit.PATIENCE)
        self.assertEqual((p.stdout, p.stderr), ("3\nstatus 0\n", ""))


if __name__ == "__main__":
    unittest.main()
