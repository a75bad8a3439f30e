"""The importer's sdist: always the same bytes, and enough to install from where nothing else is."""
import importlib.util
import os
import pathlib
import subprocess
import sys
import sysconfig
import tempfile
import unittest

BACKEND = pathlib.Path(os.environ["OX_SRCDIR"], "runtime/importer/build_backend.py")


def can_build():
    has_headers = pathlib.Path(sysconfig.get_paths()["include"], "Python.h").exists()
    return has_headers and importlib.util.find_spec("pip") is not None


class Sdist(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ox-sdist-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name):
        (self.folder / name).mkdir()
        done = subprocess.run([sys.executable, BACKEND, "sdist", self.folder / name], check=True, capture_output=True,
                              text=True)
        return self.folder / name / done.stdout.strip()

    def test_it_is_the_same_each_time(self):
        self.assertEqual(self.write("a").read_bytes(), self.write("b").read_bytes())

    @unittest.skipUnless(can_build(), "this Python has no pip or no headers")
    def test_pip_installs_it_without_an_index(self):
        env = {**os.environ, "CFLAGS": "-O0", "HOME": str(self.folder), "PIP_CONFIG_FILE": os.devnull}
        subprocess.run([sys.executable, "-m", "pip", "-q", "install", "--no-index", "--disable-pip-version-check",
                        "--no-cache-dir", "--target", self.folder / "site", self.write("a")], check=True, env=env,
                       cwd=self.folder, capture_output=True)
        code = "import oxidized_importer as o; print(o.OxidizedFinder().find_spec('x', None), o.__file__)"
        done = subprocess.run([sys.executable, "-c", code], env={**env, "PYTHONPATH": str(self.folder / "site")}, check=True,
                              capture_output=True, text=True)
        self.assertRegex(done.stdout, f"^None {self.folder}/site/oxidized_importer\\.")
        for name in ("__init__.pyi", "py.typed"):
            self.assertTrue((self.folder / "site/oxidized_importer-stubs" / name).exists())


if __name__ == "__main__":
    unittest.main()
