# The list of what is compiled for a module beside its bytecode, as runtime/pack/compiled.h describes it: its regular
# expressions, and the code that the standard library generates for its classes.
#
# The texts of patterns.py and generated.py, which find them, stand before this one.


SMALL = [bytes([value]) for value in range(128)]


def number(value):
    """A number as seven bits a byte, the lowest first."""
    data = bytearray()
    while value > 127:
        data.append(value & 127 | 128)
        value >>= 7
    data.append(value)
    return bytes(data)


def compiled(kind, pattern, flags):
    """What _sre.compile is given for it, encoded; None when it is not to be kept: it prints, fails, imports something,
    or warns (with warnings as errors)."""
    import re
    try:
        import re._compiler as compiler
    except ImportError:
        import sre_compile as compiler
    text = pattern if kind is bytes else pattern.encode("utf-8", "surrogatepass")
    if flags & re.DEBUG or flags & getattr(compiler, "SRE_FLAG_TEMPLATE", 1) or not 0 <= flags < 1 << 16:
        return None
    if b"\\N" in text or len(text) > MAX_TEXT or b"\xed" in text and kind is str and has_surrogates(pattern):
        return None
    real, given = compiler._sre, []
    compiler._sre = Recorder(real, given)
    try:
        compiler.compile(pattern, flags)
    except Exception:
        return None
    finally:
        compiler._sre = real
    return encoded(text, kind, flags, *given[-1][1:])


def has_surrogates(text):
    return any("\ud800" <= c <= "\udfff" for c in text)


class Recorder:
    """Stands for module _sre."""

    def __init__(self, real, given):
        self.real, self.given = real, given

    def __getattr__(self, name):
        return getattr(self.real, name)

    def compile(self, *args):
        self.given.append(args)


def encoded(text, kind, flags, final, code, groups, groupindex, indexgroup):
    data = [number(groups), number(len(groupindex))]
    for key, index in groupindex.items():
        utf8 = key.encode()
        data += [number(index), number(len(utf8)), utf8]
    data.append(number(len(code)))
    data += [SMALL[word] if word < 128 else number(word) for word in code]
    body = b"".join(data)
    return words(kind is bytes, flags, final, len(text), len(body)) + text + body


def words(*numbers):
    return b"".join(int(n).to_bytes(4, "little") for n in numbers)


def all_compiled(found):
    import warnings
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return [compiled(*one) for one in found]


def entries(source, name):
    """Whatever may go wrong with a strange source costs the program a little time at its start, and not the build."""
    kept = []
    if mentions(source) or name == "string":
        try:
            kept += all_compiled(stated(source, name))
        except Exception:
            pass
    if makes_code(source):
        try:
            kept += [code_entry(*one) for one in generated(source)]
        except Exception:
            pass
    return b"".join(e for e in kept if e)


def harvest(source, name):
    """The list of a module; empty when there is nothing."""
    kept = entries(source, name)
    if not kept:
        return b""
    import _sre
    import sys
    return words(_sre.MAGIC, sys.hexversion) + kept
