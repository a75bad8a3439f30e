"""A real executable: what it imports, how it starts, how it ends. Compared with the interpreter that it holds."""
import glob
import os
import pathlib
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stubkit  # noqa: E402
from stubkit import PYTHON, run  # noqa: E402
if os.path.realpath(sys.executable) != os.path.realpath(PYTHON):
    os.execv(PYTHON, [PYTHON, *sys.argv])  # bytecode is made by the interpreter that is linked

# Programs whose output, errors, exit status and files must be those of python3 with the same file.
PROGRAMS = {
    "chained": "import json\ndef f(x):\n    return json.loads(x)\ntry:\n    f('{')\n"
               "except ValueError as e:\n    raise RuntimeError('outer') from e\n",
    "carets": "def g(a, b):\n    return (a['x'] + b['y']['z'])\ng({'x': 1}, {'y': None})\n",
    "multiline": "def f(**k): return (1\n     + k['missing']\n     + 2)\nf(\n  a=1,\n)\n",
    "syntax": "compile('a b', 'nofile', 'exec')",
    "group": "def a(): raise ValueError('v')\ntry:\n    a()\nexcept ValueError as e:\n"
             "    raise ExceptionGroup('eg', [e, TypeError('t')])\n",
    "note": "e = ValueError('x'); e.add_note('note \u00e9')\nraise e\n",
    "recursion": "def f(n): return f(n + 1)\nf(0)\n",
    "thread": "import threading\ndef run():\n    x = {}\n    x['key']\n"
              "t = threading.Thread(target=run); t.start(); t.join()\nprint('done')\n",
    "unraisable": "class A:\n    def __del__(self): 1/0\na = A()\ndel a\nprint('ok')\n",
    "traceback": "import traceback\ndef f(): return 1/0\ntry: f()\nexcept Exception: traceback.print_exc()\n",
    "logging": "import logging\ndef f(): return 1/0\ntry: f()\nexcept Exception: logging.exception('boo')\n",
    "warning": "import warnings\nwarnings.warn('w1')\n",
    "own hook": "import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1/0\n",
    "task": "import asyncio\nasync def m():\n    asyncio.create_task(bad())\n    await asyncio.sleep(0.01)\n"
            "async def bad(): raise OSError('x')\nasyncio.run(m())\n",
    "exit 3": "import sys; sys.exit(3)",
    "exit text": "import sys; sys.exit('bye \u00e9')",
    "exit none": "raise SystemExit",
    "exit large": "import sys; sys.exit(2**40)",
    "exit negative": "import sys; sys.exit(-1)",
    "exit subclass": "class E(SystemExit): pass\nraise E(4)\n",
    "exit finally": "import sys\ntry: sys.exit(5)\nfinally: print('f')\n",
    "exit builtin": "exit(6)",
    "quit builtin": "quit('why')",
    "os._exit": "import os; print('lost'); os._exit(7)",
    "interrupt": "raise KeyboardInterrupt",
    "killed": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "unclosed": "f = open('out.txt', 'w'); f.write('data' * 1000); print('\u00e9')",
    "atexit": "import atexit; atexit.register(print, 'bye'); print('hi')",
    "atexit error": "import atexit\ndef f():\n    1/0\natexit.register(f); print('hi')",
    "finaliser": "class A:\n    def __del__(self): print('del')\na = A()\n",
    "slots finaliser": "class A:\n    __slots__ = ()\n    def __del__(self): print('del')\na = A()\n",
    "frozen finaliser": "import gc\nclass A:\n    def __del__(self): print('del')\na = A()\ngc.freeze()\n",
    "generator": "def g():\n    try:\n        yield 1\n    finally:\n        print('fin')\nx = g(); next(x)\n",
    "coroutine": "async def f(): pass\nc = f()",
    "weakref": "import weakref\nclass A: pass\na = A(); r = weakref.ref(a, lambda r: print('gone'))\n",
    "finalize": "import weakref\nclass A: pass\na = A(); weakref.finalize(a, print, 'fin')\n",
    "late thread": "import threading, time\ndef r():\n    time.sleep(.2); print('late')\n"
                   "threading.Thread(target=r).start()\n",
    "daemon thread": "import threading, time\nthreading.Thread(target=lambda: time.sleep(5), daemon=True).start()\n",
    "stdout closed": "import sys\nprint('x')\nsys.stdout.close()",
    "stdout none": "import sys; sys.stdout = None; print('a')",
    "input": "print(input())",
    "encodings": "import sys; print(sys.stdout.encoding, sys.stdout.errors, sys.getfilesystemencoding(),"
                 " sys.flags.utf8_mode, sys.stdin.errors, sys.stderr.errors, '\u00e9')",
    "interned": "import codecs, os, genericpath, posixpath, sys\n"
                "for f in (codecs.open, genericpath.isfile, os.makedirs, posixpath.join):\n"
                "    print(all(sys.intern(n) is n for n in f.__code__.co_names))\n",
    "eval of literals": "import sys\n"
                        "S = [\"'abc'\", '\"a b\"', \"''\", \"'a'\", '\"it\\\'s\"', \"'a''b'\", \"'\\\\n'\", \"'\u00e9'\","
                        " \" 'x' \", \"'x'\\n\", \"'x\", \"x'\", \"'\", \"\", \"b'x'\", \"'a\\tb'\", \"'x';\", b\"'x'\"]\n"
                        "def every():\n"
                        "    for s in S:\n"
                        "        g = {}\n"
                        "        try: print(repr(s), repr(eval(s, g)), list(g))\n"
                        "        except SyntaxError as e: print(repr(s), e)\n"
                        "every()\n"
                        "print(eval(\"'abc_1'\") is sys.intern('abc_' + str(1)), eval(\"'a b'\") is eval(\"'a b'\"))\n"
                        "A, D, E = 'a', '-', ''\n"
                        "print(eval(\"'a'\") is A, eval(\"'-'\") is D, eval(\"''\") is E)\n"
                        "seen = []\n"
                        "sys.setprofile(lambda f, e, a: seen.append(('profile', e, f.f_code.co_name)))\n"
                        "eval(\"'abc'\")\n"
                        "sys.setprofile(None)\n"
                        "sys.settrace(lambda f, e, a: seen.append(('trace', e, f.f_code.co_name)))\n"
                        "eval(\"'abc'\")\n"
                        "sys.settrace(None)\n"
                        "sys.addaudithook(lambda e, a: e == 'exec' and seen.append((e, a[0].co_consts)))\n"
                        "eval(\"'abc'\")\n"
                        "every()\n"
                        "print(seen)\n",
    "names of classes": "import functools\n"
                        "class S(str):\n"
                        "    def __eq__(self, other): return str.__eq__(self, other)\n"
                        "    __hash__ = str.__hash__\n"
                        "class A: pass\n"
                        "class B(A): pass\n"
                        "seen = []\n"
                        "for i in range(300):\n"
                        "    name = 'n%d' % i\n"
                        "    for k in range(6): assert not hasattr(B, name + 'x'), name\n"
                        "    before = hasattr(B, name), hasattr(B(), S(name))\n"
                        "    setattr(A, name, i)\n"
                        "    for k in range(6): assert not hasattr(B, name + 'y'), name\n"
                        "    seen.append((before, getattr(B, ''.join(name)), getattr(B, S(name))))\n"
                        "    if i % 3 == 0: delattr(A, name)\n"
                        "    seen.append(hasattr(B, name))\n"
                        "odd = type('Odd', (B,), {1: 2, ''.join(['l', 'ate']): 5, '__len__': lambda self: 7})\n"
                        "print(odd.late, len(odd()), odd.n1, hasattr(odd, 'n0'), seen == [\n"
                        "    one for i in range(300) for one in (((False, False), i, i), i % 3 != 0)])\n"
                        "wide = type('Wide', (odd,), {'w%d' % i: i for i in range(500)})\n"
                        "print(sum(getattr(wide, 'w%d' % i) for i in range(500)), wide.late, len(wide()))\n"
                        "class C(B):\n"
                        "    def __getattr__(self, name): return name\n"
                        "print(C().what, bool(wide()), [getattr(C, n, None) for n in ('n1', 'n3', 'n4')])\n"
                        "C.__bool__ = lambda self: False\n"
                        "print(bool(C()))\n"
                        "del C.__bool__\n"
                        "print(bool(C()))\n"
                        "f = functools.lru_cache(8)(lambda x: x)\n"
                        "print([f(S('a')), f('a'), f('b'), f(1)], f.cache_info())\n",
    "memory": "def pages(): return int(open('/proc/self/statm').read().split()[1])\n"
              "kept = [[i] for i in range(400000)]\nmost = pages()\n"
              "del kept[1:]\nleft = pages()\nkept = [[i] for i in range(400000)]\n"
              "print(left < most / 2, pages() < most * 1.1, sum(i for i, in kept))\n",
    "locale": "import os; print(sorted(k for k in os.environ if k.startswith('LC_')))",
}
PAYLOAD = b"oxpaylod\4\0\0\0"  # how one starts
IN_C_LOCALE = ("encodings", "locale", "exit text", "unclosed")


def setUpModule():
    global KIT, FOLDER
    FOLDER = tempfile.TemporaryDirectory(prefix="ox-stub-")
    KIT = stubkit.Kit(FOLDER.name, sanitize=False)  # memory, system calls and speed are compared


def tearDownModule():
    FOLDER.cleanup()


class Programs(unittest.TestCase):
    """Every program above, as __main__ of an executable that holds them all."""

    @classmethod
    def setUpClass(cls):
        cls.sources = pathlib.Path(FOLDER.name, "programs")
        cls.sources.mkdir()
        for name, text in PROGRAMS.items():
            (cls.sources / (cls.module(name) + ".py")).write_text(text)

    @staticmethod
    def module(name):
        return "prog_" + re.sub(r"\W", "_", name)

    def result(self, command, module, locale):
        with tempfile.TemporaryDirectory() as folder:
            p = subprocess.run(command, capture_output=True, cwd=folder, input=b"in\n", timeout=stubkit.PATIENCE,
                               env={"PATH": os.environ["PATH"], "LC_ALL" if locale == "C" else "LANG": locale})
            out = pathlib.Path(folder, "out.txt")
            written = out.read_text() if out.exists() else None
        return p.returncode, self.plain(p.stdout, module), self.plain(p.stderr, module), written

    def plain(self, text, module):
        """File names as modules' names; addresses out."""
        text = re.sub("0x[0-9a-f]+", "0x", text.decode())
        text = text.replace(str(self.sources / module) + ".py", module)
        return re.sub(r'File "/usr/lib/python3\.\d+/([^"]*)\.py"',
                      lambda m: f'File "{re.sub("/__init__$", "", m[1]).replace("/", ".")}"', text)

    def test_programs_behave_as_with_python3(self):
        for name in PROGRAMS:
            module = self.module(name)
            executable = KIT.build(self.sources, with_libraries=False, run_module=module)
            for locale in ("C.UTF-8", "C") if name in IN_C_LOCALE else ("C.UTF-8",):
                with self.subTest(program=name, locale=locale):
                    expected = self.result([PYTHON, "-I", self.sources / f"{module}.py"], module, locale)
                    self.assertEqual(self.result([executable], module, locale), expected)
            executable.unlink()


class Wraps(unittest.TestCase):
    def test_each_file_stands_in_for_what_the_table_says(self):
        runtime = stubkit.SRCDIR / "runtime"
        rows = re.findall(r"^# wrap (\S+) +(\S+)", (runtime / "sources.list").read_text(), re.M)
        told = {(name, file) for name, file in rows}
        done = {(name, path.name) for path in (runtime / "embed").glob("wrap_*.c")
                for name in re.findall(r"\b__wrap_(\w+)", path.read_text())}
        self.assertEqual(told, done)


class Index(unittest.TestCase):
    """What is given to the finder of an executable stands beside and before its payload."""

    PROGRAM = """
import sys, importlib
from oxidized_importer import OxidizedFinder, OxidizedResource
f = sys.meta_path[0]
def resource(name, **values):
    r = OxidizedResource()
    r.name, r.is_module = name, True
    for n, v in values.items():
        setattr(r, n, v)
    return r
all_of = {r.name: r for r in f.indexed_resources()}
assert list(all_of) == sorted(all_of) and len(all_of) > 300
json, top = all_of['json'], all_of['sys']
assert json.is_package and json.is_module and json.in_memory_source.startswith(b'r') and json.in_memory_bytecode
assert top.is_builtin_extension_module and not json.is_builtin_extension_module
g = OxidizedFinder(resources=f.serialize_indexed_resources())
assert g.get_code('json.tool').co_names == f.get_code('json.tool').co_names
assert g.find_spec('sys', None) is None
assert [r.name for r in g.indexed_resources()] == [n for n, r in all_of.items()
                                                   if not (r.is_builtin_extension_module or r.is_frozen_module)]
more = OxidizedFinder()
more.add_resources([resource('textwrap', in_memory_package_resources={'x': b'1'}, is_package=True),
                    resource('brandnew', in_memory_source=b'y = 2')])
f.index_bytes(more.serialize_indexed_resources())
assert f.get_resource_reader('textwrap').contents() == ['x']
import textwrap, brandnew
assert textwrap.dedent(' a') == 'a' and brandnew.y == 2
assert textwrap.__path__ == [sys.executable + '/textwrap']
f.add_resource(resource('json', in_memory_source=b'z = 3'))
import json
assert json.z == 3 and f.find_spec('json.decoder', None)
f.add_resource(resource('nis_of_ours.sub', in_memory_source=b''))
assert ('nis_of_ours', True) in f.iter_modules() and ('brandnew', False) in f.iter_modules()
assert len([n for n, _ in f.iter_modules() if n == 'json']) == 1
import nis_of_ours.sub
print('done')
"""

    ALIKE = """
import sys, marshal
from oxidized_importer import OxidizedFinder
f = sys.meta_path[0]
g = OxidizedFinder(resources=f.serialize_indexed_resources(), relative_path_origin=f.origin)
g.index_interpreter_builtins()

def spec(finder, name):
    s = finder.find_spec(name, None)
    return s and (s.name, s.origin, s.has_location, s.cached, s.submodule_search_locations, s.loader is finder)
def code(finder, name):
    found = finder.get_code(name)
    return found and marshal.dumps(found)
def walk(node):
    return [(n.name, n.read_bytes() if n.is_file() else walk(n)) for n in node.iterdir()]
def files(finder, name):
    reader = finder.get_resource_reader(name)
    return reader and (reader.contents(), walk(reader.files()))
def path(finder, name):
    return finder.path_hook_base_str + '/' + name.replace('.', '/')
def members(finder, name):
    return finder.path_hook(path(finder, name)).iter_modules()
def source_file(finder, name):
    return finder.get_data(path(finder, name) + '.py')
def init_file(finder, name):
    return finder.get_data(path(finder, name) + '/__init__.py')
def source(finder, name):
    return finder.get_source(name)
def is_package(finder, name):
    return finder.is_package(name)
def filename(finder, name):
    return finder.get_filename(name)

def answer(ask, finder, name):
    try:
        return ask(finder, name)
    except (ImportError, OSError) as e:
        return type(e), str(e), getattr(e, 'name', None)
frozen = {r.name for r in f.indexed_resources() if r.is_frozen_module}
names = [r.name for r in f.indexed_resources() if not (r.is_frozen_module or r.is_builtin_extension_module)]
for name in names + ['', 'absent', 'json.', '.json', 'json.absent', 'json.__init__', 'encodings.x.y', 'json.tool.x']:
    for ask in (spec, code, files, members, source_file, init_file, source, is_package, filename):
        if ask is not members or name and not any(n.startswith(name + '.') for n in frozen):
            a, b = answer(ask, f, name), answer(ask, g, name)
            assert a == b, (ask.__name__, name, str(a)[:200], str(b)[:200])
print(len(names) > 300)
"""

    def test_the_payload_answers_as_given_resources_do(self):
        folder = pathlib.Path(FOLDER.name, "alike/apkg")
        (folder / "sub/deep").mkdir(parents=True)
        for name in ("__init__.py", "mod.py", "a.txt", "sub/__init__.py", "sub/b.txt", "sub/deep/m.py"):
            (folder / name).write_text("# " + name)
        result = run(KIT.build(folder.parent, run_command=self.ALIKE))
        self.assertEqual((result.stdout, result.stderr), ("True\n", ""))

    def test_given_resources_and_the_payload_are_one_index(self):
        result = run(KIT.build(run_command=self.PROGRAM))
        self.assertEqual((result.stdout, result.stderr), ("done\n", ""))


class Start(unittest.TestCase):
    def test_sys_describes_the_executable(self):
        exe = KIT.build(run_command="import sys\nprint(sys.oxidized, sys.frozen, sys.executable, sys.path, sys.argv,"
                                    " [type(f).__name__ for f in sys.meta_path])")
        self.assertEqual(run(exe, "a", "-b").stdout,
                         f"True True {exe} [] {[str(exe), 'a', '-b']} ['OxidizedFinder']\n")

    def test_settings_are_applied(self):
        exe = KIT.build(run_command="import sys\nprint(sys.flags.optimize, sys.flags.hash_randomization, sys.path,"
                                    " sys._xoptions, sys.warnoptions, sys._MEIPASS, sys.argvb[1:],"
                                    " sys.stdout.encoding, 'frozen' in dir(sys))",
                        optimization_level="2", hash_seed="0", module_search_paths="$ORIGIN/lib,/x,",
                        x_options="a=b,c,", warn_options="error,", sys_meipass="true", argvb="true",
                        stdio_encoding="latin-1", sys_frozen="false")
        origin = str(exe.parent)
        self.assertEqual(run(exe, "\u00e9").stdout.strip(),
                         f"2 0 {[origin + '/lib', '/x']} {{'a': 'b', 'c': True}} ['error'] {origin}"
                         f" {['é'.encode()]} iso8859-1 False")

    def test_importers_are_those_of_the_settings(self):
        """Where modules come from, and what asks for them."""
        look = ("import sys, errno\nname = lambda f: getattr(f, '__name__', type(f).__name__)\n"
                "print([name(f) for f in sys.meta_path], [name(h) for h in sys.path_hooks], errno.__loader__.__name__)")
        files, hooks = ["PathFinder"], ["zipimporter", "path_hook_for_FileFinder"]
        own = ["BuiltinImporter", "FrozenImporter"]
        stdlib = sysconfig.get_path("stdlib")
        for oxidized, filesystem, path, path_hooks in (
                ("false", "true", own + files, hooks), ("true", "true", ["OxidizedFinder"] + files, ["path_hook"] + hooks),
                ("false", "false", own, []), ("true", "false", ["OxidizedFinder"], ["path_hook"])):
            p = run(KIT.build(run_command=look, with_libraries=False, oxidized_importer=oxidized,
                              filesystem_importer=filesystem, module_search_paths=f"{stdlib},{stdlib}/lib-dynload,"))
            self.assertEqual(p.stdout, f"{path} {path_hooks} BuiltinImporter\n", p.stderr)

    def test_the_start_method_is_set_when_multiprocessing_is_imported(self):
        look = ("import sys, multiprocessing as m\n"
                "print(sys.meta_path[0].multiprocessing_set_start_method, m.get_start_method())")
        old = sys.version_info < (3, 14)  # when fork is CPython's own way
        default, auto = ("None fork", "None fork") if old else ("None forkserver", "fork fork")
        for method, told in (("none", default), ("fork", "fork fork"), ("forkserver", "forkserver forkserver"),
                             ("spawn", "spawn spawn"), ("auto", auto)):
            self.assertEqual(run(KIT.build(run_command=look, multiprocessing_start_method=method)).stdout, told + "\n")

    def test_files_can_be_imported_when_asked_for(self):
        exe = KIT.build(run_command="import beside_me; print(beside_me.__file__)", filesystem_importer="true",
                        module_search_paths="$ORIGIN/beside,")
        (exe.parent / "beside").mkdir(exist_ok=True)
        (exe.parent / "beside/beside_me.py").write_text("")
        self.assertEqual(run(exe).stdout, f"{exe.parent}/beside/beside_me.py\n")

    def test_a_package_runs_through_its_main(self):
        folder = pathlib.Path(FOLDER.name, "pkgmain/pkg")
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("print('init')")
        (folder / "__main__.py").write_text("from . import other\nprint(__name__, __package__, __spec__.name)")
        (folder / "other.py").write_text("")
        self.assertEqual(run(KIT.build(folder.parent, run_module="pkg")).stdout, "init\n__main__ pkg pkg.__main__\n")

    def test_an_absent_module_is_named(self):
        p = run(KIT.build(run_module="nope"))
        self.assertEqual((p.returncode, p.stderr.split(": ", 1)[1]), (1, "No module named nope\n"))

    def test_a_file_and_standard_input_run_as_with_python3(self):
        script = pathlib.Path(FOLDER.name, "script.py")
        script.write_text("import sys\nprint(__file__, sys.argv[1:])\nsys.exit(9)")
        p = run(KIT.build(run_filename=str(script)), "x")
        self.assertEqual((p.returncode, p.stdout), (9, f"{script} ['x']\n"))
        p = run(KIT.build(), input="print(6 * 7)\n")
        self.assertEqual((p.returncode, p.stdout), (0, "42\n"))

    def test_no_file_is_opened_for_an_import(self):
        exe = KIT.build(run_command="import json, asyncio, sqlite3, ssl")
        trace = exe.parent / "trace"
        p = run("strace", "-f", "-e", "trace=open,openat,openat2,stat,newfstatat,readlink", "-o", trace, exe)
        self.assertEqual(p.returncode, 0, p.stderr)
        touched = set(re.findall(r'\((?:AT_FDCWD, )?"(/[^"]*)"', trace.read_text()))
        allowed = re.compile(r"/etc/(ld\.so|localtime)|(/usr)?/lib/(x86_64|locale)|/dev/"
                             r"|/usr/share/(locale|zoneinfo)|/proc/(self/(exe|fd|task|maps)|\d+/(exe|stat)|sys/vm/)"
                             r"|/usr/lib/ssl|/usr/local/ssl")
        self.assertEqual([t for t in touched if not allowed.match(t) and t != str(exe)], [])

    @unittest.skipUnless(os.path.exists("/sys/kernel/mm/transparent_hugepage"), "this kernel has no huge pages")
    def test_huge_pages_are_for_programs_with_much_code(self):
        """Not for those with few modules, whatever else they carry: a start would pay for a page that it hardly uses."""
        asks = "import re; print(bool(re.search('^VmFlags:.* hg', open('/proc/self/smaps').read(), re.M)))"
        folder = pathlib.Path(FOLDER.name, "much")
        for name, modules, data in ("code", 5, 0), ("files", 1, 2 << 20):
            (folder / name / "pkg").mkdir(parents=True)
            for number in range(modules):
                (folder / name / f"module{number}.py").write_text("#" * (60 << 10))
            (folder / name / "pkg/__init__.py").write_text("")
            (folder / name / "pkg/data").write_bytes(bytes(data))
        self.assertEqual([run(KIT.build(folder / name, with_libraries=False, run_command=asks)).stdout
                          for name in ("code", "files")], ["True\n", "False\n"])

    def test_fewer_system_calls_than_python(self):
        counts = []
        for command in ([PYTHON, "-I", "-S", "-c", "pass"], [KIT.build(run_command="pass")]):
            trace = pathlib.Path(FOLDER.name, "calls")
            run("strace", "-f", "-o", trace, *command)
            counts.append(len(trace.read_text().splitlines()))
        self.assertLess(counts[1], counts[0])


class End(unittest.TestCase):
    def test_interrupt_raises_and_then_kills_by_the_signal(self):
        exe = KIT.build(run_command="import time\ntry:\n    print('up', flush=True)\n    time.sleep(30)\n"
                                    "finally:\n    print('cleaned')")
        p = subprocess.Popen([exe], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        p.stdout.readline()
        p.send_signal(signal.SIGINT)
        out, err = p.communicate(timeout=stubkit.PATIENCE)
        self.assertEqual((p.returncode, out), (-signal.SIGINT, "cleaned\n"))
        self.assertTrue(err.endswith("KeyboardInterrupt\n"), err)

    def test_a_broken_pipe_is_reported_as_by_python3(self):
        for code in ("print('x')", "import sys; sys.stdout.write('x' * 100000)"):
            results = []
            for command in ([PYTHON, "-I", "-c", code], [KIT.build(run_command=code)]):
                read, write = os.pipe()
                os.close(read)
                p = subprocess.run(command, stdout=write, stderr=subprocess.PIPE)
                os.close(write)
                results.append((p.returncode, p.stderr))
            self.assertEqual(results[1], results[0])

    def test_a_full_device_is_reported_as_by_python3(self):
        results = []
        for command in ([PYTHON, "-I", "-c", "print('x')"], [KIT.build(run_command="print('x')")]):
            with open("/dev/full", "w") as full:
                p = subprocess.run(command, stdout=full, stderr=subprocess.PIPE)
            results.append((p.returncode, p.stderr))
        self.assertEqual(results[1], results[0])

    @unittest.skipIf(sys.version_info < (3, 13), "names the module, and with it the file that it is from")
    def test_an_error_while_threads_are_waited_for_is_reported_as_by_python3(self):
        code = "import threading\ndef late(): raise ValueError('late')\nthreading._shutdown = late"
        results = [run(*command) for command in ([PYTHON, "-I", "-c", code], [KIT.build(run_command=code)])]
        self.assertEqual(*[(p.returncode, p.stderr) for p in results])
        self.assertIn("ignored on threading shutdown", results[1].stderr)

    def test_a_file_in_a_reference_cycle_is_complete(self):
        """python3 itself loses what such a file holds."""
        with tempfile.TemporaryDirectory() as folder:
            exe = KIT.build(with_libraries=False, run_command="class A: pass\na = A(); a.a = a\n"
                                                              "a.f = open('out.txt', 'w'); a.f.write('data')\ndel a\n")
            run(exe, cwd=folder)
            self.assertEqual(pathlib.Path(folder, "out.txt").read_text(), "data")

    def test_a_database_that_is_still_open_is_closed(self):
        with tempfile.TemporaryDirectory() as folder:
            exe = KIT.build(run_command="import sqlite3; c = sqlite3.connect('x.db');"
                                        "c.execute('pragma journal_mode=wal'); c.execute('create table t(a)')")
            self.assertEqual(run(exe, cwd=folder).returncode, 0)
            self.assertEqual(os.listdir(folder), ["x.db"])

    def test_teardown_is_skipped_only_where_nothing_is_lost(self):
        """An audit hook sees the interpreter being cleared."""
        hook = ("import os, sys\nsys.addaudithook(lambda event, args, write=os.write:"
                " event == 'cpython.PyInterpreterState_Clear' and write(1, b'torn down'))\n")
        harmless = "import json, ssl, sqlite3, ctypes, logging, asyncio, decimal"
        for code, expected in ((harmless, ""), ("class A:\n def __del__(s): pass\na = A()", "torn down")):
            self.assertEqual(run(KIT.build(run_command=hook + code)).stdout, expected)


class Imports(unittest.TestCase):
    def check(self, code, expected, **options):
        p = run(KIT.build(run_command=code, **options))
        self.assertEqual((p.returncode, p.stdout), (0, expected), p.stderr)

    def test_extension_modules_load_from_memory_with_their_libraries(self):
        self.check("import json, sqlite3, ssl, ctypes, asyncio, lzma, curses, bz2, decimal, zoneinfo, uuid\n"
                   "print(len(lzma.compress(b'x')) > 0, hasattr(ssl._ssl, '__file__'),"
                   " sqlite3.connect(':memory:').execute('select 2').fetchone(), decimal.Decimal('1.5') * 2)",
                   "True False (2,) 3.0\n")

    def test_modules_in_memory_have_no_file(self):
        self.check("import json.decoder as d, json, sys\n"
                   "print(hasattr(d, '__file__'), hasattr(d, '__cached__'), json.__path__ == [sys.executable + '/json'],"
                   " type(d.__loader__).__name__, d.__spec__.origin, d.__package__)",
                   "False False True OxidizedFinder None json\n")

    def test_sources_and_code_are_offered(self):
        self.check("import inspect, json, sys\nf = sys.meta_path[0]\n"
                   "print(inspect.getsource(json.dumps)[:10], f.is_package('json'), f.is_package('json.tool'),"
                   " f.get_code('json').co_name, f.get_source('sys'))\n"
                   "try: f.is_package('nope')\nexcept ImportError as e: print(e.name)",
                   "def dumps( True False <module> None\nnope\n")

    def test_sources_are_found_where_a_module_stands_for_another(self):
        """What _pydecimal calls itself is the name of a module with other sources."""
        self.check("import _pydecimal, inspect, sys\nsys.modules['decimal'] = _pydecimal\n"
                   "print(inspect.getsource(_pydecimal.Decimal)[:21])", "class Decimal(object)\n")

    def test_packages_can_be_walked(self):
        names = [f"json.{name}" for name in ("__main__", "decoder", "encoder", "scanner", "tool")]
        del names[:sys.version_info < (3, 14)]
        self.check("import pkgutil, json\nprint([m.name for m in pkgutil.walk_packages(json.__path__, 'json.')],"
                   " 'json' in [m.name for m in pkgutil.iter_modules()])",
                   f"{names} True\n")

    def test_resources_are_read(self):
        folder = pathlib.Path(FOLDER.name, "withdata/dpkg")
        (folder / "sub").mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        (folder / "sub/__init__.py").write_text("")
        (folder / "a.txt").write_text("caf\u00e9\n", encoding="utf-8")
        (folder / "sub/b.bin").write_bytes(b"\0\1")
        exe = KIT.build(folder.parent, run_command=(
            "import importlib.resources as r, sys\nf = r.files('dpkg')\n"
            "print([(c.name, c.is_dir()) for c in f.iterdir()], f.joinpath('a.txt').read_text('utf-8').strip())\n"
            "print((f / 'sub' / 'b.bin').read_bytes(), r.files('dpkg.sub').joinpath('b.bin').is_file())\n"
            "print(f.joinpath('no').is_file(), f.joinpath('no').is_dir(), (f / 'a.txt').open('rb').read(3))\n"
            "with r.as_file(f / 'a.txt') as p: print(p.read_text('utf-8').strip())\n"
            "print(sys.meta_path[0].get_data(sys.executable + '/dpkg/sub/b.bin'))\n"
            "try: f.joinpath('no').read_bytes()\nexcept FileNotFoundError as e: print('missing')"))
        self.assertEqual(run(exe, env={"LANG": "C.UTF-8"}).stdout.splitlines(), [
            "[('a.txt', False), ('sub', True)] café", "b'\\x00\\x01' True", "False False b'caf'", "café",
            "b'\\x00\\x01'", "missing"])

    def test_metadata_is_found(self):
        info = pathlib.Path(FOLDER.name, "meta/Some_Dist-1.5.dist-info")
        info.mkdir(parents=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: Some.Dist\nVersion: 1.5\nRequires-Dist: x>1\n")
        (info / "entry_points.txt").write_text("[console_scripts]\nsome = json.tool:main\n")
        exe = KIT.build(info.parent, run_command=(
            "import importlib.metadata as m\nprint(m.version('some-dist'), m.metadata('some.dist')['Name'],"
            " m.requires('Some_Dist'))\n"
            "print([(e.name, e.load().__name__) for e in m.entry_points(group='console_scripts')],"
            " [d.name for d in m.distributions()])\n"
            "try: m.version('nope')\nexcept m.PackageNotFoundError as e: print('absent', e.name)"))
        self.assertEqual(run(exe).stdout.splitlines(), [
            "1.5 Some.Dist ['x>1']", "[('some', 'main')] ['Some.Dist']", "absent nope"])

    def test_freezing_and_archives_work_inside(self):
        self.check("import io, oxidized_importer as o, pathlib, sys, tempfile, zipfile\n"
                   "with tempfile.TemporaryDirectory() as folder:\n"
                   "    package = pathlib.Path(folder, 'fa/fb')\n    package.mkdir(parents=True)\n"
                   "    (package / 'm.py').write_text('x = 41')\n    (package / 'd.txt').write_text('t')\n"
                   "    c = o.OxidizedResourceCollector(policy='in-memory-only')\n"
                   "    for r in o.find_resources_in_path(folder): c.add_in_memory(r)\n"
                   "resources, files = c.oxidize()\n"  # with this interpreter, not by starting the program again
                   "finder = o.OxidizedFinder()\nfinder.add_resources(resources)\n"
                   "frozen = o.OxidizedFinder(resources=finder.serialize_indexed_resources())\n"
                   "archive = io.BytesIO()\n"
                   "with zipfile.ZipFile(archive, 'w', 8) as z: z.writestr('zm.py', 'y = 5\\n' * 50)\n"
                   "sys.meta_path[:0] = [frozen, o.OxidizedZipFinder.from_zip_data(archive.getvalue())]\n"
                   "import fa.fb.m, zm\n"
                   "print(fa.fb.m.x, fa.__loader__ is frozen, frozen.get_resource_reader('fa.fb').contents(), zm.y,"
                   " zm.__file__ == sys.executable + '/zm.py')",
                   "41 True ['d.txt'] 5 True\n")

    def test_namespace_packages_need_no_init(self):
        folder = pathlib.Path(FOLDER.name, "spaces/space/inner")
        folder.mkdir(parents=True)
        (folder / "mod.py").write_text("x = 1")
        exe = KIT.build(folder.parent.parent, run_command=(
            "import space.inner.mod, pkgutil\nprint(space.inner.mod.x, list(space.__path__) != [],"
            " [m.name for m in pkgutil.iter_modules(space.__path__)])"))
        self.assertEqual(run(exe).stdout, "1 True ['inner']\n")

    def test_multiprocessing_starts_helpers_and_not_the_program_again(self):
        folder = pathlib.Path(FOLDER.name, "many")
        folder.mkdir()
        (folder / "manyapp.py").write_text(
            "import multiprocessing as mp\nfrom multiprocessing import shared_memory\n"
            "def square(x): return x * x\n"
            "if __name__ == '__main__':\n"
            "    for m in ('fork', 'spawn', 'forkserver'):\n"
            "        with mp.get_context(m).Pool(2) as p: print(m, p.map(square, [1, 2, 3]))\n"
            "    s = shared_memory.SharedMemory(create=True, size=10); s.close(); s.unlink()\n")
        for frozen in ("true", "false"):
            p = run(KIT.build(folder, run_module="manyapp", sys_frozen=frozen))
            self.assertEqual((p.stdout, p.stderr),
                             ("fork [1, 4, 9]\nspawn [1, 4, 9]\nforkserver [1, 4, 9]\n", ""))


class Settings(unittest.TestCase):
    def test_the_python_profile_takes_pythons_own_options(self):
        exe = KIT.build(config_profile="python", with_libraries=False)
        self.assertEqual(run(exe, "--version").stdout, "Python " + sys.version.split()[0] + "\n")
        self.assertEqual(run(exe, "-c", "import sys; print(sys.argv)", "x").stdout, "['-c', 'x']\n")

    def test_an_allocator_that_is_not_there_is_named(self):
        p = run(KIT.build(run_command="pass", allocator_backend="jemalloc", with_libraries=False))
        self.assertEqual(p.returncode, 1)
        self.assertIn("jemalloc is not linked into this executable", p.stderr)

    def test_the_names_of_loaded_modules_are_written(self):
        with tempfile.TemporaryDirectory() as folder:
            exe = KIT.build(run_command="import json; raise SystemExit(3)", write_modules_directory_env="OX_MODULES",
                            with_libraries=False)
            self.assertEqual(run(exe, env={"OX_MODULES": folder + "/new"}).returncode, 3)
            file, = pathlib.Path(folder, "new").iterdir()
            names = file.read_text().splitlines()
        self.assertEqual(names, sorted(names))
        self.assertIn("json.decoder", names)


class Files(unittest.TestCase):
    """What has to be a real file, and the cache that holds it."""

    def setUp(self):
        self.cache = tempfile.TemporaryDirectory()
        self.env = {"XDG_CACHE_HOME": self.cache.name, "PATH": os.environ["PATH"]}
        self.addCleanup(self.cache.cleanup)

    def build_with_file(self, code):
        """_lzma again in a later segment, which wins, as a library that needs a file."""
        path = next(pathlib.Path(sysconfig.get_path("stdlib"), "lib-dynload").glob("_lzma.*.so"))
        return KIT.build(extra=[("library", "_lzma", path), ("need", "_lzma", "liblzma.so.5"),
                                ("flag", "_lzma", stubkit.NEEDS_FILE)], run_command=code)

    def test_a_library_that_needs_a_file_is_extracted_once_and_checked(self):
        exe = self.build_with_file("import lzma, _lzma; print(_lzma.__file__)")
        file, = [pathlib.Path(run(exe, env=self.env).stdout.strip())]
        self.assertTrue(file.is_relative_to(self.cache.name))
        before = file.stat()
        self.assertEqual(before.st_mode & 0o777, 0o700)
        run(exe, env=self.env)
        self.assertEqual(file.stat().st_ino, before.st_ino)
        content = file.read_bytes()
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        self.assertEqual(run(exe, env=self.env).returncode, 0)
        self.assertEqual(file.read_bytes(), content)

    LIBRARY = "import lzma; print([l.split()[-2:] for l in open('/proc/self/maps') if 'liblzma' in l][0])"

    def build_with_large(self, code=""):
        """_lzma's library again, as one that is better a file, and a package that needs files."""
        path = pathlib.Path("/lib", stubkit.MULTIARCH, "liblzma.so.5")
        folder = pathlib.Path(self.cache.name, "modules/files")
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        return KIT.build(folder.parent, flags=[("files", stubkit.WANTS_FILE)], run_command=code + self.LIBRARY,
                         extra=[("soname", "liblzma.so.5", path), ("flag", "liblzma.so.5", stubkit.PREFERS_FILE)])

    def test_a_large_library_is_a_file_where_there_are_others(self):
        exe = self.build_with_large("import files; ")
        self.assertIn(self.cache.name, run(exe, env=self.env).stdout)
        file, = pathlib.Path(self.cache.name).rglob("liblzma.so.5")
        content = file.read_bytes()
        file.write_bytes(b"\0" * len(content))
        self.assertIn(self.cache.name, run(exe, env=self.env).stdout)
        self.assertEqual(file.read_bytes(), content)

    def test_a_large_library_is_in_memory_where_nothing_else_is_extracted(self):
        exe = self.build_with_large()
        self.assertIn("memfd:liblzma", run(exe, env=self.env).stdout)
        self.assertEqual(os.listdir(self.cache.name), ["modules"])

    def test_a_large_library_is_in_memory_where_no_file_can_be_made(self):
        exe = self.build_with_large("import files; ")
        run(exe, env=self.env)
        file, = pathlib.Path(self.cache.name).rglob("liblzma.so.5")
        file.unlink()
        file.mkdir()
        p = run(exe, env=self.env)
        self.assertIn("memfd:liblzma", p.stdout, p.stderr)

    def test_a_cache_of_somebody_else_is_not_used(self):
        exe = self.build_with_file("import _lzma; print(_lzma.__file__)")
        pathlib.Path(self.cache.name, "oxidizer").mkdir()
        os.chmod(pathlib.Path(self.cache.name, "oxidizer"), 0o777)
        path = run(exe, env={**self.env, "HOME": self.cache.name}).stdout.strip()
        self.assertTrue(path.startswith(self.cache.name + "/.cache/oxidizer/extracted/"), path)

    def test_a_package_that_wants_files_has_them(self):
        folder = pathlib.Path(FOLDER.name, "wants/wpkg")
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("import os\nd = open(os.path.join(os.path.dirname(__file__), 'd.txt')).read()")
        (folder / "d.txt").write_text("data")
        exe = KIT.build(folder.parent, flags=[("wpkg", stubkit.WANTS_FILE)],
                        run_command="import wpkg; print(wpkg.d, wpkg.__spec__.has_location)")
        self.assertEqual(run(exe, env=self.env).stdout, "data True\n")

    def test_a_search_path_that_is_replaced_while_it_is_compared(self):
        folder = pathlib.Path(FOLDER.name, "hostile/hpkg")
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text("")
        exe = KIT.build(folder.parent, flags=[("hpkg", stubkit.WANTS_FILE)], allocator_debug="true", run_command=(
            "import sys\nclass Entry(str):\n    def __eq__(self, other):\n        sys.path = []\n        return False\n"
            "    __hash__ = str.__hash__\nsys.path = [Entry(n) for n in range(50)]\n"
            "import hpkg; print(hpkg.__spec__.has_location, sys.path)"))
        p = run(exe, env=self.env)
        self.assertEqual((p.stdout, p.stderr, p.returncode), ("True []\n", "", 0))

    def test_a_frozen_module_that_wants_a_file_has_it(self):
        """So has a module of a package: importlib.util is frozen, too, as stat is."""
        exe = KIT.build(flags=[(name, stubkit.WANTS_FILE) for name in ("abc", "codecs", "importlib", "os")], run_command=(
            "import abc, codecs, importlib.util, os, stat, sys\nfor module in abc, codecs, importlib.util, os:\n"
            "    print(open(module.__file__).read() == sys.meta_path[0].get_source(module.__name__))\n"
            "print(os.path.dirname(abc.__file__) == os.path.dirname(os.__file__), hasattr(stat, '__file__'))"))
        result = run(exe, env=self.env)
        self.assertEqual((result.stdout, result.stderr), ("True\n" * 4 + "True False\n", ""))

    def test_the_real_folder_of_such_a_package_is_in_its_path(self):
        """jinja2.PackageLoader and Django look for folders in __path__; programs list their modules beside __file__."""
        folder = pathlib.Path(FOLDER.name, "listed/lpkg")
        (folder / "sub").mkdir(parents=True)
        for name in "__init__.py", "one.py", "sub/__init__.py", "sub/two.py":
            (folder / name).write_text("")
        (folder / "d.txt").write_text("data")
        (folder / "sub/e.txt").write_text("data")
        exe = KIT.build(folder.parent, flags=[("lpkg", stubkit.WANTS_FILE)], run_command=(
            "import lpkg, os, pkgutil, sys\nreal, virtual = lpkg.__path__\n"
            "print(os.path.exists(real + '/d.txt'), virtual == sys.executable + '/lpkg')\n"
            "print([m.name for m in pkgutil.iter_modules([real + '/sub'])], sorted(os.listdir(real + '/sub')))\n"
            "print([m.name for m in pkgutil.iter_modules([os.path.dirname(sys.executable) + '/lib/lpkg/sub'])])\n"
            "print([(m.name, m.ispkg) for m in pkgutil.iter_modules([os.path.dirname(lpkg.__file__)])])\n"
            "print([m.name for m in pkgutil.walk_packages(lpkg.__path__, 'lpkg.')])\n"
            "from oxidized_importer import OxidizedPkgResourcesProvider as P\n"
            "print(P(lpkg).get_resource_filename(None, 'd.txt') == real + '/d.txt')\n"
            "print(list(pkgutil.iter_modules([os.path.dirname(real)])))"))
        self.assertEqual(run(exe, env=self.env).stdout, "True True\n['two'] ['__init__.py', 'e.txt', 'two.py']\n['two']\n"
                         "[('one', False), ('sub', True)]\n"
                         "['lpkg.one', 'lpkg.sub', 'lpkg.sub.two']\nTrue\n[]\n")


    def test_files_of_a_package_lie_together_whichever_segment_brings_them(self):
        """And code of one segment says that a package of another wants files."""
        folder = pathlib.Path(FOLDER.name, "apart/apkg")
        (folder / "sub").mkdir(parents=True)
        for name in "__init__.py", "sub/__init__.py":
            (folder / name).write_text("")
        for name in "d.txt", "late.txt":
            (folder / name).write_text(name)
        later = [("segment", "-"), ("file", "apkg.sub", f"late.txt={folder}/late.txt"),
                 ("file", "apkg.sub", f"t/d.txt={folder}/d.txt"), ("flag", "apkg", stubkit.WANTS_FILE)]
        exe = KIT.build(folder.parent, extra=later, run_command=(
            "import apkg.sub, os\nhere = os.path.dirname(apkg.__file__)\n"
            "print(sorted(os.listdir(here)), sorted(os.listdir(here + '/sub')), open(here + '/sub/t/d.txt').read())\n"
            "print(os.path.dirname(apkg.sub.__file__) == here + '/sub')"))
        expected = ("['__init__.py', 'd.txt', 'late.txt', 'sub'] ['__init__.py', 'late.txt', 't'] d.txt\n"
                    "True\n")
        self.assertEqual(run(exe, env=self.env).stdout, expected)
        late, = pathlib.Path(self.cache.name).glob("oxidizer/extracted/*/apkg/sub/late.txt")
        before = late.stat()
        self.assertEqual(run(exe, env=self.env).stdout, expected)
        self.assertEqual(late.stat().st_ctime_ns, before.st_ctime_ns)
        late.write_text("altered!")  # of the same length
        self.assertEqual(run(exe, env=self.env).stdout, expected)
        self.assertEqual(late.read_text(), "late.txt")


class Damage(unittest.TestCase):
    def test_a_stub_without_payload_says_so(self):
        p = run(KIT.stub)
        self.assertEqual((p.returncode, p.stderr), (1, f"{KIT.stub}: no payload\n"))

    def test_an_executable_that_was_cut_says_so(self):
        exe = KIT.build(run_command="print('ran')")
        image = exe.read_bytes()
        start = image.index(PAYLOAD)
        end = start + int.from_bytes(image[start + 16:start + 24], "little")
        cut = exe.with_name("cut")
        for size in (start, start + 1, start + stubkit.PAGE, (start + end) // 2, end - 1):
            cut.write_bytes(image[:size])
            cut.chmod(0o755)
            p = run(cut)
            self.assertEqual((p.returncode, p.stdout), (1, ""), size)
            self.assertTrue(p.stderr.startswith(f"{cut}: this executable is cut short ({size} bytes"), p.stderr)
        loader, = glob.glob("/lib64/ld-linux-*.so.2") or [None]
        self.assertEqual(run(*filter(None, (loader, exe))).stdout, "ran\n")

    def altered(self, exe, part, place):
        image = bytearray(exe.read_bytes())
        image[image.index(part) + place] ^= 1
        copy = exe.with_name("altered")
        copy.write_bytes(image)
        copy.chmod(0o755)
        return run(copy)

    def test_altered_code_is_not_run(self):
        exe = KIT.build(run_command="import json.scanner; print('ran')")
        packed, = pathlib.Path(FOLDER.name, "code").glob("json.scanner-*.code")
        code = packed.read_bytes()
        for place in (0, 1, len(code) // 2, len(code) - 1):
            p = self.altered(exe, code, place)
            self.assertEqual((p.returncode, p.stdout), (1, ""))
            self.assertIn("ImportError: bytecode of 'json.scanner' is damaged", p.stderr)

    def test_altered_libraries_are_not_loaded(self):
        exe = KIT.build(run_command="import _bz2; print('ran')")
        library, = pathlib.Path(sysconfig.get_path("stdlib"), "lib-dynload").glob("_bz2" + sysconfig.get_config_var("EXT_SUFFIX"))
        content = library.read_bytes()
        p = self.altered(exe, content, len(content) // 2)
        self.assertEqual((p.returncode, p.stdout), (1, ""))
        self.assertIn("ImportError: the library _bz2 is damaged", p.stderr)

    def test_bytecode_of_another_interpreter_is_refused(self):
        exe = KIT.build(run_command="pass")
        image = exe.read_bytes()
        at = image.index(PAYLOAD) + 12
        exe.write_bytes(image[:at] + b"\0\0\0\1" + image[at + 4:])
        p = run(exe)
        self.assertEqual(p.returncode, 1)
        self.assertIn("another interpreter", p.stderr)


if __name__ == "__main__":
    unittest.main()
