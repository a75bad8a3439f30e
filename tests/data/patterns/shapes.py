"""Classes whose methods the standard library generates; the build compiles what it will generate."""
import collections
import dataclasses
import typing


@dataclasses.dataclass
class Plain:
    x: int
    y: str = "why"
    z: list = dataclasses.field(default_factory=list)
    served: typing.ClassVar[int] = 3


@dataclasses.dataclass(frozen=True, order=True)
class Frozen(object):
    hostile: int
    name: str = dataclasses.field(default="n", compare=False)

    def __post_init__(self):
        object.__setattr__(self, "made", self.hostile)


@dataclasses.dataclass(unsafe_hash=True)
class Derived(Plain):
    more: dataclasses.InitVar[int] = 4

    def __post_init__(self, more):
        self.more_of_it = more


class Pair(typing.NamedTuple):
    left: int
    right: "str" = "r"


Triple = collections.namedtuple("Triple", "one, two three", defaults=[3])
Odd = collections.namedtuple("Odd", ["class", "fine", "fine"], rename=True)


@dataclasses.dataclass
class Marked:
    """One of which a test may alter the code in a payload."""
    compiled: int


ALL = [Plain, Frozen, Derived, Pair, Triple, Odd]
