"""Sub-interpreters inside an executable: each imports from the payload, and none of them disturbs another.

And regular expressions and generated code out of the payload: here they can be had for every version and with
sanitizers (OX_STUB_CFLAGS).
"""
import contextlib
import json
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import stubkit  # noqa: E402
if os.path.realpath(sys.executable) != os.path.realpath(stubkit.PYTHON):
    os.execv(stubkit.PYTHON, [stubkit.PYTHON, *sys.argv])  # bytecode is made by the interpreter that is linked

PRELUDE = """
import sys
try:
    import _interpreters as api
except ImportError:
    import _xxsubinterpreters as api
def create(isolated):
    if sys.version_info >= (3, 13):
        return api.create("isolated" if isolated else "legacy")
    return api.create(isolated=isolated) if sys.version_info >= (3, 9) else api.create()
def run(id, code):
    problem = api.run_string(id, code)
    if problem:
        print(problem, file=sys.stderr)
"""
IS_SERVED = sys.version_info < (3, 14)  # code of texts that the standard library generates
KINDS = [False] if sys.version_info < (3, 9) else [False, True]
LOOK = """
import sys, json, decimal, encodings, helper
finder, = [f for f in sys.meta_path if type(f).__name__ == "OxidizedFinder"]
assert helper.__loader__ is finder, helper.__loader__
assert json.loads("[1]") == [1] and decimal.Decimal("1.5") * 2 == 3
assert sys.oxidized and sys.frozen and [type(f).__name__ for f in sys.meta_path] == ["OxidizedFinder"], sys.meta_path
assert "".join(map(str, sys.path_hooks)).count("path_hook") == 1 == len(sys.path_hooks), sys.path_hooks
print("looked", flush=True)
"""


def setUpModule():
    global KIT, FOLDER, SOURCES
    FOLDER = tempfile.TemporaryDirectory(prefix="ox-interpreters-")
    KIT = stubkit.Kit(FOLDER.name)
    SOURCES = pathlib.Path(FOLDER.name, "sources")
    SOURCES.mkdir()
    (SOURCES / "helper.py").write_text("import sys\nvalue = []\n")


def tearDownModule():
    FOLDER.cleanup()


class SubInterpreters(unittest.TestCase):
    def output_of(self, code, **settings):
        p = stubkit.run(KIT.build(SOURCES, with_libraries=False, run_command=PRELUDE + code, **settings))
        self.assertEqual((p.returncode, p.stderr), (0, ""), p.stderr)
        return p.stdout

    def test_each_kind_imports_from_the_payload(self):
        for isolated in KINDS:
            with self.subTest(isolated=isolated):
                self.assertEqual(self.output_of(f"id = create({isolated})\nrun(id, {LOOK!r})\napi.destroy(id)\n"),
                                 "looked\n")

    def test_many_come_and_go(self):
        code = f"for i in range(20):\n    id = create({KINDS[-1]})\n    run(id, 'import json, helper')\n    api.destroy(id)\n"
        self.output_of(code + "import helper; print(helper.value)")

    def test_modules_are_not_shared(self):
        code = f"import helper\nid = create({KINDS[-1]})\nrun(id, 'import helper; helper.value.append(1)')\n"
        self.assertEqual(self.output_of(code + "api.destroy(id); print(helper.value)"), "[]\n")

    def test_one_that_is_left_alive_does_not_hinder_the_exit(self):
        code = f"import warnings\nwarnings.simplefilter('ignore')\nid = create({KINDS[-1]})\n"  # 3.15 says that it lives
        self.assertEqual(self.output_of(code + "run(id, 'import helper')\nprint('end')\n"), "end\n")

    def test_threads_run_several_at_once(self):
        code = f"""
import threading
def work():
    id = create({KINDS[-1]})
    run(id, "import json, helper, argparse, textwrap, ast")
    api.destroy(id)
threads = [threading.Thread(target=work) for i in range(4)]
for t in threads: t.start()
for t in threads: t.join()
print("done")
"""
        self.assertEqual(self.output_of(code), "done\n")

    def test_files_are_importable_too_where_the_configuration_says_so(self):
        look = "import sys; print([getattr(f, '__name__', type(f).__name__) for f in sys.meta_path], len(sys.path_hooks))"
        code = f"id = create({KINDS[-1]})\nrun(id, {look!r})\napi.destroy(id)\n{look}"
        self.assertEqual(self.output_of(code, module_search_paths="/x,", filesystem_importer="true"),
                         "['OxidizedFinder', 'PathFinder'] 3\n" * 2)

    @unittest.skipIf(sys.version_info < (3, 14), "concurrent.interpreters came with 3.14")
    def test_concurrent_interpreters_work(self):
        code = "from concurrent import interpreters\ni = interpreters.create()\n"
        self.assertEqual(self.output_of(code + f"i.exec({LOOK!r})\nprint(i.call(int, '7'))\ni.close()"), "looked\n7\n")


class Patterns(unittest.TestCase):
    """What tests/data/patterns/scenarios.py sees is what it sees in the plain interpreter."""

    STATES = 'import re\nre.compile("(.*):(?P<rest>[a-z]*)known")\nre.compile(b"known[\\x80-\\xff]+")\n'

    def test_a_program_cannot_tell(self):
        folder = pathlib.Path(FOLDER.name, "patterns")
        folder.mkdir()
        (folder / "states.py").write_text(self.STATES)
        harvest = stubkit.PATTERNS
        sources = [(p.read_bytes(), p.stem) for p in pathlib.Path(os.__file__).parent.glob("*.py")]
        stated = [key for source in [(self.STATES.encode(), "states"), *sources] for key in harvest["stated"](*source)]
        found = dict(pair for pair in zip(stated, harvest["all_compiled"](stated)) if pair[1])
        listed = pathlib.Path(FOLDER.name, "listed.json")
        listed.write_text(json.dumps([(k.__name__, p if k is str else p.decode("latin-1"), f) for k, p, f in found]))
        script = stubkit.SRCDIR / "tests/data/patterns/scenarios.py"
        code = f"import sys\nsys.argv[1:] = [{str(listed)!r}]\n__file__ = {str(script)!r}\n" \
               f"exec(compile(open(__file__).read(), __file__, 'exec'))"
        ours = stubkit.run(KIT.build(folder, with_libraries=False, run_command=code))
        plain = stubkit.run(stubkit.PYTHON, "-I", "-S", "-c", code)
        count = str(len(found))
        self.assertEqual((ours.returncode, ours.stderr.split()), (0, ["served", count, "of", count]))
        self.assertEqual((plain.returncode, plain.stderr.split()), (0, ["served", "0", "of", count]))
        for own, expected in zip(json.loads(ours.stdout), json.loads(plain.stdout)):
            self.assertEqual(own, expected)

    @contextlib.contextmanager
    def marking(self):
        """The code of one text is another's, so that it can be told where it came from."""
        own = stubkit.PATTERNS["code_entry"]

        def code_entry(mode, text):
            marked = own(mode, text.replace("(compiled=", "(payload_=")) if "(compiled=" in text else b""
            return marked.replace(b"(payload_=", b"(compiled=", 1) or own(mode, text)

        stubkit.PATTERNS["code_entry"] = code_entry
        yield
        stubkit.PATTERNS["code_entry"] = own

    def test_nor_of_generated_code(self):
        script = stubkit.SRCDIR / "tests/data/patterns/generated.py"
        folder = pathlib.Path(FOLDER.name, "shapes")
        folder.mkdir()
        (folder / "shapes.py").write_bytes(script.with_name("shapes.py").read_bytes())
        code = f"import sys\nsys.argv[1:] = [{str(folder)!r}]\n__file__ = {str(script)!r}\n" \
               f"exec(compile(open(__file__).read(), __file__, 'exec'))\nprint(shapes.Marked(1), file=sys.stderr)"
        with self.marking():
            ours = stubkit.run(KIT.build(folder, with_libraries=False, run_command=code))
        plain = stubkit.run(stubkit.PYTHON, "-I", "-S", "-B", "-c", code)
        (_, _, _, count, own), (_, _, _, same, marked) = ours.stderr.split(), plain.stderr.split()
        self.assertEqual((ours.returncode, own), (0, "Marked(%s=1)" % ("payload_" if IS_SERVED else "compiled")))
        self.assertEqual((plain.returncode, marked), (0, "Marked(compiled=1)"))
        for own, expected in zip(json.loads(ours.stdout), json.loads(plain.stdout)):
            self.assertEqual(own, expected)
        self.assertEqual(count, same)


if __name__ == "__main__":
    unittest.main()
