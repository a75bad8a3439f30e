"""What an optimised build runs so that the compiler learns which code is used: `training.py imports|code|test NAME`.

Everything here does the same each time: no clock, no threads, no network, seeded random numbers. That is what lets two
builds have the same bytes.
"""

import base64
import collections
import dataclasses
import decimal
import enum
import functools
import gc
import importlib
import io
import json
import marshal
import os
import pkgutil
import random
import re
import struct
import sys
import unittest
import warnings

# Modules that do something when they are imported, or want a display, or only say that they cannot be had.
NOT_IMPORTED = re.compile(
    r"antigravity|this|idlelib|turtle|tkinter|lib2to3\.pgen2\.|distutils\.(tests|command\.bdist_msi|_msvc)|(.*\.)?test"
    r"|.*__main__|.*_test(s|mock)?\b|ensurepip\._bundled|encodings\.(mbcs|oem|cp65001)|msilib|nturl2path|_sysconfig"
    r"|asyncio\.windows|multiprocessing\.popen_spawn_win32|site-packages|pip|setuptools"
)

# CPython's own tests that are quick, start no process or thread, and count the same each time, for the breadth of what they
# use.
TESTS = """abc array binascii bisect bool class cmath codecs collections compare complex configparser contextlib copy
dataclasses defaultdict deque descr dict difflib format generators genexps heapq int iter list long math
memoryview operator ordered_dict patma pprint property set slice sort string textwrap tuple
unpack userdict with xml_etree_c zlib"""


def each_module(path, prefix=""):
    """Names of the standard library's modules, in order."""
    for info in sorted(pkgutil.iter_modules(path), key=lambda info: info.name):
        name = prefix + info.name
        if NOT_IMPORTED.fullmatch(name) or NOT_IMPORTED.match(name + "."):
            continue
        yield name
        if info.ispkg:
            yield from each_module([os.path.join(path[0], info.name)], name + ".")


def imports():
    """The whole standard library, as a program imports it: marshal, class creation, module bodies."""
    warnings.simplefilter("ignore")
    count = 0
    for name in each_module([os.path.dirname(os.__file__)]):
        try:
            importlib.import_module(name)
            count += 1
        except (ImportError, AttributeError):
            pass  # What this build leaves out, or what only another system has.
    if count < 300:
        sys.exit(f"only {count} modules could be imported")


class Colour(enum.Enum):
    RED = 1
    GREEN = 2
    BLUE = 3


@dataclasses.dataclass(order=True)
class Item:
    weight: float
    name: str = "item"
    tags: list = dataclasses.field(default_factory=list)

    def heavier(self, other):
        return self.weight > other.weight


class Shape:
    __slots__ = ("x", "y")
    count = 0

    def __init__(self, x, y):
        self.x, self.y = x, y
        Shape.count += 1

    @property
    def area(self):
        return self.x * self.y

    def __eq__(self, other):
        return isinstance(other, Shape) and (self.x, self.y) == (other.x, other.y)

    def __hash__(self):
        return hash((self.x, self.y))


class Square(Shape):
    def __init__(self, x):
        super().__init__(x, x)

    @functools.lru_cache(maxsize=64)
    def scaled(self, factor=2):
        return Square(self.x * factor)


def numbers(size):
    """Loops over integers and floats."""
    total, values = 0, []
    for i in range(size):
        total += (i * 7 + 3) % 11 if i & 1 else i >> 2
        values.append(i * 0.5 + total / 3.0)
    primes = [n for n in range(2, size // 20) if all(n % d for d in range(2, int(n**0.5) + 1))]
    return total, sum(values), max(values), len(primes), pow(3, size, 1_000_007)


def words(size):
    """Text: building, splitting, formatting, searching, counting."""
    text = " ".join(f"word{i % 97} {i:>5d} {i / 7:.3f} {'even' if i % 2 == 0 else 'odd'}" for i in range(size))
    counts = collections.Counter(text.split())
    lines = [line.strip().title().replace("Word", "w") for line in text.split("5")]
    found = re.findall(r"(word\d+)\s+(\d+)", text)
    swapped = re.sub(r"\b(even|odd)\b", lambda match: match[1].upper(), text)
    return counts.most_common(5), len("\n".join(lines).encode()), len(found), swapped.count("EVEN"), "%s-%05d" % ("é", 7)


def objects(size):
    """Classes, attributes, calls of every kind, closures, exceptions, generators."""
    shapes = [Square(i % 50) if i % 3 else Shape(i, i + 1) for i in range(size)]
    area = sum(shape.area for shape in shapes) + shapes[1].scaled(factor=3).area
    items = sorted((Item(float(i * 37 % 101), f"n{i}", [i]) for i in range(size // 4)), key=lambda item: item.weight)
    heavier = sum(a.heavier(b) for a, b in zip(items, reversed(items)))
    caught = 0
    for i in range(size):
        try:
            caught += {0: "a", 1: "b"}[i % 4] == "a"
        except KeyError as error:
            caught += error.args[0]

    def counter(start, *rest, step=1, **more):
        value = start
        while value < size:
            yield value + len(rest) + len(more)
            value += step

    def adder(number):
        return lambda other: number + other

    spread = sum(counter(0, 1, 2, step=3, extra=None))
    return area, heavier, caught, spread, functools.reduce(lambda a, b: adder(a)(b), range(size)), Colour(2).name


def containers(size):
    """Dictionaries, sets, lists, tuples, slices, sorting, unpacking, comprehensions."""
    table = {f"key{i % 500}": (i, str(i)) for i in range(size)}
    for key, (number, text) in list(table.items()):
        table[key] = {"number": number, "text": text, "list": [number, *range(number % 5)]}
    inverse = {entry["text"]: key for key, entry in table.items() if "text" in entry}
    mixed = set(inverse) | {key for key in table if key.endswith("7")} - {"key7"}
    data = [(i * 7919) % size for i in range(size)]
    data.sort(key=lambda number: -number)
    first, *middle, last = data
    queue = collections.deque(middle[10:-10:3], maxlen=100)
    while len(queue) > 2:
        queue.append(queue.popleft() + queue.popleft())
        queue.pop()
    text = json.dumps({"table": table, "data": data[:100]}, sort_keys=True, indent=1)
    return len(mixed), first, last, list(queue), len(json.loads(text)["table"])


def raw(size):
    """Bytes, buffers, large integers, complex numbers, decimals."""
    data = bytes(i * 31 & 255 for i in range(size))
    buffer = bytearray(data)
    buffer[10:20] = b"-" * 10
    buffer.extend(bytes(memoryview(data)[::-3]))
    fields = struct.unpack("<%dH" % (size // 2), data[: size // 2 * 2])
    text = base64.b64encode(data.replace(b"a", b"bc")).decode("ascii")
    parts = data.split(b"\x07", 20) + [data.hex(" ", 4).encode(), bytes(buffer).translate(bytes(range(256))[::-1])]
    number = int.from_bytes(data[:200], "little")
    spiral = sum(complex(i, -i) * 1j**i for i in range(size // 20))
    root = sum((decimal.Decimal(i) / 7 for i in range(1, size // 50)), decimal.Decimal()).sqrt()
    return sum(fields), len(text), b"".join(parts).find(b"zz"), str(number**3 // 7)[:9], spiral, f"{root:.5f}"


async def waits(size):
    async def one(number):
        return number

    return [await one(number) for number in range(size)]


def run(coroutine):
    try:
        while True:
            coroutine.send(None)
    except StopIteration as stop:
        return stop.value


def sources():
    """The compiler, and marshal in both directions, on the larger half of the library's top level."""
    folder = os.path.dirname(os.__file__)
    for name in sorted(os.listdir(folder)):
        if name.endswith(".py") and not name.startswith("_sysconfig"):
            with io.open(os.path.join(folder, name), encoding="utf-8", errors="replace") as file:
                code = compile(file.read(), name, "exec", dont_inherit=True)
            for _ in range(100):
                marshal.loads(marshal.dumps(code))


def code():
    for _ in range(100):
        numbers(20000)
        words(3000)
        objects(6000)
        containers(6000)
        raw(4000)
        run(waits(2000))
        gc.collect()
    sources()


def test(name):
    """One of TESTS. Each has a process of its own: what one leaves behind would change what the next one counts."""
    warnings.simplefilter("ignore")
    random.seed(1)
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName("test.test_" + name)
    except (ImportError, AttributeError, unittest.SkipTest):
        return  # Another version's, or it wants the modules that only test CPython.
    suite.run(unittest.TestResult())


if __name__ == "__main__":
    {"imports": imports, "code": code, "test": test}[sys.argv[1]](*sys.argv[2:])
