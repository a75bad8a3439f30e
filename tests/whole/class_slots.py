"""Makes classes of every kind and prints one line that tells the functions in their slots: the same for two interpreters of
one version X.Y, from 3.9 on, that give each of these classes the same slots."""

import ctypes
import gc
import hashlib
import itertools
import struct
import sys

# Where a type object has its slots: PyTypeObject's, then those that PyHeapTypeObject adds, without a buffer's.
OWN = [64, 72, 88, 120, 128, 136, 144, 152, 200, 216, 224, 272, 280, 296, 312, 392]
HEAP = 408 + 8 * (sys.version_info >= (3, 12))
HEAP_COUNT = 3 + (sys.version_info >= (3, 10)) + 36 + 3 + 10
BINARY = "add sub mul mod divmod pow lshift rshift and xor or floordiv truediv matmul".split()
NAMES = [f"__{name}__" for name in (
    "getattribute getattr setattr delattr repr hash call str lt le eq ne gt ge iter next get set delete init new del await"
    " aiter anext neg pos abs bool invert int float index len getitem setitem delitem contains").split()
    + BINARY + ["r" + name for name in BINARY] + ["i" + name for name in BINARY if name != "divmod"]]
BASES = [(), (int,), (str,), (list,), (dict,), (tuple,), (set,), (float,), (Exception,), (type,), (property,), (bytearray,)]
OWNERS = [base for (base,) in BASES[1:]] + [object, type(iter([]))]


class Key(str):
    """Equal to a special method's name, and not that string."""
    __hash__ = str.__hash__

    def __eq__(self, other):
        return str(self) == str(other)


class Alone(type):
    """Its classes do not inherit from object."""
    def mro(cls):
        return [base for base in super().mro() if base is not object]


def ordinary(*_args):
    return NotImplemented


def namespaces():
    yield {}
    for name in NAMES:
        yield {name: ordinary}
        yield {name: None}
        yield {name[:-2] + "_" + "_": ordinary, "other": 1}  # not interned
        for owner in OWNERS:
            if name in vars(owner):
                yield {name: vars(owner)[name]}
    yield {"__eq__": ordinary, "__ne__": object.__ne__}
    yield {"__lt__": int.__lt__, "__gt__": int.__gt__}
    yield {"__lt__": int.__lt__, "__gt__": int.__lt__}
    yield {"__len__": list.__len__, "__getitem__": dict.__getitem__, "__iter__": None}
    yield {"__repr__": object.__str__, "__str__": object.__repr__}
    yield {Key("__len__"): ordinary}
    yield {f"name{i}": i for i in range(2000)}


def classes():
    for namespace, bases in itertools.product(namespaces(), BASES):
        try:
            first = type("first", bases, dict(namespace))
            yield first
            second = type("second", (first,), {})
            yield second
            other = type("other", bases, {"__eq__": ordinary, "__iter__": ordinary})
            yield type("both", (second, other), {})
            yield type("also", (other, first), {"__hash__": ordinary})
            if not bases:
                yield Alone("alone", (second,), dict(namespace))
        except TypeError as error:
            yield str(error)  # No base class, or one that does not go with another.
    for name in ("__len__", "__repr__", "__new__", "__getattr__"):
        yield from classes_of_another_object(name)


def classes_of_another_object(name):
    """While `object` has something else of that name, as C code could see to."""
    (below,) = gc.get_referents(vars(object))
    before = below.get(name)
    below[name] = ordinary
    try:
        made = [type("first", bases, {"__eq__": ordinary}) for bases in BASES]
    finally:
        if before:
            below[name] = before
        else:
            del below[name]
    yield from made
    yield type("after", (), {})


def slots(cls):
    own = ctypes.string_at(id(cls), HEAP)
    heap = ctypes.string_at(id(cls) + HEAP, 8 * HEAP_COUNT)
    return [struct.unpack_from("=Q", own, at)[0] for at in OWN] + list(struct.unpack(f"={HEAP_COUNT}Q", heap))


def main():
    # Addresses differ: each is told by its number in the order in which it is met.
    numbers, digest, count = {0: 0}, hashlib.sha256(), 0
    for cls in classes():
        met = cls if isinstance(cls, str) else [numbers.setdefault(address, len(numbers)) for address in slots(cls)]
        digest.update(repr(met).encode())
        count += 1
    print(count, "classes,", len(numbers), "functions,", digest.hexdigest())


main()
