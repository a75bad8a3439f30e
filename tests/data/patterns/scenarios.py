"""What a program can see of module re. Runs in an executable and in the plain interpreter; both print the same.

usage: scenarios.py FILE, which lists the patterns as (kind, text, flags) in JSON. What only an executable can say, how
many patterns came out of the payload, goes to standard error.
"""
import copy
import inspect
import json
import pickle
import re
import sys
import traceback
import warnings

OLD = sys.version_info < (3, 11)
if OLD:
    import sre_compile as compiler
    import sre_parse as parser
else:
    import re._compiler as compiler
    import re._parser as parser

FIRST = "_cache2" if hasattr(re, "_cache2") else "_cache"
SAMPLES = ["", "a", "abc abc", "x = 'y' # z", "$name ${braced}", "1.2.3rc4+local", "%(key)s %d",
           "<a href='x'>&amp;</a>\n\n",
           "From: me@example.org\r\n", "2024-02-30T25:61:00Z", "\t  def f(x):\n", "\u00e9\u0130\u0131\u017f K"]
KNOWN = r"(.*):(?P<rest>[a-z]*)known"  # some module of the test states these: see the test
KNOWN_BYTES = rb"known[\x80-\xff]+"
results = []


def case(function):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            value = function()
        except (AssertionError, NameError):
            raise
        except Exception as error:
            value = [type(error).__name__, str(error), getattr(error, "pos", None), error.__context__ is None]
    results.append([function.__name__, value, [(w.category.__name__, str(w.message), w.filename) for w in told]])
    re.purge()


def load():
    with open(sys.argv[1], encoding="utf-8") as file:
        return [(text.encode("latin-1") if kind == "bytes" else text, flags) for kind, text, flags in json.load(file)]


def describe(pattern):
    samples = SAMPLES if isinstance(pattern.pattern, str) else [s.encode() for s in SAMPLES]
    found = [[[m.span(), m.lastgroup, m.lastindex, m.groups()] for m in pattern.finditer(s)] for s in samples]
    return [repr(pattern), pattern.flags, pattern.groups, list(pattern.groupindex.items()), repr(found),
            pickle.loads(pickle.dumps(pattern)) is pattern, copy.deepcopy(pattern) is pattern]


def serves(pattern, flags, equal):
    """Whether the payload has it, asked of a dictionary that is empty."""
    cache = getattr(re, FIRST)
    re.purge()
    try:
        other = cache[type(pattern), pattern, flags]
    except KeyError as error:
        assert error.args == ((type(pattern), pattern, flags),)
        return False
    assert other == equal and hash(other) == hash(equal) and other is not equal and other.pattern is pattern
    return True


@case
def all_patterns_are_what_they_are():
    served, described = 0, []
    cache = getattr(re, FIRST)
    for pattern, flags in load():
        re.purge()
        p = re.compile(pattern, flags)
        assert re.compile(pattern, flags) is p and p.pattern is pattern and type(p.flags) is int
        assert list(re._cache) == list(cache) == [(type(pattern), pattern, flags)]
        described.append(describe(p))
        served += serves(pattern, flags, p)
    print("served", served, "of", len(described), file=sys.stderr)
    return described


@case
def caches_have_their_size_and_order():
    seen = []
    patterns = load()
    for i in range(700):
        pattern, flags = patterns[i % len(patterns)] if i % 3 else (f"new{i}", 0)
        re.compile(pattern, flags)
        seen.append((len(re._cache), len(getattr(re, FIRST))))
    return [seen, [[repr(k) for k in getattr(re, name)] for name in ("_cache", FIRST)]]


@case
def a_smaller_limit_is_kept():
    limit, re._MAXCACHE = re._MAXCACHE, 2
    try:
        for pattern, flags in load()[:9]:
            re.compile(pattern, flags)
        return len(re._cache)
    finally:
        re._MAXCACHE = limit


@case
def any_limit_will_do():
    limit, told = re._MAXCACHE, []
    try:
        for re._MAXCACHE in (1 << 80, -1, 0):
            told.append([repr(re.compile(KNOWN)), len(re._cache)])
            re.purge()
    finally:
        re._MAXCACHE = limit
    return told


@case
def a_cache_that_is_gone_is_missed():
    own = re._cache
    del re._cache
    try:
        return repr(re.compile(KNOWN))
    except NameError as error:
        return str(error)
    finally:
        re._cache = own


@case
def purging_forgets():
    first = re.compile(KNOWN)
    re.purge()
    return [re.compile(KNOWN) is first, re.compile(KNOWN) == first, len(re._cache)]


@case
def errors_are_the_same():
    told = []
    for pattern, flags in (("(", 0), ("a**", 0), (KNOWN, re.L), (KNOWN_BYTES, re.U), (KNOWN, 1 << 40), ("\\1", 0),
                           (5, 0),
                           (None, 0), ([], 0), (KNOWN, "x"), (re.compile("a"), re.I)):
        try:
            told.append(repr(re.compile(pattern, flags)))
        except Exception as error:
            told.append([type(error).__name__, str(error), error.__context__ is None,
                         [f.name for f in traceback.extract_tb(error.__traceback__)]])
    return told


@case
def warnings_are_the_same():
    return [repr(re.compile(p)) for p in ("[[a]", "[a--b]", "(x)|[x&&y]")]


@case
def flags_may_be_of_any_kind():
    class Odd(int):
        pass

    return [re.compile(KNOWN, flags).flags
            for flags in (0, False, re.I, re.I | re.X, int(re.I), Odd(2), re.RegexFlag(0), 32)]


@case
def text_may_be_of_any_kind():
    class Text(str):
        pass

    p = re.compile(Text(KNOWN))
    return [type(p.pattern).__name__, repr(re.compile(bytearray(KNOWN_BYTES)) if OLD else 0), len(re._cache)]


@case
def a_replaced_parser_is_obeyed():
    own, calls = parser.parse, []

    def parse(text, flags=0, state=None):
        calls.append(text)
        return own(text.replace("known", "other"), flags)

    parser.parse = parse
    try:
        return [re.compile(KNOWN).match("a:bother") is not None, calls]
    finally:
        parser.parse = own


@case
def a_replaced_method_of_the_parser_is_obeyed():
    own, calls = parser.Tokenizer.get, []

    def get(self):
        calls.append(1)
        return own(self)

    parser.Tokenizer.get = get
    try:
        re.compile(KNOWN)
        return len(calls)
    finally:
        parser.Tokenizer.get = own


@case
def replaced_code_is_obeyed():
    own, told = compiler.isstring.__code__, []
    compiler.isstring.__code__ = (lambda obj: False).__code__
    try:
        re.compile(KNOWN)
    except TypeError as error:
        told.append(str(error))
    finally:
        compiler.isstring.__code__ = own
    return told


@case
def a_replaced_compiler_is_obeyed():
    own = compiler.compile
    compiler.compile = lambda p, flags=0: own(p + "!", flags)
    try:
        return re.compile(KNOWN).pattern
    finally:
        compiler.compile = own


@case
def a_changed_table_of_the_parser_is_obeyed():
    own = parser.CATEGORIES[r"\d"]
    parser.CATEGORIES[r"\d"] = parser.CATEGORIES[r"\s"]
    try:
        return [re.compile(p, f).flags for p, f in load()[:50]]
    finally:
        parser.CATEGORIES[r"\d"] = own


@case
def profiles_see_every_call():
    calls = []
    sys.setprofile(lambda frame, event, arg: calls.append((event, frame.f_code.co_name)))
    try:
        re.compile(KNOWN)
    finally:
        sys.setprofile(None)
    return calls


@case
def traces_see_every_line():
    lines = []

    def trace(frame, event, arg):
        lines.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
        return trace

    sys.settrace(trace)
    try:
        re.compile(KNOWN)
    finally:
        sys.settrace(None)
    return lines


@case
def monitoring_sees_every_call():
    if not hasattr(sys, "monitoring"):
        return None
    names, tool = [], sys.monitoring
    tool.use_tool_id(3, "test")
    tool.register_callback(3, tool.events.PY_START, lambda code, offset: names.append(code.co_name))
    tool.set_events(3, tool.events.PY_START)
    try:
        re.compile(KNOWN)
    finally:
        tool.set_events(3, 0)
        tool.free_tool_id(3)
    return names


@case
def modules_can_be_looked_at():
    functions = (re.compile, re._compile, compiler.compile, parser.parse, re.purge)
    return [[f.__name__, type(f).__name__, f.__module__, f.__code__.co_name, str(inspect.signature(f)),
             inspect.getsource(f)] for f in functions]


@case
def the_cache_is_a_dictionary():
    cache = getattr(re, FIRST)
    re.compile(KNOWN)
    return [isinstance(cache, dict), type(cache).__name__, type(cache).__module__, repr(type(cache)), repr(cache),
            cache == dict(cache), list(cache), (str, KNOWN, 0) in cache, cache.get((str, "new", 0))]


@case
def the_cache_refuses_other_keys():
    told = []
    for key in (1, (), (str, KNOWN), (bytes, KNOWN, 0), (str, KNOWN, None), (str, KNOWN, -1), (str, KNOWN, 1 << 70),
                (str, "\ud800", 0), (str, [], 0), [str, KNOWN, 0]):
        try:
            told.append(repr(getattr(re, FIRST)[key]))
        except (KeyError, TypeError) as error:
            told.append([type(error).__name__, repr(error.args)])
    return told


@case
def an_ordinary_dictionary_in_its_place_serves():
    own = getattr(re, FIRST)
    setattr(re, FIRST, {})
    try:
        return [repr(re.compile(KNOWN)), list(getattr(re, FIRST)), list(own)]
    finally:
        setattr(re, FIRST, own)


@case
def scanners_work():
    scanner = re.Scanner([(r"[a-z]+", lambda s, t: t), (r"\d+", lambda s, t: int(t)), (r"\s+", None)])
    return scanner.scan("ab 12 c!")


@case
def nothing_is_left_behind():
    patterns = load()[:20]

    def compile_all():
        for pattern, flags in patterns:
            re.compile(pattern, flags)
        re.purge()

    compile_all()
    before = sys.getallocatedblocks()
    for _ in range(20):
        compile_all()
    return abs(sys.getallocatedblocks() - before) < 50


@case
def a_new_import_works():
    import importlib
    kept = {name: sys.modules.pop(name) for name in list(sys.modules)
            if name == "re" or name.startswith(("re.", "sre_"))}
    try:
        new = importlib.import_module("re")
        p = new.compile(KNOWN)
        return [new is re, p == re.compile(KNOWN), list(new._cache)]
    finally:
        for name in list(sys.modules):
            if name == "re" or name.startswith(("re.", "sre_")):
                del sys.modules[name]
        sys.modules.update(kept)


@case
def reloading_works():
    import importlib
    importlib.reload(compiler)
    importlib.reload(re)
    return [repr(re.compile(KNOWN)), list(re._cache)]


print(json.dumps(results, default=repr, indent=1))
