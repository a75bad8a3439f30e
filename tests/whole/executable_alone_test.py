"""A produced executable needs nothing but itself and the glibc family.

It runs in a root folder that holds only those; this needs root or unprivileged user
namespaces, and a machine with neither fails here rather than skipping: what is proven
here is the product's promise.
"""
import glob
import os
import re
import shutil
import subprocess

import oxtest

CONFIG = """
def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_module = "app"
    exe = dist.to_python_executable(name="app", config=config)
    exe.add_python_resources(exe.read_package_root(path=".", packages=["app", "lazy"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
"""
APP = """
import sys

def main():
    if sys.argv[1:] == ["quiet"]:
        return
    if sys.argv[1:] == ["certificates"]:
        import ssl
        print(ssl.get_default_verify_paths().cafile, ssl.create_default_context().cert_store_stats()["x509"])
        return
    import json, sqlite3, ssl, ctypes, asyncio, lzma, curses
    import lazy
    database = sqlite3.connect(":memory:")
    assert database.execute("select 6 * 7").fetchone() == (42,)
    assert lzma.decompress(lzma.compress(b"x" * 1000)) == b"x" * 1000
    assert ssl.create_default_context().check_hostname
    assert ctypes.sizeof(ctypes.c_int) == 4
    assert asyncio.run(asyncio.sleep(0, "slept")) == "slept"
    finder = type(sys.meta_path[0]).__name__
    outside = [name for name, module in sys.modules.items() if getattr(module, "__file__", None)]
    print(json.dumps({"lazy": lazy.VALUE, "finder": finder, "oxidized": sys.oxidized, "outside": outside,
                      "path": sys.path}))

main()
"""
GLIBC = ("ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1",
         "libutil.so.1", "libresolv.so.2", "libnss_files.so.2", "libnss_dns.so.2")


def library_paths():
    """The glibc family as this machine has it: name to path."""
    found = {}
    for name in GLIBC:
        for folder in ("/lib64", "/lib/x86_64-linux-gnu", "/lib/aarch64-linux-gnu", "/usr/lib64", "/lib"):
            if name not in found and os.path.exists(os.path.join(folder, name)):
                found[name] = os.path.join(folder, name)
    return found


class Alone(oxtest.TestCase):
    shared_store = True

    def setUp(self):
        super().setUp()
        self.box.write("project/app/__init__.py", "")
        self.box.write("project/app/__main__.py", APP)
        self.box.write("project/lazy.py", "VALUE = 'from memory'\n")
        self.build(CONFIG)
        self.program, = glob.glob(self.box.path("project/build/*/debug/exe/app"))

    def empty_root(self):
        root = self.box.path("root")
        if os.path.exists(root):
            return root
        for folder in ("proc", "tmp", "dev"):
            os.makedirs(os.path.join(root, folder))
        for name, path in library_paths().items():
            target = root + (path if name.startswith("ld-linux") else os.path.join("/lib", name))
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(path, target)
        shutil.copy(self.program, os.path.join(root, "app"))
        return root

    def run_in_root(self, *args, proc=True, prefix=""):
        root = self.empty_root()
        mount = f"mount -t proc proc {root}/proc && " if proc else ""
        unshare = ["unshare", "-m", "-p", "-f"] + ([] if os.geteuid() == 0 else ["-U", "-r"])
        return subprocess.run([*unshare, "sh", "-c", f"{mount}exec {prefix} chroot {root} /app {' '.join(args)}"],
                              capture_output=True, text=True, timeout=oxtest.PATIENCE, check=False,
                              env={"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": "/lib"})

    def test_the_standard_library_and_the_program_run_in_an_empty_root(self):
        result = self.assertExit(self.run_in_root(), 0)
        self.assertIn('"lazy": "from memory"', result.stdout)
        self.assertIn('"finder": "OxidizedFinder"', result.stdout)
        self.assertIn('"oxidized": true', result.stdout)
        self.assertEqual(result.stderr, "")

    def test_it_runs_without_proc(self):
        self.assertExit(self.run_in_root("quiet", proc=False), 0)

    def test_certificates_are_found_where_another_system_keeps_them(self):
        self.assertEqual(self.assertExit(self.run_in_root("certificates"), 0).stdout, "None 0\n")
        bundle = self.box.path("root/etc/pki/tls/certs/ca-bundle.crt")
        os.makedirs(os.path.dirname(bundle))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=test", "-keyout", self.box.path("key"), "-out", bundle], check=True, capture_output=True)
        result = self.assertExit(self.run_in_root("certificates"), 0)
        self.assertEqual(result.stdout, "/etc/pki/tls/certs/ca-bundle.crt 1\n")

    def test_modules_have_no_file(self):
        result = self.assertExit(self.run_in_root(), 0)
        outside = re.search(r'"outside": \[(.*?)\]', result.stdout).group(1)
        self.assertNotIn("json", outside)
        self.assertNotIn("lazy", outside)

    def test_strip_does_not_break_it(self):
        for options in ([], ["-s"], ["--strip-unneeded"]):
            stripped = self.box.path("stripped")
            subprocess.run(["strip", *options, "-o", stripped, self.program], check=True)
            result = subprocess.run([stripped], capture_output=True, text=True, check=False, timeout=oxtest.PATIENCE)
            self.assertExit(result, 0)
            self.assertIn("from memory", result.stdout)

    def trace(self, *args):
        log = self.box.path("strace.log")
        subprocess.run(["strace", "-f", "-y", "-o", log, self.program, *args], check=True, stdout=subprocess.DEVNULL,
                       timeout=oxtest.PATIENCE)
        with open(log, encoding="utf-8", errors="replace") as lines:
            return lines.read().splitlines()

    def test_an_import_opens_and_reads_no_file(self):
        family = "|".join(re.escape(name) for name in GLIBC)
        allowed = re.compile(rf'"((/usr)?/lib[^"]*/({family})|/etc/ld\.so\.cache|/proc/(self|\d+|sys/vm)/[^"]*'
                             r'|/usr/lib/locale/[^"]*|/usr/share/locale/[^"]*|[^"]*/gconv[^"]*|/dev/[^"]*|/etc/ssl[^"]*|/usr/lib/ssl[^"]*'
                             r'|/sys/[^"]*|/etc/localtime)"')
        opened = [line for line in self.trace() if re.search(r"\b(open|openat|openat2)\(", line)
                  and "ENOENT" not in line and not allowed.search(line)]
        self.assertEqual(opened, [])
        imports = [line for line in self.trace() if "python3" in line and re.search(r"\b(open|openat|stat|newfstatat|access)", line)]
        self.assertEqual(imports, [])

    def test_it_makes_fewer_system_calls_than_python3(self):
        ours = len(self.trace("quiet"))
        log = self.box.path("python.log")
        subprocess.run(["strace", "-f", "-o", log, oxtest.HOST_PYTHON, "-I", "-S", "-c", "pass"], check=True)
        with open(log, encoding="utf-8", errors="replace") as lines:
            theirs = len(lines.readlines())
        self.assertLess(ours, theirs)

    def test_modules_are_unmarshalled_from_the_executable_s_own_mapping(self):
        register = {"x86_64": "$rdi", "aarch64": "$x0"}[os.uname().machine]
        commands = ("break PyMarshal_ReadObjectFromString", "run quiet", f'printf "ADDRESS %lu\\n", {register}',
                    "info proc mappings")
        words = [word for command in commands for word in ("-ex", command)]
        output = subprocess.run(["gdb", "-q", "-nx", "-batch", *words, self.program], capture_output=True, text=True,
                                check=True, timeout=oxtest.PATIENCE).stdout
        address = int(re.search(r"ADDRESS (\d+)", output).group(1))
        mappings = re.findall(r"(0x\w+) +(0x\w+) +0x\w+ +0x\w+ +(\S+) +(\S+)", output)
        found = [(access, path) for start, end, access, path in mappings
                 if int(start, 16) <= address < int(end, 16)]
        self.assertEqual(found, [("r--p", self.program)])

    def test_it_links_only_the_glibc_family(self):
        dynamic = subprocess.run(["readelf", "-d", self.program], capture_output=True, text=True, check=True).stdout
        needed = set(re.findall(r"\(NEEDED\).*\[(.*?)\]", dynamic))
        self.assertTrue(needed <= set(GLIBC), needed)


if __name__ == "__main__":
    oxtest.main()
