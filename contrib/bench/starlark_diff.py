#!/usr/bin/env python3
"""Our Starlark and starlark-go on the same expressions and programs: where do they differ?

    starlark_diff.py [--count N] [--programs N] [--seed N]

Written ones, and N random ones [1000]: every operator between values of every type, every
method of every type with likely arguments. Each is evaluated by both, in a process of its
own; an error is an error, whatever its text. Differences that are decided are listed in
DECIDED with their reason; any other one is printed, and the exit status is 1. Then N
random programs [300] (starlark_random.py), which have to print the same. Needs go.
"""
import argparse
import concurrent.futures
import os
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from starlark import OURS, install_go  # noqa: E402
from starlark_random import Program  # noqa: E402

VALUES = ["None", "True", "False", "0", "1", "-1", "7", "1 << 70", "-(1 << 64)", "2.5", "-0.0", "1e20", 'float("inf")',
          'float("nan")', '""', '"abc"', '"a b  c"', '"%s"', '"é€"', 'b""', 'b"abc"', "[]", "[1, 2]", '["b", "a"]', "()",
          "(1,)", '("a", 2)', "{}", '{"a": 1}', "{1: 2, 3: 4}", "set()", "set([1, 2])", "range(3)", "range(5, 0, -2)", "len"]
OPERATORS = ["+", "-", "*", "/", "//", "%", "&", "|", "^", "<<", ">>", "==", "!=", "<", ">", "<=", ">=", "in", "not in",
             "and", "or"]
FUNCTIONS = ["abs", "any", "all", "bool", "bytes", "dict", "enumerate", "float", "hash", "int", "len", "list", "max",
             "min", "repr", "reversed", "set", "sorted", "str", "tuple", "type", "zip", "chr", "ord", "range", "dir"]
METHODS = {
    '"a b  Cé"': ["capitalize", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdigit", "islower", "isspace",
                  "istitle", "isupper", "join", "lower", "lstrip", "partition", "removeprefix", "removesuffix", "replace",
                  "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "title",
                  "upper", "elems", "codepoints", "elem_ords", "codepoint_ords", "format"],
    "[3, 1, 2, 1]": ["append", "clear", "extend", "index", "insert", "pop", "remove"],
    '{"a": 1, "b": [2]}': ["clear", "get", "items", "keys", "pop", "popitem", "setdefault", "update", "values"],
    "set([1, 2, 3])": ["add", "clear", "difference", "discard", "intersection", "issubset", "issuperset", "pop", "remove",
                       "symmetric_difference", "union", "update", "isdisjoint", "difference_update", "intersection_update"],
}
ARGUMENTS = ["", '"a"', '" "', '""', '"é"', "1", "0", "-1", "2", "None", "[1]", "[3, 4]", '["a", "b"]', '("a", "b")',
             '{"a": 2}', '"a", "b"', '"a", 1', '"a", 0, 2', '"a", -3', "0, 9", "None, 1", '" ", 1', "1, 2", "[1], [2]",
             '"b", None', "True", "1.5", "set([1])"]
WRITTEN = """
"%d %o %x %X %e %f %g %s %r %c" % (255, 8, 255, 255, 1.5, 1.5, 1.5, "s", "r", 65)
"%s%%" % 1
"%(a)s-%(b)d" % {"a": 1, "b": 2}
"%d" % 1.9
"%d" % True
"%d" % float("inf")
"%c" % "é"
"%c" % 0x1F600
"%s" % (1,)
"%s" % ((1, 2),)
"%s %s" % (1,)
"%" % ()
"%5d" % 1
"abc" % ()
"abc" % {}
"{} {} {}".format(1, 2, 3)
"{1} {0}".format("a", "b")
"{x} {}".format(1, x = 2)
"{!r} {!s}".format("a", "b")
"{0!r}".format("a")
"{:>3}".format(1)
"{a.b}".format(a = 1)
"{0[0]}".format([1])
"{{}}".format()
"{".format()
"}".format()
"{} {0}".format(1)
[1e3, 1e5, 1e6, 123456.0, 1234567.0, 1e15, 1e16, 1e17, 1e21, 1e22, 0.0001, 0.00001, 1.0 / 3, 5e-324, 1.7976931348623157e308]
[float("1e400"), 1]
[float("-0"), float("+.5"), float("5."), float("1e3"), float("infinity"), float("-NaN")]
float("1_000")
float(" 1")
float("0x10")
float("")
int("0x10", 16)
int("0x10", 0)
int("-0b101", 0)
int("010", 0)
int("0", 0)
int("08", 10)
int("1_000")
int(" 1")
int("z", 36)
int("", 10)
int("-")
int("+-1")
int(1e300)
int(-1.5)
int("9" * 40)
int(True)
int(None)
int("é")
[7 // 2, -7 // 2, 7 // -2, 7 % -2, -7 % 2, 7.5 // 2, -7.5 % 2, 7 % 2.5, -7 % 2.5]
[1 / 3, 1 // 3.0, 2 / 1]
[1 << 100, -1 >> 200, (1 << 100) >> 98, -5 >> 1, -(1 << 70) >> 3]
1 << 600
1 << 100000
[~0, ~5, ~-1, -(-(1 << 63)), (1 << 62) + (1 << 62), -(1 << 62) - (1 << 62)]
[(1 << 62) - 1, 1 << 62, 1 << 63, -(1 << 63), (1 << 62) * 4, (1 << 31) * (1 << 31), 4611686018427387904 - 1]
[6 & 3, 6 | 3, 6 ^ 3, -6 & 3, -6 | 3, -6 ^ 3, (1 << 80) & -1, (1 << 80) ^ -(1 << 79)]
[1 == 1.0, 1 < 1.5, (1 << 53) + 1 == float(1 << 53), float("nan") == float("nan"), float("nan") > 1, float("inf") > 1 << 2000]
{1: "a", 1.0: "b"}
{1: "a"}[1.0]
{float("nan"): 1}[float("nan")]
{(1, 2): 3}[(1.0, 2)]
{True: 1, 1: 2}
{4500000000000000000: 1}[4.5e18]
[hash("abc"), hash(""), hash("é"), hash("𝄞"), hash(b"abc")]
sorted([3, 1.5, 2, -1])
sorted(["b", "B", "a", "é"])
sorted([(1, "b"), (1, "a"), (0, "z")])
sorted([[2], [1, 5], [1]])
sorted(["bb", "a", "ccc"], key = len, reverse = True)
sorted([1, 2, 3], key = lambda x: -x)
sorted({"b": 1, "a": 2})
sorted([True, False])
sorted([None, None])
sorted([1, "a"])
sorted([1], reverse = 1)
max(1, 2, 3)
max([1], key = lambda x: x)
max([])
min("a", "b", key = len)
max(1)
[max([3, 1, 3.0]), min([1, 1.0])]
zip([1, 2, 3], "ab".elems(), (True, False))
enumerate("ab".elems(), 1)
dict([("a", 1)], b = 2)
dict([["a", 1], ("b", 2)])
dict(["ab"])
dict([(1, 2, 3)])
dict({"a": 1}, a = 2)
{"a": 1} | {"b": 2, "a": 3}
[1, 2, 3][::-1]
[1, 2, 3][::2]
[1, 2, 3][5:]
[1, 2, 3][-2:]
[1, 2, 3][2:0:-1]
[1, 2, 3][:-5:-1]
"abcdef"[1:5:2]
"abcdef"[::-2]
(1, 2, 3)[-1]
range(10)[2:8:3]
range(10)[::-1]
range(0, 10, 3)[-1]
[range(3) == range(0, 3, 1), range(0) == range(5, 1), len(range(0, 10, 3)), range(0, 10, 3) == range(0, 12, 3)]
[str(range(5)), str(range(1, 5)), str(range(1, 5, 2)), str(range(0, 5))]
[x for x in range(3) for y in range(x) if y]
{k: v for k, v in [("a", 1), ("b", 2)]}
[x for x in {"a": 1}]
[x for x in "abc"]
(lambda x, *a, y = 2, **k: [x, a, y, k])(1, 2, 3, z = 4)
(lambda a, b = 2: (a, b))(b = 1, a = 0)
(lambda *, a: a)(a = 1)
(lambda a: a)(1, 2)
(lambda a: a)(b = 1)
(lambda **k: k)(b = 1, a = 2)
(lambda *a: a)(*[1], **{})
(1 if [] else 2, 1 if [0] else 2)
1 and 0 or 2
not 1 == 2
-2 * 3 + 4 % 3
1 < 2 < 3
type(type)
[type(len), type(lambda: 1), type([].append), type("".elems()), type(b"".elems()), type("".codepoints())]
[str(len), str([].append), str("a".elems()), str(b"a".elems()), str("a".codepoints()), str("a".elem_ords())]
str(lambda: 1)
[repr("a\\"b'c\\n\\t\\\\"), repr("\\x00\\x7f\\u200b"), repr("é€😀")]
[repr(b"a\\xff\\n\\""), str(b"a\\xff"), repr(b"\\u00e9")]
[len("é"), "é"[0] == "\\u00e9", "é"[:1] + "é"[1:], len("😀".elems()), list("é".codepoints())]
["ab" * 3, 3 * "ab", [1] * 2, (1,) * 0, "a" * -1, b"a" * 2]
["a" in "abc", "" in "abc", "x" not in "abc", b"b" in b"abc", 98 in b"abc", 1 in range(3), 1.0 in range(3), "a" in {"a": 1}]
300 in b"abc"
"a" in range(3)
1 in "abc"
None in None
[].append(1)
getattr("abc", "upper")()
getattr("abc", "nope", 1)
getattr("abc", "nope")
hasattr([], "append")
dir("")[:3]
dir(1)
"abc".nope
fail("a", 1)
bytes([256])
bytes("é")
bytes(3)
list(b"abc".elems())
"".join(["a", "b"])
"".join([1])
",".join({"a": 1, "b": 2})
"a,b,,c".split(",")
"a,b,,c".split(",", 1)
"a,b,,c".rsplit(",", 2)
" a  b ".split()
" a  b ".split(None, 1)
" a  b ".rsplit(None, 1)
"".split(",")
"a\\nb\\r\\nc\\rd".splitlines()
"a\\n\\nb\\n".splitlines(True)
"abc".replace("", "-")
"aaa".replace("a", "b", 2)
"abcabc".find("c", -2)
"abc".startswith(("x", "a"))
"abc".startswith("bc", 1)
"abc".endswith("b", 0, 2)
"hello world foo".title()
"o'neil's".title()
"ÀÉ straße".upper()
"ÀÉ".lower()
"ǆ".title()
"ß".upper()
"İ".lower()
"straße".capitalize()
"١".isdigit()
"²".isdigit()
"Ⅷ".isalnum()
"\\u3000".isspace()
"\\x1c".isspace()
"\\u200b".isspace()
"xxabcxx".strip("x")
"éaé".strip("é")
"abc".partition("b")
"abc".rpartition("z")
"abc".partition("")
set([3, 1, 2, 1])
set([1]) | set([2])
set([1]) < set([1, 2])
set([1, 2]) == set([2, 1])
set([1]) == [1]
set([[]])
list(set([2, 1]))
[1] + [2]
[1] + (2,)
[1] < [1, 2]
(1, 2) < (1, 3)
{} < {}
None < None
len == len
abs(-(1 << 70))
abs(True)
abs("a")
any([0, ""])
all([])
bool("0")
bool(float("nan"))
chr(0x1F600)
chr(-1)
chr(0xD800)
ord("é")
ord("ab")
ord(b"a")
print("x")
0o17 + 0x1F + 0b11
0xZZ
1e
"\\q"
"\\400"
'\\x80'
r"\\n" + "\\n"
"a" "b"
[1, 2, 3,]
(1,)
1,
{1: 2,}
{1}
[*[1]]
f(1)
x
""".strip().split("\n")

# Differences that stand: a pattern of the expression, and why.
DECIDED = [
    (r"1_000", "the specification's literals have no underscores"),
    (r"<< (600|100000|2000)|>> \(1 <<", "shifts are bounded by the memory limit only"),
    (r"hash\(.*𝄞", "of UTF-16, as the specification says; starlark-go takes code points"),
    (r"reverse = 1", "any value has a truth"),
    (r"splitlines", "\\r ends a line too, as the specification says; any value has a truth"),
    (r"set.* (<|>|<=|>=) .*set", "sets are not ordered, as the specification says"),
    (r"chr\(0xD800\)", "no half of a surrogate pair is made"),
    (r"^1,$", "no trailing comma without brackets, as the specification says"),
    (r"isdisjoint|_update\(", "starlark-go lacks these methods of the specification"),
    (r"^\(range\(.*\)\[.*:", "the same numbers, another end"),
    (r" in \(range", "any number can be looked for in a range"),
    (r"update\(None\)", "None is no pairs, as the specification says"),
    (r"\.difference\(\)", "starlark-go panics"),
    (r"\.intersection\(|^dir\(", "starlark-go's methods of strings and sets are fewer"),
    (r"^\(b\".*\[-?\d\]$", "an element of bytes is an int, as the specification says"),
    (r"%s.* % \(b\"", "%s is str, also of bytes, as the specification says"),
    (r"strip\(None\)|pop\(None\)|split\(.*None\)", "None is what an absent argument is"),
    (r"pop\(-1\)", "a negative index is an error, as the specification says"),
    (r"\(-\(1 << 64\)\) \*|\* \(-\(1 << 64\)\)", "no repetition, however negative the number"),
    (r"chr\(7\)", "repr writes \\x07, not \\a"),
    (r" in \(\{|in \(set", "a key that is not hashable is an error here too"),
]


def random_expressions(count, seed):
    r = random.Random(seed)
    for _ in range(count):
        kind = r.random()
        if kind < 0.5:
            yield f"({r.choice(VALUES)}) {r.choice(OPERATORS)} ({r.choice(VALUES)})"
        elif kind < 0.65:
            yield f"{r.choice(FUNCTIONS)}({r.choice(VALUES)})"
        elif kind < 0.7:
            yield f"({r.choice(VALUES)})[{r.choice(['0', '1', '-1', '1:', ':-1', '::2', '::-1', '0:1:0'])}]"
        else:
            receiver = r.choice(list(METHODS))
            call = f"x.{r.choice(METHODS[receiver])}({r.choice(ARGUMENTS)})"
            yield f"(lambda x: [{call}, x])({receiver})"


def result_of(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=10, check=False)
    except subprocess.TimeoutExpired:  # numbers of millions of digits
        return "SLOW"
    text = (done.stdout + done.stderr).strip()  # starlark-go prints to standard error
    return text if done.returncode == 0 else "ERROR " + text.replace("\n", " ")[-160:]


def compare(go, expression):
    ours = result_of([OURS, "-e", expression])
    theirs = result_of([go, "-set", "-recursion", "-c", f"print_ = None\ny_ = ({expression})\nfail_ = repr(y_)\nprint(fail_)"])
    return expression, ours, theirs


def same(ours, theirs):
    """The empty set is written set(), as in the specification's examples; starlark-go writes set([])."""
    return ours == theirs.replace("set([])", "set()") or (ours.startswith("ERROR") and theirs.startswith("ERROR"))


def compare_program(go, folder, seed):
    """What each says of a program; an error, whatever its text, is one text."""
    path = os.path.join(folder, f"{seed}.star")
    with open(path, "w", encoding="utf-8") as f:
        f.write(Program(seed).text())
    return ["ERROR" if text.startswith("ERROR") else text
            for text in (result_of([OURS, path]), result_of([go, "-set", "-globalreassign", path]))]


def compare_programs(go, pool, first, count):
    """How many programs differ; each is printed."""
    differ = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        seeds = range(first, first + count)
        for seed, (ours, theirs) in zip(seeds, pool.map(lambda s: compare_program(go, folder, s), seeds)):
            failed += ours == "ERROR" and theirs == "ERROR"
            if ours != theirs and "SLOW" not in (ours, theirs):
                differ += 1
                print(f"{Program(seed).text()}    ours: {ours[-200:]}\n    go:   {theirs[-200:]}")
    print(f"{count} programs, seeds from {first}: {count - differ - failed} print the same, {failed} fail in both, "
          f"{differ} differ")
    return differ


def main():
    parser = argparse.ArgumentParser(description="where do our Starlark and starlark-go differ?")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--programs", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    go, version = install_go()
    if not go:
        return 2
    expressions = list(dict.fromkeys(WRITTEN + list(random_expressions(args.count, args.seed))))
    decided = undecided = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for expression, ours, theirs in pool.map(lambda e: compare(go, e), expressions):
            if same(ours, theirs):
                continue
            if any(re.search(pattern, expression) for pattern, _ in DECIDED):
                decided += 1
                continue
            undecided += 1
            print(f"{expression}\n    ours: {ours[:200]}\n    go:   {theirs[:200]}")
        undecided_programs = compare_programs(go, pool, args.seed * 100000, args.programs)
    print(f"{len(expressions)} expressions, starlark-go {version}: {decided} differ as decided, {undecided} otherwise")
    return 1 if undecided or undecided_programs else 0


if __name__ == "__main__":
    sys.exit(main())
