"""Writes archives, good and hostile, into the folder that is named: one for each rule of unpack.h."""
import gzip
import io
import lzma
import os
import sys
import tarfile

where = sys.argv[1]


def member(name, data=b"", kind=tarfile.REGTYPE, link="", mode=0o644):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, link, mode
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    return info, io.BytesIO(data)


def folder(name):
    return member(name, kind=tarfile.DIRTYPE)


def link(name, to):
    return member(name, kind=tarfile.SYMTYPE, link=to)


def hard(name, to):
    return member(name, kind=tarfile.LNKTYPE, link=to)


def tar(*members, form=tarfile.GNU_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for info, data in members:
            data.seek(0)
            archive.addfile(info, data)
    return out.getvalue()


def save(name, *members, **options):
    with open(os.path.join(where, name + ".tar.gz"), "wb") as f:
        f.write(gzip.compress(tar(*members, **options), 6, mtime=0))


good = [
    folder("python/"), member("python/a.txt", b"alpha\n"), member("python/bin/run", b"#!/bin/sh\n", mode=0o755),
    link("python/bin/python3", "run"), link("python/up", "bin/../a.txt"), link("python/chain", "up"),
    hard("python/b.txt", "python/a.txt"), member("./python/dot/é.txt", b"e"), member("python/empty"),
    link("python/dangling", "not/here"), folder("python/"),
]
plain = tar(*good)
save("good", *good)
save("pax", *good, form=tarfile.PAX_FORMAT)
with open(os.path.join(where, "good.tar.xz"), "wb") as f:
    f.write(lzma.compress(plain))
with open(os.path.join(where, "good.tar"), "wb") as f:
    f.write(plain)

save("absolute", member("/tmp/oxidizer-was-here", b"x"))
save("dotdot", member("python/../../oxidizer-was-here", b"x"))
save("dotdot-end", folder("python/.."))
save("control", member("python/a\nb", b"x"))
save("twice", member("python/a", b"1"), member("python/a", b"2"))
save("twice-dot", member("python/a", b"1"), member("./python//a", b"2"))
save("through-file", member("python/a", b"1"), member("python/a/b", b"2"))
save("through-link", link("python/a", "."), member("python/a/b", b"2"))
save("folder-over-file", member("python/a", b"1"), folder("python/a"))
save("link-out", link("python/a", "../../outside"))
save("link-absolute", link("python/a", "/etc/passwd"))
save("link-empty", link("python/a", "x"), link("python/b", "\x01"))
save("link-loop", link("python/a", "b"), link("python/b", "a"))
save("link-chain-out", folder("python/d"), link("python/d/up", ".."), link("python/e", "d/up/../../out"))
save("hard-out", hard("python/a", "/etc/passwd"))
save("hard-dotdot", hard("python/a", "../x"))
save("hard-to-link", member("python/x"), link("python/a", "x"), hard("python/b", "python/a"))
save("hard-forward", hard("python/a", "python/b"), member("python/b"))
save("device", member("python/null", kind=tarfile.CHRTYPE))
save("block", member("python/sda", kind=tarfile.BLKTYPE))
save("fifo", member("python/pipe", kind=tarfile.FIFOTYPE))
save("long-name", member("python/" + "n" * 300, b"x"))
save("long-path", member("python/" + "dir/" * 600 + "x", b"x"))
save("deep", member("python/" + "d/" * 150 + "x", b"x"))
save("case", member("python/a", b"1"), member("python/A", b"2"))
save("bomb", member("python/zeros", bytes(100 << 20)))
save("many", *[member("python/%d" % i) for i in range(1500)])
save("nothing")
open(os.path.join(where, "empty.tar.gz"), "wb").close()
with open(os.path.join(where, "text.tar.gz"), "wb") as f:
    f.write(b"<html>404 not found</html>\n" * 50)
