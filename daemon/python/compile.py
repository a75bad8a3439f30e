# One interpreter of the pool that compiles sources to marshalled code.
#
# request:  u32 number, u32 level, u32 name length, u32 source length, name, source
# reply:    u32 number, u32 status, u32 length, u32 length, bytes: code (status 0) or the message (status 1), bytes:
#           what else is compiled for it (pattern_list.py, which stands before this text)
# Everything is little-endian; the end of the input ends the program. The name becomes
# co_filename: no path of the machine that builds gets into an output.
import marshal
import os
import sys


def read(stream, size):
    data = stream.read(size)
    if len(data) != size:
        os._exit(0)
    return data


def word(data, index):
    return int.from_bytes(data[4 * index:4 * index + 4], "little")


def translate(source, name, level):
    try:
        code = compile(source, name, "exec", dont_inherit=True, optimize=level)
        return 0, marshal.dumps(code)
    except SyntaxError as e:
        where = "line %d: " % e.lineno if e.lineno else ""
        return 1, (where + str(e.msg)).encode("utf-8", "replace")
    except (ValueError, RecursionError, MemoryError, OverflowError) as e:
        return 1, ("%s: %s" % (type(e).__name__, e)).encode("utf-8", "replace")


def main():
    requests = os.fdopen(0, "rb", 1 << 20)
    replies = os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)
    while True:
        head = read(requests, 16)
        name = read(requests, word(head, 2)).decode("utf-8", "surrogateescape")
        source = read(requests, word(head, 3))
        status, data = translate(source, name, word(head, 1))
        compiled = b"" if status else harvest(source, name)
        words = (status, len(data), len(compiled))
        reply = head[:4] + b"".join(w.to_bytes(4, "little") for w in words) + data + compiled
        view = memoryview(reply)
        while view:
            view = view[replies.write(view):]


main()
