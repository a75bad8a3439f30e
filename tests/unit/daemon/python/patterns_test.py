"""The regular expressions that a module's text states: found without running it, compiled as the interpreter does."""
import os
import pathlib
import random
import re
import struct
import sys
import types
import unittest

SRCDIR = pathlib.Path(os.environ["OX_SRCDIR"])
patterns = types.ModuleType("patterns")
for part in ("patterns.py", "generated.py", "pattern_list.py"):  # one script to the interpreters of a build
    exec((SRCDIR / "daemon/python" / part).read_text(), vars(patterns))

try:
    import re._compiler as sre_compile
except ImportError:
    import sre_compile


def stated(text, name="m"):
    return [(pattern, flags) for kind, pattern, flags in patterns.stated(text.encode(), name)]


def numbers(body):
    values, value, shift = [], 0, 0
    for byte in body:
        value |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            values.append(value)
            value = shift = 0
    return values


class Fold(unittest.TestCase):
    def check(self, text, *expected):
        found = stated("import re\n" + text)
        self.assertEqual(found, [e if isinstance(e, tuple) else (e, 0) for e in expected])

    def test_every_function_of_re_that_takes_a_pattern(self):
        self.check("re.compile('a', re.I)\nre.match('b', s, re.X)\nre.fullmatch('c', s, flags=re.S)\n"
                   "re.search(pattern='d', string=s)\nre.findall('e', s, 8)\nre.finditer('f', s)\n"
                   "re.split('g', s, 1, re.M)\nre.sub('h', r, s, 0, re.A)\nre.subn('i', r, s, flags=re.U)\n"
                   "re.escape('j')\nre.purge()\n",
                   ("a", 2), ("b", 64), ("c", 16), "d", ("e", 8), "f", ("g", 8), ("h", 256), ("i", 32))

    def test_every_way_to_import_re(self):
        for text in ("import re as _r\n_r.compile('x')", "import os, re\nre.compile('x')",
                     "import os,re\nre.compile('x')", "from re import compile\ncompile('x')",
                     "from re import (search,\n    compile as c)\nc('x')",
                     "try:\n    import re\nfinally: pass\nre.compile('x')",
                     "def f():\n    import re\n    return re.compile('x')", "\ufeffimport re\nre.compile('x')",
                     "import re\r\nre.compile(\r\n'x')\r\n"):
            self.assertEqual(stated(text), [("x", 0)], text)
            self.assertTrue(patterns.mentions(text.encode()), text)
        self.assertFalse(patterns.mentions(b"import sys, regex\nprint('core, result')\n"))
        self.assertEqual(stated("class re:\n    compile = print\nre.compile('x')"), [])

    def test_text_is_put_together(self):
        self.check("A = 'a'\nB = f'{A}+{A!r}'\nre.compile(A + 'b' 'c')\nre.compile(B)\nre.compile('%s|%s' % (A, A))\n"
                   "re.compile('%(x)s' % {'x': A})\nre.compile(A * 3)\nre.compile('|'.join([A, 'z']))\n"
                   "re.compile('{0}{y}'.format(A, y='q'))\nre.compile(A.upper())\nre.compile(b'x' + b'y')\n"
                   "re.compile(re.escape('.'))\nre.compile('|'.join(map(re.escape, ('*', '+'))))\n"
                   "re.compile('|'.join(x + '!' for x in (A, 'b')))\nre.compile('abc'[1:])\n"
                   "re.compile({'k': 'v'}['k'])\nre.compile(A.replace('a', 'bb'))\nre.compile('q', re.I | re.X)\n"
                   "re.compile('0' if A == 'a' else '1')\nre.compile('' or 'o')\n",
                   "abc", "a+'a'", "a|a", "a", "aaa", "a|z", "aq", "A", b"xy",
                   "\\.", "\\*|\\+", "a!|b!", "bc", "v", "bb",
                   ("q", 66), "0", "o")

    def test_names_are_what_they_were_bound_to_last(self):
        self.check("def any(*c): return group(*c) + '*'\n"
                   "def group(*c):\n    'Joined.'\n    return '(' + '|'.join(c) + ')'\n"
                   "pair = lambda a, b='?': a + b\nN: str = 'n'\nN = group(N, N)\nN += '$'\nre.compile(any(N, 'x'))\n"
                   "re.compile(pair('p'))\nre.compile(pair('p', b='+'))\n\ndef f():\n    return re.compile(LATER)\n"
                   "LATER = 'l'\n", "((n|n)$|x)*", "p?", "p+", "l")

    def test_classes_and_functions_have_scopes(self):
        self.check("X = 'outer'\nclass C:\n    X = 'inner'\n    Y = re.compile(X + '.')\n    def f(self, p='d'):\n"
                   "        return re.compile(X), re.compile(self.X), re.compile(C.X + 'c'), re.compile(p)\n"
                   "    def g(self, X):\n        return re.compile(X)\n",
                   "inner.", "outer", "inner", "innerc", "d")

    def test_long_classes_are_read_in_part(self):
        filler = "".join(f"    @wrap\n    def m{i}(self):\n        if x:\n            pass\n    else_{i} = ''\n"
                         for i in range(80))
        self.check(f"class C:\n    'A text.\n\n    X = 5\n    '\n".replace("'", "'" * 3) + filler +
                   "    X: str = 'x'\n" + filler + "    def f(self):\n        return re.compile(self.X + 'f')\n" +
                   filler +
                   "    if True:\n        Y = 'y'\n    else:\n        Y = re.compile('z')\n", "z", "xf")

    def test_loops_over_what_is_known(self):
        self.check("for a, b in [('1', '2'), ('3', '4')]:\n    re.compile(a + b)\nALL = ('x', 'y')\n"
                   "[re.compile(p) for p in ALL]\n{k: re.compile(v) for k, v in {'k': 'v'}.items()}\n"
                   "for p in unknown():\n    re.compile(p)\n    re.compile('z')\n", "12", "34", "x", "y", "v", "z")

    def test_nothing_runs_and_nothing_grows(self):
        self.check("import os\nre.compile(os.getcwd())\nre.compile(open('/etc/passwd').read())\nre.compile(f())\n"
                   "re.compile('a' * 10**9)\nre.compile('a' * 99999999)\nre.compile('%999999999d' % 1)\n"
                   "re.compile('{:>99999999}'.format('a'))\nre.compile('%*d' % (99999999, 1))\n"
                   "def loop(a): return loop(a + a)\nre.compile(loop('a'))\nre.compile(X)\nX = X + 'a'\n"
                   "def g(*a): return g(*a, *a)\nre.compile(g('a'))\nre.compile(__import__('os').name)\n"
                   "re.compile('|'.join(['x' * 60000] * 200))\nre.compile(len)\nre.compile(None)\nre.compile(1)\n")

    def test_text_that_is_no_python_or_looks_like_it(self):
        for text in ("import re\nre.compile(", "import re\n\0re.compile('x')",
                     "import re\n# re.compile('x')", "import re\n" + "(" * 3000 + "re.compile('x')"):
            self.assertEqual(stated(text), [], text[:40])
        self.assertEqual(stated("import re\nT = '''\nre.compile('no')\nX = 1\n'''\nre.compile('x')\n"),
                         [("no", 0), ("x", 0)])
        self.assertEqual(patterns.stated(b"import re\nre.compile('\xff')\n", "m"), [(str, "\ufffd", 0)])

    def test_words_in_strings_are_no_names(self):
        for words in ("import re as r)", "import re as (r", "import re as *", "from re import match as (m, c",
                      "from re import compile as \\"):
            self.check(f"T = '{words} '\nre.compile('x')\n", "x")

    def test_what_is_no_text_is_in_no_pattern(self):
        self.check("def f(): return 1\nclass C: pass\nre.compile('%s' % f)\nre.compile('{}'.format(C))\n"
                   "re.compile('%r' % ((f,),))\nre.compile(str(C))\nre.compile('x')\n", "x")

    def test_templates(self):
        import string
        self.assertIn((string.Template.pattern.pattern, string.Template.pattern.flags & ~re.U),
                      stated((pathlib.Path(string.__file__)).read_text(), "string"))


class Compiled(unittest.TestCase):
    def check(self, pattern, flags=0):
        given = []
        real = sre_compile._sre
        sre_compile._sre = patterns.Recorder(real, given)
        try:
            sre_compile.compile(pattern, flags)
        finally:
            sre_compile._sre = real
        _, final, code, groups, groupindex, _ = given[0]
        entry = patterns.compiled(type(pattern), pattern, flags)
        text = pattern if isinstance(pattern, bytes) else pattern.encode()
        words = struct.unpack_from("<5I", entry)
        self.assertEqual(words, (isinstance(pattern, bytes), flags, final, len(text), len(entry) - 20 - len(text)))
        self.assertEqual(entry[20:20 + len(text)], text)
        names = [[index, len(name.encode()), *name.encode()] for name, index in groupindex.items()]
        flat = [n for name in names for n in name]
        if all(n < 128 for n in flat):
            body = numbers(entry[20 + len(text):])
            self.assertEqual(body, [groups, len(names), *flat, len(code), *map(int, code)])

    def test_they_are_what_the_interpreter_makes(self):
        for pattern, flags in (("", 0), ("a+(?P<n>b|c)*?", 2), (b"[^\\d\\x80-\\xff]", 0), ("(?i:x)(y)(?P<zz>)", 64 | 8),
                               ("[\u0400-\u04ff\U0001f600]{2,3000}", 2), ("\\w\\b" * 50, 256), (b"(?L)\\w", 4)):
            self.check(pattern, flags)
        source = (pathlib.Path(re.__file__).parent / "../textwrap.py")
        source = source if source.exists() else pathlib.Path(os.__file__).parent / "textwrap.py"
        found = patterns.stated(source.read_bytes(), "textwrap")
        self.assertGreater(len(found), 3)
        for _, pattern, flags in found:
            self.check(pattern, flags)

    def test_what_prints_warns_fails_or_imports_is_left_out(self):
        for pattern, flags in (("a", re.DEBUG), ("[[a]", 0), ("a(", 0), (b"\\N{DASH}", 0),
                               ("\\N{DASH}", 0), ("\ud800", 0),
                               ("x(?i)", 0), ("a", 1 << 20), ("a", -1), (b"a", re.U), ("a", re.L), ("x" * 70000, 0)):
            self.assertEqual(patterns.all_compiled([(type(pattern), pattern, int(flags))]), [None], pattern[:10])

    def test_a_module_gives_a_list_or_nothing(self):
        self.assertEqual(patterns.harvest(b"x = 1\n", "m"), b"")
        self.assertEqual(patterns.harvest(b"import re\nre.compile('(')\n", "m"), b"")
        data = patterns.harvest(b"import re\nre.compile('x')\nre.compile('x', 0)\n", "m")
        self.assertEqual(data[:8], struct.pack("<II", sre_compile._sre.MAGIC, sys.hexversion))
        self.assertEqual(data[8:], patterns.compiled(str, "x", 0))

    def test_any_text_gives_something(self):
        chance = random.Random(5)
        source = (SRCDIR / "daemon/python/patterns.py").read_text()
        lines = source.splitlines(True)
        for _ in range(60):
            chance.shuffle(lines)
            patterns.harvest("".join(lines[:200]).encode(), "m")


if __name__ == "__main__":
    unittest.main()
