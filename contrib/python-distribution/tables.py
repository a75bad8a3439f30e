"""The tables of this folder: which sources, patches, libraries, modules there are (their comments tell the columns)."""

import collections
import fnmatch
import os

HERE = os.path.dirname(os.path.abspath(__file__))
Source = collections.namedtuple("Source", "minor suite package version tarball_sha256 patches_sha256")
LibrarySource = collections.namedtuple("LibrarySource", "package suite version tarball_sha256 patches_sha256 patches")
Library = collections.namedtuple("Library", "name archive package copyright licences needs source")


class Problem(Exception):
    """Something that the user is to be told: what is wrong, and what to do."""


def rows(name):
    with open(os.path.join(HERE, name), encoding="utf-8") as table:
        return [line.split() for line in table if line.strip() and not line.startswith("#")]


def sources():
    return {row[0]: Source(*row) for row in rows("sources")}


def listed(word):
    return [] if word == "-" else word.split(",")


def libraries(from_source=False):
    """The table `libraries`: all that Debian has, or those that can be built from source, with what they need then."""
    table = rows("libraries")
    if from_source:
        return {row[0]: Library(*row[:5], listed(row[7]), row[6]) for row in table if row[6] != "-"}
    return {row[0]: Library(*row[:5], listed(row[5]), row[6]) for row in table}


def library_sources():
    return {row[0]: LibrarySource(*row[:5], patches=listed(row[5])) for row in rows("library-sources")}


def wanted(names, patterns):
    """Those of a package's patches that one of the patterns means, in their order."""
    return [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


def patches():
    """The patterns for CPython's."""
    return [pattern for (pattern,) in rows("patches")]


def rows_for(minor, name):
    """Those rows of a table, without their first column, whose range of versions there has X.Y."""
    number = [int(part) for part in minor.split(".")]
    for versions, *words in rows(name):
        first, last = ([int(part) for part in end.split(".")] for end in versions.split("-"))
        if first <= number <= last:
            yield words


def changes(minor):
    """(patch, place of the file that it includes) of each of our own changes to one version X.Y."""
    return [tuple(words) for words in rows_for(minor, "changes")]


def modules(minor):
    """(lines for Modules/Setup.local, names that are disabled, arguments for configure) of one version X.Y."""
    lines, disabled, configure = [], [], []
    for words in rows_for(minor, "modules"):
        if words[0] == "disabled":
            disabled += words[1:]
        elif words[0] == "configure":
            configure += words[1:]
        else:
            lines.append(" ".join(words))
    return lines, disabled, configure


def closure(names, known):
    """The libraries of `known` that `names` need, those first that need the others; unknown names are the system's."""
    found, waiting = [], list(names)
    while waiting:
        name = waiting.pop(0)
        if name in found:
            continue
        found.append(name)
        waiting += known[name].needs if name in known else []
    return found
