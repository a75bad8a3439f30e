"""Regular expressions and generated code compiled by the build: nobody can tell, whatever a program does with module
re, dataclasses or named tuples.

The scenarios (tests/data/patterns) run in an executable and in the interpreter that it is made from; each prints what
it saw. OX_TEST_PYTHON names another interpreter with a static library.
"""
import difflib
import json
import os
import shutil
import struct
import subprocess
import unittest

import oxtest

PYTHON = os.environ.get("OX_TEST_PYTHON", oxtest.HOST_PYTHON)
DATA = os.path.join(oxtest.SRCDIR, "tests", "data", "patterns")
SCENARIOS, GENERATED = os.path.join(DATA, "scenarios.py"), os.path.join(DATA, "generated.py")
CONFIG = """
def make_exe():
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    policy.include_distribution_sources = True
    config = dist.make_python_interpreter_config()
    config.config_profile = "python"
    config.parse_argv = True
    exe = dist.to_python_executable(name="py", packaging_policy=policy, config=config)
    exe.add_python_resources(exe.read_package_root(path=".", packages=["shapes", "states"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
STATES = """
import re
A = re.compile(r"(.*):(?P<rest>[a-z]*)known")
B = re.compile(rb"known[\\x80-\\xff]+")
C = re.compile("hostile+")
D = [re.compile(p, re.I) for p in ("(a)|b", "\\u0416[\\u0430-\\u044f]{1,300}", "(?P<\\u0431>x)(?P=\\u0431)")]
"""
# Patterns of the standard library's sources, found and kept by the rules of the build.
LIST = """
import glob, json, os, sys
for part in ("patterns.py", "generated.py", "pattern_list.py"):
    exec(open(sys.argv[1] + "/" + part).read())
found = []
root = os.path.dirname(os.__file__)
for path in sorted(glob.glob(root + "/*.py") + glob.glob(root + "/*/*.py")):
    if "-packages" in path or "/test" in path or "/idlelib/" in path:
        continue
    found += stated(open(path, "rb").read(), os.path.basename(path)[:-3])
found += stated(open(sys.argv[2], "rb").read(), "states")
found = dict(pair for pair in zip(found, all_compiled(found)) if pair[1])
print(json.dumps([(k.__name__, p if k is str else p.decode("latin-1"), f) for k, p, f in found]))
"""
FACTOR = 0x9e3779b97f4a7c15
BITS = (1 << 64) - 1


def mix(lane, word):
    lane = (lane ^ word) * FACTOR & BITS
    return (lane << 29 | lane >> 35) & BITS


def checksum(data):
    """As in runtime/pack/sum.h."""
    lanes = [1, 2, 3, 4]
    padded = data + bytes(32 - len(data) % 32)
    for at in range(0, len(padded), 32):
        lanes = [mix(lane, word) for lane, word in zip(lanes, struct.unpack_from("<4Q", padded, at))]
    total = len(data)
    for lane in lanes:
        total = mix(total, lane)
    return (total >> 32 ^ total) & 0xffffffff


def setUpModule():
    global BOX, EXE, LISTED, COUNT
    BOX = oxtest.Sandbox(shared_store=True)
    unittest.addModuleCleanup(BOX.close)
    BOX.write("project/pyoxidizer.bzl", CONFIG)
    states = BOX.write("project/states.py", STATES)
    shutil.copy(os.path.join(DATA, "shapes.py"), BOX.path("project"))
    built = BOX.oxc("build", "--path", BOX.path("project"), env={"OXIDIZER_PYTHON": PYTHON})
    if built.returncode:
        raise AssertionError(built.stderr)
    [EXE] = [os.path.join(folder, "py") for folder, _, files in os.walk(BOX.path("project", "build")) if "py" in files]
    rules = os.path.join(oxtest.SRCDIR, "daemon", "python")
    listed = run(PYTHON, "-c", LIST, rules, states)
    LISTED, COUNT = BOX.write("patterns.json", listed.stdout), len(json.loads(listed.stdout))


def run(*command):
    done = subprocess.run(command, env={**BOX.env, "PYTHONDONTWRITEBYTECODE": "1"}, cwd=BOX.root, capture_output=True,
                          text=True, timeout=oxtest.PATIENCE, check=False)
    if done.returncode:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-6000:]}")
    return done


def scenarios(python):
    done = run(python, SCENARIOS, LISTED)
    return json.loads(done.stdout), done.stderr.split()


class Comparison(unittest.TestCase):
    maxDiff = None

    def compare(self, ours, plain):
        self.assertEqual([case[0] for case in ours], [case[0] for case in plain])
        for own, expected in zip(ours, plain):
            text = [json.dumps(case, indent=1).splitlines() for case in (expected, own)]
            different = list(difflib.unified_diff(*text, "plain", "executable", lineterm=""))
            self.assertEqual(different, [], own[0] + "\n" + "\n".join(different[:60]))

    def altered(self, text, change, kind=0):
        """A copy of the executable in which the entry of a pattern or text is another."""
        copy, head = BOX.path("altered"), struct.pack("<2I", kind, 0)
        shutil.copy(EXE, copy)
        with open(copy, "r+b") as file:
            data = file.read()
            at = data.find(head, data.rfind(b"oxsegmnt"))
            while not data.startswith(text, at + 20):
                at = data.find(head, at + 1)
                self.assertGreater(at, 0)
            size = 20 + sum(struct.unpack_from("<2I", data, at + 12))
            entry = data[at:at + size]
            self.assertEqual(struct.unpack_from("<I", data, at - 4)[0], checksum(entry))
            file.seek(at - 4)
            file.write(change(bytearray(entry)))
        return copy


class Patterns(Comparison):
    def test_a_program_sees_what_it_sees_in_the_plain_interpreter(self):
        plain, told = scenarios(PYTHON)
        self.assertEqual(told, ["served", "0", "of", str(COUNT)])
        ours, told = scenarios(EXE)
        self.assertGreater(COUNT, 200)
        self.assertEqual(told, ["served", str(COUNT), "of", str(COUNT)])
        self.compare(ours, plain)

    def ask(self, program, pattern):
        code = f"import re\ntry: print(re.compile({pattern!r}))\nexcept RuntimeError as e: print(e)"
        return run(program, "-c", code).stdout.strip()

    def test_an_altered_entry_is_not_served(self):
        def flip(entry):
            entry[-2] ^= 1
            return struct.pack("<I", checksum(bytes(entry[:-2] + bytes([entry[-2] ^ 1]) + entry[-1:]))) + entry

        self.assertEqual(self.ask(self.altered(b"hostile+", flip), "hostile+"), "re.compile('hostile+')")

    def test_code_that_sre_does_not_accept_is_its_own_error(self):
        def hostile(entry):
            entry[-2] ^= 1  # some word of the code
            return struct.pack("<I", checksum(bytes(entry))) + entry

        self.assertEqual(self.ask(self.altered(b"hostile+", hostile), "hostile+"), "invalid SRE code")

    def test_a_body_that_does_not_fit_is_not_served(self):
        for offset, value in ((0, 200), (1, 200), (2, 250)):
            def cut(entry, offset=offset, value=value):
                entry[20 + len(b"hostile+") + offset] = value
                return struct.pack("<I", checksum(bytes(entry))) + entry

            self.assertEqual(self.ask(self.altered(b"hostile+", cut), "hostile+"), "re.compile('hostile+')")

    def test_sub_interpreters_have_their_own(self):
        code = """
try:
    import _xxsubinterpreters as interpreters
except ImportError:
    import _interpreters as interpreters
one = interpreters.create()
interpreters.run_string(one, 'import re; assert re.compile("hostile+").match("hostileee"); print(len(re._cache))')
interpreters.destroy(one)
import re
print(len([k for k in re._cache if k[1] == "hostile+"]))
"""
        self.assertEqual(run(EXE, "-c", code).stdout.split()[-1], "0")


class Generated(Comparison):
    def generated(self, python, *options):
        done = run(python, *options, GENERATED, BOX.path("project"))
        return json.loads(done.stdout), done.stderr.split()

    def test_a_program_sees_what_it_sees_in_the_plain_interpreter(self):
        plain, told = self.generated(PYTHON)
        count = told[3]
        self.assertEqual(told, ["served", "0", "of", count])
        ours, told = self.generated(EXE)
        self.assertEqual(told, ["served", count, "of", count])
        self.compare(ours, plain)

    def test_options_of_the_interpreter_count(self):
        for options in (["-OO"], ["-X", "no_debug_ranges"], ["-X", "dev"], ["-W", "error"], ["-I"]):
            ours, plain = self.generated(EXE, *options)[0], self.generated(PYTHON, *options)[0]
            self.compare(ours, plain)

    def test_code_runs_to_the_very_end(self):
        code = """
import builtins, codecs, collections, sys
class Late:
    def __init__(self, name):
        self.name = name
    def __del__(self, eval=eval, namedtuple=collections.namedtuple, write=sys.stdout.write):
        write(self.name + repr(eval("lambda _cls, left, right: _tuple_new(_cls, (left, right))", {})) [:8])
        try:
            write(str(namedtuple("Pair", "left right")(1, 2)) + chr(10))
        except Exception as error:
            write(type(error).__name__ + chr(10))
    def __call__(self, name):
        return None
builtins.late, sys.late, late = Late("builtins"), Late("sys"), Late("main")
codecs.register(Late("codec"))
codecs.register_error("late", Late("errors"))
sys.modules["late"] = Late("modules")
"""
        ours, plain = ([done.stdout, done.stderr] for done in (run(python, "-c", code) for python in (EXE, PYTHON)))
        self.assertEqual(ours, plain)
        self.assertIn("modules", ours[0])

    def shown(self, change):
        program = self.altered(b"def __create_fn__():\n def __repr__(self):\n  return self.__class__.__qualname__ + "
                               b'f"(hostile=', change, 2)
        return run(program, "-c", "import shapes; print(shapes.Frozen(1))").stdout.strip()

    def test_an_altered_entry_is_not_served(self):
        def alter(entry, valid):
            text_len, = struct.unpack_from("<I", entry, 12)
            at = entry.index(b"(hostile=", 20 + text_len)
            own = struct.pack("<I", checksum(bytes(entry)))
            entry[at:at + 9] = b"(altered="
            return (struct.pack("<I", checksum(bytes(entry))) if valid else own) + entry

        self.assertEqual(self.shown(lambda entry: alter(entry, False)), "Frozen(hostile=1, name='n')")
        self.assertEqual(self.shown(lambda entry: alter(entry, True)), "Frozen(altered=1, name='n')")

    def test_a_body_that_is_no_code_is_not_served(self):
        for first in (b"N", b"?", b"\x63"):
            def alter(entry, first=first):
                at = 20 + struct.unpack_from("<I", entry, 12)[0]
                entry[at:at + 1] = first
                return struct.pack("<I", checksum(bytes(entry))) + entry

            self.assertEqual(self.shown(alter), "Frozen(hostile=1, name='n')")


if __name__ == "__main__":
    oxtest.main()
