"""The texts that the standard library generates for a module's classes: found without running the module, the same that
the module's own run has dataclasses and collections generate."""
import collections
import dataclasses
import marshal
import os
import pathlib
import sys
import types
import typing
import unittest

SRCDIR = pathlib.Path(os.environ["OX_SRCDIR"])
rules = types.ModuleType("rules")
for part in ("patterns.py", "generated.py", "pattern_list.py"):  # one script to the interpreters of a build
    exec((SRCDIR / "daemon/python" / part).read_text(), vars(rules))

DATA = "import dataclasses\nfrom dataclasses import dataclass, field, InitVar, MISSING\nfrom typing import *\n"
TUPLES = "import collections\nfrom collections import namedtuple\nimport typing\nfrom typing import NamedTuple\n"


def found(text):
    return rules.generated(text.encode())


def asked_for(text):
    """What is generated while the module runs."""
    texts = {}
    sys.modules["made"] = module = types.ModuleType("made")
    with rules.Caught(dataclasses, texts), rules.Caught(collections, texts):
        exec(text, vars(module))
    return list(texts)


@unittest.skipIf(sys.version_info >= (3, 14), "what 3.14 generates is not looked for")
class Found(unittest.TestCase):
    maxDiff = None

    def check(self, text):
        self.assertEqual(sorted(found(text)), sorted(asked_for(text)), text)
        self.assertTrue(found(text), text)
        self.assertTrue(rules.makes_code(text.encode()), text)

    def test_fields_and_their_defaults(self):
        self.check(DATA + "@dataclass\nclass A:\n    x: int\n    y: 'List[int]' = 3\n    z: str = f'{1}'\n"
                   "    self: Any = ()\n")
        self.check(DATA + "@dataclass\nclass A:\n    pass\n")
        self.check(DATA + "@dataclasses.dataclass\nclass A:\n    a: int = dataclasses.field(default=1)\n"
                   "    b: list = field(default_factory=list)\n    c: int = field(init=False)\n"
                   "    d: int = field(default=0, repr=False, hash=None, compare=False, metadata={'a': print})\n"
                   "    e: int = field(init=False, default_factory=lambda: 1)\n")
        self.check(DATA + "@dataclass\nclass A:\n    a: ClassVar[int] = 3\n    b: 'ClassVar[int]' = 3\n"
                   "    c: InitVar[int]\n    d: InitVar[int] = 4\n    e: 'dataclasses.InitVar[int]' = 5\n"
                   "    f: ClassVar = 1\n"
                   "    def __post_init__(self, c, d, e): pass\n")
        self.check(DATA + "@dataclass\nclass A:\n    a: int\n    b: int\n    a = 3\n    b: str = 'again'\n    c = 4\n"
                   "    @property\n    def name(self): return 1\n")

    def test_every_option(self):
        for option in ("init=False", "repr=False", "eq=False", "order=True", "unsafe_hash=True", "frozen=True",
                       "frozen=True, order=1 == 1", "", "eq=True, frozen=True"):
            self.check(DATA + f"@dataclass({option})\nclass A:\n    x: int\n    y: int = 1\n")

    @unittest.skipIf(sys.version_info < (3, 10), "options of 3.10")
    def test_later_options(self):
        self.check(DATA + "from dataclasses import KW_ONLY\n@dataclass(slots=True, frozen=True)\nclass A:\n    x: int\n"
                   "    y: int = 1\n@dataclass(kw_only=True)\nclass B:\n    x: int = 1\n    y: int\n@dataclass\n"
                   "class C:\n"
                   "    x: int\n    _: KW_ONLY\n    y: int = field(kw_only=True)\n"
                   "@dataclass(match_args=False)\nclass D:\n    x: int\n")

    def test_methods_of_its_own(self):
        for body in ("def __eq__(self, o): return 1", "def __hash__(self): return 1", "__hash__ = None",
                     "def __init__(self): pass", "def __repr__(self): return ''", "__hash__ = object.__hash__",
                     "def __post_init__(self): pass", "__slots__ = ('x',)", "def __init_subclass__(cls): raise 1/0"):
            self.check(DATA + f"@dataclass(unsafe_hash={'__hash__' not in body and '__eq__' not in body})\n"
                       f"class A:\n    x: int\n    {body}\n")

    def test_bases(self):
        self.check(DATA + "class P:\n    p: int = 1\n    def __post_init__(self): pass\n@dataclass(frozen=True)\n"
                   "class A(Generic[TypeVar('T')]):\n    x: int\n@dataclass(frozen=True)\nclass B(A):\n    y: int = 2\n"
                   "@dataclass\nclass C(P):\n    z: int = 3\n@dataclass\n"
                   "class D(C, Protocol if 0 else object):\n    p: int = 4\n")
        self.check(DATA + "@dataclass\nclass A(int):\n    x: int\n"
                   "@dataclass\nclass B(Exception, metaclass=type):\n    y: int\n")

    def test_wherever_they_are(self):
        self.check(DATA + "class Outer:\n    a = 1\n    @dataclass\n    class In:\n        x: int\n"
                   "    def f(self):\n        pass\n    class Second(In):\n        pass\n"
                   "    Third = dataclass(frozen=True)\n"
                   "def f():\n    @dataclass\n    class Local:\n        y: int\nf()\nif True:\n"
                   "    @dataclass\n    class Conditional:\n        z: int\n")

    def test_every_way_to_name_them(self):
        self.check("from dataclasses import dataclass as dc, field as fd\n@dc\nclass A:\n    x: int = fd(default=1)\n")
        self.check("import dataclasses as d\ndef other(c): return c\n"
                   "@other\n@d.dataclass()\n@other\nclass A:\n    x: int\n")
        self.check("from collections import namedtuple as nt\nnt('A', 'b c')\n")

    def test_named_tuples(self):
        self.check(TUPLES + "A = namedtuple('A', 'x, y z')\nB = collections.namedtuple('B', ['p', 'q'], defaults=[1])\n"
                   "NAMES = ('r', 's')\nC = namedtuple('C', NAMES + ('t',))\n"
                   "D = namedtuple('D', ('class', 'a', 'a'), rename=True)\n"
                   "E = namedtuple(typename='E', field_names='x')\nF = namedtuple('F', '')\n"
                   "class G(namedtuple('G', 'gx gy')):\n    pass\nA2 = namedtuple('A', 'x y z')\n")
        self.check(TUPLES + "class A(NamedTuple):\n    x: int\n    y: 'str' = 'z'\n    def f(self): return 1\n"
                   "class B(typing.NamedTuple):\n    'Documented.'\n    q: int\n"
                   "NamedTuple('C', [('i', int), ('j', 'str')])\n")

    def test_nothing_of_the_module_runs(self):
        text = (DATA + "import os\n@dataclass(frozen=os.abort())\nclass A(os.abort()):\n"
                "    x: os.abort() = os.abort()\n"
                "    y: int = field(default=os.abort(), default_factory=os.abort())\n"
                "    def __set_name__(self, *a): os.abort()\n"
                "    def __init_subclass__(cls): os.abort()\n    os.abort()\n@dataclass\nclass B(A):\n"
                "    z: int = os.abort()\n"
                "@dataclass\nclass M(metaclass=os.abort()):\n    w: int = os.abort()\n")
        self.assertIn("self.w", str(found(text)))
        text = "import os\nnamedtuple('A', os.getcwd())\nnamedtuple(os.abort(), print('p'))\n"
        self.assertEqual(found(TUPLES + text), [])

    def test_what_is_no_class_of_that_kind(self):
        for text in ("@dataclass\nclass A(A):\n    x: int\n    x y\n", "'@dataclass'\n", "# dataclass\n"
                     "class A: x: int\n",
                     "@dataclass\nclass A:\n    x: int = 1\n    y: int\n",  # a TypeError when it runs
                     "@dataclass(nonsense=True)\nclass A:\n    x: int\n", "@dataclass\nclass A:\n"
                     "    x: int = field(default=1, default_factory=2)\n",
                     "namedtuple('A', 'x x')\n", "namedtuple('A', '1x')\n", "namedtuple('A')\n"
                     "", "NamedTuple('A', [1])\n", "namedtuple()\n"):
            self.assertEqual(found(DATA + TUPLES + text), [], text)
        self.assertEqual(found(DATA + "@dataclass\nclass A(A):\n    x: int\n"),
                         found(DATA + "@dataclass\nclass A:\n    x: int\n"))
        self.assertFalse(rules.makes_code(b"class A: pass\n"))

    def test_the_size_is_limited(self):
        names = " ".join(f"n{i}" for i in range(600))
        self.assertEqual(found(TUPLES + f"namedtuple('A', '{names}')\n"), [])

    def test_the_library_of_this_interpreter(self):
        import inspect
        self.assertGreater(len(found(pathlib.Path(inspect.__file__).read_text())), 5)

    def test_nothing_is_left_behind(self):
        found(DATA + "@dataclass\nclass A:\n    x: int = 1\n    y: int\n")
        self.assertFalse({"exec", "eval"} & (set(vars(dataclasses)) | set(vars(collections))))


class Entry(unittest.TestCase):
    def test_an_entry_has_the_text_and_its_code(self):
        entry = rules.code_entry("eval", "lambda x: (x, '\u00e9')")
        numbers = [int.from_bytes(entry[at:at + 4], "little") for at in range(0, 20, 4)]
        self.assertEqual(numbers[:3], [3, 0, 0])
        text, body = entry[20:20 + numbers[3]], entry[20 + numbers[3]:]
        self.assertEqual(text.decode(), "lambda x: (x, '\u00e9')")
        self.assertEqual((marshal.loads(body), len(body)), (compile(text, "<string>", "eval"), numbers[4]))
        self.assertEqual(rules.code_entry("exec", "x = 1")[:4], b"\2\0\0\0")

    def test_what_does_not_compile_to_one_thing_is_not_kept(self):
        for text in ("(", "assert x", "def f():\n"
                     "    'documented'", "x = __debug__", "from __future__ import annotations",
                     "x = 1\0", "x is 1", "x = '\ud800'", "#" * 70000):
            self.assertIsNone(rules.code_entry("exec", text), text[:50])

    @unittest.skipIf(sys.version_info >= (3, 14), "what 3.14 generates is not looked for")
    def test_a_list_has_both(self):
        text = "import re\n" + DATA + "re.compile('abc')\n@dataclass\nclass A:\n    x: int\n"
        made = rules.harvest(text.encode(), "m")
        self.assertIn(b"abc", made)
        self.assertIn(b"self.x", made)
        self.assertEqual(int.from_bytes(made[4:8], "little"), sys.hexversion)
        self.assertEqual(rules.harvest(b"x = 1\n", "m"), b"")
        self.assertEqual(rules.harvest(b"# namedtuple\n", "m"), b"")


if __name__ == "__main__":
    unittest.main()
