"""The tables of this folder: which sources, patches, libraries, modules there are (their comments tell the columns)."""

import collections
import fnmatch
import os

HERE = os.path.dirname(os.path.abspath(__file__))
Source = collections.namedtuple("Source", "minor suite package version tarball_sha256 patches_sha256")
Library = collections.namedtuple("Library", "name archive package copyright licences needs")


class Problem(Exception):
    """Something that the user is to be told: what is wrong, and what to do."""


def rows(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as table:
        return [line.split() for line in table if line.strip() and not line.startswith("#")]


def sources():
    return {row[0]: Source(*row) for row in rows("sources")}


def libraries():
    return {row[0]: Library(*row[:5], needs=[] if row[5] == "-" else row[5].split(",")) for row in rows("libraries")}


def is_wanted_patch(name):
    return any(fnmatch.fnmatch(name, pattern) for (pattern,) in rows("patches"))


def modules(minor):
    """(lines for Modules/Setup.local, names that are disabled, arguments for configure) of one version X.Y."""
    number = [int(part) for part in minor.split(".")]
    lines, disabled, configure = [], [], []
    for versions, *words in rows("modules"):
        first, last = ([int(part) for part in end.split(".")] for end in versions.split("-"))
        if not first <= number <= last:
            continue
        if words[0] == "disabled":
            disabled += words[1:]
        elif words[0] == "configure":
            configure += words[1:]
        else:
            lines.append(" ".join(words))
    return lines, disabled, configure


def closure(names):
    """The libraries that `names` need, those first that need the others; unknown names are the system's."""
    known, found, waiting = libraries(), [], list(names)
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found.append(name)
        waiting += known[name].needs if name in known else []
    return found
