"""What a program can see of code that the standard library generates. Runs in an executable and in the plain
interpreter; both print the same.

usage: generated.py FOLDER, where shapes.py lies. What only an executable can say, how many functions came out of the
payload, goes to standard error: code of one process' exec and eval shares the object of its file name (always, from
3.12 on).
"""
import copy
import dataclasses
import importlib
import inspect
import json
import pickle
import sys
import traceback

sys.path.append(sys.argv[1])
import shapes  # noqa: E402

results = []
TEXT = "lambda _cls, left, right: _tuple_new(_cls, (left, right))"  # as of shapes.Pair
OLD_TEXT = "def __new__(_cls, left, right): return _tuple_new(_cls, (left, right))"  # as up to 3.8


def case(function):
    try:
        value = function()
    except AssertionError:
        raise
    except Exception as error:
        value = [type(error).__name__, str(error)]
    results.append([function.__name__, value])


def describe(code):
    own = {name: repr(getattr(code, name)) for name in dir(code)
           if name.startswith("co_") and name not in ("co_consts", "co_lines", "co_positions", "co_branches",
                                                      "co_lnotab", "_co_code_adaptive")}
    inner = [describe(c) if inspect.iscode(c) else
             [type(c).__name__, repr(sorted(c) if isinstance(c, frozenset) else c)] for c in code.co_consts]
    places = [list(getattr(code, name)()) for name in ("co_lines", "co_positions") if hasattr(code, name)]
    return [own, inner, places, [sys.intern(n) is n for n in code.co_names + code.co_varnames]]


def functions():
    for cls in shapes.ALL:
        for name, value in sorted(vars(cls).items()):
            value = inspect.unwrap(value) if callable(value) else value
            if inspect.isfunction(value) and value.__code__.co_filename == "<string>":
                yield cls, name, value


@case
def code_is_what_compiling_makes():
    here = eval("lambda: 0").__code__.co_filename
    count, served, described = 0, 0, []
    for cls, name, function in functions():
        count += 1
        served += function.__code__.co_filename is not here
        described.append([cls.__name__, name, describe(function.__code__), function.__qualname__, function.__module__,
                          repr(function.__defaults__), function.__closure__ is None, repr(function.__annotations__)])
    print("served", served, "of", count, file=sys.stderr)
    assert count > 15
    return described


@case
def methods_do_what_they_do():
    p, f, d = shapes.Plain(1), shapes.Frozen(2), shapes.Derived(3, more=5)
    pair, triple = shapes.Pair(4), shapes.Triple(5, 6)
    same = [copy.deepcopy(o) == o == pickle.loads(pickle.dumps(o)) for o in (p, f, d, pair, triple)]
    return [repr([p, f, d, pair, triple, shapes.Odd(1, 2, 3)]), same, f < shapes.Frozen(3), hash(f) == hash((2,)),
            d.more_of_it, str(inspect.signature(shapes.Plain)), str(inspect.signature(shapes.Derived)),
            shapes.Plain.__doc__, dataclasses.asdict(p), dataclasses.replace(f, hostile=7).made]


@case
def tracebacks_are_the_same():
    told = []
    frozen = shapes.Frozen(1)
    for fail in (lambda: setattr(frozen, "hostile", 2), lambda: delattr(frozen, "name"), lambda: shapes.Plain(),
                 lambda: shapes.Plain(1, 2, 3, 4), lambda: shapes.Pair(), lambda: shapes.Triple(1, 2, 3, 4),
                 lambda: shapes.Frozen(1) < shapes.Plain(1), lambda: hash(shapes.Plain(1)),
                 lambda: hash(shapes.Frozen([]))):
        try:
            fail()
        except Exception as error:
            told.append([line for line in traceback.format_exception(type(error), error, error.__traceback__)
                         if "generated.py" not in line])
    return told


@case
def there_is_no_source():
    told = []
    for _, name, function in functions():
        try:
            told.append(inspect.getsource(function))
        except Exception as error:
            told.append([name, type(error).__name__, str(error)])
    return told


def watched(install):
    events = []

    def watch(frame, event, arg):
        if frame.f_code.co_filename == "<string>":
            events.append([event, frame.f_lineno, frame.f_code.co_name, sorted(map(str, frame.f_locals))])
        return watch

    install(watch)
    try:
        importlib.reload(shapes)
    finally:
        install(None)
    assert events
    return events


@case
def tracers_see_it_run():
    return watched(sys.settrace)


@case
def profilers_see_it_run():
    return watched(sys.setprofile)


@case
def texts_are_run_where_they_are_to_be():
    class Names(dict):
        def __getitem__(self, name):
            return super().__getitem__(name)

    spaces, texts = {"_tuple_new": lambda *a: a, "__builtins__": {}}, (TEXT, OLD_TEXT)
    inner, outer = Names(), {}
    exec(texts[1], spaces, inner)
    exec(TEXT.replace("lambda", "x = lambda"), outer)
    made = eval(TEXT, spaces)
    return [sorted(spaces), sorted(inner), sorted(outer), made(1, 2, 3), made.__globals__ is spaces, made.__name__,
            inner["__new__"](1, 2, 3), eval("  " + TEXT, {"_tuple_new": 1}).__code__ == made.__code__,
            eval(TEXT.encode()).__code__ == made.__code__, eval(TEXT.encode("utf-8-sig")).__code__ == made.__code__]


@case
def flags_of_the_caller_count():
    spaces = {"eval": eval, "text": TEXT}
    exec("from __future__ import annotations, generator_stop\nmade = eval(text)", spaces)
    return [spaces["made"].__code__.co_flags, eval(TEXT).__code__.co_flags]


@case
def a_replaced_exec_is_obeyed():
    import builtins
    import collections
    seen, own = [], (builtins.exec, builtins.eval)

    def noted(function):
        def note(text, *spaces):
            seen.append(str(text)[:300])
            return function(text, *spaces)
        return note

    builtins.exec, builtins.eval = map(noted, own)
    try:
        dataclasses.make_dataclass("Made", ["a"])
        collections.namedtuple("Pair", "left right")
    finally:
        builtins.exec, builtins.eval = own
    assert len(seen) >= 2
    return seen


@case
def texts_that_are_wrong_stay_wrong():
    told = []
    for text in (TEXT + ")", TEXT[:-1], "\0" + TEXT, 5, TEXT + "\ud800"):
        try:
            eval(text)
        except Exception as error:
            told.append([type(error).__name__, str(error), getattr(error, "text", None), error.__context__ is None])
    return told


@case
def compiling_apart_is_compiling():
    code = compile(TEXT, "<string>", "eval")
    return [describe(code), eval(code, {"_tuple_new": lambda *a: a})(1, 2, 3), describe(compile(TEXT, "name", "exec"))]


@case
def whose_module_or_finders_are_gone_has_it_too():
    own, path, told = sys.modules.get("oxidized_importer"), sys.meta_path[:], []
    for module in (type(sys)("oxidized_importer"), None, 5, sys):
        sys.modules["oxidized_importer"] = module
        told.append(eval(TEXT, {"_tuple_new": lambda *a: a})(1, 2, 3))
    del sys.modules["oxidized_importer"]
    if own:
        sys.modules["oxidized_importer"] = own
    sys.meta_path[:] = [5]
    told.append(eval(TEXT, {"_tuple_new": lambda *a: a})(1, 2, 3))
    sys.meta_path[:] = path
    return told


@case
def audit_hooks_see_it_compiled():
    events, on = [], [True]

    def hook(event, args):
        if on[0] and event in ("compile", "exec", "code.__new__", "marshal.loads"):
            events.append([event, [str(getattr(a, "co_name", a))[:500] for a in args]])

    sys.addaudithook(hook)
    eval(TEXT)
    exec("x = 1", {})
    dataclasses.make_dataclass("Made", ["a", "b"], frozen=True)
    on[0] = False
    assert len(events) >= 4
    return events


json.dump(results, sys.stdout)
