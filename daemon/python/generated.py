# The texts that the standard library makes code of for a module's classes: those of dataclasses and named tuples.
#
# generated(source) reads the shapes of such classes out of a source (names of fields, which of them have defaults,
# the options) and lets this interpreter's own dataclasses and collections make classes of those shapes. What these then
# give exec and eval is what they will give them at run time, whatever version they are of. No code of the module
# is run: defaults, types and methods are placeholders. A wrong guess costs its bytes and nothing else, since code is
# looked up at run time by the text.
#
# The text of patterns.py stands before this one, that of pattern_list.py behind it.

MAKERS = (b"dataclass", b"namedtuple", b"NamedTuple")
MAX_FIELDS = 512
# Methods of which dataclasses asks whether a class has them.
METHODS = frozenset("""__delattr__ __eq__ __ge__ __getstate__ __gt__ __hash__ __init__ __le__ __lt__ __match_args__
__post_init__ __replace__ __repr__ __setattr__ __setstate__""".split())


def makes_code(source):
    """Whether it is worth looking: cheap. Later versions' executables do not ask (runtime/embed/wrap_eval.c)."""
    import sys
    return sys.version_info < (3, 14) and any(word in source for word in MAKERS)


def last_name(node):
    """"C" of C, a.C, C[x], a.C(x)."""
    while type(node).__name__ in ("Subscript", "Call"):
        node = node.value if hasattr(node, "value") else node.func
    return getattr(node, "attr", getattr(node, "id", None))


class Whole(Module):
    """A module of which every block is read whole."""

    def imported(self):
        return (), {}

    def reduced(self, start, end):
        return self.text[start:end]


class Classes:
    """The classes of a module, made again without anything of their own but their shape."""

    def __init__(self, text):
        self.module = Whole(text)
        self.ast = self.module.ast
        self.nodes = {}  # name -> the last ClassDef of that name
        self.made = {}   # ClassDef -> class
        self.names = {"dataclass": "dataclass", "field": "field", "namedtuple": "namedtuple"}
        self.texts = {}  # (mode, text), in the order of the source

    def harvest(self):
        nodes = self.blocks()
        for node in nodes:
            if isinstance(node, self.ast.ClassDef):
                self.nodes[node.name] = node
            elif isinstance(node, self.ast.ImportFrom) and node.module in ("dataclasses", "collections"):
                self.names.update((a.asname or a.name, a.name) for a in node.names)
        for node in nodes:
            if isinstance(node, self.ast.ClassDef):
                self.attempt(self.class_of, node)
            elif isinstance(node, self.ast.Call):
                self.attempt(self.tuple_call, node)

    def attempt(self, make, node):
        """Whatever a strange class may raise here, it will have no compiled code and nothing else."""
        try:
            make(node)
        except Exception:
            pass

    def places(self):
        """Offsets of words that may make code. (Each is searched for by itself: that is quick.)"""
        find, text = self.module.re.finditer, self.module.text
        words = ["dataclass", "namedtuple", "NamedTuple"]
        for word in words[:2]:
            words += [r"%s\b" % m.group(1) for m in find(word + r"[ \t]+as[ \t]+(\w+)", text)]
        return sorted(m.start() for word in words for m in find(word, text))

    def blocks(self):
        """The nodes of the text that have such a word in them."""
        import bisect
        module, places = self.module, self.places()
        module.blocks = module.starts()
        nodes, done = [], 0
        for place in places:
            if place < done:
                continue
            start = module.blocks[bisect.bisect_right(module.blocks, place) - 1]
            statements, done = module.statements(start)
            lines = {module.text.count("\n", start, p) + 1 for p in places if start <= p < done}
            for statement in statements:
                self.collect(statement, lines, nodes)
        return nodes

    def collect(self, node, lines, nodes):
        """What is below a node, of statements those with one of the lines; and the classes beside them."""
        nodes.append(node)
        for child in self.ast.iter_child_nodes(node):
            if not isinstance(child, self.ast.stmt) or self.has_line(child, lines):
                self.collect(child, lines, nodes)
            elif isinstance(child, self.ast.ClassDef):
                nodes.append(child)

    def has_line(self, node, lines):
        first = min([node.lineno] + [d.lineno for d in getattr(node, "decorator_list", ())])
        return any(first <= line <= node.end_lineno for line in lines)

    def fold(self, node):
        return Walker(self.module, [], len(self.module.text)).fold(node, Scope(None, self.module))

    def called(self, node):
        name = last_name(node)
        return self.names.get(name, name)

    def class_of(self, node):
        if node in self.made:
            return self.made[node]
        self.made[node] = object  # one that is its own base
        base_names = [last_name(b) for b in node.bases]
        if "NamedTuple" in base_names:
            self.tuple_of([s.target.id for s in node.body if isinstance(s, self.ast.AnnAssign)], False)
            return object
        bases = [self.class_named(name) for name in base_names]
        made = type(node.name, tuple(b for b in bases if b is not object), self.members(node))
        for decorator in node.decorator_list:
            if self.called(decorator) == "dataclass":
                made = self.dataclass(made, decorator)
        self.made[node] = made
        return made

    def class_named(self, name):
        """A class of this module; those of others count as none."""
        node = self.nodes.get(name)
        for at in self.module.binding_places(name)[-1:] if not node and name else ():
            statements = self.module.statements(at)[0]
            node = statements[0] if statements else None
        return self.class_of(node) if isinstance(node, self.ast.ClassDef) else object

    def dataclass(self, made, decorator):
        import dataclasses
        options = {}
        for keyword in getattr(decorator, "keywords", ()):
            try:
                options[keyword.arg or "**"] = bool(self.fold(keyword.value))
            except Unknown:
                pass
        options.pop("**", None)
        with Caught(dataclasses, self.texts):
            return dataclasses.dataclass(**options)(made)

    def members(self, node):
        """What a class with that body has, as far as dataclasses asks."""
        ast = self.ast
        types, members = {}, {"__module__": "__main__", "__doc__": ""}
        for s in node.body:
            if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name):
                types[s.target.id] = self.type_of(s.annotation)
                if s.value:
                    members[s.target.id] = self.default(s.value)
            elif isinstance(s, ast.Assign):
                for name in (t.id for t in s.targets if isinstance(t, ast.Name)):
                    if name in types:
                        members[name] = self.default(s.value)
                    elif name in METHODS:
                        members[name] = None if isinstance(s.value, ast.Constant) else placeholder
            elif isinstance(s, ast.FunctionDef) and (s.name in METHODS or s.name in types):
                members[s.name] = placeholder
        if len(types) > MAX_FIELDS:
            raise Unknown
        members["__annotations__"] = types
        return members

    def type_of(self, annotation):
        """What of types dataclasses distinguishes."""
        import dataclasses
        name = last_name(annotation)
        if isinstance(annotation, self.ast.Constant) and isinstance(annotation.value, str):
            name = annotation.value.split("[")[0].split(".")[-1].strip()
        if name == "ClassVar":
            import typing
            return typing.ClassVar
        if name == "InitVar":
            return dataclasses.InitVar(object)
        return getattr(dataclasses, "KW_ONLY", object) if name == "KW_ONLY" else object

    def default(self, value):
        import dataclasses
        if not isinstance(value, self.ast.Call) or self.called(value) != "field":
            return 0
        options = {}
        for keyword in value.keywords:
            if keyword.arg in ("default", "default_factory"):
                options[keyword.arg] = 0 if keyword.arg == "default" else placeholder
            elif keyword.arg in ("init", "repr", "hash", "compare", "kw_only"):
                options[keyword.arg] = self.fold_constant(keyword.value)
        return dataclasses.field(**options)

    def fold_constant(self, node):
        return node.value if isinstance(node, self.ast.Constant) else bool(self.fold(node))

    def tuple_call(self, node):
        """namedtuple("N", ...) and NamedTuple("N", [(name, type), ...])."""
        name = self.called(node)
        named = {k.arg: k.value for k in node.keywords}
        fields = node.args[1] if len(node.args) > 1 else named.get("field_names")
        if name == "namedtuple" and fields:
            fields = self.fold(fields)
            rename = "rename" in named and bool(self.fold(named["rename"]))
            self.tuple_of(fields.replace(",", " ").split() if isinstance(fields, str) else fields, rename)
        elif name == "NamedTuple" and isinstance(fields, (self.ast.List, self.ast.Tuple)):
            self.tuple_of([self.fold(pair.elts[0]) for pair in fields.elts], False)

    def tuple_of(self, fields, rename):
        """There is one text; the class itself is not needed."""
        import collections
        if len(fields) <= MAX_FIELDS:
            with Caught(collections, self.texts, False):
                collections.namedtuple("N", fields, rename=rename)


def placeholder(*args):
    pass


class Caught:
    """While it lasts, a module's exec and eval note what they are given, and run it or raise Unknown."""

    def __init__(self, module, texts, runs=True):
        self.module, self.texts, self.runs = module, texts, runs

    def __enter__(self):
        self.module.exec = self.catching("exec", exec)
        self.module.eval = self.catching("eval", eval)

    def __exit__(self, *error):
        del self.module.exec, self.module.eval

    def catching(self, mode, function):
        def caught(text, *scopes):
            if isinstance(text, str):
                self.texts[mode, text] = None
            if not self.runs:
                raise Unknown
            return function(text, *scopes)
        return caught


def generated(source):
    """(mode, text) of a module's classes, each once."""
    classes = Classes(decoded(source))
    classes.harvest()
    return list(classes.texts)


KINDS = {"exec": 2, "eval": 3}


def code_entry(mode, text):
    """As runtime/pack/compiled.h describes it; None for what warns, or compiles to something else at another level."""
    import marshal
    import warnings
    utf8 = text.encode("utf-8", "surrogatepass")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            code, optimised = (compile(text, "<string>", mode, dont_inherit=True, optimize=level) for level in (0, 2))
    except Exception:
        return None
    if len(utf8) > MAX_TEXT or code != optimised or "__future__" in text or "\0" in text:
        return None
    body = marshal.dumps(code)
    return words(KINDS[mode], 0, 0, len(utf8), len(body)) + utf8 + body
