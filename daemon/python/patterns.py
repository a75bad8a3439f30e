# Regular expressions that a module's source states, to be compiled here (pattern_list.py) and not at run time.
#
# stated(source, name) looks for calls such as re.compile(PATTERN, FLAGS) whose arguments can be computed from the text
# alone. No code of the module is run: fold() evaluates a few kinds of expressions over constants, within limits. A
# wrong guess costs its bytes and nothing else, since a pattern is looked up at run time by what is then really asked
# for.
#
# Of a source only the top-level statements that have such calls, and those that bind names used there, are parsed:
# whole syntax trees would take as long as compiling does.

# Where the flags stand among a function's positional arguments.
FLAGS_AT = {"compile": 1, "match": 2, "fullmatch": 2, "search": 2, "findall": 2, "finditer": 2, "split": 3,
            "sub": 4, "subn": 4}
MAX_TEXT = 1 << 16
MAX_STEPS = 20000
MAX_ITEMS = 256
MAX_DEPTH = 40
MAX_JOINED = 16  # blocks, until a statement is complete
LONG = 2000


class Unknown(Exception):
    pass


def mentions(source):
    """Whether it is worth looking: cheap, and needs no module."""
    words = (b"import re", b"from re ", b", re\n", b", re,", b",re\n")
    return any(word in source for word in words)


class Value:
    """What no source states as text: it would be an address in this process."""

    def __repr__(self):
        raise Unknown


class Scope(Value):
    """Names bound inside a statement; `outer` is the next scope that its functions see."""

    def __init__(self, outer, module, is_class=False):
        self.outer, self.module, self.is_class = outer, module, is_class
        self.names = {}
        self.owner = outer.owner if outer else None

    def visible(self):
        """What functions defined here see of it: not the names of a class."""
        return self.outer if self.is_class else self


class Module:
    """The text of a module, of which blocks are parsed when they are asked for. A block begins at a line that is not
    indented; one that a string or bracket continues is parsed with those behind it."""

    def __init__(self, text):
        import ast
        import re
        self.ast, self.re = ast, re
        self.text = text
        self.steps = 0
        self.found = {}
        self.folding = set()
        self.trees = {}
        self.bindings = None
        self.aliases, self.functions = self.imported()

    def imported(self):
        """The names of module re, and those of its functions."""
        find = self.re.finditer
        aliases, functions = set(), {}
        for m in find(r"import[ \t]+([^#;\n]+)", self.text):
            for part in m.group(1).split(","):
                words = part.split()
                alias = words[2] if len(words) == 3 else "re"
                if words[:1] == ["re"] and alias.isidentifier():  # strings have such words, too
                    aliases.add(alias)
        for m in find(r"from[ \t]+re[ \t]+import[ \t]+(\([^)]*\)|[^#;\n]+)", self.text):
            for part in m.group(1).strip("()").split(","):
                words = part.split()
                if words and words[-1].isidentifier():
                    functions[words[-1]] = words[0]
        return aliases, functions

    def starts(self):
        """Offsets at which blocks begin. (Patterns that begin with a letter or line end are searched for quickly.)"""
        find = self.re.finditer(r"\n(?!(?:else|elif|except|finally)\b)[A-Za-z_@]", self.text)
        return [0] + [m.start() + 1 for m in find]

    def calls(self):
        """Offsets of what looks like a call of interest, in order."""
        names = [r"%s[ \t]*\.[ \t]*(?:%s)[ \t]*\(" % (alias, "|".join(FLAGS_AT)) for alias in self.aliases]
        names += [r"%s[ \t]*\(" % name for name, own in self.functions.items() if own in FLAGS_AT]
        return sorted(m.start() for name in names for m in self.re.finditer(name, self.text))

    def statements(self, start):
        """The statements of the block that begins there, and where the next one begins."""
        import bisect
        if start not in self.trees:
            first = bisect.bisect_left(self.blocks, start)
            self.trees[start] = [], start + 1
            for last in range(first + 1, min(first + MAX_JOINED, len(self.blocks)) + 1):
                end = self.blocks[last] if last < len(self.blocks) else len(self.text)
                text, reduced = self.text[start:end], self.reduced(start, end)
                body = self.parse(reduced) or (self.parse(text) if reduced != text else None)
                if body:
                    self.trees[start] = body, end
                    break
        return self.trees[start]

    def parse(self, text):
        try:
            return self.ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    def reduced(self, start, end):
        """The text of a block; that of a class without what of it has no call of interest and binds no name. Lines stay
        where they are."""
        text = self.text[start:end]
        if not text.startswith("class ") or len(text) < LONG:
            return text
        indent = self.re.search(r"\n([ \t]+)\S", text)
        if not indent:
            return text
        binding = r"(?!(?:else|except|finally)\b)\w+[ \t]*[:+=]"
        first = r"\n%s(?:def |async def |class |@|%s)" % (indent.group(1), binding)
        places = [m.start() + 1 for m in self.re.finditer(first, text)] + [len(text)]
        wanted = [c - start for c in self.call_places if start <= c < end]
        parts = [text[:places[0]]]
        for first, last in zip(places, places[1:]):
            part = text[first:last]
            if not any(first <= c < last for c in wanted) and not self.re.match(r"\s+" + binding, part):
                part = "\n" * part.count("\n")
            parts.append(part)
        return "".join(parts)

    def harvest(self):
        """Fills found: (pattern, flags) in the order of the text."""
        import bisect
        calls = self.call_places = self.calls()
        self.blocks = self.starts() if calls else []
        done = 0
        for call in calls:
            at = bisect.bisect_right(self.blocks, call) - 1
            if call < done or at < 0:
                continue
            start = self.blocks[at]
            body, done = self.statements(start)
            line = self.text.count("\n", 0, start)
            lines = [self.text.count("\n", start, c) + 1 for c in calls if start <= c < done]
            walker = Walker(self, lines, start)
            scope = Scope(None, self)
            walker.block(body, scope)
            walker.rest()

    def binding_places(self, name):
        """Offsets of the top-level statements that bind a name."""
        if self.bindings is None:
            self.bindings = {}
            for m in self.re.finditer(
                    r"(?m)^(?:(?:async[ \t]+)?def[ \t]+|class[ \t]+)?(\w+)[ \t]*(?:[(:]|\+?=(?!=))", self.text):
                self.bindings.setdefault(m.group(1), []).append(m.start())
        return self.bindings.get(name, ())

    def module_name(self, name, before):
        """The value of a name at the top level: what the last binding before that offset says."""
        for at in reversed(self.binding_places(name)):
            if at >= before or (name, at) in self.folding:
                continue
            self.folding.add((name, at))
            try:
                return self.bound(self.statements(at)[0], name, at)
            finally:
                self.folding.discard((name, at))
        raise Unknown

    def bound(self, body, name, at):
        scope = Scope(None, self)
        Walker(self, [], at).block(body, scope)
        value = scope.names.get(name, Unknown)
        if value is Unknown:
            raise Unknown
        return value


class Function(Value):
    """A function whose body is one return of an expression, or a lambda."""

    def __init__(self, arguments, result, scope):
        self.arguments, self.result, self.scope = arguments, result, scope


class Walker:
    """Goes through statements in order, binds what folds, and notes patterns. Of statements that have no call of
    interest only the bindings matter."""

    def __init__(self, module, lines, offset):
        self.module, self.ast, self.lines, self.offset = module, module.ast, lines, offset
        self.later = []
        self.depth = 0

    def has_calls(self, node):
        return any(node.lineno <= line <= node.end_lineno for line in self.lines)

    def rest(self):
        """Bodies of functions run when the module is complete."""
        self.offset = len(self.module.text)
        while self.later:
            body, scope = self.later.pop(0)
            self.block(body, scope)

    def block(self, body, scope):
        for node in body:
            self.statement(node, scope)

    def statement(self, node, scope):
        ast = self.ast
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            self.function(node, scope)
        elif isinstance(node, ast.ClassDef):
            self.class_(node, scope)
        else:
            if self.has_calls(node):
                self.visit(node, scope)
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self.bind(target, node.value, scope)
            elif isinstance(node, ast.AnnAssign) and node.value:
                self.bind(node.target, node.value, scope)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                load = ast.BinOp(ast.Name(node.target.id, ast.Load()), node.op, node.value)
                self.bind(node.target, load, scope)

    def bind(self, target, value, scope):
        if not isinstance(target, self.ast.Name):
            return
        try:
            scope.names[target.id] = self.fold(value, scope)
        except Unknown:
            scope.names[target.id] = Unknown

    def function(self, node, scope):
        body = [s for s in node.body if not (isinstance(s, self.ast.Expr) and isinstance(s.value, self.ast.Constant))]
        if len(body) == 1 and isinstance(body[0], self.ast.Return) and body[0].value:
            scope.names[node.name] = Function(node.args, body[0].value, scope.visible())
        else:
            scope.names[node.name] = Unknown
        if not self.has_calls(node):
            return
        for part in node.decorator_list + node.args.defaults + [d for d in node.args.kw_defaults if d]:
            self.visit(part, scope)
        inner = Scope(scope.visible(), self.module)
        if scope.is_class:
            inner.owner = scope
        self.parameters(node.args, scope, inner)
        self.later.append((node.body, inner))

    def parameters(self, arguments, scope, inner):
        """Unknown, or what they are by default."""
        names = arguments.posonlyargs + arguments.args
        for a in names + arguments.kwonlyargs + [x for x in (arguments.vararg, arguments.kwarg) if x]:
            inner.names[a.arg] = Unknown
        pairs = list(zip(names[len(names) - len(arguments.defaults):], arguments.defaults))
        pairs += [p for p in zip(arguments.kwonlyargs, arguments.kw_defaults) if p[1]]
        for a, value in pairs:
            self.bind(self.ast.Name(a.arg, self.ast.Store()), value, Both(inner, scope))

    def class_(self, node, scope):
        inner = Scope(scope, self.module, True)
        inner.owner = inner
        scope.names[node.name] = inner
        for part in node.decorator_list + node.bases + [k.value for k in node.keywords]:
            if self.has_calls(part):
                self.visit(part, scope)
        self.block(node.body, inner)

    def visit(self, node, scope):
        """Looks for calls in an expression or a compound statement."""
        ast = self.ast
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self.statement(node, scope)
            return
        if isinstance(node, ast.Call):
            self.call(node, scope)
        if isinstance(node, ast.For):
            self.loop([(node.target, node.iter)], node.body + node.orelse, scope)
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp)):
            inner = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            tests = [test for g in node.generators for test in g.ifs]
            self.loop([(g.target, g.iter) for g in node.generators], inner + tests, Scope(scope, self.module))
        else:
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.stmt):
                    self.statement(child, scope)
                else:
                    self.visit(child, scope)

    def loop(self, generators, inner, scope):
        """With what the loop is over, when that folds: once for each item."""
        if not generators:
            for node in inner:
                (self.statement if isinstance(node, self.ast.stmt) else self.visit)(node, scope)
            return
        (target, iterable), others = generators[0], generators[1:]
        self.visit(iterable, scope)
        try:
            items = self.items(self.fold(iterable, scope))
        except Unknown:
            items = [Unknown]
        for item in items:
            self.spread(target, item, scope)
            self.loop(others, inner, scope)

    def items(self, value):
        if not isinstance(value, (tuple, dict)) or len(value) > MAX_ITEMS:
            raise Unknown
        return list(value)

    def spread(self, target, item, scope):
        ast = self.ast
        if isinstance(target, ast.Name):
            scope.names[target.id] = item
        elif isinstance(target, (ast.Tuple, ast.List)):
            parts = item if isinstance(item, tuple) and len(item) == len(target.elts) else [Unknown] * len(target.elts)
            for t, part in zip(target.elts, parts):
                self.spread(t, part, scope)

    def called(self, function):
        """Which function of re that is."""
        ast, module = self.ast, self.module
        if isinstance(function, ast.Name):
            return module.functions.get(function.id)
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return function.attr if function.value.id in module.aliases else None
        return None

    def call(self, node, scope):
        name = self.called(node.func)
        if name not in FLAGS_AT:
            return
        named = {k.arg: k.value for k in node.keywords if k.arg}
        pattern = node.args[0] if node.args else named.get("pattern")
        flags = node.args[FLAGS_AT[name]] if len(node.args) > FLAGS_AT[name] else named.get("flags")
        try:
            text = self.fold(pattern, scope) if pattern else None
            number = self.fold(flags, scope) if flags else 0
        except Unknown:
            return
        if isinstance(text, (str, bytes)) and isinstance(number, int):
            self.module.found[type(text), text, int(number)] = None

    def fold(self, node, scope):
        """The value of an expression: text, numbers, None, tuples (lists, too), dictionaries, functions."""
        self.module.steps += 1
        self.depth += 1
        try:
            if self.module.steps > MAX_STEPS or self.depth > MAX_DEPTH:
                raise Unknown
            value = getattr(self, "fold_" + type(node).__name__, self.refuse)(node, scope)
            if isinstance(value, (str, bytes, tuple, dict)) and len(value) > MAX_TEXT:
                raise Unknown
            return value
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, LookupError, OverflowError):
            raise Unknown
        finally:
            self.depth -= 1

    def refuse(self, node, scope):
        raise Unknown

    def fold_Constant(self, node, scope):
        if node.value is None or isinstance(node.value, (str, bytes, int)):
            return node.value
        raise Unknown

    def fold_Name(self, node, scope):
        at = scope
        while at:
            if node.id in at.names:
                if at.names[node.id] is Unknown:
                    raise Unknown
                return at.names[node.id]
            at = at.outer
        if node.id in self.module.functions:
            return self.of_re(self.module.functions[node.id])
        return self.module.module_name(node.id, self.offset)

    def fold_Attribute(self, node, scope):
        ast, known = self.ast, self.known(node)
        if known is not None:
            return known
        if not isinstance(node.value, ast.Name):
            raise Unknown
        if node.value.id in self.module.aliases:
            return self.of_re(node.attr)
        owner = scope.owner if node.value.id in ("self", "cls") else self.fold(node.value, scope)
        if not isinstance(owner, Scope) or owner.names.get(node.attr, Unknown) is Unknown:
            raise Unknown
        return owner.names[node.attr]

    def known(self, node):
        """What of the interpreter sources ask for when they choose a pattern."""
        words = []
        while isinstance(node, self.ast.Attribute):
            words.insert(0, node.attr)
            node = node.value
        if not isinstance(node, self.ast.Name):
            return None
        if node.id not in ("os", "string", "sys"):
            return None
        import os
        import string
        import sys
        words.insert(0, node.id)
        if words[0] == "string" and words[1:] in (["ascii_letters"], ["digits"], ["hexdigits"], ["punctuation"],
                                                  ["ascii_lowercase"], ["ascii_uppercase"], ["whitespace"]):
            return getattr(string, words[1])
        return {"sys.version_info": tuple(sys.version_info), "sys.implementation.name": sys.implementation.name,
                "sys.platform": sys.platform, "os.name": os.name, "os.sep": os.sep}.get(".".join(words))

    def of_re(self, name):
        if name == "escape":
            return self.module.re.escape
        if name.isupper():
            return int(getattr(self.module.re, name))
        raise Unknown

    def fold_JoinedStr(self, node, scope):
        return "".join(self.fold(part, scope) for part in node.values)

    def fold_FormattedValue(self, node, scope):
        value = self.fold(node.value, scope)
        if node.format_spec or not isinstance(value, (str, int)):
            raise Unknown
        return repr(value) if node.conversion == ord("r") else str(value)

    def fold_BinOp(self, node, scope):
        kind = type(node.op).__name__
        left, right = self.fold(node.left, scope), self.fold(node.right, scope)
        if kind == "Add":
            return left + right
        if kind == "BitOr" and isinstance(left, int):
            return left | right
        if kind == "Mult" and isinstance(left, int) and not isinstance(right, int):
            left, right = right, left
        if kind == "Mult" and isinstance(right, int):
            if isinstance(left, int) or len(left) * right > MAX_TEXT:
                raise Unknown
            return left * right
        if kind == "Mod" and isinstance(left, (str, bytes)) and not self.is_wide(left):
            return left % right
        raise Unknown

    def is_wide(self, template):
        """Whether a template may ask for very long results."""
        text = template if isinstance(template, str) else template.decode("latin-1")
        return self.module.re.search(r"%[-#0 +.\d]*(?:\d{3}|\*)|\{[^}]*:", text) is not None

    def fold_IfExp(self, node, scope):
        return self.fold(node.body if self.fold(node.test, scope) else node.orelse, scope)

    def fold_BoolOp(self, node, scope):
        is_or = isinstance(node.op, self.ast.Or)
        for part in node.values:
            value = self.fold(part, scope)
            if bool(value) == is_or:
                break
        return value

    def fold_Compare(self, node, scope):
        import operator
        if len(node.ops) != 1:
            raise Unknown
        names = {"Eq": "eq", "NotEq": "ne", "Lt": "lt", "LtE": "le", "Gt": "gt", "GtE": "ge"}
        compare = getattr(operator, names[type(node.ops[0]).__name__])
        return compare(self.fold(node.left, scope), self.fold(node.comparators[0], scope))

    def fold_Tuple(self, node, scope):
        values = []
        for part in node.elts:
            if isinstance(part, self.ast.Starred):
                values.extend(self.items(self.fold(part.value, scope)))
            else:
                values.append(self.fold(part, scope))
        return tuple(values)

    fold_List = fold_Tuple

    def fold_Dict(self, node, scope):
        if None in node.keys:
            raise Unknown
        return {self.fold(k, scope): self.fold(v, scope) for k, v in zip(node.keys, node.values)}

    def fold_Subscript(self, node, scope):
        value = self.fold(node.value, scope)
        index = node.slice.value if type(node.slice).__name__ == "Index" else node.slice
        if not isinstance(value, (str, bytes, tuple, dict)):
            raise Unknown
        return value[self.fold(index, scope)]

    def fold_Slice(self, node, scope):
        return slice(*(self.fold(part, scope) if part else None for part in (node.lower, node.upper, node.step)))

    def fold_Lambda(self, node, scope):
        return Function(node.args, node.body, scope)

    def fold_ListComp(self, node, scope):
        if len(node.generators) != 1 or node.generators[0].ifs or node.generators[0].is_async:
            raise Unknown
        inner, values = Scope(scope, self.module), []
        for item in self.items(self.fold(node.generators[0].iter, scope)):
            self.spread(node.generators[0].target, item, inner)
            values.append(self.fold(node.elt, inner))
        return tuple(values)

    fold_GeneratorExp = fold_ListComp

    def fold_Call(self, node, scope):
        arguments = self.fold_Tuple(self.ast.Tuple(node.args, self.ast.Load()), scope)
        named = {}
        for k in node.keywords:
            if not k.arg:
                raise Unknown
            named[k.arg] = self.fold(k.value, scope)
        function = node.func
        if isinstance(function, self.ast.Attribute) and not self.called(function):
            owner = self.fold_or_none(function.value, scope)
            if isinstance(owner, (str, bytes, dict)):
                return self.method(owner, function.attr, arguments, named)
        if isinstance(function, self.ast.Name) and function.id in ("tuple", "list", "str", "map", "sorted", "reversed"):
            return self.builtin(function.id, arguments, named)
        return self.apply(self.fold(function, scope), arguments, named)

    def fold_or_none(self, node, scope):
        try:
            return self.fold(node, scope)
        except Unknown:
            return None

    def method(self, owner, name, arguments, named):
        allowed = {str: ("join", "format", "replace", "strip", "lstrip", "rstrip", "lower", "upper", "encode", "split"),
                   bytes: ("join", "replace", "strip", "decode"), dict: ("keys", "values", "items", "get")}
        if name not in allowed[type(owner)] or (name == "format" and self.is_wide(owner)):
            raise Unknown
        if name in ("join", "replace") and sum(map(len, arguments[0])) + len(owner) * len(arguments[0]) > MAX_TEXT:
            raise Unknown
        if name == "replace" and len(owner) * len(arguments[1]) > MAX_TEXT:
            raise Unknown
        value = getattr(owner, name)(*arguments, **named)
        return value if isinstance(value, (str, bytes, int)) or value is None else tuple(value)

    def builtin(self, name, arguments, named):
        if named:
            raise Unknown
        if name == "str":
            if len(arguments) == 1 and isinstance(arguments[0], (str, int)):
                return str(arguments[0])
            raise Unknown
        if name == "map":
            function, items = arguments
            return tuple(self.apply(function, (item,), {}) for item in self.items(items))
        items = self.items(arguments[0]) if arguments else []
        return tuple({"sorted": sorted, "reversed": reversed}.get(name, tuple)(items))

    def apply(self, function, arguments, named):
        if function is self.module.re.escape:
            return function(*arguments)
        if not isinstance(function, Function):
            raise Unknown
        inner = Scope(function.scope, self.module)
        names = function.arguments.posonlyargs + function.arguments.args
        self.parameters(function.arguments, function.scope, inner)
        if len(arguments) > len(names) and not function.arguments.vararg:
            raise Unknown
        for a, value in zip(names, arguments):
            inner.names[a.arg] = value
        if function.arguments.vararg:
            inner.names[function.arguments.vararg.arg] = tuple(arguments[len(names):])
        inner.names.update(named)
        return self.fold(function.result, inner)


class Both:
    """Binds in one scope what is folded in another: a parameter's default."""

    def __init__(self, inner, scope):
        self.names, self.outer, self.owner = inner.names, scope, scope.owner


def decoded(source):
    text = source.decode("utf-8", "replace")
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return text.lstrip("\ufeff")


def stated(source, name):
    """(type, pattern, flags) of a module's source, each once."""
    module = Module(decoded(source))
    if module.aliases or module.functions:
        module.harvest()
    found = list(module.found)
    if name == "string":  # Template puts its pattern together while it is made
        import string
        if isinstance(getattr(string.Template.pattern, "pattern", None), str):
            found.append((str, string.Template.pattern.pattern, int(string.Template.flags | module.re.VERBOSE)))
    return found
