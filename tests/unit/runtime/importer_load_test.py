"""OxidizedFinder as a loader: resolution, specs, code, source and data."""
from importerkit import finder, resource
import base64
import gc
import importlib
import importlib.abc
import importlib.util
import marshal
import os
import pathlib
import sys
import tempfile
import types
import unittest

import oxidized_importer
from oxidized_importer import OxidizedFinder, OxidizedResource

LEVEL = sys.flags.optimize
BYTECODE = ("in_memory_bytecode", "in_memory_bytecode_opt1", "in_memory_bytecode_opt2")[LEVEL]
PATH_BYTECODE = "relative_path_module_bytecode" + ("", "_opt1", "_opt2")[LEVEL]
EXE = os.readlink("/proc/self/exe")
IMPORTERS = importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter

# What CPython makes of
#     def f(a): return len(a) is None
#     x = [i for i in 'ab' if i in f('') or 'abc']
CODE_OF = {
    (3, 8):
        r""";{X5v00000000000000000IC206+i$0CO4u003kFWC4T#S^#7MWCMf%WCTP2g8^CrWCc?IDF$N!000000000000001000020000("""
        r"""0001U3;+NCbO3w+g8^g!YY0;SDFIF?0ons>Wo{_}+5usy0CEEW007znZQ2250RR91^8f$<0CEKY003hF00000000000000200005"""
        r"""0000(0001U8~^|SX8?QvT@-x*d;xR-WB`K!YX)-^d;yUHaRgHUDFWI6+5=%?V<`c01poj5DFWI8E-=~wX>tPq0043W0001T1ONa4"""
        r"""+6p{uX>)XAZ*6cs0ssI2a|i$c00sa801N;C0CEce003G7VPZ}x0&)ca007zncya>(0043W0001T0{{R3as&VX0NMyVZEs|CY-K(H"""
        r"""0001U0ssI22mt""",
    (3, 9):
        r""";{X5v00000000000000000IC206+i$0CO4u003kFWC4T#S^#7MWCMf%WCTP2g8^CrWCc?IDF$N!000000000000001000020000("""
        r"""0001U3;+NCbO3w+g8^g!bpTTUDFIF?0ons>Wo{_}+5usy0CEEW007znZQ2250RR91^8f$<0CEKY003hF00000000000000200005"""
        r"""0000(0001U8~^|SX8?QvT@-x*d;xR-WB`K!b^vn}d;yUHaRgHUDFWI6+5=%?V<`c01poj5DFWI8E-=~wX>tPq0043W0001T1ONa4"""
        r"""+6p{uX>)XAZ*6cs0ssI2as~hZ0CEce003G7VPZ}x0&)ca007zncya>(0043W0001T0{{R3as&VX0NMyVZEs|CY-K(H0001U0ssI2"""
        r"""2mt""",
    (3, 10):
        r""";{X5v00000000000000000IC206+i$0CO4u003kFWC4T#S^#7MWCMf%WCTP2g8^CrWCc?IDF$N!000000000000001000020000("""
        r"""0001U3;+NCbO3w+g8^g!bpTTUDFIF?0ons>Wo{_}+5usy0CEEW007znZQ2250RR91a{>SW01N<f1poj5V*vmF000000000000IC2"""
        r"""00jU507C!(0COAw003tId;nbveF1y{bO2-kg8_B`a|(O`kpgi7QvfLe+5jm5as>bY04W060xmGx0cmmr0001T0{{R3as&VX0NM&X"""
        r"""Y-w|JV{dJ6J^}y$0CNHW000~SatQzc09pcJVooUnas>bY0NMd~asvPW0CEEW0043W0001T1ONa4+6X*tZ)A0BWj+A_0046Y00008"""
        r"""01^Q""",
    (3, 11):
        r""";{X5v000000000000IC2000000P`dO005T&WB`N!S^#7LgaBj$L;$7$006510000000000S^;DOQvfLhV*vmF000000000000RI3"""
        r"""00RI30P`dO005T&bO8VW0000000000d;q2a006520000000000WB_#lQvfLePALJ}18ik(DFNC6VRHch001D`0d3j=W^x7q00031"""
        r"""0046l0001h0F@JvQIQsu7ML`U9?%LO^8f$<0Am3F0000000000000I600093008qe0001&0A~Pv09_S*0ek^;0RR91000000001F"""
        r"""0Hy%|0ILB2000000001X0CNC*0g(cX7E=Hz0onj50dfWa001ch+5#>x+5u^E0ssI2ARuxD0002`3OsCSb97^GZE!wv3;+NC0ssI2"""
        r"""b0Yu%0Du6{1TD}6Ezkrlh%uM}ol%%_nN^%sm<pH*fKiwVm<pH*at8na0NMg!VooUnas~hZ0NMd~sQ_{Z0001T1poj5`UpI2Z)A0B"""
        r"""Wj=Bc000010001UB>(^b@B;w>0oVW^&;TFM03X-{EzkrlkOa^KEztxm)C4Vn0e}I30dfZb000""",
    (3, 12):
        r""";{X5v000000000000#g7000000P{!y005T&WB`N!S^#7LL;#NfV*+OYV**_c004aed;kIfWdLLXs{sH200000b^vn#d;pOGj1U9>"""
        r"""V*-5uS^;?jV*&vHV*-5ucK|5_V*vmF000000000000RI300RI30P`FG005T&bO8VW00000004Xds{sH200000WB_#lQvfLePALJ}"""
        r"""18ik(DFNC6VRHch001D`0d3j=W^x7q000310046j0001h0F)DuQIi&!G>{(93Lo<T0002m0%2m>08S|aas~hZ0NMd~DFNC6X>$Pp"""
        r"""001y@1poj5`UpI2Z)A0BWj=BY000010001UB>(^b@B;w>0oni`*bo%f1TBa$m;sqlm~xv{nF@kY(gZDm0r}DdEpr3_004*+9|Q""",
    (3, 13):
        r""";{X5v000000000000#g7000000P{`&005N$QvezOasX2S6985Ka{?~_a{@>Z003_QTmT{fQvx*s000000027x003kF00310Py$U7"""
        r"""000XBAOLd$ZUAxtX9IHrAOLd$ZUANgDFkBy000000000000003000030002<8~^|Sl>l1-0000000000RRA>s00000002_}OaLSR"""
        r"""DFIF?0ons>Wo{_}+5us60RR91Ald<K+5u*A1^@s60RR91a}NLj0Du6L6Od7p7ML`U9?%LO^8f$<0NMg!V%h*sDFSi^0002m0eC3^"""
        r"""+5u^E0RR91FmeR|007zuJZ*1eb!=rmatr_f009610COh*008g<0RaKp03X>96w?GPkpze_nNgT>n^l_%gHe$L(F84l0r}DdEpr3_"""
        r"""004*<A_M""",
    (3, 14):
        r"""V*mgE000000000000#g7000000P|7+004jhQUDhKbO2HT5CByGbpkE`bpl2a0040ST>v2fQUWvq000000021v003tJ000~SRsc={OA`P"""
        r"""92>>1dbpmhzbOBNWBLH;*9{_a%Z~$olDFkBy000000000000003000030002<8~^|SfB;+p0000000000Rsb{s00000002?|N&q7ODFI"""
        r"""F?0ons>Wo{_}+5us60RR91CfWgQ+5u*A1poj50RR91a}NLj0Du6L6Od7p7ML`U9?%LO^8f$<0NMg!V%h*sDFSi@0002m0eC3^+5u^E0R"""
        r"""R91FmeO{007zuJZ*1eb!=rmati<e009610COh*008g<0RaKp03X>96w?GOkpze_nNgT>n^l|&gHe$L(F81l0r}DdEOP_^004*=Bm@""",
    (3, 15):
        r"""V*mgE000000000000;m8000000P|J=004jh002<{6##PpQ2|r{bOI~@bOJ^I002Z0003|RTmT;cPzW*s00000001`t003qI000^QRRB!"""
        r"""`N)rG82>=`bbOLVxa{*8XApmp&9RPF!ZvbcjDFR~w000000000000003000030002<9smFUfB*mhTLAz70000000310G64Vp00000PzO"""
        r"""l>Apj`>PALJ}18ik(DFNC6VRHch001W10d3j=W^x4p000310046j0001i0F)DuQIi&!G>{(93Lo<T0002m0%2k)0&)ca007zncqswe0c"""
        r"""mpq0000mas&VX0NMyVZEs|CY-K)j3IG5A0RR91b0+`*0PzC>0Rh?oAJ`BS(*!J&1c))2QJ8X@Rh$ZgQIQ1E1T2C9`O*X|a|8eY0EihT1"""
        r"""O""",
}


def code(source, name="m"):
    return marshal.dumps(compile(source, name, "exec"))


class Imports(unittest.TestCase):
    """Puts finders on sys.meta_path and takes them and their modules away again."""

    def setUp(self):
        before = set(sys.modules)
        self.addCleanup(lambda: [sys.modules.pop(n) for n in set(sys.modules) - before])

    def install(self, f):
        sys.meta_path.insert(0, f)
        self.addCleanup(sys.meta_path.remove, f)
        return f

    def folder(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        return pathlib.Path(holder.name)


class Resolution(Imports):
    def test_unknown_names(self):
        f = finder(resource("m", "module", in_memory_source=b""))
        self.assertIsNone(f.find_spec("n", None))
        self.assertIsNone(f.find_module("n", None))
        self.assertIsNone(f.find_spec("m.n", ["x"]))

    def test_another_name_of_packages(self):
        f = self.install(finder(resource("p", "module", "package", in_memory_source=b"x = 1")))
        self.assertEqual(f.find_spec("p.__init__", None).name, "p")
        self.assertEqual(f.get_source("p.__init__"), "x = 1")
        f.add_resource(resource("q", "module", "package", in_memory_source=b"", in_memory_package_resources={"a": b""}))
        self.assertEqual(f.get_resource_reader("q.__init__").contents(), ["a"])
        self.assertIsNone(f.find_spec("p.__init__.__init__", None))
        import p
        again = importlib.import_module("p.__init__")  # runs it anew
        self.assertEqual((again.__name__, again is p, sys.modules["p"] is again), ("p", False, True))

    def test_precedence(self):
        every = dict(in_memory_source=b"", in_memory_extension_module_shared_library=b"ELF")
        f = finder(resource("sys", "module", "extension_module", "builtin_extension_module", "frozen_module", **every),
                   resource("_frozen_importlib", "module", "extension_module", "frozen_module", **every),
                   resource("ext", "module", "extension_module", **every))
        self.assertIs(f.find_spec("sys", None).loader, IMPORTERS[0])
        self.assertIs(f.find_spec("_frozen_importlib", None).loader, IMPORTERS[1])
        self.assertIs(f.find_spec("ext", None).loader, f)
        self.assertIsNone(f.get_code("ext"))

    def test_what_makes_a_module_importable(self):
        def found(*flags, **values):
            return finder(resource("m", *flags, **values)).find_spec("m", None) is not None
        self.assertFalse(found("module"))
        self.assertFalse(found(in_memory_source=b""))
        for name in ("in_memory_source", BYTECODE):
            self.assertTrue(found("module", **{name: b""}), name)
        for name in ("relative_path_module_source", PATH_BYTECODE):
            self.assertTrue(found("module", **{name: "p"}), name)
        other = "in_memory_bytecode_opt1" if LEVEL != 1 else "in_memory_bytecode"
        self.assertFalse(found("module", **{other: b""}))
        self.assertFalse(found("shared_library", in_memory_shared_library=b"ELF"))

    def test_every_level_has_relative_bytecode(self):
        program = ("import importerkit, sys, oxidized_importer as o\nr = o.OxidizedResource()\nr.name = 'm'\n"
                   "r.is_module = True\nr.relative_path_module_bytecode_opt%d = 'p'\nf = o.OxidizedFinder()\n"
                   "f.add_resource(r)\nprint(f.find_spec('m', None) is not None)")
        import subprocess
        for level in (1, 2):
            out = subprocess.run([sys.executable, "-" + "O" * level, "-c", program % level], check=True, cwd=os.path.dirname(
                os.path.abspath(__file__)), stdout=subprocess.PIPE, env=dict(os.environ, OX_IMPORTER=os.path.dirname(
                    oxidized_importer.__file__)))
            self.assertEqual(out.stdout, b"True\n")

    def test_namespace_packages(self):
        f = self.install(finder(resource("ns.a", "module", in_memory_source=b"x = 1"),
                                resource("flagged", "module", "package", "namespace_package")))
        import ns.a
        import flagged
        self.assertEqual(ns.a.x, 1)
        self.assertEqual(ns.__path__, [EXE + "/ns"])
        self.assertFalse(hasattr(ns, "__file__"))
        self.assertEqual(flagged.__path__, [EXE + "/flagged"])
        self.assertTrue(f.is_package("ns"))

    def test_libraries_are_no_namespaces(self):
        f = finder(resource("libz.so.1", "shared_library", in_memory_shared_library=b"ELF"))
        self.assertIsNone(f.find_spec("libz", None))

    def test_arguments_of_find_spec(self):
        f = finder(resource("m", "module", in_memory_source=b""))
        self.assertEqual(f.find_spec("m", None, None).name, "m")
        self.assertEqual(f.find_spec(fullname="m", path=None, target=None).name, "m")
        with self.assertRaisesRegex(TypeError, r"find_spec\(\) missing 1 required positional argument: 'path'"):
            f.find_spec("m")
        for wrong in (None, b"m", 1):
            with self.assertRaisesRegex(TypeError, "argument 'fullname': .* cannot be converted to 'PyString'"):
                f.find_spec(wrong, None)
        with self.assertRaises(TypeError):
            f.find_module("m")
        self.assertIs(f.find_module("m", None), f)

    def test_folders_of_a_path_are_looked_into_in_turn(self):
        package = ("module", "package")
        f = finder(resource("a", *package, in_memory_source=b""), resource("b", *package, in_memory_source=b""),
                   resource("b.mod", "module", in_memory_source=b"x = 1"))
        for path in ([EXE + "/a", "/foreign", EXE + "/b"], (EXE + "/b",), [5, None, EXE + "/b"]):
            spec = f.find_spec("other.mod", path)
            self.assertEqual((spec.name, spec.loader_state), ("other.mod", "b.mod"))
            module = types.ModuleType("other.mod")
            module.__spec__ = spec
            f.exec_module(module)
            self.assertEqual(module.x, 1)
        for path in ([EXE + "/a"], [EXE + "/a", EXE + "/b/c"]):  # folders of ours decide
            self.assertIsNone(f.find_spec("b.mod", path))
        for path in ([], ["/foreign"], 5, [b"x"], iter(())):  # without one the name does
            self.assertEqual(f.find_spec("b.mod", path).name, "b.mod")
            self.assertIsNone(f.find_spec("other.mod", path))

    def test_it_is_what_importlib_takes_for_a_loader(self):
        f = finder(resource("m", "module", in_memory_source=b""))
        spec = f.find_spec("m", None)
        for method in ("is_package", "get_code", "get_source", "exec_module", "create_module", "get_data",
                       "get_filename"):
            self.assertTrue(callable(getattr(spec.loader, method)))


class Specs(Imports):
    def test_module_in_memory(self):
        f = self.install(finder(resource("m", "module", in_memory_source=b"x = 1"),
                                resource("p", "module", "package", in_memory_source=b""),
                                resource("p.q", "module", "package", in_memory_source=b"")))
        spec = f.find_spec("m", None)
        self.assertEqual((spec.name, spec.origin, spec.has_location, spec.cached, spec.loader_state,
                          spec.submodule_search_locations), ("m", None, False, None, None, None))
        self.assertIs(spec.loader, f)
        import m
        import p.q
        for name in ("__file__", "__cached__"):
            self.assertFalse(hasattr(m, name))
        self.assertIs(m.__loader__, f)
        self.assertEqual((m.__package__, p.__package__, p.q.__package__), ("", "p", "p.q"))
        self.assertEqual(p.q.__path__, [os.path.join(EXE, "p", "q")])
        self.assertIs(type(p.__path__), list)

    def test_module_beside_the_executable(self):
        folder = self.folder()
        (folder / "lib/p").mkdir(parents=True)
        (folder / "lib/p/__init__.py").write_text("x = __file__\n")
        f = self.install(finder(
            resource("p", "module", "package", relative_path_module_source="lib/p/__init__.py",
                     **{PATH_BYTECODE: "lib/p/__pycache__/__init__.pyc"}),
            resource("q", "module", relative_path_module_source="lib/q.py"),
            resource("b", "module", "package", **{PATH_BYTECODE: "lib/b.pyc"}), relative_path_origin=folder))
        spec = f.find_spec("p", None)
        self.assertEqual(spec.origin, str(folder / "lib/p/__init__.py"))
        self.assertTrue(spec.has_location)
        self.assertEqual(spec.cached, str(folder / "lib/p/__pycache__/__init__.pyc"))
        self.assertEqual(spec.submodule_search_locations, [str(folder / "lib/p")])
        self.assertIs(spec.loader, f)
        self.assertEqual(f.get_filename("p"), spec.origin)
        self.assertIn("__pycache__", f.find_spec("q", None).cached)
        only_bytecode = f.find_spec("b", None)
        self.assertEqual((only_bytecode.origin, only_bytecode.has_location), (None, False))
        self.assertEqual(only_bytecode.submodule_search_locations, [EXE + "/b"])

    def test_paths_below_the_origin(self):
        for origin, path, expected in (("/o", "a/m.py", "/o/a/m.py"), ("/o/", "m.py", "/o/m.py"), ("/", "m.py", "/m.py"),
                                       ("", "a/m.py", "a/m.py"), ("rel", "m.py", "rel/m.py"), ("/o", "/a/m.py", "/a/m.py"),
                                       (b"/\xff", b"\xff.py", "/\udcff/\udcff.py")):
            f = finder(resource("m", "module", "package", relative_path_module_source=path), relative_path_origin=origin)
            spec = f.find_spec("m", None)
            self.assertEqual((spec.origin, f.get_filename("m")), (expected, expected))
            self.assertEqual(spec.submodule_search_locations, [os.path.dirname(expected)])

    def test_module_in_memory_and_beside_the_executable(self):
        f = self.install(finder(resource("b", "module", "package", in_memory_source=b"text", relative_path_module_source="b/i.py",
                                         **{BYTECODE: code("w = 2")}), relative_path_origin="/o"))
        import b
        self.assertEqual((b.w, b.__file__, b.__path__, f.get_source("b")), (2, "/o/b/i.py", ["/o/b"], "text"))
        self.assertEqual(b.__spec__.cached, importlib.util.cache_from_source("/o/b/i.py"))

    def test_a_source_without_a_folder(self):
        f = finder(resource("m", "module", "package", relative_path_module_source="m.py"), relative_path_origin="")
        self.assertEqual(f.find_spec("m", None).submodule_search_locations, [EXE + "/m"])

    def test_extension_modules(self):
        f = finder(resource("a.memory", "extension_module", in_memory_extension_module_shared_library=b"ELF"),
                   resource("a.file", "extension_module", relative_path_extension_module_shared_library="a/f.so"),
                   relative_path_origin="/o")
        memory, file = f.find_spec("a.memory", None), f.find_spec("a.file", None)
        self.assertEqual((memory.origin, memory.has_location), (None, False))
        self.assertEqual((file.origin, file.has_location), ("/o/a/f.so", True))
        self.assertIs(file.loader, f)


class Loading(Imports):
    def test_code_in_memory(self):
        f = self.install(finder(resource("m", "module", **{BYTECODE: code("import sys; x = __name__", "m")})))
        import m
        self.assertEqual(m.x, "m")
        self.assertEqual(f.get_code("m").co_filename, "m")
        self.assertIsNone(f.get_source("m"))

    def test_source_in_memory(self):
        f = self.install(finder(resource("m", "module", in_memory_source="# coding: latin-1\r\nx = '\u00e9'".encode(
            "latin-1"))))
        import m
        self.assertEqual(m.x, "\u00e9")
        self.assertEqual(f.get_code("m").co_filename, "m")
        self.assertEqual(f.get_source("m"), "# coding: latin-1\nx = '\u00e9'")

    def test_bytecode_is_preferred(self):
        self.install(finder(resource("m", "module", in_memory_source=b"x = 1", **{BYTECODE: code("x = 2")})))
        import m
        self.assertEqual(m.x, 2)

    def test_code_that_was_just_compiled(self):
        """As the documentation of PyOxidizer registers a module, in its generation's words."""
        f = self.install(OxidizedFinder())
        source = b"def twice(x): return 2 * x\n"
        r = OxidizedResource()
        r.name, r.flavor = "registered", "module"
        setattr(r, BYTECODE, marshal.dumps(compile(source, "registered", "exec")))
        r.in_memory_source = source
        f.add_resource(r)
        import registered
        self.assertEqual((registered.twice(21), f.get_source("registered").encode()), (42, source))

    def test_code_beside_the_executable(self):
        folder = self.folder()
        header = importlib.util.MAGIC_NUMBER + bytes(12)
        (folder / "good.pyc").write_bytes(header + code("x = 3"))
        (folder / "short.pyc").write_bytes(header[:15])
        (folder / "other.pyc").write_bytes(b"\x01\x02\r\n" + bytes(12) + code("x = 3"))
        (folder / "bad.pyc").write_bytes(header + b"\x00\x01\x02")
        (folder / "s.py").write_text("x = 4")
        names = ("good", "short", "other", "bad", "missing")
        f = self.install(finder(*[resource(n, "module", **{PATH_BYTECODE: n + ".pyc"}) for n in names],
                                resource("s", "module", relative_path_module_source="s.py"),
                                resource("gone", "module", relative_path_module_source="gone.py"),
                                relative_path_origin=folder))
        import good
        import s
        self.assertEqual((good.x, s.x, f.get_source("s")), (3, 4, "x = 4"))
        self.assertEqual(f.get_code("s").co_filename, "s")
        for name, text in (("short", "bytecode file does not contain enough data"), ("other", "another version"),
                           ("bad", "damaged"), ("missing", "error reading bytecode from %s/missing.pyc: " % folder),
                           ("gone", "error reading module source from %s/gone.py: " % folder)):
            with self.assertRaisesRegex(ImportError, text) as caught:
                importlib.import_module(name)
            self.assertEqual(caught.exception.name, name)
            self.assertNotIn(name, sys.modules)
        with self.assertRaisesRegex(ImportError, "error reading module source"):
            f.get_source("gone")

    def test_a_file_that_was_cut_is_an_exception(self):
        folder = self.folder()
        file = folder / "m.pyc"
        file.write_bytes(importlib.util.MAGIC_NUMBER + bytes(12) + code("x = [1, 2, 3]\n" * 1000))
        f = finder(resource("m", "module", **{PATH_BYTECODE: "m.pyc"}), relative_path_origin=folder)
        self.assertIsNotNone(f.get_code("m"))
        for size in (4000, 100, 16, 3, 0):
            os.truncate(str(file), size)
            with self.assertRaises(ImportError):
                f.get_code("m")

    def test_damaged_bytecode(self):
        good = code("def f(a): return [a, 'text', 1.5, (2, 3)]\nx = f(1)\n")
        for end in range(len(good)):
            f = finder(resource("m", "module", **{BYTECODE: good[:end]}))
            with self.assertRaises(ImportError):
                f.get_code("m")
        for wrong in (marshal.dumps(1), marshal.dumps(None), b"\xe3", b"not bytecode"):
            text = "is damaged: it holds no code" if wrong[:1] in (b"i", b"N") else "damaged"
            with self.assertRaisesRegex(ImportError, "^bytecode of 'm' .*" + text):
                finder(resource("m", "module", **{BYTECODE: wrong})).get_code("m")

    def test_bytecode_of_other_versions(self):
        for version, text in CODE_OF.items():
            f = finder(resource("m", "module", **{BYTECODE: base64.b85decode(text)}))
            if version == sys.version_info[:2]:
                self.assertEqual(f.get_code("m").co_name, "<module>")
            elif sys.version_info < (3, 16):
                with self.assertRaisesRegex(ImportError, "another version of Python") as caught:
                    f.get_code("m")
                self.assertEqual(caught.exception.name, "m")

    def test_source_that_cannot_be_compiled(self):
        for source, error in ((b"a b", SyntaxError), (b"\xff", SyntaxError), (b"# coding: nonsense", SyntaxError),
                              (b"x = 1\0", SyntaxError), (b"1/0", ZeroDivisionError)):
            f = self.install(finder(resource("wrong", "module", in_memory_source=source)))
            with self.assertRaises((error, UnicodeDecodeError)):
                importlib.import_module("wrong")
            self.assertNotIn("wrong", sys.modules)
            sys.meta_path.remove(f)
            self.addCleanup(sys.meta_path.insert, 0, f)

    def test_a_module_can_be_given_below_a_package_of_another_loader(self):
        with tempfile.TemporaryDirectory() as folder:
            os.mkdir(os.path.join(folder, "shared_pkg"))
            with open(os.path.join(folder, "shared_pkg", "__init__.py"), "w", encoding="ascii"):
                pass
            package = importlib.util.module_from_spec(importlib.util.spec_from_file_location(
                "shared_pkg", os.path.join(folder, "shared_pkg", "__init__.py"),
                submodule_search_locations=[os.path.join(folder, "shared_pkg")]))
            sys.modules["shared_pkg"] = package
            self.addCleanup(sys.modules.pop, "shared_pkg")
            self.addCleanup(sys.modules.pop, "shared_pkg.given", None)
            f = self.install(finder(resource("shared_pkg.given", "module", in_memory_source=b"x = 1")))
            self.assertIs(importlib.import_module("shared_pkg.given").__spec__.loader, f)

    def test_tracebacks_show_the_source(self):
        import traceback
        self.install(finder(resource("boom", "module", in_memory_source=b"def f():\n    raise KeyError('k')\n")))
        import boom
        try:
            boom.f()
        except KeyError:
            text = traceback.format_exc()
        self.assertIn('File "boom", line 2, in f\n    raise KeyError', text)

    def test_exec_module(self):
        f = finder(resource("m", "module", in_memory_source=b"x = 1"))
        module = types.ModuleType("m")
        self.assertIsNone(f.exec_module(module))
        self.assertEqual(module.x, 1)
        unknown = types.ModuleType("unknown")
        self.assertIsNone(f.exec_module(unknown))
        self.assertIsNone(f.exec_module(module=module))
        del module.__spec__, module.x
        f.exec_module(module)  # what others made
        self.assertEqual(module.x, 1)
        for wrong in (1, None, "m", object()):
            with self.assertRaises((TypeError, AttributeError)):
                f.exec_module(wrong)

        class Named:
            __name__ = "m"
        with self.assertRaisesRegex(TypeError, "^argument 'module': 'Named' object cannot be converted to 'PyModule'$"):
            f.exec_module(Named())

    def test_exec_module_of_the_interpreters_modules(self):
        f = OxidizedFinder()
        f.index_interpreter_builtins()
        module = IMPORTERS[0].create_module(importlib.util.spec_from_loader("itertools", IMPORTERS[0]))
        self.assertIsNone(f.exec_module(module))
        self.assertTrue(hasattr(module, "chain"))

    def test_create_module(self):
        f = finder(resource("m", "module", in_memory_source=b""),
                   resource("empty", "extension_module"),
                   resource("no_elf", "extension_module", in_memory_extension_module_shared_library=b"nonsense"),
                   resource("no_file", "extension_module", relative_path_extension_module_shared_library="no.so"),
                   relative_path_origin="/nonexistent")
        self.assertIsNone(f.create_module(f.find_spec("m", None)))
        self.assertIsNone(f.create_module(types.SimpleNamespace(name="unknown")))
        f.add_resources([
            resource("lib.so", "shared_library", in_memory_shared_library=b"nonsense"),
            resource("needs", "extension_module", in_memory_extension_module_shared_library=b"",
                     shared_library_dependency_names=["lib.so", "of_the_system.so"])])
        for name, text in (("empty", "^extension module has neither a shared library nor a path to one$"), ("no_elf", ""),
                           ("no_file", "/nonexistent/no.so"), ("needs", "^cannot load lib.so: ")):
            with self.assertRaisesRegex(ImportError, text) as caught:
                f.create_module(f.find_spec(name, None))
            self.assertEqual(caught.exception.name, name)
        for wrong in (None, 1, types.SimpleNamespace()):
            with self.assertRaises(AttributeError):
                f.create_module(wrong)

    def extension(self):
        for name in ("_heapq", "_bisect", "_struct", "_csv", "_opcode", "_queue", "_json"):  # without libraries
            spec = importlib.machinery.PathFinder.find_spec(name)
            if spec and spec.origin and spec.origin.endswith(".so"):
                return name, pathlib.Path(spec.origin)
        return self.skipTest("this interpreter has all extension modules linked in")

    def test_extension_from_memory(self):
        name, path = self.extension()
        f = finder(resource(name, "extension_module", in_memory_extension_module_shared_library=path.read_bytes()))
        module = f.create_module(f.find_spec(name, None))
        f.exec_module(module)
        self.assertTrue(dir(module))
        self.assertNotIn("/proc", getattr(module, "__file__", ""))

    def test_extension_beside_the_executable(self):
        name, path = self.extension()
        f = finder(resource(name, "extension_module", relative_path_extension_module_shared_library=path.name),
                   relative_path_origin=path.parent)
        spec = f.find_spec(name, None)
        module = importlib.util.module_from_spec(spec)
        f.exec_module(module)
        self.assertEqual(module.__file__, str(path))

    def test_an_extension_module_that_has_code_too_is_one(self):
        name, path = self.extension()
        f = finder(resource(name, "module", "extension_module", in_memory_source=b"x = 1", **{BYTECODE: code("x = 1")},
                            in_memory_extension_module_shared_library=path.read_bytes()))
        module = f.create_module(f.find_spec(name, None))
        f.exec_module(module)
        self.assertFalse(hasattr(module, "x"))
        self.assertGreater(len(dir(module)), len(dir(types.ModuleType("m"))))

    def test_a_resource_that_is_replaced_while_its_code_runs(self):
        f = self.install(OxidizedFinder())
        body = "import sys\nsys._replace()\nx = 'a' * 10\ndef f(): return x\n"
        f.add_resource(resource("again", "module", in_memory_source=body.encode(), **{BYTECODE: code(body)}))
        sys._replace = lambda: [f.add_resource(resource("again", "module", in_memory_source=b"y = 1")) for _ in "123"]
        try:
            import again
            self.assertEqual(again.f(), "a" * 10)
        finally:
            del sys._replace

    def test_a_path_in_a_resource_may_run_code_that_changes_the_finder(self):
        f = OxidizedFinder()
        f.add_resources([resource("m%d" % i, "module", in_memory_source=b"x" * 100) for i in range(100)])

        class Collected:
            def __del__(self):
                f.add_resources([resource("m%d" % i, "module", in_memory_source=b"y") for i in range(100)])
        before = gc.get_threshold()
        gc.set_threshold(1, 1, 1)
        try:
            for _ in range(20):
                c = Collected()
                c.self = c
                del c
                self.assertEqual(len(f.indexed_resources()), 100)
                self.assertEqual(len(f.iter_modules()), 100)
        finally:
            gc.set_threshold(*before)


class Asking(Imports):
    def test_get_code_and_source(self):
        f = finder(resource("m", "module", in_memory_source=b"x = 1"))
        f.index_interpreter_builtins()
        self.assertIsInstance(f.get_code("m"), types.CodeType)
        self.assertIsInstance(f.get_code("_frozen_importlib"), types.CodeType)
        for name in ("sys", "unknown"):
            self.assertIsNone(f.get_code(name))
        for name in ("sys", "_frozen_importlib", "unknown"):
            self.assertIsNone(f.get_source(name))
        for method in (f.get_code, f.get_source, f.get_filename, f.is_package, f.get_resource_reader):
            for wrong in (None, b"m", 1):
                with self.assertRaises(TypeError):
                    method(wrong)
            with self.assertRaises(TypeError):
                method()

    def test_a_spec_that_is_replaced_while_it_is_looked_at(self):
        f = finder(resource("a.real", "module", in_memory_source=b"x = 1"))
        module, ended, seen = types.ModuleType("a_name"), [], []

        class Spec:
            @property
            def loader(self):
                module.__spec__ = None
                return f

            @property
            def loader_state(self):
                seen.append(list(ended))
                return "a.real"

            def __del__(self):
                ended.append(True)
        module.__spec__ = Spec()
        sys.modules["a_name"] = module
        self.addCleanup(sys.modules.pop, "a_name")
        self.assertEqual(f.get_source("a_name"), "x = 1")
        self.assertEqual((seen, ended), ([[]], [True]))

    def test_is_package(self):
        f = finder(resource("m", "module", in_memory_source=b""),
                   resource("p", "module", "package", in_memory_source=b""))
        f.index_interpreter_builtins()
        self.assertIs(f.is_package("m"), False)
        self.assertIs(f.is_package("p"), True)
        self.assertIs(f.is_package("sys"), False)
        with self.assertRaises(ImportError):
            f.is_package("unknown")

    def test_get_filename(self):
        f = finder(resource("m", "module", in_memory_source=b""))
        f.index_interpreter_builtins()
        for name, text in (("m", "no origin"), ("sys", "no origin"), ("unknown", "unknown module")):
            with self.assertRaisesRegex(ImportError, text) as caught:
                f.get_filename(name)
            self.assertEqual(caught.exception.name, name)

    def test_iter_modules(self):
        f = finder(resource("m", "module", in_memory_source=b""), resource("ext", "extension_module"),
                   resource("p", "module", "package", in_memory_source=b""),
                   resource("p.q", "module", in_memory_source=b""), resource("ns.a", "module", in_memory_source=b""),
                   resource("nothing", "module"), resource("p-x", "module", in_memory_source=b""))
        f.index_interpreter_builtins()
        expected = [("ext", False), ("m", False), ("ns", True), ("p", True), ("p-x", False)]
        self.assertEqual(f.iter_modules(), expected)
        self.assertEqual(f.iter_modules(None), expected)
        self.assertEqual(f.iter_modules(prefix="a."), [("a." + n, p) for n, p in expected])
        for wrong in (1, b"a"):
            with self.assertRaises(TypeError):
                f.iter_modules(wrong)

    def test_get_data_in_memory(self):
        f = finder(resource("a", "module", "package", in_memory_source=b"", in_memory_package_resources={
            "x": b"1", "b/c": b"2", "sub/y": b"3"}),
            resource("a.b", "module", "package", in_memory_source=b"", in_memory_package_resources={"x": b"4"}),
            relative_path_origin="/o")
        self.assertEqual(f.get_data(EXE + "/a/x"), b"1")
        self.assertEqual(f.get_data(EXE + "/a/sub/y"), b"3")
        self.assertEqual(f.get_data(EXE + "/a/b/x"), b"4")
        self.assertEqual(f.get_data(EXE + "/a/__init__.py"), b"")  # what the file would hold
        for path, text in ((EXE + "/a/b/c", "resource not known"),  # the deepest package has the say
                           (EXE + "/a/none", "resource not known"), (EXE + "/a/none.py", "resource not known"),
                           (EXE + "/a", "illegal resource name: missing package component"),
                           ("/o/a/x", "resource not known"), ("/elsewhere", "resource not known"),
                           (EXE + "x/a/x", "resource not known"), ("", "resource not known")):
            with self.assertRaises(OSError) as caught:
                f.get_data(path)
            self.assertEqual((caught.exception.errno, caught.exception.strerror, caught.exception.filename),
                             (2, text, path))
        f.add_resource(resource("a.sub"))  # a name that is indexed, whatever it is
        with self.assertRaisesRegex(OSError, "resource not known"):
            f.get_data(EXE + "/a/sub/y")
        for wrong in (None, b"x", 1):
            with self.assertRaisesRegex(TypeError, "^argument 'path': '.*' object cannot be converted to 'PyString'$"):
                f.get_data(wrong)

    def test_get_data_beside_the_executable(self):
        folder = self.folder()
        (folder / "files").write_bytes(b"content")
        f = finder(resource("a", "module", "package", relative_path_module_source="a/__init__.py",
                            relative_path_package_resources={"x": "files", "gone": "gone"}),
                   relative_path_origin=folder)
        self.assertEqual(f.get_data(str(folder / "a/x")), b"content")
        self.assertEqual(f.get_data(str(folder) + "/a/x"), b"content")
        for path in (EXE + "/a/x", str(folder / "files"), __file__, EXE, "/etc/passwd"):  # which exist
            with self.assertRaises(OSError):
                f.get_data(path)
        with self.assertRaises(OSError):
            f.get_data(str(folder / "a/gone"))

    def test_invalidate_caches(self):
        self.assertIsNone(OxidizedFinder().invalidate_caches())


if __name__ == "__main__":
    unittest.main()
