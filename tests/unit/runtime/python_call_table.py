"""Command lines of python3's, run by an interpreter and by an executable that answers as one (python_call_test.py): each
a list of arguments, or (arguments, variables, standard input). What they print and how they end must be the same."""
FLAGS = "import sys; print(sys.flags, sys._xoptions, sys.warnoptions)"
SELF = "import subprocess, sys; "
RUN = SELF + "print(subprocess.run([sys.executable, *{}], capture_output=True, text=True, input='print(9)').stdout)"

FILES = {
    "local.py": "import sys\nprint('local', __name__, sys.argv, __file__)\n",
    "script.py": "import sys, local\nprint(sys.argv, sys.path[0], __name__, __file__, __spec__, __package__)\n",
    "error.py": "def f():\n    raise ValueError('x')\nif __name__ == '__main__':\n    f()\n",
    "wrong.py": "x = (\n",
    "first.py": "this is not python\nprint('second line')\n",
    "exits.py": "import sys\nsys.exit(int(sys.argv[1]))\n",
    "startup.py": "print('startup')\n",
    "doc.py": '"""\n>>> 1 + 1\n2\n"""\n',
    "pkg/__init__.py": "",
    "pkg/__main__.py": "import sys\nprint(__name__, __spec__.name, __package__, sys.argv, __file__)\n",
    "pkg/sub.py": "import sys\nprint(__name__, __spec__.name, __package__, sys.argv)\n",
    "pkg/broken.py": "import absent_module\n",
    "bare/__init__.py": "",
    "space/mod.py": "print('in a namespace', __package__)\n",
    "program/__main__.py": "import sys, other\nprint(sys.argv, sys.path[0], __name__, __file__, repr(__package__))\n",
    "program/other.py": "",
    "env/sitecustomize.py": "print('sitecustomize')\n",
    "env/extra.py": "print('extra')\n",
    "test_it.py": "import unittest\nclass T(unittest.TestCase):\n    def test_a(self):\n        pass\n",
    # The work is imported from a file beside the script, as spawned processes must find it, too.
    "work.py": "def square(x):\n    return x * x\n",
    "pool.py": "import concurrent.futures, multiprocessing, sys, work\n"
               "if __name__ == '__main__':\n"
               "    context = multiprocessing.get_context(sys.argv[1])\n"
               "    if sys.argv[2:]:\n        context.set_executable(sys.executable)\n"
               "    with context.Pool(2) as pool:\n        print(pool.map(work.square, [1, 2, 3]))\n"
               "    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:\n"
               "        print(list(pool.map(work.square, [4, 5])))\n",
    "shared.py": "from multiprocessing import shared_memory\n"
                 "if __name__ == '__main__':\n"
                 "    memory = shared_memory.SharedMemory(create=True, size=9)\n"
                 "    memory.buf[0] = 7\n    print(memory.buf[0])\n    memory.close()\n    memory.unlink()\n",
}

OPTIONS = [
    *[[f"-{letters}", "-c", FLAGS] for letters in "b bb B d O OO q s S u sSE sIS BOu".split()],
    ["-c", FLAGS], ["-sE", "-c", FLAGS], ["-I", "-c", FLAGS], ["-P", "-c", FLAGS],
    ["-Wignore", "-W", "error::DeprecationWarning", "-c", FLAGS], ["-W", "nonsense", "-c", "1"],
    *[["-X", option, "-c", FLAGS] for option in ("dev", "utf8", "utf8=0", "a=b", "int_max_str_digits=1000",
                                                 "warn_default_encoding", "no_debug_ranges")],
    ["-Xfaulthandler", "-c", "import faulthandler; print(faulthandler.is_enabled())"],
    ["-Xtracemalloc=3", "-c", "import tracemalloc; print(tracemalloc.get_traceback_limit())"],
    ["-Xpycache_prefix=x", "-c", "import sys; print(sys.pycache_prefix)"],
    ["--check-hash-based-pycs", "always", "-c", "import _imp; print(_imp.check_hash_based_pycs)"],
    ["--check-hash-based-pycs", "nonsense", "-c", "1"],
    ["-x", "first.py"], ["-V"], ["-VV"], ["--version"],
]
PLACES = [
    ["-c", "import sys; print(sys.argv, sys.path[:1], __name__, sorted(globals()))", "a", "-b"],
    ["-c", "import sys; print(getattr(sys, 'orig_argv', [0])[1:], sys.executable == sys._base_executable)", "a"],
    ["-c", "import local"], ["-I", "-c", "import local"], ["-P", "-c", "import local"],
    *[["-m", name, "x"] for name in ("local", "pkg", "pkg.sub", "space.mod", "bare", "absent", "absent.x", "pkg.absent",
                                     "pkg.broken", "wrong", "sys", "math", "local.py")],
    ["-I", "-m", "local"], ["-Im", "local"], ["-m", "error"], ["-m", "json.tool", "local.py"], ["-m", "site", "--nonsense"],
    *[[name, "a", "-b"] for name in ("script.py", "./script.py", "program", "error.py", "wrong.py", "absent.py")],
    ["-I", "script.py"], ["-P", "script.py"],
    (["-", "a"], {}, "import sys; print(sys.argv, sys.path[:1], __name__)"),
    (["-"], {}, "1/0\n"), (["-"], {}, "x = (\n"),
    (["-i", "-c", "x = 1"], {}, "print(x)\nimport sys; sys.exit(4)\n"), (["-qi"], {"PYTHONSTARTUP": "startup.py"}, "1 + 1\n"),
    (["-iE"], {"PYTHONSTARTUP": "startup.py"}, "1 + 1\n"), (["-i", "script.py"], {}, "print(local.__name__)\n"),
    (["-i", "-m", "local"], {}, "print(sys.argv[1:])\n"), (["script.py"], {"PYTHONINSPECT": "1"}, "print('still there')\n"),
]
ENDS = [
    *[["exits.py", str(status)] for status in (0, 3, 255, 256, -1)],
    *[["-c", code] for code in (
        "import sys; sys.exit(7)", "import sys; sys.exit('text')", "raise SystemExit", "raise KeyboardInterrupt", "1/0", "x = (",
        "import os; os._exit(5)", "import os, signal; os.kill(os.getpid(), signal.SIGINT); import time; time.sleep(60)",
        "import os; os.kill(os.getpid(), 15)", "import sys; sys.stdout.close()", "exit(3)", "quit()",
        "import atexit; atexit.register(print, 'exit')", "import warnings; warnings.warn('x', DeprecationWarning)",
        "def f():\n  raise ValueError\nf()", "import threading; threading.Thread(target=print, args=['thread']).start()")],
    *[[*how, "-"] for how in (["-u"], [])],
]
VARIABLES = [
    *[(["-c", FLAGS], {name: value}, "") for name, value in {
        "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONOPTIMIZE": "2", "PYTHONUTF8": "1", "PYTHONWARNINGS": "ignore",
        "PYTHONDEVMODE": "1", "PYTHONSAFEPATH": "1", "PYTHONINTMAXSTRDIGITS": "700", "PYTHONDEBUG": "1", "LC_ALL": "C"}.items()],
    *[([*options, "-c", "print(hash('abc'))"], {"PYTHONHASHSEED": "5"}, "") for options in ([], ["-s"])],
    (["-c", "import sys; print(sys.stdout.encoding, sys.stdout.errors)"], {"PYTHONIOENCODING": "latin-1:replace"}, ""),
    (["-c", "import sys; print(sys.stdout.write_through)"], {"PYTHONUNBUFFERED": "1"}, ""),
    (["-c", "import faulthandler; print(faulthandler.is_enabled())"], {"PYTHONFAULTHANDLER": "1"}, ""),
    (["-c", "import tracemalloc; print(tracemalloc.is_tracing())"], {"PYTHONTRACEMALLOC": "1"}, ""),
    (["-c", "breakpoint(); print(1)"], {"PYTHONBREAKPOINT": "0"}, ""),
    (["-c", "breakpoint('x')"], {"PYTHONBREAKPOINT": "builtins.print"}, ""),
    (["-c", "import sys; print(sys.pycache_prefix)"], {"PYTHONPYCACHEPREFIX": "x"}, ""),
    (["-c", "print(1)"], {"PYTHONMALLOC": "debug"}, ""),
    *[([*options, "-Bc", "import os, sys; print('env' in map(os.path.basename, sys.path)); import extra"], {"PYTHONPATH": f"env:absent{end}"}, "")
      for options in ([], ["-s"], ["-S"], ["-E"], ["-I"]) for end in ("", ":")],
    (["-m", "extra"], {"PYTHONPATH": "env"}, ""),
]
TOOLS = [
    ["-m", "compileall", "-q", "pkg"], ["-m", "py_compile", "local.py"], ["-m", "unittest", "-q", "test_it"],
    ["-m", "doctest", "doc.py"], (["-m", "pdb", "local.py"], {}, "c\nq\n"), ["-m", "trace", "--listfuncs", "local.py"],
    (["-m", "asyncio"], {}, "print(7)\n"), (["-m", "code", "-q"], {}, "print(2)\n"), ["-m", "runpy", "local"],
    ["-m", "zipapp", "program", "-o", "program.pyz"], ["program.pyz", "a"], ["-m", "http.server", "--help"],
    ["-m", "timeit", "--help"], ["-m", "calendar", "2024", "1"], ["-m", "tabnanny", "local.py"],
]
PROCESSES = [
    ["pool.py", "fork"], ["pool.py", "spawn"], ["pool.py", "forkserver", "again"], ["-m", "pool", "spawn"], ["shared.py"],
    ["-c", RUN.format("['-c', 'print(1)']")], ["-c", RUN.format("['-u', '-']")], ["-c", RUN.format("['script.py', 'x']")],
    ["-c", RUN.format("[*subprocess._args_from_interpreter_flags(), '-c', 'print(2)']")],
    ["-BOs", "-Xutf8", "-c", SELF + "print(subprocess._args_from_interpreter_flags())"],
    ["-c", "import os, sys; print(os.spawnv(os.P_WAIT, sys.executable, [sys.executable, '-c', 'print(5)']))"],
    ["-c", "import os, sys; os.execv(sys.executable, [sys.executable, '-c', 'print(6)'])"],
    ["-c", "import os, sys; os.execl(sys.executable, 'python', 'script.py')"],
    ["-c", "import os, sys; os.waitpid(os.posix_spawn(sys.executable, [sys.executable, '-c', 'print(8)'], os.environ), 0)"],
    (["-u", "-c", "import sys; exec(eval(sys.stdin.readline()))"], {}, "'print(9)'\n"),  # as execnet starts its workers
]
