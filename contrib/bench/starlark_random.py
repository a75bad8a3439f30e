"""Random Starlark programs that mostly run: functions of every kind of parameter, nested
functions, loops, comprehensions, assignments of every kind. Expressions are typed (int,
list of ints, bool), so that errors are few; what a program finds out it prints. Whoever
compiles or runs them otherwise than another engine has a bug, or the other one."""
import random

NUMBERS = [0, 1, 2, -1, 7, 100, -29999, 30000, 1 << 31, 1 << 62, -(1 << 62)]


class Program:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.made = 0
        self.functions = []  # (name, [(parameter, optional)], takes *args)
        self.globals = ()  # which an assignment in a function would hide

    def new(self, prefix):
        self.made += 1
        return f"{prefix}{self.made}"

    def name_of(self, scope, kind):
        names = [name for name, its in scope.items() if its == kind]
        return self.random.choice(names) if names and self.random.random() < 0.7 else None

    def one_of(self, *makers):
        return self.random.choice(makers)()

    # Expressions: `scope` is name -> "int" or "list", `depth` how deep they may still nest.

    def number(self, scope, depth):
        number, items, truth = self.number, self.items, self.truth
        if depth <= 0 or self.random.random() < 0.2:
            return self.name_of(scope, "int") or str(self.random.choice(NUMBERS))
        operator = self.random.choice(["+", "-", "*", "&", "|", "^"])
        division = self.random.choice(["//", "%"])
        deeper = depth - 1
        return self.one_of(
            lambda: f"({number(scope, deeper)} {operator} {number(scope, deeper)})",
            lambda: f"({number(scope, deeper)} {operator} {number(scope, deeper)})",
            lambda: f"({number(scope, deeper)} {division} ({number(scope, deeper)} or 1))",
            lambda: f"({number(scope, deeper)} if {truth(scope, deeper)} else {number(scope, deeper)})",
            lambda: f"-{number(scope, deeper)}",
            lambda: f"len({items(scope, deeper)})",
            lambda: f"({items(scope, deeper)} + [5, 6])[{self.random.choice([0, -1, 1, -2])}]",
            lambda: f"sorted({items(scope, deeper)} + [1], key = lambda z: {number({**scope, 'z': 'int'}, 1)})[0]",
            lambda: f"{{{number(scope, 1)}: {number(scope, deeper)}}}.get({number(scope, 1)}, {number(scope, deeper)})",
            lambda: self.lambda_call(scope, deeper),
            lambda: self.call(scope, deeper))

    def lambda_call(self, scope, depth):
        name = self.new("p")
        inner = {**scope, name: "int", "q": "int"}
        fallback, argument = self.number(scope, depth), self.number(scope, depth)
        return f"(lambda {name}, q = {fallback}: {self.number(inner, depth)})({argument})"

    def call(self, scope, depth):
        if not self.functions:
            return self.number(scope, 0)
        function, parameters, rest = self.random.choice(self.functions)
        arguments, named = [], False
        for parameter, optional in parameters:
            if optional and self.random.random() < 0.4:
                named = True  # what follows a parameter that is left out is given by name
                continue
            named = named or self.random.random() < 0.2
            arguments.append((f"{parameter} = " if named else "") + self.number(scope, depth))
        if rest and not named and self.random.random() < 0.5:
            arguments.append("*[1, 2]")
        return f"{function}({', '.join(arguments)})"

    def truth(self, scope, depth):
        number, truth = self.number, self.truth
        if depth <= 0:
            return self.random.choice(["True", "False"])
        deeper = depth - 1
        comparison = self.random.choice(["<", "<=", ">", ">=", "==", "!="])
        return self.one_of(
            lambda: f"({number(scope, deeper)} {comparison} {number(scope, deeper)})",
            lambda: f"({number(scope, deeper)} {comparison} {number(scope, deeper)})",
            lambda: f"({truth(scope, deeper)} {self.random.choice(['and', 'or'])} {truth(scope, deeper)})",
            lambda: f"(not {truth(scope, deeper)})",
            lambda: f"({number(scope, deeper)} {self.random.choice(['in', 'not in'])} {self.items(scope, deeper)})")

    def items(self, scope, depth):
        number, items = self.number, self.items
        if depth <= 0 or self.random.random() < 0.25:
            few = ", ".join(number(scope, 0) for _ in range(self.random.randint(0, 3)))
            return self.name_of(scope, "list") or f"[{few}]"
        deeper = depth - 1
        return self.one_of(
            lambda: f"[{', '.join(number(scope, deeper) for _ in range(self.random.choice([1, 2, 5, 70])))}]",
            lambda: f"({items(scope, deeper)} + {items(scope, deeper)})",
            lambda: items(scope, deeper) + self.random.choice(["[1:]", "[:2]", "[-2:]", "[1:-1]", "[::-1]"]),
            lambda: f"{{k: v for k, v in enumerate({items(scope, deeper)})}}.values()",
            lambda: self.comprehension(scope, deeper))

    def comprehension(self, scope, depth):
        x, y, ignored = self.new("c"), self.new("c"), self.new("c")
        inner = {**scope, x: "int"}
        clauses = f"for {x} in {self.items(scope, depth)}"
        if self.random.random() < 0.5:
            clauses += f" if {self.truth(inner, depth)}"
        else:
            clauses += f" for {y}, {ignored} in [({x}, 1), (2, {x})]"
            inner[y] = "int"
        return f"[{self.number(inner, depth)} {clauses}]"

    # Statements: lists of lines; `indent` is empty at the top of the file.

    def block(self, scope, depth, indent, in_loop, count=None):
        lines = []
        for _ in range(count or self.random.randint(1, 5)):
            lines += self.statement(scope, depth, indent, in_loop)
        return lines or [indent + "pass"]

    def statement(self, scope, depth, indent, in_loop):
        choices = [self.assignment, self.assignment, self.unpacking, self.change_list]
        if indent:
            choices += [self.assignment, self.augmented, self.change_dict, self.output]
            if depth > 0:
                choices += [self.condition, self.loop, self.function_inside]
            if in_loop:
                choices.append(self.jump)
        return self.random.choice(choices)(scope, depth, indent, in_loop)

    def assignment(self, scope, _depth, indent, _in_loop):
        kind, prefix, make = self.random.choice([("int", "v", self.number), ("list", "l", self.items)])
        value, name = make(scope, 3), self.new(prefix)
        scope[name] = kind
        return [f"{indent}{name} = {value}"]

    def unpacking(self, scope, _depth, indent, _in_loop):
        first, second = self.number(scope, 2), self.number(scope, 2)
        a, b = self.new("v"), self.new("v")
        scope[a] = scope[b] = "int"
        return [indent + self.random.choice([f"{a}, {b} = {first}, {second}", f"({a}, {b}) = [{first}, {second}]",
                                             f"[{a}, {b}] = ({first}, {second})"])]

    def change_list(self, scope, depth, indent, in_loop):
        name = self.name_of({name: kind for name, kind in scope.items() if name.startswith("l")}, "list")
        if not name:
            return self.assignment(scope, depth, indent, in_loop)
        return [indent + self.random.choice([f"{name}.append({self.number(scope, 2)})",
                                             f"{name}.insert(0, {self.number(scope, 1)})", f"{name}.extend([1])"])]

    def augmented(self, scope, depth, indent, in_loop):
        own = {name: kind for name, kind in scope.items() if name.startswith("v") and name not in self.globals}
        name = self.name_of(own, "int")
        if not name:
            return self.assignment(scope, depth, indent, in_loop)
        return [f"{indent}{name} {self.random.choice(['+=', '-=', '*=', '|=', '^=', '&='])} {self.number(scope, 2)}"]

    def change_dict(self, scope, _depth, indent, _in_loop):
        first, second = self.number(scope, 2), self.number(scope, 2)
        d, v = self.new("d"), self.new("v")
        scope[v] = "int"
        return [f'{indent}{d} = {{1: {first}, "x": {second}}}', f"{indent}{d}[1] += 3",
                f'{indent}{v} = {d}[1] + {d}["x"]']

    def output(self, scope, _depth, indent, _in_loop):
        return [f"{indent}OUT.append({self.number(scope, 3)} % (1 << 70))"]

    def condition(self, scope, depth, indent, in_loop):
        return ([f"{indent}if {self.truth(scope, 2)}:"] + self.block(dict(scope), depth - 1, indent + "    ", in_loop)
                + [f"{indent}else:"] + self.block(dict(scope), depth - 1, indent + "    ", in_loop))

    def loop(self, scope, depth, indent, _in_loop):
        name, over = self.new("v"), self.items(scope, 2)
        return ([f"{indent}for {name} in list({over})[:4]:"]
                + self.block({**scope, name: "int"}, depth - 1, indent + "    ", True))

    def jump(self, scope, _depth, indent, _in_loop):
        return [f"{indent}if {self.truth(scope, 1)}:", f"{indent}    {self.random.choice(['break', 'continue'])}"]

    def function_inside(self, scope, _depth, indent, _in_loop):
        function, parameter, argument = self.new("g"), self.new("p"), self.number(scope, 1)
        body = self.number({**scope, parameter: "int"}, 3)
        result = self.new("v")
        scope[result] = "int"
        return [f"{indent}def {function}({parameter}):", f"{indent}    return {body}",
                f"{indent}{result} = {function}({argument})"]

    def function(self, scope):
        name, rest = self.new("f"), self.random.random() < 0.3
        optional = sorted(self.random.random() < 0.4 for _ in range(self.random.randint(0, 3)))
        parameters = [(self.new("p"), o) for o in optional]
        inner = {**scope, **{p: "int" for p, _ in parameters}}
        self.globals = tuple(scope)
        signature = [p + (f" = {self.number(scope, 1)}" if o else "") for p, o in parameters] + ["*rest"] * rest
        lines = [f"def {name}({', '.join(signature)}):"] + self.block(inner, 3, "    ", False, 6)
        lines.append(f"    return {self.number(inner, 3)}")
        self.functions.append((name, parameters, rest))
        return lines

    def text(self):
        lines, scope = ["OUT = []"], {}
        for _ in range(4):
            lines += self.function(scope) + [f"print({self.number(scope, 2)})"] + self.block(scope, 0, "", False, 2)
        return "\n".join(lines + ["print(OUT)"]) + "\n"
